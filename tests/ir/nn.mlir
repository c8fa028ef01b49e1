// RUN: layerc-opt %s | layerc-opt | FileCheck %s
// RUN: layerc-opt %s --mlir-print-op-generic | layerc-opt | FileCheck %s
// Every op of the nn dialect parses, prints and reads its own print.

// CHECK-LABEL: func.func @weights
func.func @weights() -> (tensor<3x3x1x16xf32>, tensor<f32>) {
  // CHECK: nn.weight "conv2d/kernel" : tensor<3x3x1x16xf32>
  %0 = nn.weight "conv2d/kernel" : tensor<3x3x1x16xf32>
  // CHECK: nn.constant dense<5.000000e-01> : tensor<f32>
  %1 = nn.constant dense<0.5> : tensor<f32>
  return %0, %1 : tensor<3x3x1x16xf32>, tensor<f32>
}

// CHECK-LABEL: func.func @elementwise
func.func @elementwise(%x: tensor<1x8x16xf32>, %b: tensor<16xf32>, %i: tensor<4xi32>) {
  // CHECK: nn.unary relu %{{.*}} : (tensor<1x8x16xf32>) -> tensor<1x8x16xf32>
  %0 = nn.unary relu %x : (tensor<1x8x16xf32>) -> tensor<1x8x16xf32>
  // CHECK: nn.unary is_nan %{{.*}} : (tensor<1x8x16xf32>) -> tensor<1x8x16xi1>
  %1 = nn.unary is_nan %x : (tensor<1x8x16xf32>) -> tensor<1x8x16xi1>
  // CHECK: nn.unary not
  %2 = nn.unary not %1 : (tensor<1x8x16xi1>) -> tensor<1x8x16xi1>
  // CHECK: nn.binary add %{{.*}}, %{{.*}} : (tensor<1x8x16xf32>, tensor<16xf32>) -> tensor<1x8x16xf32>
  %3 = nn.binary add %x, %b : (tensor<1x8x16xf32>, tensor<16xf32>) -> tensor<1x8x16xf32>
  // CHECK: nn.binary greater_equal %{{.*}} : (tensor<16xf32>, tensor<1x8x16xf32>) -> tensor<1x8x16xi1>
  %4 = nn.binary greater_equal %b, %x : (tensor<16xf32>, tensor<1x8x16xf32>) -> tensor<1x8x16xi1>
  // CHECK: nn.select %{{.*}} : (tensor<1x8x16xi1>, tensor<16xf32>, tensor<1x8x16xf32>) -> tensor<1x8x16xf32>
  %5 = nn.select %4, %b, %x : (tensor<1x8x16xi1>, tensor<16xf32>, tensor<1x8x16xf32>) -> tensor<1x8x16xf32>
  // CHECK: nn.cast %{{.*}} : (tensor<4xi32>) -> tensor<4xbf16>
  %6 = nn.cast %i : (tensor<4xi32>) -> tensor<4xbf16>
  // CHECK: nn.affine %{{.*}}, %{{.*}}, %{{.*}} axis 2 :
  %7 = nn.affine %x, %b, %b axis 2 : (tensor<1x8x16xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<1x8x16xf32>
  return
}

// CHECK-LABEL: func.func @sums
func.func @sums(%x: tensor<2x4x16xf32>, %w: tensor<16x10xf32>, %y: tensor<2x6x16xf32>, %c: tensor<2x4xi1>) {
  // CHECK: nn.reduce mean %{{.*}} axes [0, 2] : (tensor<2x4x16xf32>) -> tensor<4xf32>
  %0 = nn.reduce mean %x axes [0, 2] : (tensor<2x4x16xf32>) -> tensor<4xf32>
  // CHECK: nn.reduce any %{{.*}} axes [] : (tensor<2x4xi1>) -> tensor<2x4xi1>
  %1 = nn.reduce any %c axes [] : (tensor<2x4xi1>) -> tensor<2x4xi1>
  // CHECK: nn.contract %{{.*}}, %{{.*}} contracting [2] x [0] :
  %2 = nn.contract %x, %w contracting [2] x [0] : (tensor<2x4x16xf32>, tensor<16x10xf32>) -> tensor<2x4x10xf32>
  // CHECK: nn.contract %{{.*}}, %{{.*}} batch [0] x [0] contracting [2] x [2] : {{.*}} -> tensor<2x4x6xf32>
  %3 = nn.contract %x, %y batch [0] x [0] contracting [2] x [2] : (tensor<2x4x16xf32>, tensor<2x6x16xf32>) -> tensor<2x4x6xf32>
  // CHECK: nn.normalize layer %{{.*}} axes [2] epsilon 1.000000e-03
  %4 = nn.normalize layer %x axes [2] epsilon 1.0e-3 : (tensor<2x4x16xf32>) -> tensor<2x4x16xf32>
  // CHECK: nn.softmax %{{.*}} axes [1, 2]
  %5 = nn.softmax %x axes [1, 2] : (tensor<2x4x16xf32>) -> tensor<2x4x16xf32>
  // CHECK: nn.softmax log %{{.*}} axes [1]
  %6 = nn.softmax log %x axes [1] : (tensor<2x4x16xf32>) -> tensor<2x4x16xf32>
  return
}

// CHECK-LABEL: func.func @windows
func.func @windows(%x: tensor<1x8x9x4xf32>, %w: tensor<3x3x4x8xf32>, %d: tensor<3x3x1x8xf32>, %s: tensor<1x10x4xf32>,
                   %k: tensor<2x4x8xf32>, %v: tensor<1x4x4x4x2xf32>, %c: tensor<2x2x2x2x3xf32>) {
  // CHECK: nn.conv %{{.*}}, %{{.*}} : (tensor<1x8x9x4xf32>, tensor<3x3x4x8xf32>) -> tensor<1x6x7x8xf32>
  %0 = nn.conv %x, %w : (tensor<1x8x9x4xf32>, tensor<3x3x4x8xf32>) -> tensor<1x6x7x8xf32>
  // CHECK: nn.conv %{{.*}} strides [2, 1] pads [1, 1, 0, 2] dilations [1, 2] groups 4 : {{.*}} -> tensor<1x4x7x8xf32>
  %1 = nn.conv %x, %d strides [2, 1] pads [1, 1, 0, 2] dilations [1, 2] groups 4 : (tensor<1x8x9x4xf32>, tensor<3x3x1x8xf32>) -> tensor<1x4x7x8xf32>
  // CHECK: nn.conv {{.*}} -> tensor<1x9x8xf32>
  %2 = nn.conv %s, %k : (tensor<1x10x4xf32>, tensor<2x4x8xf32>) -> tensor<1x9x8xf32>
  // CHECK: nn.conv {{.*}} -> tensor<1x3x3x3x3xf32>
  %3 = nn.conv %v, %c : (tensor<1x4x4x4x2xf32>, tensor<2x2x2x2x3xf32>) -> tensor<1x3x3x3x3xf32>
  // CHECK: nn.conv_transpose %{{.*}} sizes [16, 18] strides [2, 2] crops [1, 0] dilations [1, 1] :
  %4 = nn.conv_transpose %x, %w sizes [16, 18] strides [2, 2] crops [1, 0] dilations [1, 1] : (tensor<1x8x9x4xf32>, tensor<3x3x4x8xf32>) -> tensor<1x16x18x8xf32>
  // CHECK: nn.pool max %{{.*}} window [2, 3] : (tensor<1x8x9x4xf32>) -> tensor<1x7x7x4xf32>
  %5 = nn.pool max %x window [2, 3] : (tensor<1x8x9x4xf32>) -> tensor<1x7x7x4xf32>
  // CHECK: nn.pool average %{{.*}} window [3, 3] strides [2, 2] pads [1, 1, 1, 1] : {{.*}} -> tensor<1x4x5x4xf32>
  %6 = nn.pool average %x window [3, 3] strides [2, 2] pads [1, 1, 1, 1] : (tensor<1x8x9x4xf32>) -> tensor<1x4x5x4xf32>
  // CHECK: nn.resize %{{.*}} sizes [16, 3] :
  %7 = nn.resize %x sizes [16, 3] : (tensor<1x8x9x4xf32>) -> tensor<1x16x3x4xf32>
  return
}

// CHECK-LABEL: func.func @lookups
func.func @lookups(%x: tensor<2x9x4xf32>, %i: tensor<2x3xi64>, %w: tensor<4x3x4x8xf32>, %b: tensor<5xf32>) {
  // CHECK: nn.gather nan %{{.*}}, %{{.*}} axis 1 : (tensor<2x9x4xf32>, tensor<2x3xi64>) -> tensor<2x2x3x4xf32>
  %0 = nn.gather nan %x, %i axis 1 : (tensor<2x9x4xf32>, tensor<2x3xi64>) -> tensor<2x2x3x4xf32>
  // CHECK: nn.gather clamp %{{.*}}, %{{.*}} axis 2 batch 1 : (tensor<2x9x4xf32>, tensor<2x3xi64>) -> tensor<2x9x3xf32>
  %1 = nn.gather clamp %x, %i axis 2 batch 1 : (tensor<2x9x4xf32>, tensor<2x3xi64>) -> tensor<2x9x3xf32>
  // CHECK: nn.one_hot %{{.*}} depth 6 : (tensor<2x3xi64>) -> tensor<2x3x6xi1>
  %2 = nn.one_hot %i depth 6 : (tensor<2x3xi64>) -> tensor<2x3x6xi1>
  // CHECK: nn.bucketize %{{.*}}, %{{.*}} : (tensor<2x9x4xf32>, tensor<5xf32>) -> tensor<2x9x4xi32>
  %3 = nn.bucketize %x, %b : (tensor<2x9x4xf32>, tensor<5xf32>) -> tensor<2x9x4xi32>
  // CHECK: nn.local_conv %{{.*}}, %{{.*}} strides [2] : {{.*}} -> tensor<2x4x8xf32>
  %4 = nn.local_conv %x, %w strides [2] : (tensor<2x9x4xf32>, tensor<4x3x4x8xf32>) -> tensor<2x4x8xf32>
  // CHECK: nn.local_conv %{{.*}}, %{{.*}} strides [3] pads [1, 2] :
  %5 = nn.local_conv %x, %w strides [3] pads [1, 2] : (tensor<2x9x4xf32>, tensor<4x3x4x8xf32>) -> tensor<2x4x8xf32>
  return
}

// CHECK-LABEL: func.func @movements
func.func @movements(%x: tensor<1x4x6xf32>, %y: tensor<1x4x1xf32>) {
  // CHECK: nn.reshape %{{.*}} shape [-1, 3] : (tensor<1x4x6xf32>) -> tensor<8x3xf32>
  %0 = nn.reshape %x shape [-1, 3] : (tensor<1x4x6xf32>) -> tensor<8x3xf32>
  // CHECK: nn.transpose %{{.*}} permutation [2, 0, 1] :
  %1 = nn.transpose %x permutation [2, 0, 1] : (tensor<1x4x6xf32>) -> tensor<6x1x4xf32>
  // CHECK: nn.broadcast %{{.*}} shape [3, -1, -1, 5] : (tensor<1x4x1xf32>) -> tensor<3x1x4x5xf32>
  %2 = nn.broadcast %y shape [3, -1, -1, 5] : (tensor<1x4x1xf32>) -> tensor<3x1x4x5xf32>
  // CHECK: nn.pad %{{.*}} low [0, 1, 0] high [0, 0, 2] value -1.000000e+00 :
  %3 = nn.pad %x low [0, 1, 0] high [0, 0, 2] value -1.0 : (tensor<1x4x6xf32>) -> tensor<1x5x8xf32>
  // CHECK: nn.slice %{{.*}} starts [0, 1, 0] sizes [1, -1, 2] : (tensor<1x4x6xf32>) -> tensor<1x3x2xf32>
  %4 = nn.slice %x starts [0, 1, 0] sizes [1, -1, 2] : (tensor<1x4x6xf32>) -> tensor<1x3x2xf32>
  // CHECK: nn.slice %{{.*}} starts [0, 0, 1] sizes [-1, -1, -1] strides [1, 3, 2] : (tensor<1x4x6xf32>) -> tensor<1x2x3xf32>
  %5 = nn.slice %x starts [0, 0, 1] sizes [-1, -1, -1] strides [1, 3, 2] : (tensor<1x4x6xf32>) -> tensor<1x2x3xf32>
  // CHECK: nn.reverse %{{.*}} axes [1, 2] :
  %6 = nn.reverse %x axes [1, 2] : (tensor<1x4x6xf32>) -> tensor<1x4x6xf32>
  // CHECK: nn.concat %{{.*}}, %{{.*}} axis 2 : (tensor<1x4x6xf32>, tensor<1x4x1xf32>) -> tensor<1x4x7xf32>
  %7 = nn.concat %x, %y axis 2 : (tensor<1x4x6xf32>, tensor<1x4x1xf32>) -> tensor<1x4x7xf32>
  return
}

// CHECK-LABEL: func.func @kernels
func.func @kernels(%x: tensor<1x8xf32>, %w: tensor<8x20xf32>) -> (tensor<1x20xf32>, tensor<1x8xf32>) {
  // CHECK: %[[PACKED:.*]] = nn.pack %{{.*}} <"panels" columns = 16 groups = 1> : (tensor<8x20xf32>) -> tensor<1x2x8x16xf32>
  %p = nn.pack %w <"panels" columns = 16 groups = 1> : (tensor<8x20xf32>) -> tensor<1x2x8x16xf32>
  // CHECK: nn.kernel(%[[A:.*]] = %{{.*}}, %[[B:.*]] = %[[PACKED]]) algorithm("gemv") tile [4, 16] units [2] shared(64) worker(128) : (tensor<1x8xf32>, tensor<1x2x8x16xf32>) -> (tensor<1x20xf32>, tensor<1x8xf32>) {
  %y:2 = nn.kernel(%a = %x, %b = %p) algorithm("gemv") tile [4, 16] units [2] shared(64) worker(128) : (tensor<1x8xf32>, tensor<1x2x8x16xf32>) -> (tensor<1x20xf32>, tensor<1x8xf32>) {
    // CHECK: nn.unpack %[[B]] <"panels" columns = 16 groups = 1> : (tensor<1x2x8x16xf32>) -> tensor<8x20xf32>
    %u = nn.unpack %b <"panels" columns = 16 groups = 1> : (tensor<1x2x8x16xf32>) -> tensor<8x20xf32>
    %c = nn.contract %a, %u contracting [1] x [0] : (tensor<1x8xf32>, tensor<8x20xf32>) -> tensor<1x20xf32>
    // CHECK: nn.yield %{{.*}}, %[[A]] : tensor<1x20xf32>, tensor<1x8xf32>
    nn.yield %c, %a : tensor<1x20xf32>, tensor<1x8xf32>
  }
  // CHECK: nn.kernel() : () -> tensor<f32> {
  %z = nn.kernel() : () -> tensor<f32> {
    %one = nn.constant dense<1.0> : tensor<f32>
    nn.yield %one : tensor<f32>
  }
  return %y#0, %y#1 : tensor<1x20xf32>, tensor<1x8xf32>
}

// CHECK-LABEL: func.func @loops
func.func @loops(%x: tensor<5x1x8xf32>, %m: tensor<5x1xi1>, %zero: tensor<1x8xf32>, %w: tensor<8xf32>) -> tensor<5x1x8xf32> {
  // CHECK: %[[R:.*]]:2 = nn.scan(%[[A:.*]] = %{{.*}}, %[[M:.*]] = %{{.*}}) carry(%[[S:.*]] = %{{.*}}) reverse : (tensor<5x1x8xf32>, tensor<5x1xi1>, tensor<1x8xf32>) -> (tensor<1x8xf32>, tensor<5x1x8xf32>) {
  %r:2 = nn.scan(%a = %x, %c = %m) carry(%s = %zero) reverse : (tensor<5x1x8xf32>, tensor<5x1xi1>, tensor<1x8xf32>) -> (tensor<1x8xf32>, tensor<5x1x8xf32>) {
    // CHECK: nn.binary mul %[[A]], %{{.*}} : (tensor<1x8xf32>, tensor<8xf32>) -> tensor<1x8xf32>
    %0 = nn.binary mul %a, %w : (tensor<1x8xf32>, tensor<8xf32>) -> tensor<1x8xf32>
    %1 = nn.binary add %0, %s : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
    %k = nn.reshape %c shape [1, 1] : (tensor<1xi1>) -> tensor<1x1xi1>
    %2 = nn.select %k, %1, %s : (tensor<1x1xi1>, tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
    // CHECK: nn.yield %{{.*}}, %{{.*}} : tensor<1x8xf32>, tensor<1x8xf32>
    nn.yield %2, %1 : tensor<1x8xf32>, tensor<1x8xf32>
  }
  // CHECK: nn.scan(%[[B:.*]] = %{{.*}}) : (tensor<5x1x8xf32>) -> tensor<5x1x8xf32> {
  %t = nn.scan(%a = %r#1) : (tensor<5x1x8xf32>) -> tensor<5x1x8xf32> {
    // CHECK: nn.yield %[[B]] : tensor<1x8xf32>
    nn.yield %a : tensor<1x8xf32>
  }
  return %t : tensor<5x1x8xf32>
}

// CHECK-LABEL: func.func @unrolled
func.func @unrolled(%x: tensor<6x4xf32>, %s0: tensor<4xf32>) -> (tensor<4xf32>, tensor<6x4xf32>) {
  // CHECK: %[[R:.*]]:2 = nn.scan(%[[A:.*]] = %arg0, %[[B:.*]] = %arg0) carry(%[[S:.*]] = %arg1) unroll(2) : (tensor<6x4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<6x4xf32>) {
  %r:2 = nn.scan(%a = %x, %b = %x) carry(%s = %s0) unroll(2) : (tensor<6x4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<6x4xf32>) {
    // CHECK: nn.binary add %[[A]], %[[S]]
    %0 = nn.binary add %a, %s : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    // CHECK: nn.binary add %[[B]], %{{.*}}
    %1 = nn.binary add %b, %0 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    nn.yield %1, %0, %1 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
  }
  return %r#0, %r#1 : tensor<4xf32>, tensor<6x4xf32>
}
