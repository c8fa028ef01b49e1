// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Names of kernels, from the ops of their bodies.
#include "passes/KernelName.h"

#include "ir/kernels/Attention.h"
#include "ir/kernels/ConvGeometry.h"
#include "ir/kernels/Scan.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace layerc;

static constexpr size_t kMostLetters = 64;

static std::string sizes(ArrayRef<int64_t> shape) {
  return llvm::join(llvm::map_range(shape, [](int64_t size) { return std::to_string(size); }), "x");
}

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

static std::string convName(StringRef word, Operation *op, ArrayRef<int64_t> window) {
  ArrayRef<int64_t> input = shapeOf(op->getOperand(0)), output = shapeOf(op->getResult(0));
  return (word + sizes(window) + "_" + sizes(input.drop_front()) + "_" + std::to_string(output.back())).str();
}

/// The name of one op; empty for those that go without saying: biases, unpacking, the yield.
static std::string opName(Operation &op) {
  return llvm::TypeSwitch<Operation *, std::string>(&op)
      .Case([](nn::ConvOp conv) {
        bool depthwise =
            conv.getGroups() != 1 && static_cast<int64_t>(conv.getGroups()) == shapeOf(conv.getInput()).back();
        return convName(depthwise ? "depthwise" : "conv", conv, shapeOf(conv.getKernel()).drop_back(2));
      })
      .Case([](nn::ConvTransposeOp conv) {
        return convName("conv_transpose", conv, shapeOf(conv.getKernel()).drop_back(2));
      })
      .Case([](nn::ContractOp contract) {
        ArrayRef<int64_t> lhs = shapeOf(contract.getLhs()), out = shapeOf(contract.getResult());
        int64_t rows = 1;
        for (int64_t size : lhs.drop_back())
          rows *= size;
        std::string name = "dense_" + (rows == 1 ? std::string() : std::to_string(rows) + "_");
        return name + std::to_string(lhs.empty() ? 1 : lhs.back()) + "_" + std::to_string(out.empty() ? 1 : out.back());
      })
      .Case([](nn::PoolOp pool) {
        return stringifyPoolFunction(pool.getFunction()).str() + "pool" + sizes(pool.getWindow());
      })
      .Case([](nn::UnaryOp unary) { return stringifyUnaryFunction(unary.getFunction()).str(); })
      .Case([](nn::BinaryOp binary) {
        bool bias = binary.getFunction() == nn::BinaryFunction::Add && convAnchor(*binary->getBlock()) &&
                    isa<BlockArgument>(binary.getRhs()) && shapeOf(binary.getRhs()).size() == 1;
        return bias ? std::string() : stringifyBinaryFunction(binary.getFunction()).str();
      })
      .Case([](nn::ReduceOp reduce) { return "reduce_" + stringifyReduceFunction(reduce.getFunction()).str(); })
      .Case([](nn::NormalizeOp normalize) {
        return "normalize_" + stringifyNormalizeFunction(normalize.getFunction()).str();
      })
      .Case<nn::UnpackOp, nn::ConstantOp, nn::YieldOp>([](Operation *) { return std::string(); })
      .Default([](Operation *other) { return other->getName().stripDialect().str(); });
}

static std::string attentionName(Block &body) {
  AttentionGeometry g = attentionGeometry(body);
  return "attention_" + sizes({g.heads(), g.rows, g.keys, g.depth, g.columns});
}

/// Its steps and its products.
static std::string scanName(Block &body) {
  ScanGeometry g = scanGeometry(body);
  std::string name = g.scan ? "scan_" + std::to_string(g.steps()) : "step";
  for (auto product : g.step->getOps<nn::ContractOp>())
    name += "_" + sizes({shapeOf(product.getLhs()).back(), shapeOf(product).back()});
  return name;
}

std::string layerc::kernelName(nn::KernelOp kernel) {
  if (kernel.getAlgorithm() == attentionTemplate().name())
    return attentionName(kernel.getBody().front());
  if (kernel.getAlgorithm() == scanTemplate().name())
    return scanName(kernel.getBody().front()).substr(0, kMostLetters);
  if (std::string reason; auto g = convGeometry(kernel.getBody().front(), reason))
    if (g->gates != 1)
      return opName(*g->anchor) + "_gates" + std::to_string(g->gates);
  SmallVector<std::string> words;
  for (Operation &op : kernel.getBody().front())
    if (std::string word = opName(op); !word.empty())
      words.push_back(word);
  if (words.empty())
    words.push_back("copy");
  if (!convAnchor(kernel.getBody().front()))
    words.push_back(sizes(shapeOf(kernel.getResult(0))));
  std::string name = llvm::join(words, "_");
  return name.substr(0, kMostLetters);
}
