// A plan as nn-to-plan and plan-memory leave it, with steps of several phases and units, scratch and views.
plan.program @digits weights(12160) {
  plan.weight @w0 offset(0) bytes(576) {
    %w = nn.weight "conv2d/kernel" : tensor<3x3x1x16xf32>
    %p = nn.pack %w <"panels" columns = 16 groups = 1> : (tensor<3x3x1x16xf32>) -> tensor<1x1x9x16xf32>
    nn.yield %p : tensor<1x1x9x16xf32>
  }
  plan.weight @b0 offset(576) bytes(64) {
    %b = nn.weight "conv2d/bias" : tensor<16xf32>
    nn.yield %b : tensor<16xf32>
  }
  plan.weight @w1 offset(640) bytes(10240) {
    %w = nn.weight "scores/kernel" : tensor<256x10xf32>
    nn.yield %w : tensor<256x10xf32>
  }
  plan.weight @b1 offset(10880) bytes(40) {
    %b = nn.weight "scores/bias" : tensor<10xf32>
    nn.yield %b : tensor<10xf32>
  }
  plan.kernel @conv3x3_8x8x1_16_relu_maxpool2 algorithm("conv") tile [2, 4, 16] units [4] shared(0) worker(0) [memref<1x8x8x1xf32>, memref<1x1x9x16xf32>, memref<16xf32>] -> [memref<1x4x4x16xf32>] {
  ^bb0(%x: tensor<1x8x8x1xf32>, %p: tensor<1x1x9x16xf32>, %b: tensor<16xf32>):
    %w = nn.unpack %p <"panels" columns = 16 groups = 1> : (tensor<1x1x9x16xf32>) -> tensor<3x3x1x16xf32>
    %c = nn.conv %x, %w pads [1, 1, 1, 1] : (tensor<1x8x8x1xf32>, tensor<3x3x1x16xf32>) -> tensor<1x8x8x16xf32>
    %d = nn.binary add %c, %b : (tensor<1x8x8x16xf32>, tensor<16xf32>) -> tensor<1x8x8x16xf32>
    %e = nn.unary relu %d : (tensor<1x8x8x16xf32>) -> tensor<1x8x8x16xf32>
    %f = nn.pool max %e window [2, 2] strides [2, 2] : (tensor<1x8x8x16xf32>) -> tensor<1x4x4x16xf32>
    nn.yield %f : tensor<1x4x4x16xf32>
  }
  plan.kernel @dense_256_10_softmax algorithm("gemv") tile [1, 16] units [8, 1] shared(320) worker(64) [memref<1x256xf32>, memref<256x10xf32>, memref<10xf32>] -> [memref<1x10xf32>] {
  ^bb0(%x: tensor<1x256xf32>, %w: tensor<256x10xf32>, %b: tensor<10xf32>):
    %c = nn.contract %x, %w contracting [1] x [0] : (tensor<1x256xf32>, tensor<256x10xf32>) -> tensor<1x10xf32>
    %d = nn.binary add %c, %b : (tensor<1x10xf32>, tensor<10xf32>) -> tensor<1x10xf32>
    %e = nn.softmax %d axes [1] : (tensor<1x10xf32>) -> tensor<1x10xf32>
    nn.yield %e : tensor<1x10xf32>
  }
  plan.entry batch(1) target("x86-64-v3") arena(1408) bound(1408) unfused(8192) search("proved") worker(64) {
    %image = plan.input "image" : memref<1x8x8x1xf32>
    %scores = plan.output "scores" : memref<1x10xf32>
    %w0 = plan.weight_ref @w0 : memref<1x1x9x16xf32>
    %b0 = plan.weight_ref @b0 : memref<16xf32>
    %w1 = plan.weight_ref @w1 : memref<256x10xf32>
    %b1 = plan.weight_ref @b1 : memref<10xf32>
    %s0 = plan.slot bytes(1024) live [0, 1] offset(0)
    %s1 = plan.slot bytes(384) live [1, 1] offset(1024)
    %v0 = plan.view %s0 offset(0) : !plan.slot to memref<1x4x4x16xf32>
    %v1 = plan.view %s0 offset(0) : !plan.slot to memref<1x256xf32>
    plan.step @conv3x3_8x8x1_16_relu_maxpool2 (%image, %w0, %b0) -> (%v0) layers ["conv2d", "batch_normalization", "re_lu", "max_pooling2d"] : (memref<1x8x8x1xf32>, memref<1x1x9x16xf32>, memref<16xf32>) -> memref<1x4x4x16xf32>
    plan.step @dense_256_10_softmax (%v1, %w1, %b1) -> (%scores) scratch(%s1) layers ["flatten", "scores"] : (memref<1x256xf32>, memref<256x10xf32>, memref<10xf32>) -> memref<1x10xf32>
  }
}
