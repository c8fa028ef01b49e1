// RUN: layerc-opt %s -pass-pipeline='builtin.module(func.func(nn-fold-affine))' --check-values | FileCheck %s
// Recipes stand where batch normalization stood; --check-values compares what is computed.

// CHECK-LABEL: func.func @after_conv_and_bias
// CHECK-NOT: nn.affine
// CHECK: %[[K:.*]] = nn.binary mul %{{.*}} : (tensor<3x3x2x4xf32>, tensor<4xf32>)
// CHECK: %[[Y:.*]] = nn.conv %{{.*}}, %[[K]]
// CHECK: nn.binary add %[[Y]], %{{.*}} : (tensor<1x4x4x4xf32>, tensor<4xf32>)
func.func @after_conv_and_bias(%x: tensor<1x6x6x2xf32>) -> tensor<1x4x4x4xf32> {
  %k = nn.weight "k_3x3x2x4" : tensor<3x3x2x4xf32>
  %b = nn.weight "b_4" : tensor<4xf32>
  %s = nn.weight "s_4" : tensor<4xf32>
  %t = nn.weight "t_4" : tensor<4xf32>
  %0 = nn.conv %x, %k : (tensor<1x6x6x2xf32>, tensor<3x3x2x4xf32>) -> tensor<1x4x4x4xf32>
  %1 = nn.binary add %0, %b : (tensor<1x4x4x4xf32>, tensor<4xf32>) -> tensor<1x4x4x4xf32>
  %2 = nn.affine %1, %s, %t axis 3 : (tensor<1x4x4x4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<1x4x4x4xf32>
  return %2 : tensor<1x4x4x4xf32>
}

// CHECK-LABEL: func.func @after_depthwise_and_transposed
// CHECK-NOT: nn.affine
func.func @after_depthwise_and_transposed(%x: tensor<1x4x4x3xf32>) -> tensor<1x6x6x3xf32> {
  %k = nn.weight "k_2x2x1x3" : tensor<2x2x1x3xf32>
  %l = nn.weight "l_2x2x3x3" : tensor<2x2x3x3xf32>
  %s = nn.weight "s_3" : tensor<3xf32>
  %t = nn.weight "t_3" : tensor<3xf32>
  %0 = nn.conv %x, %k groups 3 : (tensor<1x4x4x3xf32>, tensor<2x2x1x3xf32>) -> tensor<1x3x3x3xf32>
  %1 = nn.affine %0, %s, %t axis 3 : (tensor<1x3x3x3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<1x3x3x3xf32>
  %2 = nn.conv_transpose %1, %l sizes [6, 6] strides [2, 2] : (tensor<1x3x3x3xf32>, tensor<2x2x3x3xf32>) -> tensor<1x6x6x3xf32>
  %3 = nn.affine %2, %s, %t axis 3 : (tensor<1x6x6x3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<1x6x6x3xf32>
  return %3 : tensor<1x6x6x3xf32>
}

// CHECK-LABEL: func.func @before_unpadded
// CHECK-NOT: nn.affine
// CHECK: nn.reduce sum %{{.*}} axes [0, 1, 2] : (tensor<2x2x3x4xf32>) -> tensor<4xf32>
func.func @before_unpadded(%x: tensor<1x4x4x3xf32>) -> tensor<1x3x3x5xf32> {
  %k = nn.weight "k_2x2x3x4" : tensor<2x2x3x4xf32>
  %w = nn.weight "w_4x5" : tensor<4x5xf32>
  %s = nn.weight "s_3" : tensor<3xf32>
  %t = nn.weight "t_3" : tensor<3xf32>
  %u = nn.weight "u_4" : tensor<4xf32>
  %0 = nn.affine %x, %s, %t axis 3 : (tensor<1x4x4x3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<1x4x4x3xf32>
  %1 = nn.conv %0, %k : (tensor<1x4x4x3xf32>, tensor<2x2x3x4xf32>) -> tensor<1x3x3x4xf32>
  %2 = nn.unary relu %1 : (tensor<1x3x3x4xf32>) -> tensor<1x3x3x4xf32>
  %3 = nn.affine %2, %u, %u axis 3 : (tensor<1x3x3x4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<1x3x3x4xf32>
  %4 = nn.contract %3, %w contracting [3] x [0] : (tensor<1x3x3x4xf32>, tensor<4x5xf32>) -> tensor<1x3x3x5xf32>
  return %4 : tensor<1x3x3x5xf32>
}

// The zeros of the padding are not shifted, so the affine stays.
// CHECK-LABEL: func.func @before_padded
// CHECK: nn.affine
func.func @before_padded(%x: tensor<1x4x4x3xf32>) -> tensor<1x4x4x4xf32> {
  %k = nn.weight "k_3x3x3x4" : tensor<3x3x3x4xf32>
  %s = nn.weight "s_3" : tensor<3xf32>
  %0 = nn.affine %x, %s, %s axis 3 : (tensor<1x4x4x3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<1x4x4x3xf32>
  %1 = nn.conv %0, %k pads [1, 1, 1, 1] : (tensor<1x4x4x3xf32>, tensor<3x3x3x4xf32>) -> tensor<1x4x4x4xf32>
  return %1 : tensor<1x4x4x4xf32>
}

// Someone else reads the convolution's result, and a computed scale is no recipe.
// CHECK-LABEL: func.func @stay
// CHECK-COUNT-2: nn.affine
func.func @stay(%x: tensor<1x4xf32>, %c: tensor<4xf32>) -> (tensor<1x4xf32>, tensor<1x4xf32>) {
  %w = nn.weight "w_4x4" : tensor<4x4xf32>
  %s = nn.weight "s_4" : tensor<4xf32>
  %0 = nn.contract %x, %w contracting [1] x [0] : (tensor<1x4xf32>, tensor<4x4xf32>) -> tensor<1x4xf32>
  %1 = nn.affine %0, %s, %s axis 1 : (tensor<1x4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<1x4xf32>
  %2 = nn.binary mul %0, %1 : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  %3 = nn.contract %2, %w contracting [1] x [0] : (tensor<1x4xf32>, tensor<4x4xf32>) -> tensor<1x4xf32>
  %4 = nn.affine %3, %c, %s axis 1 : (tensor<1x4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<1x4xf32>
  return %2, %4 : tensor<1x4xf32>, tensor<1x4xf32>
}

// CHECK-LABEL: func.func @two_in_a_row
// CHECK-COUNT-1: nn.affine
// CHECK-NOT: nn.affine
func.func @two_in_a_row(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %s = nn.weight "s_4" : tensor<4xf32>
  %t = nn.weight "t_4" : tensor<4xf32>
  %0 = nn.affine %x, %s, %t axis 1 : (tensor<1x4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<1x4xf32>
  %1 = nn.affine %0, %t, %s axis 1 : (tensor<1x4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<1x4xf32>
  return %1 : tensor<1x4xf32>
}
