//! Why a picture cannot be drawn.

use thiserror::Error;

/// Why a picture of a sequence cannot be drawn.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum RenderError {
    /// An option is outside its range.
    #[error("the option `{option}` is {found}, expected {expected}")]
    Option {
        /// Name of the option.
        option: &'static str,
        /// Its value.
        found: String,
        /// What it may be.
        expected: String,
    },
    /// The sequence has other joints than the layout.
    #[error(
        "sequence `{source_name}` has {found} joints, but the layout `{layout}` that it is to be drawn with has {expected}"
    )]
    JointCount {
        /// Name of the recording.
        source_name: String,
        /// Joints of the sequence.
        found: usize,
        /// Name of the layout.
        layout: String,
        /// Joints of the layout.
        expected: usize,
    },
    /// The sequence has too few channels for what they are to be drawn as.
    #[error(
        "sequence `{source_name}` has {found} channels, `{channels}` needs at least {expected}"
    )]
    Channels {
        /// Name of the recording.
        source_name: String,
        /// Channels of the sequence.
        found: usize,
        /// The option, as it is written.
        channels: &'static str,
        /// Channels needed.
        expected: usize,
    },
    /// The sequence has no such frame.
    #[error(
        "sequence `{source_name}` has {frames} frames, there is no frame {frame} (they count from 0)"
    )]
    Frame {
        /// Name of the recording.
        source_name: String,
        /// The 0-based frame asked for.
        frame: usize,
        /// Frames of the sequence.
        frames: usize,
    },
    /// The picture would be larger than anything to look at.
    #[error(
        "{frames} frames of {width} x {height} pixels are more than the {limit} pixels that a picture may have"
    )]
    TooLarge {
        /// Frames drawn.
        frames: usize,
        /// Width of a frame.
        width: u32,
        /// Height of a frame.
        height: u32,
        /// Most pixels.
        limit: u64,
    },
    /// The encoder refused the picture.
    #[error("the picture cannot be encoded as {format}: {message}")]
    Encode {
        /// `PNG` or `GIF`.
        format: &'static str,
        /// The encoder's words.
        message: String,
    },
}
