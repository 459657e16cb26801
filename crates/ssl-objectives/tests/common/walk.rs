//! What a module holds, by path.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor};

/// Every gradient of a module by path, row-major.
pub fn gradients<M: Module>(module: &M, gradients: &Gradients) -> Vec<(String, Vec<f32>)> {
    collect(module, Some(gradients))
}

/// Every parameter and running state of a module by path, row-major.
pub fn by_path<M: Module>(module: &M) -> Vec<(String, Vec<f32>)> {
    collect(module, None)
}

fn collect<M: Module>(module: &M, gradients: Option<&Gradients>) -> Vec<(String, Vec<f32>)> {
    struct Collect<'a> {
        gradients: Option<&'a Gradients>,
        path: Vec<String>,
        found: Vec<(String, Vec<f32>)>,
    }
    impl ModuleVisitor for Collect<'_> {
        fn enter_module(&mut self, name: &str, _container: &str) {
            self.path.push(name.to_owned());
        }

        fn exit_module(&mut self, _name: &str, _container: &str) {
            self.path.pop();
        }

        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let wanted = match self.gradients {
                Some(gradients) => param.val().grad(gradients),
                None => Some(param.val()),
            };
            if let Some(wanted) = wanted {
                let values = wanted.try_into_vec_as::<f32>().unwrap();
                self.found.push((self.path.join("."), values));
            }
        }
    }
    let mut collect = Collect {
        gradients,
        path: Vec::new(),
        found: Vec::new(),
    };
    module.visit(&mut collect);
    collect.found
}
