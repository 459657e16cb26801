//! View augmentations for skeleton sequences, seeded per sample.
//!
//! Every augmentation acts on one clip `[T, M, V, C]` (frames, persons, joints, channels; see
//! [`ClipShape`](skeleton_data::ClipShape)) that lies in a reusable [`Clip`]. A [`Pipeline`] is an ordered list
//! of steps with probabilities that serialises as it is read; [`Views`] makes as many views of a clip as a
//! method asks for. All that is random follows from a [`ViewKey`] (seed, epoch, sample, view), so a run gives
//! the same views whatever the number or order of workers.
//!
//! # Missing persons
//! A person whose coordinates are all exactly zero in a frame is absent from it. Linear maps (shear, rotations,
//! masks, scale) and re-timing keep such a person absent of themselves. Additive steps would turn the
//! zeros into a moving point cloud that the encoder averages into its features: [`GaussianNoise`] and
//! [`RandomMove`] therefore leave absent persons alone unless told otherwise, which departs from the released
//! code bases ([`AbsentPersons::Disturb`] gives theirs). Single missing joints of a present person are not told
//! apart from joints at the origin, such as the centre joint after centring.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod axis_mask;
mod blur;
mod clip;
mod crop_resize;
mod error;
mod joint_mask;
mod key;
mod linear;
mod motion_clips;
mod noise;
mod nw_ucla_view;
mod pipeline;
mod presets;
mod random_move;
mod rotation;
mod segment_shuffle;
mod shear;
mod sorted_frames;
mod spatial_flip;
mod speed;
mod step;
mod temporal_crop;
mod time_flip;
mod views;
mod window;

#[cfg(test)]
mod testing;

pub use axis_mask::AxisMask;
pub use blur::{BlurKernel, GaussianBlur};
pub use clip::{AbsentPersons, Clip};
pub use crop_resize::{CropPlacement, TemporalCropResize};
pub use error::AugmentError;
pub use joint_mask::JointMask;
pub use key::{ViewKey, ViewRng};
pub use linear::Axis;
pub use motion_clips::{MotionClips, NegativeClip, ShortClips};
pub use noise::GaussianNoise;
pub use nw_ucla_view::NwUclaView;
pub use pipeline::{Pipeline, Stage};
pub use random_move::RandomMove;
pub use rotation::{AxisRotation, RandomRotation, Rotation, Turn};
pub use segment_shuffle::SegmentShuffle;
pub use shear::Shear;
pub use sorted_frames::SortedFrames;
pub use spatial_flip::SpatialFlip;
pub use speed::{SpeedChange, SpeedLength};
pub use step::{Augmentation, OneOf, Step};
pub use temporal_crop::TemporalCrop;
pub use time_flip::TimeFlip;
pub use views::{Source, Views};
pub use window::{RandomChoose, RandomShift};

/// The README's program, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
