// RUN: layerc-opt %s -verify-diagnostics -pass-pipeline='builtin.module(func.func(nn-fuse{kernels=cudnn}))'

// expected-error @+1 {{kernels come from mlir, onednn or auto; got 'cudnn'}}
func.func @model(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
