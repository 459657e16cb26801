//! What the generated data set as a whole must show.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::Split;
use crate::formats::Side;

fn config(layout: Layout, clips_per_action: usize) -> SyntheticConfig {
    SyntheticConfig {
        clips_per_action,
        ..SyntheticConfig::new(layout)
    }
}

fn all_actions(layout: Layout, clips_per_action: usize) -> SyntheticConfig {
    SyntheticConfig {
        actions: Action::ALL.to_vec(),
        ..config(layout, clips_per_action)
    }
}

/// Speed of every joint relative to the layout's centre in every frame, metres per frame `[T-1][V]`.
fn speeds(clip: &SkeletonSequence, centre: usize) -> Vec<Vec<f32>> {
    let at = |t: usize, v: usize| -> Vec3 {
        let (joint, centre) = (clip.joint(t, 0, v), clip.joint(t, 0, centre));
        [0, 1, 2].map(|c| joint[c] - centre[c])
    };
    let speed = |t: usize, v: usize| space::norm(space::sub(at(t, v), at(t - 1, v)));
    (1..clip.shape().frames)
        .map(|t| (0..clip.shape().joints).map(|v| speed(t, v)).collect())
        .collect()
}

fn mean_speeds(clip: &SkeletonSequence, centre: usize) -> Vec<f32> {
    let speeds = speeds(clip, centre);
    let mean = |v: usize| speeds.iter().map(|frame| frame[v]).sum::<f32>() / speeds.len() as f32;
    (0..clip.shape().joints).map(mean).collect()
}

fn distance(a: &[f32], b: &[f32]) -> f32 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b) * (a - b))
        .sum::<f32>()
        .sqrt()
}

#[test]
fn every_preset_layout_gives_finite_balanced_clips_of_the_asked_shape() {
    for layout in Layout::PRESETS.map(|name| Layout::preset(name).unwrap()) {
        let joints = layout.joint_count();
        let config = SyntheticConfig {
            frames: 20,
            ..all_actions(layout, 5)
        };
        let clips = config.generate().unwrap();
        let mut per_label = BTreeMap::new();
        for clip in &clips {
            assert_eq!(clip.shape(), ClipShape::new(20, 1, joints, 3));
            assert!(clip.frames().iter().all(|x| x.is_finite() && x.abs() < 6.0));
            *per_label.entry(clip.meta().label.unwrap()).or_insert(0) += 1;
        }
        assert_eq!(per_label, (0..12).map(|label| (label, 5)).collect());
    }
}

#[test]
fn a_clip_depends_on_the_seed_but_not_on_how_many_are_made() {
    let few = config(Layout::kinect20(), 2).generate().unwrap();
    let many = config(Layout::kinect20(), 5).generate().unwrap();
    assert_eq!(few, many[..few.len()]);
    let backwards = SyntheticConfig {
        actions: Action::ALL[..10].iter().rev().copied().collect(),
        ..config(Layout::kinect20(), 2)
    };
    assert_eq!(backwards.clip(0).unwrap().frames(), few[9].frames());
    let other = SyntheticConfig {
        seed: 1,
        ..config(Layout::kinect20(), 2)
    }
    .generate()
    .unwrap();
    assert!(
        few.iter()
            .zip(&other)
            .all(|(a, b)| a.frames() != b.frames())
    );
}

#[test]
fn repetitions_of_a_subject_differ() {
    let config = SyntheticConfig {
        subjects: 1,
        ..config(Layout::kinect20(), 2)
    };
    let (first, second) = (config.clip(0).unwrap(), config.clip(10).unwrap());
    assert_eq!(first.meta().subject, second.meta().subject);
    assert_eq!(
        (first.meta().replication, second.meta().replication),
        (Some(1), Some(2))
    );
    assert_ne!(first.frames(), second.frames());
}

fn is_train(meta: &Meta) -> bool {
    Split::SyntheticCrossSubject.side(meta).unwrap() == Some(Side::Train)
}

