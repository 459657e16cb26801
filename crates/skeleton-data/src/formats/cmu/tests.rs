//! Tests of ASF and AMC: positions against `make.py`'s 4x4 matrices, and tables of bad files.

use proptest::prelude::*;

use super::*;
use crate::SkeletonSequence;

const BODY_ASF: &str = include_str!("../../../tests/fixtures/mocap/body.asf");
const BODY_AMC: &str = include_str!("../../../tests/fixtures/mocap/body.amc");
const ODD_ASF: &str = include_str!("../../../tests/fixtures/mocap/odd.asf");
const ODD_AMC: &str = include_str!("../../../tests/fixtures/mocap/odd.amc");

fn parsed(asf: &str, amc: &str) -> Result<SkeletonSequence, FileError> {
    parse_amc(
        amc.as_bytes(),
        &parse_asf(asf.as_bytes())?,
        Rates::default(),
        Meta::default(),
    )
}

fn assert_positions(sequence: &SkeletonSequence, json: &str) {
    let expected: Vec<Vec<[f64; 3]>> = serde_json::from_str(json).unwrap();
    let shape = sequence.shape();
    assert_eq!(
        (shape.frames, shape.joints),
        (expected.len(), expected[0].len())
    );
    let expected = expected.into_iter().flatten().flatten();
    for (at, (&found, expected)) in sequence.frames().iter().zip(expected).enumerate() {
        assert!(
            (f64::from(found) - expected).abs() < 1e-5,
            "value {at}: {found} {expected}"
        );
    }
}

#[test]
fn positions_are_those_of_independent_4x4_matrices() {
    let body = parsed(BODY_ASF, BODY_AMC).unwrap();
    assert_positions(
        &body,
        include_str!("../../../tests/fixtures/mocap/body_amc.json"),
    );
    assert!(body.validity().iter().all(|&valid| valid));
    let odd = parsed(ODD_ASF, ODD_AMC).unwrap();
    assert_positions(
        &odd,
        include_str!("../../../tests/fixtures/mocap/odd_amc.json"),
    );
}

#[test]
fn a_skeleton_gives_its_joints_in_the_layout_s_order() {
    let skeleton = parse_asf(BODY_ASF.as_bytes()).unwrap();
    assert!((skeleton.metres_per_unit() - 0.056_444).abs() < 1e-6);
    let cmu31 = skeleton.clone().for_cmu31().unwrap();
    assert!(cmu31.joints().eq(Layout::cmu31().joints().iter()));
    let two = Layout::builder("two")
        .joints(["head", "root"])
        .edge("head", "root")
        .centre("root")
        .build()
        .unwrap();
    let all = parsed(BODY_ASF, BODY_AMC).unwrap();
    let picked = skeleton.for_layout(&two).unwrap();
    let picked = parse_amc(
        BODY_AMC.as_bytes(),
        &picked,
        Rates::default(),
        Meta::default(),
    )
    .unwrap();
    assert_eq!(picked.shape().joints, 2);
    assert_eq!(picked.joint(2, 0, 0), all.joint(2, 0, 16));
    assert_eq!(picked.joint(2, 0, 1), all.joint(2, 0, 0));
}

#[test]
fn skeletons_of_other_bones_say_which() {
    let skeleton = |text: &str| {
        parse_asf(text.as_bytes())
            .unwrap()
            .for_cmu31()
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        skeleton(&BODY_ASF.replace("ltoes", "tail")),
        "the skeleton is without `ltoes` and with `tail`, expected the 31 joints of `cmu31`; for others give a layout"
    );
    let moved = BODY_ASF
        .replace(" lowerneck lclavicle", " lclavicle")
        .replace("upperback thorax", "upperback thorax lowerneck");
    assert_eq!(
        skeleton(&moved),
        "the skeleton is one in which `lowerneck` hangs on `upperback`, expected the hierarchy of `cmu31`; for others give a layout"
    );
    let error = parse_asf(ODD_ASF.as_bytes())
        .unwrap()
        .for_layout(&Layout::ntu25())
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the skeleton is without `spine_base`, `spine_mid`, `neck`, `head`, `left_shoulder` and 20 more, expected the joints of the layout `ntu25`"
    );
}

#[test]
fn frames_are_thinned_by_the_rate_recorded_and_all_are_still_checked() {
    let skeleton = parse_asf(ODD_ASF.as_bytes()).unwrap();
    let frames = |text: &str, recorded, wanted| {
        let rates = Rates { recorded, wanted };
        parse_amc(text.as_bytes(), &skeleton, rates, Meta::default()).map(|s| s.shape().frames)
    };
    assert_eq!(frames(ODD_AMC, None, Some(60.0)), Ok(2));
    assert_eq!(frames(ODD_AMC, Some(60.0), Some(60.0)), Ok(4));
    assert_eq!(frames(ODD_AMC, None, Some(30.0)), Ok(1));
    let own = ODD_AMC.replace(":RADIANS", ":RADIANS\n:SAMPLES-PER-SECOND 60");
    assert_eq!(frames(&own, Some(120.0), Some(30.0)), Ok(2));
    let broken = ODD_AMC.replacen("\ntrunk", "\ntrunk x", 2);
    assert!(frames(&broken, None, Some(30.0)).is_err());
}

