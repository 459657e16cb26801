use burn::tensor::{Bool, Int, Tensor};

/// One vector a frame: the feature map averaged over persons and joints.
///
/// # Shapes
/// - `map`: `[N, M', T', V', D]`
/// - output: `[N, T', D]`
pub(super) fn frame_features(map: Tensor<5>) -> Tensor<3> {
    let [n, m, t, v, d] = map.dims();
    let map = match m * v {
        1 => map,
        _ => map.mean_dim(3).mean_dim(1),
    };
    map.reshape([n, t, d])
}

/// The coordinates of each frame as one vector, persons first, then joints, then channels.
///
/// # Shapes
/// - `view`: `[N, M, T, V, C]`
/// - output: `[N, T, M * V * C]`
pub(super) fn frame_vectors(view: Tensor<5>) -> Tensor<3> {
    let [n, m, t, v, c] = view.dims();
    view.swap_dims(1, 2).reshape([n, t, m * v * c])
}

/// Features of the first frame and of the last valid one.
///
/// An encoder with temporal strides leaves `T'` of `T` frames; the last valid frame `t` is then within its frame
/// `floor(t T' / T)`.
///
/// # Shapes
/// - `features`: `[N, T', D]`
/// - `lengths`: `[N]`, of sequences of `frames` frames
/// - output: `[N, D]` each
pub(super) fn first_and_last(
    features: Tensor<3>,
    lengths: Option<Tensor<1, Int>>,
    frames: usize,
) -> [Tensor<2>; 2] {
    let [n, kept, d] = features.dims();
    let first = features.clone().narrow(1, 0, 1).reshape([n, d]);
    let last = match lengths {
        None => features.narrow(1, kept - 1, 1),
        Some(lengths) => {
            let last = (lengths - 1) * kept as i64 / frames as i64;
            features.gather(1, last.reshape([n, 1, 1]).expand([n, 1, d]))
        }
    };
    [first, last.reshape([n, d])]
}

/// The valid frames of each sequence in reverse, its padding still behind them and zero.
///
/// # Shapes
/// - `sequences`: `[N, T, D]`
/// - `lengths`: `[N]`
/// - output: `[N, T, D]`
pub(super) fn reversed(sequences: Tensor<3>, lengths: Option<Tensor<1, Int>>) -> Tensor<3> {
    let [n, t, d] = sequences.dims();
    let frame = Tensor::<1, Int>::arange(0..t as i64, &sequences.device());
    let Some(lengths) = lengths else {
        // Not `flip`, which burn-fusion 0.22 takes for one of integers: device servers refuse it.
        return sequences.select(1, frame.neg() + (t as i64 - 1));
    };
    let padding = valid(lengths.clone(), t).bool_not();
    let source = (lengths.reshape([n, 1]) - 1 - frame.reshape([1, t])).clamp_min(0);
    sequences
        .gather(1, source.reshape([n, t, 1]).expand([n, t, d]))
        .mask_fill(padding.reshape([n, t, 1]).expand([n, t, d]), 0.0)
}

/// Mean squared error of sequences of any length: `(1 / N) sum_b (1 / T_b) sum_{t < T_b} |p_bt - g_bt|^2`, summed over
/// the coordinates (`papers.md` 4.6). What is at padding has no effect and no gradient.
///
/// # Shapes
/// - `prediction`, `target`: `[N, T, D]`
/// - `lengths`: `[N]`
/// - output: `[1]`
pub(super) fn sequence_error(
    prediction: Tensor<3>,
    target: Tensor<3>,
    lengths: Option<Tensor<1, Int>>,
) -> Tensor<1> {
    let [n, t, d] = prediction.dims();
    let difference = prediction - target;
    match lengths {
        None => difference.square().sum() / (n * t) as f64,
        Some(lengths) => {
            // Before it is squared: a gradient of 0 times padding that is not a number would not be 0.
            let padding = valid(lengths.clone(), t).bool_not();
            let padding = padding.reshape([n, t, 1]).expand([n, t, d]);
            let errors = difference.mask_fill(padding, 0.0).square();
            let lengths = lengths.float().cast(errors.dtype());
            (errors.reshape([n, t * d]).sum_dim(1).reshape([n]) / lengths).mean()
        }
    }
}

