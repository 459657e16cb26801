use serde::{Deserialize, Serialize};
use skeleton_data::{ClipShape, SkeletonSequence, Stream};

use crate::error::require;
use crate::step::Reach;
use crate::{AugmentError, Augmentation, Clip, MotionClips, Pipeline, ViewKey};

/// The clip that views are made of.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The values `[T, M, V, C]`.
    pub frames: &'a [f32],
    /// Their extents.
    pub shape: ClipShape,
    /// How many frames come before the padding, from 1 to T.
    pub valid: usize,
}

impl<'a> Source<'a> {
    /// A clip without padding.
    pub fn unpadded(frames: &'a [f32], shape: ClipShape) -> Self {
        Self {
            frames,
            shape,
            valid: shape.frames,
        }
    }
}

impl<'a> From<&'a SkeletonSequence> for Source<'a> {
    fn from(sequence: &'a SkeletonSequence) -> Self {
        Self {
            frames: sequence.frames(),
            shape: sequence.shape(),
            valid: sequence.valid_frames(),
        }
    }
}

/// Makes the views of a clip: what a method compares.
///
/// Serialises under its kind's name, `{"same": {"pipeline": [...]}}`, `{"each": {"pipelines": [[...], ...]}}`,
/// `{"motion": {...}}` or `{"coordinates_and_velocity": {"pipeline": [...]}}`, and is checked on reading as the
/// functions below check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Kind", into = "Kind")]
pub struct Views {
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Kind {
    Same {
        pipeline: Pipeline,
        #[serde(default = "two")]
        count: usize,
    },
    Each {
        pipelines: Vec<Pipeline>,
    },
    Motion(MotionClips),
    CoordinatesAndVelocity {
        pipeline: Pipeline,
    },
}

fn two() -> usize {
    2
}

impl TryFrom<Kind> for Views {
    type Error = AugmentError;

    fn try_from(kind: Kind) -> Result<Self, AugmentError> {
        match &kind {
            Kind::Same { count, .. } => require(
                (1..=MAX_COUNT).contains(count),
                "views",
                "count",
                count,
                "from 1 to 64 views",
            )?,
            Kind::Each { pipelines } if pipelines.is_empty() => return Err(AugmentError::NoViews),
            Kind::Motion(clips) => clips.validate()?,
            Kind::Each { .. } | Kind::CoordinatesAndVelocity { .. } => {}
        }
        Ok(Self { kind })
    }
}

/// Most views of one pipeline: a typing error must not become an allocation.
const MAX_COUNT: usize = 64;

impl From<Views> for Kind {
    fn from(views: Views) -> Self {
        views.kind
    }
}

impl Views {
    /// Two views from the same pipeline, with draws of their own (CrosSCLR, SKT).
    pub fn same(pipeline: Pipeline) -> Self {
        let count = two();
        Self {
            kind: Kind::Same { pipeline, count },
        }
    }

    /// One view, for learning with labels.
    pub fn single(pipeline: Pipeline) -> Self {
        Self {
            kind: Kind::Same { pipeline, count: 1 },
        }
    }

    /// `count` views from the same pipeline, with draws of their own (PSTL: 3).
    ///
    /// # Errors
    /// [`AugmentError::Parameter`] unless `count` is from 1 to 64.
    pub fn repeated(pipeline: Pipeline, count: usize) -> Result<Self, AugmentError> {
        Kind::Same { pipeline, count }.try_into()
    }

    /// Two views from two pipelines.
    pub fn two(first: Pipeline, second: Pipeline) -> Self {
        let pipelines = vec![first, second];
        Self {
            kind: Kind::Each { pipelines },
        }
    }

    /// View `i` comes from pipeline `i` (AimCLR: one extreme view and two normal ones).
    ///
    /// # Errors
    /// [`AugmentError::NoViews`] when there is no pipeline.
    pub fn each(pipelines: Vec<Pipeline>) -> Result<Self, AugmentError> {
        Kind::Each { pipelines }.try_into()
    }

