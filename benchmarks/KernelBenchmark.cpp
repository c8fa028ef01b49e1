// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Micro-benchmarks: single layers through the whole compiler, timed on one thread. Reports GFLOP/s and the share of the
// peak of fused multiply-adds, which is measured first; with oneDNN beside our templates where it is linked.
#include "codegen/EmitKernel.h"
#include "codegen/EmitObject.h"
#include "codegen/Walker.h"
#include "layerc/float_mode.h"
#include "layerc/memory.h"
#include "passes/Pipeline.h"
#ifdef LAYERC_HAS_ONEDNN
#include "runtime/src/onednn/onednn.h"
#endif

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>

using namespace mlir;
using namespace layerc;

namespace {

/// One layer: `[size, size, channels]` through a kernel of `kernel` x `kernel`.
struct Layer {
  const char *name;
  int64_t size, channels, kernel, filters, stride = 1, groups = 1;

  int64_t outSize() const { return (size + stride - 1) / stride; }
  double operations() const {
    const int64_t depth = kernel * kernel * (channels / groups);
    return 2.0 * outSize() * outSize() * filters * depth;
  }
  std::string text() const;
};

std::string tensor(std::initializer_list<int64_t> shape) {
  std::string text = "tensor<";
  for (int64_t size : shape)
    text += std::to_string(size) + "x";
  return text + "f32>";
}

/// Convolution with padding "same", bias and relu.
std::string Layer::text() const {
  int64_t pads = std::max<int64_t>(0, (outSize() - 1) * stride + kernel - size), low = pads / 2;
  std::string in = tensor({1, size, size, channels}), out = tensor({1, outSize(), outSize(), filters});
  std::string weights = tensor({kernel, kernel, channels / groups, filters}), bias = tensor({filters});
  std::string each = std::to_string(low) + ", " + std::to_string(pads - low), s = std::to_string(stride);
  return "func.func @layer(%x: " + in + ") -> " + out + " {\n%k = nn.weight \"k\" : " + weights +
         "\n%b = nn.weight \"b\" : " + bias + "\n%c = nn.conv %x, %k strides [" + s + ", " + s + "] pads [" + each +
         ", " + each + "] groups " + std::to_string(groups) + " : (" + in + ", " + weights + ") -> " + out +
         "\n%d = nn.binary add %c, %b : (" + out + ", " + bias + ") -> " + out + "\n%e = nn.unary relu %d : (" + out +
         ") -> " + out + "\nreturn %e : " + out + "\n}";
}

constexpr Layer kLayers[] = {
    {"conv7x7_stride2/resnet50", 224, 3, 7, 64, 2},
    {"conv3x3/resnet50_56", 56, 64, 3, 64},
    {"conv3x3/resnet50_28", 28, 128, 3, 128},
    {"conv3x3/resnet50_14", 14, 256, 3, 256},
    {"conv3x3/resnet50_7", 7, 512, 3, 512},
    {"conv1x1/resnet50_56", 56, 64, 1, 256},
    {"conv1x1/resnet50_14", 14, 1024, 1, 256},
    {"conv1x1/mobilenet_v2_112", 112, 16, 1, 96},
    {"conv1x1/mobilenet_v2_7", 7, 960, 1, 320},
    {"depthwise3x3/mobilenet_v2_56", 56, 144, 3, 144, 1, 144},
    {"depthwise3x3/mobilenet_v2_14", 14, 384, 3, 384, 1, 384},
    {"dense/vgg16", 1, 4096, 1, 4096},
    {"dense/resnet50", 1, 2048, 1, 1000},
};

/// Fused multiply-adds of one core per nanosecond, times two: the best of some runs of independent chains in registers.
double measurePeak() {
#if defined(__AVX512F__)
  constexpr int lanes = 16;
#elif defined(__AVX__)
  constexpr int lanes = 8;
#else
  constexpr int lanes = 4;
#endif
  constexpr int chains = 10, steps = 1 << 16;
  using Vector [[gnu::vector_size(4 * lanes)]] = float;
  Vector sums[chains], factor = {}, term = {};
  for (int lane = 0; lane < lanes; ++lane) {
    factor[lane] = 0.999F;
    term[lane] = 0.001F;
  }
  std::fill(std::begin(sums), std::end(sums), term);
  double best = 0;
  for (int attempt = 0; attempt < 50; ++attempt) {
    benchmark::DoNotOptimize(factor);
    auto begin = std::chrono::steady_clock::now();
    for (int step = 0; step < steps; ++step)
#pragma GCC unroll 10
      for (int chain = 0; chain < chains; ++chain)
        sums[chain] = sums[chain] * factor + term;
    std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - begin;
    for (Vector &sum : sums)
      benchmark::DoNotOptimize(sum);
    best = std::max(best, 2.0 * chains * steps * lanes / time.count());
  }
  return best;
}

const layerc_external *findExternal(llvm::StringRef) {
#ifdef LAYERC_HAS_ONEDNN
  return &layerc_onednn;
#else
  return nullptr;
#endif
}

struct Memory {
  explicit Memory(size_t bytes) : data(static_cast<char *>(allocate_memory(bytes))) {
    std::fill_n(reinterpret_cast<float *>(data), bytes / sizeof(float), 0.01F);
  }
  ~Memory() { free_memory(data); }
  char *data;
};

void time(benchmark::State &state, const Layer &layer, const std::string &kernels, double peak) {
  MLIRContext context;
  loadKernelDialects(context);
  auto module = parseSourceString<ModuleOp>(layer.text(), &context);
  PassManager manager(&context);
  PipelineOptions options;
  options.targetCpu = "native";
  options.kernels = kernels;
  buildKernelPipeline(manager, options);
  buildPlanPipeline(manager, options);
  if (!module || failed(manager.run(*module)))
    return state.SkipWithError("does not compile");
  auto program = *module->getOps<plan::ProgramOp>().begin();
  auto code = llvm::cantFail(emitNativeCode(program, llvm::cantFail(makeTarget("native", "")), NativeForm::Object));
  Walker walker = llvm::cantFail(Walker::create(*program.getOps<plan::EntryOp>().begin(), code.bytes));
  Memory weights(program.getWeights() + 64), arena(walker.arenaBytes(1) + 64);
  llvm::cantFail(walker.prepare(weights.data, 1, findExternal));
  std::vector<float> input(layer.size * layer.size * layer.channels, 0.01F);
  std::vector<float> output(layer.outSize() * layer.outSize() * layer.filters);
  const void *inputs[] = {input.data()};
  void *outputs[] = {output.data()};
  const FloatMode mode;
  for (auto _ : state)
    if (walker.run({inputs, outputs, weights.data, arena.data}) != Status::ok)
      return state.SkipWithError("does not run");
  double done = layer.operations() * static_cast<double>(state.iterations()) / 1e9;
  state.counters["GFLOP/s"] = benchmark::Counter(done, benchmark::Counter::kIsRate);
  state.counters["%peak"] = benchmark::Counter(100 * done / peak, benchmark::Counter::kIsRate);
}

} // namespace

int main(int argc, char **argv) {
  benchmark::Initialize(&argc, argv);
  double peak = measurePeak();
  benchmark::AddCustomContext("peak", std::to_string(peak) + " GFLOP/s of fused multiply-adds on one core, measured");
  for (const Layer &layer : kLayers)
    for (const char *kernels : {"mlir", "onednn"})
      if (std::string(kernels) == "mlir" || findExternal("layerc_onednn"))
        benchmark::RegisterBenchmark((std::string(layer.name) + "/" + kernels).c_str(), [&layer, kernels, peak](
                                                                                            benchmark::State &state) {
          time(state, layer, kernels, peak);
        })->Unit(benchmark::kMicrosecond);
  benchmark::RunSpecifiedBenchmarks();
}
