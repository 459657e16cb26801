use burn::config::Config;
use burn::module::{Module, ModuleDisplay};
use burn::tensor::{Device, Tensor};
use gcn_encoder::{Encoder, Sequences, draw_weights};

use super::head::mlp;
use super::reconstruction::{Reconstruction, Reconstructor, ReconstructorConfig};
use crate::error::non_negative;
use crate::monitor::Term;
use crate::{Method, ObjectiveError, Projector, StepOutput, ViewBatch, follower};

/// Configuration of [`Crrl`].
#[derive(Config, Debug, PartialEq)]
pub struct CrrlConfig {
    /// What is reconstructed, and by what.
    #[config(default = "ReconstructorConfig::new()")]
    pub reconstruction: ReconstructorConfig,
    /// Weight `lambda` of the distillation beside the reconstruction, at least 0. Confirmed: the released code's
    /// (`papers.md` 4.7).
    #[config(default = 0.1)]
    pub distillation: f64,
    /// Whether the teacher runs as in training, with its dropout (and, where it has batch normalisation, with the batch's
    /// statistics; its running ones stay as they are).
    ///
    /// The released code never puts its teacher in evaluation mode: true reproduces that. Default: false, ours, as nothing
    /// suggests that a noisy teacher was meant.
    #[config(default = false)]
    pub teacher_dropout: bool,
}

impl Default for CrrlConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl CrrlConfig {
    /// The information fuser: `teacher` as [`Cml`](super::Cml) has left its query encoder, and a new encoder `student`, for
    /// frames of `coordinates` numbers: persons times joints times channels. The teacher is copied.
    ///
    /// All weights that have no value yet, the student's included, are drawn here: seed the device before, and they
    /// follow from that seed.
    ///
    /// # Errors
    /// As [`ReconstructorConfig::init`], and [`ObjectiveError::InvalidConfig`] for a weight that is negative or not finite.
    pub fn init<E: Encoder + ModuleDisplay>(
        &self,
        student: E,
        teacher: &E,
        coordinates: usize,
        device: &Device,
    ) -> Result<Crrl<E>, ObjectiveError> {
        non_negative("distillation", self.distillation)?;
        let teacher = follower(teacher);
        let method = Crrl {
            reconstructor: self.reconstruction.init(&student, coordinates, device)?,
            head: mlp(student.feature_dim(), teacher.feature_dim(), device)?,
            student,
            teacher: match self.teacher_dropout {
                true => teacher,
                false => teacher.freeze(),
            },
            weight: self.distillation,
            teacher_dropout: self.teacher_dropout,
        };
        draw_weights(&method);
        Ok(method)
    }
}

/// Contrast-reconstruction representation learning, the second step: a student reconstructs sequences and matches the
/// features of a teacher that has learnt motion by contrast.
///
/// ```text
/// L = L_r + lambda L_d,   L_d = (1/N) sum_b |f_t(X) - MLP(f_s(X))|^2
/// ```
///
/// with L_r of the [`Reconstructor`], the student `f_s`, and the teacher `f_t`, which is fed coordinates as well and never
/// moves. The sum is over the features. Wang et al., IEEE TIP 2022, in the form of its released code (`papers.md` 4.7).
///
/// The loss is of the batch's first view, coordinates `[N, M, T, V, C]` in -1..1 that are zero at padding; other views are
/// not looked at.
///
/// Made by [`CrrlConfig::init`].
#[derive(Module, Debug)]
pub struct Crrl<E: Encoder> {
    /// The student `f_s`: the encoder that is kept.
    pub student: E,
    /// The decoder, dropped after pre-training.
    pub reconstructor: Reconstructor,
    /// The head that takes the student's features to the teacher's, dropped after pre-training.
    pub head: Projector,
    /// The teacher `f_t`, without gradients.
    pub teacher: E,
    weight: f64,
    teacher_dropout: bool,
}

/// The distillation loss before its weight.
pub const DISTILLATION: Term = Term::loss(
    "Distillation loss",
    "distillation",
    "Squared distance of the student's features, through its head, to the teacher's, before its weight.",
);

impl<E: Encoder> Crrl<E> {
    fn taught(&self, coordinates: Sequences) -> Tensor<2> {
        let features = match self.teacher_dropout && coordinates.frames.device().is_autodiff() {
            // On a copy, whose running statistics take the updates that the teacher's must not.
            true => self.teacher.valid().train().no_grad().forward(coordinates),
            false => self.teacher.forward(coordinates),
        };
        features.detach()
    }
}

impl<E: Encoder + ModuleDisplay> Method for Crrl<E> {
    type Encoder = E;

