// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Models compiled with --stream to native kernels, run chunk by chunk, give Keras' outputs of the whole sequence, and
// again after a reset.
#include "Recorded.h"

#include "tools/InProcess.h"

#include <gtest/gtest.h>

using namespace layerc;
using namespace layerc::test;

static TensorData tensorOf(mlir::Value value, const std::vector<char> &bytes) {
  auto type = mlir::cast<mlir::MemRefType>(value.getType());
  return {mlir::RankedTensorType::get(type.getShape(), type.getElementType()), bytes};
}

class NativeStream : public testing::TestWithParam<std::tuple<const char *, int>> {
protected:
  void compile();
  void runOnce(int64_t chunks);
  Options options_;
  std::unique_ptr<Compilation> compilation_;
  std::unique_ptr<InProcess> model_;
  Record record_;
};

void NativeStream::compile() {
  auto [name, steps] = GetParam();
  RecordedCase recorded{
      name, recordedFolder() / (std::string(name) + ".keras"), {}, recordedFolder() / (std::string(name) + ".npz")};
  absl::StatusOr<Record> record = readRecord(recorded);
  ASSERT_TRUE(record.ok()) << record.status();
  record_ = *std::move(record);
  options_.model = recorded.model.string();
  options_.name = "streamed";
  options_.sizes.front().stream = steps;
  compilation_ = std::make_unique<Compilation>(options_);
  ASSERT_EQ(compilation_->load(), Exit::Done);
  std::map<std::string, std::vector<int64_t>> shapes;
  for (auto [i, input] : llvm::enumerate(compilation_->graph.inputs))
    shapes[input.name] = arrayFor(record_.inputs, input.name, i).shape;
  ASSERT_EQ(compilation_->import(shapes), Exit::Done);
  Exit exit = Exit::Done;
  model_ = InProcess::create(*compilation_, exit);
  ASSERT_TRUE(model_);
}

void NativeStream::runOnce(int64_t chunks) {
  for (int64_t number = 0; number < chunks; ++number) {
    std::vector<NpzArray> arrays;
    for (auto [i, input] : llvm::enumerate(model_->inputs)) {
      auto shape = mlir::cast<mlir::MemRefType>(input.getType()).getShape();
      arrays.push_back(chunkOf(arrayFor(record_.inputs, compilation_->graph.inputs[i].name, i), shape, number));
    }
    std::vector<const void *> addresses;
    for (const NpzArray &array : arrays)
      addresses.push_back(array.bytes.data());
    std::vector<std::vector<char>> results = model_->run(addresses);
    for (auto [i, output] : llvm::enumerate(model_->outputs)) {
      TensorData result = tensorOf(output, results[i]);
      const NpzArray &whole = arrayFor(record_.outputs, compilation_->graph.outputs[i].name, i);
      if (number + 1 < chunks && result.type.getShape() == llvm::ArrayRef<int64_t>(whole.shape))
        continue;
      auto difference = firstDifference(result, chunkOf(whole, result.type.getShape(), number), Tolerance());
      EXPECT_FALSE(difference) << "output '" << whole.name << "', chunk " << number << ": " << *difference;
    }
  }
}

TEST_P(NativeStream, ChunksGiveKerasOutputs) {
  compile();
  if (HasFatalFailure())
    return;
  int64_t chunks = record_.inputs[0].shape[1] / std::get<1>(GetParam());
  if (record_.inputs[0].shape[1] % std::get<1>(GetParam()) != 0)
    GTEST_SKIP() << "the sequence ends inside a chunk";
  runOnce(chunks);
  model_->reset();
  runOnce(chunks);
}

INSTANTIATE_TEST_SUITE_P(
    Keras, NativeStream,
    testing::Combine(
        testing::Values("GRU/4x3-return_sequences_true-return_state_true-go_backwards_false",
                        "LSTM/masked-4x3-return_sequences_true-return_state_false-go_backwards_false",
                        "RNN/list-4x3-return_sequences_true-return_state_true-go_backwards_false",
                        "Conv1D/9x3-kernel_size_3-padding_causal-strides_1-dilation_rate_2",
                        "ConvLSTM1D/returns-4x7x2-return_sequences_true-return_state_false-go_backwards_false",
                        "graphs/residual_convolutions", "graphs/stacked_lstm", "graphs/text_classifier"),
        testing::Values(1, 2, 3, 4)));

INSTANTIATE_TEST_SUITE_P(EveryFourthStep, NativeStream,
                         testing::Combine(testing::Values("graphs/keyword_spotter"), testing::Values(4, 8)));
