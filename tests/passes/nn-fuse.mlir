// RUN: layerc-opt %s -pass-pipeline='builtin.module(func.func(nn-fuse))' --check-values -verify-diagnostics | FileCheck %s
// What becomes one kernel, and in remarks what does not and why.

// CHECK-LABEL: func.func @conv_with_all_that_follows
// CHECK: nn.kernel
// CHECK-NEXT: nn.conv
// CHECK-NEXT: nn.binary add
// CHECK-NEXT: nn.affine
// CHECK-NEXT: nn.unary relu
// CHECK-NEXT: nn.binary add
// CHECK-NEXT: nn.yield
// CHECK-NOT: nn.kernel
func.func @conv_with_all_that_follows(%x: tensor<1x6x6x2xf32>, %residual: tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32> {
  %k = nn.weight "k" : tensor<3x3x2x4xf32>
  %b = nn.weight "b" : tensor<4xf32>
  %0 = nn.conv %x, %k : (tensor<1x6x6x2xf32>, tensor<3x3x2x4xf32>) -> tensor<1x4x4x4xf32>
  %1 = nn.binary add %0, %b : (tensor<1x4x4x4xf32>, tensor<4xf32>) -> tensor<1x4x4x4xf32>
  %2 = nn.affine %1, %b, %b axis 3 : (tensor<1x4x4x4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<1x4x4x4xf32>
  %3 = nn.unary relu %2 : (tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
  %4 = nn.binary add %3, %residual : (tensor<1x4x4x4xf32>, tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
  return %4 : tensor<1x4x4x4xf32>
}

// Query times keys, scaled and masked, softmax, times values, in the order of the heads' rows: one kernel.
// CHECK-LABEL: func.func @attention
// CHECK: nn.kernel
// CHECK-NEXT: nn.contract
// CHECK-NEXT: nn.constant
// CHECK-NEXT: nn.binary mul
// CHECK-NEXT: nn.binary add
// CHECK-NEXT: nn.softmax
// CHECK-NEXT: nn.contract
// CHECK-NEXT: nn.transpose
// CHECK-NEXT: nn.yield
// CHECK-NOT: nn.kernel
func.func @attention(%q: tensor<1x5x2x4xf32>, %k: tensor<1x6x2x4xf32>, %v: tensor<1x6x2x3xf32>, %mask: tensor<5x6xf32>) -> tensor<1x5x2x3xf32> {
  %scale = nn.constant dense<0.5> : tensor<f32>
  %0 = nn.contract %q, %k batch [0, 2] x [0, 2] contracting [3] x [3] : (tensor<1x5x2x4xf32>, tensor<1x6x2x4xf32>) -> tensor<1x2x5x6xf32>
  %1 = nn.binary mul %0, %scale : (tensor<1x2x5x6xf32>, tensor<f32>) -> tensor<1x2x5x6xf32>
  %2 = nn.binary add %1, %mask : (tensor<1x2x5x6xf32>, tensor<5x6xf32>) -> tensor<1x2x5x6xf32>
  %3 = nn.softmax %2 axes [3] : (tensor<1x2x5x6xf32>) -> tensor<1x2x5x6xf32>
  %4 = nn.contract %3, %v batch [0, 1] x [0, 2] contracting [3] x [1] : (tensor<1x2x5x6xf32>, tensor<1x6x2x3xf32>) -> tensor<1x2x5x3xf32>
  %5 = nn.transpose %4 permutation [0, 2, 1, 3] : (tensor<1x2x5x3xf32>) -> tensor<1x5x2x3xf32>
  return %5 : tensor<1x5x2x3xf32>
}

// A scalar is part of the kernel, not an operand.
// CHECK-LABEL: func.func @dense_with_softmax
// CHECK: nn.kernel(%{{.*}} = %{{.*}}, %{{.*}} = %{{.*}}) :
// CHECK-NEXT: nn.contract
// CHECK-NEXT: nn.constant
// CHECK-NEXT: nn.binary mul
// CHECK-NEXT: nn.softmax
// CHECK-NEXT: nn.yield
func.func @dense_with_softmax(%x: tensor<1x8xf32>) -> tensor<1x5xf32> {
  %w = nn.weight "w" : tensor<8x5xf32>
  %half = nn.constant dense<0.5> : tensor<f32>
  %0 = nn.contract %x, %w contracting [1] x [0] : (tensor<1x8xf32>, tensor<8x5xf32>) -> tensor<1x5xf32>
  %1 = nn.binary mul %0, %half : (tensor<1x5xf32>, tensor<f32>) -> tensor<1x5xf32>
  %2 = nn.softmax %1 axes [1] : (tensor<1x5xf32>) -> tensor<1x5xf32>
  return %2 : tensor<1x5xf32>
}

// Movements and cheap functions come into the loops that read them, from both sides.
// CHECK-LABEL: func.func @prologues
// CHECK: nn.kernel
// CHECK-NEXT: nn.transpose
// CHECK-NEXT: nn.slice
// CHECK-NEXT: nn.unary exp
// CHECK-NEXT: nn.unary tanh
// CHECK-NEXT: nn.binary mul
// CHECK-NEXT: nn.reduce sum
// CHECK-NEXT: nn.yield
// CHECK-NOT: nn.kernel
func.func @prologues(%x: tensor<2x4x6xf32>, %y: tensor<2x5x4xf32>) -> tensor<2x4xf32> {
  %0 = nn.transpose %x permutation [0, 2, 1] : (tensor<2x4x6xf32>) -> tensor<2x6x4xf32>
  %1 = nn.slice %0 starts [0, 1, 0] sizes [2, 5, 4] : (tensor<2x6x4xf32>) -> tensor<2x5x4xf32>
  %2 = nn.unary exp %1 : (tensor<2x5x4xf32>) -> tensor<2x5x4xf32>
  %3 = nn.unary tanh %y : (tensor<2x5x4xf32>) -> tensor<2x5x4xf32>
  %4 = nn.binary mul %2, %3 : (tensor<2x5x4xf32>, tensor<2x5x4xf32>) -> tensor<2x5x4xf32>
  %5 = nn.reduce sum %4 axes [1] : (tensor<2x5x4xf32>) -> tensor<2x4xf32>
  return %5 : tensor<2x4xf32>
}

// CHECK-LABEL: func.func @pad_into_pool
// CHECK: nn.kernel
// CHECK-NEXT: nn.pad
// CHECK-NEXT: nn.pool
// CHECK-NEXT: nn.yield
func.func @pad_into_pool(%x: tensor<1x4x4x3xf32>) -> tensor<1x3x3x3xf32> {
  %0 = nn.pad %x low [0, 1, 1, 0] high [0, 1, 1, 0] value 0.0 : (tensor<1x4x4x3xf32>) -> tensor<1x6x6x3xf32>
  %1 = nn.pool max %0 window [2, 2] strides [2, 2] : (tensor<1x6x6x3xf32>) -> tensor<1x3x3x3xf32>
  return %1 : tensor<1x3x3x3xf32>
}

// All readers of the convolution meet again in the last multiplication, so that it reads both sides in registers.
// CHECK-LABEL: func.func @readers_that_meet
// CHECK: nn.kernel
// CHECK-NEXT: nn.conv
// CHECK-NEXT: nn.binary add
// CHECK-NEXT: nn.unary sigmoid
// CHECK-NEXT: nn.binary mul
// CHECK-NEXT: nn.yield
// CHECK: nn.kernel
// CHECK-NOT: nn.kernel
func.func @readers_that_meet(%x: tensor<1x4x4x2xf32>) -> (tensor<1x4x4x3xf32>, tensor<1x4x4x3xf32>) {
  %k = nn.weight "k3" : tensor<1x1x2x3xf32>
  %b = nn.weight "b3" : tensor<3xf32>
  %0 = nn.conv %x, %k : (tensor<1x4x4x2xf32>, tensor<1x1x2x3xf32>) -> tensor<1x4x4x3xf32>
  %1 = nn.binary add %0, %b : (tensor<1x4x4x3xf32>, tensor<3xf32>) -> tensor<1x4x4x3xf32>
  %2 = nn.unary sigmoid %1 : (tensor<1x4x4x3xf32>) -> tensor<1x4x4x3xf32>
  %3 = nn.binary mul %1, %2 : (tensor<1x4x4x3xf32>, tensor<1x4x4x3xf32>) -> tensor<1x4x4x3xf32>
  // expected-remark @+1 {{nn.unary is not fused into the kernel before it: its operand has other uses}}
  %4 = nn.unary exp %3 : (tensor<1x4x4x3xf32>) -> tensor<1x4x4x3xf32>
  return %3, %4 : tensor<1x4x4x3xf32>, tensor<1x4x4x3xf32>
}

// CHECK-LABEL: func.func @other_uses
// CHECK-COUNT-2: nn.kernel
func.func @other_uses(%x: tensor<1x8xf32>) -> (tensor<1x8xf32>, tensor<1x8xf32>) {
  %0 = nn.unary exp %x : (tensor<1x8xf32>) -> tensor<1x8xf32>
  // expected-remark @+1 {{nn.unary is not fused into the kernel before it: its operand has other uses}}
  %1 = nn.unary tanh %0 : (tensor<1x8xf32>) -> tensor<1x8xf32>
  return %0, %1 : tensor<1x8xf32>, tensor<1x8xf32>
}

// CHECK-LABEL: func.func @computed_again
// CHECK-COUNT-2: nn.kernel
func.func @computed_again(%x: tensor<1x4x4x3xf32>) -> tensor<1x3x3x3xf32> {
  %0 = nn.unary exp %x : (tensor<1x4x4x3xf32>) -> tensor<1x4x4x3xf32>
  // expected-remark @+1 {{nn.pool is not fused into the kernel before it: it would compute its operand several times}}
  %1 = nn.pool max %0 window [2, 2] : (tensor<1x4x4x3xf32>) -> tensor<1x3x3x3xf32>
  return %1 : tensor<1x3x3x3xf32>
}

// The heavy op keeps its own template.
// CHECK-LABEL: func.func @no_prologue_of_conv
// CHECK-COUNT-2: nn.kernel
func.func @no_prologue_of_conv(%x: tensor<1x2x4x4xf32>) -> tensor<1x4x4x3xf32> {
  %k = nn.weight "k2" : tensor<1x1x2x3xf32>
  %0 = nn.transpose %x permutation [0, 2, 3, 1] : (tensor<1x2x4x4xf32>) -> tensor<1x4x4x2xf32>
  // expected-remark @+1 {{nn.conv is not fused into the kernel before it: it is not computed by loops}}
  %1 = nn.conv %0, %k : (tensor<1x4x4x2xf32>, tensor<1x1x2x3xf32>) -> tensor<1x4x4x3xf32>
  return %1 : tensor<1x4x4x3xf32>
}

// Inputs, weights and what is returned twice are copied into the results' own bytes.
// CHECK-LABEL: func.func @copies
// CHECK-COUNT-5: nn.kernel
// CHECK-NOT: nn.kernel
func.func @copies(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<6xf32>, tensor<4xf32>, tensor<2x3xf32>, tensor<6xf32>) {
  %w = nn.weight "v" : tensor<4xf32>
  %0 = nn.reshape %x shape [6] : (tensor<2x3xf32>) -> tensor<6xf32>
  %1 = nn.unary exp %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %2 = nn.reshape %1 shape [6] : (tensor<2x3xf32>) -> tensor<6xf32>
  return %x, %0, %w, %1, %2 : tensor<2x3xf32>, tensor<6xf32>, tensor<4xf32>, tensor<2x3xf32>, tensor<6xf32>
}
