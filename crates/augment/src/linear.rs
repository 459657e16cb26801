use serde::{Deserialize, Serialize};

use crate::Clip;

/// A coordinate axis of the clip.
///
/// Which one is vertical depends on the preparation: `Y` in raw camera coordinates (NTU, NW-UCLA), `Z` after
/// the view-invariant transform of Predict & Cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// The first channel.
    X,
    /// The second channel.
    Y,
    /// The third channel.
    Z,
}

impl Axis {
    /// All axes, in the order of the channels.
    pub const ALL: [Self; 3] = [Self::X, Self::Y, Self::Z];

    /// The channel that holds the axis.
    pub fn channel(self) -> usize {
        match self {
            Self::X => 0,
            Self::Y => 1,
            Self::Z => 2,
        }
    }
}

/// A 3 x 3 matrix that maps a joint's (x, y, z) as a column.
pub(crate) type Matrix = [[f64; 3]; 3];

/// The matrix that turns the coordinates by `radians` about `axis`, in the sense of the released code bases
/// (AimCLR, PSTL, CTR-GCN): about x, y' = y cos + z sin and z' = -y sin + z cos, the others by rotating the
/// letters; that is, clockwise seen from the tip of the axis.
pub(crate) fn rotation(axis: Axis, radians: f64) -> Matrix {
    let (sin, cos) = radians.sin_cos();
    match axis {
        Axis::X => [[1.0, 0.0, 0.0], [0.0, cos, sin], [0.0, -sin, cos]],
        Axis::Y => [[cos, 0.0, -sin], [0.0, 1.0, 0.0], [sin, 0.0, cos]],
        Axis::Z => [[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]],
    }
}

/// First `b`, then `a`.
pub(crate) fn compose(a: &Matrix, b: &Matrix) -> Matrix {
    std::array::from_fn(|i| std::array::from_fn(|j| (0..3).map(|k| a[i][k] * b[k][j]).sum()))
}

/// Rotation about x, then y, then z.
pub(crate) fn rotation_xyz(radians: [f64; 3]) -> Matrix {
    let [x, y, z] = radians;
    compose(
        &rotation(Axis::Z, z),
        &compose(&rotation(Axis::Y, y), &rotation(Axis::X, x)),
    )
}

/// The matrix with `f32` entries.
pub(crate) fn single(matrix: &Matrix) -> [[f32; 3]; 3] {
    matrix.map(|row| row.map(|x| x as f32))
}

/// One joint's image.
pub(crate) fn map_joint(m: &[[f32; 3]; 3], joint: &mut [f32]) {
    let (x, y, z) = (joint[0], joint[1], joint[2]);
    for (value, row) in joint.iter_mut().zip(m) {
        *value = row[0] * x + row[1] * y + row[2] * z;
    }
}

/// Maps every joint of every person in every frame, in place.
pub(crate) fn map_clip(clip: &mut Clip, matrix: &Matrix) {
    assert_eq!(
        clip.shape().channels,
        3,
        "a linear map of the coordinates needs three channels"
    );
    let matrix = single(matrix);
    for joint in clip.data_mut().chunks_exact_mut(3) {
        map_joint(&matrix, joint);
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::FRAC_PI_2;

    use super::*;

    #[test]
    fn a_quarter_turn_follows_the_published_sense() {
        let quarter = |axis, joint: [f32; 3]| {
            let mut joint = joint;
            map_joint(&single(&rotation(axis, FRAC_PI_2)), &mut joint);
            joint.map(|x| x.round())
        };
        assert_eq!(quarter(Axis::X, [0.0, 1.0, 0.0]), [0.0, 0.0, -1.0]);
        assert_eq!(quarter(Axis::Y, [0.0, 0.0, 1.0]), [-1.0, 0.0, 0.0]);
        assert_eq!(quarter(Axis::Z, [1.0, 0.0, 0.0]), [0.0, -1.0, 0.0]);
    }

    #[test]
    fn composition_applies_the_right_factor_first() {
        let (a, b) = (rotation(Axis::X, 0.4), rotation(Axis::Y, -1.1));
        let mut stepwise = [0.3, -0.7, 0.9];
        map_joint(&single(&b), &mut stepwise);
        map_joint(&single(&a), &mut stepwise);
        let mut at_once = [0.3, -0.7, 0.9];
        map_joint(&single(&compose(&a, &b)), &mut at_once);
        for (x, y) in stepwise.iter().zip(at_once) {
            assert!((x - y).abs() < 1e-6);
        }
    }
}
