// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every recorded Keras model, compiled to native kernels and run in this process, gives Keras' outputs, and the same
// bits for one worker and for two, in an arena that is the least there is and at most what the layers need one by one.
// Each case is compiled for one of the CPU levels, chosen by its name; LAYERC_ALL_CPUS=1: for all of them.
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
  std::vector<std::vector<char>> call(const Record &record);
  std::vector<std::vector<std::vector<char>>> allCalls();
  void compare(const Record &record, const std::vector<std::vector<char>> &results);
  void checkCertificate();
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

std::vector<std::vector<char>> Native::call(const Record &record) {
  const std::vector<NamedTensor> &inputs = compilation_->graph.inputs;
  std::vector<GuardedMemory> guarded; // reading behind an input is a fault
  std::vector<const void *> addresses;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const std::vector<char> &bytes = arrayFor(record.inputs, inputs[i].name, i).bytes;
    addresses.push_back(guarded.emplace_back(bytes.size()).data());
    std::memcpy(guarded.back().data(), bytes.data(), bytes.size());
  }
  return model_->run(addresses);
}

/// What every call gives, by call and output; the state of a model that keeps some is zeros before the first.
std::vector<std::vector<std::vector<char>>> Native::allCalls() {
  model_->reset();
  std::vector<std::vector<std::vector<char>>> results{call(record_)};
  for (const Record &later : record_.later)
    results.push_back(call(later));
  return results;
}

void Native::compare(const Record &record, const std::vector<std::vector<char>> &results) {
  const std::vector<NamedTensor> &outputs = compilation_->graph.outputs;
  ASSERT_EQ(results.size(), record.outputs.size());
  for (size_t i = 0; i < results.size(); ++i) {
    auto difference = firstDifference(tensorOf(model_->outputs[i], results[i]),
                                      arrayFor(record.outputs, outputs[i].name, i), toleranceOf(GetParam()));
    EXPECT_FALSE(difference) << "output '" << outputs[i].name << "': " << *difference;
  }
}

/// A stack of cells under a mask whose arena is somewhat larger: the masks choose states at the end of a step, when all
/// new ones are there.
static constexpr const char *kAboveUnfused = "stacks/stack51";

void Native::checkCertificate() {
  bool isKnown = GetParam().name.starts_with(kAboveUnfused);
  for (plan::EntryOp entry : compilation_->entries()) {
    if (!isKnown) {
      EXPECT_LE(entry.getArena(), entry.getUnfused()) << "the layers one by one";
    }
    EXPECT_TRUE(entry.getArena() == entry.getBound() || entry.getSearch() == "proved")
        << "arena " << entry.getArena() << ", bound " << entry.getBound();
  }
}

void Native::run() {
  auto alone = allCalls();
  model_->setThreads(2);
  EXPECT_EQ(alone, allCalls()) << "two workers compute other bits than one";
  compare(record_, alone[0]);
  for (size_t step = 1; step < alone.size(); ++step)
    compare(record_.later[step - 1], alone[step]);
}

void Native::compileAndRun(const std::string &level) {
  SCOPED_TRACE(level);
  testing::internal::CaptureStderr(); // where Compilation says why it fails
  compile(level);
  std::string messages = testing::internal::GetCapturedStderr();
  ASSERT_FALSE(HasFailure()) << messages;
  if (IsSkipped())
    return;
  checkCertificate();
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
