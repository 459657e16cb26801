use burn::module::{Module, ModuleVisitor, Param};
use burn::nn::Initializer;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// How weights start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Initialisation {
    /// PyTorch's convolution default, which ST-GCN and PSTL leave in place: weights and biases uniform in
    /// `+-1 / sqrt(fan_in)`; batch norm weight 1, bias 0.
    #[default]
    PyTorch,
    /// As released with 2s-AGCN and its successors: convolution weights N(0, sqrt(2 / fan_out)) (He et al. 2015),
    /// biases 0; batch norm weight 1, bias 0.
    FanOut,
    /// As CrosSCLR: convolution weights N(0, 0.02), batch norm weights N(1, 0.02), biases 0.
    CrosSclr,
}

/// Initialisers of a convolution's weight, its bias, and a batch norm's weight. The convolution has `taps` taps from
/// `C` to `D` channels, `[C, D]`.
pub(crate) fn initialisers(
    scheme: Initialisation,
    [in_channels, channels]: [usize; 2],
    taps: usize,
) -> [Initializer; 3] {
    match scheme {
        Initialisation::PyTorch => {
            let bound = 1.0 / ((in_channels * taps) as f64).sqrt();
            let uniform = Initializer::Uniform {
                min: -bound,
                max: bound,
            };
            [uniform.clone(), uniform, Initializer::Ones]
        }
        Initialisation::FanOut => [
            Initializer::Normal {
                mean: 0.0,
                std: (2.0 / (channels * taps) as f64).sqrt(),
            },
            Initializer::Zeros,
            Initializer::Ones,
        ],
        Initialisation::CrosSclr => [
            Initializer::Normal {
                mean: 0.0,
                std: 0.02,
            },
            Initializer::Zeros,
            Initializer::Normal {
                mean: 1.0,
                std: 0.02,
            },
        ],
    }
}

/// Gives every parameter of `module` its first value now, in the order of its fields.
///
/// burn draws a parameter when it is first used. Using all of them at once lets a seed set before decide them,
/// and leaves the draws of the first training step to that step.
pub fn draw_weights<M: Module>(module: &M) {
    struct Draw;
    impl ModuleVisitor for Draw {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            param.val();
        }
    }
    module.visit(&mut Draw);
}
