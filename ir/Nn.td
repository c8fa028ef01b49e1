// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The nn dialect: what a Keras model computes, on tensors. One op per computational concept, not per Keras class.
// Data is channels last; sizes are plain numbers; weights live in the WeightStore and only their names are here.
// Above 400 lines because the descriptions are the manual of the dialect: docs/reference/nn.md is made from them.

#ifndef LAYERC_NN
#define LAYERC_NN

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Nn_Dialect : Dialect {
  let name = "nn";
  let cppNamespace = "::layerc::nn";
  let summary = "what a Keras model computes";
  let description = [{
    Some thirty ops on ranked, statically shaped tensors. Names follow `keras.ops`, StableHLO and linalg. No op has a
    side effect. Every op's location is the path of the Keras layer it comes from. The meaning of each op is defined,
    element by element, by `Evaluate`.

    The constraints of an op are numbered C1, C2, ... in its description; the same number stands at the line of the
    verifier that enforces it and in the name of the test that breaks it.
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let extraClassDeclaration = [{
    /// Where weights are found by name; set by the tool that owns the context, never null.
    WeightStore &weights() { return *weights_; }
    void setWeights(std::shared_ptr<WeightStore> weights) { weights_ = std::move(weights); }
  private:
    std::shared_ptr<WeightStore> weights_ = std::make_shared<WeightStore>();
  public:
  }];
}

//===-- Enumerations --------------------------------------------------------------------------------------------===//

class Nn_Enum<string name, string summary, list<I32EnumAttrCase> cases> : I32EnumAttr<name, summary, cases> {
  let genSpecializedAttr = 0;
  let cppNamespace = "::layerc::nn";
}
class Nn_EnumAttr<EnumAttrInfo info, string mnemonic> : EnumAttr<Nn_Dialect, info, mnemonic>;

def Nn_UnaryFunction : Nn_Enum<"UnaryFunction", "a function of one number", [
  I32EnumAttrCase<"Abs", 0, "abs">, I32EnumAttrCase<"Neg", 1, "neg">, I32EnumAttrCase<"Relu", 2, "relu">,
  I32EnumAttrCase<"Exp", 3, "exp">, I32EnumAttrCase<"Expm1", 4, "expm1">, I32EnumAttrCase<"Log", 5, "log">,
  I32EnumAttrCase<"Log1p", 6, "log1p">, I32EnumAttrCase<"Sqrt", 7, "sqrt">, I32EnumAttrCase<"Rsqrt", 8, "rsqrt">,
  I32EnumAttrCase<"Square", 9, "square">, I32EnumAttrCase<"Reciprocal", 10, "reciprocal">,
  I32EnumAttrCase<"Sin", 11, "sin">, I32EnumAttrCase<"Cos", 12, "cos">, I32EnumAttrCase<"Tan", 13, "tan">,
  I32EnumAttrCase<"Tanh", 14, "tanh">, I32EnumAttrCase<"Sigmoid", 15, "sigmoid">,
  I32EnumAttrCase<"Silu", 16, "silu">, I32EnumAttrCase<"Softplus", 17, "softplus">, I32EnumAttrCase<"Erf", 18, "erf">,
  I32EnumAttrCase<"Sign", 19, "sign">, I32EnumAttrCase<"Floor", 20, "floor">, I32EnumAttrCase<"Ceil", 21, "ceil">,
  I32EnumAttrCase<"Round", 22, "round">, I32EnumAttrCase<"Not", 23, "not">,
  I32EnumAttrCase<"IsFinite", 24, "is_finite">, I32EnumAttrCase<"IsNan", 25, "is_nan">]>;
def Nn_UnaryFunctionAttr : Nn_EnumAttr<Nn_UnaryFunction, "unary_function">;

def Nn_BinaryFunction : Nn_Enum<"BinaryFunction", "a function of two numbers", [
  I32EnumAttrCase<"Add", 0, "add">, I32EnumAttrCase<"Sub", 1, "sub">, I32EnumAttrCase<"Mul", 2, "mul">,
  I32EnumAttrCase<"Div", 3, "div">, I32EnumAttrCase<"FloorDiv", 4, "floordiv">, I32EnumAttrCase<"Mod", 5, "mod">,
  I32EnumAttrCase<"Pow", 6, "pow">, I32EnumAttrCase<"Maximum", 7, "maximum">,
  I32EnumAttrCase<"Minimum", 8, "minimum">, I32EnumAttrCase<"Atan2", 9, "atan2">,
  I32EnumAttrCase<"Equal", 10, "equal">, I32EnumAttrCase<"NotEqual", 11, "not_equal">,
  I32EnumAttrCase<"Less", 12, "less">, I32EnumAttrCase<"LessEqual", 13, "less_equal">,
  I32EnumAttrCase<"Greater", 14, "greater">, I32EnumAttrCase<"GreaterEqual", 15, "greater_equal">,
  I32EnumAttrCase<"And", 16, "and">, I32EnumAttrCase<"Or", 17, "or">, I32EnumAttrCase<"Xor", 18, "xor">]>;
def Nn_BinaryFunctionAttr : Nn_EnumAttr<Nn_BinaryFunction, "binary_function">;

def Nn_ReduceFunction : Nn_Enum<"ReduceFunction", "a reduction", [
  I32EnumAttrCase<"Sum", 0, "sum">, I32EnumAttrCase<"Mean", 1, "mean">, I32EnumAttrCase<"Prod", 2, "prod">,
  I32EnumAttrCase<"Max", 3, "max">, I32EnumAttrCase<"Min", 4, "min">,
  I32EnumAttrCase<"Any", 5, "any">, I32EnumAttrCase<"All", 6, "all">]>;
def Nn_ReduceFunctionAttr : Nn_EnumAttr<Nn_ReduceFunction, "reduce_function">;

def Nn_PoolFunction : Nn_Enum<"PoolFunction", "what a pooling window computes", [
  I32EnumAttrCase<"Max", 0, "max">, I32EnumAttrCase<"Average", 1, "average">]>;
def Nn_PoolFunctionAttr : Nn_EnumAttr<Nn_PoolFunction, "pool_function">;

def Nn_NormalizeFunction : Nn_Enum<"NormalizeFunction", "how values are normalized", [
  I32EnumAttrCase<"Layer", 0, "layer">, I32EnumAttrCase<"Rms", 1, "rms">, I32EnumAttrCase<"L2", 2, "l2">]>;
def Nn_NormalizeFunctionAttr : Nn_EnumAttr<Nn_NormalizeFunction, "normalize_function">;

def Nn_GatherBounds : Nn_Enum<"GatherBounds", "what an index outside the input gives", [
  I32EnumAttrCase<"Clamp", 0, "clamp">, I32EnumAttrCase<"Nan", 1, "nan">]>;
def Nn_GatherBoundsAttr : Nn_EnumAttr<Nn_GatherBounds, "gather_bounds">;

//===-- Attributes ----------------------------------------------------------------------------------------------===//

def Nn_LayoutAttr : AttrDef<Nn_Dialect, "Layout"> {
  let mnemonic = "layout";
  let summary = "how a kernel wants a weight in memory";
  let description = [{
    `panels`: the weight, seen as a matrix K x N (N its last dimension, K all others), is cut into `groups` equal
    ranges of columns, each range into panels of `columns` columns, the last one filled with zeros; a panel is stored
    row by row: [groups][ceil(N / groups / columns)][K][columns].

    `gates`: the same panels with those of all groups side by side, row by row, so that one stream of memory holds what
    is needed of every gate at a time: [ceil(N / groups / columns)][K][groups][columns].

    `winograd2`, `winograd4`: a 3 x 3 x C x N kernel is transformed for F(2 x 2, 3 x 3) or F(4 x 4, 3 x 3), which makes
    it P x P x C x N with P = 4 or 6, and then stored as `panels`.
  }];
  let parameters = (ins StringRefParameter<"kind of layout">:$kind, "int64_t":$columns, "int64_t":$groups);
  let assemblyFormat = "`<` $kind `columns` `=` $columns `groups` `=` $groups `>`";
  let genVerifyDecl = 1;
}

//===-- Ops -----------------------------------------------------------------------------------------------------===//

class Nn_Op<string mnemonic, list<Trait> traits = []> : Op<Nn_Dialect, mnemonic, traits # [Pure]>;
class Nn_InferredOp<string mnemonic, list<Trait> traits = []> : Nn_Op<mnemonic, traits # [InferTypeOpAdaptor]>;

def Nn_Tensor : StaticShapeTensorOf<[AnyFloat, AnyInteger]>;
def Nn_FloatTensor : StaticShapeTensorOf<[AnyFloat]>;
def Nn_BoolTensor : StaticShapeTensorOf<[I1]>;
def Nn_IntegerTensor : StaticShapeTensorOf<[AnyInteger]>;

def Nn_WeightOp : Nn_Op<"weight"> {
  let summary = "a trained tensor of the model, by name";
  let description = [{
    The bytes are in the dialect's WeightStore under `name`. Ops that depend on weights alone are not folded: they form
    the weight's recipe, which is run once when the weights are written.

    C1: `name` is not empty.

    Example:
    ```mlir
    %w = nn.weight "conv2d/kernel" : tensor<3x3x1x16xf32>
    ```
  }];
  let arguments = (ins StrAttr:$name);
  let results = (outs Nn_Tensor:$result);
  let assemblyFormat = "$name attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Nn_ConstantOp : Nn_Op<"constant", [ConstantLike, AllTypesMatch<["value", "result"]>]> {
  let summary = "a small literal tensor";
  let description = [{
    C1: a splat, or at most 256 bytes; larger constants are weights.

    Example:
    ```mlir
    %half = nn.constant dense<0.5> : tensor<f32>
    ```
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Nn_Tensor:$result);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Nn_UnaryOp : Nn_InferredOp<"unary", [Elementwise]> {
  let summary = "a function of each element";
  let description = [{
    `result[i] = function(input[i])`. `relu` is max(x, 0) with NaN kept; `round` is to nearest, ties to even;
    `is_finite` and `is_nan` give i1; all others the type of the input.

    C1: `not` takes i1. C2: exp, log, sqrt and the like take floats.

    Example:
    ```mlir
    %y = nn.unary relu %x : (tensor<1x8xf32>) -> tensor<1x8xf32>
    ```
  }];
  let arguments = (ins Nn_UnaryFunctionAttr:$function, Nn_Tensor:$input);
  let results = (outs Nn_Tensor:$result);
  let assemblyFormat = "$function $input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Nn_BinaryOp : Nn_InferredOp<"binary"> {
  let summary = "a function of two elements, with broadcasting";
  let description = [{
    Operands of lower rank get leading dimensions of size 1; a dimension of size 1 is repeated to the other's size.
    Comparisons give i1. `floordiv` rounds down and `mod` has the sign of the divisor, as in Python. `maximum` and
    `minimum` give NaN when either operand is NaN.

    C1: both operands have one element type. C2: paired sizes are equal or one of them is 1. C3: `and`, `or`, `xor`
    take integers or i1.

    Example:
    ```mlir
    %y = nn.binary add %x, %bias : (tensor<1x8x16xf32>, tensor<16xf32>) -> tensor<1x8x16xf32>
    ```
  }];
  let arguments = (ins Nn_BinaryFunctionAttr:$function, Nn_Tensor:$lhs, Nn_Tensor:$rhs);
  let results = (outs Nn_Tensor:$result);
  let assemblyFormat = "$function $lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Nn_SelectOp : Nn_InferredOp<"select"> {
  let summary = "one of two elements by a condition, with broadcasting";
  let description = [{
    `result[i] = condition[i] ? on_true[i] : on_false[i]`, broadcasting as nn.binary does.

    C1: `on_true` and `on_false` have one element type. C2: paired sizes are equal or 1.

    Example:
    ```mlir
    %y = nn.select %c, %a, %b : (tensor<4xi1>, tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
    ```
  }];
  let arguments = (ins Nn_BoolTensor:$condition, Nn_Tensor:$on_true, Nn_Tensor:$on_false);
  let results = (outs Nn_Tensor:$result);
  let assemblyFormat = "$condition `,` $on_true `,` $on_false attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_CastOp : Nn_Op<"cast"> {
  let summary = "conversion of the element type";
  let description = [{
    Floats round to nearest even; float to integer truncates toward zero and saturates, NaN gives 0; anything to i1 is
    `x != 0`.

    C1: the shapes are equal.

    Example:
    ```mlir
    %y = nn.cast %x : (tensor<4xi32>) -> tensor<4xf32>
    ```
  }];
  let arguments = (ins Nn_Tensor:$input);
  let results = (outs Nn_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Nn_ReduceOp : Nn_InferredOp<"reduce"> {
  let summary = "a reduction over some axes, which disappear";
  let description = [{
    C1: `axes` is strictly increasing and inside the rank. C2: `any` and `all` take i1, `mean` floats.

    Example:
    ```mlir
    %y = nn.reduce mean %x axes [1, 2] : (tensor<1x7x7x8xf32>) -> tensor<1x8xf32>
    ```
  }];
  let arguments = (ins Nn_ReduceFunctionAttr:$function, Nn_Tensor:$input, DenseI64ArrayAttr:$axes);
  let results = (outs Nn_Tensor:$result);
  let assemblyFormat = "$function $input `axes` $axes attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_ContractOp : Nn_InferredOp<"contract"> {
  let summary = "sum of products: Dense, matmul, einsum of two tensors";
  let description = [{
    The dimensions of the result are: batch dimensions in order, the other dimensions of `lhs`, the other dimensions of
    `rhs`. The semantics of StableHLO's dot_general.

    C1: batch and contracting lists pair up in length. C2: paired dimensions have equal sizes. C3: no dimension is named
    twice. C4: both operands have one element type.

    Example:
    ```mlir
    %y = nn.contract %x, %w contracting [1] x [0] : (tensor<1x256xf32>, tensor<256x10xf32>) -> tensor<1x10xf32>
    ```
  }];
  let arguments = (ins Nn_Tensor:$lhs, Nn_Tensor:$rhs,
    OptionalAttr<DenseI64ArrayAttr>:$lhs_batch, OptionalAttr<DenseI64ArrayAttr>:$rhs_batch,
    DenseI64ArrayAttr:$lhs_contracting, DenseI64ArrayAttr:$rhs_contracting);
  let results = (outs Nn_Tensor:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs (`batch` $lhs_batch^ `x` $rhs_batch)? `contracting` $lhs_contracting `x` $rhs_contracting
    attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Nn_ConvOp : Nn_InferredOp<"conv"> {
  let summary = "convolution (cross-correlation) of one to three spatial dimensions";
  let description = [{
    `input` is [N, spatial..., C], `kernel` [spatial..., C / groups, F], the result [N, spatial..., F]:
    `result[n, p, f] = sum over q, c of input[n, p * stride + q * dilation - low, g * C / groups + c] * kernel[q, c, f]`
    with g the group of f; elements outside the input count as 0. A depthwise convolution has groups = C.
    Sizes as in Keras: floor((size + low + high - (k - 1) * dilation - 1) / stride) + 1. `pads` holds [low, high] per
    spatial dimension, flattened.

    C1: one to three spatial dimensions, the same rank for kernel and input. C2: C = kernel channels * groups.
    C3: F is a multiple of groups. C4: strides and dilations are positive, one per spatial dimension. C5: the result
    is not empty. C6: two non-negative pads per spatial dimension.

    Example:
    ```mlir
    %y = nn.conv %x, %w pads [1, 1, 1, 1] : (tensor<1x8x8x1xf32>, tensor<3x3x1x16xf32>) -> tensor<1x8x8x16xf32>
    ```
  }];
  let arguments = (ins Nn_FloatTensor:$input, Nn_FloatTensor:$kernel,
    OptionalAttr<DenseI64ArrayAttr>:$strides, OptionalAttr<DenseI64ArrayAttr>:$pads,
    OptionalAttr<DenseI64ArrayAttr>:$dilations, DefaultValuedAttr<I64Attr, "1">:$groups);
  let results = (outs Nn_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $kernel (`strides` $strides^)? (`pads` $pads^)? (`dilations` $dilations^)? (`groups` $groups^)?
    attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    int64_t spatialRank() { return getInput().getType().getRank() - 2; }
    /// Per spatial dimension, with the default where the attribute is absent.
    int64_t stride(int64_t d) { return getStrides() ? (*getStrides())[d] : 1; }
    int64_t dilation(int64_t d) { return getDilations() ? (*getDilations())[d] : 1; }
    int64_t padLow(int64_t d) { return getPads() ? (*getPads())[2 * d] : 0; }
    int64_t padHigh(int64_t d) { return getPads() ? (*getPads())[2 * d + 1] : 0; }
  }];
  let hasVerifier = 1;
}

def Nn_ConvTransposeOp : Nn_InferredOp<"conv_transpose"> {
  let summary = "transposed convolution";
  let description = [{
    `input` is [N, spatial..., C], `kernel` [spatial..., C, F]. Each input element is spread over
    `full[p * stride + q * dilation] += input[p, c] * kernel[q, c, f]`; the result is the window of `sizes` elements of
    `full` that begins at `crops`, zeros where it reaches beyond.

    C1: one to three spatial dimensions, the same rank for kernel and input. C2: the channels agree. C3: positive
    strides, dilations and sizes, non-negative crops, one per spatial dimension.

    Example:
    ```mlir
    %y = nn.conv_transpose %x, %w sizes [8, 8] strides [2, 2] : (tensor<1x4x4x3xf32>, tensor<2x2x3x5xf32>) -> tensor<1x8x8x5xf32>
    ```
  }];
  let arguments = (ins Nn_FloatTensor:$input, Nn_FloatTensor:$kernel, DenseI64ArrayAttr:$sizes,
    OptionalAttr<DenseI64ArrayAttr>:$strides, OptionalAttr<DenseI64ArrayAttr>:$crops,
    OptionalAttr<DenseI64ArrayAttr>:$dilations);
  let results = (outs Nn_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $kernel `sizes` $sizes (`strides` $strides^)? (`crops` $crops^)? (`dilations` $dilations^)?
    attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    int64_t spatialRank() { return getInput().getType().getRank() - 2; }
    int64_t stride(int64_t d) { return getStrides() ? (*getStrides())[d] : 1; }
    int64_t dilation(int64_t d) { return getDilations() ? (*getDilations())[d] : 1; }
    int64_t crop(int64_t d) { return getCrops() ? (*getCrops())[d] : 0; }
  }];
  let hasVerifier = 1;
}

def Nn_LocalConvOp : Nn_InferredOp<"local_conv"> {
  let summary = "convolution with a kernel of its own at each place";
  let description = [{
    `input` is [N, spatial..., C], `kernel` [places..., window..., C, F] with one size per spatial dimension in `places`
    and in `window`, the result [N, places..., F]:
    `result[n, p, f] = sum over q, c of input[n, p * stride + q - low, c] * kernel[p, q, c, f]`; elements outside the
    input count as 0, whatever the kernel holds there. `pads` as in nn.conv.

    C1: one to three spatial dimensions and a kernel of twice that rank and two. C2: the channels agree. C3: positive
    strides and non-negative pads. C4: `places` is the number of window positions. C5: the result is not empty.

    Example:
    ```mlir
    %y = nn.local_conv %x, %w strides [2] : (tensor<1x9x4xf32>, tensor<4x3x4x8xf32>) -> tensor<1x4x8xf32>
    ```
  }];
  let arguments = (ins Nn_FloatTensor:$input, Nn_FloatTensor:$kernel,
    OptionalAttr<DenseI64ArrayAttr>:$strides, OptionalAttr<DenseI64ArrayAttr>:$pads);
  let results = (outs Nn_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $kernel (`strides` $strides^)? (`pads` $pads^)? attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    int64_t spatialRank() { return getInput().getType().getRank() - 2; }
    int64_t window(int64_t d) { return getKernel().getType().getDimSize(spatialRank() + d); }
    int64_t stride(int64_t d) { return getStrides() ? (*getStrides())[d] : 1; }
    int64_t padLow(int64_t d) { return getPads() ? (*getPads())[2 * d] : 0; }
    int64_t padHigh(int64_t d) { return getPads() ? (*getPads())[2 * d + 1] : 0; }
  }];
  let hasVerifier = 1;
}

def Nn_PoolOp : Nn_InferredOp<"pool"> {
  let summary = "maximum or mean over windows of the spatial dimensions";
  let description = [{
    `input` is [N, spatial..., C]. Elements outside the input are ignored: they are never the maximum, and the mean
    divides by the number of elements inside. Sizes as nn.conv.

    C1: one to three spatial dimensions. C2: positive window and strides, one per spatial dimension. C3: two
    non-negative pads per spatial dimension, each below the window. C4: the result is not empty.

    Example:
    ```mlir
    %y = nn.pool max %x window [2, 2] strides [2, 2] : (tensor<1x8x8x16xf32>) -> tensor<1x4x4x16xf32>
    ```
  }];
  let arguments = (ins Nn_PoolFunctionAttr:$function, Nn_Tensor:$input, DenseI64ArrayAttr:$window,
    OptionalAttr<DenseI64ArrayAttr>:$strides, OptionalAttr<DenseI64ArrayAttr>:$pads);
  let results = (outs Nn_Tensor:$result);
  let assemblyFormat = [{
    $function $input `window` $window (`strides` $strides^)? (`pads` $pads^)?
    attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    int64_t spatialRank() { return getInput().getType().getRank() - 2; }
    int64_t stride(int64_t d) { return getStrides() ? (*getStrides())[d] : 1; }
    int64_t padLow(int64_t d) { return getPads() ? (*getPads())[2 * d] : 0; }
    int64_t padHigh(int64_t d) { return getPads() ? (*getPads())[2 * d + 1] : 0; }
  }];
  let hasVerifier = 1;
}

def Nn_AffineOp : Nn_InferredOp<"affine"> {
  let summary = "scale and shift per channel";
  let description = [{
    `result[i] = input[i] * scale[i_axis] + shift[i_axis]`: BatchNormalization, Rescaling, Normalization, and the gamma
    and beta of layer normalization.

    C1: `axis` is inside the rank. C2: `scale` and `shift` have rank 1 and the size of that axis. C3: one element type.

    Example:
    ```mlir
    %y = nn.affine %x, %scale, %shift axis 3 : (tensor<1x8x8x16xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<1x8x8x16xf32>
    ```
  }];
  let arguments = (ins Nn_FloatTensor:$input, Nn_FloatTensor:$scale, Nn_FloatTensor:$shift, I64Attr:$axis);
  let results = (outs Nn_FloatTensor:$result);
  let assemblyFormat = "$input `,` $scale `,` $shift `axis` $axis attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_NormalizeOp : Nn_InferredOp<"normalize"> {
  let summary = "normalization over axes";
  let description = [{
    With mean and variance over `axes`: `layer` is (x - mean) / sqrt(variance + epsilon); `rms` is
    x / sqrt(mean(x^2) + epsilon); `l2` is x / sqrt(max(sum(x^2), epsilon)).

    C1: `axes` is not empty, strictly increasing and inside the rank. C2: epsilon is not negative.

    Example:
    ```mlir
    %y = nn.normalize layer %x axes [2] epsilon 1.0e-3 : (tensor<1x4x16xf32>) -> tensor<1x4x16xf32>
    ```
  }];
  let arguments = (ins Nn_NormalizeFunctionAttr:$function, Nn_FloatTensor:$input, DenseI64ArrayAttr:$axes, F64Attr:$epsilon);
  let results = (outs Nn_FloatTensor:$result);
  let assemblyFormat = "$function $input `axes` $axes `epsilon` $epsilon attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_SoftmaxOp : Nn_InferredOp<"softmax"> {
  let summary = "softmax over axes";
  let description = [{
    `exp(x - m) / sum(exp(x - m))` with m the maximum, both over all `axes` together; with `log`, its logarithm.

    C1: `axes` is not empty, strictly increasing and inside the rank.

    Example:
    ```mlir
    %y = nn.softmax %x axes [1] : (tensor<1x10xf32>) -> tensor<1x10xf32>
    ```
  }];
  let arguments = (ins Nn_FloatTensor:$input, DenseI64ArrayAttr:$axes, UnitAttr:$log);
  let results = (outs Nn_FloatTensor:$result);
  let assemblyFormat = "(`log` $log^)? $input `axes` $axes attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_ReshapeOp : Nn_InferredOp<"reshape"> {
  let summary = "the same elements in row-major order under another shape";
  let description = [{
    One size of `shape` may be -1: what remains.

    C1: at most one -1. C2: the number of elements is kept.

    Example:
    ```mlir
    %y = nn.reshape %x shape [-1, 256] : (tensor<1x4x4x16xf32>) -> tensor<1x256xf32>
    ```
  }];
  let arguments = (ins Nn_Tensor:$input, DenseI64ArrayAttr:$shape);
  let results = (outs Nn_Tensor:$result);
  let assemblyFormat = "$input `shape` $shape attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Nn_TransposeOp : Nn_InferredOp<"transpose"> {
  let summary = "permutation of the dimensions";
  let description = [{
    Dimension d of the result is dimension `permutation[d]` of the input.

    C1: `permutation` is a permutation of the dimensions.

    Example:
    ```mlir
    %y = nn.transpose %x permutation [0, 2, 1] : (tensor<1x3x5xf32>) -> tensor<1x5x3xf32>
    ```
  }];
  let arguments = (ins Nn_Tensor:$input, DenseI64ArrayAttr:$permutation);
  let results = (outs Nn_Tensor:$result);
  let assemblyFormat = "$input `permutation` $permutation attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Nn_BroadcastOp : Nn_InferredOp<"broadcast"> {
  let summary = "repetition along new or size-1 dimensions";
  let description = [{
    Shapes are aligned at the end, as in nn.binary. A size of -1 keeps the input's size there.

    C1: `shape` has at least the input's rank. C2: an input dimension is 1 or already has the size asked for.

    Example:
    ```mlir
    %y = nn.broadcast %x shape [1, 3, 5] : (tensor<1x1x5xf32>) -> tensor<1x3x5xf32>
    ```
  }];
  let arguments = (ins Nn_Tensor:$input, DenseI64ArrayAttr:$shape);
  let results = (outs Nn_Tensor:$result);
  let assemblyFormat = "$input `shape` $shape attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Nn_PadOp : Nn_InferredOp<"pad"> {
  let summary = "constant elements around a tensor";
  let description = [{
    C1: `low` and `high` hold one non-negative number per dimension.

    Example:
    ```mlir
    %y = nn.pad %x low [0, 1] high [0, 2] value 0.0 : (tensor<1x3xf32>) -> tensor<1x6xf32>
    ```
  }];
  let arguments = (ins Nn_Tensor:$input, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high, F64Attr:$value);
  let results = (outs Nn_Tensor:$result);
  let assemblyFormat = "$input `low` $low `high` $high `value` $value attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Nn_SliceOp : Nn_InferredOp<"slice"> {
  let summary = "a regular part of a tensor";
  let description = [{
    `result[i] = input[starts + i * strides]`, `sizes` elements per dimension; a size of -1 takes all that remain.

    C1: one start, size and positive stride per dimension. C2: the last element is inside the input.

    Example:
    ```mlir
    %y = nn.slice %x starts [0, 1] sizes [1, 2] : (tensor<1x4xf32>) -> tensor<1x2xf32>
    ```
  }];
  let arguments = (ins Nn_Tensor:$input, DenseI64ArrayAttr:$starts, DenseI64ArrayAttr:$sizes,
    OptionalAttr<DenseI64ArrayAttr>:$strides);
  let results = (outs Nn_Tensor:$result);
  let assemblyFormat = [{
    $input `starts` $starts `sizes` $sizes (`strides` $strides^)? attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    int64_t stride(int64_t d) { return getStrides() ? (*getStrides())[d] : 1; }
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Nn_ReverseOp : Nn_InferredOp<"reverse"> {
  let summary = "the order of elements turned around along axes";
  let description = [{
    C1: `axes` is strictly increasing and inside the rank.

    Example:
    ```mlir
    %y = nn.reverse %x axes [1] : (tensor<1x4xf32>) -> tensor<1x4xf32>
    ```
  }];
  let arguments = (ins Nn_Tensor:$input, DenseI64ArrayAttr:$axes);
  let results = (outs Nn_Tensor:$result);
  let assemblyFormat = "$input `axes` $axes attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_ConcatOp : Nn_InferredOp<"concat"> {
  let summary = "tensors one after the other along an axis";
  let description = [{
    C1: at least one input, all of one element type and rank. C2: `axis` is inside the rank. C3: all other sizes agree.

    Example:
    ```mlir
    %y = nn.concat %a, %b axis 1 : (tensor<1x2xf32>, tensor<1x3xf32>) -> tensor<1x5xf32>
    ```
  }];
  let arguments = (ins Variadic<Nn_Tensor>:$inputs, I64Attr:$axis);
  let results = (outs Nn_Tensor:$result);
  let assemblyFormat = "$inputs `axis` $axis attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Nn_ResizeOp : Nn_InferredOp<"resize"> {
  let summary = "nearest-neighbour resampling of the spatial dimensions";
  let description = [{
    `input` is [N, spatial..., C]; element i of an output of size m reads element floor((i + 0.5) * n / m) of an input
    of size n (half-pixel centres). Smooth interpolations are contractions with a matrix of weights.

    C1: one positive size per spatial dimension.

    Example:
    ```mlir
    %y = nn.resize %x sizes [8, 8] : (tensor<1x4x4x3xf32>) -> tensor<1x8x8x3xf32>
    ```
  }];
  let arguments = (ins Nn_Tensor:$input, DenseI64ArrayAttr:$sizes);
  let results = (outs Nn_Tensor:$result);
  let assemblyFormat = "$input `sizes` $sizes attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_GatherOp : Nn_InferredOp<"gather"> {
  let summary = "slices of a tensor chosen by indices: embeddings, take";
  let description = [{
    The result has the input's dimensions before `axis`, the dimensions of `indices` behind the first `batch`, and the
    input's dimensions behind `axis`:
    `result[b, p, i, s] = input[b, p, indices[b, i], s]` with b the first `batch` dimensions, p those up to `axis`.
    An index outside the input is moved to the nearest one inside with `clamp`, and gives NaN with `nan`.

    C1: `axis` is inside the rank. C2: `batch` is at most `axis` and the rank of `indices`, and the batch dimensions
    agree. C3: `nan` takes floats. C4: the input is not empty along `axis`.

    Example:
    ```mlir
    %y = nn.gather nan %table, %ids axis 0 : (tensor<100x16xf32>, tensor<1x7xi32>) -> tensor<1x7x16xf32>
    ```
  }];
  let arguments = (ins Nn_GatherBoundsAttr:$bounds, Nn_Tensor:$input, Nn_IntegerTensor:$indices, I64Attr:$axis,
    DefaultValuedAttr<I64Attr, "0">:$batch);
  let results = (outs Nn_Tensor:$result);
  let assemblyFormat = [{
    $bounds $input `,` $indices `axis` $axis (`batch` $batch^)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Nn_OneHotOp : Nn_InferredOp<"one_hot"> {
  let summary = "which of some numbers an integer is";
  let description = [{
    `result[i, j] = (input[i] == j)` for j from 0 to `depth` - 1; other integers give no true element.

    C1: `depth` is positive.

    Example:
    ```mlir
    %y = nn.one_hot %x depth 5 : (tensor<1x4xi32>) -> tensor<1x4x5xi1>
    ```
  }];
  let arguments = (ins Nn_IntegerTensor:$input, I64Attr:$depth);
  let results = (outs Nn_BoolTensor:$result);
  let assemblyFormat = "$input `depth` $depth attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_BucketizeOp : Nn_InferredOp<"bucketize"> {
  let summary = "the interval between boundaries in which a number lies";
  let description = [{
    `result[i]` is how many of `boundaries`, which ascend, are not above `input[i]`; all of them for NaN.

    C1: one element type. C2: `boundaries` has rank 1.

    Example:
    ```mlir
    %y = nn.bucketize %x, %b : (tensor<1x4xf32>, tensor<3xf32>) -> tensor<1x4xi32>
    ```
  }];
  let arguments = (ins Nn_Tensor:$input, Nn_Tensor:$boundaries);
  let results = (outs StaticShapeTensorOf<[I32]>:$result);
  let assemblyFormat = "$input `,` $boundaries attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_PackOp : Nn_InferredOp<"pack"> {
  let summary = "a weight brought into the layout that its kernel reads";
  let description = [{
    The result has the shape that `layout` describes; see nn.layout. Appended to weight recipes by nn-pack-weights.

    C1: the columns divide evenly into the layout's groups.
    C2: a Winograd layout is for f32 kernels of shape 3 x 3 x C x N in one group.

    Example:
    ```mlir
    %p = nn.pack %w <"panels" columns = 16 groups = 1> : (tensor<3x3x1x20xf32>) -> tensor<1x2x9x16xf32>
    ```
  }];
  let arguments = (ins Nn_Tensor:$input, Nn_LayoutAttr:$layout);
  let results = (outs Nn_Tensor:$result);
  let assemblyFormat = "$input $layout attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_UnpackOp : Nn_Op<"unpack"> {
  let summary = "the logical weight behind a packed one";
  let description = [{
    The inverse of nn.pack: it stands in kernel bodies so that their meaning stays exact while the native code reads the
    packed operand.

    C1: packing the result's shape by `layout` gives the input's shape.

    Example:
    ```mlir
    %w = nn.unpack %p <"panels" columns = 16 groups = 1> : (tensor<1x2x9x16xf32>) -> tensor<3x3x1x20xf32>
    ```
  }];
  let arguments = (ins Nn_Tensor:$input, Nn_LayoutAttr:$layout);
  let results = (outs Nn_Tensor:$result);
  let assemblyFormat = "$input $layout attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_KernelOp : Nn_Op<"kernel", [IsolatedFromAbove, SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "a group of ops that becomes one native kernel";
  let description = [{
    The body is ordinary nn ops on the block's arguments and is the kernel's specification. After nn-select-kernels,
    `algorithm` names the template that emits it, `tile` its register tile, `units` the number of units of each phase,
    and the scratch sizes are in bytes.

    C1: one block argument per operand, with its type. C2: nn.yield gives the result types. C3: with `algorithm` there
    is at least one phase and every phase has at least one unit.

    Example:
    ```mlir
    %y = nn.kernel(%a = %x) : (tensor<1x8xf32>) -> tensor<1x8xf32> {
      %r = nn.unary relu %a : (tensor<1x8xf32>) -> tensor<1x8xf32>
      nn.yield %r : tensor<1x8xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<Nn_Tensor>:$inputs, OptionalAttr<StrAttr>:$algorithm,
    OptionalAttr<DenseI64ArrayAttr>:$tile, OptionalAttr<DenseI64ArrayAttr>:$units,
    DefaultValuedAttr<I64Attr, "0">:$shared_scratch, DefaultValuedAttr<I64Attr, "0">:$worker_scratch);
  let results = (outs Variadic<Nn_Tensor>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
}

def Nn_ScanOp : Nn_Op<"scan", [InferTypeOpAdaptor, AttrSizedOperandSegments, SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "a loop over time: recurrent layers of every kind";
  let description = [{
    Runs the body once per element of the first dimension of the `sequences`. The body's arguments are that element of
    each sequence, then the carried values, which begin as `initials`. It yields the next carried values, then the
    elements of the stacked results. The results are the last carried values, then the stacked ones, whose first
    dimension is that of the sequences: what the step at position t yields lies at position t. With `reverse` the first
    step is at the last position.

    The body may use values from outside: weights, and whatever is the same in every step.

    With `unroll(n)` the body is n steps in a row: it has n arguments for each sequence, in the order of steps, and
    yields n elements for each stacked result. Carried values then alternate between buffers without a copy.

    C1: at least one sequence; all have the same number of elements in the first dimension, at least 1. C2: `unroll`
    block arguments per sequence, of its type without the first dimension, then one per initial value, of its type. C3:
    the first values of nn.yield have the types of the initial values; `unroll` values of one type follow for each
    stacked result. C4: `unroll` is at least 1 and divides the number of steps.

    Example:
    ```mlir
    %last, %all = nn.scan(%a = %x) carry(%s = %zero) : (tensor<5x1x8xf32>, tensor<1x8xf32>) -> (tensor<1x8xf32>, tensor<5x1x8xf32>) {
      %r = nn.binary add %a, %s : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
      nn.yield %r, %r : tensor<1x8xf32>, tensor<1x8xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<Nn_Tensor>:$sequences, Variadic<Nn_Tensor>:$initials, UnitAttr:$reverse,
    DefaultValuedAttr<I64Attr, "1">:$unroll);
  let results = (outs Variadic<Nn_Tensor>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let extraClassDeclaration = [{
    int64_t steps() { return ::mlir::cast<::mlir::RankedTensorType>(getSequences().front().getType()).getDimSize(0); }
    YieldOp yield();
    size_t carriedCount() { return getInitials().size(); }
    ::mlir::ResultRange lastValues() { return getOutputs().take_front(carriedCount()); }
    ::mlir::ResultRange stacked() { return getOutputs().drop_front(carriedCount()); }
    size_t sliceCount() { return getSequences().size() * getUnroll(); }
    ::mlir::Block::BlockArgListType slices() { return getBody().getArguments().take_front(sliceCount()); }
    ::mlir::Block::BlockArgListType carried() { return getBody().getArguments().drop_front(sliceCount()); }
    /// The sequence that a slice is an element of.
    ::mlir::Value sequenceOf(::mlir::BlockArgument slice) { return getSequences()[slice.getArgNumber() / getUnroll()]; }
    /// The result that yielded value `number` is the last of, or an element of.
    ::mlir::OpResult resultOf(size_t number);
    /// Which of the body's steps a slice, or an element of a stacked result, is of; `number` counts slices, or stacked
    /// values.
    int64_t stepInBody(size_t number) { return static_cast<int64_t>(number) % static_cast<int64_t>(getUnroll()); }
    /// Contractions and convolutions of the body that no carried value reaches, and whose few rows leave most of their
    /// time to reading weights: those of all steps are better computed as one. Without carried values, all of them.
    ::llvm::SmallVector<::mlir::Operation *> projections();
  }];
  let hasCustomAssemblyFormat = 1;
  let hasRegionVerifier = 1;
}

def Nn_CustomCallOp : Nn_Op<"custom_call"> {
  let summary = "a layer that code from outside computes";
  let description = [{
    `symbol` is a constant `layerc_external` of runtime/include/layerc/external.h. It is told the layer's class, its
    configuration as JSON and the operands: the tensors of the call, then the layer's weights; it gets `scratch` bytes.
    Nothing is known of the values, so evaluation gives NaN, or 0 where the elements are integers.

    C1: `symbol` is a C identifier.

    Example:
    ```mlir
    %r = nn.custom_call "twice" class("Twice") config("{}") scratch(0) (%x) : (tensor<1x8xf32>) -> tensor<1x8xf32>
    ```
  }];
  let arguments = (ins StrAttr:$symbol, StrAttr:$layer_class, StrAttr:$config, I64Attr:$scratch, Variadic<Nn_Tensor>:$inputs);
  let results = (outs Nn_Tensor:$result);
  let assemblyFormat = [{
    $symbol `class` `(` $layer_class `)` `config` `(` $config `)` `scratch` `(` $scratch `)` `(` $inputs `)` attr-dict
    `:` functional-type($inputs, $result)
  }];
  let hasVerifier = 1;
}

def Nn_YieldOp : Nn_Op<"yield", [Terminator, ReturnLike, ParentOneOf<["KernelOp", "ScanOp", "::layerc::plan::KernelOp", "::layerc::plan::WeightOp"]>]> {
  let summary = "the values that a region computes";
  let description = [{
    Example:
    ```mlir
    nn.yield %r : tensor<1x8xf32>
    ```
  }];
  let arguments = (ins Variadic<Nn_Tensor>:$values);
  let builders = [OpBuilder<(ins), [{}]>];
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

#endif // LAYERC_NN
