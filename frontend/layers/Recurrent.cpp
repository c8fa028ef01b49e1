// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Recurrent layers and their wrappers: every one is a scan of a cell over the time axis, which comes first inside.
#include "frontend/Importers.h"
#include "frontend/Masks.h"
#include "frontend/layers/RecurrentCells.h"

using namespace mlir;
using namespace layerc;

namespace {

/// How a recurrent layer goes over time: the arguments that all of them share, and what one call adds.
struct Walk {
  bool returnSequences, returnState, goBackwards, timeMajor, stateful, zeroMaskedOutputs;
  /// Outputs in the order of time even where the layer walks backwards: what Bidirectional does to its second layer.
  bool flipOutputs = false;
  SmallVector<Value> initial; ///< states to begin with; none: those of the last call, or zeros
  Value mask;                 ///< [batch, time], false where a step is skipped; or null

  explicit Walk(LayerImport &l)
      : returnSequences(l.flag("return_sequences", false)), returnState(l.flag("return_state", false)),
        goBackwards(l.flag("go_backwards", false)), timeMajor(l.flag("time_major", false)),
        stateful(l.flag("stateful", false)), zeroMaskedOutputs(l.flag("zero_output_for_mask", false)) {}
};

/// What a recurrent layer computes.
struct Walked {
  Value output;
  SmallVector<Value> states;
};

} // namespace

/// Exchanges the first two dimensions.
static Value swapTime(LayerImport &l, Value x) {
  if (l.failed())
    return {};
  Sizes shape(l.shape(x)), permutation(llvm::to_vector(llvm::seq<int64_t>(0, l.rank(x))));
  std::swap(shape[0], shape[1]);
  std::swap(permutation[0], permutation[1]);
  return shape[0] == 1 || shape[1] == 1 ? l.reshape(x, shape) : l.transpose(x, permutation);
}

static Value zeros(LayerImport &l, ArrayRef<int64_t> shape) {
  return l.create<nn::BroadcastOp>(l.scalar(0, l.computeType()), shape);
}

//===-- One layer -----------------------------------------------------------------------------------------------===//

/// tf.keras' stateful layers take given states only while those of the last call are all zeros.
static void preferKept(LayerImport &l, ArrayRef<Value> kept, MutableArrayRef<Value> states) {
  Value isKept;
  for (Value state : kept) {
    Sizes axes(llvm::to_vector(llvm::seq<int64_t>(0, l.rank(state))));
    Value any = l.reduce(nn::ReduceFunction::Any, l.binary(nn::BinaryFunction::NotEqual, state, 0.0), axes);
    isKept = isKept ? l.binary(nn::BinaryFunction::Or, isKept, any) : any;
  }
  for (auto [state, before] : llvm::zip(states, kept))
    state = l.select(isKept, before, state);
}

/// A layer that keeps its state keeps one per sequence, so the file must say how many there are.
static void expectFixedBatch(LayerImport &l) {
  if (const NamedTensor *input = l.graph().inputOfFreeBatch())
    l.fail() << "'stateful' needs a fixed batch; input '" << input->name << "' leaves it free";
}

/// The values that the states begin with: given ones, or what a stateful layer's last call left, or zeros.
static SmallVector<Value> initialStates(LayerImport &l, const Walk &walk, const RecurrentCell &cell) {
  SmallVector<Value> states(walk.initial), kept;
  if (walk.stateful)
    expectFixedBatch(l);
  for (auto [number, shape] : llvm::enumerate(cell.stateShapes())) {
    if (walk.stateful)
      kept.push_back(l.state(number, shape));
    else if (walk.initial.empty())
      states.push_back(zeros(l, shape));
  }
  if (walk.initial.empty() && walk.stateful)
    states = kept;
  if (states.size() != cell.stateShapes().size())
    l.fail() << "expects " << cell.stateShapes().size() << " initial states; got " << states.size();
  for (auto [state, shape] : llvm::zip(states, cell.stateShapes()))
    if (!l.failed() && l.shape(state) != ArrayRef<int64_t>(shape))
      l.fail() << "expects an initial state of shape " << shapeText(shape) << "; got " << shapeText(l.shape(state));
  if (!walk.initial.empty() && !l.failed() && l.kerasMajor() == 2 && !l.graph().isMultiBackendKeras())
    preferKept(l, kept, states);
  return states;
}