    /// MCC's five clips, numbered as [`MotionClips`] says.
    ///
    /// # Errors
    /// What [`MotionClips::validate`] finds.
    pub fn motion(clips: MotionClips) -> Result<Self, AugmentError> {
        Kind::Motion(clips).try_into()
    }

    /// CRRL's two: view 0 is the clip through the pipeline, view 1 the velocity of view 0, that is
    /// `s[t] = x[t + 1] - x[t]` with the last valid frame and the padding at zero (`papers.md` 4.3: the length is
    /// confirmed, the definition at the boundary inferred).
    ///
    /// The pipeline acts on the valid frames, and padding follows it. CRRL has no augmentation: its pipeline is
    /// empty.
    pub fn coordinates_and_velocity(pipeline: Pipeline) -> Self {
        Self {
            kind: Kind::CoordinatesAndVelocity { pipeline },
        }
    }

    /// How many views there are.
    pub fn count(&self) -> usize {
        match &self.kind {
            Kind::Same { count, .. } => *count,
            Kind::Each { pipelines } => pipelines.len(),
            Kind::Motion(_) => MotionClips::COUNT,
            Kind::CoordinatesAndVelocity { .. } => 2,
        }
    }

    /// Whether nothing is drawn for them: the views of a clip are the same under every key.
    pub fn is_fixed(&self) -> bool {
        let fixed = |pipeline: &Pipeline| {
            let mut stages = pipeline.stages().iter();
            stages.all(|stage| stage.probability == 0.0)
        };
        match &self.kind {
            Kind::Same { pipeline, .. } | Kind::CoordinatesAndVelocity { pipeline } => {
                fixed(pipeline)
            }
            Kind::Each { pipelines } => pipelines.iter().all(fixed),
            Kind::Motion(_) => false,
        }
    }

    /// The pipeline that view `view` goes through.
    ///
    /// # Panics
    /// If there are fewer views.
    pub fn pipeline(&self, view: u64) -> &Pipeline {
        let count = self.count();
        let number = usize::try_from(view).ok().filter(|&view| view < count);
        let number = number.unwrap_or_else(|| panic!("view {view} of {count}"));
        match &self.kind {
            Kind::Same { pipeline, .. } | Kind::CoordinatesAndVelocity { pipeline } => pipeline,
            Kind::Each { pipelines } => &pipelines[number],
            Kind::Motion(clips) => &clips.spatial,
        }
    }

    /// The shapes of the views of clips of shape `shape`, in their order. To be asked once before a run: what it
    /// accepts, [`make`](Self::make) works on.
    ///
    /// # Errors
    /// A step that cannot act on such clips ([`AugmentError::Stage`]); pipelines that make views of different lengths
    /// ([`AugmentError::UnequalViews`]); [`AugmentError::Shape`] from [`MotionClips::shapes`].
    pub fn shapes(&self, shape: ClipShape) -> Result<Vec<ClipShape>, AugmentError> {
        match &self.kind {
            Kind::Same { pipeline, count } => Ok(vec![pipeline.output_shape(shape)?; *count]),
            Kind::CoordinatesAndVelocity { pipeline } => {
                Ok(vec![pipeline.output_shape(shape)?; self.count()])
            }
            Kind::Motion(clips) => clips.shapes(shape),
            Kind::Each { pipelines } => {
                let made: Result<Vec<_>, _> = pipelines
                    .iter()
                    .map(|pipeline| pipeline.output_shape(shape))
                    .collect();
                let made = made?;
                match made.iter().position(|other| *other != made[0]) {
                    None => Ok(made),
                    Some(view) => Err(AugmentError::UnequalViews {
                        view,
                        found: made[view].frames,
                        expected: made[0].frames,
                    }),
                }
            }
        }
    }

    /// The speed of MCC's positive of the clip `key` names, in source frames per frame; none for other views.
    pub fn pace(&self, key: ViewKey) -> Option<f64> {
        match &self.kind {
            Kind::Motion(clips) => Some(clips.pace(key)),
            _ => None,
        }
    }

