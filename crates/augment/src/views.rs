use skeleton_data::ClipShape;

use crate::{AugmentError, Augmentation, Clip, Pipeline, ViewKey};

/// Makes the views of a clip: any number from one pipeline, or one from each of several pipelines.
#[derive(Clone, Debug, PartialEq)]
pub struct Views {
    pipelines: Vec<Pipeline>,
    same: bool,
}

impl Views {
    /// Every view comes from the same pipeline, with draws of its own (CrosSCLR, SKT, PSTL).
    pub fn same(pipeline: Pipeline) -> Self {
        Self {
            pipelines: vec![pipeline],
            same: true,
        }
    }

    /// Two views from two pipelines.
    pub fn two(first: Pipeline, second: Pipeline) -> Self {
        Self {
            pipelines: vec![first, second],
            same: false,
        }
    }

    /// View `i` comes from pipeline `i` (AimCLR: one extreme view and two normal ones).
    ///
    /// # Errors
    /// [`AugmentError::NoViews`] when there is no pipeline.
    pub fn each(pipelines: Vec<Pipeline>) -> Result<Self, AugmentError> {
        if pipelines.is_empty() {
            return Err(AugmentError::NoViews);
        }
        Ok(Self {
            pipelines,
            same: false,
        })
    }

    /// How many views there are; `None` when one pipeline makes any number.
    pub fn count(&self) -> Option<usize> {
        (!self.same).then_some(self.pipelines.len())
    }

    /// The pipeline of view `view`.
    ///
    /// # Panics
    /// If there are fewer views.
    pub fn pipeline(&self, view: u64) -> &Pipeline {
        if self.same {
            return &self.pipelines[0];
        }
        usize::try_from(view)
            .ok()
            .and_then(|view| self.pipelines.get(view))
            .unwrap_or_else(|| panic!("view {view} of {}", self.pipelines.len()))
    }

    /// The shape of all views of clips of shape `shape`. To be asked once before a run: what it accepts,
    /// [`make`](Self::make) works on.
    ///
    /// # Errors
    /// A step that cannot act on such clips ([`AugmentError::Stage`]); views of different lengths
    /// ([`AugmentError::UnequalViews`]).
    pub fn output_shape(&self, shape: ClipShape) -> Result<ClipShape, AugmentError> {
        let mut first = None;
        for (view, pipeline) in self.pipelines.iter().enumerate() {
            let made = pipeline.output_shape(shape)?;
            let expected = *first.get_or_insert(made);
            if made != expected {
                return Err(AugmentError::UnequalViews {
                    view,
                    found: made.frames,
                    expected: expected.frames,
                });
            }
        }
        Ok(first.unwrap_or(shape))
    }

    /// Makes view `key.view` of the clip `frames` `[T, M, V, C]` in `clip`.
    ///
    /// # Panics
    /// If `frames` does not hold `shape.len()` values, there is no such view, or
    /// [`output_shape`](Self::output_shape) would have refused the shape.
    pub fn make(&self, frames: &[f32], shape: ClipShape, key: ViewKey, clip: &mut Clip) {
        clip.load(frames, shape);
        self.pipeline(key.view).apply(clip, &mut key.rng());
    }

    /// Makes as many views as there are `clips`: those numbered from `key.view` on.
    ///
    /// # Panics
    /// As [`make`](Self::make).
    pub fn make_all(&self, frames: &[f32], shape: ClipShape, key: ViewKey, clips: &mut [Clip]) {
        for (offset, clip) in clips.iter_mut().enumerate() {
            let key = key.with_view(key.view.wrapping_add(offset as u64));
            self.make(frames, shape, key, clip);
        }
    }
}

#[cfg(test)]
mod tests {
    use skeleton_data::Layout;

    use super::*;
    use crate::testing::{clip, shape};

    const KEY: ViewKey = ViewKey {
        seed: 7,
        epoch: 1,
        sample: 0,
        view: 0,
    };

    fn made(views: &Views, sample: u64, key: ViewKey, buffer: &mut Clip) -> Vec<f32> {
        let source = clip(shape((50, 2, 25)), sample);
        let key = ViewKey { sample, ..key };
        views.make(source.data(), source.shape(), key, buffer);
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
            views.make(source.data(), source.shape(), key, &mut buffer);
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
        assert_eq!(views.count(), Some(3));
        let source = clip(shape((50, 2, 25)), 0);
        let mut clips = vec![Clip::new(); 3];
        views.make_all(source.data(), source.shape(), KEY, &mut clips);
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
        let error = views.output_shape(shape((50, 2, 25))).unwrap_err();
        assert!(matches!(
            error,
            AugmentError::UnequalViews {
                view: 1,
                found: 64,
                expected: 50
            }
        ));
        assert_eq!(
            views.output_shape(shape((64, 2, 25))),
            Ok(shape((64, 2, 25)))
        );
        assert_eq!(Views::each(vec![]), Err(AugmentError::NoViews));
        assert_eq!(Views::same(Pipeline::isc()).count(), None);
    }

    #[test]
    #[should_panic(expected = "view 2 of 2")]
    fn a_view_without_pipeline_is_a_programmers_error() {
        let views = Views::two(Pipeline::skeletonclr(), Pipeline::skeletonclr());
        views.pipeline(2);
    }
}
