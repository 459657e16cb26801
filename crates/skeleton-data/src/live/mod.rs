//! Frames as they arrive: lines of numbers from a sensor or a pipe, and the windows that are cut from them.
//!
//! [`FrameLines`] reads one frame a line and refuses a bad line with its number; a [`SlidingWindow`] keeps the last frames
//! and gives a [`SkeletonSequence`](crate::SkeletonSequence) each time a window is full. Memory does not grow with the
//! length of the stream.

mod error;
mod format;
mod lines;
mod window;

pub use error::{FrameError, LineError};
pub use format::{Frame, FrameFormat};
pub use lines::{FrameLines, Line};
pub use window::{SlidingWindow, Window};
