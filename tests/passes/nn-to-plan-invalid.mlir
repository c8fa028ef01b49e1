// RUN: layerc-opt %s -split-input-file -verify-diagnostics -nn-to-plan

func.func @outside_kernels(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{is in no kernel; nn-fuse and nn-assign-views make them}}
  %0 = nn.unary exp %x : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @no_algorithm(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{has no algorithm; nn-select-kernels chooses one}}
  %0 = nn.kernel(%a = %x) : (tensor<4xf32>) -> tensor<4xf32> {
    nn.yield %a : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}

// -----

// expected-error @+1 {{result 0 is not written into bytes of its own; nn-fuse copies it}}
func.func @input_returned(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}

// -----

// expected-error @+1 {{result 1 is not written into bytes of its own; nn-fuse copies it}}
func.func @returned_twice(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %0 = nn.kernel(%a = %x) algorithm("loops") tile [0, 0, 1] units [1] : (tensor<4xf32>) -> tensor<4xf32> {
    nn.yield %a : tensor<4xf32>
  }
  return %0, %0 : tensor<4xf32>, tensor<4xf32>
}
