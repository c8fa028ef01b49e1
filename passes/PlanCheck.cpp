// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// plan-check: an independent judge that follows the steps of a plan with a tag per byte range instead of numbers.
// It starts from the plan's text alone and shares nothing with the passes that made the plan.
#include "passes/Passes.h"
#include "passes/TagMemory.h"

#include "ir/Evaluate.h"
#include "ir/kernels/KernelTemplate.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/MathExtras.h"

namespace layerc {
#define GEN_PASS_DEF_PLANCHECK
#include "passes/Passes.h.inc"
} // namespace layerc

using namespace mlir;
using namespace layerc;

namespace {

constexpr int64_t kAlignment = 64; // bytes: slots begin at multiples of it, so it is what they take up

int64_t takenBytes(plan::SlotOp slot) { return llvm::alignTo(slot.getBytes(), kAlignment); }

/// The op that owns the bytes of a memref or slot: plan.slot, plan.input, plan.output, plan.state or plan.weight_ref.
Operation *ownerOf(Value value) {
  Operation *op = value.getDefiningOp();
  while (auto view = dyn_cast<plan::ViewOp>(op))
    op = view.getSource().getDefiningOp();
  return op;
}

/// Whether the bytes behind `value` differ between iterations of `loop`.
bool movesWith(Value value, plan::LoopOp loop) {
  auto view = value.getDefiningOp<plan::ViewOp>();
  return view && ((view.getStride() != 0 && view->getParentOp() == loop) || movesWith(view.getSource(), loop));
}

/// What the steps of an entry do to its slots, in the order of the text.
class SlotSpans {
public:
  explicit SlotSpans(Block &block) { follow(block); }
  int64_t steps() const { return step_; }
  std::optional<std::pair<int64_t, int64_t>> of(Operation *slot) const {
    auto found = spans_.find(slot);
    return found == spans_.end() ? std::nullopt : std::optional(found->second);
  }

private:
  using Span = std::pair<int64_t, int64_t>;

  void follow(Block &block) {
    for (Operation &op : block)
      if (auto step = dyn_cast<plan::StepOp>(op))
        touch(step);
      else if (auto loop = dyn_cast<plan::LoopOp>(op))
        followLoop(loop);
  }

  void touch(plan::StepOp step) {
    for (Value operand : step->getOperands()) {
      bool isOutput = llvm::is_contained(step.getOutputs(), operand) && !llvm::is_contained(step.getInputs(), operand);
      auto [span, isFirst] = spans_.try_emplace(ownerOf(operand), step_, step_);
      span->second.second = step_;
      if (isFirst && (isOutput || operand == step.getScratch()))
        firstWrites_[ownerOf(operand)] = operand;
    }
    ++step_;
  }

  /// A slot that is touched inside the loop alone, and first written there to bytes that are the same in every
  /// iteration, holds nothing from one iteration to the next.
  void followLoop(plan::LoopOp loop) {
    int64_t first = step_;
    follow(loop.getBody().front());
    for (auto &[owner, span] : spans_) {
      Value write = firstWrites_.lookup(owner);
      bool isLocal = span.first >= first && write && !movesWith(write, loop);
      if (span.second >= first && !isLocal)
        span = {std::min(span.first, first), step_ - 1};
    }
  }

  int64_t step_ = 0;
  llvm::MapVector<Operation *, Span> spans_;
  DenseMap<Operation *, Value> firstWrites_; ///< of slots that are touched first by a write
};

class Judge {
public:
  explicit Judge(plan::EntryOp entry) : entry_(entry), spans_(entry.getBody().front()) {}
  LogicalResult run();

private:
  LogicalResult checkSlots();
  LogicalResult followAll(Block &block);
  LogicalResult followLoop(plan::LoopOp loop);
  LogicalResult follow(plan::StepOp step);
  LogicalResult read(plan::StepOp step, Value value);
  LogicalResult write(plan::StepOp step, Value value);
  LogicalResult checkOverlap(plan::StepOp step, plan::KernelOp kernel, unsigned input, unsigned output);
  LogicalResult checkScratch(plan::StepOp step, plan::KernelOp kernel);
  LogicalResult checkOutputs();
  LogicalResult checkCertificate();

