// RUN: layerc-opt %s -split-input-file -verify-diagnostics
// One case per numbered constraint of the nn dialect: @<op>_<constraint>.

func.func @weight_c1() {
  // expected-error @+1 {{expects a name}}
  %0 = nn.weight "" : tensor<1xf32>
  return
}

// -----

func.func @constant_c1() {
  // expected-error @+1 {{holds at most 256 bytes, got 260}}
  %0 = nn.constant dense<"0x00010203000102030001020300010203000102030001020300010203000102030001020300010203000102030001020300010203000102030001020300010203000102030001020300010203000102030001020300010203000102030001020300010203000102030001020300010203000102030001020300010203000102030001020300010203000102030001020300010203000102030001020300010203000102030001020300010203000102030001020300010203000102030001020300010203000102030001020300010203000102030001020300010203000102030001020300010203000102030001020300010203000102030001020300010203ffffffff"> : tensor<65xi32>
  return
}

// -----

func.func @unary_c1(%x: tensor<2xf32>) {
  // expected-error @+1 {{function not expects i1, got 'f32'}}
  %0 = nn.unary not %x : (tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @unary_c2(%x: tensor<2xi32>) {
  // expected-error @+1 {{function exp does not take 'i32'}}
  %0 = nn.unary exp %x : (tensor<2xi32>) -> tensor<2xi32>
  return
}

// -----

func.func @unary_c2_i1(%x: tensor<2xi1>) {
  // expected-error @+1 {{function neg does not take 'i1'}}
  %0 = nn.unary neg %x : (tensor<2xi1>) -> tensor<2xi1>
  return
}

// -----

func.func @binary_c1(%x: tensor<2xf32>, %y: tensor<2xi32>) {
  // expected-error @+1 {{expects one element type, got 'f32' and 'i32'}}
  %0 = nn.binary add %x, %y : (tensor<2xf32>, tensor<2xi32>) -> tensor<2xf32>
  return
}

// -----

func.func @binary_c2(%x: tensor<4x2xf32>, %y: tensor<3xf32>) {
  // expected-error @+1 {{cannot broadcast 'tensor<4x2xf32>' with 'tensor<3xf32>'}}
  %0 = nn.binary add %x, %y : (tensor<4x2xf32>, tensor<3xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @binary_c3(%x: tensor<2xf32>) {
  // expected-error @+1 {{function xor expects integers, got 'f32'}}
  %0 = nn.binary xor %x, %x : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @select_c1(%c: tensor<2xi1>, %x: tensor<2xf32>, %y: tensor<2xf16>) {
  // expected-error @+1 {{expects one element type, got 'f32' and 'f16'}}
  %0 = nn.select %c, %x, %y : (tensor<2xi1>, tensor<2xf32>, tensor<2xf16>) -> tensor<2xf32>
  return
}

// -----

func.func @select_c2(%c: tensor<3xi1>, %x: tensor<2xf32>) {
  // expected-error @+1 {{cannot broadcast 'tensor<3xi1>' with 'tensor<2xf32>'}}
  %0 = nn.select %c, %x, %x : (tensor<3xi1>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @cast_c1(%x: tensor<2xf32>) {
  // expected-error @+1 {{keeps the shape, got 'tensor<2xf32>' and 'tensor<3xi32>'}}
  %0 = nn.cast %x : (tensor<2xf32>) -> tensor<3xi32>
  return
}

// -----

func.func @reduce_c1(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expects strictly increasing axes inside rank 2, got [1, 1]}}
  %0 = nn.reduce sum %x axes [1, 1] : (tensor<2x3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @reduce_c2(%x: tensor<2x3xi32>) {
  // expected-error @+1 {{function mean does not take 'i32'}}
  %0 = nn.reduce mean %x axes [1] : (tensor<2x3xi32>) -> tensor<2xi32>
  return
}

// -----

func.func @reduce_c2_any(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{function any does not take 'f32'}}
  %0 = nn.reduce any %x axes [1] : (tensor<2x3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @contract_c1(%x: tensor<2x3xf32>, %y: tensor<3x4xf32>) {
  // expected-error @+1 {{expects batch and contracting dimensions in pairs}}
  %0 = nn.contract %x, %y contracting [1] x [0, 1] : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @contract_c2(%x: tensor<2x3xf32>, %y: tensor<5x4xf32>) {
  // expected-error @+1 {{contracting dimensions 1 and 0 have sizes 3 and 5}}
  %0 = nn.contract %x, %y contracting [1] x [0] : (tensor<2x3xf32>, tensor<5x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @contract_c2_batch(%x: tensor<2x3xf32>, %y: tensor<5x3xf32>) {
  // expected-error @+1 {{batch dimensions 0 and 0 have sizes 2 and 5}}
  %0 = nn.contract %x, %y batch [0] x [0] contracting [1] x [1] : (tensor<2x3xf32>, tensor<5x3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @contract_c3(%x: tensor<3x3xf32>, %y: tensor<3x3xf32>) {
  // expected-error @+1 {{lhs dimension 1 is named twice or outside rank 2}}
  %0 = nn.contract %x, %y batch [1] x [1] contracting [1] x [0] : (tensor<3x3xf32>, tensor<3x3xf32>) -> tensor<3x3xf32>
  return
}

// -----

func.func @contract_c4(%x: tensor<2x3xf32>, %y: tensor<3x4xf16>) {
  // expected-error @+1 {{expects one element type, got 'f32' and 'f16'}}
  %0 = nn.contract %x, %y contracting [1] x [0] : (tensor<2x3xf32>, tensor<3x4xf16>) -> tensor<2x4xf32>
  return
}

// -----

func.func @conv_c1(%x: tensor<1x8xf32>, %w: tensor<8x4xf32>) {
  // expected-error @+1 {{expects one to three spatial dimensions, got an input of rank 2}}
  %0 = nn.conv %x, %w : (tensor<1x8xf32>, tensor<8x4xf32>) -> tensor<1x4xf32>
  return
}

// -----

func.func @conv_c1_kernel(%x: tensor<1x8x8x3xf32>, %w: tensor<3x3x4xf32>) {
  // expected-error @+1 {{expects a kernel of rank 4, got rank 3}}
  %0 = nn.conv %x, %w : (tensor<1x8x8x3xf32>, tensor<3x3x4xf32>) -> tensor<1x6x6x4xf32>
  return
}

// -----

func.func @conv_c2(%x: tensor<1x8x3xf32>, %w: tensor<3x2x4xf32>) {
  // expected-error @+1 {{input has 3 channels, kernel 2 for each of 1 groups}}
  %0 = nn.conv %x, %w : (tensor<1x8x3xf32>, tensor<3x2x4xf32>) -> tensor<1x6x4xf32>
  return
}

// -----

func.func @conv_c3(%x: tensor<1x8x2xf32>, %w: tensor<3x1x3xf32>) {
  // expected-error @+1 {{cannot divide 3 filters into 2 groups}}
  %0 = nn.conv %x, %w groups 2 : (tensor<1x8x2xf32>, tensor<3x1x3xf32>) -> tensor<1x6x3xf32>
  return
}

// -----

func.func @conv_c4(%x: tensor<1x8x2xf32>, %w: tensor<3x2x3xf32>) {
  // expected-error @+1 {{expects strides of at least 1, got 0}}
  %0 = nn.conv %x, %w strides [0] : (tensor<1x8x2xf32>, tensor<3x2x3xf32>) -> tensor<1x6x3xf32>
  return
}

// -----

func.func @conv_c4_dilations(%x: tensor<1x8x2xf32>, %w: tensor<3x2x3xf32>) {
  // expected-error @+1 {{expects 1 dilations, got 2}}
  %0 = nn.conv %x, %w dilations [1, 1] : (tensor<1x8x2xf32>, tensor<3x2x3xf32>) -> tensor<1x6x3xf32>
  return
}

// -----

func.func @conv_c5(%x: tensor<1x2x2xf32>, %w: tensor<3x2x3xf32>) {
  // expected-error @+1 {{window does not fit into the input, the result would be 'tensor<1x0x3xf32>'}}
  %0 = nn.conv %x, %w : (tensor<1x2x2xf32>, tensor<3x2x3xf32>) -> tensor<1x0x3xf32>
  return
}

// -----

func.func @conv_c6(%x: tensor<1x8x2xf32>, %w: tensor<3x2x3xf32>) {
  // expected-error @+1 {{expects pads of at least 0, got -1}}
  %0 = nn.conv %x, %w pads [1, -1] : (tensor<1x8x2xf32>, tensor<3x2x3xf32>) -> tensor<1x6x3xf32>
  return
}

// -----

func.func @conv_transpose_c1(%x: tensor<1x8x2xf32>, %w: tensor<2x3xf32>) {
  // expected-error @+1 {{expects a kernel of rank 3, got rank 2}}
  %0 = nn.conv_transpose %x, %w sizes [8] : (tensor<1x8x2xf32>, tensor<2x3xf32>) -> tensor<1x8x3xf32>
  return
}

// -----

func.func @conv_transpose_c2(%x: tensor<1x8x2xf32>, %w: tensor<2x4x3xf32>) {
  // expected-error @+1 {{input has 2 channels, kernel 4}}
  %0 = nn.conv_transpose %x, %w sizes [8] : (tensor<1x8x2xf32>, tensor<2x4x3xf32>) -> tensor<1x8x3xf32>
  return
}

// -----

func.func @conv_transpose_c3(%x: tensor<1x8x2xf32>, %w: tensor<2x2x3xf32>) {
  // expected-error @+1 {{expects crops of at least 0, got -1}}
  %0 = nn.conv_transpose %x, %w sizes [8] crops [-1] : (tensor<1x8x2xf32>, tensor<2x2x3xf32>) -> tensor<1x8x3xf32>
  return
}

// -----

func.func @conv_transpose_c3_sizes(%x: tensor<1x8x2xf32>, %w: tensor<2x2x3xf32>) {
  // expected-error @+1 {{expects 1 sizes, got 2}}
  %0 = nn.conv_transpose %x, %w sizes [8, 8] : (tensor<1x8x2xf32>, tensor<2x2x3xf32>) -> tensor<1x8x3xf32>
  return
}

// -----

func.func @pool_c1(%x: tensor<1x8xf32>) {
  // expected-error @+1 {{expects one to three spatial dimensions, got an input of rank 2}}
  %0 = nn.pool max %x window [] : (tensor<1x8xf32>) -> tensor<1x8xf32>
  return
}

// -----

func.func @pool_c2(%x: tensor<1x8x2xf32>) {
  // expected-error @+1 {{expects window sizes of at least 1, got 0}}
  %0 = nn.pool max %x window [0] : (tensor<1x8x2xf32>) -> tensor<1x9x2xf32>
  return
}

// -----

func.func @pool_c3(%x: tensor<1x8x2xf32>) {
  // expected-error @+1 {{pad 2 is not below the window of 2}}
  %0 = nn.pool max %x window [2] pads [0, 2] : (tensor<1x8x2xf32>) -> tensor<1x9x2xf32>
  return
}

// -----

func.func @pool_c4(%x: tensor<1x2x2xf32>) {
  // expected-error @+1 {{window does not fit into the input}}
  %0 = nn.pool max %x window [3] : (tensor<1x2x2xf32>) -> tensor<1x0x2xf32>
  return
}

// -----

func.func @affine_c1(%x: tensor<1x8xf32>, %s: tensor<8xf32>) {
  // expected-error @+1 {{expects an axis inside rank 2, got 2}}
  %0 = nn.affine %x, %s, %s axis 2 : (tensor<1x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<1x8xf32>
  return
}

// -----

func.func @affine_c2(%x: tensor<1x8xf32>, %s: tensor<8xf32>, %t: tensor<4xf32>) {
  // expected-error @+1 {{expects scale and shift of shape [8], got 'tensor<4xf32>'}}
  %0 = nn.affine %x, %s, %t axis 1 : (tensor<1x8xf32>, tensor<8xf32>, tensor<4xf32>) -> tensor<1x8xf32>
  return
}

// -----

func.func @affine_c3(%x: tensor<1x8xf32>, %s: tensor<8xf16>) {
  // expected-error @+1 {{expects one element type, got 'f32' and 'f16'}}
  %0 = nn.affine %x, %s, %s axis 1 : (tensor<1x8xf32>, tensor<8xf16>, tensor<8xf16>) -> tensor<1x8xf32>
  return
}

// -----

func.func @normalize_c1(%x: tensor<1x8xf32>) {
  // expected-error @+1 {{expects at least one axis}}
  %0 = nn.normalize layer %x axes [] epsilon 0.0 : (tensor<1x8xf32>) -> tensor<1x8xf32>
  return
}

// -----

func.func @normalize_c1_order(%x: tensor<1x8xf32>) {
  // expected-error @+1 {{expects strictly increasing axes inside rank 2, got [1, 0]}}
  %0 = nn.normalize layer %x axes [1, 0] epsilon 0.0 : (tensor<1x8xf32>) -> tensor<1x8xf32>
  return
}

// -----

func.func @normalize_c2(%x: tensor<1x8xf32>) {
  // expected-error @+1 {{expects an epsilon that is not negative}}
  %0 = nn.normalize layer %x axes [1] epsilon -1.0 : (tensor<1x8xf32>) -> tensor<1x8xf32>
  return
}

// -----

func.func @softmax_c1(%x: tensor<1x8xf32>) {
  // expected-error @+1 {{expects strictly increasing axes inside rank 2, got [2]}}
  %0 = nn.softmax %x axes [2] : (tensor<1x8xf32>) -> tensor<1x8xf32>
  return
}

// -----

func.func @reshape_c1(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{expects sizes and at most one -1, got [-1, -1]}}
  %0 = nn.reshape %x shape [-1, -1] : (tensor<4x8xf32>) -> tensor<32x32xf32>
  return
}

// -----

func.func @reshape_c2(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{keeps the number of elements, got 'tensor<4x8xf32>' and 'tensor<3x10xf32>'}}
  %0 = nn.reshape %x shape [3, -1] : (tensor<4x8xf32>) -> tensor<3x10xf32>
  return
}

// -----

func.func @transpose_c1(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{expects a permutation of 2 dimensions, got [1, 1]}}
  %0 = nn.transpose %x permutation [1, 1] : (tensor<4x8xf32>) -> tensor<8x8xf32>
  return
}

// -----

func.func @broadcast_c1(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{cannot lower the rank from 2 to 1}}
  %0 = nn.broadcast %x shape [8] : (tensor<4x8xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @broadcast_c2(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{cannot repeat a dimension of size 4 to 5}}
  %0 = nn.broadcast %x shape [5, 8] : (tensor<4x8xf32>) -> tensor<5x8xf32>
  return
}

// -----

func.func @pad_c1(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{expects low pads of at least 0, got -1}}
  %0 = nn.pad %x low [0, -1] high [0, 0] value 0.0 : (tensor<4x8xf32>) -> tensor<4x7xf32>
  return
}

// -----

func.func @slice_c1(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{expects 2 starts, got 1}}
  %0 = nn.slice %x starts [0] sizes [4, 8] : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @slice_c2(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{ends at 9 in dimension 1 of size 8}}
  %0 = nn.slice %x starts [0, 2] sizes [4, 4] strides [1, 2] : (tensor<4x8xf32>) -> tensor<4x4xf32>
  return
}

// -----

func.func @gather_c1(%x: tensor<4x8xf32>, %i: tensor<3xi32>) {
  // expected-error @+1 {{expects an axis inside rank 2, got 2}}
  %0 = nn.gather clamp %x, %i axis 2 : (tensor<4x8xf32>, tensor<3xi32>) -> tensor<4x8x3xf32>
  return
}

// -----

func.func @gather_c2(%x: tensor<4x8xf32>, %i: tensor<4xi32>) {
  // expected-error @+1 {{expects at most 0 batch dimensions, got 1}}
  %0 = nn.gather clamp %x, %i axis 0 batch 1 : (tensor<4x8xf32>, tensor<4xi32>) -> tensor<8xf32>
  return
}

// -----

func.func @gather_c2_sizes(%x: tensor<4x8xf32>, %i: tensor<3xi32>) {
  // expected-error @+1 {{batch dimension 0 has sizes 4 and 3}}
  %0 = nn.gather clamp %x, %i axis 1 batch 1 : (tensor<4x8xf32>, tensor<3xi32>) -> tensor<4xf32>
  return
}

// -----

func.func @gather_c3(%x: tensor<4xi32>, %i: tensor<3xi32>) {
  // expected-error @+1 {{gives NaN for floats, got 'i32'}}
  %0 = nn.gather nan %x, %i axis 0 : (tensor<4xi32>, tensor<3xi32>) -> tensor<3xi32>
  return
}

// -----

func.func @gather_c4(%x: tensor<4x0xf32>, %i: tensor<3xi32>) {
  // expected-error @+1 {{has nothing to choose from along axis 1 of 'tensor<4x0xf32>'}}
  %0 = nn.gather clamp %x, %i axis 1 : (tensor<4x0xf32>, tensor<3xi32>) -> tensor<4x3xf32>
  return
}

// -----

func.func @one_hot_c1(%x: tensor<4xi32>) {
  // expected-error @+1 {{expects a positive depth, got 0}}
  %0 = nn.one_hot %x depth 0 : (tensor<4xi32>) -> tensor<4x0xi1>
  return
}

// -----

func.func @bucketize_c1(%x: tensor<4xf32>, %b: tensor<3xf64>) {
  // expected-error @+1 {{expects one element type, got 'f32' and 'f64'}}
  %0 = nn.bucketize %x, %b : (tensor<4xf32>, tensor<3xf64>) -> tensor<4xi32>
  return
}

// -----

func.func @bucketize_c2(%x: tensor<4xf32>, %b: tensor<3x1xf32>) {
  // expected-error @+1 {{expects boundaries of rank 1, got rank 2}}
  %0 = nn.bucketize %x, %b : (tensor<4xf32>, tensor<3x1xf32>) -> tensor<4xi32>
  return
}

// -----

func.func @local_conv_c1(%x: tensor<4x8xf32>, %w: tensor<4x8xf32>) {
  // expected-error @+1 {{expects one to three spatial dimensions, got an input of rank 2}}
  %0 = nn.local_conv %x, %w : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @local_conv_c1_kernel(%x: tensor<1x8x2xf32>, %w: tensor<3x2x5xf32>) {
  // expected-error @+1 {{expects a kernel of rank 4, got rank 3}}
  %0 = nn.local_conv %x, %w : (tensor<1x8x2xf32>, tensor<3x2x5xf32>) -> tensor<1x3x5xf32>
  return
}

// -----

func.func @local_conv_c2(%x: tensor<1x8x2xf32>, %w: tensor<6x3x4x5xf32>) {
  // expected-error @+1 {{input has 2 channels, kernel 4}}
  %0 = nn.local_conv %x, %w : (tensor<1x8x2xf32>, tensor<6x3x4x5xf32>) -> tensor<1x6x5xf32>
  return
}

// -----

func.func @local_conv_c3(%x: tensor<1x8x2xf32>, %w: tensor<6x3x2x5xf32>) {
  // expected-error @+1 {{expects strides of at least 1, got 0}}
  %0 = nn.local_conv %x, %w strides [0] : (tensor<1x8x2xf32>, tensor<6x3x2x5xf32>) -> tensor<1x6x5xf32>
  return
}

// -----

func.func @local_conv_c3_pads(%x: tensor<1x8x2xf32>, %w: tensor<6x3x2x5xf32>) {
  // expected-error @+1 {{expects pads of at least 0, got -1}}
  %0 = nn.local_conv %x, %w pads [0, -1] : (tensor<1x8x2xf32>, tensor<6x3x2x5xf32>) -> tensor<1x6x5xf32>
  return
}

// -----

func.func @local_conv_c4(%x: tensor<1x8x2xf32>, %w: tensor<5x3x2x5xf32>) {
  // expected-error @+1 {{windows have 6 places in spatial dimension 0, the kernel 5}}
  %0 = nn.local_conv %x, %w : (tensor<1x8x2xf32>, tensor<5x3x2x5xf32>) -> tensor<1x5x5xf32>
  return
}

// -----

func.func @local_conv_c5(%x: tensor<1x2x2xf32>, %w: tensor<0x3x2x5xf32>) {
  // expected-error @+1 {{window does not fit into the input}}
  %0 = nn.local_conv %x, %w : (tensor<1x2x2xf32>, tensor<0x3x2x5xf32>) -> tensor<1x0x5xf32>
  return
}

// -----

func.func @reverse_c1(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{expects strictly increasing axes inside rank 2, got [2]}}
  %0 = nn.reverse %x axes [2] : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @concat_c1() {
  // expected-error @+1 {{expects at least one input}}
  %0 = nn.concat axis 0 : () -> tensor<4xf32>
  return
}

// -----

func.func @concat_c1_types(%x: tensor<4xf32>, %y: tensor<4xi32>) {
  // expected-error @+1 {{expects inputs of one element type and rank, got 'tensor<4xf32>' and 'tensor<4xi32>'}}
  %0 = nn.concat %x, %y axis 0 : (tensor<4xf32>, tensor<4xi32>) -> tensor<8xf32>
  return
}

// -----

func.func @concat_c2(%x: tensor<4xf32>) {
  // expected-error @+1 {{expects an axis inside rank 1, got 1}}
  %0 = nn.concat %x, %x axis 1 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @concat_c3(%x: tensor<4x2xf32>, %y: tensor<4x3xf32>) {
  // expected-error @+1 {{cannot join 'tensor<4x2xf32>' and 'tensor<4x3xf32>' along axis 0}}
  %0 = nn.concat %x, %y axis 0 : (tensor<4x2xf32>, tensor<4x3xf32>) -> tensor<8x2xf32>
  return
}

// -----

func.func @resize_c1(%x: tensor<1x4x3xf32>) {
  // expected-error @+1 {{expects sizes of at least 1, got 0}}
  %0 = nn.resize %x sizes [0] : (tensor<1x4x3xf32>) -> tensor<1x0x3xf32>
  return
}

// -----

func.func @pack_c1(%x: tensor<4x5xf32>) {
  // expected-error @+1 {{cannot divide 5 columns into 2 groups}}
  %0 = nn.pack %x <"panels" columns = 2 groups = 2> : (tensor<4x5xf32>) -> tensor<2x1x4x2xf32>
  return
}

// -----

func.func @pack_c2(%x: tensor<3x2x4x5xf32>) {
  // expected-error @+1 {{layout winograd2 is for f32 kernels of 3 x 3 in one group, got 'tensor<3x2x4x5xf32>'}}
  %0 = nn.pack %x <"winograd2" columns = 8 groups = 1> : (tensor<3x2x4x5xf32>) -> tensor<1x1x32x8xf32>
  return
}

// -----

func.func @layout(%x: tensor<4x5xf32>) {
  // expected-error @+1 {{expects positive columns and groups, got 0 and 1}}
  %0 = nn.pack %x <"panels" columns = 0 groups = 1> : (tensor<4x5xf32>) -> tensor<1x5x4x1xf32>
  return
}

// -----

func.func @unpack_c1(%x: tensor<1x3x4x2xf32>) {
  // expected-error @+1 {{expects an input of shape [1, 4, 4, 2] for 'tensor<4x7xf32>', got 'tensor<1x3x4x2xf32>'}}
  %0 = nn.unpack %x <"panels" columns = 2 groups = 1> : (tensor<1x3x4x2xf32>) -> tensor<4x7xf32>
  return
}

// -----

func.func @kernel_c1(%x: tensor<4xf32>) {
  // expected-error @+1 {{expects block arguments of the operands' types, got 'tensor<5xf32>'}}
  "nn.kernel"(%x) ({
  ^bb0(%a: tensor<5xf32>):
    nn.yield
  }) : (tensor<4xf32>) -> ()
  return
}

// -----

func.func @kernel_c2(%x: tensor<4xf32>) {
  // expected-error @+1 {{expects nn.yield to give the result types}}
  %0 = nn.kernel(%a = %x) : (tensor<4xf32>) -> tensor<5xf32> {
    nn.yield %a : tensor<4xf32>
  }
  return
}

// -----

func.func @kernel_c3(%x: tensor<4xf32>) {
  // expected-error @+1 {{expects at least one phase for algorithm "loops"}}
  %0 = nn.kernel(%a = %x) algorithm("loops") : (tensor<4xf32>) -> tensor<4xf32> {
    nn.yield %a : tensor<4xf32>
  }
  return
}

// -----

func.func @kernel_c3_units(%x: tensor<4xf32>) {
  // expected-error @+1 {{expects at least one unit in each phase, got 0}}
  %0 = nn.kernel(%a = %x) algorithm("loops") units [1, 0] : (tensor<4xf32>) -> tensor<4xf32> {
    nn.yield %a : tensor<4xf32>
  }
  return
}

// -----

func.func @inferred_type(%x: tensor<1x8x8x1xf32>, %w: tensor<3x3x1x16xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{inferred type(s) 'tensor<1x6x6x16xf32>' are incompatible with return type(s) of operation 'tensor<1x8x8x16xf32>'}}
  %0 = nn.conv %x, %w : (tensor<1x8x8x1xf32>, tensor<3x3x1x16xf32>) -> tensor<1x8x8x16xf32>
  return
}

// -----

func.func @scan_c1(%x: tensor<5x4xf32>, %y: tensor<6x4xf32>) {
  // expected-error @+1 {{expects sequences of one length of at least 1, got 'tensor<5x4xf32>' and 'tensor<6x4xf32>'}}
  %0 = nn.scan(%a = %x, %b = %y) : (tensor<5x4xf32>, tensor<6x4xf32>) -> tensor<5x4xf32> {
    nn.yield %a : tensor<4xf32>
  }
  return
}

// -----

func.func @scan_c1_none(%x: tensor<4xf32>) {
  // expected-error @+2 {{expects at least one sequence}}
  // expected-error @+1 {{failed to infer returned types}}
  %0 = nn.scan() carry(%a = %x) : (tensor<4xf32>) -> tensor<4xf32> {
    nn.yield %a : tensor<4xf32>
  }
  return
}

// -----

func.func @scan_c4(%x: tensor<5x4xf32>) {
  // expected-error @+1 {{unrolls 2 of 5 steps}}
  %0 = nn.scan(%a = %x, %b = %x) unroll(2) : (tensor<5x4xf32>) -> tensor<5x4xf32> {
    nn.yield %a, %b : tensor<4xf32>, tensor<4xf32>
  }
  return
}

// -----

func.func @scan_unroll_names(%x: tensor<6x4xf32>) {
  // expected-error @+1 {{expects each sequence 2 times}}
  %0 = nn.scan(%a = %x) unroll(2) : (tensor<6x4xf32>) -> tensor<6x4xf32> {
    nn.yield %a, %a : tensor<4xf32>, tensor<4xf32>
  }
  return
}

// -----

func.func @scan_unroll_values(%x: tensor<6x4xf32>) {
  // expected-error @+2 {{expects nn.yield to give an element of each stacked result per step}}
  // expected-error @+1 {{failed to infer returned types}}
  %0 = nn.scan(%a = %x, %b = %x) unroll(2) : (tensor<6x4xf32>) -> tensor<6x4xf32> {
    nn.yield %a : tensor<4xf32>
  }
  return
}

// -----

func.func @scan_unroll_types(%x: tensor<6x4xf32>) {
  // expected-error @+1 {{stacks values of different types, 'tensor<4xf32>', 'tensor<f32>'}}
  %0 = nn.scan(%a = %x, %b = %x) unroll(2) : (tensor<6x4xf32>) -> tensor<6x4xf32> {
    %s = nn.reduce sum %b axes [0] : (tensor<4xf32>) -> tensor<f32>
    nn.yield %a, %s : tensor<4xf32>, tensor<f32>
  }
  return
}

// -----

func.func @scan_c2(%x: tensor<5x4xf32>) {
  // expected-error @+1 {{expects block arguments of types 'tensor<4xf32>', got 'tensor<5xf32>'}}
  %0 = "nn.scan"(%x) <{operandSegmentSizes = array<i32: 1, 0>}> ({
  ^bb0(%a: tensor<5xf32>):
    %r = nn.slice %a starts [0] sizes [4] : (tensor<5xf32>) -> tensor<4xf32>
    nn.yield %r : tensor<4xf32>
  }) : (tensor<5x4xf32>) -> tensor<5x4xf32>
  return
}

// -----

func.func @scan_c3(%x: tensor<5x4xf32>, %s: tensor<3xf32>) {
  // expected-error @+1 {{carries 'tensor<3xf32>', its body yields 'tensor<4xf32>'}}
  %0 = nn.scan(%a = %x) carry(%b = %s) : (tensor<5x4xf32>, tensor<3xf32>) -> tensor<3xf32> {
    nn.yield %a : tensor<4xf32>
  }
  return
}
