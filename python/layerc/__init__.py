# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What layerc needs real Keras for: recording its outputs. The compiler itself never runs Python."""
