// RUN: layerc-opt %s --nn-stream=steps=2 -split-input-file -verify-diagnostics
// What a step cannot know.

// expected-error @+1 {{has no input with a time axis to stream}}
func.func @no_sequence(%x: tensor<1x8xf32>) -> tensor<1x8xf32> {
  return %x : tensor<1x8xf32>
}

// -----

func.func @looks_ahead(%x: tensor<1x8x3xf32>, %w: tensor<3x3xf32>) -> tensor<1x8x5xf32> {
  %k = nn.weight "k" : tensor<3x3x5xf32>
  // expected-error @+1 {{layer 'model' cannot stream: its window is not causal}}
  %y = nn.conv %x, %k pads [1, 1] : (tensor<1x8x3xf32>, tensor<3x3x5xf32>) -> tensor<1x8x5xf32>
  return %y : tensor<1x8x5xf32>
}

// -----

func.func @odd_chunks(%x: tensor<1x9x3xf32>) -> tensor<1x3x3xf32> {
  // expected-error @+1 {{layer 'model' cannot stream: makes one step of every 3; 2 at once are no multiple}}
  %y = nn.pool max %x window [3] strides [3] : (tensor<1x9x3xf32>) -> tensor<1x3x3xf32>
  return %y : tensor<1x3x3xf32>
}

// -----

func.func @whole(%x: tensor<1x8x3xf32>) -> tensor<1x3xf32> {
  // expected-error @+1 {{layer 'model' cannot stream: needs the whole sequence}}
  %y = nn.reduce mean %x axes [1] : (tensor<1x8x3xf32>) -> tensor<1x3xf32>
  return %y : tensor<1x3xf32>
}

// -----

func.func @attention(%x: tensor<1x8x3xf32>) -> tensor<1x8x8xf32> {
  // expected-error @+1 {{layer 'model' cannot stream: compares every step with every other}}
  %y = nn.contract %x, %x batch [0] x [0] contracting [2] x [2] : (tensor<1x8x3xf32>, tensor<1x8x3xf32>) -> tensor<1x8x8xf32>
  return %y : tensor<1x8x8xf32>
}

// -----

func.func @positions(%x: tensor<1x8x3xf32>) -> tensor<1x8x3xf32> {
  %w = nn.weight "w" : tensor<8x3xf32>
  // expected-error @+1 {{layer 'model' cannot stream: has a value of its own for each step}}
  %y = nn.binary add %x, %w : (tensor<1x8x3xf32>, tensor<8x3xf32>) -> tensor<1x8x3xf32>
  return %y : tensor<1x8x3xf32>
}

// -----

func.func @backwards(%x: tensor<1x8x3xf32>) -> tensor<1x8x3xf32> {
  // expected-error @+1 {{layer 'model' cannot stream: goes backwards}}
  %y = nn.reverse %x axes [1] : (tensor<1x8x3xf32>) -> tensor<1x8x3xf32>
  return %y : tensor<1x8x3xf32>
}

// -----

func.func @flat(%x: tensor<1x8x3xf32>) -> tensor<1x24xf32> {
  // expected-error @+1 {{layer 'model' cannot stream: joins the steps with other dimensions}}
  %y = nn.reshape %x shape [1, 24] : (tensor<1x8x3xf32>) -> tensor<1x24xf32>
  return %y : tensor<1x24xf32>
}

// -----

func.func @other_loop(%x: tensor<8x2x3xf32>, %s0: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // expected-error @+1 {{layer 'model' cannot stream: loops over something else than the sequence}}
  %last = nn.scan(%a = %x) carry(%s = %s0) : (tensor<8x2x3xf32>, tensor<2x3xf32>) -> (tensor<2x3xf32>) {
    %r = nn.binary add %a, %s : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
    nn.yield %r : tensor<2x3xf32>
  }
  return %last : tensor<2x3xf32>
}

// -----

func.func @given_state(%x: tensor<1x8x3xf32>, %s0: tensor<1x3xf32>) -> tensor<1x3xf32> {
  %t = nn.transpose %x permutation [1, 0, 2] : (tensor<1x8x3xf32>) -> tensor<8x1x3xf32>
  // expected-error @+1 {{layer 'model' cannot stream: begins with a state that is not zero}}
  %last = nn.scan(%a = %t) carry(%s = %s0) : (tensor<8x1x3xf32>, tensor<1x3xf32>) -> (tensor<1x3xf32>) {
    %r = nn.binary add %a, %s : (tensor<1x3xf32>, tensor<1x3xf32>) -> tensor<1x3xf32>
    nn.yield %r : tensor<1x3xf32>
  }
  return %last : tensor<1x3xf32>
}

// -----

// The last step so far is the sequence's last one at its end only.
func.func @every_step_reads_the_last(%x: tensor<1x8x3xf32>) -> tensor<1x8x3xf32> {
  %row = nn.slice %x starts [0, 7, 0] sizes [1, 1, 3] : (tensor<1x8x3xf32>) -> tensor<1x1x3xf32>
  %gate = nn.unary sigmoid %row : (tensor<1x1x3xf32>) -> tensor<1x1x3xf32>
  // expected-error @+1 {{layer 'model' cannot stream: needs the end of the sequence at every step}}
  %y = nn.binary mul %x, %gate : (tensor<1x8x3xf32>, tensor<1x1x3xf32>) -> tensor<1x8x3xf32>
  return %y : tensor<1x8x3xf32>
}

// -----

func.func @every_step_reads_the_last_state(%x: tensor<1x8x3xf32>) -> tensor<1x8x1xf32> {
  %zeros = nn.constant dense<0.0> : tensor<1x3xf32>
  %t = nn.transpose %x permutation [1, 0, 2] : (tensor<1x8x3xf32>) -> tensor<8x1x3xf32>
  %last = nn.scan(%a = %t) carry(%s = %zeros) : (tensor<8x1x3xf32>, tensor<1x3xf32>) -> (tensor<1x3xf32>) {
    %r = nn.binary add %a, %s : (tensor<1x3xf32>, tensor<1x3xf32>) -> tensor<1x3xf32>
    nn.yield %r : tensor<1x3xf32>
  }
  // expected-error @+1 {{layer 'model' cannot stream: needs the end of the sequence at every step}}
  %y = nn.contract %x, %last batch [0] x [0] contracting [2] x [1] : (tensor<1x8x3xf32>, tensor<1x3xf32>) -> tensor<1x8xf32>
  %column = nn.reshape %y shape [1, 8, 1] : (tensor<1x8xf32>) -> tensor<1x8x1xf32>
  return %column : tensor<1x8x1xf32>
}

// -----

func.func @loops_over_another_sequence(%x: tensor<1x8x3xf32>, %n: tensor<5xf32>) -> tensor<1x8x3xf32> {
  %zeros = nn.constant dense<0.0> : tensor<1x8x3xf32>
  // expected-error @+1 {{layer 'model' cannot stream: needs the whole sequence at every step}}
  %last = nn.scan(%a = %n) carry(%s = %zeros) : (tensor<5xf32>, tensor<1x8x3xf32>) -> (tensor<1x8x3xf32>) {
    %r = nn.binary add %x, %s : (tensor<1x8x3xf32>, tensor<1x8x3xf32>) -> tensor<1x8x3xf32>
    nn.yield %r : tensor<1x8x3xf32>
  }
  return %last : tensor<1x8x3xf32>
}
