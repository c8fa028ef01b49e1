// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolutions and matrix products by oneDNN, 2.6 or 3.x, as external steps: the only code that includes dnnl.h.
// Activations stay dense with the channels last; weights are brought once into the layout that oneDNN wants.
// Longer than other files because it is copied beside generated code as one header; by the C interface, so that it
// needs neither exceptions nor the C++ library.
//
// `function` is "conv", "conv_transpose" or "contract", inputs are the data, the kernel and perhaps a bias; `numbers`:
//   [0]  activation: 0 none, -1 relu, n > 0 relu of at most n
//   [1]  groups (the kernel is [spatial..., C / groups, F] as in nn.conv)
//   [2]  then per spatial dimension: strides, dilations, pads before (crops before, where transposed)
#ifndef LAYERC_ONEDNN_H
#define LAYERC_ONEDNN_H

#include "layerc/external.h"
#include "layerc/memory.h"

#include <oneapi/dnnl/dnnl.h>

#include <cstring>
#include <new>

#if DNNL_CPU_THREADING_RUNTIME == DNNL_RUNTIME_OMP
extern "C" int omp_get_max_threads(void);
extern "C" void omp_set_num_threads(int);
#endif

namespace layerc {
inline namespace v1 {
namespace onednn {

/// The threads of OpenMP that oneDNN uses when it is called from this thread.
class ThreadCount {
public:
#if DNNL_CPU_THREADING_RUNTIME == DNNL_RUNTIME_OMP
  explicit ThreadCount(int workers) noexcept : before_(omp_get_max_threads()) { omp_set_num_threads(workers); }
  ~ThreadCount() { omp_set_num_threads(before_); }

private:
  int before_;
#else
  explicit ThreadCount(int) noexcept {}
#endif
};

/// Owns an object of oneDNN's C interface.
template <class T, dnnl_status_t (*Destroy)(T)> struct Handle {
  Handle() = default;
  Handle(const Handle &) = delete;
  Handle &operator=(const Handle &) = delete;
  ~Handle() {
    if (value != nullptr)
      Destroy(value);
  }
  T value = nullptr;
};
using Engine = Handle<dnnl_engine_t, dnnl_engine_destroy>;
using Stream = Handle<dnnl_stream_t, dnnl_stream_destroy>;
using Memory = Handle<dnnl_memory_t, dnnl_memory_destroy>;
using Primitive = Handle<dnnl_primitive_t, dnnl_primitive_destroy>;
using PrimitiveDescription = Handle<dnnl_primitive_desc_t, dnnl_primitive_desc_destroy>;
using Attributes = Handle<dnnl_primitive_attr_t, dnnl_primitive_attr_destroy>;
using PostOps = Handle<dnnl_post_ops_t, dnnl_post_ops_destroy>;

/// Sizes of one tensor in oneDNN's order of dimensions: batch, channels, spatial.
struct Shape {
  int rank = 0;
  dnnl_dims_t sizes = {}, strides = {};

  void add(std::int64_t size, std::int64_t stride) noexcept {
    sizes[rank] = size;
    strides[rank++] = stride;
  }
};

/// What the primitive computes, in the words of both versions.
struct Problem {
  const char *function = "";
  int spatial_rank = 0;
  dnnl_dims_t strides = {}, dilations = {}, before = {}, after = {};
};

//===-- What differs between the versions -----------------------------------------------------------------------===//

#if DNNL_VERSION_MAJOR >= 3

using Layout = const_dnnl_memory_desc_t;

class OwnLayout {
public:
  OwnLayout() = default;
  OwnLayout(const OwnLayout &) = delete;
  OwnLayout &operator=(const OwnLayout &) = delete;
  ~OwnLayout() {
    if (layout_ != nullptr)
      dnnl_memory_desc_destroy(layout_);
  }
  bool make(const Shape &shape) noexcept {
    return dnnl_memory_desc_create_with_strides(&layout_, shape.rank, shape.sizes, dnnl_f32, shape.strides) ==
           dnnl_success;
  }
  bool make_any(const Shape &shape) noexcept {
    return dnnl_memory_desc_create_with_tag(&layout_, shape.rank, shape.sizes, dnnl_f32, dnnl_format_tag_any) ==
           dnnl_success;
  }
  Layout get() const noexcept { return layout_; }

private:
  dnnl_memory_desc_t layout_ = nullptr;
};

inline dnnl_status_t append_activation(dnnl_post_ops_t ops, dnnl_alg_kind_t kind, float alpha, float beta) noexcept {
  return dnnl_post_ops_append_eltwise(ops, kind, alpha, beta);
}

inline dnnl_status_t describe(dnnl_primitive_desc_t *result, const Problem &p, dnnl_engine_t engine, Layout source,
                              Layout kernel, Layout bias, Layout destination,
                              dnnl_primitive_attr_t attributes) noexcept {
  if (std::strcmp(p.function, "contract") == 0)
    return dnnl_matmul_primitive_desc_create(result, engine, source, kernel, bias, destination, attributes);
  if (std::strcmp(p.function, "conv") == 0)
    return dnnl_convolution_forward_primitive_desc_create(result, engine, dnnl_forward_inference,
                                                          dnnl_convolution_direct, source, kernel, bias, destination,
                                                          p.strides, p.dilations, p.before, p.after, attributes);
  return dnnl_deconvolution_forward_primitive_desc_create(result, engine, dnnl_forward_inference,
                                                          dnnl_deconvolution_direct, source, kernel, bias, destination,
                                                          p.strides, p.dilations, p.before, p.after, attributes);
}

#else

using Layout = const dnnl_memory_desc_t *;

class OwnLayout {
public:
  bool make(const Shape &shape) noexcept {
    return dnnl_memory_desc_init_by_strides(&layout_, shape.rank, shape.sizes, dnnl_f32, shape.strides) == dnnl_success;
  }
  bool make_any(const Shape &shape) noexcept {
    return dnnl_memory_desc_init_by_tag(&layout_, shape.rank, shape.sizes, dnnl_f32, dnnl_format_tag_any) ==
           dnnl_success;
  }
  Layout get() const noexcept { return &layout_; }

private:
  dnnl_memory_desc_t layout_ = {};
};

inline dnnl_status_t append_activation(dnnl_post_ops_t ops, dnnl_alg_kind_t kind, float alpha, float beta) noexcept {
  return dnnl_post_ops_append_eltwise(ops, 1.0F, kind, alpha, beta);
}

inline dnnl_status_t describe(dnnl_primitive_desc_t *result, const Problem &p, dnnl_engine_t engine, Layout source,
                              Layout kernel, Layout bias, Layout destination,
                              dnnl_primitive_attr_t attributes) noexcept {
  dnnl_matmul_desc_t matmul;
  dnnl_convolution_desc_t convolution;
  const void *op = &convolution;
  dnnl_status_t status;
  if (std::strcmp(p.function, "contract") == 0) {
    op = &matmul;
    status = dnnl_matmul_desc_init(&matmul, source, kernel, bias, destination);
  } else if (std::strcmp(p.function, "conv") == 0) {
    status = dnnl_dilated_convolution_forward_desc_init(&convolution, dnnl_forward_inference, dnnl_convolution_direct,
                                                        source, kernel, bias, destination, p.strides, p.dilations,
                                                        p.before, p.after);
  } else {
    status = dnnl_dilated_deconvolution_forward_desc_init(&convolution, dnnl_forward_inference,
                                                          dnnl_deconvolution_direct, source, kernel, bias, destination,
                                                          p.strides, p.dilations, p.before, p.after);
  }
  return status == dnnl_success ? dnnl_primitive_desc_create(result, op, attributes, engine, nullptr) : status;
}

#endif

//===-- Operands ------------------------------------------------------------------------------------------------===//

/// One operand: the plan's buffer and, where oneDNN wants another layout, a buffer of our own with a copy between them.
class Operand {
public:
  Operand() = default;
  Operand(const Operand &) = delete;
  Operand &operator=(const Operand &) = delete;
  ~Operand() { free_memory(buffer_); }

  /// The layout in the plan's buffer.
  bool describe(const Shape &shape) noexcept { return outside_.make(shape); }
  Layout outside() const noexcept { return outside_.get(); }

  /// `inside` is the layout that the primitive reads or writes; `data` the bytes of a weight, which are copied now.
  bool connect(dnnl_engine_t engine, dnnl_stream_t stream, Layout inside, bool is_output, const void *data) noexcept {
    is_output_ = is_output;
    is_weight_ = data != nullptr;
    if (dnnl_memory_create(&given_.value, outside(), engine, const_cast<void *>(data)) != dnnl_success)
      return false;
    if (dnnl_memory_desc_equal(outside(), inside) != 0)
      return true;
    buffer_ = allocate_memory(dnnl_memory_desc_get_size(inside));
    Layout from = is_output ? inside : outside(), to = is_output ? outside() : inside;
    PrimitiveDescription description;
    return buffer_ != nullptr && dnnl_memory_create(&own_.value, inside, engine, buffer_) == dnnl_success &&
           dnnl_reorder_primitive_desc_create(&description.value, from, engine, to, engine, nullptr) == dnnl_success &&
           dnnl_primitive_create(&copy_.value, description.value) == dnnl_success && (!is_weight_ || copy(stream));
  }

  /// What the primitive gets.
  dnnl_memory_t memory() const noexcept { return own_.value != nullptr ? own_.value : given_.value; }

  bool before_run(dnnl_stream_t stream, void *address) noexcept {
    if (is_weight_)
      return true;
    return dnnl_memory_set_data_handle(given_.value, address) == dnnl_success &&
           (is_output_ || copy_.value == nullptr || copy(stream));
  }
  bool after_run(dnnl_stream_t stream) noexcept { return !is_output_ || copy_.value == nullptr || copy(stream); }

private:
  bool copy(dnnl_stream_t stream) noexcept {
    const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, is_output_ ? own_.value : given_.value},
                                         {DNNL_ARG_TO, is_output_ ? given_.value : own_.value}};
    return dnnl_primitive_execute(copy_.value, stream, 2, arguments) == dnnl_success;
  }

  OwnLayout outside_;
  Memory given_, own_;
  Primitive copy_;
  void *buffer_ = nullptr;
  bool is_output_ = false, is_weight_ = false;
};

//===-- Steps ---------------------------------------------------------------------------------------------------===//

class Step {
public:
  Step() = default;
  Step(const Step &) = delete;
  Step &operator=(const Step &) = delete;
  ~Step() { free_memory(scratch_); }

