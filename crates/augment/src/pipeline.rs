use serde::{Deserialize, Serialize};
use skeleton_data::ClipShape;

use crate::step::Reach;
use crate::{AugmentError, Augmentation, Clip, Step, ViewRng};

/// A step and how often it is taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Probability that the step is applied, from 0 to 1; 1 when not given.
    #[serde(default = "always")]
    pub probability: f64,
    /// The step.
    pub step: Step,
}

fn always() -> f64 {
    1.0
}

impl Stage {
    /// A step that is always taken.
    pub fn always(step: impl Into<Step>) -> Self {
        Self::sometimes(1.0, step)
    }

    /// A step taken with probability `probability`.
    pub fn sometimes(probability: f64, step: impl Into<Step>) -> Self {
        Self {
            probability,
            step: step.into(),
        }
    }
}

/// An ordered list of checked steps, each with a probability.
///
/// Stage `i` draws from sub-stream `i + 1` of the view's generator: first whether it is applied, then its
/// parameters. Changing one stage's probability or parameters therefore leaves the draws of the others as they
/// are.
///
/// Serialises as the list of its stages; reading one checks it as [`new`](Self::new) does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Stage>", into = "Vec<Stage>")]
pub struct Pipeline {
    stages: Vec<Stage>,
}

impl Pipeline {
    /// Checks every stage. An empty list is a pipeline that changes nothing.
    ///
    /// # Errors
    /// [`AugmentError::Stage`] with the position and what is wrong there.
    pub fn new(stages: Vec<Stage>) -> Result<Self, AugmentError> {
        for (index, stage) in stages.iter().enumerate() {
            let value = stage.probability;
            let probability = if (0.0..=1.0).contains(&value) {
                Ok(())
            } else {
                Err(AugmentError::Probability { value })
            };
            probability
                .and_then(|()| stage.step.validate())
                .map_err(|error| error.at_stage(index))?;
        }
        Ok(Self { stages })
    }

    /// The pipeline that changes nothing.
    pub fn none() -> Self {
        Self { stages: Vec::new() }
    }

    /// The stages that treat every frame alike, in their order: what is left of a recipe for methods that choose frames
    /// themselves.
    pub fn spatial_only(self) -> Self {
        let spatial = |stage: &Stage| stage.step.reach() == Reach::Space;
        Self {
            stages: self.stages.into_iter().filter(spatial).collect(),
        }
    }

    /// The stages in order.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// The greatest reach of the steps that are ever taken.
    pub(crate) fn reach(&self) -> Reach {
        let taken = self.stages.iter().filter(|stage| stage.probability > 0.0);
        taken
            .map(|stage| stage.step.reach())
            .max()
            .unwrap_or(Reach::Space)
    }
}

impl TryFrom<Vec<Stage>> for Pipeline {
    type Error = AugmentError;

    fn try_from(stages: Vec<Stage>) -> Result<Self, AugmentError> {
        Self::new(stages)
    }
}

impl From<Pipeline> for Vec<Stage> {
    fn from(pipeline: Pipeline) -> Self {
        pipeline.stages
    }
}

impl Augmentation for Pipeline {
    /// Always succeeds: [`new`](Pipeline::new) has checked.
    fn validate(&self) -> Result<(), AugmentError> {
        Ok(())
    }

    /// The shape of the views of clips of shape `shape`. To be asked once before a run: what it accepts,
    /// [`apply`](Self::apply) works on.
    ///
    /// # Errors
    /// [`AugmentError::Shape`] for clips without values. [`AugmentError::Stage`] around it when a step cannot act on
    /// the clips it gets, or when one that is not always taken changes the length, so that views could not share
    /// a batch.
    fn output_shape(&self, shape: ClipShape) -> Result<ClipShape, AugmentError> {
        if shape.is_empty() {
            return Err(AugmentError::Shape {
                step: "pipeline",
                shape,
                expected: "at least one frame, person, joint and channel".to_owned(),
            });
        }
        let mut current = shape;
        for (index, stage) in self.stages.iter().enumerate() {
            if stage.probability == 0.0 {
                continue;
            }
            let made = stage
                .step
                .output_shape(current)
                .map_err(|error| error.at_stage(index))?;
            if made != current && stage.probability < 1.0 {
                let error = AugmentError::Shape {
                    step: "pipeline",
                    shape: current,
                    expected: "a step that changes the number of frames to have probability 1"
                        .to_owned(),
                };
                return Err(error.at_stage(index));
            }
            current = made;
        }
        Ok(current)
    }

