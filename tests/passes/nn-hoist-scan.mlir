// RUN: layerc-opt %s -nn-hoist-scan -nn-simplify --check-values | FileCheck %s

// The input projection and its bias become one contraction of all steps; what needs the carried value stays.
// CHECK-LABEL: func.func @simple_rnn
// CHECK: %[[P:.*]] = nn.contract %arg0, %{{.*}} contracting [2] x [0] : (tensor<4x2x3xf32>, tensor<3x5xf32>) -> tensor<4x2x5xf32>
// CHECK: %[[B:.*]] = nn.binary add %[[P]], %{{.*}} : (tensor<4x2x5xf32>, tensor<5xf32>) -> tensor<4x2x5xf32>
// CHECK: nn.scan(%[[X:.*]] = %[[B]]) carry(%[[H:.*]] = %arg1) : (tensor<4x2x5xf32>, tensor<2x5xf32>) -> tensor<2x5xf32> {
// CHECK-NEXT: %[[R:.*]] = nn.contract %[[H]]
// CHECK-NEXT: %[[S:.*]] = nn.binary add %[[X]], %[[R]]
// CHECK-NEXT: %[[T:.*]] = nn.unary tanh %[[S]]
// CHECK-NEXT: nn.yield %[[T]]
func.func @simple_rnn(%x: tensor<4x2x3xf32>, %h: tensor<2x5xf32>) -> tensor<2x5xf32> {
  %last = nn.scan(%a = %x) carry(%s = %h) : (tensor<4x2x3xf32>, tensor<2x5xf32>) -> tensor<2x5xf32> {
    %k = nn.weight "kernel" : tensor<3x5xf32>
    %u = nn.weight "recurrent_kernel" : tensor<5x5xf32>
    %b = nn.weight "bias" : tensor<5xf32>
    %0 = nn.contract %a, %k contracting [1] x [0] : (tensor<2x3xf32>, tensor<3x5xf32>) -> tensor<2x5xf32>
    %1 = nn.binary add %0, %b : (tensor<2x5xf32>, tensor<5xf32>) -> tensor<2x5xf32>
    %2 = nn.contract %s, %u contracting [1] x [0] : (tensor<2x5xf32>, tensor<5x5xf32>) -> tensor<2x5xf32>
    %3 = nn.binary add %1, %2 : (tensor<2x5xf32>, tensor<2x5xf32>) -> tensor<2x5xf32>
    %4 = nn.unary tanh %3 : (tensor<2x5xf32>) -> tensor<2x5xf32>
    nn.yield %4 : tensor<2x5xf32>
  }
  return %last : tensor<2x5xf32>
}

// The images of all steps become one batch of a convolution.
// CHECK-LABEL: func.func @convolution
// CHECK: %[[I:.*]] = nn.reshape %arg0 shape [3, 5, 5, 1]
// CHECK: %[[C:.*]] = nn.conv %[[I]], %{{.*}} : (tensor<3x5x5x1xf32>, tensor<3x3x1x4xf32>) -> tensor<3x3x3x4xf32>
// CHECK: %[[S:.*]] = nn.reshape %[[C]] shape [3, 1, 3, 3, 4]
// CHECK: nn.scan(%{{.*}} = %[[S]]) carry
// CHECK-NOT: nn.conv
func.func @convolution(%x: tensor<3x1x5x5x1xf32>, %h: tensor<1x3x3x4xf32>) -> tensor<1x3x3x4xf32> {
  %k = nn.weight "conv" : tensor<3x3x1x4xf32>
  %last = nn.scan(%a = %x) carry(%s = %h) reverse : (tensor<3x1x5x5x1xf32>, tensor<1x3x3x4xf32>) -> tensor<1x3x3x4xf32> {
    %0 = nn.conv %a, %k : (tensor<1x5x5x1xf32>, tensor<3x3x1x4xf32>) -> tensor<1x3x3x4xf32>
    %1 = nn.binary maximum %0, %s : (tensor<1x3x3x4xf32>, tensor<1x3x3x4xf32>) -> tensor<1x3x3x4xf32>
    nn.yield %1 : tensor<1x3x3x4xf32>
  }
  return %last : tensor<1x3x3x4xf32>
}

