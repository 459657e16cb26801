use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Int, Tensor};

use crate::kernels::mean_pool;

/// Skeleton sequences of a batch, which may end before their last frame.
#[derive(Clone, Debug)]
pub struct Sequences {
    /// Coordinates or another stream, `[N, M, T, V, C]`.
    pub frames: Tensor<5>,
    /// Valid frames of each sequence, `[N]`, from 1 to `T`; what follows them is padding. `None` where all are valid.
    pub lengths: Option<Tensor<1, Int>>,
}

impl From<Tensor<5>> for Sequences {
    /// Sequences whose frames are all valid.
    fn from(frames: Tensor<5>) -> Self {
        Self {
            frames,
            lengths: None,
        }
    }
}

/// A network that turns skeleton sequences into feature vectors.
///
/// Shapes use `N` sequences, `M` persons, `T` frames, `V` joints, `C` channels, `D` features. A method for
/// self-supervised learning is written against this trait and so works with every encoder.
///
/// Both methods take a tensor `[N, M, T, V, C]` or [`Sequences`] with lengths. A graph network convolves over time and
/// takes padding for frames, as the published ones do: lengths mean nothing to it. To a recurrent one padding never matters.
pub trait Encoder: Module {
    /// Features of every person, frame and joint, before anything is averaged.
    ///
    /// # Shapes
    /// - `x`: `[N, M, T, V, C]`
    /// - output: `[N, M', T', V', D]`, where `T'` is what the encoder's temporal strides leave of `T`. A recurrent
    ///   encoder sees all persons and joints of a frame as one vector: there `M'` and `V'` are 1, and frames of
    ///   padding are 0.
    ///
    /// # Panics
    /// When `V` or `C` is not what the encoder was made for, or an axis is empty.
    fn feature_map(&self, x: impl Into<Sequences>) -> Tensor<5>;

    /// Number of features `D` of a sequence.
    fn feature_dim(&self) -> usize;

    /// Features of a sequence: the feature map, [pooled](Self::pool).
    ///
    /// # Shapes
    /// - `x`: `[N, M, T, V, C]`
    /// - output: `[N, D]`
    ///
    /// # Panics
    /// As [`feature_map`](Self::feature_map).
    fn forward(&self, x: impl Into<Sequences>) -> Tensor<2> {
        let x = x.into();
        let lengths = x.lengths.clone();
        self.pool(self.feature_map(x), lengths)
    }

    /// Features of a sequence from its feature map: the mean over joints and (valid) frames, then over persons.
    /// For methods that look at both and so encode once.
    ///
    /// Every person counts the same, also one that is absent (all its coordinates zero): that is how the
    /// published encoders average (`papers.md` 5.1).
    ///
    /// # Shapes
    /// - `map`: `[N, M', T', V', D]`, as [`feature_map`](Self::feature_map) gives it
    /// - `lengths`: those of the sequences, where an encoder minds them; this default does not
    /// - output: `[N, D]`
    fn pool(&self, map: Tensor<5>, lengths: Option<Tensor<1, Int>>) -> Tensor<2> {
        let _ = lengths;
        let [n, m, t, v, d] = map.dims();
        mean_pool(map.reshape([n, m * t * v, d]))
    }
}

/// Number of learnable scalars of `module`, frozen or not: what papers and PyTorch report as parameters.
///
/// burn's [`Module::num_params`] also counts the running statistics of batch normalisation, which no
/// gradient reaches. burn shows them to a visitor like any parameter, and on a device without autodiff
/// nothing but their name tells them apart: fields called `running_mean` and `running_var` are left out.
pub fn trainable_parameters<M: Module>(module: &M) -> usize {
    #[derive(Default)]
    struct Count {
        path: Vec<String>,
        scalars: usize,
    }
    impl ModuleVisitor for Count {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let running = |field: &String| field == "running_mean" || field == "running_var";
            if !self.path.last().is_some_and(running) {
                self.scalars += param.lazy_shape().num_elements();
            }
        }
        fn enter_module(&mut self, name: &str, _container_type: &str) {
            self.path.push(name.to_owned());
        }
        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.path.pop();
        }
    }
    let mut count = Count::default();
    module.visit(&mut count);
    count.scalars
}