  bool prepare(const layerc_step &step) noexcept {
    const ThreadCount threads(step.workers);
    Shape shapes[4];
    const bool contract = std::strcmp(step.function, "contract") == 0;
    count_ = step.input_count + 1;
    if (dnnl_engine_create(&engine_.value, dnnl_cpu, 0) != dnnl_success ||
        dnnl_stream_create(&stream_.value, engine_.value, dnnl_stream_default_flags) != dnnl_success ||
        step.input_count < 2 || step.input_count > 3 || step.output_count != 1)
      return false;
    contract ? set_contract_shapes(step, shapes) : set_conv_shapes(step, shapes);
    for (int i = 0; i < count_; ++i)
      if (!operands_[i].describe(shapes[i]))
        return false;
    return make_primitive(step, shapes, contract) && connect(step);
  }

  bool run(void *const *addresses, int workers) noexcept {
    const ThreadCount threads(workers);
    for (int i = 0; i < count_; ++i)
      if (!operands_[i].before_run(stream_.value, addresses[i]))
        return false;
    return dnnl_primitive_execute(primitive_.value, stream_.value, count_ + 1, arguments_) == dnnl_success &&
           operands_[count_ - 1].after_run(stream_.value) && dnnl_stream_wait(stream_.value) == dnnl_success;
  }

private:
  /// [N, spatial..., C] -> N, C, spatial...
  static Shape channels_first(const layerc_tensor &tensor) noexcept {
    Shape shape;
    const int channels = tensor.rank - 1;
    shape.add(tensor.shape[0], tensor.strides[0]);
    shape.add(tensor.shape[channels], tensor.strides[channels]);
    for (int d = 1; d < channels; ++d)
      shape.add(tensor.shape[d], tensor.strides[d]);
    return shape;
  }

