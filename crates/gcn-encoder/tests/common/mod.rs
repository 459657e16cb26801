//! Networks against a reference from PyTorch: its tensors by name, a network filled with its parameters, and running
//! statistics and gradients compared with its own. The scripts beside the references say what these hold.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use safetensors::SafeTensors;
use skeleton_data::Layout;

/// Largest difference allowed, relative to the largest magnitude in the tensor.
const TOLERANCE: f32 = 1e-4;

/// A file of `parameter.*`, `buffer.*`, `gradient.*` and `buffer_after.*`, and of what a test asks by name.
#[derive(Clone, Copy)]
pub struct Reference {
    pub bytes: &'static [u8],
    /// What the file calls the parameter or running statistic at a path of the network, but for batch norms'.
    pub rename: fn(&str) -> String,
    /// Whether the gradient at a path is zero by construction, because a batch norm follows: both sides then hold
    /// rounding errors.
    pub cancelled: fn(&str) -> bool,
}

impl Reference {
    pub fn tensor<const D: usize>(&self, name: &str, device: &Device) -> Tensor<D> {
        let file = SafeTensors::deserialize(self.bytes).unwrap();
        let view = file
            .tensor(name)
            .unwrap_or_else(|e| panic!("{name} in the reference: {e}"));
        let floats = view.data().chunks_exact(4);
        let values: Vec<f32> = floats
            .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
            .collect();
        Tensor::from_data(TensorData::new(values, view.shape().to_vec()), device)
    }

    /// `module` with the reference's parameters and running statistics.
    pub fn load<M: Module>(self, module: M) -> M {
        module.map(&mut Load {
            reference: self,
            path: Vec::new(),
        })
    }

    /// Compares running statistics and gradients with the reference's, and says how many there were.
    pub fn compare<M: Module>(self, module: &M, gradients: Gradients) -> usize {
        let mut compare = Compare {
            reference: self,
            path: Vec::new(),
            gradients,
            compared: 0,
        };
        module.visit(&mut compare);
        compare.compared
    }

    /// The tensor of `path` from the group `kind`, in the network's layout.
    fn counterpart<const D: usize>(
        &self,
        kind: &str,
        path: &str,
        like: [usize; D],
        device: &Device,
    ) -> Tensor<D> {
        let name = (self.rename)(path)
            .replace("gamma", "weight")
            .replace("beta", "bias");
        let name = format!("{kind}.{name}");
        let groups = match (path.rsplit('.').next().unwrap(), D) {
            ("graph_weight" | "actional_weight", _) => like[0],
            ("temporal_weight", _) | ("weight", 3) => 1,
            ("graph_bias" | "actional_bias", _) => {
                return self.tensor::<1>(&name, device).reshape(like);
            }
            ("weight", 2) => return self.tensor::<2>(&name, device).transpose().reshape(like),
            _ => return self.tensor(&name, device),
        };
        // PyTorch keeps a convolution as [K * D, C, taps, 1]
        let weight = self.tensor::<4>(&name, device);
        let [kd, c, taps, _] = weight.dims();
        weight
            .reshape([groups, kd / groups, c, taps])
            .permute([0, 3, 2, 1])
            .reshape(like)
    }
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

/// The skeleton of the references: joint 0 is the centre, joints 3 and 5 lie beyond its neighbourhood.
pub fn six_joints() -> Layout {
    let mut layout = Layout::builder("six").centre("0");
    for joint in ["0", "1", "2", "3", "4", "5"] {
        layout = layout.joint(joint);
    }
    for (joint, neighbour) in [("1", "0"), ("2", "0"), ("3", "1"), ("4", "0"), ("5", "3")] {
        layout = layout.edge(joint, neighbour);
    }
    layout.build().unwrap()
}

struct Load {
    reference: Reference,
    path: Vec<String>,
}

impl ModuleMapper for Load {
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
            let new = self
                .reference
                .counterpart(kind, &path, old.dims(), &old.device());
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
        let counterpart = |kind| {
            self.reference
                .counterpart(kind, &path, param.dims(), &Device::flex())
        };
        self.compared += 1;
        if path.contains("running") {
            return assert_close(&path, param.val(), counterpart("buffer_after"));
        }
        let ours = param.val().grad(&self.gradients);
        let ours = ours.unwrap_or_else(|| panic!("{path} has no gradient"));
        let theirs = counterpart("gradient");
        if (self.reference.cancelled)(&path) {
            for gradient in [ours, theirs] {
                let largest = gradient.abs().max().into_scalar::<f32>();
                assert!(largest < 1e-5, "{path}: {largest}");
            }
        } else {
            assert_close(&path, ours, theirs);
        }
    }
}
