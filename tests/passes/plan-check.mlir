// RUN: layerc-opt %s -plan-check | FileCheck %s
// Plans that the judge lets pass, unchanged.

// A step may overwrite what it reads element by element for the last time.
// CHECK-LABEL: plan.program @in_place
plan.program @in_place weights(0) {
  plan.kernel @relu algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<16xf32>] -> [memref<16xf32>] {
  ^bb0(%a: tensor<16xf32>):
    %r = nn.unary relu %a : (tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  plan.kernel @relu_in_place algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<16xf32>] -> [memref<16xf32>] aliases [0, 0] {
  ^bb0(%a: tensor<16xf32>):
    %r = nn.unary relu %a : (tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  plan.entry batch(1) target("x86-64-v3") arena(64) bound(64) unfused(0) search("proved") worker(0) {
    %x = plan.input "x" : memref<16xf32>
    %y = plan.output "y" : memref<16xf32>
    %s = plan.slot bytes(64) live [0, 2] offset(0)
    %a = plan.view %s offset(0) : !plan.slot to memref<16xf32>
    %b = plan.view %s offset(0) : !plan.slot to memref<16xf32>
    plan.step @relu (%x) -> (%a) layers ["a"] : (memref<16xf32>) -> memref<16xf32>
    plan.step @relu_in_place (%a) -> (%b) layers ["b"] : (memref<16xf32>) -> memref<16xf32>
    plan.step @relu (%b) -> (%y) layers ["c"] : (memref<16xf32>) -> memref<16xf32>
  }
}

// Two steps write the halves of a concatenation, a third reads the whole.
// CHECK-LABEL: plan.program @parts
plan.program @parts weights(0) {
  plan.kernel @relu algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<16xf32>] -> [memref<16xf32>] {
  ^bb0(%a: tensor<16xf32>):
    %r = nn.unary relu %a : (tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  plan.kernel @relu_8 algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<8xf32>] -> [memref<8xf32>] {
  ^bb0(%a: tensor<8xf32>):
    %r = nn.unary relu %a : (tensor<8xf32>) -> tensor<8xf32>
    nn.yield %r : tensor<8xf32>
  }
  plan.entry batch(1) target("x86-64-v3") arena(64) bound(64) unfused(0) search("proved") worker(0) {
    %x = plan.input "x" : memref<16xf32>
    %y = plan.output "y" : memref<16xf32>
    %l = plan.view %x offset(0) : memref<16xf32> to memref<8xf32>
    %s = plan.slot bytes(64) live [0, 2] offset(0)
    %a = plan.view %s offset(0) : !plan.slot to memref<8xf32>
    %b = plan.view %s offset(32) : !plan.slot to memref<8xf32>
    %c = plan.view %s offset(0) : !plan.slot to memref<16xf32>
    plan.step @relu_8 (%l) -> (%a) layers ["a"] : (memref<8xf32>) -> memref<8xf32>
    plan.step @relu_8 (%l) -> (%b) layers ["b"] : (memref<8xf32>) -> memref<8xf32>
    plan.step @relu (%c) -> (%y) layers ["c"] : (memref<16xf32>) -> memref<16xf32>
  }
}

// Two slots share bytes one after the other.
// CHECK-LABEL: plan.program @reuse
plan.program @reuse weights(0) {
  plan.kernel @relu algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<16xf32>] -> [memref<16xf32>] {
  ^bb0(%a: tensor<16xf32>):
    %r = nn.unary relu %a : (tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  plan.entry batch(1) target("x86-64-v3") arena(128) bound(128) unfused(0) search("proved") worker(0) {
    %x = plan.input "x" : memref<16xf32>
    %y = plan.output "y" : memref<16xf32>
    %s = plan.slot bytes(64) live [0, 1] offset(0)
    %t = plan.slot bytes(64) live [1, 2] offset(64)
    %u = plan.slot bytes(64) live [2, 3] offset(0)
    %a = plan.view %s offset(0) : !plan.slot to memref<16xf32>
    %b = plan.view %t offset(0) : !plan.slot to memref<16xf32>
    %c = plan.view %u offset(0) : !plan.slot to memref<16xf32>
    plan.step @relu (%x) -> (%a) layers ["a"] : (memref<16xf32>) -> memref<16xf32>
    plan.step @relu (%a) -> (%b) layers ["b"] : (memref<16xf32>) -> memref<16xf32>
    plan.step @relu (%b) -> (%c) layers ["c"] : (memref<16xf32>) -> memref<16xf32>
    plan.step @relu (%c) -> (%y) layers ["d"] : (memref<16xf32>) -> memref<16xf32>
  }
}

// Scratch lies beside the operands.
// CHECK-LABEL: plan.program @scratch
plan.program @scratch weights(0) {
  plan.kernel @relu algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<16xf32>] -> [memref<16xf32>] {
  ^bb0(%a: tensor<16xf32>):
    %r = nn.unary relu %a : (tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  plan.kernel @with_scratch algorithm("loops") tile [] units [2] shared(100) worker(64) [memref<16xf32>] -> [memref<16xf32>] {
  ^bb0(%a: tensor<16xf32>):
    %r = nn.unary relu %a : (tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  plan.entry batch(1) target("x86-64-v3") arena(256) bound(256) unfused(0) search("proved") worker(64) {
    %x = plan.input "x" : memref<16xf32>
    %y = plan.output "y" : memref<16xf32>
    %s = plan.slot bytes(64) live [0, 1] offset(192)
    %t = plan.slot bytes(192) live [0, 0] offset(0)
    %a = plan.view %s offset(0) : !plan.slot to memref<16xf32>
    plan.step @with_scratch (%x) -> (%a) scratch(%t) layers ["a"] : (memref<16xf32>) -> memref<16xf32>
    plan.step @relu (%a) -> (%y) layers ["b"] : (memref<16xf32>) -> memref<16xf32>
  }
}

// A sum over time: the slot that is carried lives as long as the loop, the temporary only between its two steps.
// CHECK-LABEL: plan.program @sum_over_time
plan.program @sum_over_time weights(0) {
  plan.kernel @relu algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<16xf32>] -> [memref<16xf32>] {
  ^bb0(%a: tensor<16xf32>):
    %r = nn.unary relu %a : (tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  plan.kernel @add algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<16xf32>, memref<16xf32>] -> [memref<16xf32>] aliases [1, 0] {
  ^bb0(%a: tensor<16xf32>, %b: tensor<16xf32>):
    %r = nn.binary add %a, %b : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  plan.entry batch(1) target("x86-64-v3") arena(128) bound(128) unfused(0) search("proved") worker(0) {
    %x = plan.input "x" : memref<5x16xf32>
    %y = plan.output "y" : memref<16xf32>
    %s = plan.slot bytes(64) live [0, 3] offset(0)
    %t = plan.slot bytes(64) live [1, 2] offset(64)
    %first = plan.view %x offset(0) : memref<5x16xf32> to memref<16xf32>
    %initial = plan.view %s offset(0) : !plan.slot to memref<16xf32>
    %last = plan.view %s offset(0) : !plan.slot to memref<16xf32>
    plan.step @relu (%first) -> (%initial) layers ["a"] : (memref<16xf32>) -> memref<16xf32>
    plan.loop iterations(5) layers ["b"] {
      %xt = plan.view %x offset(256) stride(-64) : memref<5x16xf32> to memref<16xf32>
      %v = plan.view %t offset(0) : !plan.slot to memref<16xf32>
      %old = plan.view %s offset(0) : !plan.slot to memref<16xf32>
      %new = plan.view %s offset(0) : !plan.slot to memref<16xf32>
      plan.step @relu (%xt) -> (%v) layers ["b"] : (memref<16xf32>) -> memref<16xf32>
      plan.step @add (%v, %old) -> (%new) layers ["b"] : (memref<16xf32>, memref<16xf32>) -> memref<16xf32>
    }
    plan.step @relu (%last) -> (%y) layers ["c"] : (memref<16xf32>) -> memref<16xf32>
  }
}
