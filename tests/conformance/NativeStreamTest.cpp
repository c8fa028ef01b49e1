// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Models compiled with --stream to native kernels, run chunk by chunk, give Keras' outputs of the whole sequence, and
// again after a reset. So do chunks of two sizes in turn.
#include "Recorded.h"

#include "tools/InProcess.h"

#include <gtest/gtest.h>

using namespace layerc;
using namespace layerc::test;

static TensorData tensorOf(mlir::Value value, const std::vector<char> &bytes) {
  auto type = mlir::cast<mlir::MemRefType>(value.getType());
  return {mlir::RankedTensorType::get(type.getShape(), type.getElementType()), bytes};
}

class NativeStream : public testing::TestWithParam<std::tuple<const char *, int, int>> {
protected:
  void compile(std::vector<int64_t> chunkSizes);
  int64_t steps() const { return record_.inputs[0].shape[1]; }
  void runChunk(int64_t number, bool isLast);
  Options options_;
  std::unique_ptr<Compilation> compilation_;
  std::unique_ptr<InProcess> model_;
  Record record_;
};

/// For calls of so many steps: the sizes of one model.
void NativeStream::compile(std::vector<int64_t> chunkSizes) {
  std::string name = std::get<0>(GetParam());
  RecordedCase recorded{name, recordedFolder() / (name + ".keras"), {}, recordedFolder() / (name + ".npz")};
  absl::StatusOr<Record> record = readRecord(recorded);
  ASSERT_TRUE(record.ok()) << record.status();
  record_ = *std::move(record);
  options_.model = recorded.model.string();
  options_.name = "streamed";
  options_.sizes.resize(chunkSizes.size());
  for (size_t i = 0; i < chunkSizes.size(); ++i)
    options_.sizes[i].stream = chunkSizes[i];
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

/// Runs the chosen size on its chunk of that number. What has no time in it counts at the last step only.
void NativeStream::runChunk(int64_t number, bool isLast) {
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
    if (!isLast && result.type.getShape() == llvm::ArrayRef<int64_t>(whole.shape))
      continue;
    auto difference = firstDifference(result, chunkOf(whole, result.type.getShape(), number), Tolerance());
    EXPECT_FALSE(difference) << "output '" << whole.name << "', chunk " << number << ": " << *difference;
  }
}

TEST_P(NativeStream, ChunksGiveKerasOutputs) {
  int64_t size = std::get<1>(GetParam());
  compile({size});
  if (HasFatalFailure())
    return;
  if (steps() % size != 0)
    GTEST_SKIP() << "the sequence ends inside a chunk";
  for (int round = 0; round < 2; ++round, model_->reset())
    for (int64_t number = 0; number < steps() / size; ++number)
      runChunk(number, (number + 1) * size == steps());
}

TEST_P(NativeStream, ChunksOfTwoSizesGiveKerasOutputs) {
  int64_t large = std::get<1>(GetParam()), small = std::get<2>(GetParam());
  if (large == small)
    GTEST_SKIP() << "one size";
  compile({small, large});
  if (HasFatalFailure())
    return;
  for (int round = 0; round < 2; ++round, model_->reset())
    for (int64_t at = 0, size = 0; at + small <= steps(); at += size) {
      bool isLarge = at % (2 * large) == 0 && at + large <= steps();
      size = isLarge ? large : small;
      model_->chooseSize(isLarge);
      runChunk(at / size, at + size == steps());
    }
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
        testing::Values(1, 2, 3, 4), testing::Values(1)));

INSTANTIATE_TEST_SUITE_P(EveryFourthStep, NativeStream,
                         testing::Combine(testing::Values("graphs/keyword_spotter"), testing::Values(4, 8),
                                          testing::Values(4)));
