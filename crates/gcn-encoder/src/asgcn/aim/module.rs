use burn::module::Module;
use burn::tensor::activation::{log_softmax, softmax};
use burn::tensor::{Device, Distribution, Int, Tensor};

use super::config::AimConfig;
use super::decoder::LinkDecoder;
use super::edges::square;
use super::encoder::LinkEncoder;

/// Keeps the logarithms of Gumbel noise finite, as released.
const EPSILON: f64 = 1e-10;

/// The A-link inference module: an encoder that infers from the joints' motion which of them act together, and a
/// decoder that judges the links by predicting motion along them.
///
/// Li et al., CVPR 2019, section 3.1, after "Neural Relational Inference" (Kipf et al., ICML 2018). Part of an
/// [`AsGcn`](crate::AsGcn).
///
/// In training (a training device, and the module not frozen) links are sampled with Gumbel noise from the device's
/// generator; otherwise each pair has its likeliest type, so that evaluation repeats itself. The release samples in
/// evaluation, too.
#[derive(Module, Debug)]
pub struct Aim {
    /// Rates the types of link.
    pub encoder: LinkEncoder,
    /// Predicts motion along them.
    pub decoder: LinkDecoder,
    frames: usize,
    temperature: f64,
    no_link_prior: f64,
    variance: f64,
    link_scale: f64,
}

/// What the AIM is trained on: `L_AIM = nll + kl`.
#[derive(Clone, Debug)]
pub struct AimLoss {
    /// Negative log-likelihood of the positions after each frame but for its constant, summed over frames and
    /// coordinates, averaged over joints and bodies: `1 / (B V) sum ||x_t - x'_t||^2 / (2 variance)`, `[1]`.
    pub nll: Tensor<1>,
    /// Divergence of the types' probabilities `p` from the prior `q`, summed over pairs and types, averaged over
    /// joints and bodies: `1 / (B V) sum p log(p / q)`, `[1]`.
    pub kl: Tensor<1>,
}

impl AimLoss {
    /// Their sum, `[1]`.
    pub fn total(self) -> Tensor<1> {
        self.nll + self.kl
    }
}

impl Aim {
    /// A module for positions of `channels` coordinates.
    pub(in crate::asgcn) fn new(config: &AimConfig, channels: usize, device: &Device) -> Self {
        Self {
            encoder: LinkEncoder::new(config, config.frames * channels, device),
            decoder: LinkDecoder::new(config, channels, device),
            frames: config.frames,
            temperature: config.temperature,
            no_link_prior: config.no_link_prior,
            variance: config.variance,
            link_scale: config.link_scale,
        }
    }

    /// The links of each body, ready to be convolved over.
    ///
    /// Of each type but the first, the adjacency of its links and of every joint to itself, column-normalised and
    /// times the configuration's `link_scale`: entry `(b, k, v, w)` is what joint `w` hears of joint `v`.
    ///
    /// # Shapes
    /// - `x`: `[N, M, T, V, C]`
    /// - output: `[N M, types - 1, V, V]`, columns of which sum to `link_scale`
    ///
    /// # Panics
    /// When `C` is not what the module was made for, there is one joint, or an axis is empty.
    pub fn infer(&self, x: Tensor<5>) -> Tensor<4> {
        self.links(x, None)
    }

    /// As [`infer`](Self::infer), with `noise` in place of the device's own: Gumbel noise, `[N M, V (V - 1), types]`,
    /// for the ordered pairs `(sender, receiver)` row by row without the diagonal.
    ///
    /// # Panics
    /// As [`infer`](Self::infer), and when `noise` has another shape.
    pub fn infer_with(&self, x: Tensor<5>, noise: Tensor<3>) -> Tensor<4> {
        self.links(x, Some(noise))
    }

    fn links(&self, x: Tensor<5>, noise: Option<Tensor<3>>) -> Tensor<4> {
        let [.., joints, _] = x.dims();
        let logits = self.logits(&self.trajectories(x));
        self.adjacency(self.types(logits, noise, joints))
    }

    /// The loss that trains the module, and nothing else, in the first phase.
    ///
    /// Its gradient needs the messages of every frame between every two joints, in memory: about 0.2 GB a body with
    /// the released sizes on NTU 25.
    ///
    /// # Shapes
    /// - `x`: `[N, M, T, V, C]`, in the unit of the configuration's variance
    /// - `noise`: as for [`infer_with`](Self::infer_with); `None` for the device's own in training, and none otherwise
    ///
    /// # Panics
    /// As [`infer_with`](Self::infer_with).
    pub fn loss(&self, x: Tensor<5>, noise: Option<Tensor<3>>) -> AimLoss {
        let positions = self.trajectories(x);
        let logits = self.logits(&positions);
        let [b, v, frames, _] = positions.dims();
        let each = (b * v) as f64;

        let links = self.types(logits.clone(), noise, v);
        let predicted = self.decoder.forward(positions.clone(), links);
        let error = predicted - positions.slice_dim(2, 1..frames);
        let nll = error.powi_scalar(2).sum() / (2.0 * self.variance * each);

        let prior = self.log_prior(&logits);
        let divergence = softmax(logits.clone(), 2) * (log_softmax(logits, 2) - prior);
        AimLoss {
            nll,
            kl: divergence.sum() / each,
        }
    }

