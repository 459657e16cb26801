//! Orthographic projection of a sequence on a frame of pixels.

use super::RenderError;
use super::style::{Channels, Style, Up};
use crate::SkeletonSequence;

/// Share of the shorter side of a frame that stays free along every edge.
const MARGIN: f64 = 0.08;
/// Joints outside the 1st and 99th percentile count for the fit only as far as this share of the percentiles' distance.
const REACH: f64 = 0.25;
/// Cells of the ground's grid along a side.
const CELLS: usize = 4;

/// A point on a frame: pixels from the upper left corner, x to the right and y downwards, and how far away it is
/// in the sequence's units; it may lie outside the frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Pixels from the left edge.
    pub x: f64,
    /// Pixels from the upper edge.
    pub y: f64,
    /// Distance along the viewer's direction; larger is further away.
    pub depth: f64,
}

/// An orthographic camera, fitted to all bodies of a sequence over all its frames, so that a picture moves only
/// where a body does. Both axes have one scale. Pictures are never mirrored: where z points away from the viewer
/// and y upwards, x points to the left, and a person who faces the viewer has the left hand on the right. (Kinect's own
/// images are mirrored: their columns grow with x.)
///
/// The box that is fitted holds every joint that lies within a quarter of the distance between the 1st and the 99th
/// percentile from them, along both axes of the frame; a joint that a tracker threw further away than that lies outside the frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Camera {
    view: View,
    /// Pixels per unit.
    scale: f64,
    /// What lies in the middle of the frame, in the viewer's axes.
    middle: [f64; 2],
    /// The middle of the frame in pixels.
    centre: [f64; 2],
    ground: Vec<[Point; 2]>,
}

impl Camera {
    /// A camera that sees all of `sequence` in frames of `style`'s size. Without any body it looks at the origin.
    ///
    /// # Errors
    /// [`RenderError::Option`] when an option is outside its range, and [`RenderError::Channels`] when the sequence
    /// has too few channels.
    pub fn fit(sequence: &SkeletonSequence, style: &Style) -> Result<Self, RenderError> {
        style.check()?;
        let (channels, expected) = match style.channels {
            Channels::Space3 => ("space3", 3),
            Channels::Plane2 => ("plane2", 2),
        };
        let shape = sequence.shape();
        if shape.channels < expected {
            return Err(RenderError::Channels {
                source_name: sequence.meta().source.clone(),
                found: shape.channels,
                channels,
                expected,
            });
        }
        let view = View::new(style);
        let bodies = sequence.frames().chunks_exact(shape.person_len());
        let points: Vec<[f64; 3]> = bodies
            .zip(sequence.validity())
            .filter(|&(_, &valid)| valid)
            .flat_map(|(body, _)| body.chunks_exact(shape.channels))
            .filter_map(|joint| view.axes(joint))
            .collect();

        let ground = match style.ground {
            true => view.ground(&points),
            false => Vec::new(),
        };
        let mut seen = [[0.0; 2]; 2];
        for (axis, range) in seen.iter_mut().enumerate() {
            let along = points.iter().map(|&point| view.turn(point)[axis]);
            *range = robust_range(along.collect());
            for point in ground.iter().flatten() {
                range[0] = range[0].min(point[axis]);
                range[1] = range[1].max(point[axis]);
            }
        }
        let size = [f64::from(style.width), f64::from(style.height)];
        let margin = MARGIN * size[0].min(size[1]);
        let scale = (0..2)
            .filter(|&axis| seen[axis][1] > seen[axis][0])
            .map(|axis| (size[axis] - 2.0 * margin) / (seen[axis][1] - seen[axis][0]))
            .fold(f64::INFINITY, f64::min);
        let mut camera = Self {
            view,
            // A single point, or nothing at all, has no size to be fitted.
            scale: if scale.is_finite() { scale } else { 1.0 },
            middle: seen.map(|[low, high]| low + (high - low) / 2.0),
            centre: size.map(|size| size / 2.0),
            ground: Vec::new(),
        };
        camera.ground = ground
            .iter()
            .map(|line| line.map(|point| camera.place(point)))
            .collect();
        Ok(camera)
    }

    /// Where a joint with these channels appears; `None` when the channels are too few, or say that the joint was not seen.
    pub fn project(&self, joint: &[f32]) -> Option<Point> {
        let point = self.view.axes(joint)?;
        Some(self.place(self.view.turn(point)))
    }

