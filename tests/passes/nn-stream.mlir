// RUN: layerc-opt %s --nn-stream=steps=2 --nn-infer-shapes | FileCheck %s

// A causal convolution keeps the steps that its window reaches back: (3 - 1) * 2 of them.
// CHECK-LABEL: func.func @causal
// CHECK-SAME: (%[[X:.*]]: tensor<1x2x3xf32> {nn.name = "x"}, %[[BEFORE:.*]]: tensor<1x4x3xf32> {nn.state = "model"})
// CHECK-SAME: -> (tensor<1x2x5xf32> {nn.name = "y"}, tensor<1x4x3xf32> {nn.state = "model"})
// CHECK: %[[JOINED:.*]] = nn.concat %[[BEFORE]], %[[X]] axis 1
// CHECK: %[[LAST:.*]] = nn.slice %[[JOINED]] starts [0, 2, 0] sizes [1, 4, 3]
// CHECK: %[[Y:.*]] = nn.conv %[[JOINED]], %{{.*}} dilations [2] : (tensor<1x6x3xf32>, tensor<3x3x5xf32>) -> tensor<1x2x5xf32>
// CHECK: return %[[Y]], %[[LAST]]
func.func @causal(%x: tensor<1x8x3xf32> {nn.name = "x"}) -> (tensor<1x8x5xf32> {nn.name = "y"}) {
  %w = nn.weight "w" : tensor<3x3x5xf32>
  %y = nn.conv %x, %w pads [4, 0] dilations [2] : (tensor<1x8x3xf32>, tensor<3x3x5xf32>) -> tensor<1x8x5xf32>
  return %y : tensor<1x8x5xf32>
}

// A scan goes on from where it was; its last value is the one so far, and so is the last step of a sequence.
// CHECK-LABEL: func.func @recurrent
// CHECK-SAME: %[[X:.*]]: tensor<1x2x3xf32>, %[[STATE:.*]]: tensor<1x3xf32> {nn.state = "model"})
// CHECK-SAME: -> (tensor<1x3xf32>, tensor<1x3xf32>, tensor<1x3xf32> {nn.state = "model"})
// CHECK: %[[RESULT:.*]]:2 = nn.scan(%{{.*}} = %{{.*}}) carry(%{{.*}} = %[[STATE]])
// CHECK: %[[SLICE:.*]] = nn.slice %[[RESULT]]#1 starts [1, 0, 0] sizes [1, 1, 3]
// CHECK: return %[[RESULT]]#0, %{{.*}}, %[[RESULT]]#0
func.func @recurrent(%x: tensor<1x8x3xf32>) -> (tensor<1x3xf32>, tensor<1x3xf32>) {
  %z = nn.constant dense<0.0> : tensor<f32>
  %zeros = nn.broadcast %z shape [1, 3] : (tensor<f32>) -> tensor<1x3xf32>
  %t = nn.transpose %x permutation [1, 0, 2] : (tensor<1x8x3xf32>) -> tensor<8x1x3xf32>
  %last, %all = nn.scan(%a = %t) carry(%s = %zeros) : (tensor<8x1x3xf32>, tensor<1x3xf32>) -> (tensor<1x3xf32>, tensor<8x1x3xf32>) {
    %r = nn.binary add %a, %s : (tensor<1x3xf32>, tensor<1x3xf32>) -> tensor<1x3xf32>
    nn.yield %r, %r : tensor<1x3xf32>, tensor<1x3xf32>
  }
  %end = nn.slice %all starts [7, 0, 0] sizes [1, 1, 3] : (tensor<8x1x3xf32>) -> tensor<1x1x3xf32>
  %row = nn.reshape %end shape [1, 3] : (tensor<1x1x3xf32>) -> tensor<1x3xf32>
  return %last, %row : tensor<1x3xf32>, tensor<1x3xf32>
}
