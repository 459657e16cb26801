use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{FloatDType, Tensor};

use crate::noise::noise;

/// A direction in which all weights are moved by up to [`FARTHEST`] of their size, and how far on the way.
#[derive(Clone, Copy, Debug)]
pub struct Moved {
    /// Draws the direction.
    pub seed: u64,
    /// Of the whole way, 0 to 1.
    pub share: f64,
}

/// How far a weight is moved at most, beside its size: as far as the outputs of two devices are apart.
pub const FARTHEST: f64 = 1.0 / (1 << 18) as f64;

/// `module`, which is on flex, in double precision, with moved weights if so wanted. Flex's kernels are of single precision: with these
/// weights it runs the composition of burn's operations.
pub fn double<M: Module>(module: M, moved: Option<Moved>) -> M {
    struct Double(Option<Moved>);
    impl ModuleMapper for Double {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|weights| {
                let trained = weights.is_require_grad();
                // A tensor on the device without autodiff can change its type, a leaf of a graph cannot.
                let mut weights = weights.without_autodiff().cast(FloatDType::F64);
                if let Some(moved) = &mut self.0 {
                    moved.seed += 1;
                    let noise = noise(weights.shape().num_elements(), moved.seed);
                    let noise = Tensor::<1>::from_data(noise, &weights.device());
                    let noise = noise.cast(FloatDType::F64).reshape(weights.shape());
                    weights = weights * (noise * (FARTHEST * moved.share) + 1.0);
                }
                weights.autodiff().set_require_grad(trained)
            })
        }
    }
    let moved = moved.map(|Moved { seed, share }| Moved {
        seed: seed << 32,
        share,
    });
    module.map(&mut Double(moved))
}