#[test]
fn train_and_test_have_the_same_classes_and_no_subject_in_common() {
    let config = SyntheticConfig {
        frames: 2,
        ..SyntheticConfig::default()
    };
    let clips = config.generate().unwrap();
    let of = |test: bool, what: fn(&Meta) -> u32| -> BTreeSet<u32> {
        let half = clips.iter().filter(|clip| is_train(clip.meta()) != test);
        half.map(|clip| what(clip.meta())).collect()
    };
    let subject: fn(&Meta) -> u32 = |meta| meta.subject.unwrap();
    let label: fn(&Meta) -> u32 = |meta| meta.label.unwrap() as u32;
    assert!(of(true, subject).is_disjoint(&of(false, subject)));
    assert_eq!(
        (of(true, subject).len(), of(false, subject).len()),
        (20, 20)
    );
    assert_eq!(of(true, label), of(false, label));
    let cameras: BTreeSet<u32> = clips
        .iter()
        .map(|clip| clip.meta().camera.unwrap())
        .collect();
    assert_eq!(cameras, BTreeSet::from([1, 2, 3]));
}

#[test]
fn actions_differ_in_how_fast_which_joints_move() {
    let layout = Layout::kinect20();
    let config = SyntheticConfig {
        difficulty: Difficulty::none(),
        ..all_actions(layout.clone(), 1)
    };
    let profiles: Vec<Vec<f32>> = config
        .generate()
        .unwrap()
        .iter()
        .map(|clip| mean_speeds(clip, layout.centre()))
        .collect();
    for a in 0..12 {
        for b in 0..a {
            let (size, gap) = (
                distance(&profiles[a], &[0.0; 20]),
                distance(&profiles[a], &profiles[b]),
            );
            assert!(
                gap > 0.15 * size,
                "{} and {}: {gap} of {size}",
                Action::ALL[a],
                Action::ALL[b]
            );
        }
    }
}

#[test]
fn a_bystander_is_a_second_person_who_hardly_moves() {
    let layout = Layout::kinect20();
    let difficulty = Difficulty {
        noise: 0.0,
        drop_rate: 0.0,
        ..Difficulty::default()
    };
    let config = SyntheticConfig {
        persons: 2,
        difficulty,
        ..config(layout, 1)
    };
    let wave = config.clip(0).unwrap();
    assert_eq!(wave.shape().persons, 2);
    let travel = |person: usize| -> f32 {
        let step =
            |t: usize, v: usize| distance(wave.joint(t, person, v), wave.joint(t - 1, person, v));
        (1..wave.shape().frames)
            .map(|t| [7, 11].map(|v| step(t, v)).iter().sum::<f32>())
            .sum()
    };
    assert!(
        travel(1) > 0.0 && travel(0) > 2.0 * travel(1),
        "{} {}",
        travel(0),
        travel(1)
    );
    assert!(distance(wave.joint(0, 0, 0), wave.joint(0, 1, 0)) > 0.4);
}

