use std::collections::BTreeSet;

use super::*;
use crate::testing::{at, clip, frame, remove_person, shape};
use crate::{AxisMask, GaussianNoise, JointMask, NwUclaView, OneOf, Rotation, SpatialFlip};

const ANCHOR: u64 = 0;
const POSITIVE: u64 = 1;
const NEGATIVE: u64 = 2;
const DENSE: u64 = 3;
const GUESS: u64 = 4;

fn key(sample: u64) -> ViewKey {
    ViewKey {
        seed: 5,
        epoch: 1,
        sample,
        view: 0,
    }
}

fn plain() -> MotionClips {
    MotionClips {
        length: 12,
        spatial: Pipeline::new(vec![]).unwrap(),
        ..MotionClips::default()
    }
}

fn at_speed(pace: f64) -> MotionClips {
    MotionClips {
        speeds: vec![pace],
        ..plain()
    }
}

fn broken(negative: NegativeClip) -> MotionClips {
    MotionClips {
        negative,
        ..plain()
    }
}

/// View `view` of the first `valid` frames of `source`.
fn view(clips: &MotionClips, source: &Clip, valid: usize, sample: u64, view: u64) -> Clip {
    clips.validate().unwrap();
    let shapes = clips.shapes(source.shape()).unwrap();
    let source = Source {
        frames: source.data(),
        shape: source.shape(),
        valid,
    };
    let mut found = Clip::new();
    clips.make(source, key(sample).with_view(view), &mut found);
    assert_eq!(found.shape(), shapes[view as usize]);
    found
}

fn frames(clip: &Clip) -> Vec<Vec<u32>> {
    (0..clip.shape().frames)
        .map(|t| frame(clip, t).iter().map(|x| x.to_bits()).collect())
        .collect()
}

fn sorted(clip: &Clip) -> Vec<Vec<u32>> {
    let mut frames = frames(clip);
    frames.sort();
    frames
}

/// Which frames of `source` a clip consists of; fails at one that is none of them.
fn places(found: &Clip, source: &Clip) -> Vec<usize> {
    let all = frames(source);
    frames(found)
        .iter()
        .map(|frame| all.iter().position(|other| other == frame).unwrap())
        .collect()
}

#[test]
fn the_anchor_is_the_recording_at_normal_speed_from_every_start() {
    let source = clip(shape((40, 2, 3)), 1);
    let clips = at_speed(2.0);
    let mut starts = BTreeSet::new();
    for sample in 0..300 {
        let found = places(&view(&clips, &source, 40, sample, ANCHOR), &source);
        let start = found[0];
        assert_eq!(found, (start..start + 12).collect::<Vec<_>>());
        starts.insert(start);
    }
    assert_eq!(starts, (0..=28).collect());
}

#[test]
fn the_positive_takes_every_nth_frame_about_the_anchors_centre() {
    let source = clip(shape((60, 2, 3)), 1);
    let mut seen = BTreeSet::new();
    for sample in 0..60 {
        let clips = plain();
        let anchor = places(&view(&clips, &source, 60, sample, ANCHOR), &source)[0];
        let found = places(&view(&clips, &source, 60, sample, POSITIVE), &source);
        let pace = clips.pace(key(sample)) as usize;
        seen.insert(pace);
        let span = 11 * pace;
        let expected: Vec<usize> = (0..12).map(|t| found[0] + t * pace).collect();
        assert_eq!(found, expected);
        // In halves of a frame: the centres differ by rounding only, unless the recording ends before.
        let (centre, middle) = (2 * anchor + 11, 2 * found[0] + span);
        assert!(2 * found[0] <= centre && centre <= 2 * (found[0] + span));
        if found[0] > 0 && found[0] + span < 59 {
            assert!(centre.abs_diff(middle) <= 1, "{centre} {middle}");
        }
    }
    assert_eq!(seen, BTreeSet::from([2, 3, 4]));
}

