// RUN: layerc-opt %s -split-input-file -verify-diagnostics
// One case per numbered constraint of the plan dialect: @<op>_<constraint>.

// expected-error @+1 {{has 64 bytes of weights, the last one ends at 80}}
plan.program @program_c1 weights(64) {
  plan.weight @a offset(64) bytes(16) {
    %w = nn.weight "a" : tensor<4xf32>
    nn.yield %w : tensor<4xf32>
  }
}

// -----

plan.program @program_c1_alignment weights(64) {
  // expected-error @+1 {{expects an offset that is a multiple of 64, got 4}}
  plan.weight @a offset(4) bytes(16) {
    %w = nn.weight "a" : tensor<4xf32>
    nn.yield %w : tensor<4xf32>
  }
}

// -----

plan.program @program_c1_overlap weights(256) {
  plan.weight @a offset(0) bytes(80) {
    %w = nn.weight "a" : tensor<20xf32>
    nn.yield %w : tensor<20xf32>
  }
  // expected-error @+1 {{at 64 overlaps the weight before it, which ends at 80}}
  plan.weight @b offset(64) bytes(80) {
    %w = nn.weight "b" : tensor<20xf32>
    nn.yield %w : tensor<20xf32>
  }
}

// -----

plan.program @program_c2 weights(0) {
  plan.entry size("1") batch(1) target("x86-64-v3") arena(0) bound(0) unfused(0) search("") worker(0) {
  }
  // expected-error @+1 {{has size '1' as another entry}}
  plan.entry size("1") batch(8) target("x86-64-v3") arena(0) bound(0) unfused(0) search("") worker(0) {
  }
}

// -----

plan.program @program_c3 weights(0) {
  plan.entry size("1") batch(1) target("x86-64-v3") arena(0) bound(0) unfused(0) search("") worker(0) {
    %s = plan.state "lstm" offset(0) : memref<1x4xf32>
  }
  // expected-error @+1 {{of size '8' keeps other states than the first entry}}
  plan.entry size("8") batch(8) target("x86-64-v3") arena(0) bound(0) unfused(0) search("") worker(0) {
    %s = plan.state "lstm" offset(0) : memref<8x4xf32>
  }
}

// -----

plan.program @program_c3_names weights(0) {
  plan.entry size("1") batch(1) target("x86-64-v3") arena(0) bound(0) unfused(0) search("") worker(0) {
    %x = plan.input "x" : memref<1x4xf32>
  }
  // expected-error @+1 {{of size '8' has other inputs or outputs than the first entry}}
  plan.entry size("8") batch(8) target("x86-64-v3") arena(0) bound(0) unfused(0) search("") worker(0) {
    %y = plan.input "y" : memref<8x4xf32>
  }
}

// -----

plan.program @weight_c1 weights(64) {
  // expected-error @+1 {{expects a recipe without arguments that yields one tensor}}
  plan.weight @a offset(0) bytes(16) {
    nn.yield
  }
}

// -----

plan.program @kernel_c1 weights(0) {
  // expected-error @+1 {{inputs: memref<4xf32> does not hold a 'tensor<5xf32>'}}
  plan.kernel @k algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<4xf32>] -> [memref<5xf32>] {
  ^bb0(%x: tensor<5xf32>):
    nn.yield %x : tensor<5xf32>
  }
}

// -----

plan.program @kernel_c1_count weights(0) {
  // expected-error @+1 {{has 0 outputs, its body 1}}
  plan.kernel @k algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<5xf32>] -> [] {
  ^bb0(%x: tensor<5xf32>):
    nn.yield %x : tensor<5xf32>
  }
}

// -----

plan.program @kernel_c2 weights(0) {
  // expected-error @+1 {{expects at least one phase and one unit in each, got units []}}
  plan.kernel @k algorithm("loops") tile [] units [] shared(0) worker(0) [memref<5xf32>] -> [memref<5xf32>] {
  ^bb0(%x: tensor<5xf32>):
    nn.yield %x : tensor<5xf32>
  }
}

// -----

plan.program @kernel_c3 weights(0) {
  // expected-error @+1 {{expects one unit and no scratch of workers from 'their_code'}}
  plan.kernel @k algorithm("outside") tile [] units [2] shared(0) worker(0) [memref<5xf32>] -> [memref<5xf32>] external <"their_code" "copy"> {
  ^bb0(%x: tensor<5xf32>):
    nn.yield %x : tensor<5xf32>
  }
}

// -----

plan.program @kernel_c3_dimensions weights(0) {
  // expected-error @+1 {{to 'their_code', which takes at most 8 dimensions}}
  plan.kernel @k algorithm("outside") tile [] units [1] shared(0) worker(0) [memref<1x1x1x1x1x1x1x1x2xf32>] -> [memref<1x1x1x1x1x1x1x1x2xf32>] external <"their_code" "copy"> {
  ^bb0(%x: tensor<1x1x1x1x1x1x1x1x2xf32>):
    nn.yield %x : tensor<1x1x1x1x1x1x1x1x2xf32>
  }
}

// -----

