//! Arithmetic of points in space, in f64.

use super::point;
use crate::SkeletonSequence;

pub(super) type Vector = [f64; 3];

/// A joint's position.
pub(super) fn position(
    sequence: &SkeletonSequence,
    frame: usize,
    person: usize,
    joint: usize,
) -> Vector {
    point(sequence, frame, person, joint).map(f64::from)
}

pub(super) fn plus(a: Vector, b: Vector) -> Vector {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

pub(super) fn minus(a: Vector, b: Vector) -> Vector {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

pub(super) fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(super) fn cross(a: Vector, b: Vector) -> Vector {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

pub(super) fn scaled(a: Vector, by: f64) -> Vector {
    a.map(|value| value * by)
}
