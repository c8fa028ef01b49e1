// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Times a compiled model through its C interface: driver THREADS INPUT.bin OUTPUT.bin
// Compiled for each model with -DMODEL=digits -DHEADER='"digits_c.h"' and linked with whatever implements that header:
// the library of layerc, or code by hand. With -DSTATE_OUTPUT=1 -DSTATE_INPUT=1, output 1 of a timed run is input 1 of
// the next one, as in a stream: steps then wait for each other, where steps of one state overlap in the processor.
#include "Serve.h"

#include HEADER

#include <cstdint>
#include <utility>

#define JOIN(a, b) a##b
#define NAMED(model, suffix) JOIN(model, suffix)
#define OF_MODEL(suffix) NAMED(MODEL, suffix)

namespace {

template <class Tensor> std::vector<std::size_t> sizesOf(const Tensor *tensor) {
  std::vector<std::size_t> sizes;
  for (; tensor->name != nullptr; ++tensor)
    sizes.push_back(tensor->bytes);
  return sizes;
}

template <class Pointer> std::vector<Pointer> pointersTo(std::vector<std::vector<char>> &tensors) {
  std::vector<Pointer> pointers;
  for (std::vector<char> &tensor : tensors)
    pointers.push_back(tensor.data());
  return pointers;
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 4)
    fail("usage: driver THREADS INPUT.bin OUTPUT.bin");
  auto *model = OF_MODEL(_create)(std::atoi(argv[1]));
  if (model == nullptr)
    fail("the model cannot be created");
  auto inputs = readTensors(argv[2], sizesOf(OF_MODEL(_inputs)));
  std::vector<std::vector<char>> outputs;
  for (std::size_t size : sizesOf(OF_MODEL(_outputs)))
    outputs.emplace_back(size);
  auto from = pointersTo<const void *>(inputs);
  auto to = pointersTo<void *>(outputs);
  if (int status = OF_MODEL(_run)(model, from.data(), to.data()); status != 0)
    fail("run returns status " + std::to_string(status));
  std::ofstream file(argv[3], std::ios::binary);
  for (const std::vector<char> &output : outputs)
    file.write(output.data(), static_cast<std::streamsize>(output.size()));
  file.close();
#ifdef STATE_OUTPUT
  // In lines of their own: a state that the heap puts across two lines costs whoever is unlucky.
  constexpr std::size_t line = 64;
  std::size_t apart = (inputs[STATE_INPUT].size() + line - 1) / line * line;
  std::vector<char> states(2 * apart + line);
  char *before = states.data() + line - reinterpret_cast<std::uintptr_t>(states.data()) % line, *after = before + apart;
  std::copy(inputs[STATE_INPUT].begin(), inputs[STATE_INPUT].end(), before);
  serve([&] {
    from[STATE_INPUT] = before;
    to[STATE_OUTPUT] = after;
    OF_MODEL(_run)(model, from.data(), to.data());
    std::swap(before, after);
  });
#else
  serve([&] { OF_MODEL(_run)(model, from.data(), to.data()); });
#endif
  OF_MODEL(_destroy)(model);
}
