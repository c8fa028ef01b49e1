// RUN: layerc-opt %s -nn-to-plan -plan-memory -plan-check --check-values | FileCheck %s
// The functions of a named module become entries of one program: they share weights and native functions, and each has an
// arena and a certificate of its own.

// CHECK-LABEL: plan.program @gain weights(64)
// CHECK-COUNT-1: plan.weight @w offset(0) bytes(16)
// CHECK-NOT: plan.weight @
// CHECK: plan.kernel @mul_1x4
// CHECK: plan.kernel @softmax_1x4
// CHECK: plan.kernel @exp_4
// CHECK: plan.kernel @mul_8x4
// CHECK: plan.kernel @softmax_8x4
// CHECK-NOT: plan.kernel
// CHECK: plan.entry size("1") batch(1) target({{.*}}) arena(64) bound(64) {{.*}} search("proved")
// CHECK: plan.input "x" : memref<1x4xf32>
// CHECK: plan.step @mul_1x4
// CHECK: plan.step @exp_4
// CHECK: plan.entry size("8") batch(8) target({{.*}}) arena(128) bound(128) {{.*}} search("proved")
// CHECK: plan.input "x" : memref<8x4xf32>
// CHECK: plan.weight_ref @w
// CHECK: plan.step @mul_8x4
// CHECK: plan.step @exp_4
module @gain {
  func.func @"1"(%x: tensor<1x4xf32> {nn.name = "x"}) -> (tensor<1x4xf32> {nn.name = "y"}, tensor<4xf32> {nn.name = "z"}) {
    %w = nn.weight "w" : tensor<4xf32>
    %0 = nn.kernel(%a = %x, %b = %w) algorithm("loops") tile [0, 0, 1] units [1] : (tensor<1x4xf32>, tensor<4xf32>) -> tensor<1x4xf32> {
      %c = nn.binary mul %a, %b : (tensor<1x4xf32>, tensor<4xf32>) -> tensor<1x4xf32>
      nn.yield %c : tensor<1x4xf32>
    }
    %1 = nn.kernel(%a = %0) algorithm("loops") tile [0, 0, 1] units [1] : (tensor<1x4xf32>) -> tensor<1x4xf32> {
      %c = nn.softmax %a axes [1] : (tensor<1x4xf32>) -> tensor<1x4xf32>
      nn.yield %c : tensor<1x4xf32>
    }
    %2 = nn.kernel(%b = %w) algorithm("loops") tile [0, 0, 1] units [1] : (tensor<4xf32>) -> tensor<4xf32> {
      %c = nn.unary exp %b : (tensor<4xf32>) -> tensor<4xf32>
      nn.yield %c : tensor<4xf32>
    }
    return %1, %2 : tensor<1x4xf32>, tensor<4xf32>
  }
  func.func @"8"(%x: tensor<8x4xf32> {nn.name = "x"}) -> (tensor<8x4xf32> {nn.name = "y"}, tensor<4xf32> {nn.name = "z"}) {
    %w = nn.weight "w" : tensor<4xf32>
    %0 = nn.kernel(%a = %x, %b = %w) algorithm("loops") tile [0, 0, 1] units [1] : (tensor<8x4xf32>, tensor<4xf32>) -> tensor<8x4xf32> {
      %c = nn.binary mul %a, %b : (tensor<8x4xf32>, tensor<4xf32>) -> tensor<8x4xf32>
      nn.yield %c : tensor<8x4xf32>
    }
    %1 = nn.kernel(%a = %0) algorithm("loops") tile [0, 0, 1] units [1] : (tensor<8x4xf32>) -> tensor<8x4xf32> {
      %c = nn.softmax %a axes [1] : (tensor<8x4xf32>) -> tensor<8x4xf32>
      nn.yield %c : tensor<8x4xf32>
    }
    %2 = nn.kernel(%b = %w) algorithm("loops") tile [0, 0, 1] units [1] : (tensor<4xf32>) -> tensor<4xf32> {
      %c = nn.unary exp %b : (tensor<4xf32>) -> tensor<4xf32>
      nn.yield %c : tensor<4xf32>
    }
    return %1, %2 : tensor<8x4xf32>, tensor<4xf32>
  }
}
