//! CMU's own files, where `SKELETON_SSL_DATA` names the folder that holds `cmu-mocap/`: AMC and BVH of one motion agree,
//! bones keep their lengths, and bodies have the height of people.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use skeleton_data::formats::{Format, OpenOptions, Source, bvh, cmu, detect, open};
use skeleton_data::{Layout, Meta, SkeletonSequence};

/// Metres in a unit of CMU's ASF files and of BVH files converted from them.
const UNIT: f64 = 0.0254 / 0.45;

/// CMU's folder, or `None` (said on the terminal) when the variable is unset.
fn data() -> Option<PathBuf> {
    let root = std::env::var_os("SKELETON_SSL_DATA");
    if root.is_none() {
        println!("skipped: SKELETON_SSL_DATA is not set");
    }
    root.map(|root| PathBuf::from(root).join("cmu-mocap"))
}

fn read_all(source: &dyn Source) -> Vec<SkeletonSequence> {
    (0..source.len())
        .flat_map(|item| source.read(item))
        .map(|read| read.unwrap().sequence)
        .collect()
}

fn motions() -> Option<Vec<SkeletonSequence>> {
    let source = open(&data()?, Some(Format::Amc), &OpenOptions::default()).unwrap();
    Some(read_all(&*source))
}

fn distance(a: &[f32], b: &[f32]) -> f64 {
    let square = |(a, b): (&f32, &f32)| (f64::from(*a) - f64::from(*b)).powi(2);
    a.iter().zip(b).map(square).sum::<f64>().sqrt()
}

/// Names of a joint in the BVH and in the AMC.
type Pair = (&'static str, &'static str);

/// Joints of the BVH and of the AMC at the same place: a BVH joint stands where its bone begins, which is where
/// the bone before it ends. The converter left out three bones (thorax and wrists have offsets of zero), so what hangs on them is
/// compared from where they end.
const SAME: [(&str, &str, &[Pair]); 4] = [
    (
        "Hips",
        "root",
        &[
            ("LHipJoint", "root"),
            ("LowerBack", "root"),
            ("LeftUpLeg", "lhipjoint"),
            ("LeftLeg", "lfemur"),
            ("LeftFoot", "ltibia"),
            ("LeftToeBase", "lfoot"),
            ("LeftToeBase_end", "ltoes"),
            ("RightUpLeg", "rhipjoint"),
            ("RightLeg", "rfemur"),
            ("RightFoot", "rtibia"),
            ("RightToeBase", "rfoot"),
            ("RightToeBase_end", "rtoes"),
            ("Spine", "lowerback"),
            ("Spine1", "upperback"),
        ],
    ),
    (
        "Neck",
        "thorax",
        &[
            ("Neck1", "lowerneck"),
            ("Head", "upperneck"),
            ("Head_end", "head"),
            ("LeftArm", "lclavicle"),
            ("LeftForeArm", "lhumerus"),
            ("LeftHand", "lradius"),
            ("RightArm", "rclavicle"),
            ("RightForeArm", "rhumerus"),
            ("RightHand", "rradius"),
        ],
    ),
    (
        "LeftFingerBase",
        "lwrist",
        &[
            ("LFingers", "lhand"),
            ("LFingers_end", "lfingers"),
            ("LThumb_end", "lthumb"),
        ],
    ),
    (
        "RightFingerBase",
        "rwrist",
        &[
            ("RFingers", "rhand"),
            ("RFingers_end", "rfingers"),
            ("RThumb_end", "rthumb"),
        ],
    ),
];

#[test]
fn amc_and_bvh_of_one_motion_agree() {
    let Some(folder) = data() else { return };
    let source = open(&folder.join("01_01.amc"), None, &OpenOptions::default()).unwrap();
    let amc = read_all(&*source).remove(0);
    let bytes = std::fs::read(folder.join("01_01.bvh")).unwrap();
    let (layout, bvh) = bvh::parse(&bytes, None, UNIT, Meta::default()).unwrap();
    let cmu31 = Layout::cmu31();
    // The converter puts a rest pose before the motion.
    let frames = amc.shape().frames;
    assert_eq!((frames, bvh.shape().frames), (2751, 2752));
    let ours = |frame, name| amc.joint(frame, 0, cmu31.joint_index(name).unwrap());
    let theirs = |frame, name| bvh.joint(frame + 1, 0, layout.joint_index(name).unwrap());
    for frame in 0..frames {
        assert!(distance(ours(frame, "root"), theirs(frame, "Hips")) < 1e-5);
        let thorax = distance(ours(frame, "upperback"), ours(frame, "thorax"));
        let lost = distance(ours(frame, "thorax"), theirs(frame, "Neck"));
        assert!(
            (lost - thorax).abs() < 2e-5,
            "only the length of the thorax is lost: {lost}"
        );
    }
    let (mut sum, mut most, mut count) = (0.0, 0.0f64, 0);
    for (their_base, our_base, joints) in SAME {
        for (their_joint, our_joint) in joints {
            let (mut of_joint, mut worst) = (0.0, 0.0f64);
            for frame in 0..frames {
                let from =
                    |joint: &[f32], base: &[f32]| [0, 1, 2].map(|axis| joint[axis] - base[axis]);
                let a = from(ours(frame, our_joint), ours(frame, our_base));
                let b = from(theirs(frame, their_joint), theirs(frame, their_base));
                let d = 1000.0 * distance(&a, &b);
                of_joint += d;
                worst = worst.max(d);
            }
            println!(
                "{our_joint} {their_joint}: mean {:.4} mm, most {worst:.4} mm",
                of_joint / frames as f64
            );
            sum += of_joint;
            most = most.max(worst);
            count += frames;
        }
    }
    let mean = sum / count as f64;
    println!("all: mean {mean:.4} mm, most {most:.4} mm");
    // The BVH has four and five decimals of a unit of 56 mm and of degrees.
    assert!(mean < 0.005 && most < 0.02, "{mean} {most}");
}