  /// [spatial..., C / groups, F] -> (groups,) F / groups, C / groups, spatial...
  static Shape kernel_shape(const layerc_tensor &tensor, std::int64_t groups) noexcept {
    Shape shape;
    const int in = tensor.rank - 2, out = tensor.rank - 1;
    const std::int64_t filters = tensor.shape[out] / groups;
    if (groups > 1)
      shape.add(groups, filters * tensor.strides[out]);
    shape.add(filters, tensor.strides[out]);
    shape.add(tensor.shape[in], tensor.strides[in]);
    for (int d = 0; d < in; ++d)
      shape.add(tensor.shape[d], tensor.strides[d]);
    return shape;
  }

  void set_conv_shapes(const layerc_step &step, Shape (&shapes)[4]) noexcept {
    const layerc_tensor &source = step.inputs[0], &kernel = step.inputs[1], &result = step.outputs[0];
    shapes[0] = channels_first(source);
    shapes[1] = kernel_shape(kernel, step.numbers[1]);
    if (step.input_count == 3)
      shapes[2].add(step.inputs[2].shape[0], step.inputs[2].strides[0]);
    shapes[count_ - 1] = channels_first(result);
  }

  /// Leading dimensions are batches of one matrix: [..., M, K] x [1..., K, N] + [1..., N].
  void set_contract_shapes(const layerc_step &step, Shape (&shapes)[4]) noexcept {
    const int rank = step.outputs[0].rank < 2 ? 2 : step.outputs[0].rank;
    for (int i = 0; i < count_; ++i) {
      const layerc_tensor &tensor = i < step.input_count ? step.inputs[i] : step.outputs[0];
      const std::int64_t extent = tensor.shape[0] * tensor.strides[0];
      for (int d = tensor.rank; d < rank; ++d)
        shapes[i].add(1, extent);
      for (int d = 0; d < tensor.rank; ++d)
        shapes[i].add(tensor.shape[d], tensor.strides[d]);
    }
  }

