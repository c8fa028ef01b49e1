// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Packing of live ranges: instances with a known optimum, and random ones against a search that tries everything.
#include "passes/PackIntervals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <random>

using namespace layerc;

namespace {

PackSolution solve(const PackProblem &problem) {
  PackSolution solution = packIntervals(problem);
  EXPECT_EQ(validatePacking(problem, solution), "");
  EXPECT_GE(solution.total, solution.lowerBound);
  EXPECT_TRUE(solution.total > solution.lowerBound || solution.proved) << "the bound is a proof";
  return solution;
}

PackProblem problemOf(std::vector<PackItem> items) { return {std::move(items), /*alignment=*/1}; }

/// The smallest total of all packings. Some order of the items gives it when each goes, in that order, to the lowest
/// offset above all earlier items that it meets: in an optimum pushed down, take the items by offset.
int64_t optimumOfAllOrders(const PackProblem &problem) {
  std::vector<size_t> order(problem.items.size());
  std::iota(order.begin(), order.end(), 0);
  int64_t best = INT64_MAX;
  do {
    std::vector<int64_t> top(order.size(), 0); // of items placed already; 0 for others
    for (size_t item : order) {
      const PackItem &box = problem.items[item];
      int64_t at = 0;
      for (size_t other = 0; other < order.size(); ++other)
        if (other != item && box.first <= problem.items[other].last && problem.items[other].first <= box.last)
          at = std::max(at, top[other]);
      top[item] = at + box.bytes;
    }
    best = std::min(best, *std::max_element(top.begin(), top.end()));
  } while (std::next_permutation(order.begin(), order.end()));
  return best;
}

PackProblem randomProblem(uint64_t seed, int64_t items, int64_t steps, int64_t largest) {
  std::mt19937_64 engine(seed);
  auto between = [&](int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(engine); };
  PackProblem problem = problemOf({});
  for (int64_t i = 0; i < items; ++i) {
    int64_t first = between(0, steps - 1);
    problem.items.push_back({first, between(first, std::min(steps - 1, first + steps / 2)), between(1, largest)});
  }
  return problem;
}

/// Cuts the rectangle of `steps` x `bytes` into boxes: a packing without a hole exists, so the optimum is `bytes`.
void cut(std::mt19937_64 &engine, int64_t first, int64_t last, int64_t bytes, int depth, std::vector<PackItem> &items) {
  bool canCutTime = last > first, canCutBytes = bytes > 1;
  if (depth == 0 || (!canCutTime && !canCutBytes)) {
    items.push_back({first, last, bytes});
    return;
  }
  if (canCutTime && (!canCutBytes || engine() % 2)) {
    int64_t middle = first + static_cast<int64_t>(engine() % (last - first));
    cut(engine, first, middle, bytes, depth - 1, items);
    cut(engine, middle + 1, last, bytes, depth - 1, items);
  } else {
    int64_t low = 1 + static_cast<int64_t>(engine() % (bytes - 1));
    cut(engine, first, last, low, depth - 1, items);
    cut(engine, first, last, bytes - low, depth - 1, items);
  }
}

TEST(PackIntervals, NothingAndOne) {
  EXPECT_EQ(solve(problemOf({})).total, 0);
  EXPECT_EQ(solve(problemOf({{3, 5, 7}})).total, 7);
  EXPECT_EQ(solve({{{0, 0, 1}, {0, 0, 65}}, 64}).total, 192) << "sizes are rounded up to the alignment";
  EXPECT_EQ(solve(problemOf({{0, 9, 0}, {0, 9, 4}})).total, 4) << "an empty buffer takes no room";
}

TEST(PackIntervals, ItemsThatMeetInNoStepShareBytes) {
  EXPECT_EQ(solve(problemOf({{0, 0, 5}, {1, 1, 9}, {2, 2, 3}})).total, 9);
  EXPECT_EQ(solve(problemOf({{0, 1, 5}, {1, 2, 9}})).total, 14) << "both ends of a life are inclusive";
}

// A chain of residual blocks: a long branch over short steps.
TEST(PackIntervals, ResidualChain) {
  std::vector<PackItem> items;
  for (int64_t block = 0; block < 16; ++block) {
    items.push_back({3 * block, 3 * block + 3, 64});
    items.push_back({3 * block + 1, 3 * block + 2, 192});
    items.push_back({3 * block + 2, 3 * block + 3, 192});
  }
  PackSolution solution = solve(problemOf(items));
  EXPECT_TRUE(solution.proved);
  EXPECT_EQ(solution.total, solution.lowerBound);
}

// An unrolled stack of recurrent cells, on which the long walk halts above the bound.
TEST(PackIntervals, UnrolledStackOfCells) {
  PackProblem problem = problemOf(
      {{0, 24, 200},  {1, 24, 80},   {2, 24, 80},   {3, 24, 80},   {4, 5, 320},   {5, 9, 80},    {6, 7, 80},
       {4, 25, 400},  {8, 9, 320},   {9, 13, 80},   {10, 11, 80},  {12, 13, 320}, {13, 17, 80},  {14, 15, 80},
       {16, 17, 320}, {17, 21, 80},  {18, 19, 80},  {20, 21, 320}, {22, 23, 80},  {25, 26, 400}, {26, 44, 500},
       {27, 44, 100}, {28, 44, 60},  {29, 44, 60},  {30, 33, 100}, {31, 32, 240}, {32, 35, 60},  {30, 45, 300},
       {33, 36, 100}, {34, 35, 240}, {35, 38, 60},  {36, 39, 100}, {37, 38, 240}, {38, 41, 60},  {39, 42, 100},
       {40, 41, 240}, {41, 44, 60},  {43, 44, 240}, {45, 51, 300}, {47, 48, 20},  {48, 49, 20},  {49, 50, 20},
       {50, 51, 20}});
  problem.alignment = 64;
  PackSolution solution = solve(problem);
  EXPECT_EQ(solution.total, solution.lowerBound);
  EXPECT_EQ(solution.nodesVisited, 0) << "a walk reaches the bound";
}

// Four bytes live at every step, yet no packing fits into four: at steps 2 and 3 the pieces leave no room of two bytes.
TEST(PackIntervals, OptimumAboveTheBoundIsProved) {
  PackProblem problem =
      problemOf({{0, 0, 2}, {0, 1, 2}, {1, 2, 1}, {2, 2, 1}, {1, 3, 1}, {2, 3, 1}, {3, 4, 2}, {4, 4, 2}});
  PackSolution solution = solve(problem);
  EXPECT_EQ(solution.lowerBound, 4);
  EXPECT_EQ(solution.total, 5);
  EXPECT_EQ(optimumOfAllOrders(problem), 5);
  EXPECT_TRUE(solution.proved);
  problem.searchNodes = 1;
  EXPECT_FALSE(solve(problem).proved) << "one node is no proof";
}

TEST(PackIntervals, SmallRandomProblemsAgainstAllOrders) {
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    PackProblem problem =
        randomProblem(seed, 3 + static_cast<int64_t>(seed % 5), 3 + static_cast<int64_t>(seed % 6), 6);
    PackSolution solution = solve(problem);
    SCOPED_TRACE("seed " + std::to_string(seed));
    EXPECT_EQ(solution.total, optimumOfAllOrders(problem));
    EXPECT_TRUE(solution.proved) << "so few items are searched to the end";
  }
}

