// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All passes, in the order in which the pipeline runs them. One file per pass, named as its flag.

#ifndef LAYERC_PASSES
#define LAYERC_PASSES

include "mlir/Pass/PassBase.td"

def NnInferShapes : Pass<"nn-infer-shapes", "::mlir::func::FuncOp"> {
  let summary = "re-derive every type from the arguments";
  let description = [{
    Sets the batch size of the arguments, or whole shapes by name, and infers all types anew. Also records
    on the function what the layers, one by one, would need: the `nn.unfused` bytes of the certificate.
  }];
  let options = [
    Option<"batch", "batch", "int64_t", "0", "new size of the arguments' first dimension; 0 keeps it">,
    ListOption<"inputShapes", "input-shapes", "std::string", "new shapes by name: image=1x8x8x3,...">];
}

def NnSimplify : Pass<"nn-simplify", "::mlir::func::FuncOp"> {
  let summary = "canonicalise to a fixed point";
  let description = [{
    Identities, chains of reshapes and transposes, zero padding into convolutions, equal ops, dead weights. Transposes
    sink through elementwise ops, concatenations and padding, so that a channels_first model loses all but its first.
  }];
}

def NnSetPrecision : Pass<"nn-set-precision", "::mlir::func::FuncOp"> {
  let summary = "mark contractions and convolutions with how they compute";
  let options = [Option<"precision", "precision", "std::string", "\"f32\"", "f32">];
}

def NnFoldAffine : Pass<"nn-fold-affine", "::mlir::func::FuncOp"> {
  let summary = "fold BatchNormalization into the weights before it";
  let description = [{
    A convolution or contraction whose only consumer (a bias addition may stand between) is an affine of its channels
    becomes one with scaled weights and a new bias; both are weight recipes.
  }];
}

def NnStream : Pass<"nn-stream", "::mlir::func::FuncOp"> {
  let summary = "a function of a whole sequence becomes one of its next steps";
  let description = [{
    Inputs with a time axis (the second dimension, of inputs of rank 3 or more and of integers) take `steps` steps. The
    last inputs of causal convolutions and the carried values of scans become state, zeros at first, so that calls in a
    row give what one call on the whole sequence gives. Pooling and strides must divide the steps. What looks ahead, goes
    backwards or needs the whole sequence is refused with the layer's name. The last step of a sequence stands for the
    last one so far.
  }];
  let options = [Option<"steps", "steps", "int64_t", "1", "time steps of one call">];
}

def NnHoistScan : Pass<"nn-hoist-scan", "::mlir::func::FuncOp"> {
  let summary = "compute before a loop what its carried values do not change";
  let description = [{
    The input projections of all steps of a recurrent layer become one contraction or convolution, whose results are a
    new sequence of the scan. Ops that are the same in every step move out as they are.

    Where results of all steps would take more than 1 MiB, or lift the arena above `nn.unfused`, the memory that the
    layers one by one need, the scan becomes a loop over runs of equally many steps, each with a contraction of its own
    and a scan of its steps; where not even two steps fit, the contraction stays in the loop. So do contractions and
    convolutions of 16 rows or pixels and more, which gain nothing from those of other steps.
  }];
}

def NnFuse : Pass<"nn-fuse", "::mlir::func::FuncOp"> {
  let summary = "group ops into nn.kernel";
  let description = [{
    One heavy op with the elementwise ops that follow it, or a chain of elementwise ops. Whether an op may join is asked
    of the kernel templates. A refused join is a remark that says why.

    A contraction or convolution whose columns are cut into gates takes the ops that combine them, with all of their
    results. A loop whose products read carried values gets two or a few steps into its body (`unroll`), so that
    carried values alternate between buffers and none is copied.
  }];
  let options = [Option<"kernels", "kernels", "std::string", "\"mlir\"", "as layerc --kernels">];
}

def NnSelectKernels : Pass<"nn-select-kernels", "::mlir::func::FuncOp"> {
  let summary = "choose algorithm, tile and phases of each kernel";
  let description = [{
    The cheapest choice of all templates that accept the body. Where its scratch would lift the arena above `nn.unfused`,
    a choice with less; where all choices need too much, each op of the body becomes a kernel of its own.
  }];
  let options = [
    Option<"kernels", "kernels", "std::string", "\"mlir\"", "as layerc --kernels">,
    Option<"targetCpu", "target-cpu", "std::string", "\"x86-64-v3\"", "as layerc --target-cpu">,
    Option<"targetTriple", "target-triple", "std::string", "\"\"", "as layerc --target-triple">];
}

def NnShareLayouts : Pass<"nn-share-layouts", "::mlir::ModuleOp"> {
  let summary = "one layout for a weight that several sizes read";
  let description = [{
    In a named module, whose functions are sizes of one model, kernels of different sizes may want different layouts of one
    weight. All get that which slows them down least, compared with each one's own, so that there is one copy of the weight;
    they keep their own only where no layout suits all.
  }];
  let options = [
    Option<"kernels", "kernels", "std::string", "\"mlir\"", "as layerc --kernels">,
    Option<"targetCpu", "target-cpu", "std::string", "\"x86-64-v3\"", "as layerc --target-cpu">,
    Option<"targetTriple", "target-triple", "std::string", "\"\"", "as layerc --target-triple">];
}

def NnAssignViews : Pass<"nn-assign-views", "::mlir::func::FuncOp"> {
  let summary = "decide which tensors are views of another's bytes";
  let description = [{
    Concatenations whose parts are written in place are marked `nn.view`; other concatenations and slices become copying
    kernels. A kernel result that may overwrite an operand read for the last time, be it a reshape of what another kernel
    made or of another type of the same width, is marked `nn.in_place`.
  }];
  let options = [
    Option<"targetCpu", "target-cpu", "std::string", "\"x86-64-v3\"", "as layerc --target-cpu">,
    Option<"targetTriple", "target-triple", "std::string", "\"\"", "as layerc --target-triple">];
}

def NnSchedule : Pass<"nn-schedule", "::mlir::func::FuncOp"> {
  let summary = "order kernels for the least memory";
  let description = [{
    Among the kernels that are ready, the one that leaves the fewest bytes live; or the file's order, but for kernels that
    free bytes, which come first; or the file's order with every kernel right before the first that needs it; or the
    file's order as it is, where none needs less.
  }];
}

def NnPackWeights : Pass<"nn-pack-weights", "::mlir::func::FuncOp"> {
  let summary = "append the kernels' layouts to the weights' recipes";
}

def NnToPlan : Pass<"nn-to-plan", "::mlir::ModuleOp"> {
  let summary = "kernels to steps, tensors to slots and views";
  let description = [{
    Every function becomes a program with one entry. The functions of a named module are sizes of one model: they become
    the entries of one program of the module's name, which share weights and native functions.
  }];
  let options = [Option<"target", "target", "std::string", "\"x86-64-v3\"", "name of the target, for the entry">];
  let dependentDialects = ["::layerc::plan::PlanDialect"];
}

def PlanMemory : Pass<"plan-memory", "::mlir::ModuleOp"> {
  let summary = "give every slot its place in the arena";
}

def PlanCheck : Pass<"plan-check", "::mlir::ModuleOp"> {
  let summary = "judge a plan by running it on tags";
  let description = [{
    Knows nothing of plan-memory: follows the steps with a tag per byte range and fails when a read does not find exactly
    the value that was written for it, a view leaves its slot, or the certificate's numbers are not those of the plan.
  }];
}

#endif // LAYERC_PASSES
