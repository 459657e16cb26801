use burn::config::Config;
use burn::module::Module;
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use crate::ObjectiveError;

/// Configuration of a [`Projector`].
#[derive(Config, Debug, PartialEq, Eq)]
pub struct ProjectorConfig {
    /// Features of the encoder.
    pub input: usize,
    /// Widths of the hidden layers; none for a single linear layer.
    pub hidden: Vec<usize>,
    /// Features of the projection.
    pub output: usize,
    /// Batch normalisation after each hidden layer. Default: true.
    #[config(default = true)]
    pub batch_norm: bool,
    /// A bias in the linear layers. Default: false, as batch normalisation removes it again.
    #[config(default = false)]
    pub bias: bool,
    /// Batch normalisation of the projection as well, without ReLU after it. Default: false.
    #[config(default = false)]
    pub output_norm: bool,
}

impl ProjectorConfig {
    /// A projector of `input` features whose layers have the `widths`, the last one being the projection's.
    ///
    /// # Errors
    /// [`ObjectiveError::InvalidConfig`] where there is no layer.
    pub fn of_widths(input: usize, widths: &[usize]) -> Result<Self, ObjectiveError> {
        let (&output, hidden) = widths
            .split_last()
            .ok_or_else(|| ObjectiveError::invalid("projector", widths, "at least one layer"))?;
        Ok(Self::new(input, hidden.to_vec(), output))
    }

    /// A projector of this configuration, with PyTorch's default initialisation of linear layers
    /// (uniform in `±1/sqrt(inputs)`).
    ///
    /// # Errors
    /// [`ObjectiveError::InvalidConfig`] for a width of 0.
    pub fn init(&self, device: &Device) -> Result<Projector, ObjectiveError> {
        for (field, width) in [
            ("projector.input", self.input),
            ("projector.output", self.output),
        ]
        .into_iter()
        .chain(self.hidden.iter().map(|&width| ("projector.hidden", width)))
        {
            if width == 0 {
                return Err(ObjectiveError::invalid(
                    field,
                    width,
                    "a width of at least 1",
                ));
            }
        }
        let widths: Vec<usize> = std::iter::once(self.input)
            .chain(self.hidden.iter().copied())
            .chain([self.output])
            .collect();
        let linears = widths.windows(2).map(|pair| {
            LinearConfig::new(pair[0], pair[1])
                .with_bias(self.bias)
                .init(device)
        });
        let norm = |&width: &usize| BatchNormConfig::new(width).init(device);
        Ok(Projector {
            linears: linears.collect(),
            norms: match self.batch_norm {
                true => self.hidden.iter().map(norm).collect(),
                false => Vec::new(),
            },
            output_norm: self.output_norm.then(|| norm(&self.output)),
        })
    }
}

/// Multi-layer perceptron between the encoder and the loss: linear layers, with batch normalisation and ReLU after
/// all but the last, and batch normalisation alone after the last where it is configured. Dropped after pre-training.
///
/// Barlow Twins uses 8192-8192-8192, PSTL 6144-6144-6144 on skeletons, both without biases (confirmed in their
/// code); that Skeletal Twins does the same is inferred.
///
/// burn keeps the *biased* variance in the running statistics where PyTorch keeps the unbiased one: they differ by
/// the factor `N / (N - 1)`. It touches inference only, and there only the monitors.
///
/// Made by [`ProjectorConfig::init`].
#[derive(Module, Debug)]
pub struct Projector {
    /// The linear layers in their order.
    pub linears: Vec<Linear>,
    /// The batch normalisation after each linear layer but the last; empty without batch normalisation.
    pub norms: Vec<BatchNorm>,
    /// The batch normalisation of the projection, where there is one.
    pub output_norm: Option<BatchNorm>,
}

