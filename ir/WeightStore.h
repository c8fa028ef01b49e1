// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The trained tensors of a model, beside the module. IR names them; the bytes stay where the file was mapped.
#pragma once

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace layerc {

/// The bytes of one weight: dense, row-major, little endian, aligned to the element type, i1 as one byte. `hash` is a
/// hash of type and bytes.
struct Weight {
  mlir::RankedTensorType type;
  llvm::ArrayRef<char> bytes;
  uint64_t hash = 0;
};

class WeightStore {
public:
  /// Adds bytes that `keepAlive()` or the caller keeps mapped. A name that exists already must have equal contents.
  void add(llvm::StringRef name, mlir::RankedTensorType type, llvm::ArrayRef<char> bytes);
  /// Adds bytes that the store itself owns (constants an importer computes, such as interpolation matrices).
  void addOwned(llvm::StringRef name, mlir::RankedTensorType type, std::vector<char> bytes);
  /// Ties the lifetime of a mapping to the store.
  void keepAlive(std::shared_ptr<void> owner) { owners_.push_back(std::move(owner)); }

  /// The weight, or nullptr.
  const Weight *find(llvm::StringRef name) const;
  /// The weight, or, for a name that is not stored, reproducible numbers in [-0.5, 0.5) made from the name: so IR
  /// written by hand can be evaluated. The store keeps what it makes.
  const Weight &getOrMake(llvm::StringRef name, mlir::RankedTensorType type);

  /// All weights as one file (`weights.bin` of --save-stages) and back; false with `error` set when it cannot be done.
  bool save(llvm::StringRef path, std::string &error) const;
  bool load(llvm::StringRef path, mlir::MLIRContext &context, std::string &error);

private:
  llvm::StringMap<Weight> weights_;
  std::vector<std::unique_ptr<std::vector<char>>> owned_;
  std::vector<std::shared_ptr<void>> owners_;
};

} // namespace layerc
