use core::any::Any;
use std::collections::HashMap;

use burn::module::{Flag, Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::{Device, Tensor};

/// What the running statistics of a network that follows another do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Buffers {
    /// They stay the follower's own, gathered from what it sees, as in MoCo (its published code moves parameters only).
    #[default]
    Own,
    /// They move as the parameters do.
    Follow,
}

/// A copy of `source` that [`momentum_update`] moves and nothing else: it starts with the same values, shares neither
/// parameters nor running statistics with `source`, and gets no gradients.
///
/// It is not frozen: on an autodiff device its batch normalisation uses the statistics of the batch and gathers running
/// ones, as the key encoder of MoCo does. A clone would not do, because burn's running states stay shared between clones.
/// Parameters of `source` that have no value yet are drawn.
pub fn follower<M: Module>(source: &M) -> M {
    let training = source.devices().iter().any(Device::is_autodiff);
    // burn makes new running states only on the way to inference, where it also brings those of `source` up to date.
    let apart = source.valid();
    let apart = match training {
        true => apart.train(),
        false => apart,
    };
    apart.map(&mut Copy {
        source: Values::of(source),
    })
}

/// Moves `target` towards `source`: every parameter, and with [`Buffers::Follow`] every running mean and variance,
/// becomes
///
/// ```text
/// theta_k <- m theta_k + (1 - m) theta_q
/// ```
///
/// with `theta_k` of `target`, `theta_q` of `source` and the `momentum` m. No gradients are recorded, and the parameters of
/// `target` need none afterwards.
///
/// He et al., *Momentum Contrast for Unsupervised Visual Representation Learning*, CVPR 2020, eq. 2.
///
/// # Panics
/// When `momentum` is not in 0..=1, or when the two differ in their parameters or the shapes of these: `target` is meant to be
/// a [`follower`] of `source`.
pub fn momentum_update<M: Module>(target: M, source: &M, momentum: f64, buffers: Buffers) -> M {
    assert!(
        (0.0..=1.0).contains(&momentum),
        "the momentum is {momentum}: expected 0 to 1"
    );
    if buffers == Buffers::Follow {
        // burn keeps the last update of a running state aside, and would put it over the value that is set here. Going to
        // inference takes it in.
        let _ = target.valid();
    }
    target.map(&mut Blend {
        source: Values::of(&source.valid()),
        momentum,
        buffers,
    })
}

/// Every float of a module by its path.
#[derive(Default)]
struct Values {
    path: Vec<String>,
    values: HashMap<String, Box<dyn Any>>,
}

impl Values {
    fn of<M: Module>(module: &M) -> Self {
        let mut values = Self::default();
        module.visit(&mut values);
        values
    }

    fn enter(&mut self, name: &str) {
        self.path.push(name.to_owned());
    }

    fn exit(&mut self) {
        self.path.pop();
    }

    /// The value at the path where the walk through the other module stands.
    fn take<const D: usize>(&mut self) -> Tensor<D> {
        let path = self.path.join(".");
        let found = self.values.remove(&path);
        *found
            .and_then(|value| value.downcast::<Tensor<D>>().ok())
            .unwrap_or_else(|| panic!("`{path}` of rank {D} is in one of two networks only"))
    }

    /// Running statistics look like parameters to a visitor: their fields' names tell them apart, as in
    /// [`gcn_encoder::trainable_parameters`].
    fn at_running_statistic(&self) -> bool {
        let field = self.path.last().map(String::as_str);
        matches!(field, Some("running_mean" | "running_var"))
    }
}

impl ModuleVisitor for Values {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.enter(name);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.values
            .insert(self.path.join("."), Box::new(param.base()));
    }
}

/// Sets the values of `source` under identities of their own: an optimiser finds gradients by identity.
struct Copy {
    source: Values,
}

impl ModuleMapper for Copy {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.source.enter(name);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.source.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        // From `source` itself, so that the copy keeps whatever goes with its device, such as gradient checkpointing.
        let value = self.source.take::<D>();
        let mut copy = param
            .map(|_| value.detach().set_require_grad(false))
            .set_require_grad(false);
        copy.id = ParamId::new();
        copy
    }

    fn map_flag(&mut self, mut flag: Param<Flag>) -> Param<Flag> {
        flag.id = ParamId::new();
        flag
    }
}