impl Projector {
    /// The projection.
    ///
    /// On an autodiff device the batch's own statistics normalise, and the running ones are updated; elsewhere the
    /// running statistics normalise.
    ///
    /// # Shapes
    /// - `features`: `[N, input]`
    /// - output: `[N, output]`
    ///
    /// # Panics
    /// When the features are not `input` wide.
    pub fn forward(&self, features: Tensor<2>) -> Tensor<2> {
        let last = self.linears.len() - 1;
        let mut z = features;
        for (index, linear) in self.linears.iter().enumerate() {
            z = linear.forward(z);
            if index < last {
                if let Some(norm) = self.norms.get(index) {
                    z = norm.forward(z);
                }
                z = relu(z);
            }
        }
        match &self.output_norm {
            Some(norm) => norm.forward(z),
            None => z,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{host, random};

    #[test]
    fn any_depth_and_width_gives_the_output_width_and_the_parameters_of_its_layers() {
        let device = Device::flex();
        let cases = [
            (vec![], true, false, 6 * 5),
            (vec![7], true, false, 6 * 7 + 2 * 7 + 7 * 5),
            (vec![7], false, true, 6 * 7 + 7 + 7 * 5 + 5),
            (vec![3, 9, 4], false, false, 6 * 3 + 3 * 9 + 9 * 4 + 4 * 5),
        ];
        for (hidden, batch_norm, bias, trainable) in cases {
            let projector = ProjectorConfig::new(6, hidden.clone(), 5)
                .with_batch_norm(batch_norm)
                .with_bias(bias)
                .init(&device)
                .unwrap();
            let z = projector.forward(random([4, 6], 1, &device));
            assert_eq!(z.dims(), [4, 5]);
            // burn counts the running mean and variance among a module's parameters.
            let running: usize = match batch_norm {
                true => hidden.iter().map(|width| 2 * width).sum(),
                false => 0,
            };
            assert_eq!(projector.num_params(), trainable + running, "{hidden:?}");
        }
    }

    #[test]
    fn nothing_is_normalised_or_rectified_after_the_last_layer() {
        let device = Device::flex().autodiff();
        let projector = ProjectorConfig::new(4, vec![8], 8).init(&device).unwrap();
        let z = host(projector.forward(random([16, 4], 2, &device)));
        assert!(z.iter().any(|&x| x < 0.0));
        let mean = z.iter().step_by(8).sum::<f32>() / 16.0;
        assert!(
            mean.abs() > 1e-4,
            "a batch-normalised feature has mean 0: {mean}"
        );
    }

    #[test]
    fn a_normalised_projection_has_mean_0_and_is_not_rectified() {
        let device = Device::flex().autodiff();
        let config = ProjectorConfig::new(4, vec![8], 3).with_output_norm(true);
        let z = host(
            config
                .init(&device)
                .unwrap()
                .forward(random([16, 4], 2, &device)),
        );
        for feature in 0..3 {
            let mean = z.iter().skip(feature).step_by(3).sum::<f32>() / 16.0;
            assert!(mean.abs() < 1e-5, "{mean}");
        }
        assert!(z.iter().any(|&x| x < 0.0));
    }

    #[test]
    fn without_training_a_sample_does_not_depend_on_its_batch() {
        let device = Device::flex();
        let projector = ProjectorConfig::new(4, vec![8, 8], 3)
            .init(&device)
            .unwrap();
        let x = random([6, 4], 3, &device);
        let together = host(projector.forward(x.clone()).narrow(0, 0, 1));
        let alone = host(projector.forward(x.narrow(0, 0, 1)));
        for (a, b) in together.iter().zip(&alone) {
            assert!((a - b).abs() < 1e-6);
        }
    }

    #[test]
    fn a_width_of_zero_is_refused_by_name() {
        for (config, field) in [
            (ProjectorConfig::new(0, vec![4], 4), "projector.input"),
            (ProjectorConfig::new(4, vec![4, 0], 4), "projector.hidden"),
            (ProjectorConfig::new(4, vec![4], 0), "projector.output"),
        ] {
            let refused = config.init(&Device::flex()).unwrap_err();
            assert!(refused.to_string().contains(field), "{refused}");
        }
    }
}
