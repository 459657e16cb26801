use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData, TensorReadError};

/// The gradients of a model one after the other, on the host: `[P]`, in the order in which the model is visited.
///
/// Through the host because devices of two servers have no other way to each other: burn's reductions
/// (`burn::tensor::distributed::all_reduce`) are for the GPUs of one process or one server. One tensor, because each is a round trip.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct HostGradients {
    values: Vec<f32>,
    /// The parameters that have one, with the number of their values.
    parameters: Vec<(ParamId, usize)>,
}

impl HostGradients {
    /// Reads the gradients of `model`, waiting for the device.
    ///
    /// # Errors
    /// What the device says where it has failed.
    pub(super) fn read<M: Module>(
        grads: GradientsParams,
        model: &M,
    ) -> Result<Self, TensorReadError> {
        let mut flat = Flatten {
            grads,
            parts: Vec::new(),
            parameters: Vec::new(),
        };
        model.visit(&mut flat);
        let values = match flat.parts.is_empty() {
            true => Vec::new(),
            false => Tensor::cat(flat.parts, 0)
                .try_into_data_as::<f32>()?
                .try_into_vec()
                .expect("they were cast to f32"),
        };
        Ok(Self {
            values,
            parameters: flat.parameters,
        })
    }

    /// The mean over devices, summed in their order. `None` where they have gradients of different parameters.
    pub(super) fn mean(all: Vec<Self>) -> Option<Self> {
        let count = all.len() as f32;
        let mut all = all.into_iter();
        let mut sum = all.next()?;
        for other in all {
            if other.parameters != sum.parameters {
                return None;
            }
            for (sum, value) in sum.values.iter_mut().zip(&other.values) {
                *sum += value;
            }
        }
        for value in &mut sum.values {
            *value /= count;
        }
        Some(sum)
    }

    /// As gradients of `model`, on `device`.
    pub(super) fn write<M: Module>(&self, model: &M, device: &Device) -> GradientsParams {
        let count = self.values.len();
        let data = TensorData::new(self.values.clone(), [count]);
        let mut split = Split {
            flat: Tensor::from_data(data, &device.clone().without_autodiff()),
            at: 0,
            parameters: self.parameters.iter().peekable(),
            grads: GradientsParams::new(),
        };
        model.visit(&mut split);
        split.grads
    }
}

struct Flatten {
    grads: GradientsParams,
    parts: Vec<Tensor<1>>,
    parameters: Vec<(ParamId, usize)>,
}

impl ModuleVisitor for Flatten {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.grads.remove::<D>(param.id) {
            let count = gradient.shape().num_elements();
            self.parts.push(gradient.reshape([count]));
            self.parameters.push((param.id, count));
        }
    }
}

struct Split<'a, I: Iterator<Item = &'a (ParamId, usize)>> {
    flat: Tensor<1>,
    at: usize,
    parameters: std::iter::Peekable<I>,
    grads: GradientsParams,
}

impl<'a, I: Iterator<Item = &'a (ParamId, usize)>> ModuleVisitor for Split<'a, I> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(&(_, count)) = self.parameters.next_if(|(id, _)| *id == param.id) {
            let gradient = self.flat.clone().narrow(0, self.at, count);
            self.grads
                .register::<D>(param.id, gradient.reshape(param.base().shape()));
            self.at += count;
        }
    }
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
    use burn::tensor::Distribution;

    use super::*;

    #[derive(Module, Debug)]
    struct Net {
        linear: Linear,
        unused: Linear,
        norm: BatchNorm,
    }

    fn net(device: &Device) -> Net {
        Net {
            linear: LinearConfig::new(3, 4).init(device),
            unused: LinearConfig::new(2, 2).init(device),
            norm: BatchNormConfig::new(4).init(device),
        }
    }

    fn gradients(net: &Net) -> GradientsParams {
        let device = net.linear.weight.device();
        let x = Tensor::<2>::random([8, 3], Distribution::Default, &device);
        let y = net.norm.forward(net.linear.forward(x));
        GradientsParams::from_grads((y.clone() * y.exp()).sum().backward(), net)
    }

    fn numbers<const D: usize>(grads: &GradientsParams, id: ParamId) -> Vec<f32> {
        let gradient = grads.get::<D>(id).expect("a gradient");
        gradient.into_data().try_to_vec().unwrap()
    }

    #[test]
    fn the_mean_is_that_of_each_parameter_and_what_has_no_gradient_gets_none() {
        let device = Device::flex().autodiff();
        let net = net(&device);
        let [a, b] = [gradients(&net), gradients(&net)];
        let expected = |id: ParamId, rank: usize| -> Vec<f32> {
            let of = |grads| match rank {
                2 => numbers::<2>(grads, id),
                _ => numbers::<1>(grads, id),
            };
            let pairs = of(&a).into_iter().zip(of(&b));
            pairs.map(|(a, b)| (a + b) / 2.0).collect()
        };
        let bias = net.linear.bias.as_ref().unwrap().id;
        let (weight, gamma) = (net.linear.weight.id, net.norm.gamma.id);
        let expected = [expected(weight, 2), expected(bias, 1), expected(gamma, 1)];

        let all = vec![
            HostGradients::read(a, &net).unwrap(),
            HostGradients::read(b, &net).unwrap(),
        ];
        let mean = HostGradients::mean(all).unwrap().write(&net, &device);
        assert_eq!(mean.len(), 4);
        assert!(mean.get::<2>(net.unused.weight.id).is_none());
        let got = [
            numbers::<2>(&mean, weight),
            numbers::<1>(&mean, bias),
            numbers::<1>(&mean, gamma),
        ];
        assert_eq!(got, expected);
        assert!(!mean.get::<2>(weight).unwrap().is_autodiff());
    }

    #[test]
    fn gradients_of_different_parameters_have_no_mean() {
        let device = Device::flex().autodiff();
        let [one, other] = [net(&device), net(&device)]
            .map(|net| HostGradients::read(gradients(&net), &net).unwrap());
        assert_eq!(HostGradients::mean(vec![one, other]), None);
    }
}
