use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

/// Tensors by name, on the host.
#[derive(Default)]
pub struct Tensors(BTreeMap<String, Vec<f32>>);

impl Tensors {
    /// Adds a tensor.
    pub fn put<const D: usize>(&mut self, name: impl Into<String>, tensor: Tensor<D>) {
        let data = tensor.into_data();
        self.0.insert(name.into(), data.iter::<f32>().collect());
    }

    /// The gradients of a module's parameters.
    pub fn gradients<M: Module>(module: &M, gradients: &GradientsParams) -> Self {
        struct Visitor<'a> {
            path: Vec<String>,
            gradients: &'a GradientsParams,
            found: Tensors,
        }
        impl ModuleVisitor for Visitor<'_> {
            fn enter_module(&mut self, name: &str, _container_type: &str) {
                self.path.push(name.to_owned());
            }
            fn exit_module(&mut self, _name: &str, _container_type: &str) {
                self.path.pop();
            }
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                if let Some(gradient) = self.gradients.get::<D>(param.id) {
                    self.found.put(self.path.join("."), gradient);
                }
            }
        }
        let mut visitor = Visitor {
            path: Vec::new(),
            gradients,
            found: Tensors::default(),
        };
        module.visit(&mut visitor);
        assert!(!visitor.found.0.is_empty(), "no parameter has a gradient");
        visitor.found
    }
}

/// How far a device's numbers are from flex's, and in which tensor most.
#[derive(Clone, Debug, Default)]
pub struct Difference {
    /// Relative; not a number where a device's numbers are not.
    pub largest: f64,
    /// The tensor's name.
    pub tensor: String,
}

/// What is compared of two tensors.
#[derive(Clone, Copy, Debug)]
pub enum Measure {
    /// The largest difference of two numbers beside the largest number.
    Entry,
    /// The length of the difference beside the length. For gradients of whole networks: rounding moves an activation near
    /// zero to the other side of a ReLU, which changes few numbers much.
    Norm,
}

impl Measure {
    fn size(self, values: impl Iterator<Item = f64>) -> f64 {
        match self {
            // `max` would hide what is not a number.
            Self::Entry => values.fold(
                0.0,
                |max, value| if value.abs() <= max { max } else { value.abs() },
            ),
            Self::Norm => values.map(|value| value * value).sum::<f64>().sqrt(),
        }
    }
}

impl Difference {
    /// A tensor that is under a thousandth of the largest one is measured against that: the gradient of a bias that batch norm
    /// takes away again is rounding on any device.
    ///
    /// # Panics
    /// When the two hold other tensors.
    pub fn new(ours: &Tensors, flex: &Tensors, measure: Measure) -> Self {
        let names = |tensors: &Tensors| {
            let entries = tensors.0.iter();
            entries
                .map(|(name, values)| (name.clone(), values.len()))
                .collect::<Vec<_>>()
        };
        assert_eq!(names(ours), names(flex), "tensors of the two devices");
        let size = |values: &Vec<f32>| measure.size(values.iter().map(|value| f64::from(*value)));
        let overall = flex.0.values().map(size).fold(0.0, f64::max);
        let mut worst = Self::default();
        for ((name, ours), flex) in ours.0.iter().zip(flex.0.values()) {
            let scale = size(flex).max(1e-3 * overall).max(f64::MIN_POSITIVE);
            let differences = ours
                .iter()
                .zip(flex)
                .map(|(ours, flex)| f64::from(ours - flex));
            let relative = measure.size(differences) / scale;
            if relative.is_nan() || relative > worst.largest {
                worst = Self {
                    largest: relative,
                    tensor: name.clone(),
                };
            }
            if relative.is_nan() {
                break;
            }
        }
        worst
    }
}
