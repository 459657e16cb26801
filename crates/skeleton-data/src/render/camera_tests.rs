use super::super::style::Background;
use super::*;
use crate::{ClipShape, Meta};

/// One body of one frame with these joints.
fn body(joints: &[[f32; 3]]) -> SkeletonSequence {
    let shape = ClipShape::new(1, 1, joints.len(), 3);
    SkeletonSequence::new(joints.concat(), shape, vec![true], Meta::default()).unwrap()
}

/// Origin, and one unit along each axis.
const AXES: [[f32; 3]; 4] = [
    [0.0, 0.0, 0.0],
    [1.0, 0.0, 0.0],
    [0.0, 1.0, 0.0],
    [0.0, 0.0, 1.0],
];

/// Where each axis goes from the origin: pixels right, pixels up, units away.
fn directions(style: Style) -> [[f64; 3]; 3] {
    let camera = Camera::fit(&body(&AXES), &style).unwrap();
    let at = AXES.map(|joint| camera.project(&joint).unwrap());
    [1, 2, 3].map(|axis| {
        [
            at[axis].x - at[0].x,
            at[0].y - at[axis].y,
            at[axis].depth - at[0].depth,
        ]
        .map(|value| (value * 1e6).round() / 1e6)
    })
}

fn straight(up: Up) -> Style {
    Style {
        up,
        yaw: 0.0,
        pitch: 0.0,
        ground: false,
        ..Style::default()
    }
}

#[test]
fn the_three_ways_up_look_along_depth_and_never_mirror() {
    // 320 pixels less 2 margins of 8 % show one unit.
    let unit = 268.8;
    assert_eq!(
        directions(straight(Up::Y)),
        [[-unit, 0.0, 0.0], [0.0, unit, 0.0], [0.0, 0.0, 1.0]]
    );
    assert_eq!(
        directions(straight(Up::Z)),
        [[unit, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, unit, 0.0]]
    );
    assert_eq!(
        directions(straight(Up::MinusY)),
        [[unit, 0.0, 0.0], [0.0, -unit, 0.0], [0.0, 0.0, 1.0]]
    );
    for up in [Up::Y, Up::Z, Up::MinusY] {
        let style = Style {
            yaw: 40.0,
            pitch: -20.0,
            ..straight(up)
        };
        let [a, b, c] = directions(style);
        let triple = a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0])
            + a[2] * (b[0] * c[1] - b[1] * c[0]);
        // Right, up and away are left-handed, so right-handed axes stay so where this is negative.
        assert!(triple < 0.0, "{up:?}");
    }
}

#[test]
fn walking_half_round_swaps_left_and_right_and_near_and_far() {
    let turned = Style {
        yaw: 180.0,
        ..straight(Up::Y)
    };
    let [x, y, z] = directions(turned);
    assert!(x[0] > 200.0 && y[1] > 200.0 && z[2] == -1.0);
}

#[test]
fn a_viewer_who_walks_to_the_right_sees_far_things_move_to_the_right() {
    let style = Style {
        yaw: 30.0,
        ..straight(Up::Y)
    };
    let [_, _, z] = directions(style);
    assert!(z[0] > 10.0 && z[2] > 0.0, "{z:?}");
}

#[test]
fn a_viewer_from_above_sees_far_things_higher_and_heads_nearer() {
    let style = Style {
        pitch: 30.0,
        ..straight(Up::Y)
    };
    let [_, y, z] = directions(style);
    assert!(z[1] > 10.0 && y[2] < 0.0, "{y:?} {z:?}");
}

#[test]
fn both_axes_have_one_scale_and_everything_lies_within_the_margin() {
    let joints = [[0.0, 0.0, 2.0], [4.0, 1.0, 2.0], [1.0, 0.5, 3.0]];
    let style = Style {
        width: 400,
        height: 200,
        ..straight(Up::Y)
    };
    let camera = Camera::fit(&body(&joints), &style).unwrap();
    let [a, b, _] = joints.map(|joint| camera.project(&joint).unwrap());
    assert!((a.x - b.x - 4.0 * (a.y - b.y)).abs() < 1e-9);
    assert!((a.x - 384.0).abs() < 1e-9 && (b.x - 16.0).abs() < 1e-9);
    assert!(((a.y + b.y) / 2.0 - 100.0).abs() < 1e-9);
}

