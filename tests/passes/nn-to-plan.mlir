// RUN: layerc-opt %s -nn-to-plan --check-values | FileCheck %s

// Equal kernels and equal weights are shared, a reshape is a view, and what is returned is written where it belongs.
// CHECK-LABEL: plan.program @shared weights(64)
// CHECK-COUNT-1: plan.weight @w offset(0) bytes(16)
// CHECK-NOT: plan.weight @
// CHECK-COUNT-1: plan.kernel @mul
// CHECK-NOT: plan.kernel
// CHECK: plan.entry batch(4)
// CHECK: %[[X:.*]] = plan.input "x" : memref<4x1xf32>
// CHECK: %[[Y:.*]] = plan.output "y" : memref<4xf32>
// CHECK: %[[R:.*]] = plan.view %[[X]] offset(0) : memref<4x1xf32> to memref<4xf32>
// CHECK: %[[S:.*]] = plan.slot bytes(16) live [0, 1]
// CHECK: %[[V:.*]] = plan.view %[[S]] offset(0) : !plan.slot to memref<4xf32>
// CHECK: plan.step @mul{{.*}}(%[[R]], %{{.*}}) -> (%[[V]]) layers ["one"]
// CHECK: plan.step @mul{{.*}}(%[[V]], %{{.*}}) -> (%[[Y]]) layers ["two"]
func.func @shared(%x: tensor<4x1xf32> {nn.name = "x"}) -> (tensor<4xf32> {nn.name = "y"}) {
  %w = nn.weight "w" : tensor<4xf32>
  %r = nn.reshape %x shape [4] : (tensor<4x1xf32>) -> tensor<4xf32>
  %0 = nn.kernel(%a = %r, %b = %w) algorithm("loops") tile [0, 0, 1] units [1] : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> {
    %c = nn.binary mul %a, %b : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    nn.yield %c : tensor<4xf32>
  } loc("one")
  %1 = nn.kernel(%a = %0, %b = %w) algorithm("loops") tile [0, 0, 1] units [1] : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> {
    %c = nn.binary mul %a, %b : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    nn.yield %c : tensor<4xf32>
  } loc("two")
  return %1 : tensor<4xf32>
}

// Parts of a concatenation are strided views of the whole.
// CHECK-LABEL: plan.program @parts
// CHECK: plan.kernel @{{.*}} [memref<2x3xf32>] -> [memref<2x3xf32, strided<[6, 1]>>]
// CHECK: %[[Y:.*]] = plan.output "output0" : memref<2x6xf32>
// CHECK: plan.view %[[Y]] offset(0) : memref<2x6xf32> to memref<2x3xf32, strided<[6, 1]>>
// CHECK: plan.view %[[Y]] offset(12) : memref<2x6xf32> to memref<2x3xf32, strided<[6, 1]>>
func.func @parts(%x: tensor<2x3xf32>) -> tensor<2x6xf32> {
  %0 = nn.kernel(%a = %x) algorithm("loops") tile [0, 0, 1] units [1] : (tensor<2x3xf32>) -> tensor<2x3xf32> {
    %c = nn.unary exp %a : (tensor<2x3xf32>) -> tensor<2x3xf32>
    nn.yield %c : tensor<2x3xf32>
  }
  %1 = nn.kernel(%a = %x) algorithm("loops") tile [0, 0, 1] units [1] : (tensor<2x3xf32>) -> tensor<2x3xf32> {
    %c = nn.unary tanh %a : (tensor<2x3xf32>) -> tensor<2x3xf32>
    nn.yield %c : tensor<2x3xf32>
  }
  %2 = nn.concat %0, %1 axis 1 {nn.view} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x6xf32>
  return %2 : tensor<2x6xf32>
}