/// Whether a frame is valid, `[N, T]`.
fn valid(lengths: Tensor<1, Int>, frames: usize) -> Tensor<2, Bool> {
    let [n] = lengths.dims();
    let frame = Tensor::<1, Int>::arange(0..frames as i64, &lengths.device());
    frame
        .reshape([1, frames])
        .expand([n, frames])
        .lower(lengths.reshape([n, 1]).expand([n, frames]))
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::testing::{host, random, scalar};

    fn lengths(values: [i64; 3], device: &Device) -> Option<Tensor<1, Int>> {
        Some(Tensor::from_ints(values, device))
    }

    #[test]
    fn the_reverse_of_a_padded_sequence_is_the_reverse_of_its_valid_frames() {
        let device = Device::flex();
        let (n, t, d) = (3, 5, 2);
        let x = random([n, t, d], 1, &device);
        let valid = [5, 3, 1];
        let got = host(reversed(x.clone(), lengths([5, 3, 1], &device)));
        let x = host(x);
        for b in 0..n {
            for frame in 0..t {
                for c in 0..d {
                    let expected = match frame < valid[b] {
                        true => x[(b * t + valid[b] - 1 - frame) * d + c],
                        false => 0.0,
                    };
                    assert_eq!(got[(b * t + frame) * d + c], expected, "{b} {frame} {c}");
                }
            }
        }
    }

    #[test]
    fn without_lengths_every_frame_is_valid() {
        let device = Device::flex();
        let x = random([3, 5, 2], 1, &device);
        let y = random([3, 5, 2], 2, &device);
        let full = || lengths([5, 5, 5], &device);
        assert_eq!(
            host(reversed(x.clone(), None)),
            host(reversed(x.clone(), full()))
        );
        let [some, none] = [full(), None].map(|lengths| {
            let [_, last] = first_and_last(x.clone(), lengths, 5);
            host(last)
        });
        assert_eq!(some, none);
        let errors = [full(), None].map(|l| scalar(sequence_error(x.clone(), y.clone(), l)));
        assert!((errors[0] - errors[1]).abs() < 1e-6 * errors[0]);
    }

    #[test]
    fn the_error_is_a_sum_over_coordinates_and_a_mean_over_valid_frames_then_over_sequences() {
        let device = Device::flex();
        let (p, g) = (random([3, 4, 2], 3, &device), random([3, 4, 2], 4, &device));
        let got = scalar(sequence_error(
            p.clone(),
            g.clone(),
            lengths([4, 2, 1], &device),
        ));
        let (p, g) = (host(p), host(g));
        let mut expected = 0.0_f64;
        for (b, length) in [4, 2, 1].into_iter().enumerate() {
            let mut sum = 0.0_f64;
            for at in b * 8..b * 8 + length * 2 {
                sum += ((p[at] - g[at]) as f64).powi(2);
            }
            expected += sum / length as f64 / 3.0;
        }
        assert!((got - expected).abs() < 1e-5, "{got}, not {expected}");
    }

    #[test]
    fn what_is_at_padding_changes_no_error_even_if_it_is_not_a_number() {
        let device = Device::flex().autodiff();
        let p = random([3, 4, 2], 3, &device);
        let g = random([3, 4, 2], 4, &device);
        let length = || lengths([4, 2, 1], &device);
        let clean = scalar(sequence_error(p.clone(), g.clone(), length()));
        let nans = (p.clone() * f32::NAN).narrow(1, 2, 2).narrow(0, 1, 2);
        let spoilt = p.slice_assign([1..3, 2..4, 0..2], nans).require_grad();
        let error = sequence_error(spoilt.clone(), g, length());
        assert_eq!(scalar(error.clone()), clean);
        let gradient = host(spoilt.grad(&error.backward()).unwrap());
        // Sequence 1, frame 2 on.
        assert_eq!(gradient[12..16], [0.0; 4]);
        assert!(gradient[..8].iter().all(|g| *g != 0.0));
    }

    #[test]
    fn the_last_frame_is_the_last_valid_one_also_after_a_stride() {
        let device = Device::flex();
        // The feature of frame t is t.
        let features = |kept: usize| {
            Tensor::<1, Int>::arange(0..kept as i64, &device)
                .float()
                .reshape([1, kept, 1])
                .expand([3, kept, 1])
        };
        for (kept, frames, valid, expected) in [
            (7, 7, [7, 4, 1], [6.0, 3.0, 0.0]),
            (4, 7, [7, 4, 1], [3.0, 1.0, 0.0]),
            (13, 50, [50, 25, 2], [12.0, 6.0, 0.0]),
        ] {
            let [first, last] = first_and_last(features(kept), lengths(valid, &device), frames);
            assert_eq!(host(first), [0.0; 3]);
            assert_eq!(host(last), expected, "{kept} of {frames}");
        }
        let [_, last] = first_and_last(features(4), None, 7);
        assert_eq!(host(last), [3.0; 3]);
    }

    #[test]
    fn frames_keep_their_persons_joints_and_channels() {
        let device = Device::flex();
        let (n, m, t, v, c) = (2, 2, 3, 4, 2);
        let view = random([n, m, t, v, c], 5, &device);
        let vectors = host(frame_vectors(view.clone()));
        let means = host(frame_features(view.clone()));
        let view = host(view);
        for (b, frame, channel) in [(0, 0, 0), (1, 2, 1), (0, 1, 1)] {
            let mut mean = 0.0;
            for person in 0..m {
                for joint in 0..v {
                    let value = view[(((b * m + person) * t + frame) * v + joint) * c + channel];
                    let at = ((b * t + frame) * m + person) * v + joint;
                    assert_eq!(vectors[at * c + channel], value);
                    mean += value / (m * v) as f32;
                }
            }
            assert!((means[(b * t + frame) * c + channel] - mean).abs() < 1e-6);
        }
    }
}
