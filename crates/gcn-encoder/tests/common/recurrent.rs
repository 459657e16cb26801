//! Networks against a reference from PyTorch: its tensors by name, a network filled with its parameters, and running
//! statistics and gradients compared with its own. The scripts beside the references say what these hold.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use safetensors::SafeTensors;

/// Largest difference allowed, relative to the largest magnitude in the tensor.
const TOLERANCE: f32 = 1e-4;

/// A file of `NET.parameter.*`, `NET.buffer.*`, `NET.gradient.*` and `NET.buffer_after.*`, and of what a test asks by
/// name.
#[derive(Clone, Copy)]
pub struct Reference {
    pub bytes: &'static [u8],
    /// Which of the file's networks.
    pub network: &'static str,
    /// What the file calls the parameter or running statistic at a path of the network.
    pub rename: fn(&str) -> String,
}

pub fn assert_close<const D: usize>(what: &str, ours: Tensor<D>, theirs: Tensor<D>) {
    assert_eq!(ours.dims(), theirs.dims(), "{what}");
    let scale = theirs.clone().abs().max().into_scalar::<f32>();
    let difference = (ours.without_autodiff() - theirs)
        .abs()
        .max()
        .into_scalar::<f32>();
    assert!(
        difference <= TOLERANCE * scale,
        "{what}: difference {difference}, largest magnitude {scale}"
    );
}

impl Reference {
    /// The network's tensor called `name`.
    pub fn tensor<const D: usize>(&self, name: &str, device: &Device) -> Tensor<D> {
        let file = SafeTensors::deserialize(self.bytes).unwrap();
        let name = format!("{}.{name}", self.network);
        let view = file
            .tensor(&name)
            .unwrap_or_else(|e| panic!("{name} in the reference: {e}"));
        let floats = view.data().chunks_exact(4);
        let values: Vec<f32> = floats
            .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
            .collect();
        Tensor::from_data(TensorData::new(values, view.shape().to_vec()), device)
    }

    /// The tensor of `path` from the group `kind`, in the network's layout: a matrix is PyTorch's transposed.
    fn counterpart<const D: usize>(&self, kind: &str, path: &str, device: &Device) -> Tensor<D> {
        let tensor = self.tensor(&format!("{kind}.{}", (self.rename)(path)), device);
        if D == 2 {
            tensor.swap_dims(0, 1)
        } else {
            tensor
        }
    }

    /// `network` with the reference's parameters and running statistics.
    pub fn fill<M: Module>(&self, network: M) -> M {
        network.map(&mut Fill {
            reference: *self,
            path: Vec::new(),
        })
    }

    /// Compares running statistics and gradients; returns how many.
    pub fn compare<M: Module>(&self, network: &M, gradients: Gradients) -> usize {
        let mut compare = Compare {
            reference: *self,
            path: Vec::new(),
            gradients,
            compared: 0,
        };
        network.visit(&mut compare);
        compare.compared
    }
}

struct Fill {
    reference: Reference,
    path: Vec<String>,
}

impl ModuleMapper for Fill {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }
    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let path = self.path.join(".");
        let kind = match path.contains("running") {
            true => "buffer",
            false => "parameter",
        };
        param.map(|old| {
            let trained = old.is_require_grad();
            let new = self.reference.counterpart(kind, &path, &old.device());
            assert_eq!(old.dims(), new.dims(), "{path}");
            new.set_require_grad(trained)
        })
    }
}

struct Compare {
    reference: Reference,
    path: Vec<String>,
    gradients: Gradients,
    compared: usize,
}

impl ModuleVisitor for Compare {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }
    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let path = self.path.join(".");
        let theirs = |kind| self.reference.counterpart(kind, &path, &Device::flex());
        self.compared += 1;
        if path.contains("running") {
            return assert_close(&path, param.val(), theirs("buffer_after"));
        }
        let ours = param.val().grad(&self.gradients);
        let ours = ours.unwrap_or_else(|| panic!("{path} has no gradient"));
        assert_close(&path, ours, theirs("gradient"));
    }
}