// In place: two tensors in the same bytes, each with a view of its own, and an alias.
// CHECK-LABEL: plan.program @in_place
// CHECK: plan.kernel @tanh{{.*}} aliases [0, 0]
// CHECK: %[[S:.*]] = plan.slot bytes(24) live [0, 2]
// CHECK: %[[A:.*]] = plan.view %[[S]] offset(0)
// CHECK: plan.step @exp{{.*}} -> (%[[A]])
// CHECK: %[[B:.*]] = plan.view %[[S]] offset(0)
// CHECK: plan.step @tanh{{.*}}(%[[A]]) -> (%[[B]])
func.func @in_place(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = nn.kernel(%a = %x) algorithm("loops") tile [0, 0, 1] units [1] : (tensor<2x3xf32>) -> tensor<2x3xf32> {
    %c = nn.unary exp %a : (tensor<2x3xf32>) -> tensor<2x3xf32>
    nn.yield %c : tensor<2x3xf32>
  }
  %1 = nn.kernel(%a = %0) algorithm("loops") tile [0, 0, 1] units [1] {nn.in_place = 0 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32> {
    %c = nn.unary tanh %a : (tensor<2x3xf32>) -> tensor<2x3xf32>
    nn.yield %c : tensor<2x3xf32>
  }
  %2 = nn.kernel(%a = %1) algorithm("loops") tile [0, 0, 1] units [1] : (tensor<2x3xf32>) -> tensor<2x3xf32> {
    %c = nn.softmax %a axes [1] : (tensor<2x3xf32>) -> tensor<2x3xf32>
    nn.yield %c : tensor<2x3xf32>
  }
  return %2 : tensor<2x3xf32>
}

// A chain in place through reshapes ends where it began, in the output: each tensor has a view of its own all the same.
// CHECK-LABEL: plan.program @in_place_and_back
// CHECK: %[[OUT:.*]] = plan.output
// CHECK: plan.step @exp_2x3(%{{.*}}) -> (%[[OUT]])
// CHECK: plan.step @tanh_6(%[[FLAT:.*]]) -> (%[[TANH:.*]]) layers
// CHECK: %[[BACK:.*]] = plan.view %[[TANH]] offset(0)
// CHECK: %[[LAST:.*]] = plan.view %[[OUT]] offset(0)
// CHECK: plan.step @relu_2x3(%[[BACK]]) -> (%[[LAST]])
func.func @in_place_and_back(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = nn.kernel(%a = %x) algorithm("loops") tile [0, 0, 1] units [1] : (tensor<2x3xf32>) -> tensor<2x3xf32> {
    %e = nn.unary exp %a : (tensor<2x3xf32>) -> tensor<2x3xf32>
    nn.yield %e : tensor<2x3xf32>
  }
  %1 = nn.reshape %0 shape [6] : (tensor<2x3xf32>) -> tensor<6xf32>
  %2 = nn.kernel(%a = %1) algorithm("loops") tile [0, 0, 1] units [1] {nn.in_place = 0 : i64} : (tensor<6xf32>) -> tensor<6xf32> {
    %t = nn.unary tanh %a : (tensor<6xf32>) -> tensor<6xf32>
    nn.yield %t : tensor<6xf32>
  }
  %3 = nn.reshape %2 shape [2, 3] : (tensor<6xf32>) -> tensor<2x3xf32>
  %4 = nn.kernel(%a = %3) algorithm("loops") tile [0, 0, 1] units [1] {nn.in_place = 0 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32> {
    %r = nn.unary relu %a : (tensor<2x3xf32>) -> tensor<2x3xf32>
    nn.yield %r : tensor<2x3xf32>
  }
  return %4 : tensor<2x3xf32>
}

// Scratch is a slot for one step: shared bytes, then those of the first worker. Others need some where there are units
// for them.
// CHECK-LABEL: plan.program @scratch
// CHECK: plan.entry {{.*}} worker(64)
// CHECK: %[[T:.*]] = plan.slot bytes(192) live [0, 0]
// CHECK: plan.step {{.*}} scratch(%[[T]])
func.func @scratch(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = nn.kernel(%a = %x) algorithm("loops") tile [0, 0, 1] units [2] shared(100) worker(8) : (tensor<4xf32>) -> tensor<4xf32> {
    %c = nn.unary exp %a : (tensor<4xf32>) -> tensor<4xf32>
    nn.yield %c : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: plan.program @scratch_of_one_unit
// CHECK: plan.entry {{.*}} worker(0)
// CHECK: plan.slot bytes(64) live [0, 0]
func.func @scratch_of_one_unit(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = nn.kernel(%a = %x) algorithm("loops") tile [0, 0, 1] units [1] shared(0) worker(8) : (tensor<4xf32>) -> tensor<4xf32> {
    %c = nn.unary exp %a : (tensor<4xf32>) -> tensor<4xf32>
    nn.yield %c : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}
