// RUN: layerc-opt %s -pass-pipeline='builtin.module(func.func(nn-set-precision))' | FileCheck %s
// Contractions and convolutions are marked; work on weights is not.

// CHECK-LABEL: func.func @model
func.func @model(%x: tensor<1x4x4x2xf32>) -> tensor<1x4x4x5xf32> {
  %k = nn.weight "k" : tensor<1x1x2x3xf32>
  %a = nn.weight "a" : tensor<3x4xf32>
  %b = nn.weight "b" : tensor<4x5xf32>
  // CHECK: nn.conv %{{.*}} {nn.precision = "f32"}
  %0 = nn.conv %x, %k : (tensor<1x4x4x2xf32>, tensor<1x1x2x3xf32>) -> tensor<1x4x4x3xf32>
  // CHECK: nn.contract %{{.*}} contracting [1] x [0] :
  %ab = nn.contract %a, %b contracting [1] x [0] : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  // CHECK: nn.contract %{{.*}} {nn.precision = "f32"}
  %1 = nn.contract %0, %ab contracting [3] x [0] : (tensor<1x4x4x3xf32>, tensor<3x5xf32>) -> tensor<1x4x4x5xf32>
  return %1 : tensor<1x4x4x5xf32>
}