// So many pixels gain nothing from those of other steps: the convolution stays in the loop and needs less memory.
// CHECK-LABEL: func.func @many_pixels
// CHECK-NEXT: nn.weight
// CHECK-NEXT: nn.scan(%[[A:.*]] = %arg0) carry
// CHECK-NEXT: nn.conv %[[A]]
func.func @many_pixels(%x: tensor<3x2x5x5x1xf32>, %h: tensor<2x3x3x4xf32>) -> tensor<2x3x3x4xf32> {
  %k = nn.weight "many" : tensor<3x3x1x4xf32>
  %last = nn.scan(%a = %x) carry(%s = %h) : (tensor<3x2x5x5x1xf32>, tensor<2x3x3x4xf32>) -> tensor<2x3x3x4xf32> {
    %0 = nn.conv %a, %k : (tensor<2x5x5x1xf32>, tensor<3x3x1x4xf32>) -> tensor<2x3x3x4xf32>
    %1 = nn.binary maximum %0, %s : (tensor<2x3x3x4xf32>, tensor<2x3x3x4xf32>) -> tensor<2x3x3x4xf32>
    nn.yield %1 : tensor<2x3x3x4xf32>
  }
  return %last : tensor<2x3x3x4xf32>
}

// Four of twelve steps are computed ahead: the layers one by one need no more memory than that.
// CHECK-LABEL: func.func @runs
// CHECK: %[[X:.*]] = nn.reshape %arg0 shape [3, 4, 1, 16]
// CHECK: %[[R:.*]]:2 = nn.scan(%[[A:.*]] = %[[X]]) carry(%[[S:.*]] = %arg1) reverse : (tensor<3x4x1x16xf32>, tensor<1x16xf32>) -> (tensor<1x16xf32>, tensor<3x4x1x16xf32>) {
// CHECK-NEXT: %[[P:.*]] = nn.contract %[[A]], %{{.*}} contracting [2] x [0] : (tensor<4x1x16xf32>, tensor<16x16xf32>) -> tensor<4x1x16xf32>
// CHECK-NEXT: %[[I:.*]]:2 = nn.scan(%{{.*}} = %[[P]]) carry(%{{.*}} = %[[S]]) reverse
// CHECK: nn.yield %[[I]]#0, %[[I]]#1
// CHECK: nn.reshape %[[R]]#1 shape [12, 1, 16]
func.func @runs(%x: tensor<12x1x16xf32>, %h: tensor<1x16xf32>) -> (tensor<12x1x16xf32>, tensor<1x16xf32>) attributes {nn.unfused = 480 : i64} {
  %k = nn.weight "runs/kernel" : tensor<16x16xf32>
  %u = nn.weight "runs/recurrent" : tensor<16x16xf32>
  %last:2 = nn.scan(%a = %x) carry(%s = %h) reverse : (tensor<12x1x16xf32>, tensor<1x16xf32>) -> (tensor<1x16xf32>, tensor<12x1x16xf32>) {
    %0 = nn.contract %a, %k contracting [1] x [0] : (tensor<1x16xf32>, tensor<16x16xf32>) -> tensor<1x16xf32>
    %1 = nn.contract %s, %u contracting [1] x [0] : (tensor<1x16xf32>, tensor<16x16xf32>) -> tensor<1x16xf32>
    %2 = nn.binary add %0, %1 : (tensor<1x16xf32>, tensor<1x16xf32>) -> tensor<1x16xf32>
    %3 = nn.unary tanh %2 : (tensor<1x16xf32>) -> tensor<1x16xf32>
    nn.yield %3, %3 : tensor<1x16xf32>, tensor<1x16xf32>
  }
  return %last#1, %last#0 : tensor<12x1x16xf32>, tensor<1x16xf32>
}

