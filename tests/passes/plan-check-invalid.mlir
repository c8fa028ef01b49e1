// RUN: layerc-opt %s -split-input-file -plan-check -verify-diagnostics
// One plan per thing that the judge finds.

plan.program @overlapping_slots weights(0) {
  plan.kernel @relu algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<16xf32>] -> [memref<16xf32>] {
  ^bb0(%a: tensor<16xf32>):
    %r = nn.unary relu %a : (tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  plan.kernel @add algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<16xf32>, memref<16xf32>] -> [memref<16xf32>] {
  ^bb0(%a: tensor<16xf32>, %b: tensor<16xf32>):
    %r = nn.binary add %a, %b : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  plan.entry batch(1) target("x86-64-v3") arena(64) bound(64) unfused(0) search("proved") worker(0) {
    %x = plan.input "x" : memref<16xf32>
    %y = plan.output "y" : memref<16xf32>
    %s = plan.slot bytes(64) live [0, 2] offset(0)
    %t = plan.slot bytes(64) live [1, 2] offset(0)
    %a = plan.view %s offset(0) : !plan.slot to memref<16xf32>
    %b = plan.view %t offset(0) : !plan.slot to memref<16xf32>
    plan.step @relu (%x) -> (%a) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
    plan.step @relu (%x) -> (%b) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
    // expected-error @+1 {{'plan.step' op at 2 reads 'memref<16xf32>': bytes at 0 belong to another buffer since step 1}}
    plan.step @add (%a, %b) -> (%y) layers ["layer"] : (memref<16xf32>, memref<16xf32>) -> memref<16xf32>
  }
}

// -----

plan.program @never_written weights(0) {
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
    %s = plan.slot bytes(64) live [0, 1] offset(0)
    %a = plan.view %s offset(0) : !plan.slot to memref<8xf32>
    %c = plan.view %s offset(0) : !plan.slot to memref<16xf32>
    plan.step @relu_8 (%l) -> (%a) layers ["a"] : (memref<8xf32>) -> memref<8xf32>
    // expected-error @+1 {{at 1 reads 'memref<16xf32>': nothing was written to byte 32}}
    plan.step @relu (%c) -> (%y) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
  }
}

// -----

plan.program @read_after_in_place weights(0) {
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
  plan.kernel @add algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<16xf32>, memref<16xf32>] -> [memref<16xf32>] {
  ^bb0(%a: tensor<16xf32>, %b: tensor<16xf32>):
    %r = nn.binary add %a, %b : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  plan.entry batch(1) target("x86-64-v3") arena(64) bound(64) unfused(0) search("proved") worker(0) {
    %x = plan.input "x" : memref<16xf32>
    %y = plan.output "y" : memref<16xf32>
    %s = plan.slot bytes(64) live [0, 2] offset(0)
    %a = plan.view %s offset(0) : !plan.slot to memref<16xf32>
    %b = plan.view %s offset(0) : !plan.slot to memref<16xf32>
    plan.step @relu (%x) -> (%a) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
    plan.step @relu_in_place (%a) -> (%b) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
    // expected-error @+1 {{at 2 reads 'memref<16xf32>': the value of step 0 was overwritten by step 1}}
    plan.step @add (%a, %b) -> (%y) layers ["layer"] : (memref<16xf32>, memref<16xf32>) -> memref<16xf32>
  }
}

// -----

plan.program @changed_between_readers weights(0) {
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
  plan.kernel @relu_8_in_place algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<8xf32>] -> [memref<8xf32>] aliases [0, 0] {
  ^bb0(%a: tensor<8xf32>):
    %r = nn.unary relu %a : (tensor<8xf32>) -> tensor<8xf32>
    nn.yield %r : tensor<8xf32>
  }
  plan.entry batch(1) target("x86-64-v3") arena(128) bound(128) unfused(0) search("proved") worker(0) {
    %x = plan.input "x" : memref<16xf32>
    %y = plan.output "y" : memref<16xf32>
    %l = plan.view %x offset(0) : memref<16xf32> to memref<8xf32>
    %s = plan.slot bytes(64) live [0, 4] offset(0)
    %t = plan.slot bytes(64) live [2, 2] offset(64)
    %a = plan.view %s offset(0) : !plan.slot to memref<8xf32>
    %b = plan.view %s offset(32) : !plan.slot to memref<8xf32>
    %b2 = plan.view %s offset(32) : !plan.slot to memref<8xf32>
    %c = plan.view %s offset(0) : !plan.slot to memref<16xf32>
    %d = plan.view %t offset(0) : !plan.slot to memref<16xf32>
    plan.step @relu_8 (%l) -> (%a) layers ["a"] : (memref<8xf32>) -> memref<8xf32>
    plan.step @relu_8 (%l) -> (%b) layers ["b"] : (memref<8xf32>) -> memref<8xf32>
    plan.step @relu (%c) -> (%d) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
    plan.step @relu_8_in_place (%b) -> (%b2) layers ["c"] : (memref<8xf32>) -> memref<8xf32>
    // expected-error @+1 {{it has changed since it was read before}}
    plan.step @relu (%c) -> (%y) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
  }
}

