// RUN: layerc-opt %s -verify-diagnostics -pass-pipeline='builtin.module(func.func(nn-select-kernels{target-cpu=z80}))'

// expected-error @+1 {{z80}}
func.func @model(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
