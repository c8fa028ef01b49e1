// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a kernel template is to the passes: which bodies it accepts, its tiles, layouts, phases, scratch and cost.
// Each template is described once, in a file of this folder; codegen/kernels has a file of the same name that emits it.
#pragma once

#include "ir/Nn.h"
#include "ir/Target.h"

#include <optional>
#include <string>

namespace layerc {

/// How a kernel reads an operand.
enum class Access {
  SameIndex, ///< element i of the operand not after element i of the result is stored: the result may overwrite it
  Window,    ///< a neighbourhood
  Whole,     ///< anything
};

/// One way to run a body.
struct KernelChoice {
  std::string algorithm;
  llvm::SmallVector<int64_t> tile;  ///< meaning is the template's; printed as tile[...]
  llvm::SmallVector<int64_t> units; ///< per phase
  int64_t sharedScratch = 0;        ///< bytes
  int64_t workerScratch = 0;        ///< bytes
  double nanoseconds = 0;           ///< estimate for one thread
  /// Per operand of the kernel: the layout a weight operand must be packed in, or null.
  llvm::SmallVector<nn::LayoutAttr> layouts;
};

/// How a step is computed by code from outside: what prepare() of runtime/include/layerc/external.h is told.
struct ExternalCall {
  std::string symbol;   ///< of a constant layerc_external
  std::string function; ///< what to compute, in a word that symbol's author knows
  llvm::SmallVector<int64_t> numbers;
  std::string config; ///< of a custom layer, as JSON
};

/// Who computes convolutions and matrix products: `--kernels`.
enum class KernelSource {
  Mlir,   ///< our templates
  OneDnn, ///< oneDNN, wherever it can
  Auto,   ///< whose estimate is lower
};

class KernelTemplate {
public:
  virtual ~KernelTemplate() = default;
  /// The algorithm's name in IR, --explain and file names: "matmul", "gemv", "conv", "depthwise", "loops".
  virtual llvm::StringRef name() const = 0;
  /// Whether this template can emit `body` (an nn.kernel's block, weights unpacked or under nn.unpack). If not,
  /// `reason` says why in one clause. nn-fuse asks this for each tentative group, nn-select-kernels for the final one.
  virtual bool accepts(mlir::Block &body, std::string &reason) const = 0;
  /// Adds the choices worth considering on `target`. Requires accepts().
  virtual void candidates(nn::KernelOp kernel, const Target &target,
                          llvm::SmallVectorImpl<KernelChoice> &choices) const = 0;
  /// How the body reads block argument `operand`.
  virtual Access access(mlir::Block &body, unsigned operand) const = 0;
  /// The call that computes `body`, for a template whose kernels no code of ours computes. Requires accepts().
  virtual std::optional<ExternalCall> external(mlir::Block &body) const { return std::nullopt; }
};

/// The templates that `source` admits, in the order in which they are asked: heavy ones first; "loops" is last and
/// accepts every body of ordinary ops with one result.
llvm::ArrayRef<const KernelTemplate *> kernelTemplates(KernelSource source = KernelSource::Mlir);
std::optional<KernelSource> findKernelSource(llvm::StringRef name);
/// Of all templates, whoever admits it.
const KernelTemplate *findKernelTemplate(llvm::StringRef name);

} // namespace layerc