struct Blend {
    source: Values,
    momentum: f64,
    buffers: Buffers,
}

impl ModuleMapper for Blend {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.source.enter(name);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.source.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if self.buffers == Buffers::Own && self.source.at_running_statistic() {
            return param;
        }
        let source = self.source.take::<D>();
        let path = &self.source.path;
        let momentum = self.momentum;
        param
            .map(|target| {
                assert_eq!(
                    target.dims(),
                    source.dims(),
                    "`{}` differs in shape",
                    path.join(".")
                );
                let source = source.to_device(&target.device().without_autodiff());
                target.set_require_grad(false) * momentum + source * (1.0 - momentum)
            })
            .set_require_grad(false)
    }
}

#[cfg(test)]
mod tests {
    use burn::module::list_param_ids;
    use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
    use burn::optim::{AdamConfig, GradientsParams};

    use super::*;
    use crate::testing::{host, random};

    #[derive(Module, Debug)]
    struct Net {
        linear: Linear,
        norm: BatchNorm,
    }

    impl Net {
        fn new(device: &Device) -> Self {
            Self {
                linear: LinearConfig::new(3, 4).init(device),
                norm: BatchNormConfig::new(4).init(device),
            }
        }

        fn forward(&self, x: Tensor<2>) -> Tensor<2> {
            self.norm.forward(self.linear.forward(x))
        }
    }

    #[derive(Module, Debug)]
    struct Pair {
        leader: Net,
        follower: Net,
    }

    /// Every value by path, running statistics up to date.
    fn values(net: &Net) -> Vec<(&'static str, Vec<f32>)> {
        let net = net.valid();
        vec![
            ("linear.weight", host(net.linear.weight.val())),
            ("linear.bias", host(net.linear.bias.as_ref().unwrap().val())),
            ("norm.gamma", host(net.norm.gamma.val())),
            ("norm.beta", host(net.norm.beta.val())),
            ("norm.running_mean", host(net.norm.running_mean.value())),
            ("norm.running_var", host(net.norm.running_var.value())),
        ]
    }

    /// A network whose every value differs from that of a new one.
    fn trained(seed: u64, device: &Device) -> Net {
        let net = Net::new(device);
        net.forward(random([20, 3], seed, device) * 2.0 + 1.0);
        let mut net = net;
        for (index, param) in [&mut net.norm.gamma, &mut net.norm.beta]
            .into_iter()
            .enumerate()
        {
            *param = Param::from_tensor(random([4], seed + 10 + index as u64, device));
        }
        net
    }

    #[test]
    fn a_follower_starts_equal_and_shares_nothing() {
        for device in [Device::flex().autodiff(), Device::flex()] {
            let leader = trained(1, &device);
            let copy = follower(&leader);
            assert_eq!(values(&copy), values(&leader));
            assert_eq!(
                copy.linear.weight.device().is_autodiff(),
                device.is_autodiff()
            );
            let ids = |net: &Net| {
                let norm = [net.norm.gamma.id, net.norm.beta.id];
                [list_param_ids(&net.linear), norm.to_vec()].concat()
            };
            assert!(ids(&copy).iter().all(|id| !ids(&leader).contains(id)));
        }
        // What one sees moves its own running statistics only.
        let device = Device::flex().autodiff();
        let leader = trained(2, &device);
        let copy = follower(&leader);
        let before = values(&leader);
        copy.forward(random([20, 3], 3, &device) * 5.0);
        assert_eq!(values(&leader), before);
        assert_ne!(values(&copy)[4], before[4], "the follower is not frozen");
    }

