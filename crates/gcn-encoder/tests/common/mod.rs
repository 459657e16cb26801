//! Networks against a reference from PyTorch: its tensors by name, a network filled with its parameters, and features,
//! running statistics and gradients compared with its own. The scripts beside the references say what these hold.
#![allow(dead_code, reason = "each test uses a part of it")]

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use gcn_encoder::Encoder;
use safetensors::SafeTensors;
use skeleton_data::Layout;

/// Largest difference allowed, relative to the largest magnitude in the tensor.
const TOLERANCE: f32 = 1e-4;

/// A file of `parameter.*`, `buffer.*`, `gradient.*` and `buffer_after.*`, and of what a test asks by name.
#[derive(Clone, Copy)]
pub struct Reference {
    pub bytes: &'static [u8],
    /// What all names in the file begin with that belong to the network: nothing, or `crrl.` among several networks.
    pub prefix: &'static str,
    /// What the file calls the parameter or running statistic at a path of the network.
    pub rename: fn(&str) -> String,
    /// Whether the gradient of the parameter at a path is zero by construction, because a batch norm follows: both
    /// sides then hold rounding errors.
    pub cancelled: fn(&str) -> bool,
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
    fn values(&self, name: &str) -> (Vec<f32>, Vec<usize>) {
        let file = SafeTensors::deserialize(self.bytes).unwrap();
        let name = format!("{}{name}", self.prefix);
        let view = file
            .tensor(&name)
            .unwrap_or_else(|e| panic!("{name} in the reference: {e}"));
        let floats = view.data().chunks_exact(4);
        let values = floats
            .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
            .collect();
        (values, view.shape().to_vec())
    }

    /// The tensor called `name`.
    pub fn tensor<const D: usize>(&self, name: &str, device: &Device) -> Tensor<D> {
        let (values, shape) = self.values(name);
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    /// The tensor of `path` from the group `kind`, in the network's layout.
    fn counterpart<const D: usize>(
        &self,
        kind: &str,
        path: &str,
        like: [usize; D],
        device: &Device,
    ) -> Tensor<D> {
        let name = format!("{kind}.{}", (self.rename)(path));
        let (values, shape) = self.values(&name);
        match shape[..] {
            // PyTorch keeps a convolution as [G * D, C, taps, 1]; here one of G and taps is the first axis.
            [rows, c, taps, 1] => {
                let d = like[D - 1];
                let weight =
                    Tensor::<1>::from_data(TensorData::new(values, [rows * c * taps]), device);
                weight
                    .reshape([rows / d, d, c, taps])
                    .permute([0, 3, 2, 1])
                    .reshape(like)
            }
            // The weight of a linear or recurrent layer is [D, C] there; a bias may have two axes too, as here.
            [d, c] if !path.ends_with("bias") => {
                assert_eq!(like[..], [c, d], "{name}");
                let weight = Tensor::<D>::from_data(TensorData::new(values, shape), device);
                weight.swap_dims(0, 1)
            }
            _ => Tensor::from_data(TensorData::new(values, like), device),
        }
    }

    /// `network` with the reference's parameters and running statistics.
    pub fn load<M: Module>(&self, network: M) -> M {
        network.map(&mut Load {
            reference: *self,
            path: Vec::new(),
        })
    }

    /// Compares running statistics and gradients with the reference's, and says how many there were.
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

    /// Checks the features of a loaded network that is not in training.
    pub fn check_evaluation(&self, network: &impl Encoder) {
        let device = Device::flex();
        let features = network.forward(self.tensor::<5>("input", &device));
        assert_close(
            "eval.features",
            features,
            self.tensor("eval.features", &device),
        );
    }

    /// Checks a training step of a network that `load` makes anew: feature map, features, running statistics and
    /// all gradients. Returns the number of parameters and statistics.
    pub fn check_training<E: Encoder>(&self, load: impl Fn(&Device) -> E) -> usize {
        let (plain, device) = (Device::flex(), Device::flex().autodiff());
        let x = self.tensor::<5>("input", &device).require_grad();
        let map = load(&device).feature_map(x.clone());
        assert_close("train.map", map, self.tensor("train.map", &plain));

        // The feature map above has moved the running statistics of that network.
        let network = load(&device);
        let features = network.forward(x.clone());
        let theirs = self.tensor("train.features", &plain);
        assert_close("train.features", features.clone(), theirs);
        let probe = self.tensor("probe", &device);
        let gradients = (features * probe).sum().backward();
        assert_close(
            "gradient.input",
            x.grad(&gradients).unwrap(),
            self.tensor("gradient.input", &plain),
        );
        // Leaving training mode brings the last update of the running statistics in.
        let _ = network.valid();
        self.compare(&network, gradients)
    }
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
        let shape = param.dims();
        let theirs = |kind| {
            self.reference
                .counterpart(kind, &path, shape, &Device::flex())
        };
        self.compared += 1;
        if path.contains("running") {
            return assert_close(&path, param.val(), theirs("buffer_after"));
        }
        let ours = param.val().grad(&self.gradients);
        let ours = ours.unwrap_or_else(|| panic!("{path} has no gradient"));
        let theirs = theirs("gradient");
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
