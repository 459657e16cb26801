//! Rows of floats in safetensors files.

use std::collections::HashMap;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError, serialize};

/// A file with one tensor, `values` as the little-endian rows of `shape`.
pub(crate) fn to_safetensors(
    name: &str,
    values: &[f32],
    shape: [usize; 2],
    metadata: Option<HashMap<String, String>>,
) -> Result<Vec<u8>, SafeTensorError> {
    let bytes: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let view = TensorView::new(Dtype::F32, shape.to_vec(), &bytes)?;
    serialize([(name, view)], metadata)
}

/// The values of a tensor of `F32`.
pub(crate) fn floats(tensor: &TensorView) -> Vec<f32> {
    let floats = tensor.data().as_chunks::<4>().0;
    floats
        .iter()
        .map(|&float| f32::from_le_bytes(float))
        .collect()
}
