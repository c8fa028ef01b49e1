// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Greedy, local and exact search for the packing of intervals.
//
// A packing can be written as an order of the items, each placed at its lowest fit. The local search moves items that
// end above the lower bound forward in that order; chains of residual blocks, which defeat any one rule, fall to it.
//
// The search places items in order of non-decreasing offset: every packing can be pushed down until each item rests on
// the floor or on another item, and then be rebuilt in that order. A node is therefore a skyline, one height per step,
// and an item goes to the highest point of the skyline under it. A branch dies when some step's height plus the bytes
// still to come there reaches the best total, or when a smaller item could have gone below.
#include "passes/PackIntervals.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <random>

using namespace layerc;

namespace {

int64_t alignUp(int64_t bytes, int64_t alignment) { return (bytes + alignment - 1) / alignment * alignment; }

bool liveTogether(const PackItem &a, const PackItem &b) { return a.first <= b.last && b.first <= a.last; }

/// Steps at which some item begins are the only ones that matter.
class Packer {
public:
  explicit Packer(const PackProblem &problem) : problem(problem), items(problem.items) {
    for (PackItem &item : items)
      item.bytes = alignUp(item.bytes, problem.alignment);
    compressSteps();
    live.assign(steps, 0);
    for (const PackItem &item : items)
      for (int64_t step = item.first; step <= item.last; ++step)
        live[step] += item.bytes;
    bound = live.empty() ? 0 : *std::max_element(live.begin(), live.end());
  }

  PackSolution solve() {
    best.lowerBound = bound;
    best.offsets.assign(items.size(), 0);
    if (items.empty()) {
      best.proved = true;
      return best;
    }
    best.total = INT64_MAX;
    greedy();
    if (best.total > bound)
      improve();
    if (best.total > bound)
      search();
    best.proved = best.total == bound || exhausted;
    return best;
  }

private:
  void compressSteps() {
    std::vector<int64_t> starts;
    starts.reserve(items.size());
    for (const PackItem &item : items)
      starts.push_back(item.first);
    std::sort(starts.begin(), starts.end());
    starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
    auto compressed = [&](int64_t step) {
      return std::upper_bound(starts.begin(), starts.end(), step) - starts.begin() - 1;
    };
    for (PackItem &item : items) {
      item.first = compressed(item.first);
      item.last = compressed(item.last);
    }
    steps = static_cast<int64_t>(starts.size());
  }

  void keep(const std::vector<int64_t> &offsets) {
    int64_t total = 0;
    for (size_t i = 0; i < items.size(); ++i)
      total = std::max(total, offsets[i] + items[i].bytes);
    if (total < best.total) {
      best.total = total;
      best.offsets = offsets;
    }
  }

  /// Lowest fit in a given order.
  std::vector<int64_t> placeInOrder(const std::vector<size_t> &order) {
    std::vector<int64_t> offsets(items.size(), 0);
    std::vector<size_t> placed;
    for (size_t item : order) {
      std::vector<std::pair<int64_t, int64_t>> taken;
      for (size_t other : placed)
        if (liveTogether(items[item], items[other]))
          taken.push_back({offsets[other], offsets[other] + items[other].bytes});
      std::sort(taken.begin(), taken.end());
      int64_t at = 0;
      for (auto [low, high] : taken) {
        if (low - at >= items[item].bytes)
          break;
        at = std::max(at, high);
      }
      offsets[item] = at;
      placed.push_back(item);
    }
    keep(offsets);
    return offsets;
  }

  int64_t bytesAboveBound(size_t item, const std::vector<int64_t> &offsets) const {
    return std::max<int64_t>(0, offsets[item] + items[item].bytes - bound);
  }

  int64_t bytesAboveBound(const std::vector<int64_t> &offsets) const {
    int64_t sum = 0;
    for (size_t i = 0; i < items.size(); ++i)
      sum += bytesAboveBound(i, offsets);
    return sum;
  }

  /// Walks from the best greedy order: a long one, and where that comes to a halt above the bound, short ones.
  void improve() {
    constexpr int64_t kRounds = 20'000, kWork = 60'000'000; // work counts pairs of items: about a second
    constexpr int64_t kShortWalks = 8;
    int64_t rounds =
        std::min({problem.searchNodes, kRounds, kWork / static_cast<int64_t>(items.size() * items.size())});
    std::minstd_rand random(1);
    walk(rounds, random);
    for (int64_t i = 0; i < kShortWalks && best.total > bound; ++i)
      walk(rounds / kShortWalks, random);
  }

  /// Moves a random item that ends above the bound forward in the order, as long as fewer bytes, or no more, end there.
  /// The sum over all items counts, not the total: many independent conflicts are then solved one by one.
  void walk(int64_t rounds, std::minstd_rand &random) {
    std::vector<int64_t> placed = placeInOrder(bestOrder);
    std::vector<size_t> now = bestOrder;
    for (int64_t round = 0; round < rounds && best.total > bound; ++round) {
      std::vector<size_t> high;
      for (size_t rank = 0; rank < now.size(); ++rank)
        if (bytesAboveBound(now[rank], placed) > 0)
          high.push_back(rank);
      size_t from = high[random() % high.size()], to = random() % (from + 1);
      std::vector<size_t> next = now;
      std::rotate(next.begin() + to, next.begin() + from, next.begin() + from + 1);
      std::vector<int64_t> moved = placeInOrder(next);
      if (bytesAboveBound(moved) <= bytesAboveBound(placed)) {
        placed = std::move(moved);
        now = std::move(next);
      }
    }
  }

