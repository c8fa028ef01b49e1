// RUN: layerc-opt %s -pass-pipeline='builtin.module(func.func(nn-select-kernels))' 2>/dev/null | FileCheck %s
// RUN: layerc-opt %s -pass-pipeline='builtin.module(func.func(nn-select-kernels{target-cpu=x86-64-v4}))' 2>/dev/null | FileCheck %s --check-prefix=AVX512
// RUN: layerc-opt %s -pass-pipeline='builtin.module(func.func(nn-select-kernels))' -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// The cheapest choice, with the layout that its weights shall have; every choice is a remark.

// REMARK: remark: conv tile [{{.*}}] is estimated at {{[0-9]+}} ns
// REMARK: remark: loops tile [{{.*}}] is estimated at {{[0-9]+}} ns

// CHECK-LABEL: func.func @model
// CHECK: nn.kernel({{.*}}) algorithm("winograd") tile [4, {{.*}}] units [{{.*}}] worker({{.*}}) {nn.layouts = [unit, #nn.layout<"winograd4" columns = {{8|16}} groups = 1>]}
// CHECK: nn.kernel({{.*}}) algorithm("loops")
// AVX512: columns = {{16|32|48|64}} groups
func.func @model(%x: tensor<1x56x56x64xf32>) -> tensor<1x56x56x64xf32> {
  %k = nn.weight "k" : tensor<3x3x64x64xf32>
  %0 = nn.kernel(%a = %x, %b = %k) : (tensor<1x56x56x64xf32>, tensor<3x3x64x64xf32>) -> tensor<1x56x56x64xf32> {
    %c = nn.conv %a, %b pads [1, 1, 1, 1] : (tensor<1x56x56x64xf32>, tensor<3x3x64x64xf32>) -> tensor<1x56x56x64xf32>
    nn.yield %c : tensor<1x56x56x64xf32>
  }
  %1 = nn.kernel(%a = %0) : (tensor<1x56x56x64xf32>) -> tensor<1x56x56x64xf32> {
    %t = nn.unary tanh %a : (tensor<1x56x56x64xf32>) -> tensor<1x56x56x64xf32>
    nn.yield %t : tensor<1x56x56x64xf32>
  }
  return %1 : tensor<1x56x56x64xf32>
}

// Scratch must not lift the peak above what the layers need one by one.
// CHECK-LABEL: func.func @little_memory
// CHECK: nn.kernel({{.*}}) algorithm("conv") tile [{{.*}}] units [{{.*}}] {nn.layouts = [unit, #nn.layout<"panels" columns = {{8|16|24|32}} groups = 1>]}
func.func @little_memory(%x: tensor<1x56x56x64xf32>) -> tensor<1x56x56x64xf32> attributes {nn.unfused = 1000 : i64} {
  %k = nn.weight "k" : tensor<3x3x64x64xf32>
  %0 = nn.kernel(%a = %x, %b = %k) : (tensor<1x56x56x64xf32>, tensor<3x3x64x64xf32>) -> tensor<1x56x56x64xf32> {
    %c = nn.conv %a, %b pads [1, 1, 1, 1] : (tensor<1x56x56x64xf32>, tensor<3x3x64x64xf32>) -> tensor<1x56x56x64xf32>
    nn.yield %c : tensor<1x56x56x64xf32>
  }
  return %0 : tensor<1x56x56x64xf32>
}

