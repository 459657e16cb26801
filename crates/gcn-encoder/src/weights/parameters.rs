use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};

/// Shape and numbers of every parameter and running statistic of `module`, by path.
pub(super) fn collect<M: Module>(module: &M) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
    #[derive(Default)]
    struct Collect {
        path: Vec<String>,
        found: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
    }
    impl ModuleVisitor for Collect {
        fn enter_module(&mut self, name: &str, _container_type: &str) {
            self.path.push(name.to_owned());
        }
        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.path.pop();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let data = param.val().into_data().convert::<f32>();
            let shape = data.shape().to_vec();
            let values = data.try_to_vec().expect("the data was converted to f32");
            self.found.insert(self.path.join("."), (shape, values));
        }
    }
    let mut collect = Collect::default();
    module.visit(&mut collect);
    collect.found
}

/// Shape of every parameter and running statistic of `module`, by path.
pub(super) fn shapes<M: Module>(module: &M) -> BTreeMap<String, Vec<usize>> {
    #[derive(Default)]
    struct Shapes {
        path: Vec<String>,
        found: BTreeMap<String, Vec<usize>>,
    }
    impl ModuleVisitor for Shapes {
        fn enter_module(&mut self, name: &str, _container_type: &str) {
            self.path.push(name.to_owned());
        }
        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.path.pop();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let shape = param.lazy_shape().to_vec();
            self.found.insert(self.path.join("."), shape);
        }
    }
    let mut shapes = Shapes::default();
    module.visit(&mut shapes);
    shapes.found
}

/// `module` with other numbers in the parameters and running statistics that `values` has, by path.
pub(super) fn assign<M: Module>(module: M, values: BTreeMap<String, Vec<f32>>) -> M {
    struct Assign {
        path: Vec<String>,
        values: BTreeMap<String, Vec<f32>>,
    }
    impl ModuleMapper for Assign {
        fn enter_module(&mut self, name: &str, _container_type: &str) {
            self.path.push(name.to_owned());
        }
        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.path.pop();
        }
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let Some(values) = self.values.remove(&self.path.join(".")) else {
                return param;
            };
            param.map(|old| {
                let data = TensorData::new(values, old.dims());
                let options = (&old.device(), old.dtype());
                let trained = old.is_require_grad();
                Tensor::from_data(data, options).set_require_grad(trained)
            })
        }
    }
    module.map(&mut Assign {
        path: Vec::new(),
        values,
    })
}
