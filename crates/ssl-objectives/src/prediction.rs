use burn::tensor::{Device, Tensor, assert_shape};

use crate::instance::unit_rows;
use crate::monitor::Term;
use crate::{ObjectiveError, Projector, ProjectorConfig};

/// How well a prediction meets its target, as a curve.
pub const PREDICTION: Term = Term::score(
    "Prediction cosine",
    "cosine",
    "Mean cosine of a view's prediction and the other view's projection; features that all fell together have 1 too, see \
     the spread.",
);
/// How far the projections spread, as a curve.
pub const SPREAD: Term = Term::score(
    "Projection spread",
    "spread",
    "Standard deviation of a batch's projections brought to length 1, times the root of their number of features: 1 for an \
     even spread, 0 where all fell together.",
);

/// A predictor of the layer widths `widths`, from a projection of the widths `projector` to another of these.
pub(crate) fn predictor(
    projector: &[usize],
    widths: &[usize],
    batch_norm: bool,
    bias: bool,
    device: &Device,
) -> Result<Projector, ObjectiveError> {
    match (projector.last(), widths.last()) {
        (Some(&projection), Some(&width)) if projection == width && !widths.contains(&0) => {
            ProjectorConfig::of_widths(projection, widths)?
                .with_batch_norm(batch_norm)
                .with_bias(bias)
                .init(device)
        }
        _ => Err(ObjectiveError::invalid(
            "predictor",
            widths,
            "widths of at least 1, the last one that of the projector's last layer",
        )),
    }
}

/// Mean cosine between the prediction of each view and the projection of the other, shape `[1]`, in -1..=1. No gradients
/// reach the targets.
///
/// # Shapes
/// - `predictions`, `targets`: `[N, D]` of view 0 and view 1
pub(crate) fn crossed_cosine(predictions: [Tensor<2>; 2], targets: [Tensor<2>; 2]) -> Tensor<1> {
    let [n, d] = predictions[0].dims();
    let [p_a, p_b] = predictions.map(unit_rows);
    let [t_a, t_b] = targets.map(|target| unit_rows(target.without_autodiff()));
    for rows in [&p_b, &t_a, &t_b] {
        assert_shape!(rows, [n, d]);
    }
    ((p_a * t_b).sum() + (p_b * t_a).sum()) / (2 * n) as f64
}

/// [`normalised_std`](crate::spectrum::normalised_std) of a batch on its device, shape `[1]`, without autodiff.
pub(crate) fn spread(z: Tensor<2>) -> Tensor<1> {
    let [_, d] = z.dims();
    let z = unit_rows(z.without_autodiff());
    let centred = z.clone() - z.mean_dim(0);
    centred.square().mean_dim(0).sqrt().mean() * (d as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spectrum::normalised_std;
    use crate::testing::{host, random, scalar};
    use burn::tensor::Device;

    #[test]
    fn the_cosine_is_the_mean_of_both_directions_and_crosses_the_views() {
        let device = Device::flex();
        let (n, d) = (5, 3);
        let tensors = [1, 2, 3, 4].map(|seed| random([n, d], seed, &device));
        let rows = tensors.clone().map(host);
        let cosine = |a: usize, b: usize, i: usize| {
            let (x, y) = (&rows[a][i * d..][..d], &rows[b][i * d..][..d]);
            let dot =
                |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| f64::from(x * y)).sum::<f64>();
            dot(x, y) / (dot(x, x) * dot(y, y)).sqrt()
        };
        let expected = (0..n)
            .map(|i| (cosine(0, 3, i) + cosine(1, 2, i)) / 2.0)
            .sum::<f64>()
            / n as f64;
        let [p_a, p_b, t_a, t_b] = tensors;
        let got = scalar(crossed_cosine([p_a, p_b], [t_a, t_b]));
        assert!((got - expected).abs() < 1e-5, "{got} {expected}");
    }

    #[test]
    fn targets_get_no_gradient() {
        let device = Device::flex().autodiff();
        let [p_a, p_b, t_a, t_b] =
            [1, 2, 3, 4].map(|seed| random([4, 3], seed, &device).require_grad());
        let cosine = crossed_cosine([p_a.clone(), p_b.clone()], [t_a.clone(), t_b.clone()]);
        let grads = cosine.backward();
        for prediction in [p_a, p_b] {
            assert!(prediction.grad(&grads).is_some());
        }
        for target in [t_a, t_b] {
            assert!(target.grad(&grads).is_none());
        }
    }

    #[test]
    fn the_spread_is_that_of_the_monitors() {
        let device = Device::flex();
        let z = random([40, 6], 5, &device) + 0.4;
        let expected = normalised_std(&host(z.clone()), 6);
        assert!((scalar(spread(z)) - expected).abs() < 1e-5);
        assert!(scalar(spread(Tensor::<2>::ones([8, 6], &device))) < 1e-3);
    }
}
