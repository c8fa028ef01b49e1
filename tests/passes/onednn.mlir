// RUN: layerc-opt %s --layerc-plan=kernels=onednn 2>/dev/null | FileCheck %s
// RUN: layerc-opt %s --layerc-plan=kernels=onednn --check-values 2>/dev/null | FileCheck %s
// RUN: layerc-opt %s --layerc-plan=kernels=mlir 2>/dev/null | FileCheck %s --check-prefix=MLIR
// RUN: not layerc-opt %s --layerc-plan=kernels=other 2>&1 | FileCheck %s --check-prefix=OTHER
// With --kernels=onednn a convolution takes bias and relu along; what oneDNN is not given becomes loops behind it.

// MLIR-NOT: external
// OTHER: error: kernels come from mlir, onednn or auto; got 'other'

// CHECK-LABEL: plan.program @model
// CHECK: plan.kernel @{{[^ ]*}} algorithm("onednn") tile [] units [1] shared(0) worker(0) [memref<1x8x8x3xf32>, memref<3x3x3x16xf32>, memref<16xf32>] -> [memref<1x4x4x16xf32>] external <"layerc_onednn" "conv"[6, 1, 2, 2, 1, 1, 0, 0]> {
// CHECK: plan.kernel @{{[^ ]*}} algorithm("onednn") {{.*}} external <"layerc_onednn" "conv"[0, 16, 1, 1, 1, 1, 1, 1]> {
// CHECK: plan.kernel @{{[^ ]*}} algorithm("loops")
// CHECK: nn.unary silu
// CHECK: plan.kernel @{{[^ ]*}} algorithm("onednn") {{.*}} external <"layerc_onednn" "conv_transpose"[-1, 1, 2, 2, 1, 1, 0, 0]> {
// CHECK: plan.kernel @{{[^ ]*}} algorithm("onednn") {{.*}} external <"layerc_onednn" "contract"[0]> {
func.func @model(%x: tensor<1x8x8x3xf32> {nn.name = "x"}) -> (tensor<1x8x8x5xf32> {nn.name = "y"}) {
  %k = nn.weight "k" : tensor<3x3x3x16xf32>
  %b = nn.weight "b" : tensor<16xf32>
  %six = nn.constant dense<6.0> : tensor<f32>
  %c = nn.conv %x, %k strides [2, 2] pads [0, 1, 0, 1] : (tensor<1x8x8x3xf32>, tensor<3x3x3x16xf32>) -> tensor<1x4x4x16xf32>
  %d = nn.binary add %c, %b : (tensor<1x4x4x16xf32>, tensor<16xf32>) -> tensor<1x4x4x16xf32>
  %e = nn.unary relu %d : (tensor<1x4x4x16xf32>) -> tensor<1x4x4x16xf32>
  %f = nn.binary minimum %e, %six : (tensor<1x4x4x16xf32>, tensor<f32>) -> tensor<1x4x4x16xf32>
  %dk = nn.weight "dk" : tensor<3x3x1x16xf32>
  %g = nn.conv %f, %dk pads [1, 1, 1, 1] groups 16 : (tensor<1x4x4x16xf32>, tensor<3x3x1x16xf32>) -> tensor<1x4x4x16xf32>
  %h = nn.unary silu %g : (tensor<1x4x4x16xf32>) -> tensor<1x4x4x16xf32>
  %tk = nn.weight "tk" : tensor<2x2x16x7xf32>
  %t = nn.conv_transpose %h, %tk sizes [8, 8] strides [2, 2] : (tensor<1x4x4x16xf32>, tensor<2x2x16x7xf32>) -> tensor<1x8x8x7xf32>
  %r = nn.unary relu %t : (tensor<1x8x8x7xf32>) -> tensor<1x8x8x7xf32>
  %dense = nn.weight "dense" : tensor<7x5xf32>
  %y = nn.contract %r, %dense contracting [3] x [0] : (tensor<1x8x8x7xf32>, tensor<7x5xf32>) -> tensor<1x8x8x5xf32>
  return %y : tensor<1x8x8x5xf32>
}