// -----

plan.program @written_twice weights(0) {
  plan.kernel @relu algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<16xf32>] -> [memref<16xf32>] {
  ^bb0(%a: tensor<16xf32>):
    %r = nn.unary relu %a : (tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  plan.entry batch(1) target("x86-64-v3") arena(64) bound(64) unfused(0) search("proved") worker(0) {
    %x = plan.input "x" : memref<16xf32>
    %y = plan.output "y" : memref<16xf32>
    %s = plan.slot bytes(64) live [0, 2] offset(0)
    %a = plan.view %s offset(0) : !plan.slot to memref<16xf32>
    plan.step @relu (%x) -> (%a) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
    // expected-error @+1 {{at 1 writes the value that step 0 wrote}}
    plan.step @relu (%x) -> (%a) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
    plan.step @relu (%a) -> (%y) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
  }
}

// -----

plan.program @over_an_input_unlisted weights(0) {
  plan.kernel @relu algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<16xf32>] -> [memref<16xf32>] {
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
    plan.step @relu (%x) -> (%a) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
    // expected-error @+1 {{at 1 writes output 0 over input 0, which its kernel does not list as an alias}}
    plan.step @relu (%a) -> (%b) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
    plan.step @relu (%b) -> (%y) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
  }
}

// -----

plan.program @over_an_input_elsewhere weights(0) {
  plan.kernel @relu algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<16xf32>] -> [memref<16xf32>] {
  ^bb0(%a: tensor<16xf32>):
    %r = nn.unary relu %a : (tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  plan.kernel @relu_8_in_place algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<8xf32>] -> [memref<8xf32>] aliases [0, 0] {
  ^bb0(%a: tensor<8xf32>):
    %r = nn.unary relu %a : (tensor<8xf32>) -> tensor<8xf32>
    nn.yield %r : tensor<8xf32>
  }
  plan.kernel @relu_8 algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<8xf32>] -> [memref<8xf32>] {
  ^bb0(%a: tensor<8xf32>):
    %r = nn.unary relu %a : (tensor<8xf32>) -> tensor<8xf32>
    nn.yield %r : tensor<8xf32>
  }
  plan.entry batch(1) target("x86-64-v3") arena(64) bound(64) unfused(0) search("proved") worker(0) {
    %x = plan.input "x" : memref<16xf32>
    %y = plan.output "y" : memref<16xf32>
    %s = plan.slot bytes(64) live [0, 2] offset(0)
    %a = plan.view %s offset(0) : !plan.slot to memref<16xf32>
    %l = plan.view %s offset(0) : !plan.slot to memref<8xf32>
    %m = plan.view %s offset(16) : !plan.slot to memref<8xf32>
    %c = plan.view %s offset(0) : !plan.slot to memref<16xf32>
    plan.step @relu (%x) -> (%a) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
    // expected-error @+1 {{at 1 writes output 0 over input 0, which lies elsewhere}}
    plan.step @relu_8_in_place (%l) -> (%m) layers ["b"] : (memref<8xf32>) -> memref<8xf32>
    plan.step @relu (%c) -> (%y) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
  }
}

// -----

