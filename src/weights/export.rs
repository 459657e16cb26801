use std::path::Path;

use gcn_encoder::weights::{Numbers, PublishedTensor, export};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError};

use super::CheckpointError;
use crate::Error;
use crate::experiment::{SavedEncoder, TensorNames};
use crate::report::write_atomically;

impl SavedEncoder {
    /// Writes a safetensors file, whole or not at all, in which the weights have the names and layouts of published PyTorch
    /// code: its `load_state_dict` takes them for the network without a classifier. It says about itself what
    /// [`save`](Self::save) writes, and [`load`](Self::load) reads it too.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] for encoders without published names, [`Error::Unwritable`].
    pub fn save_for_pytorch(&self, path: &Path) -> Result<(), Error> {
        let tensors = export(&self.encoder).map_err(|source| CheckpointError::Weights {
            path: path.to_owned(),
            source,
        })?;
        self.published(&tensors)
            .map_err(std::io::Error::other)
            .and_then(|bytes| write_atomically(path, &bytes))
            .map_err(|source| Error::Unwritable {
                path: path.to_owned(),
                source,
            })
    }

    fn published(
        &self,
        tensors: &[PublishedTensor],
    ) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
        let bytes: Vec<Vec<u8>> = tensors
            .iter()
            .map(|tensor| bytes(&tensor.numbers))
            .collect();
        let views: Result<Vec<_>, SafeTensorError> = tensors
            .iter()
            .zip(&bytes)
            .map(|(tensor, bytes)| {
                let dtype = match tensor.numbers {
                    Numbers::Floats(_) => Dtype::F32,
                    Numbers::Integers(_) => Dtype::I64,
                };
                let view = TensorView::new(dtype, tensor.shape.clone(), bytes)?;
                Ok((tensor.name.as_str(), view))
            })
            .collect();
        let metadata = self.metadata(TensorNames::Pytorch)?.into_iter().collect();
        Ok(safetensors::serialize(views?, Some(metadata))?)
    }
}

/// Numbers as a file has them.
fn bytes(numbers: &Numbers) -> Vec<u8> {
    match numbers {
        Numbers::Floats(values) => values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect(),
        Numbers::Integers(values) => values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect(),
    }
}
