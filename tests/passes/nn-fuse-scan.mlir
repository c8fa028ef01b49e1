// RUN: layerc-opt %s -pass-pipeline='builtin.module(func.func(nn-fuse))' --check-values -verify-diagnostics -o %t
// RUN: layerc-opt %s -pass-pipeline='builtin.module(func.func(nn-fuse,nn-select-kernels{target-cpu=x86-64-v3}))' | FileCheck %s
// RUN: layerc-opt %s -layerc-plan --check-values | FileCheck %s --check-prefix=PLAN
// Loops over time, and nets of one step, as one kernel.

// Gates in panels of their own, initial zeros inside.
// CHECK-LABEL: func.func @cell
// CHECK: %[[K:.*]]:2 = nn.kernel(%{{.*}}, %{{.*}} = %arg0) algorithm("scan") tile [6] units [1] {nn.layouts = [#nn.layout<"panels" columns = 16 groups = 2>, unit]}
// CHECK: nn.broadcast
// CHECK: nn.scan
// CHECK: return %[[K]]#1, %[[K]]#0
// PLAN-LABEL: plan.program @cell
// PLAN-NOT: plan.loop
// PLAN: plan.step @scan_5_16x32
// PLAN-NOT: plan.step
func.func @cell(%x: tensor<5x1x32xf32>) -> (tensor<5x1x16xf32>, tensor<1x16xf32>) {
  %u = nn.weight "recurrent_kernel" : tensor<16x32xf32>
  %zero = nn.constant dense<0.0> : tensor<f32>
  %zeros = nn.broadcast %zero shape [1, 16] : (tensor<f32>) -> tensor<1x16xf32>
  %last, %all = nn.scan(%a = %x) carry(%h = %zeros) : (tensor<5x1x32xf32>, tensor<1x16xf32>) -> (tensor<1x16xf32>, tensor<5x1x16xf32>) {
    %r = nn.contract %h, %u contracting [1] x [0] : (tensor<1x16xf32>, tensor<16x32xf32>) -> tensor<1x32xf32>
    %z = nn.binary add %a, %r : (tensor<1x32xf32>, tensor<1x32xf32>) -> tensor<1x32xf32>
    %zf = nn.slice %z starts [0, 0] sizes [1, 16] : (tensor<1x32xf32>) -> tensor<1x16xf32>
    %f = nn.unary sigmoid %zf : (tensor<1x16xf32>) -> tensor<1x16xf32>
    %zg = nn.slice %z starts [0, 16] sizes [1, 16] : (tensor<1x32xf32>) -> tensor<1x16xf32>
    %g = nn.unary tanh %zg : (tensor<1x16xf32>) -> tensor<1x16xf32>
    %n = nn.binary mul %f, %g : (tensor<1x16xf32>, tensor<1x16xf32>) -> tensor<1x16xf32>
    nn.yield %n, %n : tensor<1x16xf32>, tensor<1x16xf32>
  }
  return %all, %last : tensor<5x1x16xf32>, tensor<1x16xf32>
}

// All of a net of one step; the view of its argument stays outside.
// CHECK-LABEL: func.func @one_step
// CHECK: nn.reshape
// CHECK: nn.kernel
// CHECK-SAME: algorithm("scan")
// CHECK-NOT: nn.kernel
// PLAN-LABEL: plan.program @one_step
// PLAN: plan.step @step_8x12_12x3
// PLAN-NOT: plan.step
func.func @one_step(%x: tensor<1x1x8xf32>) -> (tensor<1x3xf32>, tensor<1x12xf32>) {
  %w = nn.weight "first" : tensor<8x12xf32>
  %v = nn.weight "second" : tensor<12x3xf32>
  %0 = nn.reshape %x shape [1, 8] : (tensor<1x1x8xf32>) -> tensor<1x8xf32>
  %1 = nn.contract %0, %w contracting [1] x [0] : (tensor<1x8xf32>, tensor<8x12xf32>) -> tensor<1x12xf32>
  %2 = nn.unary tanh %1 : (tensor<1x12xf32>) -> tensor<1x12xf32>
  %3 = nn.contract %2, %v contracting [1] x [0] : (tensor<1x12xf32>, tensor<12x3xf32>) -> tensor<1x3xf32>
  return %3, %2 : tensor<1x3xf32>, tensor<1x12xf32>
}

// All three steps are in the loop's body, so that none copies its result.
// CHECK-LABEL: func.func @large
// CHECK: nn.scan(%{{.*}} = %arg0, %{{.*}} = %arg0, %{{.*}} = %arg0) carry(%{{.*}} = %arg1) unroll(3)
// PLAN-LABEL: plan.program @large
// PLAN: plan.loop iterations(1)
// PLAN-COUNT-3: plan.step @dense_200_200_add_tanh
// PLAN-NOT: plan.step
// PLAN: }
func.func @large(%x: tensor<3x1x200xf32>, %h0: tensor<1x200xf32>) -> tensor<1x200xf32> {
  %u = nn.weight "large" : tensor<200x200xf32>
  // expected-remark @+1 {{is no kernel as a whole: so many weights are read faster by several threads}}
  %last = nn.scan(%a = %x) carry(%h = %h0) : (tensor<3x1x200xf32>, tensor<1x200xf32>) -> tensor<1x200xf32> {
    // expected-remark @+1 {{nn.contract is not fused into the kernel before it: not exactly one convolution or contraction}}
    %r = nn.contract %h, %u contracting [1] x [0] : (tensor<1x200xf32>, tensor<200x200xf32>) -> tensor<1x200xf32>
    %z = nn.binary add %a, %r : (tensor<1x200xf32>, tensor<1x200xf32>) -> tensor<1x200xf32>
    %n = nn.unary tanh %z : (tensor<1x200xf32>) -> tensor<1x200xf32>
    nn.yield %n : tensor<1x200xf32>
  }
  return %last : tensor<1x200xf32>
}

// The two gates of a gated linear unit, and what is added to one of them.
// CHECK-LABEL: func.func @gated_linear_unit
// CHECK: nn.kernel(%{{.*}} = %arg0, {{.*}}) algorithm("conv") tile [4, 1, 1, 1] units [1] {nn.layouts = [unit, #nn.layout<"gates" columns = 8 groups = 2>, unit]}
// CHECK-NOT: nn.kernel
// PLAN-LABEL: plan.program @gated_linear_unit
// PLAN: plan.step @dense_7_9_10_gates2
// PLAN-NOT: plan.step
func.func @gated_linear_unit(%x: tensor<7x9xf32>, %y: tensor<7x5xf32>) -> tensor<7x5xf32> {
  %w = nn.weight "gated" : tensor<9x10xf32>
  %z = nn.contract %x, %w contracting [1] x [0] : (tensor<7x9xf32>, tensor<9x10xf32>) -> tensor<7x10xf32>
  %za = nn.slice %z starts [0, 0] sizes [7, 5] : (tensor<7x10xf32>) -> tensor<7x5xf32>
  %a = nn.binary add %za, %y : (tensor<7x5xf32>, tensor<7x5xf32>) -> tensor<7x5xf32>
  %zb = nn.slice %z starts [0, 5] sizes [7, 5] : (tensor<7x10xf32>) -> tensor<7x5xf32>
  %b = nn.unary sigmoid %zb : (tensor<7x5xf32>) -> tensor<7x5xf32>
  %r = nn.binary mul %a, %b : (tensor<7x5xf32>, tensor<7x5xf32>) -> tensor<7x5xf32>
  return %r : tensor<7x5xf32>
}
