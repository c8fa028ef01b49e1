// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A minimal ELF64 relocatable file, sizes known before the first byte so that the data stream through: see
// WriteObject.h. Layout: ELF header, blob, symbol table, strings, section names, section headers.
#include "codegen/WriteObject.h"

#include "runtime/include/layerc/weights.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/MathExtras.h"

using namespace layerc;
using namespace llvm;

namespace {

constexpr uint64_t kLargestBlob = uint64_t(3) << 29;

struct Machine {
  uint16_t machine;
  uint32_t flags;
};

Expected<Machine> machineOf(const Triple &triple) {
  if (triple.isOSBinFormatELF() && triple.getArch() == Triple::x86_64)
    return Machine{ELF::EM_X86_64, 0};
  if (triple.isOSBinFormatELF() && triple.getArch() == Triple::aarch64)
    return Machine{ELF::EM_AARCH64, 0};
  // Without the flag of the usual ABI (lp64d) linkers refuse to mix the object with compiled code.
  if (triple.isOSBinFormatELF() && triple.getArch() == Triple::riscv64)
    return Machine{ELF::EM_RISCV, ELF::EF_RISCV_RVC | ELF::EF_RISCV_FLOAT_ABI_DOUBLE};
  return createStringError("no weight objects for target '" + triple.str() + "': use --store-weights=file");
}

WeightsHeader headerOf(const WeightBlob &blob) {
  Checksum sum;
  uint64_t bytes = 0;
  for (ArrayRef<char> piece : blob.pieces) {
    sum.add(piece.data(), piece.size());
    bytes += piece.size();
  }
  return make_weights_header(blob.signature, bytes, sum.result());
}

template <class T> void writeStruct(raw_ostream &os, const T &value) {
  os.write(reinterpret_cast<const char *>(&value), sizeof(value));
}

void writeBlob(raw_ostream &os, const WeightsHeader &header, const WeightBlob &blob) {
  writeStruct(os, header);
  for (ArrayRef<char> piece : blob.pieces)
    os.write(piece.data(), piece.size());
}

/// Section headers in the order of their numbers.
enum Section { Null, Data, Symbols, Strings, Stack, Names, SectionCount };

/// Where everything lies in the file.
struct Layout {
  std::string strings, names;
  uint64_t alignment, dataOffset, dataSize, symbolsOffset, stringsOffset, namesOffset, headersOffset;
  uint32_t nameOffsets[SectionCount] = {};

  Layout(StringRef symbol, uint64_t blobSize) : strings('\0' + symbol.str() + '\0'), names(1, '\0') {
    alignment = blobSize < (64 << 10) ? 64 : 4096;
    dataOffset = alignTo(sizeof(ELF::Elf64_Ehdr), alignment);
    dataSize = blobSize;
    symbolsOffset = alignTo(dataOffset + dataSize, 8);
    stringsOffset = symbolsOffset + 2 * sizeof(ELF::Elf64_Sym);
    namesOffset = stringsOffset + strings.size();
    nameOffsets[Data] = addName((".rodata." + symbol).str());
    nameOffsets[Symbols] = addName(".symtab");
    nameOffsets[Strings] = addName(".strtab");
    // Its presence says that the program needs no executable stack.
    nameOffsets[Stack] = addName(".note.GNU-stack");
    nameOffsets[Names] = addName(".shstrtab");
    headersOffset = alignTo(namesOffset + names.size(), 8);
  }

private:
  uint32_t addName(const std::string &name) {
    auto offset = static_cast<uint32_t>(names.size());
    names += name + '\0';
    return offset;
  }
};

void writeElfHeader(raw_ostream &os, const Layout &layout, Machine machine) {
  ELF::Elf64_Ehdr header = {};
  memcpy(header.e_ident, ELF::ElfMagic, 4);
  header.e_ident[ELF::EI_CLASS] = ELF::ELFCLASS64;
  header.e_ident[ELF::EI_DATA] = ELF::ELFDATA2LSB;
  header.e_ident[ELF::EI_VERSION] = ELF::EV_CURRENT;
  header.e_type = ELF::ET_REL;
  header.e_machine = machine.machine;
  header.e_version = ELF::EV_CURRENT;
  header.e_shoff = layout.headersOffset;
  header.e_flags = machine.flags;
  header.e_ehsize = sizeof(ELF::Elf64_Ehdr);
  header.e_shentsize = sizeof(ELF::Elf64_Shdr);
  header.e_shnum = SectionCount;
  header.e_shstrndx = Names;
  writeStruct(os, header);
}

void writeSymbols(raw_ostream &os, const Layout &layout) {
  writeStruct(os, ELF::Elf64_Sym{});
  ELF::Elf64_Sym symbol = {};
  symbol.st_name = 1;
  symbol.setBindingAndType(ELF::STB_GLOBAL, ELF::STT_OBJECT);
  symbol.st_other = ELF::STV_HIDDEN;
  symbol.st_shndx = Data;
  symbol.st_size = layout.dataSize;
  writeStruct(os, symbol);
}

void writeSectionHeaders(raw_ostream &os, const Layout &layout) {
  ELF::Elf64_Shdr sections[SectionCount] = {};
  auto set = [&](Section section, uint32_t type, uint64_t offset, uint64_t size, uint64_t alignment) {
    sections[section].sh_name = layout.nameOffsets[section];
    sections[section].sh_type = type;
    sections[section].sh_offset = offset;
    sections[section].sh_size = size;
    sections[section].sh_addralign = alignment;
  };
  set(Data, ELF::SHT_PROGBITS, layout.dataOffset, layout.dataSize, layout.alignment);
  sections[Data].sh_flags = ELF::SHF_ALLOC;
  set(Symbols, ELF::SHT_SYMTAB, layout.symbolsOffset, 2 * sizeof(ELF::Elf64_Sym), 8);
  sections[Symbols].sh_link = Strings;
  sections[Symbols].sh_info = 1; // the first symbol that is not local
  sections[Symbols].sh_entsize = sizeof(ELF::Elf64_Sym);
  set(Strings, ELF::SHT_STRTAB, layout.stringsOffset, layout.strings.size(), 1);
  set(Stack, ELF::SHT_PROGBITS, layout.namesOffset, 0, 1);
  set(Names, ELF::SHT_STRTAB, layout.namesOffset, layout.names.size(), 1);
  for (const ELF::Elf64_Shdr &section : sections)
    writeStruct(os, section);
}

} // namespace

void layerc::writeWeightsFile(raw_ostream &os, const WeightBlob &blob) { writeBlob(os, headerOf(blob), blob); }

Error layerc::writeWeightsObject(raw_ostream &os, const WeightBlob &blob, StringRef symbol, const Triple &triple) {
  Expected<Machine> machine = machineOf(triple);
  if (!machine)
    return machine.takeError();
  WeightsHeader header = headerOf(blob);
  if (header.bytes > kLargestBlob)
    return createStringError("weights of " + Twine(header.bytes) +
                             " bytes are too large for a program: use --store-weights=file");
  Layout layout(symbol, sizeof(header) + header.bytes);
  uint64_t start = os.tell();
  auto padTo = [&](uint64_t offset) { os.write_zeros(static_cast<unsigned>(offset - (os.tell() - start))); };
  writeElfHeader(os, layout, *machine);
  padTo(layout.dataOffset);
  writeBlob(os, header, blob);
  padTo(layout.symbolsOffset);
  writeSymbols(os, layout);
  os << layout.strings << layout.names;
  padTo(layout.headersOffset);
  writeSectionHeaders(os, layout);
  return Error::success();
}
