//! Tensors of the `Flex` backend as slices, and back.

use burn::backend::TensorMetadata;
use burn::backend::flex::{FlexTensor, Layout};
use burn::tensor::{DType, Shape};

use crate::kernels::cpu::buffer::Buffer;

/// The tensors in contiguous memory, if all are of single precision, which is what there are kernels for.
pub fn singles<const N: usize>(tensors: [&FlexTensor; N]) -> Option<[FlexTensor; N]> {
    tensors
        .iter()
        .all(|tensor| tensor.dtype() == DType::F32)
        .then(|| tensors.map(FlexTensor::to_contiguous))
}

/// The same of one that may be absent.
pub fn single(tensor: &Option<FlexTensor>) -> Option<Option<FlexTensor>> {
    match tensor {
        Some(tensor) => singles([tensor]).map(|[tensor]| Some(tensor)),
        None => Some(None),
    }
}

/// The numbers of a tensor that [`singles`] gave.
pub fn numbers(tensor: &FlexTensor) -> &[f32] {
    tensor
        .as_slice()
        .expect("`singles` made it contiguous and of single precision")
}

/// The tensor in memory of its own, so that it can be written to.
pub fn own(tensor: FlexTensor) -> FlexTensor {
    if tensor.is_unique() && tensor.is_contiguous() && tensor.layout().start_offset() == 0 {
        return tensor;
    }
    let [tensor] = singles([&tensor]).expect("the caller looked at its type");
    let mut copy = Buffer::stale(numbers(&tensor).len());
    copy.copy_from_slice(numbers(&tensor));
    like(copy, &tensor)
}

/// The numbers of a tensor that [`own`] gave.
pub fn numbers_mut(tensor: &mut FlexTensor) -> &mut [f32] {
    let length = tensor.shape().num_elements();
    &mut tensor.storage_mut()[..length]
}

/// A buffer as a tensor.
pub fn tensor(buffer: Buffer, shape: impl Into<Shape>) -> FlexTensor {
    FlexTensor::new(
        buffer.into_bytes(),
        Layout::contiguous(shape.into()),
        DType::F32,
    )
}

/// A buffer as a tensor of another's shape.
pub fn like(buffer: Buffer, other: &FlexTensor) -> FlexTensor {
    tensor(buffer, other.shape())
}

/// `[C]`
pub fn vector(values: &[f32]) -> FlexTensor {
    let mut buffer = Buffer::stale(values.len());
    buffer.copy_from_slice(values);
    tensor(buffer, [values.len()])
}
