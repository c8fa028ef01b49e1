// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The plan dialect: what runs, when, and in which bytes. After this form the printer decides nothing.

#ifndef LAYERC_PLAN
#define LAYERC_PLAN

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Plan_Dialect : Dialect {
  let name = "plan";
  let cppNamespace = "::layerc::plan";
  let summary = "steps, slots and offsets of a compiled model";
  let description = [{
    A plan.program holds the native kernels (plan.kernel), the weights with their recipes (plan.weight) and one plan.entry
    per compiled size. Values are memrefs: a shape and strides over bytes that a slot, an input, an output or the weights own.
  }];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
}

/// What may stand in an entry or in a loop of it.
def Plan_InRun : ParentOneOf<["EntryOp", "LoopOp"]>;

class Plan_Op<string mnemonic, list<Trait> traits = []> : Op<Plan_Dialect, mnemonic, traits>;

def Plan_SlotType : TypeDef<Plan_Dialect, "Slot"> {
  let mnemonic = "slot";
  let summary = "a range of the arena";
}

def Plan_ExternalAttr : AttrDef<Plan_Dialect, "External"> {
  let mnemonic = "external";
  let summary = "code from outside that computes a kernel";
  let description = [{
    `symbol` is a constant `layerc_external` of runtime/include/layerc/external.h; its `prepare` is told `function`,
    `numbers` and `config`.
  }];
  let parameters = (ins StringRefParameter<"a C identifier">:$symbol, StringRefParameter<"what to compute">:$function,
    OptionalArrayRefParameter<"int64_t">:$numbers, StringRefParameter<"of a custom layer, JSON", [{""}]>:$config);
  let assemblyFormat = "`<` $symbol $function (`[` $numbers^ `]`)? (`config` `(` $config^ `)`)? `>`";
}

def Plan_ProgramOp : Plan_Op<"program", [Symbol, IsolatedFromAbove, SymbolTable, NoTerminator, SingleBlock, NoRegionArguments]> {
  let summary = "one compiled model";
  let description = [{
    `weights` is the size in bytes of the weight blob.

    C1: the plan.weight ops lie inside the blob, at multiples of 64, without overlap. C2: entries of one program have
    different `size` names. C3: they keep the same states, and their inputs and outputs have the same names.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, DefaultValuedAttr<I64Attr, "0">:$weights);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `weights` `(` $weights `)` attr-dict-with-keyword $body";
  let hasVerifier = 1;
}

def Plan_WeightOp : Plan_Op<"weight", [Symbol, IsolatedFromAbove, SingleBlock, HasParent<"ProgramOp">]> {
  let summary = "a range of the weight blob and how to compute it";
  let description = [{
    The region is the recipe: nn ops from nn.weight to the packed tensor. `offset` is in bytes from the start of the blob.

    C1: the region takes no arguments and yields one tensor.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$offset, I64Attr:$bytes);
  let regions = (region SizedRegion<1>:$recipe);
  let assemblyFormat = "$sym_name `offset` `(` $offset `)` `bytes` `(` $bytes `)` attr-dict-with-keyword $recipe";
  let hasVerifier = 1;
}

def Plan_KernelOp : Plan_Op<"kernel", [Symbol, IsolatedFromAbove, SingleBlock, HasParent<"ProgramOp">]> {
  let summary = "a native function: its specification, its template and its operands' strides";
  let description = [{
    The body is that of nn.kernel. `inputs` and `outputs` are the memref types of the operands, whose shapes are those of
    the block's arguments and of the yielded tensors. `aliases` lists pairs (input, output) that share their bytes.
    A phase p of the kernel is the native function named by kernelSymbol() of codegen/Names.h:
    `void(void* const* args, void* shared, void* own, int64 begin, int64 end)`, args being inputs, then outputs.

    With `external` no native function exists: code from outside computes the whole kernel in one call.

    C1: shapes and element types agree with the body. C2: at least one phase, each with at least one unit. C3: an external
    kernel has one phase of one unit, no worker scratch and operands of at most 8 dimensions.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrAttr:$algorithm, DenseI64ArrayAttr:$tile, DenseI64ArrayAttr:$units,
    I64Attr:$shared_scratch, I64Attr:$worker_scratch, TypeArrayAttr:$inputs, TypeArrayAttr:$outputs,
    DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$aliases, OptionalAttr<Plan_ExternalAttr>:$external);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name `algorithm` `(` $algorithm `)` `tile` $tile `units` $units `shared` `(` $shared_scratch `)`
    `worker` `(` $worker_scratch `)` $inputs `->` $outputs (`aliases` $aliases^)?
    (`external` $external^)? attr-dict-with-keyword $body
  }];
  let hasVerifier = 1;
}

def Plan_EntryOp : Plan_Op<"entry", [IsolatedFromAbove, NoTerminator, SingleBlock, NoRegionArguments, HasParent<"ProgramOp">]> {
  let summary = "one compiled size of the model";
  let description = [{
    `size` tells this size from the others of the program, in generated names; empty where it is the only one. All sizes
    read the same weights and states, and compute in one arena, as large as the largest.

    The certificate: `arena` bytes that `run` touches beyond inputs, outputs, weights and state (kernels' scratch for one
    worker included); `bound`, the peak of live bytes over the steps; `unfused`, the same peak for the Keras layers one by
    one; `search`: "proved" when no smaller arena exists for this order of steps, else "best found".

    C1: every slot lies inside the arena at a multiple of 64.
  }];
  let arguments = (ins I64Attr:$batch, StrAttr:$target, DefaultValuedAttr<I64Attr, "0">:$arena,
    DefaultValuedAttr<I64Attr, "0">:$bound, DefaultValuedAttr<I64Attr, "0">:$unfused,
    DefaultValuedAttr<StrAttr, "\"\"">:$search, DefaultValuedAttr<I64Attr, "0">:$worker_scratch,
    DefaultValuedAttr<StrAttr, "\"\"">:$size);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    (`size` `(` $size^ `)`)? `batch` `(` $batch `)` `target` `(` $target `)` `arena` `(` $arena `)` `bound` `(` $bound `)`
    `unfused` `(` $unfused `)` `search` `(` $search `)`
    `worker` `(` $worker_scratch `)` attr-dict-with-keyword $body
  }];
  let hasVerifier = 1;
}

