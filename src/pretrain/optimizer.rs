use burn::grad_clipping::GradientClippingConfig;
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamConfig, AdamWConfig, ModuleOptimizer, SgdConfig};
use serde::{Deserialize, Serialize};

use super::PretrainError;

/// The optimiser of a run, with PyTorch's constants where burn's defaults differ, so that rates found in the
/// literature mean the same here.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "name")]
pub enum OptimizerConfig {
    /// Adam with betas 0.9 and 0.999, epsilon 1e-8; weight decay is added to the gradient.
    Adam {
        /// L2 penalty.
        weight_decay: f32,
    },
    /// AdamW with betas 0.9 and 0.999, epsilon 1e-8; decoupled weight decay.
    AdamW {
        /// Decoupled weight decay.
        weight_decay: f32,
    },
    /// Stochastic gradient descent with momentum, without dampening.
    Sgd {
        /// Momentum factor.
        momentum: f64,
        /// L2 penalty.
        weight_decay: f32,
        /// Nesterov's form of momentum.
        #[serde(default)]
        nesterov: bool,
    },
}

impl OptimizerConfig {
    /// Checks the constants.
    ///
    /// # Errors
    /// [`PretrainError::Config`] naming the field.
    pub fn validate(&self) -> Result<(), PretrainError> {
        let (weight_decay, momentum) = match *self {
            Self::Adam { weight_decay } | Self::AdamW { weight_decay } => (weight_decay, 0.0),
            Self::Sgd {
                momentum,
                weight_decay,
                ..
            } => (weight_decay, momentum),
        };
        let refuse = |field, problem| Err(PretrainError::Config { field, problem });
        if !(0.0..f32::INFINITY).contains(&weight_decay) {
            return refuse(
                "weight_decay",
                format!("expected at least 0 and finite, found {weight_decay}"),
            );
        }
        if !(0.0..1.0).contains(&momentum) {
            return refuse(
                "momentum",
                format!("expected at least 0 and below 1, found {momentum}"),
            );
        }
        Ok(())
    }

    /// Builds burn's optimiser, clipping each parameter's gradient to the norm `clip` if given.
    pub fn init(&self, clip: Option<f32>) -> ModuleOptimizer {
        let clip = clip.map(GradientClippingConfig::Norm);
        let decay = |penalty: f32| (penalty > 0.0).then(|| WeightDecayConfig::new(penalty));
        match *self {
            Self::Adam { weight_decay } => AdamConfig::new()
                .with_epsilon(1e-8)
                .with_weight_decay(decay(weight_decay))
                .with_grad_clipping(clip)
                .init(),
            Self::AdamW { weight_decay } => AdamWConfig::new()
                .with_epsilon(1e-8)
                .with_weight_decay(weight_decay)
                .with_grad_clipping(clip)
                .init(),
            Self::Sgd {
                momentum,
                weight_decay,
                nesterov,
            } => {
                let momentum = (momentum > 0.0).then(|| {
                    MomentumConfig::new()
                        .with_momentum(momentum)
                        .with_nesterov(nesterov)
                        .with_dampening(0.0)
                });
                SgdConfig::new()
                    .with_momentum(momentum)
                    .with_weight_decay(decay(weight_decay))
                    .with_gradient_clipping(clip)
                    .init()
            }
        }
    }
}
