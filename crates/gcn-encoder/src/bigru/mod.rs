//! The bidirectional recurrent encoder of CRRL (Wang et al. 2021) and of ISC and CMD, and CRRL's decoder.

mod config;
mod decoder;
mod layer;
mod network;
mod readout;

pub use config::BiGruConfig;
pub use decoder::{GruDecoder, GruDecoderConfig};
pub use layer::{BiGruLayer, GruLayer};
pub use network::BiGru;
pub use readout::{Readout, UnknownReadout, last_valid, temporal_average};
