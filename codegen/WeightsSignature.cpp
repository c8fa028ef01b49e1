// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The signature of a weight blob: a hash of where each tensor lies, how it is made and which step reads it. Names of
// Keras weights are left out, because Keras numbers them anew in every session.
#include "codegen/Print.h"
#include "runtime/include/layerc/checksum.h"

#include "llvm/Support/raw_ostream.h"

using namespace layerc;
using namespace mlir;

namespace {

/// The ops of a recipe without the names of the weights it starts from.
void describeRecipe(plan::WeightOp weight, llvm::raw_ostream &os) {
  os << weight.getOffset() << ' ' << weight.getBytes() << '\n';
  weight.getRecipe().walk([&](Operation *op) {
    os << op->getName();
    if (!isa<nn::WeightOp>(op))
      os << ' ' << op->getAttrDictionary();
    for (Type type : op->getResultTypes())
      os << ' ' << type;
    os << '\n';
  });
}

void describeUses(plan::EntryOp entry, llvm::raw_ostream &os) {
  entry.walk([&](plan::StepOp step) {
    os << step.getKernel();
    for (Value input : step.getInputs())
      if (auto weight = input.getDefiningOp<plan::WeightRefOp>())
        os << ' ' << weight.getWeight();
    os << '\n';
  });
}

} // namespace

uint64_t layerc::weightsSignature(plan::ProgramOp program) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << program.getWeights() << '\n';
  for (auto weight : program.getOps<plan::WeightOp>())
    describeRecipe(weight, os);
  for (auto entry : program.getOps<plan::EntryOp>())
    describeUses(entry, os);
  return Checksum().add(text.data(), text.size()).result();
}
