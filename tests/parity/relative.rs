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

/// The largest difference of a device's numbers from flex's, relative to the largest number of their tensor, and which
/// tensor that is in.
///
/// A tensor whose largest number is under a thousandth of that of all is measured against that: the gradient of a bias that batch norm
/// takes away again is rounding on any device.
#[derive(Clone, Debug, Default)]
pub struct Difference {
    /// Relative; not a number where a device's numbers are not.
    pub largest: f32,
    /// The tensor's name.
    pub tensor: String,
}

impl Difference {
    /// # Panics
    /// When the two hold other tensors.
    pub fn new(ours: &Tensors, flex: &Tensors) -> Self {
        let names = |tensors: &Tensors| {
            let entries = tensors.0.iter();
            entries
                .map(|(name, values)| (name.clone(), values.len()))
                .collect::<Vec<_>>()
        };
        assert_eq!(names(ours), names(flex), "tensors of the two devices");
        let magnitude =
            |values: &Vec<f32>| values.iter().fold(0f32, |max, value| max.max(value.abs()));
        let overall = flex.0.values().map(magnitude).fold(0f32, f32::max);
        let mut worst = Self::default();
        for ((name, ours), flex) in ours.0.iter().zip(flex.0.values()) {
            let scale = magnitude(flex).max(1e-3 * overall).max(f32::MIN_POSITIVE);
            let largest = ours.iter().zip(flex).fold(0f32, |max, (ours, flex)| {
                let difference = (ours - flex).abs() / scale;
                // `max` would hide what is not a number.
                if difference.is_nan() || difference > max {
                    difference
                } else {
                    max
                }
            });
            if largest.is_nan() || largest > worst.largest {
                worst = Self {
                    largest,
                    tensor: name.clone(),
                };
            }
            if largest.is_nan() {
                break;
            }
        }
        worst
    }
}
