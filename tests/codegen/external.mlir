// A plan with a step that code from outside computes; generated/external_step.c defines that code.
plan.program @outside weights(64) {
  plan.weight @w0 offset(0) bytes(16) {
    %w = nn.weight "scale" : tensor<4xf32>
    nn.yield %w : tensor<4xf32>
  }
  plan.kernel @scale_4 algorithm("outside") tile [] units [1] shared(16) worker(0) [memref<2x4xf32>, memref<4xf32>] -> [memref<2x4xf32>] external <"external_step" "scale"[3, -1]> {
  ^bb0(%x: tensor<2x4xf32>, %w: tensor<4xf32>):
    %y = nn.binary mul %x, %w : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
    nn.yield %y : tensor<2x4xf32>
  }
  plan.entry batch(2) target("x86-64") arena(64) bound(64) unfused(32) search("proved") worker(0) {
    %x = plan.input "x" : memref<2x4xf32>
    %y = plan.output "y" : memref<2x4xf32>
    %w = plan.weight_ref @w0 : memref<4xf32>
    %t = plan.slot bytes(64) live [0, 0] offset(0)
    plan.step @scale_4 (%x, %w) -> (%y) scratch(%t) layers ["scale"] : (memref<2x4xf32>, memref<4xf32>) -> memref<2x4xf32>
  }
}
