use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Int, Tensor};
use serde::{Deserialize, Serialize};

use super::layer::{GruLayer, drop_entries};
use crate::EncoderError;
use crate::init::draw_weights;

/// Configuration of a [`GruDecoder`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GruDecoderConfig {
    /// Width of the seed; 512 in CRRL, the width of its encoder's output (confirmed in its code).
    pub inputs: usize,
    /// Numbers of a reconstructed frame, `D = M * V * C`, which is also the width of the states (confirmed).
    pub frame: usize,
    /// Layers; 2 in CRRL (confirmed).
    pub layers: usize,
    /// Probability with which an output is dropped in training, between layers; 0.2 in CRRL (confirmed).
    pub dropout: f64,
}

impl GruDecoderConfig {
    /// The decoder of CRRL for frames of `frame` numbers: 150 of two persons of NTU, 60 of NW-UCLA, 93 of CMU.
    pub fn new(frame: usize) -> Self {
        Self {
            inputs: 512,
            frame,
            layers: 2,
            dropout: 0.2,
        }
    }

    /// Sets the width of the seed.
    pub fn with_inputs(mut self, inputs: usize) -> Self {
        self.inputs = inputs;
        self
    }

    /// Sets the number of layers.
    pub fn with_layers(mut self, layers: usize) -> Self {
        self.layers = layers;
        self
    }

    /// Sets the dropout probability.
    pub fn with_dropout(mut self, dropout: f64) -> Self {
        self.dropout = dropout;
        self
    }

    /// Makes the decoder on `device`, drawing its weights from the device's generator.
    ///
    /// # Errors
    /// [`EncoderError`] when the configuration describes no network.
    pub fn init(&self, device: &Device) -> Result<GruDecoder, EncoderError> {
        let counts = [
            (self.inputs, "inputs"),
            (self.frame, "frame"),
            (self.layers, "layers"),
        ];
        for (count, field) in counts {
            EncoderError::positive(count, || field.to_owned())?;
        }
        EncoderError::dropout(self.dropout)?;
        let layers = (0..self.layers)
            .map(|index| {
                let inputs = if index == 0 { self.inputs } else { self.frame };
                GruLayer::new(inputs, self.frame, device)
            })
            .collect();
        let decoder = GruDecoder {
            layers,
            dropout: DropoutConfig::new(self.dropout).init(),
        };
        draw_weights(&decoder);
        Ok(decoder)
    }
}

/// The decoder of CRRL (`papers.md` 4.4 and 4.6): recurrent layers that are told the same seed at every step, whose
/// last states are the frames of the reconstruction, and so lie between -1 and 1.
#[derive(Module, Debug)]
pub struct GruDecoder {
    /// The layers, from the seed to the frames.
    pub layers: Vec<GruLayer>,
    /// Dropout between them.
    pub dropout: Dropout,
}

impl GruDecoder {
    /// Reconstructs `frames` frames of each sequence, of which `lengths` are valid; the others are 0.
    ///
    /// # Shapes
    /// - `seed`: `[N, I]`
    /// - `lengths`: `[N]`, from 1 to `frames`
    /// - output: `[N, T, D]`
    ///
    /// # Panics
    /// When `I` is not what the decoder was made for, or `frames` is 0.
    pub fn forward(
        &self,
        seed: Tensor<2>,
        frames: usize,
        lengths: Option<Tensor<1, Int>>,
    ) -> Tensor<3> {
        let [n, i] = seed.dims();
        let mut y = seed.reshape([n, 1, i]).expand([n, frames, i]);
        for (index, layer) in self.layers.iter().enumerate() {
            if index > 0 {
                y = drop_entries(&self.dropout, y);
            }
            y = layer.forward(y, lengths.clone(), false);
        }
        y
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::TensorData;

    use super::*;
    use crate::encoder::trainable_parameters;

    fn seed(device: &Device) -> Tensor<2> {
        let numbers: Vec<f32> = (0..12).map(|i| (i as f32 * 1.7).sin() * 9.0).collect();
        Tensor::from_data(TensorData::new(numbers, [3, 4]), device)
    }

    fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().iter::<f32>().collect()
    }

    #[test]
    fn parameter_counts_are_the_published_ones() {
        for (frame, expected) in [(150, 434_700), (60, 125_280), (93, 221_805)] {
            let decoder = GruDecoderConfig::new(frame).init(&Device::flex()).unwrap();
            assert_eq!(trainable_parameters(&decoder), expected);
        }
    }

    #[test]
    fn impossible_configurations_are_refused_by_name() {
        let good = || GruDecoderConfig::new(6);
        let cases = [
            (GruDecoderConfig::new(0), "frame"),
            (good().with_inputs(0), "inputs"),
            (good().with_layers(0), "layers"),
            (good().with_dropout(-0.1), "dropout"),
        ];
        for (config, field) in cases {
            let error = config.init(&Device::flex()).unwrap_err();
            assert!(error.to_string().contains(field), "{field}: {error}");
        }
    }

    #[test]
    fn frames_lie_between_minus_one_and_one_and_padding_is_zero() {
        let device = Device::flex();
        let decoder = GruDecoderConfig::new(5)
            .with_inputs(4)
            .init(&device)
            .unwrap();
        let lengths = Tensor::<1, Int>::from_ints([7, 1, 4], &device);
        let whole = decoder.forward(seed(&device), 7, None);
        assert_eq!(whole.dims(), [3, 7, 5]);
        assert!(numbers(whole.clone()).iter().all(|x| x.abs() < 1.0));
        let cut = numbers(decoder.forward(seed(&device), 7, Some(lengths)));
        for (i, (cut, whole)) in cut.iter().zip(numbers(whole)).enumerate() {
            let (sequence, frame) = (i / 35, i / 5 % 7);
            let expected = if frame < [7, 1, 4][sequence] {
                whole
            } else {
                0.0
            };
            assert_eq!(*cut, expected, "sequence {sequence}, frame {frame}");
        }
    }

    #[test]
    fn dropout_acts_between_layers_in_training_only() {
        let device = Device::flex().autodiff();
        let config = GruDecoderConfig::new(5).with_inputs(4).with_dropout(0.5);
        let differs = |decoder: &GruDecoder, device: &Device| {
            let run = || numbers(decoder.forward(seed(device), 20, None));
            run() != run()
        };
        let decoder = config.init(&device).unwrap();
        assert!(differs(&decoder, &device));
        assert!(!differs(&decoder.valid(), &Device::flex()));
        let single = config.with_layers(1).init(&device).unwrap();
        assert!(
            !differs(&single, &device),
            "no dropout after the last layer"
        );
    }
}
