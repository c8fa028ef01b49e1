// RUN: layerc-opt %s -verify-diagnostics -pass-pipeline='builtin.module(nn-share-layouts{target-cpu=z80})'
// RUN: not layerc-opt %s -pass-pipeline='builtin.module(nn-share-layouts{kernels=cudnn})' 2>&1 | FileCheck %s
// CHECK: error: kernels come from mlir, onednn or auto

// expected-error @+1 {{z80}}
module {
  func.func @model(%x: tensor<4xf32>) -> tensor<4xf32> {
    return %x : tensor<4xf32>
  }
}
