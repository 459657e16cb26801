//! Contrast-reconstruction representation learning in its three modes: contrast of motion ([`Cml`]), reconstruction of
//! posture ([`Ser`]), and both, the second taught by the first ([`Crrl`]).

mod cml;
mod frames;
mod fuser;
mod head;
mod recipe;
mod reconstruction;
mod ser;

pub use cml::{Cml, CmlConfig};
pub use fuser::{Crrl, CrrlConfig, DISTILLATION};
pub use recipe::CrrlRecipe;
pub use reconstruction::{
    RECONSTRUCTION, REVERSE_RECONSTRUCTION, Reconstruction, Reconstructor, ReconstructorConfig,
};
pub use ser::{Ser, SerConfig};
