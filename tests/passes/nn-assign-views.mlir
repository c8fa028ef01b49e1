// RUN: layerc-opt %s -pass-pipeline='builtin.module(func.func(nn-fuse,nn-select-kernels,nn-assign-views))' --check-values 2>%t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK < %t.remarks
// Parts of a concatenation are written where the whole lies, and results over operands that nobody reads again.

// CHECK-LABEL: func.func @concat_in_place
// CHECK-NOT: nn.kernel{{.*}}concat
// CHECK: nn.concat {{.*}} {nn.view}
func.func @concat_in_place(%x: tensor<1x4x4x3xf32>) -> tensor<1x4x4x6xf32> {
  %0 = nn.unary exp %x : (tensor<1x4x4x3xf32>) -> tensor<1x4x4x3xf32>
  %1 = nn.unary tanh %x : (tensor<1x4x4x3xf32>) -> tensor<1x4x4x3xf32>
  %2 = nn.concat %0, %1 axis 3 : (tensor<1x4x4x3xf32>, tensor<1x4x4x3xf32>) -> tensor<1x4x4x6xf32>
  return %2 : tensor<1x4x4x6xf32>
}

// An input of the model is no kernel's result.
// REMARK: remark: nn.concat is not a view: a part is no kernel's result
// CHECK-LABEL: func.func @concat_of_an_input
// CHECK-NOT: nn.view
// CHECK: nn.kernel
// CHECK: nn.kernel
// CHECK-NEXT: nn.concat
// CHECK-NEXT: nn.yield
func.func @concat_of_an_input(%x: tensor<1x4x4x3xf32>) -> tensor<1x4x4x6xf32> {
  %0 = nn.unary exp %x : (tensor<1x4x4x3xf32>) -> tensor<1x4x4x3xf32>
  %1 = nn.concat %0, %x axis 3 : (tensor<1x4x4x3xf32>, tensor<1x4x4x3xf32>) -> tensor<1x4x4x6xf32>
  return %1 : tensor<1x4x4x6xf32>
}

// A part that is a result of the function lies in the caller's buffer, reshaped or not.
// CHECK-LABEL: func.func @concat_of_a_result
// CHECK-NOT: nn.view
func.func @concat_of_a_result(%x: tensor<1x4x3xf32>) -> (tensor<12xf32>, tensor<1x8x3xf32>) {
  %0 = nn.unary exp %x : (tensor<1x4x3xf32>) -> tensor<1x4x3xf32>
  %1 = nn.unary tanh %x : (tensor<1x4x3xf32>) -> tensor<1x4x3xf32>
  %2 = nn.concat %0, %1 axis 1 : (tensor<1x4x3xf32>, tensor<1x4x3xf32>) -> tensor<1x8x3xf32>
  %3 = nn.reshape %0 shape [12] : (tensor<1x4x3xf32>) -> tensor<12xf32>
  return %3, %2 : tensor<12xf32>, tensor<1x8x3xf32>
}

// CHECK-LABEL: func.func @in_place
// CHECK: %[[A:.*]] = nn.kernel
// CHECK: nn.kernel({{.*}} = %[[A]]) {{.*}} {nn.in_place = 0 : i64}
func.func @in_place(%x: tensor<4x8xf32>) -> tensor<4xf32> {
  %0 = nn.normalize layer %x axes [0] epsilon 1.0e-3 : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = nn.kernel(%a = %0) algorithm("loops") tile [0, 0, 1] units [1] : (tensor<4x8xf32>) -> tensor<4x8xf32> {
    %t = nn.unary tanh %a : (tensor<4x8xf32>) -> tensor<4x8xf32>
    nn.yield %t : tensor<4x8xf32>
  }
  %2 = nn.softmax %1 axes [0] : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %3 = nn.reduce sum %2 axes [1] : (tensor<4x8xf32>) -> tensor<4xf32>
  return %3 : tensor<4xf32>
}

// Through a reshape, over integers as wide, and over what lies in place itself; a softmax, too, once it has read its row.
// CHECK-LABEL: func.func @chain_in_place
// CHECK: nn.kernel
// CHECK-NEXT: nn.contract
// CHECK-COUNT-3: {nn.in_place = 0 : i64}
// CHECK: return
func.func @chain_in_place(%x: tensor<2x4xf32>, %y: tensor<4x6xf32>) -> tensor<2x2x3xf32> {
  %0 = nn.kernel(%a = %x, %b = %y) algorithm("loops") tile [0, 0, 1] units [1] : (tensor<2x4xf32>, tensor<4x6xf32>) -> tensor<2x6xi32> {
    %c = nn.contract %a, %b contracting [1] x [0] : (tensor<2x4xf32>, tensor<4x6xf32>) -> tensor<2x6xf32>
    %i = nn.cast %c : (tensor<2x6xf32>) -> tensor<2x6xi32>
    nn.yield %i : tensor<2x6xi32>
  }
  %1 = nn.reshape %0 shape [2, 2, 3] : (tensor<2x6xi32>) -> tensor<2x2x3xi32>
  %2 = nn.kernel(%a = %1) algorithm("loops") tile [0, 0, 1] units [1] : (tensor<2x2x3xi32>) -> tensor<2x2x3xf32> {
    %f = nn.cast %a : (tensor<2x2x3xi32>) -> tensor<2x2x3xf32>
    nn.yield %f : tensor<2x2x3xf32>
  }
  %3 = nn.kernel(%a = %2) algorithm("loops") tile [0, 0, 1] units [1] : (tensor<2x2x3xf32>) -> tensor<2x2x3xf32> {
    %t = nn.unary tanh %a : (tensor<2x2x3xf32>) -> tensor<2x2x3xf32>
    nn.yield %t : tensor<2x2x3xf32>
  }
  %4 = nn.kernel(%a = %3) algorithm("loops") tile [0, 0, 1] units [1] : (tensor<2x2x3xf32>) -> tensor<2x2x3xf32> {
    %s = nn.softmax %a axes [1] : (tensor<2x2x3xf32>) -> tensor<2x2x3xf32>
    nn.yield %s : tensor<2x2x3xf32>
  }
  return %4 : tensor<2x2x3xf32>
}

// %0 is read again later.
// CHECK-LABEL: func.func @not_in_place
// CHECK-NOT: nn.in_place
func.func @not_in_place(%x: tensor<4x8xf32>) -> tensor<4x4xf32> {
  %0 = nn.unary exp %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = nn.softmax %0 axes [0] : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = nn.contract %0, %1 contracting [1] x [1] : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x4xf32>
  return %2 : tensor<4x4xf32>
}