// A product that reads the carried value alone leaves no memory for others ahead.
// CHECK-LABEL: func.func @none_ahead
// CHECK: nn.scan(%[[A:.*]] = %arg0) carry
// CHECK-NEXT: nn.contract %[[A]]
func.func @none_ahead(%x: tensor<12x1x16xf32>, %h: tensor<1x16xf32>) -> tensor<1x16xf32> attributes {nn.unfused = 192 : i64} {
  %k = nn.weight "none/kernel" : tensor<16x16xf32>
  %u = nn.weight "none/recurrent" : tensor<16x16xf32>
  %last = nn.scan(%a = %x) carry(%s = %h) : (tensor<12x1x16xf32>, tensor<1x16xf32>) -> tensor<1x16xf32> {
    %0 = nn.contract %a, %k contracting [1] x [0] : (tensor<1x16xf32>, tensor<16x16xf32>) -> tensor<1x16xf32>
    %1 = nn.contract %s, %u contracting [1] x [0] : (tensor<1x16xf32>, tensor<16x16xf32>) -> tensor<1x16xf32>
    %2 = nn.binary add %0, %1 : (tensor<1x16xf32>, tensor<1x16xf32>) -> tensor<1x16xf32>
    nn.yield %2 : tensor<1x16xf32>
  }
  return %last : tensor<1x16xf32>
}

// Cheap work alone stays in the loop: a sequence of its results would cost more than it.
// CHECK-LABEL: func.func @cheap
// CHECK-NEXT: %{{.*}} = nn.scan(%[[A:.*]] = %arg0) carry
// CHECK-NEXT: nn.unary relu %[[A]]
func.func @cheap(%x: tensor<4x8xf32>, %h: tensor<8xf32>) -> tensor<8xf32> {
  %last = nn.scan(%a = %x) carry(%s = %h) : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<8xf32> {
    %0 = nn.unary relu %a : (tensor<8xf32>) -> tensor<8xf32>
    %1 = nn.binary add %0, %s : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
    nn.yield %1 : tensor<8xf32>
  }
  return %last : tensor<8xf32>
}

// What a heavy op reads is computed before the loop with it; other readers keep theirs.
// CHECK-LABEL: func.func @prologue
// CHECK: %[[S:.*]] = nn.slice %arg0 starts [0, 0, 1] sizes [4, 2, 2]
// CHECK: nn.contract %[[S]], %{{.*}} contracting [2] x [0]
// CHECK: nn.scan
// CHECK-SAME: tensor<4x2x3xf32>, tensor<4x2x2xf32>
func.func @prologue(%x: tensor<4x2x3xf32>, %h: tensor<2x2xf32>, %w: tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<4x2x3xf32>) {
  %last, %all = nn.scan(%a = %x) carry(%s = %h) : (tensor<4x2x3xf32>, tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<4x2x3xf32>) {
    %0 = nn.slice %a starts [0, 1] sizes [2, 2] : (tensor<2x3xf32>) -> tensor<2x2xf32>
    %1 = nn.contract %0, %w contracting [1] x [0] : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
    %2 = nn.binary add %1, %s : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
    %3 = nn.unary exp %a : (tensor<2x3xf32>) -> tensor<2x3xf32>
    nn.yield %2, %3 : tensor<2x2xf32>, tensor<2x3xf32>
  }
  return %last, %all : tensor<2x2xf32>, tensor<4x2x3xf32>
}

// A loop of one step is no loop.
// CHECK-LABEL: func.func @one_step
// CHECK-NOT: nn.scan
// CHECK: %[[S:.*]] = nn.binary add %{{.*}}, %arg1
// CHECK: %[[A:.*]] = nn.reshape %[[S]] shape [1, 8]
// CHECK: return %[[S]], %[[A]]
func.func @one_step(%x: tensor<1x8xf32>, %h: tensor<8xf32>) -> (tensor<8xf32>, tensor<1x8xf32>) {
  %last, %all = nn.scan(%a = %x) carry(%s = %h) : (tensor<1x8xf32>, tensor<8xf32>) -> (tensor<8xf32>, tensor<1x8xf32>) {
    %0 = nn.binary add %a, %s : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
    nn.yield %0, %0 : tensor<8xf32>, tensor<8xf32>
  }
  return %last, %all : tensor<8xf32>, tensor<1x8xf32>
}