    fn terms(&self) -> Vec<Term> {
        let mut terms = self.reconstructor.terms();
        terms.push(DISTILLATION);
        terms
    }

    fn encoder(&self) -> &E {
        &self.student
    }

    fn forward(&self, batch: ViewBatch) -> StepOutput {
        let coordinates = batch.view(0);
        let taught = self.taught(coordinates.clone());
        let map = self.student.feature_map(coordinates.clone());
        let features = self.student.pool(map.clone(), coordinates.lengths.clone());
        let distance = taught - self.head.forward(features.clone());
        let distillation = distance.square().sum_dim(1).mean();

        let Reconstruction { loss, mut terms } = self.reconstructor.forward(map, coordinates);
        let loss = loss + distillation.clone() * self.weight;
        terms.push((DISTILLATION, distillation));
        StepOutput::new(&batch, loss, terms, features)
    }
}

#[cfg(test)]
mod tests {
    use burn::module::{ModuleVisitor, Param};
    use burn::optim::SgdConfig;
    use burn::optim::decay::WeightDecayConfig;
    use burn::train::{InferenceStep, TrainOutput, TrainStep};

    use super::super::{RECONSTRUCTION, REVERSE_RECONSTRUCTION};
    use super::*;
    use crate::Training;
    use crate::testing::{ToyEncoder, host, random, scalar, seeded};

    /// Only the teacher has dropout.
    fn crrl(config: CrrlConfig, device: &Device) -> Crrl<ToyEncoder> {
        let reconstruction = config.reconstruction.clone().with_dropout(0.0);
        config
            .with_reconstruction(reconstruction)
            .init(
                ToyEncoder::new(6, 0.0, device),
                &ToyEncoder::new(6, 0.5, device),
                6,
                device,
            )
            .unwrap()
    }

    /// 8 clips of 5 frames, 3 joints and 2 channels.
    fn batch(seed: u64, device: &Device) -> ViewBatch {
        ViewBatch::new(vec![random([8, 1, 5, 3, 2], seed, device)], seed)
    }

    fn step(model: Crrl<ToyEncoder>, batch: ViewBatch) -> (Crrl<ToyEncoder>, StepOutput) {
        let model = Training::new(model);
        let TrainOutput { grads, item, .. } = TrainStep::step(&model, batch);
        let decay = Some(WeightDecayConfig::new(0.1));
        let mut optimizer = SgdConfig::new().with_weight_decay(decay).init();
        (
            model.optimize(&mut optimizer, 0.05.into(), grads).method,
            item,
        )
    }

    /// Whether the loss of one batch differs between passes. Of many: other tests may set the device's generator back to
    /// where it was before one of them.
    fn varies(model: &Crrl<ToyEncoder>, device: &Device) -> bool {
        let losses = [0; 30].map(|_| scalar(model.forward(batch(3, device)).loss));
        losses.iter().any(|loss| *loss != losses[0])
    }

    fn bytes<M: Module>(module: &M) -> Vec<u8> {
        let record = module.clone().into_record();
        record.into_bytes().unwrap().to_vec()
    }

    #[test]
    fn the_loss_is_the_reconstruction_and_the_weighted_distillation() {
        let device = Device::flex().autodiff();
        for weight in [0.0, 0.1, 2.0] {
            let model = crrl(CrrlConfig::new().with_distillation(weight), &device);
            let output = model.forward(batch(1, &device));
            let [forward, reverse, distillation] =
                [RECONSTRUCTION, REVERSE_RECONSTRUCTION, DISTILLATION]
                    .map(|term| scalar(output.term(term).unwrap()));
            let expected = forward + reverse + weight * distillation;
            let loss = scalar(output.loss);
            assert!(
                (loss - expected).abs() < 1e-5 * expected,
                "{loss} {expected}"
            );
        }
    }

    #[test]
    fn distillation_is_summed_over_features_and_averaged_over_samples() {
        let device = Device::flex().autodiff();
        let model = crrl(CrrlConfig::new(), &device);
        let batch = batch(2, &device);
        let taught = host(
            model
                .teacher
                .valid()
                .forward(batch.views[0].clone().inner()),
        );
        let student = model.head.forward(model.student.forward(batch.view(0)));
        let expected: f64 = taught
            .iter()
            .zip(host(student))
            .map(|(t, s)| ((t - s) as f64).powi(2) / 8.0)
            .sum();
        let got = scalar(model.forward(batch).term(DISTILLATION).unwrap());
        assert!((got - expected).abs() < 1e-5 * expected, "{got} {expected}");
    }

