// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the drivers share: they read tensors from a file, run once, write what came out, and then answer each line on
// stdin, a number of seconds, with the median of the nanoseconds that a run took meanwhile. So another program can take
// turns with them.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

[[noreturn]] inline void fail(const std::string &message) {
  std::cerr << "driver: " << message << "\n";
  std::exit(1);
}

/// The bytes of tensors of these sizes, which stand in the file one after another.
inline std::vector<std::vector<char>> readTensors(const char *path, const std::vector<std::size_t> &sizes) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::vector<char>> tensors;
  for (std::size_t size : sizes)
    if (tensors.emplace_back(size); !file.read(tensors.back().data(), static_cast<std::streamsize>(size)))
      fail(std::string(path) + " ends early");
  if (file.peek() != std::ifstream::traits_type::eof())
    fail(std::string(path) + " holds more than the inputs");
  return tensors;
}

/// Calls `run` in batches of at least 0.2 ms and returns the median of the batches, per call.
template <class Run> double medianNanoseconds(double seconds, Run run) {
  using Clock = std::chrono::steady_clock;
  auto time = [&](int calls) {
    auto begin = Clock::now();
    for (int i = 0; i < calls; ++i)
      run();
    return std::chrono::duration<double, std::nano>(Clock::now() - begin).count();
  };
  int calls = 1; // doubled rather than extrapolated: a single call of some nanoseconds drowns in the clock
  while (time(calls) < 200e3)
    calls *= 2;
  auto end = Clock::now() + std::chrono::duration<double>(seconds);
  std::vector<double> samples;
  while (Clock::now() < end || samples.size() < 3)
    samples.push_back(time(calls) / calls);
  std::sort(samples.begin(), samples.end());
  return samples[samples.size() / 2];
}

template <class Run> void serve(Run run) {
  std::cout << "ready" << std::endl;
  for (double seconds; std::cin >> seconds;)
    std::cout << medianNanoseconds(seconds, run) << std::endl;
}
