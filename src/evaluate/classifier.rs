use burn::module::{Module, ModuleDisplay};
use burn::tensor::Device;
use gcn_encoder::Encoder;
use skeleton_data::{SkeletonDataset, Stream};
use ssl_objectives::Classification;

use super::EvaluateError;
use super::features::outputs;

/// Accuracy in percent of a trained classifier on the clips of `test`, in inference mode and without augmentation.
///
/// # Errors
/// [`EvaluateError`] where there is no clip, one has no label, or an output is not finite.
pub fn classifier_top1<E: Encoder + ModuleDisplay>(
    classifier: &Classification<E>,
    test: &SkeletonDataset,
    stream: Stream,
    device: &Device,
) -> Result<f64, EvaluateError> {
    if test.is_empty() {
        return Err(EvaluateError::Empty { part: "test" });
    }
    let classifier = classifier.valid();
    let logits = outputs(test, stream, device, |clips| classifier.predict(clips))?;
    let guesses = logits.values().chunks(logits.dim()).map(|row| {
        let classes = row.iter().enumerate();
        classes
            .max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)))
            .map(|(class, _)| class)
    });
    let hits = guesses
        .zip(logits.labels())
        .filter(|(guess, label)| guess.as_ref() == Some(label));
    Ok(100.0 * hits.count() as f64 / test.len() as f64)
}