/// The mask along time with dimensions of size 1 behind the batch, so that it broadcasts against states of `shape`.
static Value maskSequence(LayerImport &l, const Walk &walk, ArrayRef<int64_t> shape, int64_t steps) {
  if (l.failed() || !walk.mask)
    return {};
  if (StringRef(l.className()).starts_with("CuDNN"))
    return l.fail() << "does not support masks";
  Value mask = walk.timeMajor ? walk.mask : swapTime(l, walk.mask);
  if (l.shape(mask) != ArrayRef<int64_t>{steps, shape[0]})
    return l.fail() << "expects a mask for " << shape[0] << " sequences of " << steps << " steps; got "
                    << shapeText(l.shape(walk.mask));
  Sizes sizes(shape.size() + 1, 1);
  sizes[0] = steps;
  sizes[1] = shape[0];
  return l.reshape(mask, sizes);
}

/// Keras for several backends, or tf.keras until TensorFlow 1.12 ("2.1.6-tf"), which treated masks like it.
static bool hasOldMasks(const LayerGraph &graph) { return graph.isMultiBackendKeras() || !graph.isKerasFrom(2, 2); }

/// Whether masked steps give the first state rather than the last output: Keras on TensorFlow did so until 2.2.5,
/// unless unrolled (2.2.4, backend/tensorflow_backend.py, rnn).
static bool givesFirstState(LayerImport &l) {
  const LayerGraph &graph = l.graph();
  return hasOldMasks(graph) && !graph.isKerasFrom(2, 2, 5) && graph.backend != "theano" && !l.flag("unroll", false);
}

/// Those versions chose between the first state and the output, so these had to be of one size; in Keras for several
/// backends every state had until 2.2.
static void expectOneSize(LayerImport &l, ArrayRef<Sizes> states, const Sizes &output) {
  bool onlyFirst = l.isKerasFrom(2, 2) || !l.graph().isMultiBackendKeras();
  for (const Sizes &state : states.take_front(onlyFirst ? 1 : states.size()))
    if (!l.failed() && state != output)
      l.fail() << "Keras " << l.graph().kerasVersion << " masks only cells of one size; a state is " << shapeText(state)
               << " and the output " << shapeText(output);
}

/// Whether masked steps come out as zeros by a second look at the mask, which forgets that the steps went backwards: a
/// step's output is then kept or cleared by the mask of the step as far from the other end. Keras unrolled does so.
static bool clearsByTurnedMask(LayerImport &l, const Walk &walk) {
  return walk.zeroMaskedOutputs && walk.goBackwards && walk.returnSequences && l.flag("unroll", false);
}

