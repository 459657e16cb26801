use serde::{Deserialize, Serialize};
use skeleton_data::ClipShape;

use crate::error::{require, require_xyz};
use crate::linear::{Matrix, compose, map_clip, rotation};
use crate::{AugmentError, Augmentation, Axis, Clip, ViewRng};

/// Shows the clip from another direction and at another size: rotation about y, then about x, each by a whole
/// number of degrees in [-60, 60], and a scale U(0.5, 1.5).
///
/// Source: CTR-GCN's reader for NW-UCLA, in training, on clips centred on joint 2 of the first frame. That reader
/// then stretches each axis of the turned clip to [-1, 1], which undoes the scale; set `min_max` to do so here,
/// where the order matters (persons who are absent from a frame neither count nor change).
///
/// Draws: degrees about x, degrees about y, scale. Absent persons stay absent. Needs three channels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NwUclaView {
    /// Bound of either angle in whole degrees, up to 180.
    pub degrees: u32,
    /// Smallest scale, over 0.
    pub min_scale: f64,
    /// Largest scale, from `min_scale` to 100.
    pub max_scale: f64,
    /// Stretch each axis to [-1, 1] over the whole clip afterwards; an axis without extent becomes 0.
    pub min_max: bool,
}

impl Default for NwUclaView {
    fn default() -> Self {
        Self {
            degrees: 60,
            min_scale: 0.5,
            max_scale: 1.5,
            min_max: false,
        }
    }
}

/// Stretches each of the three axes to [-1, 1] over the present persons.
fn stretch(clip: &mut Clip) {
    let mut low = [f32::INFINITY; 3];
    let mut high = [f32::NEG_INFINITY; 3];
    let absent = |person: &[f32]| person.iter().all(|&x| x == 0.0);
    for person in clip.persons_mut().filter(|person| !absent(person)) {
        for joint in person.chunks_exact(3) {
            for axis in 0..3 {
                low[axis] = low[axis].min(joint[axis]);
                high[axis] = high[axis].max(joint[axis]);
            }
        }
    }
    for person in clip.persons_mut().filter(|person| !absent(person)) {
        for joint in person.chunks_exact_mut(3) {
            for axis in 0..3 {
                let extent = high[axis] - low[axis];
                joint[axis] = if extent > 0.0 {
                    (joint[axis] - low[axis]) / extent * 2.0 - 1.0
                } else {
                    0.0
                };
            }
        }
    }
}

impl Augmentation for NwUclaView {
    fn validate(&self) -> Result<(), AugmentError> {
        const NAME: &str = "nw_ucla_view";
        require(
            self.degrees <= 180,
            NAME,
            "degrees",
            self.degrees,
            "from 0 to 180 degrees",
        )?;
        let ok = self.min_scale > 0.0 && self.min_scale <= 100.0;
        require(
            ok,
            NAME,
            "min_scale",
            self.min_scale,
            "over 0 and up to 100",
        )?;
        let ok = (self.min_scale..=100.0).contains(&self.max_scale);
        require(
            ok,
            NAME,
            "max_scale",
            self.max_scale,
            "from `min_scale` to 100",
        )
    }

    fn output_shape(&self, shape: ClipShape) -> Result<ClipShape, AugmentError> {
        require_xyz("nw_ucla_view", shape)?;
        Ok(shape)
    }

    fn apply(&self, clip: &mut Clip, rng: &mut ViewRng) {
        let mut radians = || {
            let degrees = rng.index(2 * self.degrees as usize + 1) as f64 - f64::from(self.degrees);
            degrees.to_radians()
        };
        let (about_x, about_y) = (radians(), radians());
        let scale = rng.uniform(self.min_scale, self.max_scale);
        // The reader multiplies from the right, joints as rows: the transposed matrices, in reverse order.
        let turn = compose(&rotation(Axis::X, -about_x), &rotation(Axis::Y, -about_y));
        let matrix: Matrix = turn.map(|row| row.map(|x| scale * x));
        map_clip(clip, &matrix);
        if self.min_max {
            stretch(clip);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{
        SHAPES, applied, assert_linear, at, clip, product, remove_person, rng, shape,
    };

    #[test]
    fn the_view_is_rows_times_y_times_x_times_scale() {
        for seed in 0..20 {
            let before = clip(shape(SHAPES[seed as usize % 5]), 1);
            let found = applied(&NwUclaView::default(), &before, seed);
            let mut rng = rng(seed);
            let x = (rng.index(121) as f64 - 60.0).to_radians();
            let y = (rng.index(121) as f64 - 60.0).to_radians();
            let s = 0.5 + rng.unit();
            assert!(x.abs().max(y.abs()).to_degrees() < 60.001 && (0.5..=1.5).contains(&s));
            let about_x = [
                [1.0, 0.0, 0.0],
                [0.0, x.cos(), x.sin()],
                [0.0, -x.sin(), x.cos()],
            ];
            let about_y = [
                [y.cos(), 0.0, -y.sin()],
                [0.0, 1.0, 0.0],
                [y.sin(), 0.0, y.cos()],
            ];
            let scale = [[s, 0.0, 0.0], [0.0, s, 0.0], [0.0, 0.0, s]];
            // Row vectors times this product, so its transpose acts on columns.
            let rows = product(about_y, product(about_x, scale));
            let mut columns = [[0.0; 3]; 3];
            for i in 0..3 {
                for j in 0..3 {
                    columns[i][j] = rows[j][i];
                }
            }
            assert_linear(&found, &before, columns);
        }
    }

    #[test]
    fn stretching_fills_each_axis_and_keeps_absent_persons() {
        let mut before = clip(shape((8, 2, 4)), 1);
        remove_person(&mut before, 1, 2..8);
        let view = NwUclaView {
            min_max: true,
            ..NwUclaView::default()
        };
        let found = applied(&view, &before, 1);
        for c in 0..3 {
            let axis = || found.data().iter().skip(c).step_by(3).copied();
            assert_eq!(axis().fold(f32::MAX, f32::min), -1.0);
            assert_eq!(axis().fold(f32::MIN, f32::max), 1.0);
        }
        assert_eq!(at(&found, 3, 1, 0, 0), 0.0);
        // Without extent there is nothing to stretch, and nothing becomes NaN.
        let mut point = clip(shape((1, 1, 1)), 1);
        view.apply(&mut point, &mut rng(1));
        assert_eq!(point.data(), [0.0; 3]);
    }

    #[test]
    fn bounds_are_checked() {
        let with = |change: fn(&mut NwUclaView)| {
            let mut view = NwUclaView::default();
            change(&mut view);
            view.validate()
        };
        assert_eq!(with(|_| ()), Ok(()));
        assert!(with(|v| v.degrees = 181).is_err());
        assert!(with(|v| v.min_scale = 0.0).is_err());
        assert!(with(|v| v.max_scale = 0.4).is_err());
        assert!(with(|v| v.max_scale = f64::INFINITY).is_err());
    }
}
