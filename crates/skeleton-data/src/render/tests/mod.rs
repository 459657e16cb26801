//! Pictures are decoded again and looked into.

mod gif_files;
mod svg_text;

use proptest::prelude::*;
use tiny_skia::Pixmap;

use super::style::{Colour, Side};
use super::*;
use crate::synthetic::{Difficulty, SyntheticConfig};
use crate::{ClipShape, DataError, Meta};

/// A person who waves, seen without noise; the second one stands by.
fn figure(frames: usize, persons: usize) -> (SkeletonSequence, Layout) {
    let config = SyntheticConfig {
        frames,
        persons,
        difficulty: Difficulty::none(),
        ..SyntheticConfig::new(Layout::ntu25())
    };
    (config.clip(0).unwrap(), config.layout)
}

/// Two hands and the hip between them, in metres.
fn hands() -> Layout {
    Layout::builder("hands")
        .joint("hip")
        .joint("left_hand")
        .joint("right_hand")
        .edge("left_hand", "hip")
        .edge("right_hand", "hip")
        .centre("hip")
        .mirror("left_hand", "right_hand")
        .build()
        .unwrap()
}

fn sequence(values: Vec<f32>, shape: ClipShape, validity: Vec<bool>) -> SkeletonSequence {
    SkeletonSequence::new(values, shape, validity, Meta::default()).unwrap()
}

/// Two bodies side by side in one frame, facing the sensor; the second may be absent.
fn pair(second: bool) -> SkeletonSequence {
    let body = |x: f32| [[x, 0.0, 2.0], [x - 0.5, 0.5, 2.0], [x + 0.5, 0.5, 2.0]].concat();
    let other = if second { body(3.0) } else { vec![0.0; 9] };
    let values = [body(0.0), other].concat();
    sequence(values, ClipShape::new(1, 2, 3, 3), vec![true, second])
}

fn plain() -> Style {
    Style {
        yaw: 0.0,
        pitch: 0.0,
        ground: false,
        labels: false,
        ..Style::default()
    }
}

fn decoded(png: &[u8]) -> Pixmap {
    Pixmap::decode_png(png).unwrap()
}

fn colour_at(picture: &Pixmap, point: Point) -> Colour {
    let pixel = picture.pixel(point.x as u32, point.y as u32).unwrap();
    Colour(pixel.red(), pixel.green(), pixel.blue())
}

fn count(picture: &Pixmap, colour: Colour) -> usize {
    let same = |pixel: &&tiny_skia::PremultipliedColorU8| {
        Colour(pixel.red(), pixel.green(), pixel.blue()) == colour
    };
    picture.pixels().iter().filter(same).count()
}

#[test]
fn joints_have_the_colour_of_their_person_and_side() {
    let (clip, style) = (pair(true), plain());
    let picture = decoded(&frame_png(&clip, &hands(), 0, &style).unwrap());
    let camera = Camera::fit(&clip, &style).unwrap();
    for person in 0..2 {
        for (joint, side) in [(0, Side::Centre), (1, Side::Left), (2, Side::Right)] {
            let at = camera.project(clip.joint(0, person, joint)).unwrap();
            assert_eq!(colour_at(&picture, at), style.colour(person, side));
        }
        // Half way along the left arm, too.
        let [a, b] = [0, 1].map(|joint| camera.project(clip.joint(0, person, joint)).unwrap());
        let half = Point {
            x: (a.x + b.x) / 2.0,
            y: (a.y + b.y) / 2.0,
            depth: 0.0,
        };
        assert_eq!(colour_at(&picture, half), style.colour(person, Side::Left));
    }
}

#[test]
fn an_absent_person_is_not_drawn_and_a_frame_without_bodies_is_empty() {
    let style = plain();
    let picture = decoded(&frame_png(&pair(false), &hands(), 0, &style).unwrap());
    for side in Side::ALL {
        assert!(count(&picture, style.colour(0, side)) > 0);
        assert_eq!(count(&picture, style.colour(1, side)), 0);
    }
    let nobody = sequence(vec![0.0; 9], ClipShape::new(1, 1, 3, 3), vec![false]);
    let style = Style {
        ground: true,
        ..style
    };
    let picture = decoded(&frame_png(&nobody, &hands(), 0, &style).unwrap());
    assert_eq!(count(&picture, style.backdrop()), 320 * 320);
}