#[test]
fn speed_one_gives_the_anchor_back() {
    for (frames, short) in [
        (40, ShortClips::Resample),
        (12, ShortClips::Resample),
        (7, ShortClips::Resample),
        (7, ShortClips::Wrap),
        (1, ShortClips::Wrap),
    ] {
        let source = clip(shape((frames, 1, 3)), 1);
        let clips = MotionClips {
            short,
            ..at_speed(1.0)
        };
        for sample in 0..20 {
            let anchor = view(&clips, &source, frames, sample, ANCHOR);
            for same in [POSITIVE, DENSE, GUESS] {
                let found = view(&clips, &source, frames, sample, same);
                assert_eq!(found.data(), anchor.data(), "view {same}");
            }
        }
    }
}

#[test]
fn half_speed_interpolates_between_frames() {
    let source = clip(shape((40, 2, 3)), 1);
    for sample in 0..10 {
        let found = view(&at_speed(0.5), &source, 40, sample, POSITIVE);
        let anchor = places(&view(&at_speed(0.5), &source, 40, sample, ANCHOR), &source)[0];
        // The anchor's centre lies 5.5 frames into it, the positive spans 5.5: it begins 2.75 in, rounded down.
        let start = anchor + 2;
        for t in 0..12 {
            for (m, v, c) in [(0, 0, 0), (1, 2, 1), (0, 1, 2)] {
                let x = |t: usize| at(&source, t, m, v, c);
                let (low, odd) = (start + t / 2, t % 2 == 1);
                let expected = if odd {
                    (x(low) + x(low + 1)) / 2.0
                } else {
                    x(low)
                };
                assert!((at(&found, t, m, v, c) - expected).abs() < 1e-6);
            }
        }
    }
}

#[test]
fn shuffled_negatives_keep_the_anchors_frames_and_break_their_order() {
    let source = clip(shape((40, 2, 3)), 1);
    for negative in [
        NegativeClip::SegmentShuffle { segments: 4 },
        NegativeClip::SegmentShuffle { segments: 3 },
        NegativeClip::SegmentShuffle { segments: 12 },
        NegativeClip::FrameShuffle,
        NegativeClip::Reverse,
    ] {
        let mut orders = BTreeSet::new();
        for sample in 0..40 {
            let clips = broken(negative);
            let anchor = view(&clips, &source, 40, sample, ANCHOR);
            let found = view(&clips, &source, 40, sample, NEGATIVE);
            assert_eq!(sorted(&found), sorted(&anchor), "{negative:?}");
            let order = places(&found, &anchor);
            let backwards = order.iter().rev().is_sorted();
            assert!(!order.is_sorted(), "{negative:?}");
            assert_eq!(backwards, negative == NegativeClip::Reverse, "{negative:?}");
            orders.insert(order);
        }
        assert_eq!(orders.len() > 1, negative != NegativeClip::Reverse);
    }
}

#[test]
fn every_order_of_segments_but_two_occurs() {
    let source = clip(shape((12, 1, 1)), 1);
    let clips = MotionClips {
        speeds: vec![1.0],
        ..broken(NegativeClip::SegmentShuffle { segments: 3 })
    };
    let orders: BTreeSet<Vec<usize>> = (0..100)
        .map(|sample| {
            let found = places(&view(&clips, &source, 12, sample, NEGATIVE), &source);
            for segment in found.chunks(4) {
                let whole = segment[0]..segment[0] + 4;
                assert_eq!(segment, whole.collect::<Vec<_>>());
            }
            found.chunks(4).map(|segment| segment[0] / 4).collect()
        })
        .collect();
    let expected = [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1]];
    assert_eq!(orders, expected.map(Vec::from).into());
}

#[test]
fn a_repeated_negative_freezes_in_one_of_the_windows_frames() {
    let source = clip(shape((40, 2, 3)), 1);
    for (share, window) in [(0.5, 6), (0.01, 2), (1.0, 12)] {
        let clips = broken(NegativeClip::Repeat { share });
        for sample in 0..40 {
            let anchor = view(&clips, &source, 40, sample, ANCHOR);
            let found = places(&view(&clips, &source, 40, sample, NEGATIVE), &anchor);
            let frozen = (1..12).find(|&t| found[t] == found[t - 1]).unwrap() - 1;
            let frame = found[frozen];
            assert!((frozen..frozen + window).contains(&frame));
            for (t, &place) in found.iter().enumerate() {
                let inside = (frozen..frozen + window).contains(&t);
                assert_eq!(place, if inside { frame } else { t });
            }
        }
    }
}