// Nor must that of an attention, which is its ops then.
// CHECK-LABEL: func.func @attention_in_little_memory
// CHECK-NOT: algorithm("attention")
// CHECK: nn.kernel({{.*}} = %arg0, {{.*}} = %arg1) algorithm("loops")
// CHECK-NEXT: nn.contract
// CHECK: nn.kernel({{.*}}) algorithm("loops")
// CHECK-NEXT: nn.softmax
// CHECK: nn.kernel({{.*}} = %arg1) algorithm("loops")
// CHECK-NEXT: nn.contract
// CHECK-LABEL: func.func @attention_in_enough_memory
// CHECK: algorithm("attention")
func.func @attention_in_little_memory(%q: tensor<1x4x3xf32>, %k: tensor<1x5x3xf32>) -> tensor<1x4x3xf32> attributes {nn.unfused = 128 : i64} {
  %0 = nn.kernel(%a = %q, %b = %k) : (tensor<1x4x3xf32>, tensor<1x5x3xf32>) -> tensor<1x4x3xf32> {
    %s = nn.contract %a, %b batch [0] x [0] contracting [2] x [2] : (tensor<1x4x3xf32>, tensor<1x5x3xf32>) -> tensor<1x4x5xf32>
    %p = nn.softmax %s axes [2] : (tensor<1x4x5xf32>) -> tensor<1x4x5xf32>
    %c = nn.contract %p, %b batch [0] x [0] contracting [2] x [1] : (tensor<1x4x5xf32>, tensor<1x5x3xf32>) -> tensor<1x4x3xf32>
    nn.yield %c : tensor<1x4x3xf32>
  }
  return %0 : tensor<1x4x3xf32>
}
func.func @attention_in_enough_memory(%q: tensor<1x4x3xf32>, %k: tensor<1x5x3xf32>) -> tensor<1x4x3xf32> attributes {nn.unfused = 4096 : i64} {
  %0 = nn.kernel(%a = %q, %b = %k) : (tensor<1x4x3xf32>, tensor<1x5x3xf32>) -> tensor<1x4x3xf32> {
    %s = nn.contract %a, %b batch [0] x [0] contracting [2] x [2] : (tensor<1x4x3xf32>, tensor<1x5x3xf32>) -> tensor<1x4x5xf32>
    %p = nn.softmax %s axes [2] : (tensor<1x4x5xf32>) -> tensor<1x4x5xf32>
    %c = nn.contract %p, %b batch [0] x [0] contracting [2] x [1] : (tensor<1x4x5xf32>, tensor<1x5x3xf32>) -> tensor<1x4x3xf32>
    nn.yield %c : tensor<1x4x3xf32>
  }
  return %0 : tensor<1x4x3xf32>
}

// The rounding of F(4 x 4) grows with the sums of the convolution, which tanh makes small but a gate does not.
// CHECK-LABEL: func.func @saturates
// CHECK-NOT: winograd4
// CHECK: return
func.func @saturates(%x: tensor<1x56x56x64xf32>) -> tensor<1x56x56x64xf32> {
  %k = nn.weight "k" : tensor<3x3x64x64xf32>
  %0 = nn.kernel(%a = %x, %b = %k) : (tensor<1x56x56x64xf32>, tensor<3x3x64x64xf32>) -> tensor<1x56x56x64xf32> {
    %c = nn.conv %a, %b pads [1, 1, 1, 1] : (tensor<1x56x56x64xf32>, tensor<3x3x64x64xf32>) -> tensor<1x56x56x64xf32>
    %r = nn.unary tanh %c : (tensor<1x56x56x64xf32>) -> tensor<1x56x56x64xf32>
    nn.yield %r : tensor<1x56x56x64xf32>
  }
  return %0 : tensor<1x56x56x64xf32>
}

// CHECK-LABEL: func.func @gated
// CHECK: winograd4
func.func @gated(%x: tensor<1x56x56x64xf32>) -> tensor<1x56x56x64xf32> {
  %k = nn.weight "k" : tensor<3x3x64x64xf32>
  %0 = nn.kernel(%a = %x, %b = %k) : (tensor<1x56x56x64xf32>, tensor<3x3x64x64xf32>) -> tensor<1x56x56x64xf32> {
    %c = nn.conv %a, %b pads [1, 1, 1, 1] : (tensor<1x56x56x64xf32>, tensor<3x3x64x64xf32>) -> tensor<1x56x56x64xf32>
    %t = nn.unary tanh %c : (tensor<1x56x56x64xf32>) -> tensor<1x56x56x64xf32>
    %r = nn.binary mul %c, %t : (tensor<1x56x56x64xf32>, tensor<1x56x56x64xf32>) -> tensor<1x56x56x64xf32>
    nn.yield %r : tensor<1x56x56x64xf32>
  }
  return %0 : tensor<1x56x56x64xf32>
}

// A weight that is computed at run time cannot be packed.
// CHECK-LABEL: func.func @computed_weight
// CHECK: nn.kernel({{.*}}) algorithm("loops")
func.func @computed_weight(%x: tensor<8x16xf32>, %w: tensor<16x8xf32>) -> tensor<8x8xf32> {
  %0 = nn.kernel(%a = %x, %b = %w) : (tensor<8x16xf32>, tensor<16x8xf32>) -> tensor<8x8xf32> {
    %c = nn.contract %a, %b contracting [1] x [0] : (tensor<8x16xf32>, tensor<16x8xf32>) -> tensor<8x8xf32>
    nn.yield %c : tensor<8x8xf32>
  }
  return %0 : tensor<8x8xf32>
}