  Problem problem_of(const layerc_step &step) const noexcept {
    Problem p;
    p.function = step.function;
    p.spatial_rank = step.inputs[0].rank - 2;
    const std::int64_t *numbers = step.numbers + 2;
    const bool transposed = std::strcmp(step.function, "conv_transpose") == 0;
    for (int d = 0; d < p.spatial_rank && step.number_count > 2; ++d) {
      const std::int64_t stride = numbers[d], dilation = numbers[p.spatial_rank + d];
      const std::int64_t in = step.inputs[0].shape[d + 1], out = step.outputs[0].shape[d + 1];
      const std::int64_t reach = (step.inputs[1].shape[d] - 1) * dilation + 1;
      p.strides[d] = stride;
      p.dilations[d] = dilation - 1;
      p.before[d] = numbers[2 * p.spatial_rank + d];
      p.after[d] = (transposed ? (in - 1) * stride + reach - out : (out - 1) * stride + reach - in) - p.before[d];
    }
    return p;
  }

  /// The same sizes, dense with the channels last.
  static Shape dense(const Shape &shape) noexcept {
    Shape result = shape;
    std::int64_t stride = shape.sizes[1];
    result.strides[1] = 1;
    for (int d = shape.rank - 1; d >= 2; --d) {
      result.strides[d] = stride;
      stride *= shape.sizes[d];
    }
    result.strides[0] = stride;
    return result;
  }

