// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Embeddings: rows of a table chosen by integers.
// An id beyond the table gives NaN, as Keras does on JAX; Keras on TensorFlow stops there. Keras 3 counts negative ids
// from the end.
#include "frontend/Importers.h"
#include "frontend/layers/Quantized.h"

using namespace mlir;
using namespace layerc;
using B = nn::BinaryFunction;

/// Ids as integers; floats are truncated.
static Value idsOf(LayerImport &l, Value x) {
  if (l.failed() || isa<IntegerType>(l.elementType(x)))
    return x;
  return l.cast(x, IntegerType::get(l.context(), 32));
}

/// id + rows where id is negative.
static Value wrapNegative(LayerImport &l, Value ids, int64_t rows) {
  if (l.failed() || l.kerasMajor() < 3 || l.elementType(ids).isUnsignedInteger() || l.elementType(ids).isInteger(1))
    return ids;
  // Small types could not hold the sum.
  if (l.elementType(ids).getIntOrFloatBitWidth() < 32)
    ids = l.cast(ids, IntegerType::get(l.context(), 32));
  Value negative = l.binary(B::Less, ids, 0.0);
  Value wrapped = l.add(ids, static_cast<double>(rows));
  return l.select(negative, wrapped, ids);
}

static Value lookUp(LayerImport &l, Value table, Value ids) {
  if (l.failed())
    return {};
  ids = wrapNegative(l, idsOf(l, ids), l.shape(table)[0]);
  return l.create<nn::GatherOp>(nn::GatherBounds::Nan, table, ids, int64_t(0), int64_t(0));
}

/// With mask_zero the steps count whose id is not 0; they are compared before any cast.
static Value maskOf(LayerImport &l, Value ids) {
  return l.flag("mask_zero", false) && !l.failed() ? l.binary(B::NotEqual, ids, 0.0) : Value();
}

/// Files of Keras 1 and 2 may state the sizes of the input here too, of each dimension behind the batch. Only Keras
/// from 2.2.3 to 2.3 refused a model where they disagree with the input: before, the error was made but not raised
/// (2.2.2, layers/embeddings.py); tf.keras and Keras 3 do not compare them.
static void checkInputLength(LayerImport &l, Value ids) {
  const nlohmann::json *length = l.config("input_length");
  if (!length || l.failed() || !l.graph().isMultiBackendKeras() || !l.graph().isKerasFrom(2, 2, 3))
    return;
  const nlohmann::json sizes = length->is_array() ? *length : nlohmann::json::array({*length});
  ArrayRef<int64_t> shape = l.shape(ids).drop_front();
  bool agrees = sizes.size() == shape.size();
  for (size_t i = 0; agrees && i < sizes.size(); ++i)
    agrees = sizes[i].is_null() || sizes[i] == shape[i];
  if (!agrees)
    l.fail() << "'input_length' " << length->dump() << " disagrees with the input " << shapeText(l.shape(ids));
}

Results layerc::importEmbedding(LayerImport &l) {
  int64_t rows = l.positive("input_dim", 1)[0], columns = l.positive("output_dim", 1)[0];
  Value table = l.quantization() ? quantizedTable(l, rows, columns) : l.weight("embeddings", {rows, columns});
  Value ids = l.input();
  checkInputLength(l, ids);
  l.setMask(maskOf(l, ids));
  return {lookUp(l, table, ids)};
}

/// Called with reverse=True it multiplies with the table turned round: logits of a language model.
Results layerc::importReversibleEmbedding(LayerImport &l) {
  int64_t rows = l.positive("input_dim", 1)[0], columns = l.positive("output_dim", 1)[0];
  bool tied = l.flag("tie_weights", true);
  Value table = l.weight("embeddings", {rows, columns});
  Value reversed = tied ? l.transpose(table, {1, 0}) : l.weight("reverse_embeddings", {columns, rows});
  bool reverse = l.callFlag("reverse");
  Value x = l.input();
  l.setMask(reverse ? Value() : maskOf(l, x));
  if (!reverse)
    return {lookUp(l, table, x)};
  if (l.config("reverse_dtype"))
    return l.fail() << "'reverse_dtype' is not supported";
  if (l.failed() || !isa<FloatType>(l.elementType(x)))
    return l.fail() << "expects floats with reverse=True";
  x = l.cast(x, l.computeType());
  Value logits = l.contract(x, reversed, l.rank(x) - 1, 0);
  std::optional<double> cap = l.optionalNumber("logit_soft_cap");
  if (cap)
    logits = l.mul(l.unary(nn::UnaryFunction::Tanh, l.binary(B::Div, logits, *cap)), *cap);
  return {logits};
}
