//! Motion consistency and continuity: what a clip keeps at another speed, what breaks it, and what lies between frames.

mod config;
mod consistency;
mod decoder;
mod dense;
mod method;

pub use config::{Continuity, MccConfig};
pub use consistency::{ConsistencyOutput, MotionConsistency};
pub use decoder::{DecoderConfig, InterpolationDecoder, InterpolationTarget, ValidJoints};
pub use dense::DenseTimes;
pub use method::{MOTION_CONSISTENCY, MOTION_CONTINUITY, Mcc, POSITIVE_FIRST, POSITIVE_NEARER};
