// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Packing of buffers that live for a span of steps into the smallest arena: problem in, solution out, no compiler
// types. Known as dynamic storage allocation; NP-hard, so a proof is sought within a budget of search nodes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace layerc {

/// One buffer. It takes `bytes` from its offset on during the steps [first, last], both inclusive.
struct PackItem {
  int64_t first = 0, last = 0;
  int64_t bytes = 0;
};

struct PackProblem {
  std::vector<PackItem> items;
  int64_t alignment = 64;          ///< offsets are multiples of it
  int64_t searchNodes = 2'000'000; ///< budget of the exact search; the same budget gives the same answer anywhere
};

struct PackSolution {
  std::vector<int64_t> offsets; ///< one per item
  int64_t total = 0;            ///< end of the highest item, rounded up to the alignment
  int64_t lowerBound = 0;       ///< largest sum of live bytes, each rounded up to the alignment, over the steps
  bool proved = false;          ///< no smaller total exists
  int64_t nodesVisited = 0;     ///< of the exact search; 0 when a heuristic reached the bound
};

/// Greedy placement in several orders first; while the best is above the lower bound, a local search over orders, then
/// branch and bound.
PackSolution packIntervals(const PackProblem &problem);

/// An independent check: offsets aligned and non-negative, no two items that live together overlap, `total` and
/// `lowerBound` are what they say. Returns an empty string or what is wrong.
std::string validatePacking(const PackProblem &problem, const PackSolution &solution);

} // namespace layerc
