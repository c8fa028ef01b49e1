// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What driver.cpp does, with OpenVINO through its C interface: driver MODEL.xml THREADS INPUT.bin OUTPUT.bin
// Its Python interface adds some 20 microseconds to each call. The precision is held at f32, as layerc's is.
#include "Serve.h"

#include <openvino/c/openvino.h>

#include <cstring>

namespace {

void require(ov_status_e status, const char *what) {
  if (status != OK)
    fail(std::string("OpenVINO cannot ") + what + ": " + ov_get_error_info(status));
}

/// Where the request keeps one input or output.
struct Memory {
  char *data;
  std::size_t bytes;
};

using FindTensor = ov_status_e (*)(const ov_infer_request_t *, std::size_t, ov_tensor_t **);

Memory memoryOf(const ov_infer_request_t *request, FindTensor find, std::size_t index) {
  ov_tensor_t *tensor = nullptr;
  void *data = nullptr;
  std::size_t bytes = 0;
  require(find(request, index, &tensor), "find a tensor");
  require(ov_tensor_data(tensor, &data), "show a tensor");
  require(ov_tensor_get_byte_size(tensor, &bytes), "measure a tensor");
  ov_tensor_free(tensor);
  return {static_cast<char *>(data), bytes};
}

std::vector<Memory> memories(const ov_infer_request_t *request, FindTensor find, std::size_t count) {
  std::vector<Memory> found;
  for (std::size_t index = 0; index < count; ++index)
    found.push_back(memoryOf(request, find, index));
  return found;
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 5)
    fail("usage: driver MODEL.xml THREADS INPUT.bin OUTPUT.bin");
  ov_core_t *core = nullptr;
  ov_compiled_model_t *model = nullptr;
  ov_infer_request_t *request = nullptr;
  require(ov_core_create(&core), "start");
  require(ov_core_compile_model_from_file(core, argv[1], "CPU", 6, &model, "INFERENCE_NUM_THREADS", argv[2],
                                          "PERFORMANCE_HINT", "LATENCY", "INFERENCE_PRECISION_HINT", "f32"),
          "compile the model");
  require(ov_compiled_model_create_infer_request(model, &request), "make a request");
  std::size_t inputCount = 0, outputCount = 0;
  require(ov_compiled_model_inputs_size(model, &inputCount), "count the inputs");
  require(ov_compiled_model_outputs_size(model, &outputCount), "count the outputs");

  auto inputs = memories(request, ov_infer_request_get_input_tensor_by_index, inputCount);
  std::vector<std::size_t> sizes;
  for (const Memory &input : inputs)
    sizes.push_back(input.bytes);
  auto tensors = readTensors(argv[3], sizes);
  for (std::size_t index = 0; index < inputCount; ++index)
    std::memcpy(inputs[index].data, tensors[index].data(), sizes[index]);
  require(ov_infer_request_infer(request), "run");
  std::ofstream file(argv[4], std::ios::binary);
  for (const Memory &output : memories(request, ov_infer_request_get_output_tensor_by_index, outputCount))
    file.write(output.data, static_cast<std::streamsize>(output.bytes));
  file.close();
  serve([&] { ov_infer_request_infer(request); });
  ov_infer_request_free(request);
  ov_compiled_model_free(model);
  ov_core_free(core);
}
