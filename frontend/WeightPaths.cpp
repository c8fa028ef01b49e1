// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The walk of keras/src/saving/saving_lib.py: own variables under "vars", then inner objects by attribute, lists by the
// snake case of their items' classes. An object that was reached before is not saved again.
#include "frontend/WeightPaths.h"

#include <absl/strings/str_cat.h>

#include <set>

namespace layerc {
namespace {

class PathWalk {
public:
  PathWalk(const Hdf5File &file, PathDialect dialect) : file_(file), dialect_(dialect) {}
  void visit(LayerObject &object, const std::string &path);
  size_t assigned() const { return assigned_; }

private:
  void visitList(const std::vector<LayerObject *> &items, const std::string &path);
  void visitInner(LayerObject &object, const std::string &path);
  std::string firstGroup(std::initializer_list<std::string> candidates) const;

  const Hdf5File &file_;
  PathDialect dialect_;
  std::set<const LayerObject *> visited_;
  size_t assigned_ = 0;
};

std::string join(const std::string &path, const std::string &name) { return path.empty() ? name : path + "/" + name; }

/// Layers whose variables lie in a cell that their config does not show.
bool hasHiddenCell(const std::string &className) {
  static const std::set<std::string> names{"SimpleRNN", "GRU", "LSTM", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"};
  return names.count(className) != 0;
}

/// What the file calls items of a class: paths hold the name of the Python class, configs the name it is exported
/// under.
std::string groupName(const std::string &className) {
  return snakeCase(className == "GroupQueryAttention" ? "GroupedQueryAttention" : className);
}

std::string PathWalk::firstGroup(std::initializer_list<std::string> candidates) const {
  for (const std::string &candidate : candidates)
    if (file_.groups.count(candidate))
      return candidate;
  return *candidates.begin();
}

void PathWalk::visit(LayerObject &object, const std::string &path) {
  if (!visited_.insert(&object).second)
    return;
  object.weights = file_.numbered(join(path, "vars"));
  if (object.weights.empty() && hasHiddenCell(object.className))
    object.weights = file_.numbered(join(path, "cell/vars"));
  assigned_ += object.weights.size();
  if (!object.isModel())
    return visitInner(object, path);
  std::vector<LayerObject *> layers;
  for (const Member &member : object.members)
    if (!member.object->isOperation && !(object.kind == LayerObject::Kind::Sequential && member.object->isInput()))
      layers.push_back(member.object.get());
  // tf.keras 2.12 and 2.13 kept layers under another attribute.
  visitList(layers, firstGroup({join(path, "layers"), join(path, "_layer_checkpoint_dependencies")}));
}

void PathWalk::visitInner(LayerObject &object, const std::string &path) {
  std::map<std::string, std::vector<LayerObject *>> lists{{"cells", {}}, {"layers", {}}};
  for (const Member &member : object.members) {
    const std::string &role = member.name;
    if (auto list = lists.find(role); list != lists.end())
      list->second.push_back(member.object.get());
    else
      visit(*member.object, firstGroup({join(path, role), join(path, "_" + role), join(path, "cell/" + role)}));
  }
  for (const auto &[role, items] : lists)
    visitList(items, join(path, role));
}

void PathWalk::visitList(const std::vector<LayerObject *> &items, const std::string &path) {
  std::map<std::string, int> used;
  for (LayerObject *item : items) {
    if (dialect_ == PathDialect::TfKeras && visited_.count(item))
      continue;
    std::string name = groupName(item->className);
    int number = used[name]++;
    visit(*item, join(path, number == 0 ? name : absl::StrCat(name, "_", number)));
  }
}

} // namespace

absl::Status assignByPath(LayerObject &root, const Hdf5File &file, PathDialect dialect) {
  PathWalk walk(file, dialect);
  walk.visit(root, "");
  if (walk.assigned() == 0 && !file.arrays.empty())
    return absl::InvalidArgumentError("none of the weights belongs to a layer of the model");
  return absl::OkStatus();
}

} // namespace layerc
