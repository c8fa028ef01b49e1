// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// LocallyConnected1D and 2D of Keras 1 and 2: a kernel of its own at each place, stored in one of three ways
// (`implementation`), all of which become the kernel of nn.local_conv: [places..., window..., channels, filters].
#include "frontend/Importers.h"

using namespace mlir;
using namespace layerc;

namespace {

struct Local {
  bool channelsFirst;
  int64_t rank, channels, filters;
  Sizes sizes, window, strides, places, pads;

  /// Shape of nn.local_conv's kernel.
  Sizes kernelShape() const {
    Sizes shape(places);
    shape.append(window);
    shape.append({channels, filters});
    return shape;
  }
};

} // namespace

/// "same" puts half of the window before its centre, which moves by whole strides: not TensorFlow's rule.
static std::optional<Local> geometry(LayerImport &l, Value x) {
  Local g;
  g.rank = l.spatialRank();
  g.window = l.positive("kernel_size", g.rank);
  g.strides = l.positive("strides", g.rank, 1);
  g.filters = l.positive("filters", 1)[0];
  std::string padding = l.string("padding", "valid");
  if (!l.failed() && padding != "valid" && padding != "same")
    l.fail() << "padding '" << padding << "' is not supported";
  if (l.failed())
    return std::nullopt;
  g.channelsFirst = l.channelsFirst();
  g.channels = l.shape(x).back();
  g.sizes = Sizes(l.shape(x).drop_front().drop_back());
  for (int64_t d = 0; d < g.rank; ++d) {
    int64_t size = g.sizes[d], window = g.window[d], stride = g.strides[d];
    bool same = padding == "same";
    int64_t places = same ? (size + stride - 1) / stride : size < window ? 0 : (size - window) / stride + 1;
    int64_t low = same ? window / 2 : 0;
    g.places.push_back(places);
    g.pads.append({low, same ? std::max<int64_t>((places - 1) * stride + window - low - size, 0) : 0});
  }
  int64_t places = boundedElements(g.places);
  if (places == 0)
    l.fail() << "window " << shapeText(g.window) << " does not fit into the input " << shapeText(l.shape(x));
  if (boundedElements(g.kernelShape()) > kMaxElements)
    l.fail() << "kernel of shape " << shapeText(g.kernelShape()) << " is too large";
  return l.failed() ? std::nullopt : std::optional(g);
}

/// Implementation 1: one matrix [channels of the window, filters] per place. channels_first windows begin with the
/// channels.
static Value kernelOfPatches(LayerImport &l, const Local &g) {
  int64_t places = ShapedType::getNumElements(g.places), window = ShapedType::getNumElements(g.window);
  Value kernel = l.weight("kernel", {places, window * g.channels, g.filters});
  if (!g.channelsFirst)
    return l.reshape(kernel, g.kernelShape());
  Sizes shape(g.places);
  shape.push_back(g.channels);
  shape.append(g.window);
  shape.push_back(g.filters);
  return l.moveAxis(l.reshape(kernel, shape), g.rank, 2 * g.rank);
}

/// Calls `visit(place, filter, tap, channel)` for every connection inside the input, in the order in which Keras
/// stores connections: sorted by the output's and then the input's place.
static void forEachConnection(const Local &g,
                              llvm::function_ref<void(ArrayRef<int64_t>, int64_t, ArrayRef<int64_t>, int64_t)> visit) {
  // The loops from outermost to innermost: place, filter, tap and channel, or the channels first.
  Sizes extents;
  int64_t filterAt = g.channelsFirst ? 0 : g.rank, placeAt = g.channelsFirst ? 1 : 0;
  int64_t channelAt = g.rank + 1 + (g.channelsFirst ? 0 : g.rank), tapAt = g.rank + 1 + (g.channelsFirst ? 1 : 0);
  extents.resize(2 * g.rank + 2);
  extents[filterAt] = g.filters;
  extents[channelAt] = g.channels;
  llvm::copy(g.places, extents.begin() + placeAt);
  llvm::copy(g.window, extents.begin() + tapAt);
  Sizes index(extents.size(), 0);
  for (int64_t count = ShapedType::getNumElements(extents); count > 0; --count) {
    ArrayRef<int64_t> place = ArrayRef(index).slice(placeAt, g.rank), tap = ArrayRef(index).slice(tapAt, g.rank);
    bool inside = true;
    for (int64_t d = 0; d < g.rank; ++d) {
      int64_t position = place[d] * g.strides[d] + tap[d] - g.pads[2 * d];
      inside &= position >= 0 && position < g.sizes[d];
    }
    if (inside)
      visit(place, index[filterAt], tap, index[channelAt]);
    for (size_t d = index.size(); d-- > 0 && ++index[d] == extents[d];)
      index[d] = 0;
  }
}

