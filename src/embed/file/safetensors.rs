use std::collections::HashMap;
use std::io;

use ::safetensors::{Dtype, SafeTensors};

use super::About;
use crate::embed::Embeddings;
use crate::matrix;

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
    let shape = [embeddings.len(), embeddings.dim];
    let metadata = HashMap::from([(ABOUT.to_owned(), about)]);
    matrix::to_safetensors(TENSOR, &embeddings.values, shape, Some(metadata))
        .map_err(io::Error::other)
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
    about.with(tensor.shape(), matrix::floats(&tensor))
}
