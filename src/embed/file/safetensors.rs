use std::collections::HashMap;
use std::io;

use ::safetensors::tensor::TensorView;
use ::safetensors::{Dtype, SafeTensors, serialize};

use super::About;
use crate::embed::Embeddings;

const TENSOR: &str = "embeddings";
/// The only field of the metadata: several would be written in any order.
const ABOUT: &str = "about";
/// Readers refuse headers of 100 MB; names are escaped in it.
const MOST_NAMES: usize = 64 << 20;

pub(super) fn to_bytes(embeddings: &Embeddings) -> io::Result<Vec<u8>> {
    let about = serde_json::to_string(&About::of(embeddings))?;
    if about.len() > MOST_NAMES {
        return Err(io::Error::other(format!(
            "{} clips have more names than a safetensors file holds: write .npy",
            embeddings.len()
        )));
    }
    let bytes: Vec<u8> = embeddings
        .values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let shape = vec![embeddings.len(), embeddings.dim];
    let view = TensorView::new(Dtype::F32, shape, &bytes).map_err(io::Error::other)?;
    let metadata = HashMap::from([(ABOUT.to_owned(), about)]);
    serialize([(TENSOR, view)], Some(metadata)).map_err(io::Error::other)
}

pub(super) fn from_bytes(bytes: &[u8]) -> Result<Embeddings, String> {
    let wrong = |error| format!("it is no safetensors file: {error}");
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(wrong)?;
    let file = SafeTensors::deserialize(bytes).map_err(wrong)?;
    let tensor = file
        .tensor(TENSOR)
        .map_err(|_| format!("it has no tensor `{TENSOR}`"))?;
    if tensor.dtype() != Dtype::F32 {
        return Err(format!("`{TENSOR}` is {:?}, expected F32", tensor.dtype()));
    }
    let about = header.metadata().as_ref().and_then(|all| all.get(ABOUT));
    let about = about.ok_or_else(|| format!("its metadata has no `{ABOUT}` with the names"))?;
    let about: About = serde_json::from_str(about)
        .map_err(|error| format!("`{ABOUT}` of its metadata: {error}"))?;
    let floats = tensor.data().as_chunks::<4>().0;
    let values = floats.iter().map(|&float| f32::from_le_bytes(float));
    about.with(tensor.shape(), values.collect())
}
