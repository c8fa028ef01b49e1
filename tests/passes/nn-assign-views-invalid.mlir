// RUN: layerc-opt %s -split-input-file -verify-diagnostics -pass-pipeline='builtin.module(func.func(nn-assign-views))'

func.func @no_algorithm(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{has no algorithm; nn-select-kernels chooses one}}
  %0 = nn.kernel(%a = %x) : (tensor<4xf32>) -> tensor<4xf32> {
    nn.yield %a : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}
