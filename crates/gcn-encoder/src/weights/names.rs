use burn::tensor::Tensor;

use super::entry::{Entry, Form};
use super::{agcn, ctrgcn, stgcn};
use crate::AnyEncoder;
use crate::weights::WeightsError;

/// What published code calls the tensors of an encoder.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) entries: Vec<Entry>,
    /// Counts of batches, which batch norms have there alone.
    pub(super) counters: Vec<String>,
    pub(super) graphs: Vec<FixedGraph>,
}

/// The fixed graph where published code keeps it among the weights.
#[derive(Debug)]
pub(super) struct FixedGraph {
    pub(super) name: String,
    /// The encoder's own, `[K, V, V]`.
    pub(super) ours: Tensor<3>,
    /// Whether the release has it; some that build on it do.
    pub(super) released: bool,
}

impl Names {
    /// # Errors
    /// [`WeightsError::NoPublishedNames`] for encoders that have no description.
    pub(super) fn of(encoder: &AnyEncoder) -> Result<Self, WeightsError> {
        match encoder {
            AnyEncoder::StGcn(network) => Ok(stgcn::names(network)),
            AnyEncoder::Agcn(network) => Ok(agcn::names(network)),
            AnyEncoder::CtrGcn(network) => Ok(ctrgcn::names(network)),
            AnyEncoder::AsGcn(_) | AnyEncoder::StGcnPlusPlus(_) | AnyEncoder::BiGru(_) => {
                Err(WeightsError::NoPublishedNames {
                    encoder: kind(encoder),
                })
            }
        }
    }

    /// A tensor of ours that is one there.
    pub(super) fn one(&mut self, ours: String, theirs: String, form: Form) {
        self.several(ours, vec![theirs], form);
    }

    /// A tensor of ours that is several there.
    pub(super) fn several(&mut self, ours: String, theirs: Vec<String>, form: Form) {
        self.entries.push(Entry { ours, theirs, form });
    }

    /// Weight and bias of a convolution of ours at `weight` and `bias`, each part of which is a module there.
    pub(super) fn convolutions(
        &mut self,
        weight: String,
        bias: String,
        theirs: &[String],
        form: Form,
    ) {
        let part = |name: &str| {
            theirs
                .iter()
                .map(|module| format!("{module}.{name}"))
                .collect()
        };
        self.several(weight, part("weight"), form);
        self.several(bias, part("bias"), Form::Vectors);
    }

    /// A batch norm of ours at the path `ours`, each part of which is a module there.
    pub(super) fn norm(&mut self, ours: &str, theirs: &[String]) {
        for (field, name) in [
            ("gamma", "weight"),
            ("beta", "bias"),
            ("running_mean", "running_mean"),
            ("running_var", "running_var"),
        ] {
            let theirs = theirs.iter().map(|module| format!("{module}.{name}"));
            self.several(format!("{ours}.{field}"), theirs.collect(), Form::Vectors);
        }
        let counters = theirs.iter();
        self.counters
            .extend(counters.map(|module| format!("{module}.num_batches_tracked")));
    }

    /// A [`ConvNorm`](crate::conv::ConvNorm) of ours at the path `ours`.
    pub(super) fn conv_norm(&mut self, ours: &str, convolution: String, norm: String) {
        let (weight, bias) = (format!("{ours}.weight"), format!("{ours}.bias"));
        self.convolutions(weight, bias, &[convolution], Form::Taps);
        self.norm(&format!("{ours}.norm"), &[norm]);
    }
}

/// The encoder with its article, for messages.
pub(super) fn kind(encoder: &AnyEncoder) -> &'static str {
    match encoder {
        AnyEncoder::StGcn(_) => "an ST-GCN",
        AnyEncoder::Agcn(_) => "a 2s-AGCN",
        AnyEncoder::CtrGcn(_) => "a CTR-GCN",
        AnyEncoder::AsGcn(_) => "an AS-GCN",
        AnyEncoder::StGcnPlusPlus(_) => "an ST-GCN++",
        AnyEncoder::BiGru(_) => "a bidirectional GRU",
    }
}
