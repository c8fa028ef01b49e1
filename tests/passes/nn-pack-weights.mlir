// RUN: layerc-opt %s -pass-pipeline='builtin.module(func.func(nn-pack-weights))' --check-values | FileCheck %s
// Packing joins the recipe; the body unpacks, so that it still says what is computed.

// CHECK-LABEL: func.func @model
// CHECK: %[[W:.*]] = nn.weight "w"
// CHECK: %[[P:.*]] = nn.pack %[[W]] <"panels" columns = 8 groups = 1> : (tensor<6x10xf32>) -> tensor<1x2x6x8xf32>
// CHECK: nn.kernel(%{{.*}} = %{{.*}}, %[[A:.*]] = %[[P]]) algorithm("conv")
// CHECK-NOT: nn.layouts
// CHECK: nn.unpack %[[A]] <"panels" columns = 8 groups = 1> : (tensor<1x2x6x8xf32>) -> tensor<6x10xf32>
func.func @model(%x: tensor<3x6xf32>) -> tensor<3x10xf32> {
  %w = nn.weight "w" : tensor<6x10xf32>
  %0 = nn.kernel(%a = %x, %b = %w) algorithm("conv") tile [3, 1, 1, 1] units [1] {nn.layouts = [unit, #nn.layout<"panels" columns = 8 groups = 1>]} : (tensor<3x6xf32>, tensor<6x10xf32>) -> tensor<3x10xf32> {
    %c = nn.contract %a, %b contracting [1] x [0] : (tensor<3x6xf32>, tensor<6x10xf32>) -> tensor<3x10xf32>
    nn.yield %c : tensor<3x10xf32>
  }
  return %0 : tensor<3x10xf32>
}
