use burn::module::{Module, ModuleDisplay};
use burn::tensor::Device;
use gcn_encoder::Encoder;
use skeleton_data::{SkeletonDataset, Stream};
use ssl_objectives::Classification;

use super::features::outputs;
use super::{EvaluateError, Scores};

/// What a trained classifier says of the clips of `test`, in inference mode and without augmentation.
///
/// # Errors
/// [`EvaluateError`] where there is no clip, one has no label, or an output is not finite.
pub fn classifier_scores<E: Encoder + ModuleDisplay>(
    classifier: &Classification<E>,
    test: &SkeletonDataset,
    stream: Stream,
    device: &Device,
) -> Result<Scores, EvaluateError> {
    if test.is_empty() {
        return Err(EvaluateError::Empty { part: "test" });
    }
    let classifier = classifier.valid();
    let logits = outputs(test, stream, device, |clips| classifier.predict(clips))?;
    let values = logits.values().iter().copied().map(f64::from).collect();
    Ok(Scores::new(values, logits.dim(), logits.labels().to_vec()))
}