/// Runs the cell of `l` over `x`, [batch, time, ...]. A masked step leaves the states as they are; its output is the
/// last one, zeros before the first, or zeros always where the layer says so.
static Walked run(LayerImport &l, const Walk &walk, Value x) {
  if (!l.failed() && l.rank(x) < 3)
    l.fail() << "expects an input of at least 3 dimensions; got " << shapeText(l.shape(x));
  if (l.failed())
    return {};
  SmallVector<Value> sequences{walk.timeMajor ? x : swapTime(l, x)};
  int64_t steps = l.shape(sequences[0])[0];
  std::unique_ptr<RecurrentCell> cell = makeRecurrentCell(l, l.shape(sequences[0]).drop_front());
  if (!cell)
    return {};
  size_t count = cell->stateShapes().size(), outputState = cell->outputState();
  const Sizes &outputShape = cell->stateShapes()[outputState];
  SmallVector<Value> states = initialStates(l, walk, *cell);
  if (Value mask = maskSequence(l, walk, outputShape, steps))
    sequences.push_back(mask);
  // The output is a state, and stays it through masked steps where it begins as zeros. Else it is carried by itself.
  bool isZeroFirst = walk.initial.empty() && !walk.stateful, isMasked = sequences.size() > 1;
  bool clearsLater = isMasked && clearsByTurnedMask(l, walk);
  bool clears = walk.zeroMaskedOutputs && !clearsLater, givesFirst = isMasked && givesFirstState(l);
  if (givesFirst)
    expectOneSize(l, cell->stateShapes(), outputShape);
  bool staysState = givesFirst ? outputState == 0 : isZeroFirst;
  bool carriesOutput = isMasked && (clears || !staysState);
  if (carriesOutput)
    states.push_back(zeros(l, outputShape));
  SmallVector<Value> results =
      l.scan(sequences, states, walk.goBackwards, [&](ArrayRef<Value> slices, ArrayRef<Value> carried) {
        Results next(carried.take_front(count));
        Value output = cell->step(slices[0], next);
        if (slices.size() > 1)
          for (size_t i = 0; i < count; ++i)
            next[i] = l.select(slices[1], next[i], carried[i]);
        if (carriesOutput) {
          Value masked = clears ? l.scalar(0, l.computeType()) : carried[givesFirst ? 0 : count];
          next.push_back(output = l.select(slices[1], output, masked));
        } else {
          output = next[outputState];
        }
        if (walk.returnSequences)
          next.push_back(output);
        return next;
      });
  if (l.failed())
    return {};
  Walked walked;
  walked.states.assign(results.begin(), results.begin() + count);
  if (walk.stateful)
    for (auto [number, state] : llvm::enumerate(walked.states))
      l.setState(number, state);
  walked.output = results[carriesOutput ? count : outputState];
  if (!walk.returnSequences)
    return walked;
  // A scan's results lie at the position of their step; Keras' in the order of the steps.
  Value all = results.back();
  if (clearsLater)
    all = l.select(l.create<nn::ReverseOp>(sequences[1], ArrayRef<int64_t>{0}), all, l.scalar(0, l.computeType()));
  if (walk.goBackwards != walk.flipOutputs)
    all = l.create<nn::ReverseOp>(all, ArrayRef<int64_t>{0});
  walked.output = walk.timeMajor ? all : swapTime(l, all);
  return walked;
}

/// The input of a layer in the compute type.
static Value sequenceOf(LayerImport &l) {
  if (!l.failed() && l.inputs().empty())
    l.fail() << "expects an input";
  if (l.config("num_constants") && l.integer("num_constants") != 0)
    l.fail() << "constants of cells are not supported";
  return l.failed() ? Value() : l.cast(l.inputs().front(), l.computeType());
}

/// Initial states: Keras 3 names them in the call, tf.keras lists them behind the sequence.
static SmallVector<Value> givenStates(LayerImport &l) {
  SmallVector<Value> states(l.tensorArgument("initial_state"));
  llvm::append_range(states, l.inputs().drop_front());
  return states;
}

/// The mask of the steps. A call of Keras 3 with initial states has two arguments that are tensors, and then takes only
/// a mask that it states.
static Value stepsMask(LayerImport &l, bool hasStates) {
  return hasStates && l.isKerasFrom(3, 0) && l.tensorArgument("mask").empty() ? Value() : l.mask();
}

/// Keras masks the outputs of a sequence as its inputs, until 3.16 stopped masks at recurrent layers.
static void giveMask(LayerImport &l, const Walk &walk, size_t outputs) {
  for (size_t number = 0; number < outputs; ++number)
    l.setMask(walk.returnSequences && !l.isKerasFrom(3, 16) ? l.mask() : Value(), number);
}

static Results resultsOf(const Walk &walk, Walked walked) {
  Results results{walked.output};
  if (walk.returnState)
    results.append(walked.states);
  return results;
}

Results layerc::importRecurrent(LayerImport &l) {
  Walk walk(l);
  Value x = sequenceOf(l);
  if (l.failed())
    return {};
  walk.initial = givenStates(l);
  walk.mask = stepsMask(l, !walk.initial.empty());
  Walked walked = run(l, walk, x);
  giveMask(l, walk, 1);
  return l.failed() ? Results() : resultsOf(walk, walked);
}

