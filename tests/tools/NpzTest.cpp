// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads .npz files that NumPy wrote (npz/: numpy.savez and savez_compressed of the arrays below), and what we write.
#include "tools/Npz.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>

using namespace layerc;

template <class T> static std::vector<T> values(const NpzArray &array) {
  std::vector<T> result(array.bytes.size() / sizeof(T));
  std::memcpy(result.data(), array.bytes.data(), array.bytes.size());
  return result;
}

static const NpzArray &find(const std::vector<NpzArray> &arrays, const std::string &name) {
  for (const NpzArray &array : arrays)
    if (array.name == name)
      return array;
  static const NpzArray none;
  ADD_FAILURE() << name << " is missing";
  return none;
}

static void expectNumPysArrays(const std::string &file) {
  absl::StatusOr<std::vector<NpzArray>> arrays = readNpz(std::string(NPZ_FILES) + "/" + file);
  ASSERT_TRUE(arrays.ok()) << arrays.status();
  for (const char *name : {"row", "fortran"}) {
    EXPECT_EQ(find(*arrays, name).shape, (std::vector<int64_t>{2, 3}));
    EXPECT_EQ(values<float>(find(*arrays, name)), (std::vector<float>{0, 1, 2, 3, 4, 5}));
  }
  EXPECT_EQ(values<int16_t>(find(*arrays, "big")), (std::vector<int16_t>{1, -2}));
  EXPECT_EQ(values<double>(find(*arrays, "scalar")), std::vector<double>{0.5});
  EXPECT_TRUE(find(*arrays, "scalar").shape.empty());
  EXPECT_EQ(find(*arrays, "flags").type, ElementType::Bool);
  EXPECT_EQ(find(*arrays, "empty").shape, (std::vector<int64_t>{0, 3}));
  EXPECT_EQ(values<int64_t>(find(*arrays, "ids")), (std::vector<int64_t>{1, int64_t(1) << 40}));
}

TEST(Npz, ReadsStoredFiles) { expectNumPysArrays("stored.npz"); }
TEST(Npz, ReadsDeflatedFiles) { expectNumPysArrays("deflated.npz"); }

static std::string scratch(const std::string &name) { return (std::filesystem::temp_directory_path() / name).string(); }

TEST(Npz, ReadsWhatItWrites) {
  std::vector<NpzArray> arrays = {{"input:x", ElementType::Float32, {1, 2}, std::vector<char>(8, 3)},
                                  {"half", ElementType::BFloat16, {2}, {1, 2, 3, 4}},
                                  {"none", ElementType::Int8, {0}, {}}};
  std::string path = scratch("layerc-npz-roundtrip.npz");
  ASSERT_TRUE(writeNpz(path, arrays).ok());
  absl::StatusOr<std::vector<NpzArray>> read = readNpz(path);
  std::filesystem::remove(path);
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->size(), arrays.size());
  for (size_t i = 0; i < arrays.size(); ++i) {
    EXPECT_EQ((*read)[i].name, arrays[i].name);
    EXPECT_EQ((*read)[i].type, arrays[i].type);
    EXPECT_EQ((*read)[i].shape, arrays[i].shape);
    EXPECT_EQ((*read)[i].bytes, arrays[i].bytes);
  }
}

/// stored.npz cut or changed at one byte must be an error or still readable, and never a crash.
TEST(Npz, SurvivesBrokenFiles) {
  std::ifstream stream(std::string(NPZ_FILES) + "/stored.npz", std::ios::binary);
  std::string good((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  std::string path = scratch("layerc-npz-broken.npz");
  int refused = 0;
  for (size_t i = 0; i < good.size(); i += 3) {
    std::string bad = i % 2 ? good.substr(0, i) : good;
    if (i % 2 == 0)
      bad[i] = static_cast<char>(~bad[i]);
    std::ofstream(path, std::ios::binary) << bad;
    refused += !readNpz(path).ok();
  }
  std::filesystem::remove(path);
  EXPECT_GT(refused, static_cast<int>(good.size() / 6)); // every cut file at least
}

TEST(Npz, NamesTheFileThatIsMissing) {
  EXPECT_EQ(readNpz("no/such.npz").status().message(), "no/such.npz: cannot be read");
}