TEST(PackIntervals, RectanglesCutIntoBoxes) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    std::mt19937_64 engine(seed);
    PackProblem problem = problemOf({});
    cut(engine, 0, 11, 40, 4, problem.items);
    PackSolution solution = solve(problem);
    EXPECT_EQ(solution.lowerBound, 40);
    EXPECT_EQ(solution.total, 40) << "seed " << seed << ", " << problem.items.size() << " items";
  }
}

TEST(PackIntervals, LargeRandomProblemsStayWithinTheBudget) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    PackProblem problem = randomProblem(seed, 120, 60, 5000);
    problem.alignment = 64;
    problem.searchNodes = 2000;
    PackSolution solution = solve(problem);
    EXPECT_LE(solution.nodesVisited, problem.searchNodes + static_cast<int64_t>(problem.items.size()));
    EXPECT_LE(solution.total, solution.lowerBound * 3 / 2) << "seed " << seed;
  }
}

TEST(PackIntervals, SameAnswerAgain) {
  PackProblem problem = randomProblem(5, 40, 20, 100);
  problem.searchNodes = 20000;
  EXPECT_EQ(packIntervals(problem).offsets, packIntervals(problem).offsets);
}

TEST(ValidatePacking, NamesWhatIsWrong) {
  PackProblem problem = problemOf({{0, 1, 4}, {1, 2, 4}});
  PackSolution solution = packIntervals(problem);
  auto broken = [&](auto change) {
    PackSolution other = solution;
    change(other);
    return validatePacking(problem, other);
  };
  EXPECT_NE(broken([](PackSolution &s) { s.offsets = {0, 3}; }).find("overlap"), std::string::npos);
  EXPECT_NE(broken([](PackSolution &s) { s.offsets = {0}; }), "");
  EXPECT_NE(broken([](PackSolution &s) { s.offsets[0] = -1; }), "");
  EXPECT_NE(broken([](PackSolution &s) { s.total = 7; }), "");
  EXPECT_NE(broken([](PackSolution &s) { s.lowerBound = 9; }), "");
}

} // namespace
