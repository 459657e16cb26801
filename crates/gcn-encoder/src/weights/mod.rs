//! Weights under the names and in the layouts of published PyTorch code, both ways.
//!
//! | encoder | names of |
//! |---|---|
//! | [`StGcn`](crate::StGcn) | the ST-GCN of Yan et al., as CrosSCLR, AimCLR and PSTL have it |
//! | [`Agcn`](crate::Agcn) | 2s-AGCN |
//! | [`CtrGcn`](crate::CtrGcn) | CTR-GCN |
//!
//! Each has one description, from which tensors are read and written alike. Nothing is approximated: every published tensor
//! of these networks has its counterpart here, so that weights come back as they went. Two things are no weights: the count
//! of batches in PyTorch's batch norms, which is not read and is written as 0, and the graph `A` of an ST-GCN, which is
//! compared with the encoder's and written from it.
//!
//! Files are the caller's: [`load`] takes shapes by name and a function that reads numbers, [`export`] gives tensors.

mod agcn;
mod ctrgcn;
mod entry;
mod error;
mod names;
mod network;
mod parameters;
mod stgcn;
#[cfg(test)]
mod tests;
mod transfer;

pub use error::{Mismatch, Misshapen, WeightsError};
pub use network::{find_network, networks};
pub use transfer::{Numbers, PublishedTensor, Shapes, export, load};