#[test]
fn one_joint_thrown_far_away_does_not_make_the_others_small() {
    let mut joints: Vec<[f32; 3]> = (0..400)
        .map(|i| [(i % 20) as f32, (i / 20) as f32, 0.0])
        .collect();
    let style = straight(Up::Y);
    let clean = Camera::fit(&body(&joints), &style).unwrap();
    joints[7] = [1e30, -1e30, 3.0];
    let outlier = Camera::fit(&body(&joints), &style).unwrap();
    assert!(
        outlier.scale > 0.75 * clean.scale,
        "{} {}",
        outlier.scale,
        clean.scale
    );
}

#[test]
fn persons_who_are_not_there_do_not_count_for_the_fit() {
    let shape = ClipShape::new(2, 2, 1, 3);
    // The first person moves from 10 to 12; the second, at zero, is absent.
    let values = [[10.0, 10.0, 5.0], [0.0; 3], [12.0, 10.0, 5.0], [0.0; 3]].concat();
    let validity = vec![true, false, true, false];
    let sequence = SkeletonSequence::new(values, shape, validity, Meta::default()).unwrap();
    let camera = Camera::fit(&sequence, &straight(Up::Y)).unwrap();
    let middle = camera.project(&[11.0, 10.0, 5.0]).unwrap();
    assert_eq!((middle.x, middle.y), (160.0, 160.0));
}

#[test]
fn a_plane_has_x_to_the_right_and_joints_without_score_are_not_seen() {
    let style = Style {
        channels: Channels::Plane2,
        up: Up::MinusY,
        background: Background::Dark,
        ..Style::default()
    };
    let camera = Camera::fit(
        &body(&[[0.2, 0.2, 0.9], [0.8, 0.6, 0.5], [0.0, 0.0, 0.0]]),
        &style,
    )
    .unwrap();
    let [a, b] = [[0.2, 0.2, 0.9], [0.8, 0.6, 0.5]].map(|joint| camera.project(&joint).unwrap());
    assert!(a.x < b.x && a.y < b.y);
    // The third joint does not pull the box to the origin.
    assert!((a.x + b.x - 320.0).abs() < 1e-3);
    assert_eq!(camera.project(&[0.5, 0.5, 0.0]), None);
    assert!(camera.project(&[0.5, 0.5]).is_some());
    assert_eq!(camera.project(&[0.5]), None);
}

#[test]
fn the_ground_lies_below_the_lowest_joints() {
    let style = Style {
        ground: true,
        ..straight(Up::Y)
    };
    let joints = [[0.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.5, 1.0, 0.2]];
    let camera = Camera::fit(&body(&joints), &style).unwrap();
    let feet = camera.project(&joints[0]).unwrap().y;
    assert_eq!(camera.ground().len(), 2 * (CELLS + 1));
    assert!(
        camera
            .ground()
            .iter()
            .flatten()
            .all(|point| (point.y - feet).abs() < 1e-9)
    );
}

#[test]
fn the_range_is_exact_without_outliers_and_short_of_them_with() {
    assert_eq!(robust_range(vec![]), [0.0, 0.0]);
    assert_eq!(robust_range(vec![3.0]), [3.0, 3.0]);
    assert_eq!(robust_range(vec![2.0, -1.0, 5.0]), [-1.0, 5.0]);
    let mut values: Vec<f64> = (0..=1000).map(f64::from).collect();
    assert_eq!(robust_range(values.clone()), [0.0, 1000.0]);
    values[1000] = 1e9;
    assert_eq!(robust_range(values), [0.0, 990.0 + 0.25 * 980.0]);
}
