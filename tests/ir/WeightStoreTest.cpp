// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Weights by name, made-up weights, and the file of weights: what is written is read back, what is broken is refused.
#include "ir/WeightStore.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/FileSystem.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

using namespace layerc;
using namespace mlir;

namespace {

class WeightStoreTest : public testing::Test {
protected:
  WeightStoreTest() {
    llvm::SmallString<64> created;
    EXPECT_FALSE(llvm::sys::fs::createTemporaryFile("weights", "bin", created));
    path = created.str();
  }
  ~WeightStoreTest() override { llvm::sys::fs::remove(path); }

  RankedTensorType typeOf(llvm::ArrayRef<int64_t> shape, Type element) { return RankedTensorType::get(shape, element); }

  std::string readFile() {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  void writeFile(const std::string &bytes) { std::ofstream(path, std::ios::binary) << bytes; }

  MLIRContext context;
  Builder builder{&context};
  std::string path, error;
};

TEST_F(WeightStoreTest, SavesAndLoads) {
  WeightStore written, read;
  written.addOwned("b\n/\"odd\" name", typeOf({3}, builder.getI1Type()), {1, 0, 1});
  written.addOwned("a", typeOf({2, 1}, builder.getF16Type()), {1, 2, 3, 4});
  written.addOwned("empty", typeOf({0}, builder.getF32Type()), {});
  ASSERT_TRUE(written.save(path, error)) << error;
  ASSERT_TRUE(read.load(path, context, error)) << error;
  ASSERT_NE(read.find("a"), nullptr);
  EXPECT_EQ(read.find("a")->type, typeOf({2, 1}, builder.getF16Type()));
  EXPECT_EQ(read.find("a")->bytes, llvm::ArrayRef<char>({1, 2, 3, 4}));
  EXPECT_EQ(read.find("a")->hash, written.find("a")->hash);
  EXPECT_EQ(read.find("b\n/\"odd\" name")->bytes, llvm::ArrayRef<char>({1, 0, 1}));
  EXPECT_TRUE(read.find("empty")->bytes.empty());
  EXPECT_EQ(read.find("missing"), nullptr);
}

TEST_F(WeightStoreTest, FileDoesNotDependOnOrder) {
  WeightStore first, second;
  auto type = typeOf({1}, builder.getI8Type());
  first.addOwned("x", type, {1});
  first.addOwned("y", type, {2});
  second.addOwned("y", type, {2});
  second.addOwned("x", type, {1});
  ASSERT_TRUE(first.save(path, error));
  std::string bytes = readFile();
  ASSERT_TRUE(second.save(path, error));
  EXPECT_EQ(readFile(), bytes);
}

TEST_F(WeightStoreTest, EveryTruncationIsRefused) {
  WeightStore written;
  written.addOwned("a", typeOf({4}, builder.getI8Type()), {1, 2, 3, 4});
  written.addOwned("b", typeOf({2}, builder.getI8Type()), {5, 6});
  ASSERT_TRUE(written.save(path, error));
  std::string bytes = readFile();
  for (size_t size = 0; size < bytes.size(); ++size) {
    writeFile(bytes.substr(0, size));
    WeightStore read;
    EXPECT_FALSE(read.load(path, context, error)) << size << " of " << bytes.size();
    EXPECT_EQ(error, path + ": not a whole file of weights");
  }
}

TEST_F(WeightStoreTest, ErrorsNameTheFile) {
  WeightStore store;
  EXPECT_FALSE(store.load("/nonexistent/weights.bin", context, error));
  EXPECT_EQ(error, "/nonexistent/weights.bin: No such file or directory");
  EXPECT_FALSE(store.save("/nonexistent/weights.bin", error));
  EXPECT_EQ(error, "/nonexistent/weights.bin: No such file or directory");
}

TEST_F(WeightStoreTest, HashFollowsTypeAndBytes) {
  WeightStore store;
  store.addOwned("a", typeOf({2}, builder.getI8Type()), {1, 2});
  store.addOwned("same", typeOf({2}, builder.getI8Type()), {1, 2});
  store.addOwned("other bytes", typeOf({2}, builder.getI8Type()), {1, 3});
  store.addOwned("other type", typeOf({1, 2}, builder.getI8Type()), {1, 2});
  EXPECT_EQ(store.find("a")->hash, store.find("same")->hash);
  EXPECT_NE(store.find("a")->hash, store.find("other bytes")->hash);
  EXPECT_NE(store.find("a")->hash, store.find("other type")->hash);
}

TEST_F(WeightStoreTest, MadeUpWeightsDependOnTheName) {
  WeightStore first, second;
  auto type = typeOf({64}, builder.getF32Type());
  first.getOrMake("b", type);
  EXPECT_EQ(first.getOrMake("a", type).bytes, second.getOrMake("a", type).bytes);
  EXPECT_NE(first.getOrMake("a", type).bytes, first.getOrMake("b", type).bytes);
}

} // namespace
