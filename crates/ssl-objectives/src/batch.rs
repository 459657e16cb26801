use burn::tensor::Tensor;

/// Two views of each sample of a batch, and the place of the step in the run.
#[derive(Clone, Debug)]
pub struct TwoViewBatch {
    /// First view, `[N, M, T, V, C]`.
    pub view_a: Tensor<5>,
    /// Second view of the same samples in the same order, `[N, M, T, V, C]`.
    pub view_b: Tensor<5>,
    /// Seeds the device's generator before a training step, so that dropout depends on this batch only and not
    /// on what was drawn before it: a resumed run repeats an uninterrupted one.
    pub seed: u64,
    /// Epoch, 1-based.
    pub epoch: usize,
    /// Step within the epoch, 1-based.
    pub step: usize,
}
