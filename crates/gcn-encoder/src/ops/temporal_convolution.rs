use burn::tensor::Tensor;

/// Convolution over the frames of each joint, zero-padded so that a stride of 1 keeps the length:
/// `y[b, v, t] = sum_j x[b, v, t * stride + j - taps / 2] weight[j]`.
///
/// There is no bias: batch normalisation follows and takes it (see [`Affine`](super::Affine)).
///
/// # Shapes
/// - `x`: `[B, V, T, C]`, joints before frames
/// - `weight`: `[taps, C, D]`, `taps` odd
/// - output: `[B, V, T', D]` with `T' = ceil(T / stride)`
pub fn temporal_convolution(x: Tensor<4>, weight: Tensor<3>, stride: usize) -> Tensor<4> {
    let [b, v, t, c] = x.dims();
    let [taps, _, d] = weight.dims();
    let t_out = t.div_ceil(stride);
    let pad = taps / 2;

    // selection[(i, o), j] = 1 where output frame o reads input frame i through tap j.
    let mut selection = vec![0.0f32; t * t_out * taps];
    for i in 0..t {
        for o in 0..t_out {
            if let Some(j) = (i + pad).checked_sub(o * stride).filter(|j| *j < taps) {
                selection[(i * t_out + o) * taps + j] = 1.0;
            }
        }
    }
    let selection =
        Tensor::<1>::from_floats(selection.as_slice(), &x.device()).reshape([t * t_out, taps]);
    let sequence = selection
        .matmul(weight.reshape([taps, c * d]))
        .reshape([t, t_out, c, d])
        .swap_dims(1, 2)
        .reshape([t * c, t_out * d]);
    x.reshape([b * v, t * c])
        .matmul(sequence)
        .reshape([b, v, t_out, d])
}
