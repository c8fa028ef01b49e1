// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// plan-memory: gives every slot its offset and writes the certificate.
#include "passes/PackIntervals.h"
#include "passes/Passes.h"

namespace layerc {
#define GEN_PASS_DEF_PLANMEMORY
#include "passes/Passes.h.inc"
} // namespace layerc

using namespace mlir;
using namespace layerc;

namespace {
struct PlanMemory : layerc::impl::PlanMemoryBase<PlanMemory> {
  void runOnOperation() override {
    getOperation().walk([](plan::EntryOp entry) { pack(entry); });
  }

  static void pack(plan::EntryOp entry) {
    SmallVector<plan::SlotOp> slots(entry.getBody().getOps<plan::SlotOp>());
    PackProblem problem;
    for (plan::SlotOp slot : slots)
      problem.items.push_back({slot.getLive()[0], slot.getLive()[1], static_cast<int64_t>(slot.getBytes())});
    PackSolution solution = packIntervals(problem);
    assert(validatePacking(problem, solution).empty());
    for (auto [slot, offset] : llvm::zip(slots, solution.offsets))
      slot.setOffset(offset);
    entry.setArena(solution.total);
    entry.setBound(solution.lowerBound);
    entry.setSearch(solution.proved ? "proved" : "best found");
  }
};
} // namespace
