// RUN: layerc-opt %s -pass-pipeline='builtin.module(func.func(nn-infer-shapes{batch=3}))' | FileCheck %s
// RUN: layerc-opt %s -pass-pipeline='builtin.module(func.func(nn-infer-shapes{input-shapes=image=2x6x6x1}))' | FileCheck %s --check-prefix=SHAPE
// Types follow from the arguments' types; sizes of -1 follow along.

// CHECK-LABEL: func.func @model(%{{.*}}: tensor<3x8x8x1xf32> {nn.name = "image"}) -> tensor<192x2xi32>
// SHAPE-LABEL: func.func @model(%{{.*}}: tensor<2x6x6x1xf32> {nn.name = "image"}) -> tensor<72x2xi32>
func.func @model(%x: tensor<1x8x8x1xf32> {nn.name = "image"}) -> tensor<64x2xi32> {
  %w = nn.weight "kernel" : tensor<3x3x1x2xf32>
  // CHECK: nn.conv {{.*}} -> tensor<3x8x8x2xf32>
  // SHAPE: nn.conv {{.*}} -> tensor<2x6x6x2xf32>
  %0 = nn.conv %x, %w pads [1, 1, 1, 1] : (tensor<1x8x8x1xf32>, tensor<3x3x1x2xf32>) -> tensor<1x8x8x2xf32>
  %1 = nn.cast %0 : (tensor<1x8x8x2xf32>) -> tensor<1x8x8x2xi32>
  // CHECK: nn.reshape {{.*}} shape {{.*}} : (tensor<3x8x8x2xi32>) -> tensor<192x2xi32>
  %2 = nn.reshape %1 shape [-1, 2] : (tensor<1x8x8x2xi32>) -> tensor<64x2xi32>
  return %2 : tensor<64x2xi32>
}
