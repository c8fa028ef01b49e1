// RUN: layerc-opt %s -pass-pipeline='builtin.module(func.func(nn-simplify))' --check-values | FileCheck %s

// A channels_first model: each convolution stands between two transposes, of which only the outermost stay.
// CHECK-LABEL: func.func @channels_first
// CHECK: nn.transpose %{{.*}} permutation [0, 2, 3, 1]
// CHECK-NEXT: nn.conv
// CHECK-NEXT: nn.unary relu
// CHECK-NEXT: nn.pool max
// CHECK: nn.binary add
// CHECK-NEXT: nn.conv
// CHECK-NEXT: nn.transpose %{{.*}} permutation [0, 3, 1, 2]
// CHECK-NEXT: return
func.func @channels_first(%x: tensor<1x3x8x8xf32>) -> tensor<1x5x2x2xf32> {
  %k = nn.weight "a_3x3x3x4" : tensor<3x3x3x4xf32>
  %l = nn.weight "b_2x2x4x5" : tensor<2x2x4x5xf32>
  %c = nn.weight "c_4x3x3" : tensor<4x3x3xf32>
  %0 = nn.transpose %x permutation [0, 2, 3, 1] : (tensor<1x3x8x8xf32>) -> tensor<1x8x8x3xf32>
  %1 = nn.conv %0, %k : (tensor<1x8x8x3xf32>, tensor<3x3x3x4xf32>) -> tensor<1x6x6x4xf32>
  %2 = nn.transpose %1 permutation [0, 3, 1, 2] : (tensor<1x6x6x4xf32>) -> tensor<1x4x6x6xf32>
  %3 = nn.unary relu %2 : (tensor<1x4x6x6xf32>) -> tensor<1x4x6x6xf32>
  %4 = nn.transpose %3 permutation [0, 2, 3, 1] : (tensor<1x4x6x6xf32>) -> tensor<1x6x6x4xf32>
  %5 = nn.pool max %4 window [2, 2] strides [2, 2] : (tensor<1x6x6x4xf32>) -> tensor<1x3x3x4xf32>
  %6 = nn.transpose %5 permutation [0, 3, 1, 2] : (tensor<1x3x3x4xf32>) -> tensor<1x4x3x3xf32>
  %7 = nn.binary add %6, %c : (tensor<1x4x3x3xf32>, tensor<4x3x3xf32>) -> tensor<1x4x3x3xf32>
  %8 = nn.transpose %7 permutation [0, 2, 3, 1] : (tensor<1x4x3x3xf32>) -> tensor<1x3x3x4xf32>
  %9 = nn.conv %8, %l : (tensor<1x3x3x4xf32>, tensor<2x2x4x5xf32>) -> tensor<1x2x2x5xf32>
  %10 = nn.transpose %9 permutation [0, 3, 1, 2] : (tensor<1x2x2x5xf32>) -> tensor<1x5x2x2xf32>
  return %10 : tensor<1x5x2x2xf32>
}