    #[test]
    fn no_gradient_and_no_optimiser_reaches_a_follower() {
        let device = Device::flex().autodiff();
        let leader = trained(4, &device);
        let pair = Pair {
            follower: follower(&leader),
            leader,
        };
        let x = random([8, 3], 5, &device);
        let loss = (pair.leader.forward(x.clone()) * pair.follower.forward(x.clone())).sum();
        let grads = loss.backward();
        assert!(pair.leader.linear.weight.val().grad(&grads).is_some());
        let copy = &pair.follower;
        for requires in [
            copy.linear.weight.is_require_grad(),
            copy.norm.gamma.is_require_grad(),
            copy.forward(x).is_require_grad(),
        ] {
            assert!(!requires);
        }
        let before = (values(&pair.leader), values(&pair.follower));
        let grads = GradientsParams::from_grads(grads, &pair);
        let pair = AdamConfig::new().init().step(0.1, pair, grads);
        assert_ne!(values(&pair.leader), before.0);
        assert_eq!(values(&pair.follower), before.1);
        // Nor after a trip to inference and back, which restores what needed gradients.
        let pair = pair.valid().train();
        assert!(pair.leader.linear.weight.is_require_grad());
        assert!(!pair.follower.linear.weight.is_require_grad());
    }

    #[test]
    fn every_parameter_moves_by_the_formula_and_buffers_by_choice() {
        let momentum = 0.9_f64;
        for device in [Device::flex().autodiff(), Device::flex()] {
            for buffers in [Buffers::Own, Buffers::Follow] {
                let (leader, old) = (trained(6, &device), trained(7, &device));
                // The last update of running statistics is held back by burn and must not undo the move. Reading them from
                // `target` itself would take it in.
                let [target, same] = [follower(&old), follower(&old)];
                for net in [&target, &same] {
                    net.forward(random([20, 3], 8, &device) - 3.0);
                }
                let before = values(&same);
                let moved = momentum_update(target, &leader, momentum, buffers);
                for (((path, k), (_, q)), (_, got)) in
                    before.iter().zip(values(&leader)).zip(values(&moved))
                {
                    let own = buffers == Buffers::Own && path.contains("running");
                    for ((k, q), got) in k.iter().zip(q).zip(got) {
                        let expected = match own {
                            true => *k,
                            false => (momentum * *k as f64 + (1.0 - momentum) * q as f64) as f32,
                        };
                        let off = (got - expected).abs();
                        assert!(
                            off <= 1e-6 * expected.abs().max(1.0),
                            "{path}: {got} {expected}"
                        );
                    }
                }
                assert!(!moved.linear.weight.is_require_grad());
                assert_eq!(
                    moved.linear.weight.device().is_autodiff(),
                    device.is_autodiff()
                );
            }
        }
    }

    #[test]
    fn moving_keeps_identities_and_leaves_the_source() {
        let device = Device::flex().autodiff();
        let leader = trained(9, &device);
        let target = follower(&leader);
        let before = (list_param_ids(&target), values(&leader));
        let moved = momentum_update(target, &leader, 0.5, Buffers::Follow);
        assert_eq!((list_param_ids(&moved), values(&leader)), before);
        assert!(leader.linear.weight.is_require_grad());
    }

    #[test]
    fn a_follower_survives_a_record() {
        let device = Device::flex().autodiff();
        let leader = trained(10, &device);
        let target = follower(&trained(11, &device));
        let pair = Pair {
            follower: momentum_update(target, &leader, 0.3, Buffers::Follow),
            leader,
        };
        let fresh = Net::new(&device);
        let loaded = Pair {
            follower: follower(&fresh),
            leader: fresh,
        }
        .load_record(pair.clone().into_record());
        assert_eq!(values(&loaded.leader), values(&pair.leader));
        assert_eq!(values(&loaded.follower), values(&pair.follower));
        assert_ne!(values(&loaded.follower), values(&loaded.leader));
        assert!(loaded.leader.linear.weight.is_require_grad());
        assert!(!loaded.follower.linear.weight.is_require_grad());
    }

    #[test]
    #[should_panic(expected = "expected 0 to 1")]
    fn a_momentum_above_one_is_refused() {
        let net = Net::new(&Device::flex());
        momentum_update(follower(&net), &net, 1.5, Buffers::Own);
    }
}
