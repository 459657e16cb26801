use burn::tensor::{ExecutionError, Tensor};
use burn::train::ItemLazy;
use burn::train::metric::{Adaptor, LossInput};

use crate::monitor::{
    Barlow, Diagonal, EmbeddingInput, FiniteInput, Instance, OffDiagonal, Scalar,
};

/// What a step of [`Skt`](crate::Skt) leaves for the metrics. All of it is on the device still.
#[derive(Clone, Debug)]
pub struct SktOutput {
    /// The joint objective, shape `[1]`; on its way to the metrics it carries no gradients.
    pub loss: Tensor<1>,
    /// The Barlow Twins term divided by the width `D` of the projection, whatever the configured scale, shape `[1]`.
    pub barlow: Tensor<1>,
    /// The instance-level term before its weight, shape `[1]`.
    pub instance: Tensor<1>,
    /// Mean diagonal of the cross-correlation, shape `[1]`.
    pub diagonal: Tensor<1>,
    /// Mean absolute off-diagonal value of the cross-correlation, shape `[1]`.
    pub off_diagonal: Tensor<1>,
    /// Projections of the first view, `[N, D]`, without gradients.
    pub embedding: Tensor<2>,
    /// Epoch, 1-based.
    pub epoch: usize,
    /// Step within the epoch, 1-based.
    pub step: usize,
}

impl SktOutput {
    fn scalar<Q>(&self, value: &Tensor<1>) -> Scalar<Q> {
        Scalar::new(value.clone(), self.embedding.dims()[0])
    }
}

impl ItemLazy for SktOutput {
    fn sync(self) -> Result<Self, ExecutionError> {
        // The metrics read back what they need, on their own thread; here the device only has to start.
        self.loss.device().flush()?;
        Ok(Self {
            loss: self.loss.without_autodiff(),
            ..self
        })
    }
}

impl Adaptor<LossInput> for SktOutput {
    fn adapt(&self) -> LossInput {
        LossInput::new(self.loss.clone())
    }
}

impl Adaptor<Scalar<Barlow>> for SktOutput {
    fn adapt(&self) -> Scalar<Barlow> {
        self.scalar(&self.barlow)
    }
}

impl Adaptor<Scalar<Instance>> for SktOutput {
    fn adapt(&self) -> Scalar<Instance> {
        self.scalar(&self.instance)
    }
}

impl Adaptor<Scalar<Diagonal>> for SktOutput {
    fn adapt(&self) -> Scalar<Diagonal> {
        self.scalar(&self.diagonal)
    }
}

impl Adaptor<Scalar<OffDiagonal>> for SktOutput {
    fn adapt(&self) -> Scalar<OffDiagonal> {
        self.scalar(&self.off_diagonal)
    }
}

impl Adaptor<EmbeddingInput> for SktOutput {
    fn adapt(&self) -> EmbeddingInput {
        EmbeddingInput {
            embedding: self.embedding.clone(),
            epoch: self.epoch,
        }
    }
}

impl Adaptor<FiniteInput> for SktOutput {
    fn adapt(&self) -> FiniteInput {
        FiniteInput {
            loss: self.loss.clone(),
            epoch: self.epoch,
            step: self.step,
        }
    }
}