def Plan_InputOp : Plan_Op<"input", [HasParent<"EntryOp">]> {
  let summary = "an argument of run";
  let arguments = (ins StrAttr:$name);
  let results = (outs AnyMemRef:$value);
  let assemblyFormat = "$name attr-dict `:` type($value)";
}

def Plan_OutputOp : Plan_Op<"output", [HasParent<"EntryOp">]> {
  let summary = "a result buffer of run";
  let arguments = (ins StrAttr:$name);
  let results = (outs AnyMemRef:$value);
  let assemblyFormat = "$name attr-dict `:` type($value)";
}

def Plan_StateOp : Plan_Op<"state", [HasParent<"EntryOp">]> {
  let summary = "bytes of the model object that last from one run to the next";
  let description = [{
    `layer` is the path of the stateful Keras layer. The states of a program lie one after the other in one block of
    memory, `offset` bytes from its start. They are zero at first and after a reset.

    C1: `offset` is a multiple of 64.
  }];
  let arguments = (ins StrAttr:$layer, I64Attr:$offset);
  let results = (outs AnyMemRef:$value);
  let assemblyFormat = "$layer `offset` `(` $offset `)` attr-dict `:` type($value)";
  let hasVerifier = 1;
}

def Plan_WeightRefOp : Plan_Op<"weight_ref", [Plan_InRun]> {
  let summary = "the bytes of a plan.weight";
  let description = [{
    C1: the weight exists. C2: the last element lies inside it.
  }];
  let arguments = (ins FlatSymbolRefAttr:$weight);
  let results = (outs AnyMemRef:$value);
  let assemblyFormat = "$weight attr-dict `:` type($value)";
  let hasVerifier = 1;
}

def Plan_SlotOp : Plan_Op<"slot", [HasParent<"EntryOp">]> {
  let summary = "bytes of the arena for a span of steps";
  let description = [{
    `live` is the first and last step (counted from 0 in the entry, those of a loop once) that touch the slot; a slot
    whose bytes must outlast an iteration of a loop lives as long as the loop. `offset` is set by plan-memory.
  }];
  let arguments = (ins I64Attr:$bytes, DenseI64ArrayAttr:$live, OptionalAttr<I64Attr>:$offset);
  let results = (outs Plan_SlotType:$slot);
  let assemblyFormat = "`bytes` `(` $bytes `)` `live` $live (`offset` `(` $offset^ `)`)? attr-dict";
}

def Plan_ViewOp : Plan_Op<"view", [Plan_InRun]> {
  let summary = "a tensor in a slot, or a part of another view, input or output";
  let description = [{
    `offset` is in bytes from the start of the source. Inside a loop the view moves on by `stride` bytes with every
    iteration.

    C1: the view's elements lie inside its source, in every iteration. C2: a view that moves stands in a loop.
  }];
  let arguments = (ins AnyTypeOf<[Plan_SlotType, AnyMemRef]>:$source, I64Attr:$offset,
    DefaultValuedAttr<I64Attr, "0">:$stride);
  let results = (outs AnyMemRef:$value);
  let assemblyFormat = [{
    $source `offset` `(` $offset `)` (`stride` `(` $stride^ `)`)? attr-dict `:` type($source) `to` type($value)
  }];
  let hasVerifier = 1;
}

def Plan_LoopOp : Plan_Op<"loop", [NoTerminator, SingleBlock, NoRegionArguments, Plan_InRun]> {
  let summary = "steps that run several times";
  let description = [{
    `layers` are the paths of the Keras layers that the loop computes.

    C1: at least one iteration.
  }];
  let arguments = (ins I64Attr:$iterations, StrArrayAttr:$layers);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "`iterations` `(` $iterations `)` `layers` $layers attr-dict-with-keyword $body";
  let hasVerifier = 1;
}

def Plan_StepOp : Plan_Op<"step", [AttrSizedOperandSegments, Plan_InRun]> {
  let summary = "one call of a kernel";
  let description = [{
    `layers` are the paths of the Keras layers that the step computes, for comments and reports. `scratch`, when present,
    is the slot of the kernel's shared scratch followed, at the next multiple of 64, by the scratch of worker 0. The
    scratch of worker w > 0 lies behind the arena: at `arena + (w - 1) * worker_scratch` of the entry.

    C1: the kernel exists and its operand types are those of the step.
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<AnyMemRef>:$inputs, Variadic<AnyMemRef>:$outputs,
    Optional<Plan_SlotType>:$scratch, StrArrayAttr:$layers);
  let assemblyFormat = [{
    $kernel `(` $inputs `)` `->` `(` $outputs `)` (`scratch` `(` $scratch^ `)`)? `layers` $layers attr-dict
    `:` functional-type($inputs, $outputs)
  }];
  let hasVerifier = 1;
}

#endif // LAYERC_PLAN
