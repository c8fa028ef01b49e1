// RUN: layerc-opt %s -pass-pipeline='builtin.module(func.func(nn-select-kernels))' | FileCheck %s --check-prefix=ALONE
// RUN: layerc-opt %s -pass-pipeline='builtin.module(func.func(nn-select-kernels),nn-share-layouts)' --check-values | FileCheck %s
// RUN: layerc-opt %s -pass-pipeline='builtin.module(func.func(nn-select-kernels),nn-share-layouts,func.func(nn-schedule,nn-pack-weights),nn-to-plan)' | FileCheck %s --check-prefix=PLAN
// One row wants wider panels than many rows, which need registers for the sums of several rows. Both get the layout that slows
// them down least together, and the weight is there once.

// ALONE-LABEL: func.func @"64"
// ALONE: nn.layouts = [unit, #nn.layout<"panels" columns = 16 groups = 1>]
// ALONE-LABEL: func.func @"1"
// ALONE: nn.layouts = [unit, #nn.layout<"panels" columns = 64 groups = 1>]

// CHECK-LABEL: func.func @"64"
// CHECK: nn.layouts = [unit, #nn.layout<"panels" columns = 32 groups = 1>]
// CHECK-LABEL: func.func @"1"
// CHECK: nn.layouts = [unit, #nn.layout<"panels" columns = 32 groups = 1>]

// PLAN-COUNT-1: plan.weight @
// PLAN-NOT: plan.weight @
module @dense {
  func.func @"64"(%x: tensor<64x256xf32> {nn.name = "x"}) -> (tensor<64x512xf32> {nn.name = "y"}) {
    %w = nn.weight "w" : tensor<256x512xf32>
    %0 = nn.kernel(%a = %x, %b = %w) : (tensor<64x256xf32>, tensor<256x512xf32>) -> tensor<64x512xf32> {
      %c = nn.contract %a, %b contracting [1] x [0] : (tensor<64x256xf32>, tensor<256x512xf32>) -> tensor<64x512xf32>
      nn.yield %c : tensor<64x512xf32>
    }
    return %0 : tensor<64x512xf32>
  }
  func.func @"1"(%x: tensor<1x256xf32> {nn.name = "x"}) -> (tensor<1x512xf32> {nn.name = "y"}) {
    %w = nn.weight "w" : tensor<256x512xf32>
    %0 = nn.kernel(%a = %x, %b = %w) : (tensor<1x256xf32>, tensor<256x512xf32>) -> tensor<1x512xf32> {
      %c = nn.contract %a, %b contracting [1] x [0] : (tensor<1x256xf32>, tensor<256x512xf32>) -> tensor<1x512xf32>
      nn.yield %c : tensor<1x512xf32>
    }
    return %0 : tensor<1x512xf32>
  }
}