#[test]
fn a_configuration_survives_json_and_missing_fields_take_their_defaults() {
    let config = SyntheticConfig {
        seed: 7,
        ..config(Layout::openpose18(), 3)
    };
    let text = serde_json::to_string(&config).unwrap();
    assert_eq!(
        serde_json::from_str::<SyntheticConfig>(&text).unwrap(),
        config
    );
    let partial: SyntheticConfig =
        serde_json::from_str(r#"{"seed": 3, "difficulty": {"noise": 0.0}}"#).unwrap();
    assert_eq!(
        (partial.seed, partial.frames, partial.difficulty.noise),
        (3, SyntheticConfig::default().frames, 0.0)
    );
    assert!(serde_json::from_str::<SyntheticConfig>(r#"{"sed": 3}"#).is_err());
}

#[test]
fn fields_out_of_range_are_named() {
    let base = || config(Layout::kinect20(), 1);
    let with = |change: fn(&mut SyntheticConfig)| {
        let mut config = base();
        change(&mut config);
        config.generate().unwrap_err().to_string()
    };
    let cases = [
        (with(|c| c.actions.clear()), "`actions`"),
        (with(|c| c.actions.push(Action::Clap)), "`clap` twice"),
        (with(|c| c.frames = 0), "`frames`"),
        (with(|c| c.subjects = 0), "`subjects`"),
        (with(|c| c.persons = 3), "`persons` is 3"),
        (with(|c| c.clips_per_action = usize::MAX), "2^30"),
        (with(|c| c.frames = usize::MAX), "2^30"),
        (with(|c| c.difficulty.noise = f32::NAN), "`noise` is NaN"),
        (with(|c| c.difficulty.drop_rate = 1.0), "`drop_rate`"),
    ];
    for (message, expected) in cases {
        assert!(message.contains(expected), "{message}");
    }
    let blob = Layout::builder("blob")
        .joints(["a", "b"])
        .edge("a", "b")
        .centre("b")
        .build()
        .unwrap();
    assert_eq!(
        config(blob, 1).generate(),
        Err(SyntheticError::NoLimbs {
            layout: "blob".to_string()
        })
    );
}

/// Accuracy in percent of the nearest neighbour (Euclidean) on the unseen camera.
fn nearest_neighbour(
    clips: &[SkeletonSequence],
    feature: impl Fn(&SkeletonSequence) -> Vec<f32>,
) -> f32 {
    let all: Vec<(Vec<f32>, &Meta)> = clips
        .iter()
        .map(|clip| (feature(clip), clip.meta()))
        .collect();
    let (test, train): (Vec<_>, Vec<_>) = all
        .iter()
        .partition(|(_, meta)| Split::SyntheticCrossView.side(meta).unwrap() == Some(Side::Test));
    let right = test.iter().filter(|(x, meta)| {
        let gap = |other: &&&(Vec<f32>, &Meta)| distance(x, &other.0);
        let nearest = train.iter().min_by(|a, b| gap(a).total_cmp(&gap(b)));
        nearest.unwrap().1.label == meta.label
    });
    100.0 * right.count() as f32 / test.len() as f32
}

/// The default is hard for raw coordinates, yet holds what tells the actions apart: where the body moves fast,
/// the two sides sorted so that handedness does not matter.
#[test]
fn coordinates_hide_the_action_that_motion_profiles_show() {
    let layout = Layout::ntu25();
    let clips = config(layout.clone(), 40).generate().unwrap();
    let (centre, frames) = (layout.centre(), clips[0].shape().frames);
    let raw = nearest_neighbour(&clips, |clip| {
        let joints = (0..frames).flat_map(|t| (0..25).map(move |v| (t, v)));
        joints
            .flat_map(|(t, v)| {
                let (joint, centre) = (clip.joint(t, 0, v), clip.joint(t, 0, centre));
                (0..3).map(move |c| joint[c] - centre[c])
            })
            .collect()
    });
    let profile = nearest_neighbour(&clips, |clip| {
        // Standard deviation of each joint's place in time: how much it moves, whatever the noise between
        // neighbouring frames.
        let mut profile: Vec<f32> = (0..25)
            .map(|v| {
                let squares = |c: usize| {
                    let path: Vec<f32> = (0..frames)
                        .map(|t| clip.joint(t, 0, v)[c] - clip.joint(t, 0, centre)[c])
                        .collect();
                    let mean = path.iter().sum::<f32>() / frames as f32;
                    path.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / frames as f32
                };
                (0..3).map(squares).sum::<f32>().sqrt()
            })
            .collect();
        for &(a, b) in layout.mirrored_pairs() {
            (profile[a], profile[b]) = (profile[a].max(profile[b]), profile[a].min(profile[b]));
        }
        let size = distance(&profile, &[0.0; 25]);
        profile.iter().map(|x| x / size).collect()
    });
    println!("nearest neighbour: coordinates {raw:.1} %, motion profile {profile:.1} %");
    assert!(raw < 70.0, "coordinates alone give {raw} %");
    assert!(
        profile > raw + 25.0,
        "motion profiles give {profile} %, coordinates {raw} %"
    );
}
