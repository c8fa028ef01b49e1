// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The order rules of keras/src/legacy/saving/legacy_h5_format.py: trainable variables of all inner layers first, then
// the others; freezing a part moves its variables. The names of the arrays must not contradict the result.
#include "frontend/LegacyWeights.h"

#include "frontend/Bytes.h"
#include "frontend/Json.h"
#include "frontend/Variables.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <iterator>
#include <set>

namespace layerc {
namespace {

using nlohmann::json;

struct Group {
  std::string name;
  std::vector<Array> arrays;
};

/// One variable that a group must hold.
struct Slot {
  LayerObject *owner;
  std::string variable;
  bool trainable;
};

std::string baseGroup(const Hdf5File &file) {
  return !file.list("", "layer_names") && file.groups.count("model_weights") ? "model_weights" : "";
}

std::string join(const std::string &path, const std::string &name) { return path.empty() ? name : path + "/" + name; }

absl::StatusOr<std::vector<Group>> readGroups(const Hdf5File &file) {
  const std::string base = baseGroup(file);
  std::optional<std::vector<std::string>> names = file.list(base, "layer_names");
  if (!names)
    return absl::InvalidArgumentError("the file does not list its layers (layer_names)");
  std::vector<Group> groups;
  for (const std::string &name : *names) {
    Group group{name, {}};
    std::optional<std::vector<std::string>> weights = file.list(join(base, name), "weight_names");
    if (!weights)
      return absl::InvalidArgumentError(
          absl::StrCat("the group of layer ", quote(name), " is missing or lists no weights"));
    for (const std::string &weight : *weights) {
      auto array = file.arrays.find(join(join(base, name), weight));
      if (array == file.arrays.end())
        return absl::InvalidArgumentError(
            absl::StrCat("layer ", quote(name), ": its array ", quote(weight), " is missing"));
      group.arrays.push_back(array->second);
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

class Assigner {
public:
  Assigner(int savedMajor, bool isTheano) : savedMajor_(savedMajor), isTheano_(isTheano) {}
  absl::Status assign(LayerObject &object, const Group &group);

private:
  absl::Status collectFor(LayerObject &object, const Group &group);
  absl::Status collect(LayerObject &object, bool trainable, bool withActivations);
  void moveFrozenToTheEnd();
  absl::Status checkNames(const LayerObject &object, const Group &group) const;
  absl::Status place(LayerObject &owner, Array array);

  int savedMajor_;
  bool isTheano_;
  std::vector<Slot> slots_;
  std::set<const LayerObject *> collected_;
};

bool isTrainable(const LayerObject &object) { return at(object.config, "trainable") != false; }

/// How often the variables of a recurrent layer stand in a file of Keras 1: once for each gate.
size_t keras1Gates(const LayerObject &object) {
  const bool together = stringOr(object.config, "consume_less", "") == "gpu";
  const bool isGru = object.className == "GRU";
  return together ? 1 : isGru ? 3 : object.className == "LSTM" || object.className == "ConvLSTM2D" ? 4 : 1;
}

/// Appends the variables of `object` and of what is inside, depth first. `trainable`: nothing around it is frozen.
absl::Status Assigner::collect(LayerObject &object, bool trainable, bool withActivations) {
  if (!collected_.insert(&object).second)
    return absl::OkStatus();
  std::optional<std::vector<Variable>> variables = variablesOf(object.className, object.config);
  if (!variables || object.isCustom)
    return layerError(object,
                      "its variables are not known, so the weights of the model around it cannot be told apart");
  for (size_t times = savedMajor_ == 1 ? keras1Gates(object) : 1; times != 0; --times)
    for (const Variable &variable : *variables)
      slots_.push_back({&object, variable.name, trainable && variable.trainable && isTrainable(object)});
  // Keras 3 asks each variable, older Keras every model on the way to it.
  bool inner = trainable && (savedMajor_ >= 3 || isTrainable(object));
  for (const Member &member : object.members)
    if (withActivations || object.isModel() || member.name != "activation")
      if (absl::Status status = collect(*member.object, inner, withActivations); !status.ok())
        return status;
  return absl::OkStatus();
}

/// Fills `slots_` to the number of the group's arrays. A layer given as an activation has none before its first call.
absl::Status Assigner::collectFor(LayerObject &object, const Group &group) {
  for (bool withActivations : {true, false}) {
    slots_.clear();
    collected_.clear();
    absl::Status status = collect(object, true, withActivations);
    if (!status.ok() || slots_.size() == group.arrays.size())
      return status;
  }
  return layerError(
      object, absl::StrCat("the file has ", group.arrays.size(), " arrays for it, its layers own ", slots_.size()));
}

/// Trainable variables first, each kind in its order.
void Assigner::moveFrozenToTheEnd() {
  std::vector<Slot> sorted;
  for (bool trainable : {true, false})
    std::copy_if(slots_.begin(), slots_.end(), std::back_inserter(sorted),
                 [trainable](const Slot &slot) { return slot.trainable == trainable; });
  slots_ = std::move(sorted);
}

/// "dense/kernel:0" -> "kernel"
std::string variableName(const std::string &path) {
  std::string last = path.substr(path.rfind('/') + 1);
  return last.substr(0, last.find(':'));
}

/// A name that another slot has, in the place of this one, shows that the order is not the expected one.
absl::Status Assigner::checkNames(const LayerObject &object, const Group &group) const {
  std::set<std::string> known;
  for (const Slot &slot : slots_)
    known.insert(slot.variable);
  for (size_t i = 0; i < slots_.size(); ++i) {
    std::string name = variableName(group.arrays[i].source);
    bool isDepthwise = name == "kernel" && slots_[i].variable == "depthwise_kernel"; // Keras 3's name for it
    if (known.count(name) && name != slots_[i].variable && !isDepthwise)
      return layerError(object, absl::StrCat("its array ", i, " is named ", quote(group.arrays[i].source), " where ",
                                             slots_[i].variable, " of ", quote(slots_[i].owner->name), " is expected"));
  }
  return absl::OkStatus();
}

/// How Keras 1 stored the kernel of a convolution: dimension d of today's is dimension permutation[d] of the stored
/// one, behind which dimensions of size 1 may remain. Empty: the same order; nullopt: not known. From
/// preprocess_weights_for_loading of keras/engine/saving.py in Keras 2.2, which left separable kernels with channels
/// first as they were and joined those of ConvLSTM2D along the wrong dimension: there from the layers of Keras 1.2.
std::optional<std::vector<int64_t>> keras1Permutation(const LayerObject &owner, const std::vector<int64_t> &shape) {
  const bool first = stringOr(owner.config, "data_format", "") == "channels_first";
  using Permutation = std::vector<int64_t>;
  if (owner.className == "Conv1D" && shape.size() == 4) {
    const json &filters = at(owner.config, "filters");
    // (length, 1, channels, filters), or in Keras 1.1 (filters, channels, length, 1)
    bool isLate = shape[1] == 1 && (!filters.is_number_integer() || shape[3] == filters.get<int64_t>());
    return isLate ? Permutation{0, 2, 3, 1} : Permutation{2, 1, 0, 3};
  }
  if (owner.className == "Conv2D" && shape.size() == 4)
    return first ? Permutation{2, 3, 1, 0} : Permutation{};
  if (owner.className == "Conv2DTranspose" && shape.size() == 4)
    return first ? Permutation{2, 3, 0, 1} : Permutation{0, 1, 3, 2};
  if (owner.className == "Conv3D" && shape.size() == 5)
    return first ? Permutation{2, 3, 4, 1, 0} : Permutation{};
  if ((owner.className == "SeparableConv2D" || owner.className == "ConvLSTM2D") && shape.size() == 4)
    return first ? Permutation{2, 3, 1, 0} : Permutation{};
  return std::nullopt;
}

absl::Status unknownKernel(const LayerObject &owner, const Array &array) {
  return layerError(owner, absl::StrCat("its kernel of shape [", absl::StrJoin(array.shape, ", "),
                                        "] as saved by Keras 1 is not supported"));
}

/// Gives the kernel the order of dimensions that Keras has had since version 2.
absl::Status arrangeKeras1(const LayerObject &owner, Array &array) {
  std::optional<std::vector<int64_t>> permutation = keras1Permutation(owner, array.shape);
  if (!permutation)
    return unknownKernel(owner, array);
  if (permutation->empty())
    return absl::OkStatus();
  std::vector<int64_t> shape;
  for (int64_t from : *permutation)
    shape.push_back(array.shape[from]);
  if (owner.className == "Conv1D") { // without the dimension of size 1, which keeps the others' bytes in place
    int64_t dropped = permutation->back();
    if (shape.back() != 1)
      return unknownKernel(owner, array);
    shape.pop_back();
    permutation->pop_back();
    for (int64_t &from : *permutation)
      from -= from > dropped ? 1 : 0;
  }
  array.shape = std::move(shape);
  if (!std::is_sorted(permutation->begin(), permutation->end()))
    array.permutation = *std::move(permutation);
  return absl::OkStatus();
}

/// Keras 1 stored some kernels in another order. Those of Theano are turned round in space by their importers.
absl::Status Assigner::place(LayerObject &owner, Array array) {
  const bool isKernel = array.shape.size() >= 3 && absl::StrContains(owner.className, "Conv");
  static const std::set<std::string> turned{"Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "ConvLSTM2D"};
  if (isTheano_ && isKernel && !turned.count(owner.className))
    return layerError(owner, "its kernel as saved by the Theano backend is not supported");
  if (savedMajor_ == 1 && isKernel)
    if (absl::Status status = arrangeKeras1(owner, array); !status.ok())
      return status;
  owner.weights.push_back(std::move(array));
  return absl::OkStatus();
}

/// The arrays in the order of the layer's variables where they carry just these names: an .h5 has trainable ones first.
std::vector<Array> inOrderOfVariables(const LayerObject &object, std::vector<Array> arrays) {
  std::optional<std::vector<Variable>> variables = variablesOf(object.className, object.config);
  if (!variables || variables->size() != arrays.size())
    return arrays;
  std::vector<Array> ordered;
  for (const Variable &variable : *variables)
    for (const Array &array : arrays)
      if (variableName(array.source) == variable.name)
        ordered.push_back(array);
  return ordered.size() == arrays.size() ? ordered : arrays;
}

absl::Status Assigner::assign(LayerObject &object, const Group &group) {
  object.weights.clear();
  if (object.members.empty()) {
    for (const Array &array : inOrderOfVariables(object, group.arrays))
      if (absl::Status status = place(object, array); !status.ok())
        return status;
    return absl::OkStatus();
  }
  if (absl::Status status = collectFor(object, group); !status.ok())
    return status;
  if (savedMajor_ < 3 || isTrainable(object))
    moveFrozenToTheEnd();
  if (absl::Status status = checkNames(object, group); !status.ok())
    return status;
  for (const LayerObject *owner : collected_)
    const_cast<LayerObject *>(owner)->weights.clear();
  for (size_t i = 0; i < slots_.size(); ++i)
    if (absl::Status status = place(*slots_[i].owner, group.arrays[i]); !status.ok())
      return status;
  return absl::OkStatus();
}

/// Whether Keras would count this layer among those with weights; a class it does not know may have some.
bool mayOwnWeights(const LayerObject &object) {
  std::optional<std::vector<Variable>> variables = variablesOf(object.className, object.config);
  if (!variables || !variables->empty() || object.isCustom)
    return !object.isOperation;
  return std::any_of(object.members.begin(), object.members.end(),
                     [](const Member &member) { return mayOwnWeights(*member.object); });
}

/// The layers that the groups belong to: by name where every name is known, else in order.
absl::StatusOr<std::vector<LayerObject *>> matchGroups(const LayerObject &root, const std::vector<Group> &groups) {
  std::vector<LayerObject *> named, ordered;
  for (const Group &group : groups)
    if (const Member *member = root.find(group.name))
      named.push_back(member->object.get());
  if (named.size() == groups.size())
    return named;
  for (const Member &member : root.members)
    if (mayOwnWeights(*member.object))
      ordered.push_back(member.object.get());
  if (ordered.size() != groups.size())
    return absl::InvalidArgumentError(absl::StrCat("the file has weights for ", groups.size(),
                                                   " layers, the model has ", ordered.size(), " layers with weights"));
  return ordered;
}

} // namespace

bool hasLegacyWeights(const Hdf5File &file) { return file.list(baseGroup(file), "layer_names").has_value(); }

std::string backendOf(const Hdf5File &file) {
  return file.text(baseGroup(file), "backend").value_or(file.text("", "backend").value_or(""));
}

absl::Status assignLegacy(LayerObject &root, const Hdf5File &file, int savedMajor) {
  absl::StatusOr<std::vector<Group>> groups = readGroups(file);
  if (!groups.ok())
    return groups.status();
  std::erase_if(*groups, [](const Group &group) { return group.arrays.empty(); });
  absl::StatusOr<std::vector<LayerObject *>> layers = matchGroups(root, *groups);
  if (!layers.ok())
    return layers.status();
  Assigner assigner(savedMajor, backendOf(file) == "theano");
  for (size_t i = 0; i < groups->size(); ++i)
    if (absl::Status status = assigner.assign(*(*layers)[i], (*groups)[i]); !status.ok())
      return status;
  return absl::OkStatus();
}

} // namespace layerc
