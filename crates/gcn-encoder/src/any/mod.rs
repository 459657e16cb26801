//! Any encoder by name, for programs that choose one at run time.

mod config;
#[cfg(test)]
mod tests;

pub use config::{EncoderConfig, EncoderInput, UnknownEncoder};

use burn::module::Module;
use burn::tensor::Tensor;

use crate::{Agcn, AsGcn, BiGru, CtrGcn, Encoder, Sequences, StGcn, StGcnPlusPlus};

/// One of the encoders.
#[derive(Module, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "a program holds few encoders, and a box is no module to burn"
)]
pub enum AnyEncoder {
    /// See [`StGcn`].
    StGcn(StGcn),
    /// See [`AsGcn`].
    AsGcn(AsGcn),
    /// See [`Agcn`].
    Agcn(Agcn),
    /// See [`CtrGcn`].
    CtrGcn(CtrGcn),
    /// See [`StGcnPlusPlus`].
    StGcnPlusPlus(StGcnPlusPlus),
    /// See [`BiGru`].
    BiGru(BiGru),
}

/// `$body` with `$encoder` standing for the encoder that an [`AnyEncoder`](crate::AnyEncoder) is, whichever it is.
#[macro_export]
macro_rules! with_encoder {
    ($any:expr, $encoder:ident => $body:expr) => {
        match $any {
            $crate::AnyEncoder::StGcn($encoder) => $body,
            $crate::AnyEncoder::AsGcn($encoder) => $body,
            $crate::AnyEncoder::Agcn($encoder) => $body,
            $crate::AnyEncoder::CtrGcn($encoder) => $body,
            $crate::AnyEncoder::StGcnPlusPlus($encoder) => $body,
            $crate::AnyEncoder::BiGru($encoder) => $body,
        }
    };
}

impl Encoder for AnyEncoder {
    fn feature_map(&self, x: impl Into<Sequences>) -> Tensor<5> {
        with_encoder!(self, encoder => encoder.feature_map(x))
    }

    fn feature_dim(&self) -> usize {
        with_encoder!(self, encoder => encoder.feature_dim())
    }

    fn forward(&self, x: impl Into<Sequences>) -> Tensor<2> {
        with_encoder!(self, encoder => encoder.forward(x))
    }
}
