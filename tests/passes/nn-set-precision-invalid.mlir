// RUN: layerc-opt %s -verify-diagnostics -pass-pipeline='builtin.module(func.func(nn-set-precision{precision=int4}))'

// expected-error @+1 {{expects precision f32; got int4}}
func.func @model(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
