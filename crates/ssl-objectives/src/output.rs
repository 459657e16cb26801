use burn::tensor::{ExecutionError, Tensor};
use burn::train::ItemLazy;
use burn::train::metric::{Adaptor, LossInput};

use crate::ViewBatch;
use crate::monitor::{EmbeddingInput, FiniteInput, Term, TermValues};

/// What a step of a [`Method`](crate::Method) leaves for the metrics. All of it is on the device still.
#[derive(Clone, Debug)]
pub struct StepOutput {
    /// The objective, shape `[1]`; on its way to the metrics it carries no gradients.
    pub loss: Tensor<1>,
    /// The parts of the objective and its diagnostics, each of shape `[1]` and without gradients.
    pub terms: Vec<(Term, Tensor<1>)>,
    /// Embeddings of the first view, `[N, D]`, without gradients: what the collapse monitors look at.
    pub embedding: Tensor<2>,
    /// Epoch, 1-based.
    pub epoch: usize,
    /// Step within the epoch, 1-based.
    pub step: usize,
}

impl StepOutput {
    /// The output of a step on `batch`. Gradients of `terms` and `embedding` are cut here.
    pub fn new(
        batch: &ViewBatch,
        loss: Tensor<1>,
        terms: impl IntoIterator<Item = (Term, Tensor<1>)>,
        embedding: Tensor<2>,
    ) -> Self {
        Self {
            loss,
            terms: terms
                .into_iter()
                .map(|(term, value)| (term, value.without_autodiff()))
                .collect(),
            embedding: embedding.without_autodiff(),
            epoch: batch.epoch,
            step: batch.step,
        }
    }

    /// The value of `term`, where the step has it.
    pub fn term(&self, term: Term) -> Option<Tensor<1>> {
        let found = self.terms.iter().find(|(known, _)| *known == term);
        found.map(|(_, value)| value.clone())
    }
}

impl ItemLazy for StepOutput {
    fn sync(self) -> Result<Self, ExecutionError> {
        // The metrics read back what they need, on their own thread; here the device only has to start.
        self.loss.device().flush()?;
        Ok(Self {
            loss: self.loss.without_autodiff(),
            ..self
        })
    }
}

impl Adaptor<LossInput> for StepOutput {
    fn adapt(&self) -> LossInput {
        LossInput::new(self.loss.clone())
    }
}

impl Adaptor<TermValues> for StepOutput {
    fn adapt(&self) -> TermValues {
        TermValues {
            values: self.terms.clone(),
            samples: self.embedding.dims()[0],
        }
    }
}

impl Adaptor<EmbeddingInput> for StepOutput {
    fn adapt(&self) -> EmbeddingInput {
        EmbeddingInput {
            embedding: self.embedding.clone(),
            epoch: self.epoch,
        }
    }
}

impl Adaptor<FiniteInput> for StepOutput {
    fn adapt(&self) -> FiniteInput {
        FiniteInput {
            loss: self.loss.clone(),
            epoch: self.epoch,
            step: self.step,
        }
    }
}