    #[test]
    fn the_teacher_is_a_copy_that_gets_no_gradient_and_never_moves() {
        let device = Device::flex().autodiff();
        for teacher_dropout in [false, true] {
            let original = ToyEncoder::new(6, 0.5, &device);
            let config = CrrlConfig::new().with_teacher_dropout(teacher_dropout);
            // Were the teacher not a copy under its own identities, what moves the student would move it.
            let mut model = config
                .init(original.clone(), &original, 6, &device)
                .unwrap();
            let (teacher, student) = (bytes(&model.teacher), bytes(&model.student));
            for seed in 0..3 {
                (model, _) = step(model, batch(seed, &device));
            }
            assert!(bytes(&model.teacher) == teacher);
            assert!(bytes(&model.student) != student);

            struct Gradients(bool);
            impl ModuleVisitor for Gradients {
                fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                    self.0 |= param.is_require_grad();
                }
            }
            let mut learns = Gradients(false);
            model.teacher.visit(&mut learns);
            assert!(!learns.0);
        }
    }

    #[test]
    fn only_the_quirk_lets_the_teacher_drop_out() {
        let device = Device::flex().autodiff();
        for teacher_dropout in [false, true] {
            let config = CrrlConfig::new().with_teacher_dropout(teacher_dropout);
            let model = crrl(config, &device);
            assert_eq!(varies(&model, &device), teacher_dropout);
        }
    }

    #[test]
    fn the_teacher_is_in_the_record_and_stays_frozen_through_it() {
        let device = Device::flex().autodiff();
        for teacher_dropout in [false, true] {
            let config = CrrlConfig::new().with_teacher_dropout(teacher_dropout);
            let saved = crrl(config.clone(), &device);
            let other = crrl(config, &device);
            assert!(bytes(&other.teacher) != bytes(&saved.teacher));
            let loaded = other.load_record(saved.clone().into_record());
            assert!(bytes(&loaded.teacher) == bytes(&saved.teacher));
            let (trained, _) = step(loaded, batch(4, &device));
            assert!(bytes(&trained.teacher) == bytes(&saved.teacher));
            assert_eq!(varies(&trained, &device), teacher_dropout);
        }
    }

    #[test]
    fn a_head_takes_the_student_to_a_teacher_of_another_width() {
        let device = Device::flex().autodiff();
        let model = CrrlConfig::new()
            .init(
                ToyEncoder::new(6, 0.0, &device),
                &ToyEncoder::new(9, 0.0, &device),
                6,
                &device,
            )
            .unwrap();
        let output = model.forward(batch(5, &device));
        assert_eq!(output.embedding.dims(), [8, 6]);
        assert!(scalar(output.loss).is_finite());
    }

    #[test]
    fn twenty_steps_lower_the_loss() {
        use burn::optim::AdamConfig;
        let device = Device::flex().autodiff();
        let mut model = Training::new(seeded(crrl(CrrlConfig::new(), &device)));
        let mut optimizer = AdamConfig::new().init();
        let mut first = None;
        let mut last = 0.0;
        for _ in 0..20 {
            let TrainOutput { grads, item, .. } = TrainStep::step(&model, batch(6, &device));
            model = model.optimize(&mut optimizer, 0.03.into(), grads);
            last = scalar(item.loss);
            first.get_or_insert(last);
        }
        assert!(last < 0.9 * first.unwrap(), "{first:?} to {last}");
    }

    #[test]
    fn inference_needs_no_autodiff() {
        let device = Device::flex().autodiff();
        for teacher_dropout in [false, true] {
            let config = CrrlConfig::new().with_teacher_dropout(teacher_dropout);
            let model = Training::new(crrl(config, &device)).valid();
            let batch = batch(7, &device.clone().inner());
            let losses = [0; 2].map(|_| scalar(InferenceStep::step(&model, batch.clone()).loss));
            assert!(losses[0].is_finite());
            assert_eq!(losses[0], losses[1]);
        }
    }

    #[test]
    fn a_configuration_survives_being_written_and_read() {
        let config = CrrlConfig::new()
            .with_distillation(0.3)
            .with_teacher_dropout(true);
        let read = CrrlConfig::load_binary(config.to_string().as_bytes()).unwrap();
        assert_eq!(read, config);
    }

    #[test]
    fn an_impossible_weight_is_refused_by_name() {
        let device = Device::flex();
        for weight in [-0.1, f64::NAN] {
            let encoder = ToyEncoder::new(6, 0.0, &device);
            let config = CrrlConfig::new().with_distillation(weight);
            let refused = config.init(encoder.clone(), &encoder, 6, &device);
            let message = refused.unwrap_err().to_string();
            assert!(message.starts_with("`distillation`"), "{message}");
        }
    }
}