#[test]
fn an_incoherent_negative_leaves_frames_of_the_recording_out() {
    let source = clip(shape((40, 2, 3)), 1);
    let clips = MotionClips {
        speeds: vec![2.0],
        ..broken(NegativeClip::Incoherent { gap: 7 })
    };
    let mut seams = BTreeSet::new();
    for sample in 0..100 {
        let anchor = places(&view(&clips, &source, 40, sample, ANCHOR), &source)[0];
        let found = places(&view(&clips, &source, 40, sample, NEGATIVE), &source);
        let seam = (1..12).find(|&t| found[t] != found[t - 1] + 1).unwrap();
        seams.insert(seam);
        assert_eq!(found[0], anchor.min(40 - 12 - 7));
        for (t, &place) in found.iter().enumerate() {
            assert_eq!(place, found[0] + t + if t < seam { 0 } else { 7 });
        }
    }
    assert_eq!(seams, (3..=9).collect());
}

#[test]
fn the_dense_clip_holds_the_positives_span_and_the_guess_meets_its_frames() {
    let source = clip(shape((60, 2, 3)), 1);
    for pace in [2.0, 3.0, 4.0, 0.5, 1.5, 1.0 / 3.0] {
        let clips = MotionClips {
            speeds: vec![pace, 4.0],
            ..plain()
        };
        assert_eq!(clips.dense_frames(), 45);
        for sample in 0..20 {
            let pace = clips.pace(key(sample));
            let positive = view(&clips, &source, 60, sample, POSITIVE);
            let dense = view(&clips, &source, 60, sample, DENSE);
            let guess = view(&clips, &source, 60, sample, GUESS);
            let known = (11.0 * pace + 1e-9).floor() as usize + 1;
            let length = source.shape().frame_len();
            for rest in [&dense, &guess] {
                assert!(rest.data()[known * length..].iter().all(|&x| x == 0.0));
            }
            let mut short = dense.clone();
            short.set_frames(known);
            let span = places(&short, &source);
            assert!(span.windows(2).all(|pair| pair[1] == pair[0] + 1));
            assert_eq!(frame(&dense, 0), frame(&positive, 0));
            for u in 0..known {
                let place = u as f64 / pace;
                let whole = place.round();
                if (place - whole).abs() < 1e-6 {
                    assert_eq!(frame(&guess, u), frame(&positive, whole as usize));
                    if pace >= 1.0 {
                        assert_eq!(frame(&dense, u), frame(&guess, u));
                    }
                    continue;
                }
                let (low, weight) = (place as usize, place.fract() as f32);
                let x = |t| at(&positive, t, 1, 2, 1);
                let expected = (1.0 - weight) * x(low) + weight * x(low + 1);
                assert!((at(&guess, u, 1, 2, 1) - expected).abs() < 1e-6);
            }
        }
    }
}

#[test]
fn the_number_of_known_frames_is_returned() {
    let source = clip(shape((60, 1, 3)), 1);
    let source = Source::unpadded(source.data(), source.shape());
    let mut buffer = Clip::new();
    let known: Vec<usize> = (0..5)
        .map(|view| {
            let clips = MotionClips {
                speeds: vec![2.0],
                ..plain()
            };
            clips.make(source, key(1).with_view(view), &mut buffer)
        })
        .collect();
    assert_eq!(known, [12, 12, 12, 23, 23]);
}

#[test]
fn padding_is_never_sampled() {
    let mut source = clip(shape((60, 1, 3)), 1);
    let unpadded = source.clone();
    let length = source.shape().frame_len();
    for valid in [1, 2, 9, 30] {
        source.data_mut()[valid * length..].fill(f32::NAN);
        for short in [ShortClips::Resample, ShortClips::Wrap] {
            for negative in [
                NegativeClip::default(),
                NegativeClip::Repeat { share: 0.5 },
                NegativeClip::Incoherent { gap: 16 },
            ] {
                for (sample, number) in (0..10).flat_map(|s| (0..5).map(move |v| (s, v))) {
                    let clips = MotionClips {
                        negative,
                        short,
                        ..plain()
                    };
                    let found = view(&clips, &source, valid, sample, number);
                    assert!(found.data().iter().all(|x| x.is_finite()));
                }
            }
        }
        source = unpadded.clone();
    }
}