#[test]
fn every_bone_keeps_its_length_in_every_frame() {
    let Some(motions) = motions() else { return };
    let layout = Layout::cmu31();
    for motion in &motions {
        for &(a, b) in layout.edges() {
            let length = |frame| distance(motion.joint(frame, 0, a), motion.joint(frame, 0, b));
            let first = length(0);
            for frame in 0..motion.shape().frames {
                assert!(
                    (length(frame) - first).abs() < 1e-5,
                    "{} {a}-{b}",
                    motion.meta().source
                );
            }
        }
    }
}

#[test]
fn walkers_stand_as_high_as_people() {
    let Some(motions) = motions() else { return };
    let at = |name| Layout::cmu31().joint_index(name).unwrap();
    let names: Vec<&str> = motions
        .iter()
        .map(|motion| motion.meta().source.as_str())
        .collect();
    assert_eq!(names, ["01_01", "07_01", "07_02", "35_01", "35_02"]);
    // 01_01 climbs; the others walk upright.
    for motion in &motions[1..] {
        for frame in 0..motion.shape().frames {
            let height = |name| motion.joint(frame, 0, at(name))[1];
            let tall = height("head") - height("ltoes").min(height("rtoes"));
            assert!(
                (1.4..2.1).contains(&tall),
                "{} {frame}: {tall}",
                motion.meta().source
            );
            // Walking on the ground, y up.
            assert!(height("ltoes").min(height("rtoes")).abs() < 0.15);
        }
        let tall = motion.joint(0, 0, at("head"))[1] - motion.joint(0, 0, at("ltoes"))[1];
        println!("{}: {tall:.3} m", motion.meta().source);
    }
}

#[test]
fn frame_rates_keep_every_fourth_frame_of_120() {
    let Some(folder) = data() else { return };
    let options = OpenOptions {
        frame_rate: Some(30.0),
        ..OpenOptions::default()
    };
    assert_eq!(detect(&folder).unwrap(), Format::Amc);
    let thinned = read_all(&*open(&folder, Some(Format::Amc), &options).unwrap());
    let all = motions().unwrap();
    for (few, all) in thinned.iter().zip(&all) {
        assert_eq!(few.shape().frames, all.shape().frames.div_ceil(4));
        assert_eq!(few.joint(3, 0, 5), all.joint(12, 0, 5));
        assert_eq!(few.meta(), all.meta());
    }
    assert_eq!(all[3].meta().subject, Some(35));
}

#[test]
fn descriptions_of_the_index_become_labels_of_classes_with_their_names() {
    let Some(folder) = data() else { return };
    let options = OpenOptions {
        classes: Some(vec!["slow walk".into(), "walk".into()]),
        ..OpenOptions::default()
    };
    let source = open(&folder, Some(Format::Amc), &options).unwrap();
    let labels: Vec<_> = read_all(&*source)
        .iter()
        .map(|motion| motion.meta().label)
        .collect();
    assert_eq!(labels, [None, Some(1), Some(1), Some(1), Some(1)]);
}

#[test]
fn bvh_files_of_other_converters_have_other_joints_and_say_so() {
    let Some(folder) = data() else { return };
    let alone = |name: &str| {
        let path = folder.join(name);
        assert_eq!(detect(&path).unwrap(), Format::Bvh);
        read_all(&*open(&path, None, &OpenOptions::default()).unwrap()).remove(0)
    };
    assert_eq!(alone("131_03.bvh").shape().frames, 1102);
    let source = open(&folder, Some(Format::Bvh), &OpenOptions::default()).unwrap();
    assert_eq!(source.len(), 2);
    let error = source.read(1).remove(0).unwrap_err().to_string();
    println!("{error}");
    assert!(
        error.contains("131_03.bvh: the hierarchy is without"),
        "{error}"
    );
}

#[test]
fn reading_is_no_bottleneck() {
    let Some(folder) = data() else { return };
    let amc = std::fs::read(folder.join("01_01.amc")).unwrap();
    let bvh = std::fs::read(folder.join("01_01.bvh")).unwrap();
    let skeleton = cmu::parse_asf(&std::fs::read(folder.join("01.asf")).unwrap()).unwrap();
    // The best of several runs, which a busy machine disturbs least.
    let speed = |bytes: usize, read: &dyn Fn()| {
        let seconds = (0..10).map(|_| {
            let start = std::time::Instant::now();
            read();
            start.elapsed().as_secs_f64()
        });
        bytes as f64 / seconds.fold(f64::INFINITY, f64::min) / 1e6
    };
    let amc_speed = speed(amc.len(), &|| {
        cmu::parse_amc(&amc, &skeleton, cmu::Rates::default(), Meta::default()).unwrap();
    });
    let bvh_speed = speed(bvh.len(), &|| {
        bvh::parse(&bvh, None, UNIT, Meta::default()).unwrap();
    });
    println!("AMC {amc_speed:.0} MB/s, BVH {bvh_speed:.0} MB/s, forward kinematics included");
    // Far below what is measured, for busy machines and builds without optimisation.
    assert!(amc_speed > 1.0 && bvh_speed > 1.0);
}