    /// The lines of the ground, without any when it is not drawn.
    pub(super) fn ground(&self) -> &[[Point; 2]] {
        &self.ground
    }

    fn place(&self, [right, up, depth]: [f64; 3]) -> Point {
        Point {
            x: self.centre[0] + (right - self.middle[0]) * self.scale,
            y: self.centre[1] - (up - self.middle[1]) * self.scale,
            depth,
        }
    }
}

/// The viewer's directions.
#[derive(Clone, Copy, Debug, PartialEq)]
struct View {
    channels: Channels,
    up: Up,
    /// Sine and cosine.
    yaw: (f64, f64),
    pitch: (f64, f64),
}

impl View {
    fn new(style: &Style) -> Self {
        let (yaw, pitch) = match style.channels {
            Channels::Space3 => (style.yaw, style.pitch),
            Channels::Plane2 => (0.0, 0.0),
        };
        Self {
            channels: style.channels,
            up: style.up,
            yaw: f64::from(yaw).to_radians().sin_cos(),
            pitch: f64::from(pitch).to_radians().sin_cos(),
        }
    }

    /// Coordinates along right, up and forward of a viewer at yaw and pitch 0; right is always forward x up.
    fn axes(&self, joint: &[f32]) -> Option<[f64; 3]> {
        let channel = |at: usize| joint.get(at).copied().map(f64::from);
        let (x, y) = (channel(0)?, channel(1)?);
        match (self.channels, self.up) {
            (Channels::Plane2, _) if joint.get(2) == Some(&0.0) => None,
            (Channels::Plane2, Up::MinusY) => Some([x, -y, 0.0]),
            (Channels::Plane2, Up::Y | Up::Z) => Some([x, y, 0.0]),
            (Channels::Space3, Up::Y) => Some([-x, y, channel(2)?]),
            (Channels::Space3, Up::Z) => Some([x, channel(2)?, y]),
            (Channels::Space3, Up::MinusY) => Some([x, -y, channel(2)?]),
        }
    }

    /// The same point for a viewer who has walked to the right by yaw and risen by pitch.
    fn turn(&self, [right, up, forward]: [f64; 3]) -> [f64; 3] {
        let (sin, cos) = self.yaw;
        let (right, forward) = (right * cos + forward * sin, forward * cos - right * sin);
        let (sin, cos) = self.pitch;
        [right, up * cos + forward * sin, forward * cos - up * sin]
    }

    /// Lines on the ground below `points`, turned: a square grid in space, a line in a plane.
    fn ground(&self, points: &[[f64; 3]]) -> Vec<[[f64; 3]; 2]> {
        let range = |axis: usize| robust_range(points.iter().map(|point| point[axis]).collect());
        let [right, up, forward] = [range(0), range(1), range(2)];
        let length = |[low, high]: [f64; 2]| high - low;
        let side = length(right).max(length(forward)).max(0.4 * length(up));
        if side <= 0.0 {
            return Vec::new();
        }
        let from = |[low, high]: [f64; 2]| low + (high - low) / 2.0 - side / 2.0;
        let (right, forward) = (from(right), from(forward));
        let at = |r: f64, f: f64| self.turn([right + r * side, up[0], forward + f * side]);
        if self.channels == Channels::Plane2 {
            return vec![[at(0.0, 0.5), at(1.0, 0.5)]];
        }
        (0..=CELLS)
            .map(|cell| cell as f64 / CELLS as f64)
            .flat_map(|share| {
                [
                    [at(0.0, share), at(1.0, share)],
                    [at(share, 0.0), at(share, 1.0)],
                ]
            })
            .collect()
    }
}

/// The extent of values without those that lie far outside the others; zeros without any.
fn robust_range(mut values: Vec<f64>) -> [f64; 2] {
    if values.is_empty() {
        return [0.0; 2];
    }
    let last = values.len() - 1;
    let mut ranked = |rank: usize| {
        let (_, value, _) = values.select_nth_unstable_by(rank, f64::total_cmp);
        *value
    };
    let outside = last / 100;
    let [least, low, high, most] = [0, outside, last - outside, last].map(&mut ranked);
    let reach = (high - low) * REACH;
    [least.max(low - reach), most.min(high + reach)]
}

#[cfg(test)]
#[path = "camera_tests.rs"]
mod tests;
