// RUN: layerc-opt %s -split-input-file -verify-diagnostics -pass-pipeline='builtin.module(func.func(nn-infer-shapes{batch=2 input-shapes=image=2x6x6x1}))'
// Shapes that do not fit the model.

// expected-error @+1 {{has no input 'image' to give a shape to}}
func.func @unknown_name(%x: tensor<1x8xf32> {nn.name = "picture"}) -> tensor<1x8xf32> {
  return %x : tensor<1x8xf32>
}

// -----

// expected-error @+1 {{input 'image' has 2 dimensions; got '2x6x6x1'}}
func.func @another_rank(%x: tensor<1x8xf32> {nn.name = "image"}) -> tensor<1x8xf32> {
  return %x : tensor<1x8xf32>
}

// -----

func.func @does_not_fit(%x: tensor<1x8x8x1xf32> {nn.name = "image"}) -> tensor<1x64xf32> {
  // expected-error @+1 {{nn.reshape}}
  %0 = nn.reshape %x shape [1, 64] : (tensor<1x8x8x1xf32>) -> tensor<1x64xf32>
  return %0 : tensor<1x64xf32>
}
