# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""python -m layerc VERB: each verb is a module of this package with `add_arguments` and `main`."""
import argparse
import sys

from layerc import export, record

VERBS = {"record": record, "export": export}


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m layerc", description=__import__("layerc").__doc__)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, module in VERBS.items():
        module.add_arguments(verbs.add_parser(
            name, help=module.__doc__.splitlines()[0], description=module.__doc__.splitlines()[0],
            epilog=module.EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter))
    options = parser.parse_args(arguments)
    try:
        VERBS[options.verb].main(options)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
