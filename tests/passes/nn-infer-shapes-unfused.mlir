// RUN: layerc-opt %s -pass-pipeline='builtin.module(func.func(nn-infer-shapes))' | FileCheck %s
// The memory of the layers one by one: tanh and exp work in place; what is broadcast is needed while the product is
// written.
// CHECK-LABEL: func.func @in_place
// CHECK-SAME: nn.unfused = 0 : i64
func.func @in_place(%x: tensor<4x64xf32>) -> tensor<4x64xf32> {
  %0 = nn.unary exp %x : (tensor<4x64xf32>) -> tensor<4x64xf32> loc("layer")
  %1 = nn.unary tanh %0 : (tensor<4x64xf32>) -> tensor<4x64xf32> loc("layer")
  return %1 : tensor<4x64xf32>
}
// CHECK-LABEL: func.func @broadcast_beside
// CHECK-SAME: nn.unfused = 64 : i64
func.func @broadcast_beside(%x: tensor<4x64xf32>) -> tensor<4x64xf32> {
  %0 = nn.reduce max %x axes [1] : (tensor<4x64xf32>) -> tensor<4xf32> loc("layer")
  %1 = nn.reshape %0 shape [4, 1] : (tensor<4xf32>) -> tensor<4x1xf32> loc("layer")
  %2 = nn.unary exp %1 : (tensor<4x1xf32>) -> tensor<4x1xf32> loc("layer")
  %3 = nn.binary mul %x, %2 : (tensor<4x64xf32>, tensor<4x1xf32>) -> tensor<4x64xf32> loc("layer")
  return %3 : tensor<4x64xf32>
}