/// Row-major number of an index made of parts.
static int64_t linear(std::initializer_list<std::pair<ArrayRef<int64_t>, ArrayRef<int64_t>>> parts) {
  int64_t number = 0;
  for (auto [index, sizes] : parts)
    for (auto [position, size] : llvm::zip_equal(index, sizes))
      number = number * size + position;
  return number;
}

/// Implementations 2, a dense matrix between input and output, and 3, the list of its connections.
static Value kernelOfConnections(LayerImport &l, const Local &g, bool isList) {
  std::vector<int64_t> sources(ShapedType::getNumElements(g.kernelShape()), -1);
  int64_t connections = 0;
  forEachConnection(g, [&](ArrayRef<int64_t> place, int64_t filter, ArrayRef<int64_t> tap, int64_t channel) {
    Sizes input;
    for (int64_t d = 0; d < g.rank; ++d)
      input.push_back(place[d] * g.strides[d] + tap[d] - g.pads[2 * d]);
    int64_t to = linear({{place, g.places}, {tap, g.window}, {channel, g.channels}, {filter, g.filters}});
    int64_t dense = g.channelsFirst
                        ? linear({{channel, g.channels}, {input, g.sizes}, {filter, g.filters}, {place, g.places}})
                        : linear({{input, g.sizes}, {channel, g.channels}, {place, g.places}, {filter, g.filters}});
    sources[to] = isList ? connections : dense;
    ++connections;
  });
  Sizes stored{connections};
  if (!isList) {
    auto side = [&](ArrayRef<int64_t> spatial, int64_t features) {
      Sizes sizes(spatial);
      sizes.insert(g.channelsFirst ? sizes.begin() : sizes.end(), features);
      return sizes;
    };
    stored = side(g.sizes, g.channels);
    stored.append(side(g.places, g.filters));
  }
  return l.weight("kernel", stored, g.kernelShape(), sources);
}

/// Keras adds a channels_first bias, stored as [places..., filters], in that order of bytes to [filters, places...].
static Value addBias(LayerImport &l, Value y, const Local &g) {
  if (!l.flag("use_bias", true))
    return y;
  Sizes shape(g.places), stored(g.places);
  stored.push_back(g.filters);
  shape.insert(shape.begin(), g.filters);
  Value bias = l.weight("bias", stored);
  return l.add(y, g.channelsFirst ? l.moveAxis(l.reshape(bias, shape), 0, g.rank) : bias);
}

Results layerc::importLocallyConnected(LayerImport &l) {
  Value x = l.channelsLast(l.floatInput());
  int64_t implementation = l.integers("implementation", 1, 1)[0];
  std::optional<Local> g = l.failed() ? std::nullopt : geometry(l, x);
  if (!g)
    return {};
  if (implementation < 1 || implementation > 3)
    return l.fail() << "'implementation' " << implementation << " is not 1, 2 or 3";
  Value kernel = implementation == 1 ? kernelOfPatches(l, *g) : kernelOfConnections(l, *g, implementation == 3);
  Value y = l.create<nn::LocalConvOp>(x, kernel, l.unless(1, g->strides), l.unless(0, g->pads));
  return {l.activation(l.back(addBias(l, y, *g)))};
}
