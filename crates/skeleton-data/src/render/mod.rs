//! Pictures of sequences: PNG, GIF and SVG of stick figures.
//!
//! ```
//! use skeleton_data::render::{self, Style};
//! use skeleton_data::synthetic::SyntheticConfig;
//! use skeleton_data::Layout;
//!
//! let layout = Layout::ntu25();
//! // Synthetic figures face the sensor, at the origin, which looks along +z: the default view.
//! let clip = SyntheticConfig::new(layout.clone()).clip(0)?;
//! let png = render::frame_png(&clip, &layout, 16, &Style::default())?;
//! assert_eq!(png[1..4], *b"PNG");
//! let moving = render::svg(&clip, &layout, 15.0, &Style::default())?;
//! assert!(moving.starts_with("<svg") && moving.contains("<animate"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Persons have the colours of Okabe and Ito's palette, by their number in the sequence; left limbs are darker and right
//! limbs lighter, by the layout's mirrored pairs. A [`Camera`] is fitted once for a sequence. A person who is not valid
//! in a frame is not drawn. The same input gives the same bytes.
//!
//! Not for perspective, meshes or video files.

mod animation;
mod camera;
mod digits;
mod error;
mod raster;
mod scene;
mod style;
mod vector;

pub use camera::{Camera, Point};
pub use error::RenderError;
pub use style::{Background, Channels, Style, Up};
pub use vector::escaped;

use crate::{Layout, SkeletonSequence};
use scene::Scene;

/// Frame `frame`, counted from 0, as a PNG file.
///
/// # Errors
/// [`RenderError`] when an option is outside its range, the sequence does not fit the layout or the channels, or has no
/// such frame.
pub fn frame_png(
    sequence: &SkeletonSequence,
    layout: &Layout,
    frame: usize,
    style: &Style,
) -> Result<Vec<u8>, RenderError> {
    let scene = Scene::new(sequence, layout, style)?;
    if frame >= scene.frames() {
        return Err(RenderError::Frame {
            source_name: sequence.meta().source.clone(),
            frame,
            frames: scene.frames(),
        });
    }
    raster::png(&raster::paint(&scene, frame)?)
}

/// `count` evenly spaced frames from the first to the last, 1 to 64, side by side as a PNG file; every frame when there
/// are fewer.
///
/// # Errors
/// As [`frame_png`], and [`RenderError::Option`] for another count.
pub fn film_strip_png(
    sequence: &SkeletonSequence,
    layout: &Layout,
    count: usize,
    style: &Style,
) -> Result<Vec<u8>, RenderError> {
    let scene = Scene::new(sequence, layout, style)?;
    let frames = scene::spaced(scene.frames(), count)?;
    scene.check_size(frames.len())?;
    raster::png(&raster::paint_strip(&scene, &frames)?)
}

/// The same film strip as [`film_strip_png`] as SVG text.
///
/// # Errors
/// As [`film_strip_png`].
pub fn film_strip_svg(
    sequence: &SkeletonSequence,
    layout: &Layout,
    count: usize,
    style: &Style,
) -> Result<String, RenderError> {
    let scene = Scene::new(sequence, layout, style)?;
    Ok(vector::strip(
        &scene,
        &scene::spaced(scene.frames(), count)?,
    ))
}

/// The sequence as a GIF file that plays for ever at `fps` frames a second, 0.1 to 1000.
///
/// GIF counts hundredths of a second and viewers show at most 50 frames in one: delays differ by one hundredth where they
/// must, so that the whole takes as long as it should, and of a faster sequence every n-th frame is shown.
/// Where there are more frames than [`Style::max_frames`], likewise. The colours are one palette of at most 185.
///
/// # Errors
/// As [`frame_png`], [`RenderError::Option`] for another `fps`, and [`RenderError::TooLarge`] beyond 2^30 pixels in all.
pub fn gif(
    sequence: &SkeletonSequence,
    layout: &Layout,
    fps: f64,
    style: &Style,
) -> Result<Vec<u8>, RenderError> {
    animation::gif(&Scene::new(sequence, layout, style)?, fps)
}

/// The sequence as SVG text that moves for ever at `fps` frames a second, 0.1 to 1000, without a script; it can be
/// written into an HTML page as it is. At most [`Style::max_frames`] frames, as in [`gif()`].
///
/// # Errors
/// As [`frame_png`], and [`RenderError::Option`] for another `fps`.
pub fn svg(
    sequence: &SkeletonSequence,
    layout: &Layout,
    fps: f64,
    style: &Style,
) -> Result<String, RenderError> {
    vector::animated(&Scene::new(sequence, layout, style)?, fps)
}

#[cfg(test)]
mod tests;
