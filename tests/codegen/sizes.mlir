// A plan of two sizes that share a weight, a state and the arena. Each call adds the rows of x, and w to each of them, to the
// state, and gives the state. Size 3 needs more scratch, size 1 has more for workers.
plan.program @sizes weights(64) {
  plan.weight @w offset(0) bytes(16) {
    %w = nn.weight "total/w" : tensor<4xf32>
    nn.yield %w : tensor<4xf32>
  }
  plan.kernel @total_1 algorithm("loops") tile [0, 0, 1] units [1] shared(0) worker(128) [memref<1x4xf32>, memref<4xf32>, memref<4xf32>] -> [memref<4xf32>] {
  ^bb0(%x: tensor<1x4xf32>, %w: tensor<4xf32>, %s: tensor<4xf32>):
    %a = nn.binary add %x, %w : (tensor<1x4xf32>, tensor<4xf32>) -> tensor<1x4xf32>
    %b = nn.reduce sum %a axes [0] : (tensor<1x4xf32>) -> tensor<4xf32>
    %c = nn.binary add %b, %s : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    nn.yield %c : tensor<4xf32>
  }
  plan.kernel @total_3 algorithm("loops") tile [0, 0, 1] units [3] shared(256) worker(64) [memref<3x4xf32>, memref<4xf32>, memref<4xf32>] -> [memref<4xf32>] {
  ^bb0(%x: tensor<3x4xf32>, %w: tensor<4xf32>, %s: tensor<4xf32>):
    %a = nn.binary add %x, %w : (tensor<3x4xf32>, tensor<4xf32>) -> tensor<3x4xf32>
    %b = nn.reduce sum %a axes [0] : (tensor<3x4xf32>) -> tensor<4xf32>
    %c = nn.binary add %b, %s : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    nn.yield %c : tensor<4xf32>
  }
  plan.kernel @copy algorithm("loops") tile [0, 0, 1] units [1] shared(0) worker(0) [memref<4xf32>] -> [memref<4xf32>] {
  ^bb0(%x: tensor<4xf32>):
    nn.yield %x : tensor<4xf32>
  }
  plan.entry size("1") batch(1) target("x86-64-v3") arena(128) bound(128) unfused(128) search("proved") worker(128) {
    %x = plan.input "x" : memref<1x4xf32>
    %y = plan.output "y" : memref<4xf32>
    %state = plan.state "total" offset(0) : memref<4xf32>
    %w = plan.weight_ref @w : memref<4xf32>
    %scratch = plan.slot bytes(128) live [0, 0] offset(0)
    plan.step @total_1 (%x, %w, %state) -> (%y) scratch(%scratch) layers ["total"] : (memref<1x4xf32>, memref<4xf32>, memref<4xf32>) -> memref<4xf32>
    plan.step @copy (%y) -> (%state) layers ["total"] : (memref<4xf32>) -> memref<4xf32>
  }
  plan.entry size("3") batch(3) target("x86-64-v3") arena(320) bound(320) unfused(320) search("best found") worker(64) {
    %x = plan.input "x" : memref<3x4xf32>
    %y = plan.output "y" : memref<4xf32>
    %state = plan.state "total" offset(0) : memref<4xf32>
    %w = plan.weight_ref @w : memref<4xf32>
    %scratch = plan.slot bytes(320) live [0, 0] offset(0)
    plan.step @total_3 (%x, %w, %state) -> (%y) scratch(%scratch) layers ["total"] : (memref<3x4xf32>, memref<4xf32>, memref<4xf32>) -> memref<4xf32>
    plan.step @copy (%y) -> (%state) layers ["total"] : (memref<4xf32>) -> memref<4xf32>
  }
}