#[test]
fn short_recordings_are_stretched_for_all_clips_alike() {
    // A straight line in time: a clip's differences tell its speed.
    let frames = 10;
    let mut source = clip(shape((frames, 1, 2)), 1);
    for (at, x) in source.data_mut().iter_mut().enumerate() {
        *x = (at / 6) as f32;
    }
    let clips = at_speed(3.0);
    let rate = 9.0 / 33.0;
    for sample in 0..20 {
        for (number, pace) in [(ANCHOR, 1.0), (POSITIVE, 3.0), (DENSE, 1.0)] {
            let found = view(&clips, &source, frames, sample, number);
            for t in 1..12 {
                let step = at(&found, t, 0, 0, 0) - at(&found, t - 1, 0, 0, 0);
                assert!((step - pace * rate).abs() < 1e-5, "view {number}: {step}");
            }
        }
    }
}

#[test]
fn short_recordings_may_start_anew() {
    let source = clip(shape((10, 1, 2)), 1);
    let clips = MotionClips {
        short: ShortClips::Wrap,
        ..at_speed(3.0)
    };
    for sample in 0..10 {
        for (number, pace) in [(ANCHOR, 1), (POSITIVE, 3), (DENSE, 1)] {
            let found = places(&view(&clips, &source, 10, sample, number), &source);
            for pair in found.windows(2) {
                assert_eq!(pair[1], (pair[0] + pace) % 10, "view {number}");
            }
        }
    }
}

#[test]
fn anchor_and_negative_share_one_spatial_draw_and_the_others_another() {
    let source = clip(shape((60, 2, 3)), 1);
    let spatial = Pipeline::new(vec![
        Stage::always(Shear::default()),
        Stage::always(Rotation::default()),
    ])
    .unwrap();
    let clips = MotionClips {
        spatial: spatial.clone(),
        ..plain()
    };
    for sample in 0..10 {
        for (number, drawn_by) in [(0, 0), (1, 1), (2, 0), (3, 1), (4, 1)] {
            let mut expected = view(&plain(), &source, 60, sample, number);
            spatial.apply(&mut expected, &mut key(sample).with_view(drawn_by).rng());
            let found = view(&clips, &source, 60, sample, number);
            assert_eq!(found.data(), expected.data(), "view {number}");
        }
        let mut other = view(&plain(), &source, 60, sample, 0);
        spatial.apply(&mut other, &mut key(sample).with_view(1).rng());
        assert_ne!(view(&clips, &source, 60, sample, 0).data(), other.data());
    }
}

#[test]
fn scores_stay_and_take_no_part_in_the_coordinates() {
    let source = clip(shape((60, 2, 3)), 1);
    let mut rescored = source.clone();
    for joint in rescored.data_mut().chunks_exact_mut(3) {
        joint[2] = joint[2].abs() * 0.5;
    }
    let clips = MotionClips {
        score_channel: true,
        speeds: vec![2.0],
        ..MotionClips {
            length: 12,
            ..MotionClips::default()
        }
    };
    let unsheared = MotionClips {
        spatial: Pipeline::new(vec![]).unwrap(),
        ..clips.clone()
    };
    for number in 0..5 {
        let found = view(&clips, &source, 60, 3, number);
        let other = view(&clips, &rescored, 60, 3, number);
        let still = view(&unsheared, &source, 60, 3, number);
        let joints = found.data().chunks(3).zip(other.data().chunks(3));
        for ((a, b), still) in joints.zip(still.data().chunks(3)) {
            assert_eq!(a[..2], b[..2], "view {number}");
            assert_eq!(a[2], still[2], "view {number}");
        }
        assert_ne!(found.data(), still.data());
    }
    // Odd frames of the guess lie between two of the positive's.
    let (positive, guess) = (
        view(&clips, &source, 60, 3, POSITIVE),
        view(&clips, &source, 60, 3, GUESS),
    );
    for t in 0..11 {
        let smaller = at(&positive, t, 1, 2, 2).min(at(&positive, t + 1, 1, 2, 2));
        assert_eq!(at(&guess, 2 * t + 1, 1, 2, 2), smaller);
    }
}