plan.program @entry_c1 weights(0) {
  plan.entry batch(1) target("x86-64-v3") arena(128) bound(128) unfused(128) search("") worker(0) {
    // expected-error @+1 {{ends at 164 outside the arena of 128 bytes}}
    %s = plan.slot bytes(100) live [0, 1] offset(64)
  }
}

// -----

plan.program @entry_c1_alignment weights(0) {
  plan.entry batch(1) target("x86-64-v3") arena(128) bound(128) unfused(128) search("") worker(0) {
    // expected-error @+1 {{expects an offset that is a multiple of 64, got 32}}
    %s = plan.slot bytes(16) live [0, 1] offset(32)
  }
}

// -----

plan.program @weight_ref_c1 weights(0) {
  plan.entry batch(1) target("x86-64-v3") arena(0) bound(0) unfused(0) search("") worker(0) {
    // expected-error @+1 {{names no weight: @a}}
    %w = plan.weight_ref @a : memref<4xf32>
  }
}

// -----

plan.program @weight_ref_c2 weights(64) {
  plan.weight @a offset(0) bytes(16) {
    %w = nn.weight "a" : tensor<4xf32>
    nn.yield %w : tensor<4xf32>
  }
  plan.entry batch(1) target("x86-64-v3") arena(0) bound(0) unfused(0) search("") worker(0) {
    // expected-error @+1 {{reads 'memref<5xf32>' from a weight of 16 bytes}}
    %w = plan.weight_ref @a : memref<5xf32>
  }
}

// -----

plan.program @view_c1 weights(0) {
  plan.entry batch(1) target("x86-64-v3") arena(128) bound(128) unfused(128) search("") worker(0) {
    %s = plan.slot bytes(100) live [0, 1]
    // expected-error @+1 {{at 4 does not fit into its source of 100 bytes}}
    %v = plan.view %s offset(4) : !plan.slot to memref<5x5xf32>
  }
}

// -----

plan.program @view_c1_strides weights(0) {
  plan.entry batch(1) target("x86-64-v3") arena(128) bound(128) unfused(128) search("") worker(0) {
    %s = plan.input "x" : memref<4x8xf32>
    // The last element of four rows of a stride of 10 is number 3 * 10 + 5, four bytes each.
    // expected-error @+1 {{at 0 does not fit into its source of 128 bytes}}
    %v = plan.view %s offset(0) : memref<4x8xf32> to memref<4x6xf32, strided<[10, 1]>>
  }
}

// -----

plan.program @step_c1 weights(0) {
  plan.entry batch(1) target("x86-64-v3") arena(0) bound(0) unfused(0) search("") worker(0) {
    %x = plan.input "x" : memref<4xf32>
    // expected-error @+1 {{calls no kernel: @k}}
    plan.step @k (%x) -> () layers [] : (memref<4xf32>) -> ()
  }
}

// -----

plan.program @step_c1_types weights(0) {
  plan.kernel @k algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<5xf32>] -> [memref<5xf32>] {
  ^bb0(%x: tensor<5xf32>):
    nn.yield %x : tensor<5xf32>
  }
  plan.entry batch(1) target("x86-64-v3") arena(0) bound(0) unfused(0) search("") worker(0) {
    %x = plan.input "x" : memref<5xf32>
    %y = plan.output "y" : memref<4xf32>
    // expected-error @+1 {{passes ('memref<5xf32>') -> ('memref<4xf32>'), kernel @k takes [memref<5xf32>] -> [memref<5xf32>]}}
    plan.step @k (%x) -> (%y) layers [] : (memref<5xf32>) -> memref<4xf32>
  }
}

// -----

plan.program @view_c1_last_iteration weights(0) {
  plan.entry batch(1) target("x86-64-v3") arena(0) bound(0) unfused(0) search("") worker(0) {
    %x = plan.input "x" : memref<4x8xf32>
    plan.loop iterations(5) layers ["lstm"] {
      // expected-error @+1 {{at 128 does not fit into its source of 128 bytes}}
      %v = plan.view %x offset(0) stride(32) : memref<4x8xf32> to memref<8xf32>
    }
  }
}

// -----

plan.program @view_c2 weights(0) {
  plan.entry batch(1) target("x86-64-v3") arena(0) bound(0) unfused(0) search("") worker(0) {
    %x = plan.input "x" : memref<4x8xf32>
    // expected-error @+1 {{moves by 32 bytes outside a loop}}
    %v = plan.view %x offset(0) stride(32) : memref<4x8xf32> to memref<8xf32>
  }
}

// -----

plan.program @loop_c1 weights(0) {
  plan.entry batch(1) target("x86-64-v3") arena(0) bound(0) unfused(0) search("") worker(0) {
    // expected-error @+1 {{expects at least one iteration, got 0}}
    plan.loop iterations(0) layers ["lstm"] {
    }
  }
}

// -----

plan.program @state_c1 weights(0) {
  plan.entry batch(1) target("x86-64-v3") arena(0) bound(0) unfused(0) search("") worker(0) {
    // expected-error @+1 {{expects an offset that is a multiple of 64, got 32}}
    %s = plan.state "lstm" offset(32) : memref<1x8xf32>
  }
}
