// RUN: layerc-opt %s | layerc-opt | FileCheck %s
// Every op of the plan dialect parses, prints and reads its own print.

// CHECK-LABEL: plan.program @digits weights(640) {
plan.program @digits weights(640) {
  // CHECK: plan.weight @w0 offset(0) bytes(512) {
  plan.weight @w0 offset(0) bytes(512) {
    %w = nn.weight "dense/kernel" : tensor<8x10xf32>
    %p = nn.pack %w <"panels" columns = 16 groups = 1> : (tensor<8x10xf32>) -> tensor<1x1x8x16xf32>
    // CHECK: nn.yield %{{.*}} : tensor<1x1x8x16xf32>
    nn.yield %p : tensor<1x1x8x16xf32>
  }
  // CHECK: plan.weight @b0 offset(512) bytes(40) {
  plan.weight @b0 offset(512) bytes(40) {
    %b = nn.weight "dense/bias" : tensor<10xf32>
    nn.yield %b : tensor<10xf32>
  }
  // CHECK: plan.kernel @dense_8_10 algorithm("gemv") tile [1, 16] units [1] shared(0) worker(64) [memref<1x8xf32>, memref<1x1x8x16xf32>, memref<10xf32>] -> [memref<1x10xf32>] {
  plan.kernel @dense_8_10 algorithm("gemv") tile [1, 16] units [1] shared(0) worker(64) [memref<1x8xf32>, memref<1x1x8x16xf32>, memref<10xf32>] -> [memref<1x10xf32>] {
  ^bb0(%x: tensor<1x8xf32>, %p: tensor<1x1x8x16xf32>, %b: tensor<10xf32>):
    %w = nn.unpack %p <"panels" columns = 16 groups = 1> : (tensor<1x1x8x16xf32>) -> tensor<8x10xf32>
    %c = nn.contract %x, %w contracting [1] x [0] : (tensor<1x8xf32>, tensor<8x10xf32>) -> tensor<1x10xf32>
    %d = nn.binary add %c, %b : (tensor<1x10xf32>, tensor<10xf32>) -> tensor<1x10xf32>
    nn.yield %d : tensor<1x10xf32>
  }
  // CHECK: plan.kernel @relu_10 {{.*}} -> [memref<1x10xf32>] aliases [0, 0] {
  plan.kernel @relu_10 algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<1x10xf32>] -> [memref<1x10xf32>] aliases [0, 0] {
  ^bb0(%x: tensor<1x10xf32>):
    %y = nn.unary relu %x : (tensor<1x10xf32>) -> tensor<1x10xf32>
    nn.yield %y : tensor<1x10xf32>
  }
  // CHECK: plan.kernel @theirs {{.*}} -> [memref<1x10xf32>] external <"their_code" "conv"[1, -2]> {
  plan.kernel @theirs algorithm("outside") tile [] units [1] shared(0) worker(0) [memref<1x10xf32>] -> [memref<1x10xf32>] external <"their_code" "conv"[1, -2]> {
  ^bb0(%x: tensor<1x10xf32>):
    %y = nn.unary relu %x : (tensor<1x10xf32>) -> tensor<1x10xf32>
    nn.yield %y : tensor<1x10xf32>
  }
  // CHECK: plan.entry batch(1) target("x86-64-v3") arena(128) bound(104) unfused(80) search("proved") worker(64) {
  plan.entry batch(1) target("x86-64-v3") arena(128) bound(104) unfused(80) search("proved") worker(64) {
    // CHECK: %[[X:.*]] = plan.input "x" : memref<2x8xf32>
    %x = plan.input "x" : memref<2x8xf32>
    // CHECK: %[[Y:.*]] = plan.output "y" : memref<1x10xf32>
    %y = plan.output "y" : memref<1x10xf32>
    // CHECK: plan.weight_ref @w0 : memref<1x1x8x16xf32>
    %w = plan.weight_ref @w0 : memref<1x1x8x16xf32>
    %b = plan.weight_ref @b0 : memref<10xf32>
    // CHECK: %[[S:.*]] = plan.slot bytes(40) live [0, 1] offset(0)
    %s = plan.slot bytes(40) live [0, 1] offset(0)
    // CHECK: %[[SCRATCH:.*]] = plan.slot bytes(64) live [0, 0]
    %t = plan.slot bytes(64) live [0, 0]
    // CHECK: plan.view %[[S]] offset(0) : !plan.slot to memref<1x10xf32>
    %v = plan.view %s offset(0) : !plan.slot to memref<1x10xf32>
    // CHECK: plan.view %[[X]] offset(32) : memref<2x8xf32> to memref<1x8xf32>
    %r = plan.view %x offset(32) : memref<2x8xf32> to memref<1x8xf32>
    // CHECK: plan.step @dense_8_10(%{{.*}}, %{{.*}}, %{{.*}}) -> (%{{.*}}) scratch(%[[SCRATCH]]) layers ["dense"] : (memref<1x8xf32>, memref<1x1x8x16xf32>, memref<10xf32>) -> memref<1x10xf32>
    plan.step @dense_8_10 (%r, %w, %b) -> (%v) scratch(%t) layers ["dense"] : (memref<1x8xf32>, memref<1x1x8x16xf32>, memref<10xf32>) -> memref<1x10xf32>
    // CHECK: plan.step @relu_10(%{{.*}}) -> (%[[Y]]) layers ["re_lu", "a\22quote"]
    plan.step @relu_10 (%v) -> (%y) layers ["re_lu", "a\22quote"] : (memref<1x10xf32>) -> memref<1x10xf32>
    // CHECK: %[[STATE:.*]] = plan.state "lstm" offset(64) : memref<1x10xf32>
    %st = plan.state "lstm" offset(64) : memref<1x10xf32>
    // CHECK: plan.loop iterations(2) layers ["lstm"] {
    plan.loop iterations(2) layers ["lstm"] {
      // CHECK: plan.view %[[X]] offset(32) stride(-32) : memref<2x8xf32> to memref<1x8xf32>
      %back = plan.view %x offset(32) stride(-32) : memref<2x8xf32> to memref<1x8xf32>
      // CHECK: plan.step @dense_8_10(%{{.*}}, %{{.*}}, %{{.*}}) -> (%[[STATE]])
      plan.step @dense_8_10 (%back, %w, %b) -> (%st) scratch(%t) layers ["lstm"] : (memref<1x8xf32>, memref<1x1x8x16xf32>, memref<10xf32>) -> memref<1x10xf32>
    }
  }
}

// Sizes of one model.
// CHECK: plan.program @sizes weights(0)
plan.program @sizes weights(0) {
  // CHECK: plan.entry size("1x32") batch(1) target("x86-64-v3") arena(0)
  plan.entry size("1x32") batch(1) target("x86-64-v3") arena(0) bound(0) unfused(0) search("") worker(0) {
  }
  // CHECK: plan.entry size("8x128") batch(8)
  plan.entry size("8x128") batch(8) target("x86-64-v3") arena(0) bound(0) unfused(0) search("") worker(0) {
  }
}
