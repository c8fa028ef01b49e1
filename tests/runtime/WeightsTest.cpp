// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Weight blobs from every source, and each way in which a blob can be wrong.
#include "layerc/weights.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

namespace {

using layerc::Status;
using layerc::Weights;

constexpr layerc::WeightsFormat format = {0x1234, 256};

/// A valid blob at a multiple of 64, with room behind it.
struct Blob {
  alignas(64) unsigned char bytes[64 + 256 + 64];
  static constexpr size_t size = 64 + 256;
  Blob() {
    for (size_t i = 0; i < sizeof(bytes); ++i)
      bytes[i] = static_cast<unsigned char>(i * 7);
    const auto sum = layerc::Checksum().add(bytes + 64, 256).result();
    const auto header = layerc::make_weights_header(format.signature, format.bytes, sum);
    std::memcpy(bytes, &header, sizeof(header));
  }
};

struct TemporaryFile {
  std::string path = ::testing::TempDir() + "layerc_weights_test.weights";
  TemporaryFile(const unsigned char *bytes, size_t size) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char *>(bytes), static_cast<std::streamsize>(size));
  }
  ~TemporaryFile() { std::remove(path.c_str()); }
};

TEST(Weights, AreUsedInPlace) {
  Blob blob;
  const Weights weights = Weights::from_memory(blob.bytes, blob.size, format);
  EXPECT_EQ(weights.status(), Status::ok);
  EXPECT_EQ(weights.data(), blob.bytes + 64);
  EXPECT_EQ(weights.size(), 256u);
  EXPECT_EQ(Weights::linked(blob.bytes, format).data(), blob.bytes + 64);
}

TEST(Weights, ThatWereNeverGivenAreMissing) {
  EXPECT_EQ(Weights().status(), Status::weights_missing);
  EXPECT_EQ(Weights::linked(nullptr, format).status(), Status::weights_missing);
  EXPECT_EQ(Weights::from_memory(nullptr, 320, format).status(), Status::weights_missing);
}

TEST(Weights, AreRefusedWhenMisaligned) {
  Blob blob;
  std::memmove(blob.bytes + 8, blob.bytes, blob.size);
  EXPECT_EQ(Weights::from_memory(blob.bytes + 8, blob.size, format).status(), Status::weights_misaligned);
}

TEST(Weights, AreRefusedWhenTruncated) {
  Blob blob;
  for (size_t size : {size_t{0}, size_t{63}, size_t{64}, blob.size - 1})
    EXPECT_EQ(Weights::from_memory(blob.bytes, size, format).status(), Status::weights_truncated) << size;
}

TEST(Weights, AreRefusedWithAnotherHeader) {
  Blob magic, version, signature;
  magic.bytes[0] ^= 1;
  version.bytes[8] += 1;
  signature.bytes[16] ^= 1;
  EXPECT_EQ(Weights::from_memory(magic.bytes, magic.size, format).status(), Status::weights_not_weights);
  EXPECT_EQ(Weights::from_memory(version.bytes, version.size, format).status(), Status::weights_version);
  EXPECT_EQ(Weights::from_memory(signature.bytes, signature.size, format).status(), Status::weights_of_another);
  Blob blob;
  EXPECT_EQ(Weights::from_memory(blob.bytes, blob.size, {format.signature, 255}).status(), Status::weights_of_another);
}

TEST(Weights, AreRefusedWhenAnyBitIsDamaged) {
  for (size_t byte = 64; byte < Blob::size; ++byte)
    for (int bit = 0; bit < 8; ++bit) {
      Blob blob;
      blob.bytes[byte] = static_cast<unsigned char>(blob.bytes[byte] ^ 1 << bit);
      ASSERT_EQ(Weights::from_memory(blob.bytes, blob.size, format).status(), Status::weights_corrupt) << byte;
    }
}