/// Keras' ConvLSTM: a scan with channels last inside.
Results layerc::importConvLSTM(LayerImport &l) {
  Walk walk(l);
  Value x = sequenceOf(l);
  bool first = l.channelsFirst();
  int64_t rank = l.spatialRank() + 3;
  if (!l.failed() && l.rank(x) != rank)
    return l.fail() << "expects an input of rank " << rank << "; got " << shapeText(l.shape(x));
  if (l.failed())
    return {};
  walk.initial = givenStates(l);
  walk.mask = stepsMask(l, !walk.initial.empty());
  if (first) {
    x = l.moveAxis(x, 2, rank - 1);
    for (Value &state : walk.initial)
      state = l.moveAxis(state, 1, l.rank(state) - 1);
  }
  Walked walked = run(l, walk, x);
  giveMask(l, walk, 1);
  Results results = l.failed() ? Results() : resultsOf(walk, walked);
  if (first)
    for (auto [i, result] : llvm::enumerate(results)) // a whole sequence has one dimension more than a state
      result = l.moveAxis(result, l.rank(result) - 1, i == 0 && walk.returnSequences ? 2 : 1);
  return results;
}

//===-- Bidirectional -------------------------------------------------------------------------------------------===//

static Value merge(LayerImport &l, StringRef mode, Value a, Value b) {
  if (mode == "concat")
    return l.failed() ? Value() : l.create<nn::ConcatOp>(ArrayRef<Value>{a, b}, l.rank(a) - 1);
  if (mode == "mul")
    return l.mul(a, b);
  if (mode != "sum" && mode != "ave")
    return l.fail() << "'merge_mode' " << mode << " is not supported";
  Value sum = l.add(a, b);
  return mode == "sum" ? sum : l.mul(sum, 0.5);
}

/// Whether stateful layers inside begin each call with zeros all the same: from 2.1.4 on Keras for several backends set
/// the wrapper's `stateful` back to false (layers/wrappers.py), and a model keeps the states only of layers that say
/// true.
static bool forgetsState(const LayerGraph &graph) { return graph.isMultiBackendKeras() && graph.isKerasFrom(2, 1, 4); }

/// Two layers over the same sequence, one from each end. The outputs of the second are turned back into the order of
/// time.
Results layerc::importBidirectional(LayerImport &l) {
  const Layer *forward = l.child("forward_layer"), *backward = l.child("backward_layer");
  if (!forward || !backward)
    return l.fail() << "has no layer inside";
  Value x = sequenceOf(l);
  if (l.failed())
    return {};
  SmallVector<Value> states = givenStates(l);
  if (states.size() % 2 != 0)
    return l.fail() << "expects initial states for both directions; got " << states.size();
  std::unique_ptr<LayerImport> a = l.inner(*forward, x), b = l.inner(*backward, x);
  for (LayerImport *inner : {a.get(), b.get()})
    if (StringRef(inner->className()).ends_with("Cell"))
      inner->fail() << "is a cell; Bidirectional takes recurrent layers";
  Walk ahead(*a), back(*b);
  back.flipOutputs = true;
  if (ahead.goBackwards == back.goBackwards)
    a->fail() << "walks in the same direction as the backward layer";
  if (ahead.returnSequences != back.returnSequences || ahead.returnState != back.returnState)
    a->fail() << "has other values of 'return_sequences' and 'return_state' than the backward layer";
  ahead.initial.assign(states.begin(), states.begin() + states.size() / 2);
  back.initial.assign(states.begin() + states.size() / 2, states.end());
  Walked walked[2];
  for (auto [i, inner, walk] : {std::tuple(0, a.get(), &ahead), std::tuple(1, b.get(), &back)}) {
    walk->mask = stepsMask(l, !states.empty());
    walk->zeroMaskedOutputs |= walk->returnSequences && !hasOldMasks(l.graph());
    walk->stateful &= !forgetsState(l.graph());
    walked[i] = run(*inner, *walk, sequenceOf(*inner));
    l.follow(*inner);
  }
  if (l.failed())
    return {};
  Results results;
  const nlohmann::json &config = l.layer().config;
  if (config.contains("merge_mode") && config["merge_mode"].is_null())
    results = {walked[0].output, walked[1].output};
  else
    results = {merge(l, l.string("merge_mode", "concat"), walked[0].output, walked[1].output)};
  giveMask(l, ahead, results.size());
  if (ahead.returnState)
    for (const Walked &direction : walked)
      results.append(direction.states);
  return l.failed() ? Results() : results;
}

//===-- TimeDistributed -----------------------------------------------------------------------------------------===//

/// The first two dimensions as one.
static Value foldTime(LayerImport &l, Value x) {
  Sizes shape(l.shape(x).drop_front());
  shape[0] *= l.shape(x)[0];
  return l.reshape(x, shape);
}

