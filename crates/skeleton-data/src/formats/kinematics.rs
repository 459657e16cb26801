//! Rotations for the forward kinematics of motion capture, in double precision and column vectors.

/// A point or a direction.
pub(super) type Vector = [f64; 3];
/// A rotation by its rows.
pub(super) type Matrix = [[f64; 3]; 3];

/// The rotation that turns nothing.
pub(super) const IDENTITY: Matrix = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

/// `a b`: first b, then a.
pub(super) fn product(a: &Matrix, b: &Matrix) -> Matrix {
    a.map(|row| {
        [0, 1, 2]
            .map(|column| row[0] * b[0][column] + row[1] * b[1][column] + row[2] * b[2][column])
    })
}

/// `m v`.
pub(super) fn rotated(m: &Matrix, v: Vector) -> Vector {
    m.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
}

/// The inverse of a rotation.
pub(super) fn transposed(m: &Matrix) -> Matrix {
    [0, 1, 2].map(|column| [m[0][column], m[1][column], m[2][column]])
}

/// `m` times the rotation about an axis (0 x, 1 y, 2 z), counter-clockwise seen against the axis: two columns mix.
pub(super) fn turn(m: &mut Matrix, axis: usize, radians: f64) {
    let (sin, cos) = radians.sin_cos();
    let (a, b) = ((axis + 1) % 3, (axis + 2) % 3);
    for row in m {
        (row[a], row[b]) = (cos * row[a] + sin * row[b], cos * row[b] - sin * row[a]);
    }
}

/// `a + b`.
pub(super) fn sum(a: Vector, b: Vector) -> Vector {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

#[cfg(test)]
mod tests {
    use std::f64::consts::FRAC_PI_2;

    use super::*;

    fn about(axis: usize, radians: f64) -> Matrix {
        let mut m = IDENTITY;
        turn(&mut m, axis, radians);
        m
    }

    fn close(a: Vector, b: Vector) {
        for (a, b) in a.into_iter().zip(b) {
            assert!((a - b).abs() < 1e-12, "{a} {b}");
        }
    }

    #[test]
    fn a_quarter_turn_takes_each_axis_to_the_next() {
        close(
            rotated(&about(2, FRAC_PI_2), [1.0, 0.0, 0.0]),
            [0.0, 1.0, 0.0],
        );
        close(
            rotated(&about(0, FRAC_PI_2), [0.0, 1.0, 0.0]),
            [0.0, 0.0, 1.0],
        );
        close(
            rotated(&about(1, FRAC_PI_2), [0.0, 0.0, 1.0]),
            [1.0, 0.0, 0.0],
        );
    }

    #[test]
    fn turning_multiplies_on_the_right_and_the_transpose_undoes_it() {
        let mut turned = about(0, 0.3);
        turn(&mut turned, 1, -1.1);
        let expected = product(&about(0, 0.3), &about(1, -1.1));
        for (row, other) in turned.into_iter().zip(expected) {
            close(row, other);
        }
        let back = product(&transposed(&turned), &turned);
        for (row, other) in back.into_iter().zip(IDENTITY) {
            close(row, other);
        }
        close(sum([1.0, 2.0, 3.0], [0.5, 0.0, -3.0]), [1.5, 2.0, 0.0]);
    }
}
