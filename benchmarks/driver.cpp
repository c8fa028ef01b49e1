// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Times a compiled model through its C interface: driver libNAME.so NAME THREADS INPUT.bin OUTPUT.bin
// Runs once on the input, writes the outputs, and then answers each line on stdin, a number of seconds, with the median
// of the nanoseconds that a run took meanwhile. So another program can take turns with it.
#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

namespace {

/// As NAME_c.h declares it; only the first three members matter here.
struct Tensor {
  const char *name;
  const char *element_type;
  std::size_t bytes;
};

[[noreturn]] void fail(const std::string &message) {
  std::cerr << "driver: " << message << "\n";
  std::exit(1);
}

class Library {
public:
  Library(const std::string &path, std::string name) : name_(std::move(name)), handle_(dlopen(path.c_str(), RTLD_NOW)) {
    if (!handle_)
      fail(dlerror());
  }
  template <class T> T *find(const std::string &suffix) const {
    void *symbol = dlsym(handle_, (name_ + suffix).c_str());
    if (!symbol)
      fail(dlerror());
    return reinterpret_cast<T *>(symbol);
  }

private:
  std::string name_;
  void *handle_;
};

/// Calls `run` in batches of at least 0.2 ms and returns the median of the batches, per call.
template <class Run> double medianNanoseconds(double seconds, Run run) {
  using Clock = std::chrono::steady_clock;
  auto time = [&](int calls) {
    auto begin = Clock::now();
    for (int i = 0; i < calls; ++i)
      run();
    return std::chrono::duration<double, std::nano>(Clock::now() - begin).count();
  };
  int calls = std::max(1, static_cast<int>(200e3 / std::min(time(1), time(1))));
  auto end = Clock::now() + std::chrono::duration<double>(seconds);
  std::vector<double> samples;
  while (Clock::now() < end || samples.size() < 3)
    samples.push_back(time(calls) / calls);
  std::sort(samples.begin(), samples.end());
  return samples[samples.size() / 2];
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 6)
    fail("usage: driver libNAME.so NAME THREADS INPUT.bin OUTPUT.bin");
  Library library(argv[1], argv[2]);
  const auto *input = library.find<const Tensor>("_inputs"), *output = library.find<const Tensor>("_outputs");
  void *model = library.find<void *(int)>("_create")(std::atoi(argv[3]));
  if (!model)
    fail("the model cannot be created");
  auto *run = library.find<int(void *, const void *const *, void *const *)>("_run");

  std::vector<float> in(input->bytes / sizeof(float)), out(output->bytes / sizeof(float));
  std::ifstream(argv[4], std::ios::binary).read(reinterpret_cast<char *>(in.data()), static_cast<std::streamsize>(input->bytes));
  const void *inputs[] = {in.data()};
  void *outputs[] = {out.data()};
  if (int status = run(model, inputs, outputs); status != 0)
    fail("run returns status " + std::to_string(status));
  std::ofstream(argv[5], std::ios::binary)
      .write(reinterpret_cast<const char *>(out.data()), static_cast<std::streamsize>(output->bytes));
  std::cout << "ready" << std::endl;
  for (double seconds; std::cin >> seconds;)
    std::cout << medianNanoseconds(seconds, [&] { run(model, inputs, outputs); }) << std::endl;
  library.find<void(void *)>("_destroy")(model);
}
