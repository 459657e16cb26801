use burn::config::Config;
use burn::module::{Module, ModuleDisplay};
use burn::tensor::Device;
use gcn_encoder::{Encoder, draw_weights};

use super::reconstruction::{Reconstructor, ReconstructorConfig};
use crate::monitor::Term;
use crate::{Method, ObjectiveError, StepOutput, ViewBatch};

/// Configuration of [`Ser`].
#[derive(Config, Debug, PartialEq)]
pub struct SerConfig {
    /// What is reconstructed, and by what.
    #[config(default = "ReconstructorConfig::new()")]
    pub reconstruction: ReconstructorConfig,
}

impl Default for SerConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl SerConfig {
    /// The sequence reconstructor around `encoder`, of frames of `coordinates` numbers: persons times joints times
    /// channels.
    ///
    /// All weights that have no value yet, the encoder's included, are drawn here: seed the device before, and they
    /// follow from that seed.
    ///
    /// # Errors
    /// As [`ReconstructorConfig::init`].
    pub fn init<E: Encoder + ModuleDisplay>(
        &self,
        encoder: E,
        coordinates: usize,
        device: &Device,
    ) -> Result<Ser<E>, ObjectiveError> {
        let method = Ser {
            reconstructor: self.reconstruction.init(&encoder, coordinates, device)?,
            encoder,
        };
        draw_weights(&method);
        Ok(method)
    }
}

/// The sequence reconstructor: CRRL without its teacher, which learns postures.
///
/// Its loss is L_r of the [`Reconstructor`], on the batch's first view, coordinates `[N, M, T, V, C]` in -1..1 that are zero
/// at padding; other views are not looked at. Wang et al., IEEE TIP 2022, in the form of its released code (`papers.md` 4.6).
///
/// Made by [`SerConfig::init`].
#[derive(Module, Debug)]
pub struct Ser<E: Encoder> {
    /// The encoder `f_s`.
    pub encoder: E,
    /// The decoder, dropped after pre-training.
    pub reconstructor: Reconstructor,
}

impl<E: Encoder + ModuleDisplay> Method for Ser<E> {
    type Encoder = E;

    fn terms(&self) -> Vec<Term> {
        self.reconstructor.terms()
    }

    fn encoder(&self) -> &E {
        &self.encoder
    }

    fn forward(&self, batch: ViewBatch) -> StepOutput {
        let coordinates = batch.view(0);
        let map = self.encoder.feature_map(coordinates.clone());
        let features = self.encoder.pool(map.clone(), coordinates.lengths.clone());
        let reconstruction = self.reconstructor.forward(map, coordinates);
        StepOutput::new(&batch, reconstruction.loss, reconstruction.terms, features)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Int, Tensor};
    use burn::train::{InferenceStep, TrainOutput, TrainStep};

    use super::super::{RECONSTRUCTION, REVERSE_RECONSTRUCTION};
    use super::*;
    use crate::Training;
    use crate::testing::{ToyEncoder, host, random, scalar, seeded};

    fn ser(reconstruction: ReconstructorConfig, device: &Device) -> Ser<ToyEncoder> {
        SerConfig::new()
            .with_reconstruction(reconstruction.with_dropout(0.0))
            .init(ToyEncoder::new(6, 0.0, device), 6, device)
            .unwrap()
    }

    /// 8 clips of 5 frames, 3 joints and 2 channels.
    fn batch(seed: u64, device: &Device) -> ViewBatch {
        ViewBatch::new(vec![random([8, 1, 5, 3, 2], seed, device) * 0.3], seed)
    }

    #[test]
    fn the_loss_is_the_sum_of_the_wanted_directions() {
        let device = Device::flex().autodiff();
        for (forward, reverse, wanted) in [
            (true, true, vec![RECONSTRUCTION, REVERSE_RECONSTRUCTION]),
            (true, false, vec![RECONSTRUCTION]),
            (false, true, vec![REVERSE_RECONSTRUCTION]),
        ] {
            let config = ReconstructorConfig::new()
                .with_forward(forward)
                .with_reverse(reverse);
            let model = ser(config, &device);
            assert_eq!(model.terms(), wanted);
            let output = model.forward(batch(1, &device));
            let terms = output.terms.iter().map(|(term, _)| *term);
            assert_eq!(terms.collect::<Vec<_>>(), wanted);
            let sum: f64 = output.terms.into_iter().map(|(_, t)| scalar(t)).sum();
            let loss = scalar(output.loss);
            assert!((loss - sum).abs() < 1e-5 * sum, "{loss} {sum}");
        }
    }

