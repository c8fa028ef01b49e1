// RUN: layerc-opt %s -pass-pipeline='builtin.module(func.func(nn-fuse,nn-select-kernels,nn-schedule))' --check-values 2>/dev/null | FileCheck %s

// Two wide branches, written one layer at a time across both: finishing one branch before the other halves the peak.
// CHECK-LABEL: func.func @branches
// CHECK: nn.kernel(%{{.*}} = %arg0)
// CHECK-NEXT: nn.softmax {{.*}} axes [0]
// CHECK: nn.kernel
// CHECK-NEXT: nn.reduce max
// CHECK: nn.kernel(%{{.*}} = %arg0)
// CHECK-NEXT: nn.softmax {{.*}} axes [1]
// CHECK: nn.kernel
// CHECK-NEXT: nn.reduce min
func.func @branches(%x: tensor<64x64xf32>) -> tensor<64xf32> {
  %0 = nn.softmax %x axes [0] : (tensor<64x64xf32>) -> tensor<64x64xf32>
  %1 = nn.softmax %x axes [1] : (tensor<64x64xf32>) -> tensor<64x64xf32>
  %2 = nn.reduce max %0 axes [0] : (tensor<64x64xf32>) -> tensor<64xf32>
  %3 = nn.reduce min %1 axes [0] : (tensor<64x64xf32>) -> tensor<64xf32>
  %4 = nn.binary mul %2, %3 : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
  return %4 : tensor<64xf32>
}

// Nothing to gain: the file's order stays.
// CHECK-LABEL: func.func @chain
// CHECK: nn.softmax {{.*}} axes [0]
// CHECK: nn.softmax {{.*}} axes [1]
// CHECK: nn.reduce
func.func @chain(%x: tensor<4x8xf32>) -> tensor<8xf32> {
  %0 = nn.softmax %x axes [0] : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = nn.softmax %0 axes [1] : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = nn.reduce max %1 axes [0] : (tensor<4x8xf32>) -> tensor<8xf32>
  return %2 : tensor<8xf32>
}

// What only the end needs is written first, as the masks of an attention are: it waits until it is needed.
// CHECK-LABEL: func.func @late
// CHECK: nn.softmax {{.*}} axes [1]
// CHECK: nn.reduce max
// CHECK: nn.softmax {{.*}} axes [0] : (tensor<64xf32>)
// CHECK: nn.reduce sum
func.func @late(%x: tensor<64x64xf32>, %y: tensor<64xf32>) -> tensor<f32> {
  %0 = nn.softmax %y axes [0] : (tensor<64xf32>) -> tensor<64xf32>
  %1 = nn.softmax %x axes [1] : (tensor<64x64xf32>) -> tensor<64x64xf32>
  %2 = nn.reduce max %1 axes [0] : (tensor<64x64xf32>) -> tensor<64xf32>
  %3 = nn.binary mul %2, %0 : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
  %4 = nn.reduce sum %3 axes [0] : (tensor<64xf32>) -> tensor<f32>
  return %4 : tensor<f32>
}