  void greedy() {
    auto life = [&](size_t i) { return items[i].last - items[i].first + 1; };
    auto pressure = [&](size_t i) {
      return *std::max_element(live.begin() + items[i].first, live.begin() + items[i].last + 1);
    };
    const std::function<int64_t(size_t)> keys[] = {
        [&](size_t i) { return -items[i].bytes; }, [&](size_t i) { return -items[i].bytes * life(i); },
        [&](size_t i) { return -life(i); },        [&](size_t i) { return -pressure(i); },
        [&](size_t i) { return items[i].first; },  [&](size_t i) { return -items[i].last; },
    };
    for (const auto &key : keys)
      for (const auto &second : keys) {
        std::vector<size_t> order(items.size());
        std::iota(order.begin(), order.end(), 0);
        std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
          return std::make_pair(key(a), second(a)) < std::make_pair(key(b), second(b));
        });
        int64_t above = bytesAboveBound(placeInOrder(order));
        if (best.total == bound)
          return;
        if (bestOrder.empty() || above < leastAbove) {
          leastAbove = above;
          bestOrder = order;
        }
      }
  }

  void search() {
    skyline.assign(steps, 0);
    remaining = live;
    offsets.assign(items.size(), -1);
    order.resize(items.size());
    std::iota(order.begin(), order.end(), 0);
    // Large and long items first: they decide most.
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return items[a].bytes * (items[a].last - items[a].first + 1) >
             items[b].bytes * (items[b].last - items[b].first + 1);
    });
    exhausted = true;
    extend(items.size(), 0, 0);
  }

  int64_t restingHeight(const PackItem &item) const {
    return *std::max_element(skyline.begin() + item.first, skyline.begin() + item.last + 1);
  }

  /// `floor` is the offset of the item placed last, `floorRank` its rank: equal offsets are taken in order of rank.
  void extend(size_t left, int64_t floor, size_t floorRank) {
    if (best.total == bound)
      return;
    if (left == 0)
      return keep(offsets);
    if (++best.nodesVisited > problem.searchNodes) {
      exhausted = false;
      return;
    }
    for (int64_t step = 0; step < steps; ++step)
      if (skyline[step] + remaining[step] >= best.total)
        return;
    int64_t lowestTop = INT64_MAX; // an item that would begin above another's possible top leaves a hole for nothing
    for (size_t item : order)
      if (offsets[item] < 0)
        lowestTop = std::min(lowestTop, restingHeight(items[item]) + items[item].bytes);
    for (size_t rank = 0; rank < order.size(); ++rank) {
      size_t item = order[rank];
      if (offsets[item] >= 0)
        continue;
      // One that rests below the last item placed, or beside it with a smaller rank, would have come before it.
      int64_t at = restingHeight(items[item]);
      if (at < floor || (at == floor && left < order.size() && rank < floorRank) || at >= lowestTop)
        continue;
      place(item, at, left, rank);
      if (!exhausted || best.total == bound)
        return;
    }
  }

  void place(size_t item, int64_t at, size_t left, size_t rank) {
    const PackItem &box = items[item];
    std::vector<int64_t> before(skyline.begin() + box.first, skyline.begin() + box.last + 1);
    for (int64_t step = box.first; step <= box.last; ++step) {
      skyline[step] = at + box.bytes;
      remaining[step] -= box.bytes;
    }
    offsets[item] = at;
    extend(left - 1, at, rank);
    offsets[item] = -1;
    for (int64_t step = box.first; step <= box.last; ++step) {
      skyline[step] = before[step - box.first];
      remaining[step] += box.bytes;
    }
  }

  const PackProblem &problem;
  std::vector<PackItem> items;
  int64_t steps = 0, bound = 0;
  std::vector<int64_t> live;
  PackSolution best;
  bool exhausted = false;
  std::vector<int64_t> skyline, remaining, offsets;
  std::vector<size_t> order, bestOrder; ///< of the search; of the greedy packing with the fewest bytes above the bound
  int64_t leastAbove = 0;
};

} // namespace

PackSolution layerc::packIntervals(const PackProblem &problem) { return Packer(problem).solve(); }

std::string layerc::validatePacking(const PackProblem &problem, const PackSolution &solution) {
  const auto &items = problem.items;
  if (solution.offsets.size() != items.size())
    return "expects one offset per item";
  int64_t total = 0, bound = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    if (solution.offsets[i] < 0 || solution.offsets[i] % problem.alignment != 0)
      return "item " + std::to_string(i) + " is not aligned";
    total = std::max(total, solution.offsets[i] + alignUp(items[i].bytes, problem.alignment));
    int64_t live = 0; // at the first step of item i
    for (size_t j = 0; j < items.size(); ++j) {
      if (items[j].first <= items[i].first && items[i].first <= items[j].last)
        live += alignUp(items[j].bytes, problem.alignment);
      bool overlap = j != i && liveTogether(items[i], items[j]) &&
                     solution.offsets[i] < solution.offsets[j] + items[j].bytes &&
                     solution.offsets[j] < solution.offsets[i] + items[i].bytes;
      if (overlap)
        return "items " + std::to_string(i) + " and " + std::to_string(j) + " overlap";
    }
    bound = std::max(bound, live);
  }
  if (total != solution.total)
    return "the total is " + std::to_string(total) + ", not " + std::to_string(solution.total);
  if (bound != solution.lowerBound)
    return "the lower bound is " + std::to_string(bound) + ", not " + std::to_string(solution.lowerBound);
  return "";
}
