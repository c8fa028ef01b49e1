// RUN: layerc-opt %s -layerc-plan --check-values | FileCheck %s
// Loops through the whole pipeline; the values of every state of the function and of the plan agree.

// An LSTM of a batch that the scan template leaves alone: one product for the inputs of all steps, two steps in the loop's body, gates combined by the product that makes them, the hidden state in two places in turn, the cell state in one, no copy.
// CHECK-LABEL: plan.program @lstm
// CHECK: plan.input "x"
// CHECK: %[[H:.*]] = plan.output "h"
// CHECK: plan.step @dense_30_3_20(%{{.*}}, %{{.*}}) -> (%[[P:.*]]) layers
// CHECK: %[[C:.*]] = plan.slot bytes(100) live [2, 4]
// CHECK: %[[NEXT:.*]] = plan.slot bytes(100) live [3, 4]
// CHECK: plan.loop iterations(3) layers ["lstm"] {
// CHECK-NEXT: plan.view %[[H]]
// CHECK: %[[P0:.*]] = plan.view %[[P]] offset(0) stride(800) : memref<6x5x20xf32> to memref<5x20xf32>
// CHECK: plan.view %[[C]]
// CHECK: %[[H1:.*]] = plan.view %[[NEXT]]
// CHECK-NEXT: plan.step @dense_5_5_20_gates4(%{{.*}}, %{{.*}}, %[[P0]], %{{.*}}) -> (%[[C1:.*]], %[[H1]])
// CHECK: %[[P1:.*]] = plan.view %[[P]] offset(400) stride(800)
// CHECK: %[[H2:.*]] = plan.view %[[H]]
// CHECK-NEXT: plan.step @dense_5_5_20_gates4(%[[H1]], %{{.*}}, %[[P1]], %[[C1]]) -> (%{{.*}}, %[[H2]])
// CHECK-NOT: plan.step
// CHECK: }
func.func @lstm(%x: tensor<6x5x3xf32> {nn.name = "x"}) -> (tensor<5x5xf32> {nn.name = "h"}) {
  %k = nn.weight "kernel" : tensor<3x20xf32>
  %u = nn.weight "recurrent_kernel" : tensor<5x20xf32>
  %zero = nn.constant dense<0.0> : tensor<f32>
  %zeros = nn.broadcast %zero shape [5, 5] : (tensor<f32>) -> tensor<5x5xf32>
  %last:2 = nn.scan(%a = %x) carry(%h = %zeros, %c = %zeros) : (tensor<6x5x3xf32>, tensor<5x5xf32>, tensor<5x5xf32>) -> (tensor<5x5xf32>, tensor<5x5xf32>) {
    %p = nn.contract %a, %k contracting [1] x [0] : (tensor<5x3xf32>, tensor<3x20xf32>) -> tensor<5x20xf32>
    %r = nn.contract %h, %u contracting [1] x [0] : (tensor<5x5xf32>, tensor<5x20xf32>) -> tensor<5x20xf32>
    %z = nn.binary add %p, %r : (tensor<5x20xf32>, tensor<5x20xf32>) -> tensor<5x20xf32>
    %zi = nn.slice %z starts [0, 0] sizes [5, 5] : (tensor<5x20xf32>) -> tensor<5x5xf32>
    %i = nn.unary sigmoid %zi : (tensor<5x5xf32>) -> tensor<5x5xf32>
    %zf = nn.slice %z starts [0, 5] sizes [5, 5] : (tensor<5x20xf32>) -> tensor<5x5xf32>
    %f = nn.unary sigmoid %zf : (tensor<5x5xf32>) -> tensor<5x5xf32>
    %zg = nn.slice %z starts [0, 10] sizes [5, 5] : (tensor<5x20xf32>) -> tensor<5x5xf32>
    %g = nn.unary tanh %zg : (tensor<5x5xf32>) -> tensor<5x5xf32>
    %fc = nn.binary mul %f, %c : (tensor<5x5xf32>, tensor<5x5xf32>) -> tensor<5x5xf32>
    %ig = nn.binary mul %i, %g : (tensor<5x5xf32>, tensor<5x5xf32>) -> tensor<5x5xf32>
    %c1 = nn.binary add %fc, %ig : (tensor<5x5xf32>, tensor<5x5xf32>) -> tensor<5x5xf32>
    %zo = nn.slice %z starts [0, 15] sizes [5, 5] : (tensor<5x20xf32>) -> tensor<5x5xf32>
    %o = nn.unary sigmoid %zo : (tensor<5x5xf32>) -> tensor<5x5xf32>
    %t = nn.unary tanh %c1 : (tensor<5x5xf32>) -> tensor<5x5xf32>
    %h1 = nn.binary mul %o, %t : (tensor<5x5xf32>, tensor<5x5xf32>) -> tensor<5x5xf32>
    nn.yield %h1, %c1 : tensor<5x5xf32>, tensor<5x5xf32>
  } loc("lstm")
  return %last#0 : tensor<5x5xf32>
}