    /// Makes view `key.view` in `clip`, and returns how many of its frames come before the padding.
    ///
    /// Views of pipelines ([`same`](Self::same), [`each`](Self::each)) act on the whole clip, padding included, as
    /// published; where a step moves frames in time, padding cannot be told from the rest afterwards, and all
    /// frames of the view count.
    ///
    /// # Panics
    /// If the source does not hold `shape.len()` values or its `valid` is not from 1 to T, there is no such view,
    /// or [`shapes`](Self::shapes) would have refused the shape.
    pub fn make(&self, source: Source<'_>, key: ViewKey, clip: &mut Clip) -> usize {
        let Source {
            frames,
            shape,
            valid,
        } = source;
        assert_eq!(frames.len(), shape.len(), "values of a clip {shape}");
        assert!(
            (1..=shape.frames).contains(&valid),
            "{valid} valid frames in a clip {shape}"
        );
        let pipeline = self.pipeline(key.view);
        match &self.kind {
            Kind::Motion(clips) => clips.make(source, key, clip),
            Kind::Same { .. } | Kind::Each { .. } => {
                clip.load(frames, shape);
                pipeline.apply(clip, &mut key.rng());
                match pipeline.reach() {
                    Reach::Space | Reach::Frames => valid,
                    Reach::Time => clip.shape().frames,
                }
            }
            Kind::CoordinatesAndVelocity { .. } => {
                let unpadded = ClipShape {
                    frames: valid,
                    ..shape
                };
                clip.load(&frames[..unpadded.len()], unpadded);
                pipeline.apply(clip, &mut key.with_view(0).rng());
                let whole = pipeline.output_shape(shape);
                let whole = whole.expect("a shape that `shapes` accepts").frames;
                let valid = clip.shape().frames.min(whole);
                clip.set_frames(whole);
                if key.view == 1 {
                    let shape = clip.shape();
                    Stream::Motion.apply(clip.data_mut(), shape, valid, &[]);
                }
                valid
            }
        }
    }

    /// Makes as many views as there are `clips`: those numbered from `key.view` on.
    ///
    /// # Panics
    /// As [`make`](Self::make).
    pub fn make_all(&self, source: Source<'_>, key: ViewKey, clips: &mut [Clip]) {
        for (offset, clip) in clips.iter_mut().enumerate() {
            let key = key.with_view(key.view.wrapping_add(offset as u64));
            self.make(source, key, clip);
        }
    }
}

#[cfg(test)]
mod tests {
    use skeleton_data::Layout;

    use super::*;
    use crate::testing::{clip, shape};
    use crate::{GaussianNoise, Shear, SortedFrames, Stage, TemporalCrop};

    const KEY: ViewKey = ViewKey {
        seed: 7,
        epoch: 1,
        sample: 0,
        view: 0,
    };

    #[test]
    fn only_views_without_a_draw_are_fixed() {
        let never = Stage::sometimes(0.0, Shear { amplitude: 0.5 });
        let never = Pipeline::new(vec![never]).unwrap();
        let drawn = Pipeline::view_invariant();
        let (none, motion) = (Pipeline::none(), MotionClips::default());
        for (fixed, views) in [
            (true, Views::single(none.clone())),
            (true, Views::coordinates_and_velocity(never.clone())),
            (true, Views::two(none.clone(), never)),
            (false, Views::two(none, drawn.clone())),
            (false, Views::same(drawn.clone())),
            (false, Views::coordinates_and_velocity(drawn)),
            (false, Views::motion(motion).unwrap()),
        ] {
            assert_eq!(views.is_fixed(), fixed, "{views:?}");
        }
    }

    fn whole(clip: &Clip) -> Source<'_> {
        Source::unpadded(clip.data(), clip.shape())
    }

    fn made(views: &Views, sample: u64, key: ViewKey, buffer: &mut Clip) -> Vec<f32> {
        let source = clip(shape((50, 2, 25)), sample);
        let key = ViewKey { sample, ..key };
        views.make(whole(&source), key, buffer);
        buffer.data().to_vec()
    }

