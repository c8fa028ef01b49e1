// RUN: layerc-opt %s --layerc-kernels --check-values 2>/dev/null | FileCheck %s --check-prefix=KERNELS
// RUN: layerc-opt %s --layerc-plan --check-values 2>/dev/null | FileCheck %s --check-prefix=PLAN
// The whole way: a convolutional network as imported, its kernels, its plan.

// KERNELS-NOT: nn.affine
// KERNELS: nn.kernel({{.*}}) algorithm("conv")
// KERNELS: nn.unary relu
// KERNELS: nn.kernel({{.*}}) algorithm("loops")
// KERNELS: nn.pool max
// KERNELS: nn.reshape
// KERNELS: nn.kernel({{.*}}) algorithm("conv")
// KERNELS: nn.softmax

// PLAN: plan.program @digits
// PLAN: plan.entry batch(1) target("x86-64-v3") arena(5120) bound(5120) unfused({{[0-9]+}}) search("proved")
// PLAN: plan.step @conv3x3_8x8x1_16_relu({{.*}} layers ["conv2d", "batch_normalization", "re_lu"]
// PLAN: plan.step @maxpool2x2_1x4x4x16({{.*}} layers ["max_pooling2d"]
// PLAN: plan.step @dense_256_10_softmax({{.*}} layers ["flatten", "scores"]
func.func @digits(%image: tensor<1x8x8x1xf32> {nn.name = "image"}) -> (tensor<1x10xf32> {nn.name = "scores"}) {
  %w = nn.weight "conv2d/kernel" : tensor<3x3x1x16xf32>
  %b = nn.weight "conv2d/bias" : tensor<16xf32>
  %scale = nn.weight "batch_normalization/scale" : tensor<16xf32>
  %shift = nn.weight "batch_normalization/shift" : tensor<16xf32>
  %w2 = nn.weight "scores/kernel" : tensor<256x10xf32>
  %b2 = nn.weight "scores/bias" : tensor<10xf32>
  %0 = nn.conv %image, %w pads [1, 1, 1, 1] : (tensor<1x8x8x1xf32>, tensor<3x3x1x16xf32>) -> tensor<1x8x8x16xf32> loc("conv2d")
  %1 = nn.binary add %0, %b : (tensor<1x8x8x16xf32>, tensor<16xf32>) -> tensor<1x8x8x16xf32> loc("conv2d")
  %2 = nn.affine %1, %scale, %shift axis 3 : (tensor<1x8x8x16xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<1x8x8x16xf32> loc("batch_normalization")
  %3 = nn.unary relu %2 : (tensor<1x8x8x16xf32>) -> tensor<1x8x8x16xf32> loc("re_lu")
  %4 = nn.pool max %3 window [2, 2] strides [2, 2] : (tensor<1x8x8x16xf32>) -> tensor<1x4x4x16xf32> loc("max_pooling2d")
  %5 = nn.reshape %4 shape [-1, 256] : (tensor<1x4x4x16xf32>) -> tensor<1x256xf32> loc("flatten")
  %6 = nn.contract %5, %w2 contracting [1] x [0] : (tensor<1x256xf32>, tensor<256x10xf32>) -> tensor<1x10xf32> loc("scores")
  %7 = nn.binary add %6, %b2 : (tensor<1x10xf32>, tensor<10xf32>) -> tensor<1x10xf32> loc("scores")
  %8 = nn.softmax %7 axes [1] : (tensor<1x10xf32>) -> tensor<1x10xf32> loc("scores")
  return %8 : tensor<1x10xf32>
}