plan.program @over_an_input_in_another_order weights(0) {
  plan.kernel @relu algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<16xf32>] -> [memref<16xf32>] {
  ^bb0(%a: tensor<16xf32>):
    %r = nn.unary relu %a : (tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  plan.kernel @reverse_in_place algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<16xf32>] -> [memref<16xf32>] aliases [0, 0] {
  ^bb0(%a: tensor<16xf32>):
    %r = nn.reverse %a axes [0] : (tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  plan.entry batch(1) target("x86-64-v3") arena(64) bound(64) unfused(0) search("proved") worker(0) {
    %x = plan.input "x" : memref<16xf32>
    %y = plan.output "y" : memref<16xf32>
    %s = plan.slot bytes(64) live [0, 2] offset(0)
    %a = plan.view %s offset(0) : !plan.slot to memref<16xf32>
    %b = plan.view %s offset(0) : !plan.slot to memref<16xf32>
    plan.step @relu (%x) -> (%a) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
    // expected-error @+1 {{at 1 writes output 0 over input 0, which loops does not read element by element}}
    plan.step @reverse_in_place (%a) -> (%b) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
    plan.step @relu (%b) -> (%y) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
  }
}

// -----

plan.program @outputs_on_each_other weights(0) {
  plan.kernel @split algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<16xf32>] -> [memref<16xf32>, memref<16xf32>] {
  ^bb0(%a: tensor<16xf32>):
    %r = nn.unary relu %a : (tensor<16xf32>) -> tensor<16xf32>
    %s = nn.unary neg %a : (tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r, %s : tensor<16xf32>, tensor<16xf32>
  }
  plan.kernel @add algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<16xf32>, memref<16xf32>] -> [memref<16xf32>] {
  ^bb0(%a: tensor<16xf32>, %b: tensor<16xf32>):
    %r = nn.binary add %a, %b : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  plan.entry batch(1) target("x86-64-v3") arena(64) bound(64) unfused(0) search("proved") worker(0) {
    %x = plan.input "x" : memref<16xf32>
    %y = plan.output "y" : memref<16xf32>
    %s = plan.slot bytes(64) live [0, 1] offset(0)
    %a = plan.view %s offset(0) : !plan.slot to memref<16xf32>
    %b = plan.view %s offset(0) : !plan.slot to memref<16xf32>
    // expected-error @+1 {{at 0 writes outputs 0 and 1 to the same bytes}}
    plan.step @split (%x) -> (%a, %b) layers ["layer"] : (memref<16xf32>) -> (memref<16xf32>, memref<16xf32>)
    plan.step @add (%a, %b) -> (%y) layers ["layer"] : (memref<16xf32>, memref<16xf32>) -> memref<16xf32>
  }
}

// -----

plan.program @writes_an_input weights(0) {
  plan.kernel @relu algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<16xf32>] -> [memref<16xf32>] {
  ^bb0(%a: tensor<16xf32>):
    %r = nn.unary relu %a : (tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  plan.entry batch(1) target("x86-64-v3") arena(0) bound(0) unfused(0) search("proved") worker(0) {
    %x = plan.input "x" : memref<16xf32>
    %y = plan.output "y" : memref<16xf32>
    %z = plan.input "z" : memref<16xf32>
    // expected-error @+1 {{at 0 writes to plan.input}}
    plan.step @relu (%x) -> (%z) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
    plan.step @relu (%x) -> (%y) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
  }
}

// -----

plan.program @output_partly_written weights(0) {
  plan.kernel @relu_8 algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<8xf32>] -> [memref<8xf32>] {
  ^bb0(%a: tensor<8xf32>):
    %r = nn.unary relu %a : (tensor<8xf32>) -> tensor<8xf32>
    nn.yield %r : tensor<8xf32>
  }
  plan.entry batch(1) target("x86-64-v3") arena(0) bound(0) unfused(0) search("proved") worker(0) {
    %x = plan.input "x" : memref<16xf32>
    %l = plan.view %x offset(0) : memref<16xf32> to memref<8xf32>
    // expected-error @+1 {{'y': 32 of 64 bytes are written}}
    %y = plan.output "y" : memref<16xf32>
    %m = plan.view %y offset(0) : memref<16xf32> to memref<8xf32>
    plan.step @relu_8 (%l) -> (%m) layers ["a"] : (memref<8xf32>) -> memref<8xf32>
  }
}

// -----

plan.program @life_too_short weights(0) {
  plan.kernel @relu algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<16xf32>] -> [memref<16xf32>] {
  ^bb0(%a: tensor<16xf32>):
    %r = nn.unary relu %a : (tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  plan.kernel @add algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<16xf32>, memref<16xf32>] -> [memref<16xf32>] {
  ^bb0(%a: tensor<16xf32>, %b: tensor<16xf32>):
    %r = nn.binary add %a, %b : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  plan.entry batch(1) target("x86-64-v3") arena(128) bound(128) unfused(0) search("proved") worker(0) {
    %x = plan.input "x" : memref<16xf32>
    %y = plan.output "y" : memref<16xf32>
    // expected-error @+1 {{is live [0, 1], steps 0 to 2 touch it}}
    %s = plan.slot bytes(64) live [0, 1] offset(0)
    %t = plan.slot bytes(64) live [1, 2] offset(64)
    %a = plan.view %s offset(0) : !plan.slot to memref<16xf32>
    %b = plan.view %t offset(0) : !plan.slot to memref<16xf32>
    plan.step @relu (%x) -> (%a) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
    plan.step @relu (%a) -> (%b) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
    plan.step @add (%a, %b) -> (%y) layers ["layer"] : (memref<16xf32>, memref<16xf32>) -> memref<16xf32>
  }
}

// -----

plan.program @life_too_long weights(0) {
  plan.kernel @relu algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<16xf32>] -> [memref<16xf32>] {
  ^bb0(%a: tensor<16xf32>):
    %r = nn.unary relu %a : (tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  plan.entry batch(1) target("x86-64-v3") arena(64) bound(64) unfused(0) search("proved") worker(0) {
    %x = plan.input "x" : memref<16xf32>
    %y = plan.output "y" : memref<16xf32>
    // expected-error @+1 {{is live [0, 2], steps 0 to 1 touch it}}
    %s = plan.slot bytes(64) live [0, 2] offset(0)
    %a = plan.view %s offset(0) : !plan.slot to memref<16xf32>
    plan.step @relu (%x) -> (%a) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
    plan.step @relu (%a) -> (%y) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
  }
}

// -----

plan.program @untouched weights(0) {
  plan.kernel @relu algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<16xf32>] -> [memref<16xf32>] {
  ^bb0(%a: tensor<16xf32>):
    %r = nn.unary relu %a : (tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  plan.entry batch(1) target("x86-64-v3") arena(64) bound(64) unfused(0) search("proved") worker(0) {
    %x = plan.input "x" : memref<16xf32>
    %y = plan.output "y" : memref<16xf32>
    // expected-error @+1 {{is touched by no step}}
    %s = plan.slot bytes(64) live [0, 0] offset(0)
    plan.step @relu (%x) -> (%y) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
  }
}

// -----

plan.program @no_offset weights(0) {
  plan.kernel @relu algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<16xf32>] -> [memref<16xf32>] {
  ^bb0(%a: tensor<16xf32>):
    %r = nn.unary relu %a : (tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  plan.entry batch(1) target("x86-64-v3") arena(64) bound(64) unfused(0) search("proved") worker(0) {
    %x = plan.input "x" : memref<16xf32>
    %y = plan.output "y" : memref<16xf32>
    // expected-error @+1 {{has no offset; plan-memory gives it one}}
    %s = plan.slot bytes(64) live [0, 1]
    %a = plan.view %s offset(0) : !plan.slot to memref<16xf32>
    plan.step @relu (%x) -> (%a) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
    plan.step @relu (%a) -> (%y) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
  }
}

// -----

plan.program @scratch_too_small weights(0) {
  plan.kernel @with_scratch algorithm("loops") tile [] units [2] shared(100) worker(64) [memref<16xf32>] -> [memref<16xf32>] {
  ^bb0(%a: tensor<16xf32>):
    %r = nn.unary relu %a : (tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  plan.entry batch(1) target("x86-64-v3") arena(128) bound(128) unfused(0) search("proved") worker(64) {
    %x = plan.input "x" : memref<16xf32>
    %y = plan.output "y" : memref<16xf32>
    %t = plan.slot bytes(128) live [0, 0] offset(0)
    // expected-error @+1 {{at 0 has 128 bytes of scratch, its kernel needs 192}}
    plan.step @with_scratch (%x) -> (%y) scratch(%t) layers ["a"] : (memref<16xf32>) -> memref<16xf32>
  }
}

// -----

plan.program @scratch_on_operand weights(0) {
  plan.kernel @with_scratch algorithm("loops") tile [] units [2] shared(100) worker(64) [memref<16xf32>] -> [memref<16xf32>] {
  ^bb0(%a: tensor<16xf32>):
    %r = nn.unary relu %a : (tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  plan.kernel @relu algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<16xf32>] -> [memref<16xf32>] {
  ^bb0(%a: tensor<16xf32>):
    %r = nn.unary relu %a : (tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  plan.entry batch(1) target("x86-64-v3") arena(192) bound(192) unfused(0) search("proved") worker(64) {
    %x = plan.input "x" : memref<16xf32>
    %y = plan.output "y" : memref<16xf32>
    %t = plan.slot bytes(192) live [0, 1] offset(0)
    %a = plan.view %t offset(0) : !plan.slot to memref<16xf32>
    // expected-error @+1 {{at 0 has an operand in its scratch}}
    plan.step @with_scratch (%x) -> (%a) scratch(%t) layers ["a"] : (memref<16xf32>) -> memref<16xf32>
    plan.step @relu (%a) -> (%y) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
  }
}

// -----

plan.program @wrong_arena weights(0) {
  plan.kernel @relu algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<16xf32>] -> [memref<16xf32>] {
  ^bb0(%a: tensor<16xf32>):
    %r = nn.unary relu %a : (tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  // expected-error @+1 {{prints arena(128); its steps give 64}}
  plan.entry batch(1) target("x86-64-v3") arena(128) bound(64) unfused(0) search("proved") worker(0) {
    %x = plan.input "x" : memref<16xf32>
    %y = plan.output "y" : memref<16xf32>
    %s = plan.slot bytes(64) live [0, 1] offset(0)
    %a = plan.view %s offset(0) : !plan.slot to memref<16xf32>
    plan.step @relu (%x) -> (%a) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
    plan.step @relu (%a) -> (%y) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
  }
}

// -----

plan.program @wrong_bound weights(0) {
  plan.kernel @relu algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<16xf32>] -> [memref<16xf32>] {
  ^bb0(%a: tensor<16xf32>):
    %r = nn.unary relu %a : (tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  // expected-error @+1 {{prints bound(0); its steps give 64}}
  plan.entry batch(1) target("x86-64-v3") arena(64) bound(0) unfused(0) search("proved") worker(0) {
    %x = plan.input "x" : memref<16xf32>
    %y = plan.output "y" : memref<16xf32>
    %s = plan.slot bytes(64) live [0, 1] offset(0)
    %a = plan.view %s offset(0) : !plan.slot to memref<16xf32>
    plan.step @relu (%x) -> (%a) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
    plan.step @relu (%a) -> (%y) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
  }
}

// -----

plan.program @wrong_worker_scratch weights(0) {
  plan.kernel @with_scratch algorithm("loops") tile [] units [2] shared(100) worker(64) [memref<16xf32>] -> [memref<16xf32>] {
  ^bb0(%a: tensor<16xf32>):
    %r = nn.unary relu %a : (tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  // expected-error @+1 {{prints worker(0); its steps give 64}}
  plan.entry batch(1) target("x86-64-v3") arena(192) bound(192) unfused(0) search("proved") worker(0) {
    %x = plan.input "x" : memref<16xf32>
    %y = plan.output "y" : memref<16xf32>
    %t = plan.slot bytes(192) live [0, 0] offset(0)
    plan.step @with_scratch (%x) -> (%y) scratch(%t) layers ["a"] : (memref<16xf32>) -> memref<16xf32>
  }
}

// -----

plan.program @wrong_search weights(0) {
  plan.kernel @relu algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<16xf32>] -> [memref<16xf32>] {
  ^bb0(%a: tensor<16xf32>):
    %r = nn.unary relu %a : (tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  // expected-error @+1 {{prints search("best found") for an arena of 64 and a bound of 64}}
  plan.entry batch(1) target("x86-64-v3") arena(64) bound(64) unfused(0) search("best found") worker(0) {
    %x = plan.input "x" : memref<16xf32>
    %y = plan.output "y" : memref<16xf32>
    %s = plan.slot bytes(64) live [0, 1] offset(0)
    %a = plan.view %s offset(0) : !plan.slot to memref<16xf32>
    plan.step @relu (%x) -> (%a) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
    plan.step @relu (%a) -> (%y) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
  }
}

// -----

// The temporary of an iteration lies where the carried value is: the second iteration finds it destroyed.
plan.program @carried_overwritten weights(0) {
  plan.kernel @relu algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<16xf32>] -> [memref<16xf32>] {
  ^bb0(%a: tensor<16xf32>):
    %r = nn.unary relu %a : (tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  plan.entry batch(1) target("x86-64-v3") arena(64) bound(128) unfused(0) search("proved") worker(0) {
    %x = plan.input "x" : memref<16xf32>
    %y = plan.output "y" : memref<2x16xf32>
    %s = plan.slot bytes(64) live [0, 2] offset(0)
    %t = plan.slot bytes(64) live [2, 2] offset(0)
    %initial = plan.view %s offset(0) : !plan.slot to memref<16xf32>
    plan.step @relu (%x) -> (%initial) layers ["a"] : (memref<16xf32>) -> memref<16xf32>
    plan.loop iterations(2) layers ["b"] {
      %yt = plan.view %y offset(0) stride(64) : memref<2x16xf32> to memref<16xf32>
      %v = plan.view %t offset(0) : !plan.slot to memref<16xf32>
      %old = plan.view %s offset(0) : !plan.slot to memref<16xf32>
      // expected-error @+1 {{at 3 reads 'memref<16xf32>': bytes at 0 belong to another buffer since step 2}}
      plan.step @relu (%old) -> (%yt) layers ["b"] : (memref<16xf32>) -> memref<16xf32>
      plan.step @relu (%x) -> (%v) layers ["b"] : (memref<16xf32>) -> memref<16xf32>
    }
  }
}

// -----

plan.program @loop_span weights(0) {
  plan.kernel @relu algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<16xf32>] -> [memref<16xf32>] {
  ^bb0(%a: tensor<16xf32>):
    %r = nn.unary relu %a : (tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  plan.entry batch(1) target("x86-64-v3") arena(64) bound(64) unfused(0) search("proved") worker(0) {
    %x = plan.input "x" : memref<16xf32>
    %y = plan.output "y" : memref<2x16xf32>
    // expected-error @+1 {{is live [0, 1], steps 0 to 2 touch it}}
    %s = plan.slot bytes(64) live [0, 1] offset(0)
    %initial = plan.view %s offset(0) : !plan.slot to memref<16xf32>
    plan.step @relu (%x) -> (%initial) layers ["a"] : (memref<16xf32>) -> memref<16xf32>
    plan.loop iterations(2) layers ["b"] {
      %yt = plan.view %y offset(0) stride(64) : memref<2x16xf32> to memref<16xf32>
      %old = plan.view %s offset(0) : !plan.slot to memref<16xf32>
      plan.step @relu (%old) -> (%yt) layers ["b"] : (memref<16xf32>) -> memref<16xf32>
      plan.step @relu (%x) -> (%yt) layers ["b"] : (memref<16xf32>) -> memref<16xf32>
    }
  }
}

// -----

// Every size is judged.
plan.program @second_size weights(0) {
  plan.kernel @relu algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<16xf32>] -> [memref<16xf32>] {
  ^bb0(%a: tensor<16xf32>):
    %r = nn.unary relu %a : (tensor<16xf32>) -> tensor<16xf32>
    nn.yield %r : tensor<16xf32>
  }
  plan.entry size("1") batch(1) target("x86-64-v3") arena(0) bound(0) unfused(0) search("proved") worker(0) {
    %x = plan.input "x" : memref<16xf32>
    %y = plan.output "y" : memref<16xf32>
    plan.step @relu (%x) -> (%y) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
  }
  // expected-error @+1 {{'plan.entry' op prints arena(64); its steps give 0}}
  plan.entry size("8") batch(8) target("x86-64-v3") arena(64) bound(0) unfused(0) search("proved") worker(0) {
    %x = plan.input "x" : memref<16xf32>
    %y = plan.output "y" : memref<16xf32>
    plan.step @relu (%x) -> (%y) layers ["layer"] : (memref<16xf32>) -> memref<16xf32>
  }
}
