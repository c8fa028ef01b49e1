// Names that try to leave their comment or to break the class, views into inputs and outputs, and types other than float.
plan.program @hostile weights(64) {
  plan.weight @w0 offset(0) bytes(16) {
    %w = nn.weight "*/ #error" : tensor<4xf32>
    nn.yield %w : tensor<4xf32>
  }
  plan.kernel @add_4 algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<4xf32>, memref<4xf32>] -> [memref<4xf32>] {
  ^bb0(%x: tensor<4xf32>, %w: tensor<4xf32>):
    %y = nn.binary add %x, %w : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    nn.yield %y : tensor<4xf32>
  }
  plan.kernel @cast_3 algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<3xi32>] -> [memref<3xf16>] {
  ^bb0(%x: tensor<3xi32>):
    %y = nn.cast %x : (tensor<3xi32>) -> tensor<3xf16>
    nn.yield %y : tensor<3xf16>
  }
  plan.entry batch(1) target("x86-64") arena(0) bound(0) unfused(0) search("") worker(0) {
    %a = plan.input "input_layer_7" : memref<2x4xf32>
    %b = plan.input "class" : memref<3xi32>
    %c = plan.input "Model" : memref<2x4xf32>
    %y = plan.output "input" : memref<2x4xf32>
    %z = plan.output "*/ \22quote\22 \\ $(x) ??/ \C3\A9" : memref<3xf16>
    %w = plan.weight_ref @w0 : memref<4xf32>
    %a0 = plan.view %a offset(0) : memref<2x4xf32> to memref<4xf32>
    %c1 = plan.view %c offset(16) : memref<2x4xf32> to memref<4xf32>
    %y0 = plan.view %y offset(0) : memref<2x4xf32> to memref<4xf32>
    %y1 = plan.view %y offset(16) : memref<2x4xf32> to memref<4xf32>
    plan.step @add_4 (%a0, %w) -> (%y0) layers ["a\0A#error newline", "ends in backslash \\"] : (memref<4xf32>, memref<4xf32>) -> memref<4xf32>
    plan.step @add_4 (%c1, %w) -> (%y1) layers ["a very long layer name that goes on and on and on and on and on and on and on and on and on and on and on and on"] : (memref<4xf32>, memref<4xf32>) -> memref<4xf32>
    plan.step @cast_3 (%b) -> (%z) layers ["*/ int x; /*"] : (memref<3xi32>) -> memref<3xf16>
  }
}
