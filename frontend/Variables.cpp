// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The table of variables. A name with a condition is there only when the config key behind '?' is true or absent;
// one with '?!' only when the key is null or absent, one with '?-' only when it is false.
#include "frontend/Variables.h"

#include "frontend/Json.h"
#include "frontend/Quantization.h"

#include <absl/strings/str_split.h>

#include <map>
#include <set>

namespace layerc {
namespace {

using nlohmann::json;

// Space separated: "name", "name?key" (the key decides, true when absent), and behind '|' the non-trainable ones.
const char *const kKernelAndBias = "kernel bias?use_bias";
const char *const kRecurrent = "kernel recurrent_kernel bias?use_bias";
const char *const kBatchNormalization = "gamma?scale beta?center | moving_mean moving_variance";
const char *const kSeparable = "depthwise_kernel pointwise_kernel bias?use_bias";

const std::map<std::string, const char *> kTable{
    {"Dense", kKernelAndBias},
    {"EinsumDense", "kernel bias?bias_axes"},
    {"Conv1D", kKernelAndBias},
    {"Conv2D", kKernelAndBias},
    {"Conv3D", kKernelAndBias},
    {"Conv1DTranspose", kKernelAndBias},
    {"Conv2DTranspose", kKernelAndBias},
    {"Conv3DTranspose", kKernelAndBias},
    {"LocallyConnected1D", kKernelAndBias},
    {"LocallyConnected2D", kKernelAndBias},
    {"DepthwiseConv1D", "depthwise_kernel bias?use_bias"},
    {"DepthwiseConv2D", "depthwise_kernel bias?use_bias"},
    {"SeparableConv1D", kSeparable},
    {"SeparableConv2D", kSeparable},
    {"SimpleRNN", kRecurrent},
    {"GRU", kRecurrent},
    {"LSTM", kRecurrent},
    {"ConvLSTM1D", kRecurrent},
    {"ConvLSTM2D", kRecurrent},
    {"ConvLSTM3D", kRecurrent},
    {"SimpleRNNCell", kRecurrent},
    {"GRUCell", kRecurrent},
    {"LSTMCell", kRecurrent},
    {"CuDNNGRU", "kernel recurrent_kernel bias"},
    {"CuDNNLSTM", "kernel recurrent_kernel bias"},
    {"Embedding", "embeddings"},
    {"ReversibleEmbedding", "embeddings reverse_embeddings?-tie_weights"},
    {"STFTSpectrogram", "real_kernel imag_kernel"},
    {"PReLU", "alpha"},
    {"BatchNormalization", kBatchNormalization},
    {"BatchNormalizationV1", kBatchNormalization},
    {"BatchNormalizationV2", kBatchNormalization},
    {"SyncBatchNormalization", kBatchNormalization},
    {"SpectralNormalization", "| vector_u"},
    {"LayerNormalization", "gamma?scale beta?center"},
    {"GroupNormalization", "gamma?scale beta?center"},
    {"RMSNormalization", "scale"},
    {"LayerScale", "gamma"},
    {"Normalization", "| mean?!mean variance?!mean count?!mean"},
    {"Attention", "scale?use_scale"},
    {"AdditiveAttention", "scale?use_scale"},
};

bool isPresent(const json &config, std::string key) {
  // A dense layer inside attention has no equation of its own, only its owner's use_bias.
  if (key == "bias_axes" && !config.contains("equation"))
    key = "use_bias";
  if (key[0] == '!')
    return at(config, key.c_str() + 1).is_null();
  if (key[0] == '-')
    return at(config, key.c_str() + 1) == false;
  if (bool isRms = at(config, "rms_scaling") == true; isRms && (key == "scale" || key == "center"))
    return key == "scale";
  const json &value = at(config, key.c_str());
  if (key == "bias_axes") // null or "" means no bias
    return value.is_string() && !value.get<std::string>().empty();
  return !value.is_boolean() || value.get<bool>();
}

/// The variables of a quantized layer, of which only the bias is trained; `plain` are those without quantization.
std::vector<Variable> quantizedVariables(const Quantization &quantization, const std::vector<Variable> &plain) {
  const std::string kernel = plain[0].name;
  const bool isCalibrated =
      quantization.mode == Quantization::Mode::Gptq || quantization.mode == Quantization::Mode::Awq;
  std::vector<Variable> variables(plain.begin() + 1, plain.end());
  variables.insert(isCalibrated ? variables.end() : variables.begin(), {kernel, false});
  variables.push_back({kernel + "_scale", false});
  if (isCalibrated || quantization.isGrouped())
    variables.push_back({kernel + "_zero", false});
  if (quantization.mode == Quantization::Mode::Awq)
    variables.push_back({"awq_scales", false});
  if (isCalibrated || quantization.isGrouped())
    variables.push_back({"g_idx", false});
  return variables;
}

/// How the layer's dtype policy says that its kernel is stored.
Quantization quantizationOf(const std::string &className, const json &config) {
  const std::string policy = stringOr(at(at(config, "dtype"), "config"), "mode", "") + "_from_";
  std::string_view rest = policy;
  return consumeQuantization(rest, className, config);
}

/// A layer without variables of its own: merging, shapes, activations, pooling, wrappers and models.
bool ownsNothing(const std::string &className) {
  static const std::set<std::string> names = absl::StrSplit(
      "InputLayer Activation ReLU LeakyReLU ELU ThresholdedReLU Softmax Flatten Reshape Permute RepeatVector Identity "
      "Dropout SpatialDropout1D SpatialDropout2D SpatialDropout3D GaussianNoise GaussianDropout AlphaDropout "
      "ActivityRegularization Masking Add Subtract Multiply Average Maximum Minimum Concatenate Dot Merge "
      "UnitNormalization Rescaling Resizing CenterCrop CategoryEncoding Discretization IntegerLookup AutoContrast "
      "MelSpectrogram Pipeline Lambda TFOpLambda SlicingOpLambda TensorFlowOpLayer TimeDistributed Bidirectional "
      "StochasticDepth FixedDropout CustomScaleLayer AugMix CutMix MixUp RandAugment Solarization Equalization "
      "RNN StackedRNNCells MultiHeadAttention GroupQueryAttention GroupedQueryAttention Sequential Functional Model "
      "Network",
      ' ');
  if (names.count(className))
    return true;
  for (const char *part : {"Pooling", "UpSampling", "ZeroPadding", "Cropping", "Random"})
    if (className.find(part) != std::string::npos)
      return true;
  return false;
}

} // namespace

std::optional<std::vector<Variable>> variablesOf(const std::string &className, const json &config) {
  if (ownsNothing(className))
    return std::vector<Variable>{};
  auto row = kTable.find(className);
  if (row == kTable.end())
    return std::nullopt;
  std::vector<Variable> variables;
  bool trainable = true;
  for (absl::string_view word : absl::StrSplit(row->second, ' ')) {
    if (word == "|") {
      trainable = false;
      continue;
    }
    std::pair<std::string, std::string> nameAndKey = absl::StrSplit(word, absl::MaxSplits('?', 1));
    if (nameAndKey.second.empty() || isPresent(config, nameAndKey.second))
      variables.push_back({nameAndKey.first, trainable});
  }
  if (Quantization quantization = quantizationOf(className, config))
    return quantizedVariables(quantization, variables);
  return variables;
}

} // namespace layerc
