use std::hash::{DefaultHasher, Hash, Hasher};

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Bool, Int, Tensor};

/// A digest of every tensor of a module: parameters and running statistics alike.
///
/// Equal digests before and after a probe show that the encoder was frozen. It is stable within
/// a process only; it is no file format.
pub fn weights_digest<M: Module>(module: &M) -> u64 {
    let mut digest = Digest(DefaultHasher::new());
    module.visit(&mut digest);
    digest.0.finish()
}

struct Digest(DefaultHasher);

impl ModuleVisitor for Digest {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        param.val().into_data().as_bytes().hash(&mut self.0);
    }

    fn visit_int<const D: usize>(&mut self, param: &Param<Tensor<D, Int>>) {
        param.val().into_data().as_bytes().hash(&mut self.0);
    }

    fn visit_bool<const D: usize>(&mut self, param: &Param<Tensor<D, Bool>>) {
        param.val().into_data().as_bytes().hash(&mut self.0);
    }
}