// Carried values that change places, one that is returned twice, an initial value that others read, a reversed walk.
// CHECK-LABEL: plan.program @swap
// CHECK: plan.loop iterations(4)
// CHECK: offset(96) stride(-32)
func.func @swap(%x: tensor<4x8xf32>, %a0: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>, tensor<4x8xf32>, tensor<8xf32>) {
  %b0 = nn.unary exp %a0 : (tensor<8xf32>) -> tensor<8xf32>
  %r:3 = nn.scan(%t = %x) carry(%a = %a0, %b = %b0) reverse : (tensor<4x8xf32>, tensor<8xf32>, tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>, tensor<4x8xf32>) {
    %s = nn.binary add %t, %a : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
    nn.yield %b, %s, %s : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
  }
  %d = nn.binary mul %b0, %r#0 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return %r#0, %r#1, %r#2, %d : tensor<8xf32>, tensor<8xf32>, tensor<4x8xf32>, tensor<8xf32>
}

// A loop in a loop, with values from outside both.
// CHECK-LABEL: plan.program @nested
// CHECK: plan.loop iterations(3)
// CHECK: plan.loop iterations(2)
func.func @nested(%x: tensor<3x2x4xf32>, %w: tensor<4xf32>) -> (tensor<4xf32>, tensor<3x2x4xf32>) {
  %e = nn.unary exp %w : (tensor<4xf32>) -> tensor<4xf32>
  %r:2 = nn.scan(%a = %x) carry(%s = %w) : (tensor<3x2x4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<3x2x4xf32>) {
    %i:2 = nn.scan(%b = %a) carry(%t = %s) : (tensor<2x4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<2x4xf32>) {
      %0 = nn.binary mul %b, %e : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %1 = nn.binary add %0, %t : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %2 = nn.unary tanh %1 : (tensor<4xf32>) -> tensor<4xf32>
      nn.yield %2, %1 : tensor<4xf32>, tensor<4xf32>
    }
    nn.yield %i#0, %i#1 : tensor<4xf32>, tensor<2x4xf32>
  }
  return %r#0, %r#1 : tensor<4xf32>, tensor<3x2x4xf32>
}

// A state is read when the run begins and written when it ends.
// CHECK-LABEL: plan.program @stateful
// CHECK: %[[S:.*]] = plan.state "counter" offset(0) : memref<4xf32>
// CHECK: %[[N:.*]] = plan.view %[[S]] offset(0)
// CHECK: plan.step @{{.*}}(%[[S]])
// CHECK: plan.loop
// CHECK: plan.step @{{.*}} -> (%[[N]])
func.func @stateful(%x: tensor<3x4xf32>, %s: tensor<4xf32> {nn.state = "counter"}) -> (tensor<3x4xf32>, tensor<4xf32> {nn.state = "counter"}) {
  %r:2 = nn.scan(%a = %x) carry(%t = %s) : (tensor<3x4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<3x4xf32>) {
    %0 = nn.binary add %a, %t : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    nn.yield %0, %0 : tensor<4xf32>, tensor<4xf32>
  } loc("counter")
  return %r#1, %r#0 : tensor<3x4xf32>, tensor<4xf32>
}

// A mask becomes part of an only product: it reads the state in one place and chooses into the other, and none is copied.
// CHECK-LABEL: plan.program @masked
// CHECK: plan.loop iterations(3) layers ["masked"] {
// CHECK-COUNT-2: plan.step @dense_5_8_8_add_tanh_select
// CHECK-NOT: plan.step
// CHECK: }
func.func @masked(%x: tensor<6x5x8xf32>, %m: tensor<6x5x1xi1>) -> tensor<5x8xf32> {
  %u = nn.weight "masked/recurrent_kernel" : tensor<8x8xf32>
  %zero = nn.constant dense<0.0> : tensor<f32>
  %zeros = nn.broadcast %zero shape [5, 8] : (tensor<f32>) -> tensor<5x8xf32>
  %last = nn.scan(%a = %x, %keep = %m) carry(%h = %zeros) : (tensor<6x5x8xf32>, tensor<6x5x1xi1>, tensor<5x8xf32>) -> tensor<5x8xf32> {
    %r = nn.contract %h, %u contracting [1] x [0] : (tensor<5x8xf32>, tensor<8x8xf32>) -> tensor<5x8xf32>
    %z = nn.binary add %a, %r : (tensor<5x8xf32>, tensor<5x8xf32>) -> tensor<5x8xf32>
    %t = nn.unary tanh %z : (tensor<5x8xf32>) -> tensor<5x8xf32>
    %n = nn.select %keep, %t, %h : (tensor<5x1xi1>, tensor<5x8xf32>, tensor<5x8xf32>) -> tensor<5x8xf32>
    nn.yield %n : tensor<5x8xf32>
  } loc("masked")
  return %last : tensor<5x8xf32>
}
