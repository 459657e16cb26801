use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Bool, Int, Tensor};
use sha2::{Digest, Sha256};

/// The SHA-256, in hexadecimal digits, of every tensor of a module: parameters and running statistics alike.
///
/// Equal digests before and after a probe show that the encoder was frozen.
pub fn weights_digest<M: Module>(module: &M) -> String {
    let mut tensors = Tensors(Sha256::new());
    module.visit(&mut tensors);
    hexadecimal(&tensors.0.finalize())
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

struct Tensors(Sha256);

impl ModuleVisitor for Tensors {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.update(param.val().into_data().as_bytes());
    }

    fn visit_int<const D: usize>(&mut self, param: &Param<Tensor<D, Int>>) {
        self.0.update(param.val().into_data().as_bytes());
    }

    fn visit_bool<const D: usize>(&mut self, param: &Param<Tensor<D, Bool>>) {
        self.0.update(param.val().into_data().as_bytes());
    }
}
