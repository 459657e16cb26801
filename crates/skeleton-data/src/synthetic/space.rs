//! The little of three-dimensional geometry that forward kinematics needs: vectors `[x, y, z]` and
//! row-major rotation matrices, right-handed, angles in radians.

pub(super) type Vec3 = [f32; 3];
pub(super) type Mat3 = [[f32; 3]; 3];

pub(super) fn add(a: Vec3, b: Vec3) -> Vec3 {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

pub(super) fn sub(a: Vec3, b: Vec3) -> Vec3 {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

pub(super) fn scale(a: Vec3, s: f32) -> Vec3 {
    [a[0] * s, a[1] * s, a[2] * s]
}

pub(super) fn norm(a: Vec3) -> f32 {
    (a[0] * a[0] + a[1] * a[1] + a[2] * a[2]).sqrt()
}

pub(super) fn transform(m: &Mat3, v: Vec3) -> Vec3 {
    m.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
}

/// `a * b`: `b` is applied first.
pub(super) fn compose(a: &Mat3, b: &Mat3) -> Mat3 {
    a.map(|row| [0, 1, 2].map(|c| row[0] * b[0][c] + row[1] * b[1][c] + row[2] * b[2][c]))
}

/// Turn about x: a positive angle carries y towards z.
pub(super) fn about_x(angle: f32) -> Mat3 {
    let (s, c) = angle.sin_cos();
    [[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]]
}

/// Turn about y: a positive angle carries z towards x.
pub(super) fn about_y(angle: f32) -> Mat3 {
    let (s, c) = angle.sin_cos();
    [[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]]
}

/// Turn about z: a positive angle carries x towards y.
pub(super) fn about_z(angle: f32) -> Mat3 {
    let (s, c) = angle.sin_cos();
    [[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_carry_one_axis_to_the_next() {
        let quarter = std::f32::consts::FRAC_PI_2;
        let cases = [
            (about_x(quarter), [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]),
            (about_y(quarter), [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]),
            (about_z(quarter), [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]),
            (
                compose(&about_z(quarter), &about_x(quarter)),
                [0.0, 0.0, 1.0],
                [1.0, 0.0, 0.0],
            ),
        ];
        for (turn, from, to) in cases {
            let error = norm(sub(transform(&turn, from), to));
            assert!(
                error < 1e-6,
                "{from:?} went to {:?}, not {to:?}",
                transform(&turn, from)
            );
        }
    }

    #[test]
    fn a_turn_keeps_lengths() {
        let turn = compose(&about_y(0.7), &compose(&about_x(-1.1), &about_z(2.3)));
        let v = [0.3, -1.2, 0.8];
        assert!((norm(transform(&turn, v)) - norm(v)).abs() < 1e-6);
        assert!((norm(scale(add(v, v), 0.5)) - norm(v)).abs() < 1e-6);
    }
}
