//! Pooling over the frames of each joint.

use burn::tensor::{Slice, Tensor};

/// The largest of the `taps` frames around each frame, of every `stride`-th frame:
/// `y[b, t, v, c] = max_j x[b, t * stride + j - taps / 2, v, c]`, over the frames that are there.
///
/// # Shapes
/// - `x`: `[B, T, V, C]`
/// - output: `[B, T', V, C]` with `T' = ceil(T / stride)`
///
/// # Panics
/// When there are no frames, `taps` is even, or `stride` is zero.
pub(crate) fn max_pool_frames(x: Tensor<4>, taps: usize, stride: usize) -> Tensor<4> {
    let [_, frames, ..] = x.dims();
    assert!(
        frames > 0 && taps % 2 == 1 && stride > 0,
        "maximum of {taps} frames with stride {stride} of {:?}",
        x.dims()
    );
    let reach = taps / 2;
    // A window that reaches beyond an end holds the frame at that end already, so more of it change nothing.
    let ends = |frame| x.clone().narrow(1, frame, 1).repeat_dim(1, reach);
    let padded = match reach {
        0 => x,
        _ => Tensor::cat(vec![ends(0), x.clone(), ends(frames - 1)], 1),
    };
    let last = (frames - 1) / stride * stride;
    let tap = |j: usize| {
        let slice = Slice::new(j as isize, Some((j + last + 1) as isize), stride as isize);
        padded.clone().slice_dim(1, slice)
    };
    (1..taps).fold(tap(0), |largest, j| largest.max_pair(tap(j)))
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn noise(seed: u64, shape: [usize; 4]) -> Vec<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let length = shape.iter().product();
        (0..length).map(|_| rng.random_range(-1.0..1.0)).collect()
    }

    #[test]
    fn maxima_and_gradients_follow_the_definition() {
        let device = Device::flex().autodiff();
        for (seed, [t, taps, stride]) in (0u64..).zip([
            [1usize, 3, 1],
            [2, 3, 2],
            [7, 3, 1],
            [8, 3, 2],
            [9, 3, 2],
            [6, 5, 1],
            [11, 5, 3],
            [5, 1, 2],
            [2, 7, 1],
        ]) {
            let [b, v, c] = [2, 3, 4];
            let frames_out = t.div_ceil(stride);
            let numbers = noise(seed, [b, t, v, c]);
            let weights = noise(100 + seed, [b, frames_out, v, c]);
            let mut maxima = Vec::new();
            let mut gradient = vec![0.0; numbers.len()];
            for (i, weight) in weights.iter().enumerate() {
                let (body, out, rest) = (
                    i / (frames_out * v * c),
                    i / (v * c) % frames_out,
                    i % (v * c),
                );
                let middle = out * stride;
                let window = middle.saturating_sub(taps / 2)..(middle + taps / 2 + 1).min(t);
                let at = window
                    .map(|frame| (body * t + frame) * v * c + rest)
                    .max_by(|a, b| numbers[*a].total_cmp(&numbers[*b]))
                    .unwrap();
                maxima.push(numbers[at]);
                gradient[at] += weight;
            }
            let x = Tensor::<4>::from_data(TensorData::new(numbers, [b, t, v, c]), &device)
                .require_grad();
            let y = max_pool_frames(x.clone(), taps, stride);
            assert_eq!(y.dims(), [b, frames_out, v, c]);
            assert_eq!(y.clone().into_data().try_to_vec::<f32>().unwrap(), maxima);
            let weights = TensorData::new(weights, [b, frames_out, v, c]);
            let gradients = (y * Tensor::from_data(weights, &device)).sum().backward();
            let ours = x.grad(&gradients).unwrap().into_data();
            for (ours, expected) in ours.iter::<f32>().zip(gradient) {
                assert!((ours - expected).abs() < 1e-6, "{t} {taps} {stride}");
            }
        }
    }

    #[test]
    fn padding_is_no_maximum_of_negative_numbers() {
        let x = Tensor::<4>::full([1, 3, 1, 1], -2.0, &Device::flex());
        assert_eq!(max_pool_frames(x, 3, 1).max().into_scalar::<f32>(), -2.0);
    }
}