#[test]
fn an_absent_person_stays_absent() {
    let mut source = clip(shape((60, 2, 3)), 1);
    remove_person(&mut source, 1, 0..60);
    for number in 0..5 {
        let clips = MotionClips {
            length: 12,
            ..MotionClips::default()
        };
        let found = view(&clips, &source, 60, 3, number);
        for persons in found.data().chunks(18) {
            assert!(persons[9..].iter().all(|&x| x == 0.0));
        }
    }
}

#[test]
fn bad_fields_are_named() {
    let spatial = |step: crate::Step| MotionClips {
        spatial: Pipeline::new(vec![Stage::sometimes(0.5, step)]).unwrap(),
        ..plain()
    };
    let flip = SpatialFlip {
        permutation: vec![1, 0],
        mirror: None,
    };
    let masks = OneOf {
        steps: vec![AxisMask::default().into(), flip.clone().into()],
    };
    let stretch = NwUclaView {
        min_max: true,
        ..NwUclaView::default()
    };
    for (clips, part) in [
        (
            MotionClips {
                length: 2,
                ..plain()
            },
            "`length` is 2",
        ),
        (at_speed(0.0), "`speeds` is [0.0]"),
        (at_speed(f64::NAN), "`speeds` is [NaN]"),
        (
            MotionClips {
                speeds: vec![],
                ..plain()
            },
            "`speeds` is []",
        ),
        (
            MotionClips {
                length: 60_000,
                ..at_speed(2.0)
            },
            "`dense_frames of `speeds`` is 119999",
        ),
        (
            broken(NegativeClip::SegmentShuffle { segments: 2 }),
            "`negative.segment_shuffle.segments` is 2",
        ),
        (
            broken(NegativeClip::SegmentShuffle { segments: 13 }),
            "`negative.segment_shuffle.segments` is 13",
        ),
        (
            broken(NegativeClip::Repeat { share: 1.5 }),
            "`negative.repeat.share` is 1.5",
        ),
        (
            broken(NegativeClip::Incoherent { gap: 0 }),
            "`negative.incoherent.gap` is 0",
        ),
        (
            spatial(GaussianNoise::default().into()),
            "`spatial` is gaussian_noise",
        ),
        (spatial(stretch.into()), "`spatial` is nw_ucla_view"),
        (
            MotionClips {
                score_channel: true,
                ..spatial(masks.into())
            },
            "`spatial` is one_of",
        ),
    ] {
        let error = clips.validate().unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
    spatial(flip.into()).validate().unwrap();
}

#[test]
fn shapes_that_will_not_do_are_refused() {
    let flat = ClipShape::new(60, 2, 3, 2);
    assert!(plain().shapes(flat).is_ok());
    assert!(MotionClips::default().shapes(flat).is_err());
    let scored = MotionClips {
        score_channel: true,
        ..plain()
    };
    assert!(scored.shapes(flat).is_err());
    let masked = MotionClips {
        spatial: Pipeline::new(vec![Stage::always(JointMask::default())]).unwrap(),
        ..plain()
    };
    assert!(masked.shapes(shape((60, 2, 3))).is_err());
}

#[test]
fn clips_are_read_with_their_defaults() {
    let read = |text| serde_json::from_str::<MotionClips>(text).unwrap();
    assert_eq!(read("{}"), MotionClips::default());
    let clips = read(
        r#"{"speeds": [0.5], "negative": {"incoherent": {}}, "short": "wrap", "spatial": []}"#,
    );
    assert_eq!(clips.negative, NegativeClip::Incoherent { gap: 16 });
    assert_eq!(clips.short, ShortClips::Wrap);
    let text = serde_json::to_string(&clips).unwrap();
    assert_eq!(read(&text), clips);
    for (text, negative) in [
        (
            r#"{"segment_shuffle": {}}"#,
            NegativeClip::SegmentShuffle { segments: 4 },
        ),
        (r#"{"repeat": {}}"#, NegativeClip::Repeat { share: 0.5 }),
        (r#""frame_shuffle""#, NegativeClip::FrameShuffle),
        (r#""reverse""#, NegativeClip::Reverse),
    ] {
        assert_eq!(
            serde_json::from_str::<NegativeClip>(text).unwrap(),
            negative
        );
    }
    assert!(serde_json::from_str::<NegativeClip>(r#"{"repeat": {"part": 1}}"#).is_err());
}