// CHECK-LABEL: func.func @through_affine_concat_and_pad
// CHECK: nn.affine %{{.*}} axis 2
// CHECK: nn.concat %{{.*}} axis 2
// CHECK: nn.pad %{{.*}} low [0, 0, 1] high [0, 2, 0]
// CHECK: nn.transpose
// CHECK-NOT: nn.transpose
func.func @through_affine_concat_and_pad(%x: tensor<2x3x4xf32>) -> tensor<2x9x5xf32> {
  %s = nn.weight "s_4" : tensor<4xf32>
  %0 = nn.transpose %x permutation [0, 2, 1] : (tensor<2x3x4xf32>) -> tensor<2x4x3xf32>
  %1 = nn.affine %0, %s, %s axis 1 : (tensor<2x4x3xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<2x4x3xf32>
  %2 = nn.concat %0, %1 axis 1 : (tensor<2x4x3xf32>, tensor<2x4x3xf32>) -> tensor<2x8x3xf32>
  %3 = nn.pad %2 low [0, 1, 0] high [0, 0, 2] value 1.0 : (tensor<2x8x3xf32>) -> tensor<2x9x5xf32>
  return %3 : tensor<2x9x5xf32>
}

// CHECK-LABEL: func.func @through_reduce_and_softmax
// CHECK: nn.softmax %{{.*}} axes [1]
// CHECK: nn.reduce mean %{{.*}} axes [1, 2]
// CHECK-NOT: nn.transpose
func.func @through_reduce_and_softmax(%x: tensor<2x3x5x4xf32>) -> tensor<2x4xf32> {
  %0 = nn.transpose %x permutation [0, 3, 1, 2] : (tensor<2x3x5x4xf32>) -> tensor<2x4x3x5xf32>
  %1 = nn.softmax %0 axes [2] : (tensor<2x4x3x5xf32>) -> tensor<2x4x3x5xf32>
  %2 = nn.reduce mean %1 axes [2, 3] : (tensor<2x4x3x5xf32>) -> tensor<2x4xf32>
  return %2 : tensor<2x4xf32>
}

// CHECK-LABEL: func.func @pad_into_conv
// CHECK-NOT: nn.pad
// CHECK: nn.conv %{{.*}} pads [2, 1, 1, 3]
func.func @pad_into_conv(%x: tensor<1x4x4x2xf32>) -> tensor<1x5x6x3xf32> {
  %k = nn.weight "k_3x3x2x3" : tensor<3x3x2x3xf32>
  %0 = nn.pad %x low [0, 1, 0, 0] high [0, 0, 2, 0] value 0.0 : (tensor<1x4x4x2xf32>) -> tensor<1x5x6x2xf32>
  %1 = nn.conv %0, %k pads [1, 1, 1, 1] : (tensor<1x5x6x2xf32>, tensor<3x3x2x3xf32>) -> tensor<1x5x6x3xf32>
  return %1 : tensor<1x5x6x3xf32>
}

// Ones in the margin are no zeros outside the input.
// CHECK-LABEL: func.func @other_pads_stay
// CHECK: nn.pad
// CHECK: nn.conv
func.func @other_pads_stay(%x: tensor<1x4x4x2xf32>) -> tensor<1x4x4x3xf32> {
  %k = nn.weight "k_3x3x2x3" : tensor<3x3x2x3xf32>
  %0 = nn.pad %x low [0, 1, 1, 0] high [0, 1, 1, 0] value 1.0 : (tensor<1x4x4x2xf32>) -> tensor<1x6x6x2xf32>
  %1 = nn.conv %0, %k : (tensor<1x6x6x2xf32>, tensor<3x3x2x3xf32>) -> tensor<1x4x4x3xf32>
  return %1 : tensor<1x4x4x3xf32>
}

// A bias and a scale of heads follow the product directly; the weight's recipe is reshaped instead.
// CHECK-LABEL: func.func @reshape_behind_bias
// CHECK: nn.contract
// CHECK: nn.reshape %{{.*}} shape [6]
// CHECK: nn.binary add
// CHECK: nn.binary mul
// CHECK: nn.reshape %{{.*}} shape [1, 5, 2, 3]
func.func @reshape_behind_bias(%x: tensor<1x5x4xf32>) -> tensor<1x5x2x3xf32> {
  %w = nn.weight "w_4x6" : tensor<4x6xf32>
  %b = nn.weight "b_2x3" : tensor<2x3xf32>
  %scale = nn.constant dense<0.5> : tensor<f32>
  %0 = nn.contract %x, %w contracting [2] x [0] : (tensor<1x5x4xf32>, tensor<4x6xf32>) -> tensor<1x5x6xf32>
  %1 = nn.reshape %0 shape [1, 5, 2, 3] : (tensor<1x5x6xf32>) -> tensor<1x5x2x3xf32>
  %2 = nn.binary add %1, %b : (tensor<1x5x2x3xf32>, tensor<2x3xf32>) -> tensor<1x5x2x3xf32>
  %3 = nn.binary mul %2, %scale : (tensor<1x5x2x3xf32>, tensor<f32>) -> tensor<1x5x2x3xf32>
  return %3 : tensor<1x5x2x3xf32>
}

// A weight over other dimensions than the trailing ones keeps the reshape where it is.
// CHECK-LABEL: func.func @reshape_before_other_weight
// CHECK: nn.reshape %arg0 shape [2, 3]
// CHECK: nn.binary add
func.func @reshape_before_other_weight(%x: tensor<6xf32>) -> tensor<2x3xf32> {
  %b = nn.weight "b_2x1" : tensor<2x1xf32>
  %0 = nn.reshape %x shape [2, 3] : (tensor<6xf32>) -> tensor<2x3xf32>
  %1 = nn.binary add %0, %b : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @equal_and_dead
// CHECK-COUNT-1: nn.unary exp
// CHECK-NOT: nn.unary exp
// CHECK-NOT: nn.weight
func.func @equal_and_dead(%x: tensor<4xf32>) -> tensor<4xf32> {
  %w = nn.weight "unused_4" : tensor<4xf32>
  %0 = nn.unary exp %x : (tensor<4xf32>) -> tensor<4xf32>
  %1 = nn.unary exp %x : (tensor<4xf32>) -> tensor<4xf32>
  %2 = nn.binary add %0, %1 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %2 : tensor<4xf32>
}