    #[test]
    fn views_do_not_depend_on_the_order_of_work_or_on_the_buffers() {
        let views = Views::same(Pipeline::aimclr_extreme(&Layout::ntu25()));
        let mut buffer = Clip::new();
        let forwards: Vec<_> = (0..12).map(|i| made(&views, i, KEY, &mut buffer)).collect();
        for i in (0..12).rev() {
            assert_eq!(made(&views, i, KEY, &mut buffer), forwards[i as usize]);
        }
        let threads: Vec<_> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..3)
                .map(|worker| {
                    let views = &views;
                    scope.spawn(move || {
                        let mut buffer = Clip::new();
                        (worker..12)
                            .step_by(3)
                            .map(|i| (i, made(views, i, KEY, &mut buffer)))
                            .collect::<Vec<_>>()
                    })
                })
                .collect();
            workers
                .into_iter()
                .flat_map(|w| w.join().unwrap())
                .collect()
        });
        for (i, view) in threads {
            assert_eq!(view, forwards[i as usize]);
        }
    }

    #[test]
    fn seed_epoch_sample_and_view_all_change_the_view() {
        let views = Views::same(Pipeline::skeletonclr());
        let source = clip(shape((50, 2, 25)), 0);
        let make = |key| {
            let mut buffer = Clip::new();
            views.make(whole(&source), key, &mut buffer);
            buffer.data().to_vec()
        };
        let base = make(KEY);
        assert_eq!(make(KEY), base);
        for key in [
            ViewKey { seed: 8, ..KEY },
            ViewKey { epoch: 2, ..KEY },
            ViewKey { sample: 1, ..KEY },
            ViewKey { view: 1, ..KEY },
        ] {
            assert_ne!(make(key), base, "{key:?}");
        }
    }

    #[test]
    fn all_views_at_once_are_the_single_ones() {
        let normal = Pipeline::skeletonclr();
        let extreme = Pipeline::aimclr_extreme(&Layout::ntu25());
        let views = Views::each(vec![extreme.clone(), normal.clone(), normal.clone()]).unwrap();
        assert_eq!(views.count(), 3);
        let source = clip(shape((50, 2, 25)), 0);
        let mut clips = vec![Clip::new(); 3];
        views.make_all(whole(&source), KEY, &mut clips);
        for (view, found) in clips.iter().enumerate() {
            let mut expected = source.clone();
            let pipeline = if view == 0 { &extreme } else { &normal };
            pipeline.apply(&mut expected, &mut KEY.with_view(view as u64).rng());
            assert_eq!(found.data(), expected.data());
        }
        assert_ne!(clips[1].data(), clips[2].data());
    }

    #[test]
    fn views_of_different_lengths_are_refused() {
        let views = Views::two(Pipeline::skeletonclr(), Pipeline::isc());
        let error = views.shapes(shape((50, 2, 25))).unwrap_err();
        assert!(matches!(
            error,
            AugmentError::UnequalViews {
                view: 1,
                found: 64,
                expected: 50
            }
        ));
        assert_eq!(
            views.shapes(shape((64, 2, 25))),
            Ok(vec![shape((64, 2, 25)); 2])
        );
        assert_eq!(Views::each(vec![]), Err(AugmentError::NoViews));
    }

    #[test]
    fn one_pipeline_makes_two_views_or_as_many_as_asked_for() {
        let two = Views::same(Pipeline::isc());
        assert_eq!(two.count(), 2);
        assert_eq!(Views::repeated(Pipeline::isc(), 2).unwrap(), two);
        let three = Views::repeated(Pipeline::isc(), 3).unwrap();
        let shapes = three.shapes(shape((50, 2, 25))).unwrap();
        assert_eq!(shapes, [shape((64, 2, 25)); 3]);
        for count in [0, 65, usize::MAX] {
            assert!(Views::repeated(Pipeline::isc(), count).is_err());
        }
    }

    #[test]
    #[should_panic(expected = "view 2 of 2")]
    fn a_view_without_pipeline_is_a_programmers_error() {
        let views = Views::two(Pipeline::skeletonclr(), Pipeline::skeletonclr());
        views.pipeline(2);
    }

    #[test]
    fn velocity_is_that_of_the_augmented_valid_frames() {
        let pipeline = Pipeline::skeletonclr();
        let views = Views::coordinates_and_velocity(pipeline.clone());
        assert_eq!(views.count(), 2);
        let shape = shape((20, 2, 5));
        assert_eq!(views.shapes(shape), Ok(vec![shape; 2]));
        let mut source = clip(shape, 3);
        let length = shape.frame_len();
        source.data_mut()[12 * length..].fill(0.0);
        for (valid, key) in [(20, KEY), (12, KEY), (1, KEY.with_view(0))] {
            let source = Source {
                valid,
                ..whole(&source)
            };
            let mut clips = [Clip::new(), Clip::new()];
            let found: Vec<usize> = (0..2)
                .map(|view| views.make(source, key.with_view(view), &mut clips[view as usize]))
                .collect();
            assert_eq!(found, [valid; 2]);

            let mut expected = Clip::new();
            let unpadded = ClipShape {
                frames: valid,
                ..shape
            };
            expected.load(&source.frames[..valid * length], unpadded);
            pipeline.apply(&mut expected, &mut key.with_view(0).rng());
            let [x, s] = &clips;
            assert_eq!(x.shape(), shape);
            assert_eq!(s.shape(), shape);
            assert_eq!(x.data()[..valid * length], *expected.data());
            assert!(x.data()[valid * length..].iter().all(|&x| x == 0.0));
            for at in 0..shape.len() {
                let step = if at < (valid - 1) * length {
                    x.data()[at + length] - x.data()[at]
                } else {
                    0.0
                };
                assert_eq!(s.data()[at], step, "value {at} of {valid} frames");
            }
        }
    }

    #[test]
    fn views_of_a_padded_clip_tell_where_padding_begins_unless_time_was_moved() {
        let source = clip(shape((20, 1, 5)), 3);
        let source = Source {
            valid: 7,
            ..whole(&source)
        };
        let mut buffer = Clip::new();
        for (stage, expected) in [
            (Stage::always(Shear::default()), 7),
            (Stage::always(GaussianNoise::default()), 7),
            (Stage::always(TemporalCrop::default()), 20),
            (Stage::sometimes(0.0, TemporalCrop::default()), 7),
            (Stage::always(SortedFrames::default()), 52),
        ] {
            let views = Views::same(Pipeline::new(vec![stage]).unwrap());
            assert_eq!(views.make(source, KEY, &mut buffer), expected);
        }
    }

    #[test]
    fn views_survive_serialisation_and_are_checked_on_reading() {
        for views in [
            Views::same(Pipeline::isc()),
            Views::repeated(Pipeline::skeletonclr(), 3).unwrap(),
            Views::two(Pipeline::skeletonclr(), Pipeline::isc()),
            Views::motion(MotionClips::default()).unwrap(),
            Views::coordinates_and_velocity(Pipeline::new(vec![]).unwrap()),
        ] {
            let text = serde_json::to_string(&views).unwrap();
            assert_eq!(serde_json::from_str::<Views>(&text).unwrap(), views);
        }
        let read = |text| serde_json::from_str::<Views>(text);
        let short = read(r#"{"same": {"pipeline": [{"step": {"shear": {}}}]}}"#).unwrap();
        assert_eq!(short.count(), 2);
        assert_eq!(
            read(r#"{"motion": {}}"#).unwrap(),
            Views::motion(MotionClips::default()).unwrap()
        );
        for (text, part) in [
            (
                r#"{"same": {"pipeline": [], "count": 0}}"#,
                "`count` is 0, expected from 1 to 64",
            ),
            (r#"{"same": {"pipelines": []}}"#, "unknown field"),
            (r#"{"each": {"pipelines": []}}"#, "at least one pipeline"),
            (r#"{"motion": {"length": 2}}"#, "`length` is 2"),
            (r#"{"motion": {"lengths": 2}}"#, "unknown field `lengths`"),
            (r#"{"motions": {}}"#, "unknown variant `motions`"),
            (
                r#"{"coordinates_and_velocity": {"pipeline": [{"step": {"shear": {"amplitude": -1}}}]}}"#,
                "`amplitude` is -1",
            ),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