    /// Each joint's trajectory over evenly taken frames, `[B, V, F, C]`.
    fn trajectories(&self, x: Tensor<5>) -> Tensor<4> {
        let [n, m, t, v, c] = x.dims();
        let (frames, device) = (self.frames, x.device());
        let [inputs, _] = self.encoder.joint.first.weight.dims();
        assert!(
            frames * c == inputs && v > 1 && n * m * t > 0,
            "an AIM of {} channels and at least 2 joints was given [N, M, T, V, C] = {:?}",
            inputs / frames,
            [n, m, t, v, c]
        );
        let taken: Vec<i64> = (0..frames).map(|j| (j * t / frames) as i64).collect();
        x.select(2, Tensor::<1, Int>::from_data(&taken[..], &device))
            .reshape([n * m, frames, v, c])
            .swap_dims(1, 2)
    }

    /// Logits of the types of each ordered pair of joints, `[B, V (V - 1), types]`.
    fn logits(&self, positions: &Tensor<4>) -> Tensor<3> {
        let [b, v, frames, c] = positions.dims();
        self.encoder
            .forward(positions.clone().reshape([b, v, frames * c]))
    }

    /// Whether links are to be sampled now.
    fn draws(&self, logits: &Tensor<3>) -> bool {
        logits.device().is_autodiff() && self.encoder.joint.dropout.training.is_enabled()
    }

    /// One-hot types of each pair, `[B, V, V, types]`, whose gradient is that of the softmax of `logits + noise`, in
    /// training with noise of the device's where none is given.
    fn types(&self, logits: Tensor<3>, noise: Option<Tensor<3>>, joints: usize) -> Tensor<4> {
        let [.., types] = logits.dims();
        if let Some(noise) = &noise {
            assert_eq!(noise.dims(), logits.dims(), "noise of links");
        }
        let noise = noise.or_else(|| self.draws(&logits).then(|| gumbel(&logits)));
        let logits = match noise {
            Some(noise) => logits + noise,
            None => logits,
        };
        let soft = softmax(logits / self.temperature, 2);
        let likeliest = soft.clone().detach().argmax(2);
        let numbers = Tensor::<1, Int>::arange(0..types as i64, &soft.device());
        let hard = likeliest.equal(numbers.reshape([1, 1, types])).float();
        let hard = hard.cast(soft.dtype()) - soft.clone().detach() + soft;
        square(hard, joints)
    }

    /// Types of each pair, `[B, V, V, types]`, to what joints hear of each other, `[B, types - 1, V, V]`.
    fn adjacency(&self, types: Tensor<4>) -> Tensor<4> {
        let [_, v, _, count] = types.dims();
        let own = Tensor::<2>::eye(v, &types.device()).cast(types.dtype());
        // Not `permute`: see that of `kernels::composed`.
        let linked = types.slice_dim(3, 1..count).swap_dims(1, 3).swap_dims(2, 3) + own.unsqueeze();
        let heard = linked.clone().sum_dim(2);
        linked / heard * self.link_scale
    }

    /// `[1, 1, types]`
    fn log_prior(&self, logits: &Tensor<3>) -> Tensor<3> {
        let [_, _, types] = logits.dims();
        let link = (1.0 - self.no_link_prior) / (types - 1) as f64;
        let mut prior = vec![link.ln() as f32; types];
        prior[0] = self.no_link_prior.ln() as f32;
        Tensor::<1>::from_floats(&prior[..], &logits.device())
            .cast(logits.dtype())
            .unsqueeze()
    }
}

/// Standard Gumbel noise of the shape of `like`, from the device's generator.
fn gumbel(like: &Tensor<3>) -> Tensor<3> {
    let uniform = like.random_like(Distribution::Default);
    -((-(uniform + EPSILON).log()) + EPSILON).log()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gumbel_noise_has_its_mean_and_variance() {
        let device = Device::flex();
        let noise = gumbel(&Tensor::zeros([100, 100, 10], &device)).reshape([100_000]);
        let (variance, mean) = noise.var_mean(0);
        // Euler's constant and pi^2 / 6; of 100,000 draws they stray by 0.004 and 0.011
        let (mean, variance) = (mean.into_scalar::<f64>(), variance.into_scalar::<f64>());
        assert!((mean - 0.5772).abs() < 0.02, "{mean}");
        assert!((variance - 1.6449).abs() < 0.06, "{variance}");
    }

    #[test]
    fn trajectories_take_their_frames_evenly() {
        let device = Device::flex();
        let aim = |frames| Aim::new(&AimConfig::default().with_frames(frames), 1, &device);
        let frames = Tensor::<1, Int>::arange(0..7, &device).float();
        let x = frames.reshape([1, 1, 7, 1, 1]).repeat_dim(3, 2);
        for (count, expected) in [
            (7, vec![0., 1., 2., 3., 4., 5., 6.]),
            (3, vec![0., 2., 4.]),
            (10, vec![0., 0., 1., 2., 2., 3., 4., 4., 5., 6.]),
        ] {
            let taken = aim(count).trajectories(x.clone()).slice_dim(1, 0);
            let taken: Vec<f32> = taken.into_data().iter::<f32>().collect();
            assert_eq!(taken, expected, "{count} frames");
        }
    }
}
