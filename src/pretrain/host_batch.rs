use burn::tensor::{Device, Int, Tensor, TensorData};
use skeleton_data::ClipShape;
use ssl_objectives::ViewBatch;

/// A batch before it is on the device.
pub(super) struct HostBatch {
    pub(super) views: Vec<HostView>,
    pub(super) facts: Facts,
}

/// One view of each clip of a batch.
#[derive(Clone, Default)]
pub(super) struct HostView {
    values: Vec<f32>,
    /// Of one clip; `[M, T, V, C]`.
    shape: [usize; 4],
}

/// What else is known of each clip of a batch.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub(super) lengths: Vec<i64>,
    /// Empty where views have none.
    pub(super) paces: Vec<f64>,
    pub(super) labels: Vec<Option<i64>>,
}

impl HostView {
    /// Adds a clip of shape `shape` in the loader's order of axes, one of `clips`.
    pub(super) fn push(&mut self, data: &[f32], shape: ClipShape, clips: usize) {
        self.shape = [shape.persons, shape.frames, shape.joints, shape.channels];
        let total = clips * shape.len();
        self.values.reserve_exact(total - self.values.len());
        skeleton_data::persons_first(data, shape, &mut self.values);
    }

    /// `[N, M, T, V, C]`.
    pub(super) fn into_tensor(self, device: &Device) -> Tensor<5> {
        let [m, t, v, c] = self.shape;
        let clips = self.values.len() / (m * t * v * c).max(1);
        Tensor::from_data(TensorData::new(self.values, [clips, m, t, v, c]), device)
    }
}

impl HostBatch {
    /// A batch of so many views, without a clip.
    pub(super) fn new(views: usize) -> Self {
        Self {
            views: vec![HostView::default(); views],
            facts: Facts::default(),
        }
    }

    pub(super) fn into_batch(self, device: &Device) -> ViewBatch {
        let views = self.views.into_iter();
        let views = views.map(|view| view.into_tensor(device));
        self.facts.with_views(views.collect(), device)
    }
}

impl Facts {
    /// A batch of `views`, the first of its run.
    pub(super) fn with_views(self, views: Vec<Tensor<5>>, device: &Device) -> ViewBatch {
        let list = |values: Vec<i64>| {
            let count = values.len();
            Tensor::<1, Int>::from_data(TensorData::new(values, [count]), device)
        };
        let frames = views.first().map_or(0, |view| view.dims()[2] as i64);
        let padded = self.lengths.iter().any(|&length| length < frames);
        let labels: Option<Vec<i64>> = self.labels.into_iter().collect();
        ViewBatch {
            lengths: padded.then(|| list(self.lengths)),
            paces: self.paces,
            labels: labels.map(list),
            ..ViewBatch::new(views, 0)
        }
    }

    /// What is known of the clips at these places.
    pub(super) fn select(&self, places: &[usize]) -> Self {
        let paces = places.iter().filter_map(|&place| self.paces.get(place));
        Self {
            lengths: places.iter().map(|&place| self.lengths[place]).collect(),
            paces: paces.copied().collect(),
            labels: places.iter().map(|&place| self.labels[place]).collect(),
        }
    }
}
