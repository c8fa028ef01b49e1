// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Weight objects as LLVM's own reader of object files sees them.
#include "codegen/WriteObject.h"

#include "runtime/include/layerc/weights.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Object/ELFObjectFile.h"

#include <gtest/gtest.h>

using namespace layerc;

namespace {

std::vector<char> bytesOf(size_t count) {
  std::vector<char> bytes(count);
  for (size_t i = 0; i < count; ++i)
    bytes[i] = static_cast<char>(i * 11);
  return bytes;
}

class WriteObject : public ::testing::TestWithParam<std::pair<const char *, llvm::Triple::ArchType>> {};

TEST_P(WriteObject, HoldsTheBlobUnderAHiddenSymbol) {
  for (size_t size : {size_t(64), size_t(100), size_t(1) << 17}) {
    std::vector<char> data = bytesOf(size);
    llvm::ArrayRef<char> all(data), pieces[] = {all.take_front(33), all.drop_front(33)};
    llvm::SmallString<0> buffer;
    llvm::raw_svector_ostream os(buffer);
    ASSERT_FALSE(writeWeightsObject(os, {7, pieces}, "digits_weights", llvm::Triple(GetParam().first)));
    auto file = llvm::cantFail(llvm::object::ObjectFile::createELFObjectFile({buffer, "weights.o"}));
    EXPECT_EQ(file->getArch(), GetParam().second);
    auto symbols = file->symbols();
    ASSERT_EQ(std::distance(symbols.begin(), symbols.end()), 1);
    llvm::object::ELFSymbolRef symbol = *symbols.begin();
    EXPECT_EQ(llvm::cantFail(symbol.getName()), "digits_weights");
    EXPECT_EQ(symbol.getELFType(), llvm::ELF::STT_OBJECT);
    EXPECT_EQ(symbol.getBinding(), llvm::ELF::STB_GLOBAL);
    EXPECT_EQ(symbol.getOther(), llvm::ELF::STV_HIDDEN);
    EXPECT_EQ(symbol.getSize(), 64 + size);
    llvm::object::ELFSectionRef section = *llvm::cantFail(symbol.getSection());
    EXPECT_EQ(section.getFlags(), llvm::ELF::SHF_ALLOC) << "neither writable nor executable";
    EXPECT_EQ(section.getAlignment().value(), size < 65536 ? 64u : 4096u);
    llvm::StringRef contents = llvm::cantFail(section.getContents());
    WeightsHeader header;
    memcpy(&header, contents.data(), sizeof(header));
    EXPECT_EQ(header.signature, 7u);
    EXPECT_EQ(header.bytes, size);
    EXPECT_EQ(header.checksum, Checksum().add(data.data(), size).result());
    EXPECT_EQ(contents.drop_front(64), llvm::StringRef(data.data(), size));
  }
}

INSTANTIATE_TEST_SUITE_P(Machines, WriteObject,
                         ::testing::Values(std::pair("x86_64-unknown-linux-gnu", llvm::Triple::x86_64),
                                           std::pair("aarch64-unknown-linux-gnu", llvm::Triple::aarch64),
                                           std::pair("riscv64-unknown-linux-gnu", llvm::Triple::riscv64)));

TEST(WriteObjectErrors, NamesATargetWithoutElf) {
  llvm::raw_null_ostream os;
  for (const char *triple : {"x86_64-apple-macos", "x86_64-pc-windows-msvc", "wasm32-unknown-unknown"})
    EXPECT_EQ(llvm::toString(writeWeightsObject(os, {}, "w", llvm::Triple(triple))),
              std::string("no weight objects for target '") + triple + "': use --store-weights=file");
}

TEST(WriteWeightsFile, IsWhatTheRuntimeReads) {
  std::vector<char> data = bytesOf(1000);
  llvm::ArrayRef<char> pieces[] = {data};
  llvm::SmallString<0> written;
  llvm::raw_svector_ostream os(written);
  writeWeightsFile(os, {9, pieces});
  alignas(64) static char memory[2048];
  memcpy(memory, written.data(), written.size());
  const Weights weights = Weights::from_memory(memory, written.size(), {9, 1000});
  ASSERT_EQ(weights.status(), Status::ok);
  EXPECT_EQ(memcmp(weights.data(), data.data(), data.size()), 0);
}

} // namespace
