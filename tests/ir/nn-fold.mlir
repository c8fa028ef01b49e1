// RUN: layerc-opt %s -canonicalize | FileCheck %s
// Identities vanish, chains of views become one, small constants are computed.

// CHECK-LABEL: func.func @identities(
// CHECK-SAME: %[[X:.*]]: tensor<1x4xf32>)
// CHECK-NEXT: return %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[X]] :
func.func @identities(%x: tensor<1x4xf32>) -> (tensor<1x4xf32>, tensor<1x4xf32>, tensor<1x4xf32>, tensor<1x4xf32>,
                                               tensor<1x4xf32>, tensor<1x4xf32>, tensor<1x4xf32>, tensor<1x4xf32>) {
  %0 = nn.cast %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %1 = nn.pad %x low [0, 0] high [0, 0] value 0.0 : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %2 = nn.slice %x starts [0, 0] sizes [1, 4] : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %3 = nn.concat %x axis 1 : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %4 = nn.broadcast %x shape [1, 4] : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %5 = nn.transpose %x permutation [0, 1] : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %n = nn.unary neg %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %6 = nn.unary neg %n : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %one = nn.constant dense<1.0> : tensor<f32>
  %zero = nn.constant dense<0.0> : tensor<4xf32>
  %m = nn.binary mul %one, %x : (tensor<f32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  %s = nn.binary sub %m, %zero : (tensor<1x4xf32>, tensor<4xf32>) -> tensor<1x4xf32>
  %7 = nn.binary add %s, %zero : (tensor<1x4xf32>, tensor<4xf32>) -> tensor<1x4xf32>
  return %0, %1, %2, %3, %4, %5, %6, %7 : tensor<1x4xf32>, tensor<1x4xf32>, tensor<1x4xf32>, tensor<1x4xf32>,
    tensor<1x4xf32>, tensor<1x4xf32>, tensor<1x4xf32>, tensor<1x4xf32>
}

// A broadcasting addition of zero is still a broadcast; narrowing casts stay.
// CHECK-LABEL: func.func @kept
// CHECK: nn.binary add
// CHECK: nn.cast %{{.*}} : (tensor<1xf32>) -> tensor<1xf16>
// CHECK: nn.cast %{{.*}} : (tensor<1xf16>) -> tensor<1xf32>
func.func @kept(%x: tensor<1xf32>) -> (tensor<4xf32>, tensor<1xf32>) {
  %zero = nn.constant dense<0.0> : tensor<4xf32>
  %0 = nn.binary add %x, %zero : (tensor<1xf32>, tensor<4xf32>) -> tensor<4xf32>
  %1 = nn.cast %x : (tensor<1xf32>) -> tensor<1xf16>
  %2 = nn.cast %1 : (tensor<1xf16>) -> tensor<1xf32>
  return %0, %2 : tensor<4xf32>, tensor<1xf32>
}

// CHECK-LABEL: func.func @chains(
// CHECK-SAME: %[[X:.*]]: tensor<2x3x5xf32>)
// CHECK-DAG: %[[R:.*]] = nn.reshape %[[X]] shape [15, 2]
// CHECK-DAG: %[[T:.*]] = nn.transpose %[[X]] permutation [1, 0, 2]
// CHECK-DAG: %[[U:.*]] = nn.reshape %[[X]] shape [1, 2, 3, 5]
// CHECK: return %[[R]], %[[X]], %[[T]], %[[U]]
func.func @chains(%x: tensor<2x3x5xf32>) -> (tensor<15x2xf32>, tensor<2x3x5xf32>, tensor<3x2x5xf32>,
                                             tensor<1x2x3x5xf32>) {
  %0 = nn.reshape %x shape [30] : (tensor<2x3x5xf32>) -> tensor<30xf32>
  %1 = nn.reshape %0 shape [15, 2] : (tensor<30xf32>) -> tensor<15x2xf32>
  %2 = nn.reshape %0 shape [2, 3, 5] : (tensor<30xf32>) -> tensor<2x3x5xf32>
  %3 = nn.transpose %x permutation [2, 0, 1] : (tensor<2x3x5xf32>) -> tensor<5x2x3xf32>
  %4 = nn.transpose %3 permutation [2, 1, 0] : (tensor<5x2x3xf32>) -> tensor<3x2x5xf32>
  %5 = nn.reshape %x shape [2, 3, 1, 5] : (tensor<2x3x5xf32>) -> tensor<2x3x1x5xf32>
  %6 = nn.transpose %5 permutation [2, 0, 1, 3] : (tensor<2x3x1x5xf32>) -> tensor<1x2x3x5xf32>
  return %1, %2, %4, %6 : tensor<15x2xf32>, tensor<2x3x5xf32>, tensor<3x2x5xf32>, tensor<1x2x3x5xf32>
}

// sqrt(4 + 5) = 3, as f32; weights stay expressions.
// CHECK-LABEL: func.func @constants
// CHECK-DAG: %[[C:.*]] = nn.constant dense<3.000000e+00> : tensor<2xf32>
// CHECK-DAG: %[[I:.*]] = nn.constant dense<[true, false]> : tensor<2xi1>
// CHECK-DAG: nn.weight
// CHECK-DAG: nn.unary neg
// CHECK: return %[[C]], %[[I]],
func.func @constants() -> (tensor<2xf32>, tensor<2xi1>, tensor<2xf32>) {
  %a = nn.constant dense<4.0> : tensor<2xf32>
  %b = nn.constant dense<5.0> : tensor<f32>
  %c = nn.binary add %a, %b : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  %d = nn.unary sqrt %c : (tensor<2xf32>) -> tensor<2xf32>
  %e = nn.constant dense<[3.0, 6.0]> : tensor<2xf32>
  %f = nn.binary less %e, %b : (tensor<2xf32>, tensor<f32>) -> tensor<2xi1>
  %w = nn.weight "w" : tensor<2xf32>
  %n = nn.unary neg %w : (tensor<2xf32>) -> tensor<2xf32>
  return %d, %f, %n : tensor<2xf32>, tensor<2xi1>, tensor<2xf32>
}