#[test]
fn bad_skeletons_are_named_by_line() {
    let with = |from: &str, to: &str| {
        assert!(ODD_ASF.contains(from), "{from}");
        ODD_ASF.replacen(from, to, 1)
    };
    let direction = ODD_ASF
        .lines()
        .find(|line| line.contains("direction"))
        .unwrap();
    let cases = [
        (String::new(), "is empty"),
        (
            with("length 1.0", "length 0"),
            "line 6: `length` is 0, expected a positive number",
        ),
        (
            with("length 1.0", "length NaN"),
            "line 6: `length` is `NaN`, expected a number",
        ),
        (
            with("  length 1.0", ""),
            "has no `length` in `:units`, which is needed for metres",
        ),
        (
            with("angle rad", "angle grad"),
            "line 7: `angle` is `grad`, expected `deg` or `rad`",
        ),
        (
            with(":root", ":spine"),
            "line 10: the keyword is `:spine`, expected `:version`, `:name`, `:units`, `:documentation`, `:root`, `:bonedata`, `:hierarchy` or `:skin`",
        ),
        (
            with("RZ TX", "RZ RZ"),
            "line 11: `order` is `RZ RZ RX TY TZ RY`, expected tx, ty, tz, rx, ry and rz once each",
        ),
        (
            with("position 0 0 0", "position 0 1 0"),
            "line 13: the root's position is `0 1 0`, expected zeros: programs disagree on what other presets mean",
        ),
        (
            with("  begin\r\n", ""),
            "line 16: what comes before a bone is `id`, expected `begin`",
        ),
        (
            with(direction, ""),
            "has no `direction` in the bone that begins at line 16, which is needed for the skeleton",
        ),
        (
            with(direction, "direction 1 1 0"),
            "line 16: the direction of bone `trunk` is a vector of length 1.4142, expected one of length 1",
        ),
        (
            with(direction, "direction 1 0"),
            "line 19: `direction` is 2 fields, expected 3",
        ),
        (
            with("name arm", "name trunk"),
            "line 26: the name of the bone is `trunk`, expected a name that no bone before it has",
        ),
        (
            with("  XYZ", "  XYY"),
            "line 21: the order of axes is `XYY`, expected x, y and z once each",
        ),
        (
            with("  XYZ", "  ZYX"),
            "line 21: the order of `axis` is `ZYX`, expected `XYZ`: for others programs disagree on which angle is whose",
        ),
        (
            with("dof rz rx", "dof rz l"),
            "line 22: a degree of freedom is `l`, expected `rx`, `ry` or `rz`, each once",
        ),
        (
            with("dof rz rx", "weight 3"),
            "line 22: the field of a bone is `weight`, expected `name`, `direction`, `length`, `axis`, `dof`, `limits` or `end`",
        ),
        (
            with("trunk arm", "trunk leg"),
            "line 47: a child is `leg`, which has a parent already, expected every bone once",
        ),
        (
            with("trunk arm", "trunk tail"),
            "line 47: a name in the hierarchy is `tail`, expected `root` or a bone of `:bonedata` above",
        ),
        (
            with("root trunk leg", "root leg"),
            "the hierarchy is without a way from the root to `trunk`, `arm`, expected one to every bone",
        ),
        (
            with("root trunk leg", "arm trunk\nroot leg"),
            "the hierarchy is without a way from the root to `trunk`, `arm`, expected one to every bone",
        ),
        (
            ODD_ASF[..ODD_ASF.rfind("  end").unwrap()].into(),
            "ends at line 48, where `end` was expected: it is truncated or its counts are wrong",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(
            parse_asf(text.as_bytes())
                .map(|_| ())
                .unwrap_err()
                .to_string(),
            message
        );
    }
}

#[test]
fn bad_motions_are_named_by_line() {
    let with = |from: &str, to: &str| {
        assert!(ODD_AMC.contains(from), "{from}");
        ODD_AMC.replacen(from, to, 1)
    };
    let cases = [
        (" \n".into(), "is empty"),
        (":DEGREES\n".into(), "holds no frames"),
        (
            with(":RADIANS", ":GRADES"),
            "line 3: a line before the first frame is `:GRADES`, expected `:FULLY-SPECIFIED`, `:DEGREES`, `:RADIANS` or a frame number",
        ),
        (
            with(":RADIANS", ":SAMPLES-PER-SECOND 0"),
            "line 3: `:SAMPLES-PER-SECOND` is `0`, expected a positive number",
        ),
        (
            with("\n2\n", "\n3\n"),
            "line 8: the frame number is `3`, expected the one after 1",
        ),
        (
            with("\n2\n", "\n2 x\n"),
            "line 8: the frame number is `2 x`, expected the one after 1",
        ),
        (
            with("\n1\n", "\n99999999999999999999999\n"),
            "line 4: the frame number is `99999999999999999999999`, expected a whole number",
        ),
        (
            with("arm 0", "tail 0"),
            "line 6: the bone is `tail`, expected one of the skeleton",
        ),
        (
            with("\ntrunk", "\narm 1 2 3\ntrunk"),
            "line 7: the bone is `arm`, which frame 1 has already, expected every bone once",
        ),
        (
            with("arm 0.875326", "arm"),
            "line 6: bone `arm` is 2 values, expected 3",
        ),
        (
            with("arm 0.875326", "arm 1 0.875326"),
            "line 6: bone `arm` is 4 values, expected 3",
        ),
        (
            with("arm 0.875326", "arm NaN"),
            "line 6: bone `arm`, value 1 is `NaN`, expected a finite number",
        ),
        (
            with("arm 0.875326", "arm 1e999"),
            "line 6: bone `arm`, value 1 is `1e999`, expected a finite number",
        ),
        (
            ODD_AMC[..ODD_AMC.find("\narm").unwrap()].into(),
            "line 4: frame 1 is without `trunk`, `arm`, expected a line for each bone that moves",
        ),
        (
            ODD_AMC[..ODD_AMC.rfind("trunk").unwrap()].into(),
            "line 16: frame 4 is without `trunk`, expected a line for each bone that moves",
        ),
        (
            with("9.670752", "1e9"),
            "frame 0, joint 0: x is `25400000`, expected metres between -10000 and 10000",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(parsed(ODD_ASF, &text).unwrap_err().to_string(), message);
    }
    // A fixed bone may be there, without values.
    let fixed = with("\narm", "\nleg\narm");
    assert_eq!(parsed(ODD_ASF, &fixed), parsed(ODD_ASF, ODD_AMC));
}

#[test]
fn damaged_files_are_refused_without_panic() {
    for (asf, amc) in [(BODY_ASF, BODY_AMC), (ODD_ASF, ODD_AMC)] {
        let skeleton = parse_asf(asf.as_bytes()).unwrap();
        for cut in 0..asf.len() {
            let _ = parse_asf(&asf.as_bytes()[..cut]);
        }
        for at in (0..amc.len()).step_by(3) {
            let mut bytes = amc.as_bytes().to_vec();
            let _ = parse_amc(&bytes[..at], &skeleton, Rates::default(), Meta::default());
            bytes[at] ^= 0x95;
            let _ = parse_amc(&bytes, &skeleton, Rates::default(), Meta::default());
        }
    }
}

proptest! {
    #[test]
    fn bones_keep_their_lengths_whatever_the_angles(angles in prop::collection::vec(-1e3f64..1e3, 11)) {
        let skeleton = parse_asf(ODD_ASF.as_bytes()).unwrap();
        let text = |angles: &[f64]| angles.iter().map(f64::to_string).collect::<Vec<_>>().join(" ");
        let amc = format!(
            ":RADIANS\n7\nroot {}\ntrunk {}\narm {}\n",
            text(&angles[..6]), text(&angles[6..8]), text(&angles[8..]),
        );
        let turned = parse_amc(amc.as_bytes(), &skeleton, Rates::default(), Meta::default()).unwrap();
        let rest = parsed(ODD_ASF, ODD_AMC).unwrap();
        let length = |of: &SkeletonSequence, a, b| {
            let square = |(a, b): (&f32, &f32)| (a - b).powi(2);
            of.joint(0, 0, a).iter().zip(of.joint(0, 0, b)).map(square).sum::<f32>().sqrt()
        };
        for (a, b) in [(0, 1), (1, 2), (0, 3)] {
            prop_assert!((length(&turned, a, b) - length(&rest, a, b)).abs() < 1e-4);
        }
    }

    #[test]
    fn text_cut_and_joined_anywhere_never_panics(cuts in prop::collection::vec(0usize..4000, 4), byte: u8) {
        let splice = |text: &str| {
            let at = |cut: usize| cuts[cut] % text.len();
            let bytes = text.as_bytes();
            [&bytes[..at(0)], &[byte], &bytes[at(1).min(at(2))..at(2)], &bytes[at(3)..]].concat()
        };
        let skeleton = parse_asf(BODY_ASF.as_bytes()).unwrap();
        let _ = parse_amc(&splice(BODY_AMC), &skeleton, Rates::default(), Meta::default());
        if let Ok(skeleton) = parse_asf(&splice(ODD_ASF)) {
            let _ = parse_amc(ODD_AMC.as_bytes(), &skeleton, Rates::default(), Meta::default());
        }
    }
}