    fn apply(&self, clip: &mut Clip, rng: &mut ViewRng) {
        for (index, stage) in self.stages.iter().enumerate() {
            rng.substream(index as u64 + 1);
            if rng.chance(stage.probability) {
                stage.step.apply(clip, rng);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{clip, rng, shape};
    use crate::{
        AxisMask, GaussianBlur, GaussianNoise, JointMask, RandomMove, Rotation, SegmentShuffle,
        Shear, SortedFrames, SpatialFlip, SpeedChange, TemporalCrop, TemporalCropResize, TimeFlip,
    };

    fn run(pipeline: &Pipeline, seed: u64) -> Clip {
        let mut result = clip(shape((20, 2, 5)), 1);
        pipeline.apply(&mut result, &mut rng(seed));
        result
    }

    #[test]
    fn stages_follow_each_other_on_their_own_substreams() {
        let stages = [
            Stage::always(TemporalCrop::default()),
            Stage::always(Shear::default()),
            Stage::always(GaussianNoise::default()),
        ];
        let pipeline = Pipeline::new(stages.to_vec()).unwrap();
        let mut expected = clip(shape((20, 2, 5)), 1);
        for (index, stage) in stages.iter().enumerate() {
            let mut rng = rng(3);
            rng.substream(index as u64 + 1);
            rng.unit();
            stage.step.apply(&mut expected, &mut rng);
        }
        assert_eq!(run(&pipeline, 3).data(), expected.data());
    }

    #[test]
    fn toggling_one_step_leaves_the_others_draws_alone() {
        let with = |probability| {
            Pipeline::new(vec![
                Stage::sometimes(probability, TimeFlip {}),
                Stage::always(Shear::default()),
            ])
            .unwrap()
        };
        for seed in 0..10 {
            let mut on = run(&with(1.0), seed);
            let off = run(&with(0.0), seed);
            assert_ne!(on.data(), off.data());
            TimeFlip {}.apply(&mut on, &mut rng(0));
            assert_eq!(on.data(), off.data());
        }
    }

    #[test]
    fn a_step_is_taken_as_often_as_its_probability_says() {
        let pipeline = Pipeline::new(vec![Stage::sometimes(0.25, TimeFlip {})]).unwrap();
        let before = clip(shape((20, 2, 5)), 1);
        let taken = (0..400).filter(|&seed| run(&pipeline, seed).data() != before.data());
        // Standard deviation sqrt(400 * 3 / 16) = 8.7; the margin is four of them.
        assert!((65..=135).contains(&taken.count()));
    }

    #[test]
    fn bad_probabilities_and_steps_are_named_with_their_place() {
        for probability in [-0.1, 1.1, f64::NAN] {
            let stages = vec![
                Stage::always(TimeFlip {}),
                Stage::sometimes(probability, TimeFlip {}),
            ];
            let error = Pipeline::new(stages).unwrap_err();
            assert!(
                error
                    .to_string()
                    .starts_with("stage 1 of the pipeline: probability is")
            );
        }
        let error = Pipeline::new(vec![Stage::always(TemporalCrop { ratio: 0 })]).unwrap_err();
        assert!(
            error.to_string().contains("`temporal_crop`: `ratio` is 0"),
            "{error}"
        );
    }

    #[test]
    fn shapes_are_followed_through_the_pipeline() {
        let pipeline = Pipeline::new(vec![
            Stage::always(TemporalCropResize::default()),
            Stage::always(JointMask::default()),
        ])
        .unwrap();
        let made = pipeline.output_shape(shape((50, 2, 25))).unwrap();
        assert_eq!(made, shape((64, 2, 25)));
        let error = pipeline.output_shape(shape((50, 2, 10))).unwrap_err();
        assert!(error.to_string().starts_with("stage 1"), "{error}");

        let sometimes =
            Pipeline::new(vec![Stage::sometimes(0.5, SortedFrames::default())]).unwrap();
        assert!(sometimes.output_shape(shape((50, 1, 20))).is_err());
        assert!(sometimes.output_shape(shape((52, 1, 20))).is_ok());
        assert!(pipeline.output_shape(shape((0, 2, 25))).is_err());
    }

    #[test]
    fn a_pipeline_survives_serialisation_and_is_checked_on_reading() {
        let flip = SpatialFlip {
            permutation: vec![0, 2, 1, 3, 4],
            mirror: Some(crate::Axis::X),
        };
        let pipeline = Pipeline::new(vec![
            Stage::always(SpeedChange::default()),
            Stage::sometimes(0.5, flip),
            Stage::sometimes(0.1, Rotation::default()),
            Stage::always(GaussianBlur::default()),
            Stage::always(AxisMask::default()),
            Stage::always(SegmentShuffle::default()),
            Stage::always(RandomMove::default()),
            Stage::always(TimeFlip {}),
        ])
        .unwrap();
        let text = serde_json::to_string(&pipeline).unwrap();
        assert_eq!(serde_json::from_str::<Pipeline>(&text).unwrap(), pipeline);

        let short: Pipeline = serde_json::from_str(r#"[{"step": {"shear": {}}}]"#).unwrap();
        assert_eq!(short.stages(), [Stage::always(Shear::default())]);
        for (text, part) in [
            (
                r#"[{"probability": 2, "step": {"shear": {}}}]"#,
                "probability is 2",
            ),
            (
                r#"[{"step": {"shear": {"amplitude": -1}}}]"#,
                "`amplitude` is -1",
            ),
            (
                r#"[{"step": {"shear": {"beta": 1}}}]"#,
                "unknown field `beta`",
            ),
            (r#"[{"step": {"shears": {}}}]"#, "unknown variant `shears`"),
        ] {
            let error = serde_json::from_str::<Pipeline>(text)
                .unwrap_err()
                .to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
