use burn::tensor::Device;

use crate::{ObjectiveError, Projector, ProjectorConfig};

/// The heads of CRRL: Linear, ReLU, Linear, as wide inside as their input.
///
/// # Errors
/// [`ObjectiveError::InvalidConfig`] for a width of 0.
pub(super) fn mlp(
    input: usize,
    output: usize,
    device: &Device,
) -> Result<Projector, ObjectiveError> {
    ProjectorConfig::new(input, vec![input], output)
        .with_batch_norm(false)
        .with_bias(true)
        .init(device)
}

#[cfg(test)]
mod tests {
    use gcn_encoder::trainable_parameters;

    use super::*;

    #[test]
    fn a_head_of_the_published_width_has_the_published_parameters() {
        let head = mlp(512, 512, &Device::flex()).unwrap();
        assert_eq!(trainable_parameters(&head), 525_312);
    }
}