  static bool set_activation(Attributes &attributes, std::int64_t activation) noexcept {
    if (activation == 0)
      return true;
    PostOps ops;
    const dnnl_alg_kind_t kind = activation < 0 ? dnnl_eltwise_relu : dnnl_eltwise_clip;
    const float most = activation < 0 ? 0.0F : static_cast<float>(activation);
    return dnnl_post_ops_create(&ops.value) == dnnl_success &&
           append_activation(ops.value, kind, 0.0F, most) == dnnl_success &&
           dnnl_primitive_attr_set_post_ops(attributes.value, ops.value) == dnnl_success;
  }

  bool make_primitive(const layerc_step &step, const Shape (&shapes)[4], bool contract) noexcept {
    Attributes attributes;
    OwnLayout source, kernel, destination;
    const Shape &result = shapes[count_ - 1];
    const bool layouts = source.make(contract ? shapes[0] : dense(shapes[0])) &&
                         (step.inputs[1].data != nullptr ? kernel.make_any(shapes[1]) : kernel.make(shapes[1])) &&
                         destination.make(contract ? result : dense(result));
    Layout bias = step.input_count == 3 ? operands_[2].outside() : nullptr;
    return layouts && dnnl_primitive_attr_create(&attributes.value) == dnnl_success &&
           dnnl_primitive_attr_set_scratchpad_mode(attributes.value, dnnl_scratchpad_mode_user) == dnnl_success &&
           set_activation(attributes, step.numbers[0]) &&
           describe(&description_.value, problem_of(step), engine_.value, source.get(), kernel.get(), bias,
                    destination.get(), attributes.value) == dnnl_success &&
           dnnl_primitive_create(&primitive_.value, description_.value) == dnnl_success;
  }

  Layout wanted(dnnl_query_t what, int index) const noexcept {
    return dnnl_primitive_desc_query_md(description_.value, what, index);
  }

  bool connect(const layerc_step &step) noexcept {
    const int last = count_ - 1;
    const int names[] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_BIAS};
    for (int i = 0; i < count_; ++i) {
      Layout inside = i == last ? wanted(dnnl_query_dst_md, 0)
                      : i == 0  ? wanted(dnnl_query_src_md, 0)
                                : wanted(dnnl_query_weights_md, i - 1);
      const void *data = i == last ? nullptr : step.inputs[i].data;
      if (!operands_[i].connect(engine_.value, stream_.value, inside, i == last, data))
        return false;
      arguments_[i] = {i == last ? DNNL_ARG_DST : names[i], operands_[i].memory()};
    }
    Layout scratch = wanted(dnnl_query_scratchpad_md, 0);
    scratch_ = allocate_memory(dnnl_memory_desc_get_size(scratch));
    if (scratch_ == nullptr || dnnl_memory_create(&scratchpad_.value, scratch, engine_.value, scratch_) != dnnl_success)
      return false;
    arguments_[count_] = {DNNL_ARG_SCRATCHPAD, scratchpad_.value};
    return dnnl_stream_wait(stream_.value) == dnnl_success;
  }

  Engine engine_;
  Stream stream_;
  PrimitiveDescription description_;
  Primitive primitive_;
  Operand operands_[4]; // inputs, then the output
  int count_ = 0;
  Memory scratchpad_;
  void *scratch_ = nullptr;
  dnnl_exec_arg_t arguments_[5] = {};
};

inline void release(void *state) noexcept {
  static_cast<Step *>(state)->~Step();
  free_memory(state);
}

inline void *prepare(const layerc_step *step) noexcept {
  void *memory = allocate_memory(sizeof(Step));
  if (memory == nullptr)
    return nullptr;
  auto *state = new (memory) Step;
  if (state->prepare(*step))
    return state;
  release(state);
  return nullptr;
}

inline int run(void *state, void *const *operands, void *, int workers) noexcept {
  return static_cast<Step *>(state)->run(operands, workers) ? 0 : 1;
}

} // namespace onednn
} // namespace v1
} // namespace layerc

/// The external steps of `--kernels=onednn`.
inline constexpr layerc_external layerc_onednn = {layerc::onednn::prepare, layerc::onednn::run,
                                                  layerc::onednn::release};

#endif // LAYERC_ONEDNN_H