TEST(Weights, AreMappedFromAFile) {
  Blob blob;
  const TemporaryFile file(blob.bytes, blob.size);
  Weights weights = Weights::map_file(file.path.c_str(), format);
  ASSERT_EQ(weights.status(), Status::ok);
  EXPECT_EQ(std::memcmp(weights.data(), blob.bytes + 64, 256), 0);
  const Weights moved = std::move(weights);
  EXPECT_EQ(moved.status(), Status::ok);
  EXPECT_EQ(moved.data()[255], blob.bytes[64 + 255]);
}

TEST(Weights, FilesThatCannotBeUsedSayWhy) {
  Blob blob;
  EXPECT_EQ(Weights::map_file("no/such/file", format).status(), Status::weights_not_found);
  EXPECT_EQ(Weights::map_file(nullptr, format).status(), Status::bad_argument);
  EXPECT_EQ(Weights::map_file(::testing::TempDir().c_str(), format).status(), Status::weights_unreadable);
  EXPECT_EQ(Weights::map_file(TemporaryFile(blob.bytes, 0).path.c_str(), format).status(), Status::weights_unreadable);
  EXPECT_EQ(Weights::map_file(TemporaryFile(blob.bytes, 100).path.c_str(), format).status(), Status::weights_truncated);
  blob.bytes[100] ^= 4;
  EXPECT_EQ(Weights::map_file(TemporaryFile(blob.bytes, blob.size).path.c_str(), format).status(),
            Status::weights_corrupt);
}

TEST(Weights, AreCopiedToHugePages) {
  constexpr size_t bytes = 3 << 20;
  auto *memory = static_cast<unsigned char *>(std::aligned_alloc(64, 64 + bytes));
  for (size_t i = 0; i < bytes; ++i)
    memory[64 + i] = static_cast<unsigned char>(i >> 3);
  const auto header = layerc::make_weights_header(1, bytes, layerc::Checksum().add(memory + 64, bytes).result());
  std::memcpy(memory, &header, sizeof(header));
  const Weights copy = Weights::copy_to_huge_pages(Weights::from_memory(memory, 64 + bytes, {1, bytes}));
  ASSERT_EQ(copy.status(), Status::ok);
  EXPECT_NE(copy.data(), memory + 64);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(copy.data() - 64) % layerc::huge_page_bytes, 0u);
  EXPECT_EQ(std::memcmp(copy.data(), memory + 64, bytes), 0);
  copy.warm();
  std::free(memory);
  EXPECT_EQ(copy.data()[bytes - 1], static_cast<unsigned char>((bytes - 1) >> 3));
}

TEST(Weights, CopyingPassesAnErrorOn) {
  EXPECT_EQ(Weights::copy_to_huge_pages(Weights::map_file("no/such/file", format)).status(), Status::weights_not_found);
}

// The numbers were computed from the description in checksum.h by a program in another language.
TEST(Checksum, IsTheDescribedFunction) {
  EXPECT_EQ(layerc::Checksum().result(), 0x92bc9fe089781888U);
  EXPECT_EQ(layerc::Checksum().add("layerc", 6).result(), 0x20861c8566154f2dU);
  std::vector<unsigned char> bytes(100);
  for (size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<unsigned char>(i);
  EXPECT_EQ(layerc::Checksum().add(bytes.data(), 100).result(), 0xb357c1589549d738U);
}

TEST(Checksum, DoesNotDependOnThePieces) {
  std::vector<unsigned char> bytes(200);
  for (size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<unsigned char>(i * i);
  const auto whole = layerc::Checksum().add(bytes.data(), bytes.size()).result();
  for (size_t first = 0; first <= 70; ++first)
    for (size_t second = first; second <= 140; second += 23)
      EXPECT_EQ(layerc::Checksum()
                    .add(bytes.data(), first)
                    .add(bytes.data() + first, second - first)
                    .add(bytes.data() + second, bytes.size() - second)
                    .result(),
                whole);
}

TEST(Checksum, SeesTheLength) {
  const unsigned char zeros[64] = {};
  EXPECT_NE(layerc::Checksum().add(zeros, 32).result(), layerc::Checksum().add(zeros, 31).result());
}

} // namespace
