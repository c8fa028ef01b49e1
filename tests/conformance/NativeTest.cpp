// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every recorded Keras model, compiled to native kernels and run in this process, gives Keras' outputs, and the same
// bits for one worker and for two. Each case is compiled for one of the CPU levels, chosen by its name;
// LAYERC_ALL_CPUS=1: for all of them.
#include "Recorded.h"

#include "tests/codegen/GuardedMemory.h"
#include "tools/InProcess.h"

#include <gtest/gtest.h>

#include <numeric>

using namespace layerc;
using namespace layerc::test;

static const std::vector<std::string> kLevels = {
#ifdef __x86_64__
    "x86-64", "x86-64-v3",
#endif
    "native"};

/// The same level for a case whichever others there are.
static std::vector<std::string> levelsOf(const std::string &name) {
  if (std::getenv("LAYERC_ALL_CPUS"))
    return kLevels;
  return {kLevels[std::accumulate(name.begin(), name.end(), 0u) % kLevels.size()]};
}

static TensorData tensorOf(plan::OutputOp output, const std::vector<char> &bytes) {
  auto type = mlir::cast<mlir::MemRefType>(output.getType());
  TensorData tensor = makeTensor(mlir::RankedTensorType::get(type.getShape(), type.getElementType()));
  tensor.bytes = bytes;
  return tensor;
}

class Native : public testing::TestWithParam<RecordedCase> {
protected:
  void compile(const std::string &level);
  void run();
  void compileAndRun(const std::string &level);
  Options options_;
  std::unique_ptr<Compilation> compilation_;
  std::unique_ptr<InProcess> model_;
  Record record_;
};

void Native::compile(const std::string &level) {
  options_.model = GetParam().model.string();
  options_.weights = GetParam().weights.string();
  options_.name = "recorded";
  options_.targetCpu = level;
  compilation_ = std::make_unique<Compilation>(options_);
  ASSERT_EQ(compilation_->load(), Exit::Done);
  if (auto refused = refusedClass(compilation_->graph))
    GTEST_SKIP() << *refused;
  std::map<std::string, std::vector<int64_t>> shapes;
  const std::vector<NamedTensor> &inputs = compilation_->graph.inputs;
  for (size_t i = 0; i < inputs.size(); ++i)
    shapes[inputs[i].name] = arrayFor(record_.inputs, inputs[i].name, i).shape;
  ASSERT_EQ(compilation_->import(shapes), Exit::Done);
  Exit exit = Exit::Done;
  model_ = InProcess::create(*compilation_, exit);
  ASSERT_TRUE(model_);
}

void Native::run() {
  const std::vector<NamedTensor> &inputs = compilation_->graph.inputs, &outputs = compilation_->graph.outputs;
  std::vector<GuardedMemory> guarded; // reading behind an input is a fault
  std::vector<const void *> addresses;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const std::vector<char> &bytes = arrayFor(record_.inputs, inputs[i].name, i).bytes;
    addresses.push_back(guarded.emplace_back(bytes.size()).data());
    std::memcpy(guarded.back().data(), bytes.data(), bytes.size());
  }
  std::vector<std::vector<char>> alone = model_->run(addresses);
  model_->setThreads(2);
  EXPECT_EQ(alone, model_->run(addresses)) << "two workers compute other bits than one";
  ASSERT_EQ(alone.size(), record_.outputs.size());
  for (size_t i = 0; i < alone.size(); ++i) {
    auto difference = firstDifference(tensorOf(model_->outputs[i], alone[i]),
                                      arrayFor(record_.outputs, outputs[i].name, i), toleranceOf(GetParam()));
    EXPECT_FALSE(difference) << "output '" << outputs[i].name << "': " << *difference;
  }
}

void Native::compileAndRun(const std::string &level) {
  SCOPED_TRACE(level);
  testing::internal::CaptureStderr(); // where Compilation says why it fails
  compile(level);
  std::string messages = testing::internal::GetCapturedStderr();
  ASSERT_FALSE(HasFailure()) << messages;
  if (!IsSkipped())
    run();
}

TEST_P(Native, KernelsGiveKerasOutputs) {
  absl::StatusOr<Record> record = readRecord(GetParam());
  ASSERT_TRUE(record.ok()) << record.status();
  record_ = *std::move(record);
  for (const std::string &level : levelsOf(GetParam().name))
    compileAndRun(level);
}

INSTANTIATE_TEST_SUITE_P(Keras, Native, testing::ValuesIn(recordedCases(recordedFolder())),
                         [](const auto &info) { return testName(info.param.name); });