#[test]
fn what_is_near_covers_what_is_far_whatever_the_order_of_persons() {
    let body = |z: f32| [[0.0, 0.0, z], [-0.5, 0.5, z], [0.5, 0.5, z]].concat();
    for (depths, nearest) in [([1.0, 2.0], 0), ([2.0, 1.0], 1)] {
        let values = depths.map(body).concat();
        let clip = sequence(values, ClipShape::new(1, 2, 3, 3), vec![true; 2]);
        let style = plain();
        let picture = decoded(&frame_png(&clip, &hands(), 0, &style).unwrap());
        assert!(count(&picture, style.colour(nearest, Side::Centre)) > 0);
        assert_eq!(count(&picture, style.colour(1 - nearest, Side::Centre)), 0);
    }
}

#[test]
fn without_dots_less_is_painted_and_with_labels_more() {
    let (clip, layout) = figure(3, 1);
    let painted = |style: &Style| {
        let picture = decoded(&frame_png(&clip, &layout, 1, style).unwrap());
        320 * 320 - count(&picture, style.backdrop())
    };
    let style = plain();
    let bare = Style {
        joints: false,
        ..style.clone()
    };
    let labelled = Style {
        labels: true,
        ..style.clone()
    };
    let grounded = Style {
        ground: true,
        ..style.clone()
    };
    assert!(painted(&bare) < painted(&style));
    assert!(painted(&labelled) > painted(&style));
    let ground = decoded(&frame_png(&clip, &layout, 1, &grounded).unwrap());
    assert!(count(&ground, grounded.ground_colour()) > 100);
}

#[test]
fn a_film_strip_holds_the_frames_side_by_side() {
    let (clip, layout) = figure(9, 2);
    let style = Style {
        width: 64,
        height: 96,
        ..Style::default()
    };
    let strip = decoded(&film_strip_png(&clip, &layout, 3, &style).unwrap());
    assert_eq!((strip.width(), strip.height()), (192, 96));
    for (place, frame) in [0, 4, 8].into_iter().enumerate() {
        let single = decoded(&frame_png(&clip, &layout, frame, &style).unwrap());
        for y in 0..96 {
            for x in 0..64 {
                assert_eq!(strip.pixel(place as u32 * 64 + x, y), single.pixel(x, y));
            }
        }
    }
    let all = decoded(&film_strip_png(&clip, &layout, 30, &style).unwrap());
    assert_eq!(all.width(), 9 * 64);
}

#[test]
fn frames_of_a_strip_are_spread_from_the_first_to_the_last() {
    assert_eq!(scene::spaced(10, 4).unwrap(), [0, 3, 6, 9]);
    assert_eq!(scene::spaced(4, 3).unwrap(), [0, 2, 3]);
    assert_eq!(scene::spaced(10, 1).unwrap(), [0]);
    assert_eq!(scene::spaced(1, 5).unwrap(), [0]);
}

#[test]
fn the_same_sequence_gives_the_same_bytes() {
    let ((a, layout), (b, _)) = (figure(4, 2), figure(4, 2));
    let style = Style::default();
    assert_eq!(
        gif(&a, &layout, 25.0, &style).unwrap(),
        gif(&b, &layout, 25.0, &style).unwrap()
    );
    assert_eq!(
        film_strip_png(&a, &layout, 2, &style).unwrap(),
        film_strip_png(&b, &layout, 2, &style).unwrap()
    );
    assert_eq!(
        svg(&a, &layout, 25.0, &style),
        svg(&b, &layout, 25.0, &style)
    );
}

#[test]
fn what_cannot_be_drawn_is_refused_with_the_reason() {
    let (mut clip, layout) = figure(4, 1);
    clip.meta_mut().source = "wave".into();
    let style = Style::default();
    let refused = |result: Result<Vec<u8>, RenderError>, message: &str| {
        assert_eq!(DataError::from(result.unwrap_err()).to_string(), message);
    };
    refused(
        frame_png(&clip, &layout, 4, &style),
        "sequence `wave` has 4 frames, there is no frame 4 (they count from 0)",
    );
    refused(
        frame_png(&clip, &Layout::kinect20(), 0, &style),
        "sequence `wave` has 25 joints, but the layout `kinect20` that it is to be drawn with has 20",
    );
    refused(
        film_strip_png(&clip, &layout, 0, &style),
        "the option `count` is 0, expected 1 to 64 frames",
    );
    refused(
        gif(&clip, &layout, f64::NAN, &style),
        "the option `fps` is NaN, expected 0.1 to 1000 frames a second",
    );
    let flat = sequence(vec![0.5; 50], ClipShape::new(1, 1, 25, 2), vec![true]);
    refused(
        frame_png(&flat, &layout, 0, &style),
        "sequence `` has 2 channels, `space3` needs at least 3",
    );
    let large = Style {
        width: 4096,
        height: 4096,
        max_frames: 10_000,
        ..style
    };
    let long = sequence(
        vec![0.0; 900],
        ClipShape::new(100, 1, 3, 3),
        vec![true; 100],
    );
    refused(
        gif(&long, &hands(), 30.0, &large),
        "100 frames of 4096 x 4096 pixels are more than the 1073741824 pixels that a picture may have",
    );
}

