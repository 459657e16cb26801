use std::collections::HashMap;
use std::path::Path;

use pytorch_reader::{DType, PytorchReader, Tensor};

use super::numbers::Float;

/// The tensors of a PyTorch file by their dotted paths through its dictionaries. Nothing in it is executed.
pub(super) fn tensors(path: &Path) -> Result<HashMap<String, Tensor>, String> {
    PytorchReader::new(path)
        .map(PytorchReader::into_tensors)
        .map_err(|error| error.to_string())
}

/// The numbers of a tensor.
pub(super) fn floats(tensor: &Tensor) -> Result<Vec<f32>, String> {
    let float = match tensor.dtype() {
        DType::F16 => Float::F16,
        DType::BF16 => Float::Bf16,
        DType::F32 => Float::F32,
        DType::F64 => Float::F64,
        other @ (DType::I64
        | DType::I32
        | DType::I16
        | DType::I8
        | DType::U64
        | DType::U32
        | DType::U16
        | DType::U8
        | DType::Bool) => return Err(format!("it holds {other:?}, expected floats")),
    };
    let bytes = tensor.read().map_err(|error| error.to_string())?;
    Ok(float.read(&bytes))
}
