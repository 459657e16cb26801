use burn::tensor::{Int, Tensor};
use gcn_encoder::Sequences;

/// The views of each sample of a batch, and the place of the step in the run.
///
/// How many views there are and what they show is agreed between a method and the loader (`augment::Views`): two
/// augmented views for Skeletal Twins, coordinates and velocity for CRRL, anchor, positive and negative for MCC.
#[derive(Clone, Debug)]
pub struct ViewBatch {
    /// The views of the same samples in the same order, each `[N, M, T, V, C]`; `T` may differ between views.
    pub views: Vec<Tensor<5>>,
    /// Valid frames of each sample, `[N]`, the same in all views; `None` where views have no padding.
    pub lengths: Option<Tensor<1, Int>>,
    /// The speed at which each sample's positive view was drawn, `N` of them; empty where views have none.
    pub paces: Vec<f64>,
    /// Labels `[N]`, 0-based, for methods that learn from them; `None` where a clip has none.
    pub labels: Option<Tensor<1, Int>>,
    /// Seeds the device's generator before a training step, so that dropout depends on this batch only and not
    /// on what was drawn before it: a resumed run repeats an uninterrupted one.
    pub seed: u64,
    /// Epoch, 1-based.
    pub epoch: usize,
    /// Step within the epoch, 1-based.
    pub step: usize,
}

impl ViewBatch {
    /// A batch of views without padding, labels or speeds, as the first step of a run.
    pub fn new(views: Vec<Tensor<5>>, seed: u64) -> Self {
        Self {
            views,
            lengths: None,
            paces: Vec::new(),
            labels: None,
            seed,
            epoch: 1,
            step: 1,
        }
    }

    /// Number of samples `N`; 0 without views.
    pub fn samples(&self) -> usize {
        self.views.first().map_or(0, |view| view.dims()[0])
    }

    /// View number `index` with its lengths.
    ///
    /// # Panics
    /// When there is no such view: the loader's views are not those of the method.
    pub fn view(&self, index: usize) -> Sequences {
        let frames = self.views.get(index).cloned().unwrap_or_else(|| {
            panic!("view {index} of a batch of {} views", self.views.len());
        });
        Sequences {
            frames,
            lengths: self.lengths.clone(),
        }
    }

    /// The first two views.
    ///
    /// # Panics
    /// When there are fewer, or their shapes differ.
    pub fn pair(&self) -> [Sequences; 2] {
        let pair = [self.view(0), self.view(1)];
        assert_eq!(
            pair[0].frames.dims(),
            pair[1].frames.dims(),
            "the two views differ in shape"
        );
        pair
    }
}
