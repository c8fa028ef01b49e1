// RUN: layerc-opt %s -plan-memory -plan-check | FileCheck %s
// Offsets and the certificate. The three slots fit into the two largest sizes that live together.

// CHECK: plan.entry batch(1) target("x86-64-v3") arena(320) bound(320) unfused(1000) search("proved")
// CHECK: plan.slot bytes(250) live [0, 1] offset([[A:[0-9]+]])
// CHECK: plan.slot bytes(64) live [1, 2] offset([[B:[0-9]+]])
// CHECK: plan.slot bytes(250) live [2, 3] offset([[A]])
plan.program @model weights(0) {
  plan.kernel @relu_16 algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<16xf32>] -> [memref<16xf32>] {
  ^bb0(%a: tensor<16xf32>):
    %r = nn.unary relu %a : (tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  plan.entry batch(1) target("x86-64-v3") arena(0) bound(0) unfused(1000) search("") worker(0) {
    %x = plan.input "x" : memref<16xf32>
    %y = plan.output "y" : memref<16xf32>
    %s = plan.slot bytes(250) live [0, 1]
    %t = plan.slot bytes(64) live [1, 2]
    %u = plan.slot bytes(250) live [2, 3]
    %a = plan.view %s offset(0) : !plan.slot to memref<16xf32>
    %b = plan.view %t offset(0) : !plan.slot to memref<16xf32>
    %c = plan.view %u offset(0) : !plan.slot to memref<16xf32>
    plan.step @relu_16 (%x) -> (%a) layers ["a"] : (memref<16xf32>) -> memref<16xf32>
    plan.step @relu_16 (%a) -> (%b) layers ["b"] : (memref<16xf32>) -> memref<16xf32>
    plan.step @relu_16 (%b) -> (%c) layers ["c"] : (memref<16xf32>) -> memref<16xf32>
    plan.step @relu_16 (%c) -> (%y) layers ["d"] : (memref<16xf32>) -> memref<16xf32>
  }
}