  TagMemory &memoryOf(Value value) {
    Operation *owner = ownerOf(value);
    return memories_[isa<plan::SlotOp>(owner) ? nullptr : owner];
  }
  int64_t startOf(Value value) const;
  std::vector<ByteRange> bytesOf(Value value) const;
  bool overlap(Value a, Value b) { return &memoryOf(a) == &memoryOf(b) && intersect(bytesOf(a), bytesOf(b)); }
  /// The step that wrote this value, or the nearest value that it is a view of; nothing for parts written one by one.
  std::optional<int64_t> writerOf(Value value) const;

  plan::EntryOp entry_;
  SlotSpans spans_;
  int64_t step_ = 0;                          ///< steps run so far
  DenseMap<Operation *, int64_t> iterations_; ///< the current one of each loop
  std::map<Operation *, TagMemory> memories_; ///< the arena under null
  DenseMap<Value, int64_t> writers_;
  llvm::MapVector<Value, std::vector<TaggedRange>> seen_; ///< what a value without a writer held when first read
};

LogicalResult Judge::run() {
  if (failed(checkSlots()))
    return failure();
  for (Operation &op : *entry_.getBody().begin())
    if (isa<plan::InputOp, plan::WeightRefOp, plan::StateOp>(op))
      for (ByteRange range : bytesOf(op.getResult(0)))
        memories_[&op].write(range, {&op, TagMemory::kBefore});
  if (failed(followAll(entry_.getBody().front())))
    return failure();
  return success(succeeded(checkOutputs()) && succeeded(checkCertificate()));
}

/// The span of a slot is that of the steps that touch it: shorter would be wrong, longer would falsify the bound.
LogicalResult Judge::checkSlots() {
  for (auto slot : entry_.getOps<plan::SlotOp>()) {
    if (!slot.getOffset())
      return slot.emitOpError("has no offset; plan-memory gives it one");
    auto found = spans_.of(slot);
    if (!found)
      return slot.emitOpError("is touched by no step");
    auto [first, last] = *found;
    if (slot.getLive() != ArrayRef<int64_t>{first, last})
      return slot.emitOpError() << "is live [" << slot.getLive() << "], steps " << first << " to " << last
                                << " touch it";
  }
  return success();
}

/// Where the first byte of a value is: in the arena for slots, in its owner's own memory otherwise.
int64_t Judge::startOf(Value value) const {
  Operation *op = value.getDefiningOp();
  if (auto view = dyn_cast<plan::ViewOp>(op))
    return startOf(view.getSource()) + static_cast<int64_t>(view.getOffset()) +
           static_cast<int64_t>(view.getStride()) * iterations_.lookup(view->getParentOp());
  auto slot = dyn_cast<plan::SlotOp>(op);
  return slot ? static_cast<int64_t>(*slot.getOffset()) : 0;
}

std::vector<ByteRange> Judge::bytesOf(Value value) const {
  if (auto slot = value.getDefiningOp<plan::SlotOp>())
    return {{startOf(value), startOf(value) + static_cast<int64_t>(slot.getBytes())}};
  return byteRanges(cast<MemRefType>(value.getType()), startOf(value));
}

LogicalResult Judge::followAll(Block &block) {
  for (Operation &op : block) {
    if (auto loop = dyn_cast<plan::LoopOp>(op)) {
      if (failed(followLoop(loop)))
        return failure();
    } else if (auto step = dyn_cast<plan::StepOp>(op)) {
      if (failed(follow(step)))
        return failure();
      ++step_;
    }
  }
  return success();
}

/// Every iteration has values of its own behind the views of the loop's body.
LogicalResult Judge::followLoop(plan::LoopOp loop) {
  for (int64_t i = 0, count = loop.getIterations(); i < count; ++i) {
    iterations_[loop] = i;
    loop.walk([&](plan::ViewOp view) {
      writers_.erase(view);
      seen_.erase(view);
    });
    loop.walk([&](plan::WeightRefOp weight) {
      for (ByteRange range : bytesOf(weight))
        memories_[weight].write(range, {weight, TagMemory::kBefore});
    });
    if (failed(followAll(loop.getBody().front())))
      return failure();
  }
  return success();
}

LogicalResult Judge::follow(plan::StepOp step) {
  auto kernel = SymbolTable::lookupNearestSymbolFrom<plan::KernelOp>(step, step.getKernelAttr());
  for (Value input : step.getInputs())
    if (failed(read(step, input)))
      return failure();
  for (unsigned output = 0; output < step.getOutputs().size(); ++output) {
    for (unsigned input = 0; input < step.getInputs().size(); ++input)
      if (failed(checkOverlap(step, kernel, input, output)))
        return failure();
    for (unsigned other = 0; other < output; ++other)
      if (overlap(step.getOutputs()[output], step.getOutputs()[other]))
        return step.emitOpError() << "at " << step_ << " writes outputs " << other << " and " << output
                                  << " to the same bytes";
  }
  if (failed(checkScratch(step, kernel)))
    return failure();
  for (Value output : step.getOutputs())
    if (failed(write(step, output)))
      return failure();
  return success();
}

std::optional<int64_t> Judge::writerOf(Value value) const {
  while (true) {
    if (auto found = writers_.find(value); found != writers_.end())
      return found->second;
    auto view = value.getDefiningOp<plan::ViewOp>();
    if (!view)
      return std::nullopt;
    value = view.getSource();
  }
}

/// Every byte must hold what was written through the owner of the value, by the step that made the value where one step
/// did; and a value that several steps made must not change between its readers.
LogicalResult Judge::read(plan::StepOp step, Value value) {
  auto fail = [&] { return step.emitOpError() << "at " << step_ << " reads " << value.getType() << ": "; };
  Operation *owner = ownerOf(value);
  std::optional<int64_t> writer = writerOf(value);
  std::vector<TaggedRange> found;
  for (ByteRange range : bytesOf(value)) {
    int64_t covered = range.begin;
    for (TaggedRange part : memoryOf(value).read(range)) {
      if (part.range.begin != covered)
        break;
      if (part.tag.owner != owner)
        return fail() << "bytes at " << part.range.begin << " belong to another buffer since step " << part.tag.step;
      if (writer && part.tag.step != *writer)
        return fail() << "the value of step " << *writer << " was overwritten by step " << part.tag.step;
      covered = part.range.end;
      found.push_back(part);
    }
    if (covered != range.end)
      return fail() << "nothing was written to byte " << covered;
  }
  auto [first, isFirst] = seen_.try_emplace(value, found);
  if (!isFirst && first->second != found)
    return fail() << "it has changed since it was read before";
  return success();
}

LogicalResult Judge::write(plan::StepOp step, Value value) {
  Operation *owner = ownerOf(value);
  if (isa<plan::InputOp, plan::WeightRefOp>(owner))
    return step.emitOpError() << "at " << step_ << " writes to " << owner->getName();
  // A value is written once, or again in place by a step that reads it.
  auto [writer, isFirst] = writers_.try_emplace(value, step_);
  if (!isFirst && !llvm::is_contained(step.getInputs(), value))
    return step.emitOpError() << "at " << step_ << " writes the value that step " << writer->second << " wrote";
  writer->second = step_;
  seen_.erase(value);
  for (ByteRange range : bytesOf(value))
    memoryOf(value).write(range, {owner, step_});
  return success();
}

/// Units run in any order, so an output may share bytes with an input only where each element of the result reads just
/// the element that it replaces, and the kernel was made for it.
LogicalResult Judge::checkOverlap(plan::StepOp step, plan::KernelOp kernel, unsigned input, unsigned output) {
  Value from = step.getInputs()[input], to = step.getOutputs()[output];
  if (!overlap(from, to))
    return success();
  auto fail = [&] {
    return step.emitOpError() << "at " << step_ << " writes output " << output << " over input " << input << ", ";
  };
  bool declared = false;
  for (size_t i = 0; i + 1 < kernel.getAliases().size(); i += 2)
    declared |= kernel.getAliases()[i] == input && kernel.getAliases()[i + 1] == output;
  if (!declared)
    return fail() << "which its kernel does not list as an alias";
  auto read = cast<MemRefType>(from.getType()), written = cast<MemRefType>(to.getType());
  bool isAsWide = elementBytes(read.getElementType()) == elementBytes(written.getElementType()) &&
                  read.getShape() == written.getShape();
  if (!isAsWide || read.getLayout() != written.getLayout() || startOf(from) != startOf(to))
    return fail() << "which lies elsewhere";
  const KernelTemplate *kernelTemplate = findKernelTemplate(kernel.getAlgorithm());
  if (!kernelTemplate || kernelTemplate->access(kernel.getBody().front(), input) != Access::SameIndex)
    return fail() << "which " << kernel.getAlgorithm() << " does not read element by element";
  return success();
}

/// Scratch holds nothing afterwards, and nothing that the step reads or writes meanwhile.
LogicalResult Judge::checkScratch(plan::StepOp step, plan::KernelOp kernel) {
  int64_t needed = llvm::alignTo(kernel.getSharedScratch(), kAlignment) + kernel.getWorkerScratch();
  Value scratch = step.getScratch();
  int64_t given = scratch ? scratch.getDefiningOp<plan::SlotOp>().getBytes() : 0;
  if (given < needed)
    return step.emitOpError() << "at " << step_ << " has " << given << " bytes of scratch, its kernel needs " << needed;
  if (!scratch)
    return success();
  for (Value operand : llvm::drop_end(step->getOperands()))
    if (overlap(operand, scratch))
      return step.emitOpError() << "at " << step_ << " has an operand in its scratch";
  for (ByteRange range : bytesOf(scratch))
    memoryOf(scratch).write(range, {nullptr, step_});
  return success();
}

LogicalResult Judge::checkOutputs() {
  for (auto output : entry_.getOps<plan::OutputOp>())
    for (ByteRange range : bytesOf(output)) {
      int64_t written = 0;
      for (TaggedRange part : memories_[output].read(range))
        written += part.range.size();
      if (written != range.size())
        return output.emitOpError() << "'" << output.getName() << "': " << written << " of " << range.size()
                                    << " bytes are written";
    }
  return success();
}

/// The printed numbers against those that follow from slots and steps.
LogicalResult Judge::checkCertificate() {
  std::vector<int64_t> live(spans_.steps(), 0);
  int64_t end = 0, worker = 0;
  for (auto slot : entry_.getOps<plan::SlotOp>()) {
    for (int64_t step = slot.getLive()[0]; step <= slot.getLive()[1]; ++step)
      live[step] += takenBytes(slot);
    end = std::max(end, static_cast<int64_t>(*slot.getOffset()) + takenBytes(slot));
  }
  entry_.walk([&](plan::StepOp step) {
    auto kernel = SymbolTable::lookupNearestSymbolFrom<plan::KernelOp>(step, step.getKernelAttr());
    if (llvm::any_of(kernel.getUnits(), [](int64_t units) { return units > 1; })) // else one worker does it all
      worker = std::max<int64_t>(worker, kernel.getWorkerScratch());
  });
  int64_t bound = live.empty() ? 0 : *std::max_element(live.begin(), live.end());
  auto expect = [&](StringRef name, uint64_t printed, int64_t computed) -> LogicalResult {
    if (static_cast<int64_t>(printed) == computed)
      return success();
    return entry_.emitOpError() << "prints " << name << "(" << printed << "); its steps give " << computed;
  };
  if (failed(expect("arena", entry_.getArena(), end)) || failed(expect("bound", entry_.getBound(), bound)) ||
      failed(expect("worker", entry_.getWorkerScratch(), llvm::alignTo(worker, kAlignment))))
    return failure();
  if (entry_.getSearch() != "proved" && (entry_.getSearch() != "best found" || end == bound))
    return entry_.emitOpError() << "prints search(\"" << entry_.getSearch() << "\") for an arena of " << end
                                << " and a bound of " << bound;
  return success();
}

struct PlanCheck : layerc::impl::PlanCheckBase<PlanCheck> {
  void runOnOperation() override {
    WalkResult result = getOperation().walk([](plan::EntryOp entry) {
      return failed(Judge(entry).run()) ? WalkResult::interrupt() : WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};

} // namespace