    #[test]
    fn one_decoder_serves_both_directions() {
        // Where nothing moves, a sequence is its own reverse, and the first frame's features are the last one's.
        let device = Device::flex().autodiff();
        let model = ser(ReconstructorConfig::new(), &device);
        let still = random([8, 1, 1, 3, 2], 2, &device).expand([8, 1, 5, 3, 2]);
        let output = model.forward(ViewBatch::new(vec![still], 0));
        let [forward, reverse] =
            [RECONSTRUCTION, REVERSE_RECONSTRUCTION].map(|term| scalar(output.term(term).unwrap()));
        assert_eq!(forward, reverse);
        let moving = model.forward(batch(2, &device));
        let [forward, reverse] =
            [RECONSTRUCTION, REVERSE_RECONSTRUCTION].map(|term| scalar(moving.term(term).unwrap()));
        assert_ne!(forward, reverse);
    }

    #[test]
    fn padded_coordinates_are_no_target() {
        let device = Device::flex().autodiff();
        let model = ser(ReconstructorConfig::new(), &device);
        let lengths = Tensor::<1, Int>::from_ints([5, 4, 3, 2, 1, 5, 5, 2], &device);
        let batch = ViewBatch {
            lengths: Some(lengths),
            ..batch(3, &device)
        };
        let loss = |noise: f64| {
            let view = batch.views[0].clone();
            // The last frame is padding of samples 1 to 4.
            let spoilt = view.clone().slice([1..5, 0..1, 4..5, 0..3, 0..2]) + noise;
            let view = view.slice_assign([1..5, 0..1, 4..5, 0..3, 0..2], spoilt);
            let batch = ViewBatch {
                views: vec![view],
                ..batch.clone()
            };
            scalar(model.forward(batch).loss)
        };
        // This encoder looks at one frame at a time, and no seed is of padding.
        assert_eq!(loss(0.0), loss(3.0));
    }

    #[test]
    fn the_embedding_is_the_feature_of_the_coordinates() {
        let device = Device::flex().autodiff();
        let model = ser(ReconstructorConfig::new(), &device);
        let batch = batch(4, &device);
        let expected = host(model.encoder.forward(batch.view(0)));
        assert_eq!(host(model.forward(batch).embedding), expected);
    }

    #[test]
    fn twenty_steps_lower_the_loss() {
        use burn::optim::AdamConfig;
        let device = Device::flex().autodiff();
        let mut model = Training::new(seeded(ser(ReconstructorConfig::new(), &device)));
        let mut optimizer = AdamConfig::new().init();
        let mut losses = Vec::new();
        for _ in 0..20 {
            let TrainOutput { grads, item, .. } = TrainStep::step(&model, batch(5, &device));
            model = model.optimize(&mut optimizer, 0.03.into(), grads);
            losses.push(scalar(item.loss));
        }
        assert!(losses[19] < 0.9 * losses[0], "{losses:?}");
    }

    #[test]
    fn inference_needs_no_autodiff() {
        let device = Device::flex().autodiff();
        let model = Training::new(ser(ReconstructorConfig::new(), &device)).valid();
        let output = InferenceStep::step(&model, batch(6, &device.clone().inner()));
        assert!(scalar(output.loss).is_finite());
    }

    #[test]
    fn a_configuration_survives_being_written_and_read() {
        let reconstruction = ReconstructorConfig::new()
            .with_reverse(false)
            .with_dropout(0.1);
        let config = SerConfig::new().with_reconstruction(reconstruction);
        let read = SerConfig::load_binary(config.to_string().as_bytes()).unwrap();
        assert_eq!(read, config);
    }

    #[test]
    fn impossible_configurations_are_refused_by_name() {
        let device = Device::flex();
        let config = ReconstructorConfig::new;
        for (config, coordinates, field) in [
            (
                config().with_forward(false).with_reverse(false),
                6,
                "reconstruction.forward",
            ),
            (config().with_dropout(1.0), 6, "dropout"),
            (config().with_dropout(-0.1), 6, "dropout"),
            (config().with_dropout(f64::NAN), 6, "dropout"),
            (config(), 0, "frame"),
        ] {
            let encoder = ToyEncoder::new(6, 0.0, &device);
            let config = SerConfig::new().with_reconstruction(config);
            let refused = config.init(encoder, coordinates, &device).unwrap_err();
            assert!(
                refused.to_string().contains(&format!("`{field}`")),
                "{refused}"
            );
        }
    }
}