/// The first dimension as `outer`, batch and time.
static Value unfoldTime(LayerImport &l, Value x, ArrayRef<int64_t> outer) {
  Sizes shape(outer);
  llvm::append_range(shape, l.shape(x).drop_front());
  return l.reshape(x, shape);
}

/// The mask behind the wrapper. Keras 3 hands on that of the inputs, until 3.16 stopped it. Before, that of the layer
/// inside went on, and where that had none the steps in which the inputs' mask held anywhere.
static Value outerMask(LayerImport &l, Value inner, ArrayRef<int64_t> outer) {
  if (l.failed() || l.isKerasFrom(3, 16))
    return {};
  Value mask = l.mask();
  if (l.isKerasFrom(3, 0) || l.failed())
    return mask;
  if (inner)
    return unfoldTime(l, inner, outer);
  if (!mask || l.rank(mask) <= 2)
    return mask;
  return l.reduce(nn::ReduceFunction::Any, mask, llvm::to_vector(llvm::seq<int64_t>(2, l.rank(mask))));
}

/// Whether the layer inside gets masks, and has a say in the mask behind the wrapper. Of Keras for several backends
/// only from 2.2 on, and not where the file fixes the batch: then every step was a call of its own (2.2.4,
/// layers/wrappers.py).
static bool handsMasksIn(LayerImport &l) {
  const LayerGraph &graph = l.graph();
  return !graph.isMultiBackendKeras() || (graph.isKerasFrom(2, 2) && graph.inputOfFreeBatch());
}

/// Imports the layer or model inside. A layer that does not support masks is refused one until Keras 3 dropped it.
static Results importInside(LayerImport &l, const Layer &inside, ArrayRef<Value> folded, ArrayRef<Value> masks,
                            bool isMasked, Results &insideMasks) {
  if (inside.model)
    return l.import(inside, folded, masks, &insideMasks);
  std::unique_ptr<LayerImport> inner = l.inner(inside, folded, masks);
  Results results = importLayer(*inner, &insideMasks);
  if (isMasked && l.kerasMajor() < 3 && !inside.isCustom && !inner->failed() && !inner->masks() &&
      !passesMask(inside, l.graph()))
    inner->fail() << "does not support masks, and Keras " << l.graph().kerasVersion
                  << " refuses to drop the mask of its input";
  l.follow(*inner);
  return results;
}

/// The layer inside sees the time steps as further elements of the batch, and what masks say of the elements of each.
Results layerc::importTimeDistributed(LayerImport &l) {
  const Layer *inside = l.child("layer");
  if (!inside)
    return l.fail() << "has no layer inside";
  if (l.failed() || l.inputs().empty())
    return l.fail() << "expects an input";
  SmallVector<Value> folded, masks;
  Sizes outer;
  bool handsIn = handsMasksIn(l), isMasked = false;
  for (auto [number, x] : llvm::enumerate(l.inputs())) {
    if (l.rank(x) < 3)
      return l.fail() << "expects an input of at least 3 dimensions; got " << shapeText(l.shape(x));
    outer = Sizes(l.shape(x).take_front(2));
    folded.push_back(foldTime(l, x));
    Value mask = l.mask(number);
    if (!l.failed() && mask && l.shape(mask).take_front(2) != ArrayRef<int64_t>(outer))
      return l.fail() << "a mask of shape " << shapeText(l.shape(mask)) << " does not fit " << shapeText(l.shape(x));
    isMasked |= handsIn && mask;
    masks.push_back(!l.failed() && handsIn && mask && l.rank(mask) > 2 ? foldTime(l, mask) : Value());
  }
  if (inside->config.is_object() && inside->config.value("stateful", nlohmann::json()) == true)
    return l.fail() << "holds a stateful layer, which would keep one state for all steps";
  auto *states = std::exchange(l.states, nullptr); // none that would be of all steps at once
  Results insideMasks, results = importInside(l, *inside, folded, masks, isMasked, insideMasks);
  l.states = states;
  for (auto [number, result] : llvm::enumerate(results)) {
    result = unfoldTime(l, result, outer);
    Value inner = number < insideMasks.size() ? insideMasks[number] : Value();
    l.setMask(handsIn ? outerMask(l, inner, outer) : l.mask(), number);
  }
  return l.failed() ? Results() : results;
}