#[test]
fn real_recordings_are_drawn_whole_with_every_person_in_colour() {
    let Some(root) = std::env::var_os("SKELETON_SSL_DATA").map(std::path::PathBuf::from) else {
        println!("skipped: SKELETON_SSL_DATA is not set");
        return;
    };
    let ntu = crate::formats::ntu::read(&root.join("ntu-rgbd/S001C001P001R001A050.skeleton"));
    let ucla = crate::formats::nw_ucla::read(&root.join("nw-ucla/all_sqe/a01_s02_e00_v01.json"));
    for (clip, layout, persons) in [
        (ntu.unwrap(), Layout::ntu25(), 2),
        (ucla.unwrap(), Layout::kinect20(), 1),
    ] {
        let style = Style::default();
        let strip = decoded(&film_strip_png(&clip, &layout, 4, &style).unwrap());
        for person in 0..persons {
            for side in Side::ALL {
                assert!(
                    count(&strip, style.colour(person, side)) > 20,
                    "{person} {side:?}"
                );
            }
        }
        // Neither has a joint that a tracker lost, so none lies in the margin.
        let camera = Camera::fit(&clip, &style).unwrap();
        for joint in clip.frames().chunks_exact(3) {
            let at = camera.project(joint).unwrap();
            assert!(
                (25.0..=295.0).contains(&at.x) && (25.0..=295.0).contains(&at.y),
                "{at:?}"
            );
        }
    }
}

fn any_style() -> impl Strategy<Value = Style> {
    let ups = prop_oneof![Just(Up::Y), Just(Up::Z), Just(Up::MinusY)];
    (
        16..64u32,
        16..64u32,
        ups,
        -360.0..=360.0f32,
        -90.0..=90.0f32,
        any::<[bool; 5]>(),
    )
        .prop_map(
            |(width, height, up, yaw, pitch, [dark, plane, joints, ground, labels])| Style {
                width,
                height,
                background: if dark {
                    Background::Dark
                } else {
                    Background::Light
                },
                channels: if plane {
                    Channels::Plane2
                } else {
                    Channels::Space3
                },
                up,
                yaw,
                pitch,
                joints,
                ground,
                labels,
                max_frames: 5,
            },
        )
}

fn coordinate() -> impl Strategy<Value = f32> {
    prop_oneof![
        4 => -3.0..3.0f32,
        1 => Just(0.0f32),
        1 => prop::num::f32::NORMAL | prop::num::f32::SUBNORMAL | prop::num::f32::ZERO,
    ]
}

proptest! {
    #[test]
    fn any_finite_sequence_is_drawn_or_refused(
        style in any_style(),
        (shape, values, validity) in (1..7usize, 1..4usize, 2..4usize).prop_flat_map(|(t, m, c)| {
            let shape = ClipShape::new(t, m, 3, c);
            (Just(shape), prop::collection::vec(coordinate(), shape.len()), prop::collection::vec(any::<bool>(), t * m))
        }),
    ) {
        let clip = sequence(values, shape, validity);
        let layout = hands();
        let expected = style.check().is_ok() && (shape.channels == 3 || style.channels == Channels::Plane2);
        prop_assert_eq!(frame_png(&clip, &layout, 0, &style).is_ok(), expected);
        prop_assert_eq!(film_strip_png(&clip, &layout, 3, &style).is_ok(), expected);
        prop_assert_eq!(gif(&clip, &layout, 24.0, &style).is_ok(), expected);
        if let Ok(text) = svg(&clip, &layout, 24.0, &style) {
            svg_text::elements(&text);
            prop_assert!(!text.contains("NaN") && !text.contains("inf"));
        }
    }

    #[test]
    fn constant_coordinates_and_single_joints_are_drawn(value in coordinate(), frames in 1..4usize) {
        let dot = Layout::builder("dot").joint("only").centre("only").build().unwrap();
        let clip = sequence(vec![value; frames * 3], ClipShape::new(frames, 1, 1, 3), vec![true; frames]);
        let style = Style { yaw: 0.0, ..Style::default() };
        let picture = decoded(&frame_png(&clip, &dot, 0, &style).unwrap());
        let middle = Point { x: 160.0, y: 160.0, depth: 0.0 };
        prop_assert_eq!(colour_at(&picture, middle), style.colour(0, Side::Centre));
    }
}
