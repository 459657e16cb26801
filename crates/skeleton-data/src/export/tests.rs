use std::process::Command;

use proptest::prelude::*;

use super::*;
use crate::formats::{Format, OpenOptions, Recording, open};
use crate::{Layout, Meta};

type Clip = (SkeletonSequence, Option<Side>);

/// A clip of Kinect v1's joints: random coordinates, absent bodies, and a first person who is there at the end.
fn clip(
    number: usize,
    (frames, persons): (usize, usize),
    label: usize,
    side: Option<Side>,
    seed: &[f32],
    absent: &[bool],
) -> Clip {
    let shape = ClipShape::new(frames, persons, 20, 3);
    let mut values: Vec<f32> = seed.iter().copied().cycle().take(shape.len()).collect();
    let mut validity: Vec<bool> = absent
        .iter()
        .map(|a| !a)
        .cycle()
        .take(frames * persons)
        .collect();
    validity[(frames - 1) * persons] = true;
    for (body, &valid) in values.chunks_exact_mut(shape.person_len()).zip(&validity) {
        // A body of zeros could not be told from none.
        body[0] = 1.0 + number as f32;
        if !valid {
            body.fill(0.0);
        }
    }
    let meta = Meta {
        source: format!("clip {number}"),
        label: Some(label),
        ..Meta::default()
    };
    let sequence = SkeletonSequence::new(values, shape, validity, meta).unwrap();
    (sequence, side)
}

fn clips(same_shape: bool) -> impl Strategy<Value = Vec<Clip>> {
    let one = (
        (1usize..5, 1usize..3),
        0usize..4,
        any::<bool>(),
        prop::collection::vec(-1e4f32..1e4, 1..50),
        prop::collection::vec(any::<bool>(), 1..6),
    );
    prop::collection::vec(one, 1..6).prop_map(move |clips| {
        let first = clips[0].0;
        let clips = clips.into_iter().enumerate();
        clips
            .map(|(number, (extents, label, train, seed, absent))| {
                let extents = if same_shape { first } else { extents };
                let side = Some(Side::train_if(train));
                clip(number, extents, label, side, &seed, &absent)
            })
            .collect()
    })
}

fn read_back(path: &Path, format: Format) -> Vec<Recording> {
    let options = OpenOptions {
        layout: Some(Layout::kinect20()),
        ..OpenOptions::default()
    };
    let source = open(path, Some(format), &options).unwrap();
    (0..source.len())
        .map(|item| source.read(item).remove(0).unwrap())
        .collect()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_plain_array_gives_back_what_was_written(clips in clips(true)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        write_npy(&clips, &path).unwrap();
        let read = read_back(&path, Format::Npy);
        prop_assert_eq!(read.len(), clips.len());
        for (number, ((written, _), read)) in clips.iter().zip(&read).enumerate() {
            let read = &read.sequence;
            prop_assert_eq!(bits(read.frames()), bits(written.frames()));
            prop_assert_eq!((read.shape(), read.validity()), (written.shape(), written.validity()));
            prop_assert_eq!(read.meta().label, written.meta().label);
            prop_assert_eq!(&read.meta().source, &format!("a_{number:05}"));
        }
    }

    #[test]
    fn an_npz_gives_back_the_sides_in_their_order(clips in clips(false)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        write_npz(&clips, &path).unwrap();
        let read = read_back(&path, Format::CtrgcnNpz);
        prop_assert_eq!(read.len(), clips.len());
        let side = |wanted| clips.iter().filter(move |(_, side)| *side == Some(wanted));
        let written = side(Side::Train).chain(side(Side::Test));
        for ((written, side), read) in written.zip(&read) {
            prop_assert_eq!(&read.sides, &[*side]);
            let read = &read.sequence;
            let (shape, found) = (written.shape(), read.shape());
            prop_assert_eq!(read.meta().label, written.meta().label);
            prop_assert_eq!(found.frames, shape.frames);
            for frame in 0..shape.frames {
                for person in 0..found.persons {
                    let there = person < shape.persons && written.is_valid(frame, person);
                    prop_assert_eq!(read.is_valid(frame, person), there);
                    for joint in 0..if there { 20 } else { 0 } {
                        let expected = bits(written.joint(frame, person, joint));
                        prop_assert_eq!(bits(read.joint(frame, person, joint)), expected);
                    }
                }
            }
        }
    }

    #[test]
    fn a_pickle_gives_back_what_was_written(clips in clips(false), scores in any::<bool>()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pkl");
        let form = PysklForm { split: Some("xsub".into()), half: false, scores };
        write_pyskl(&clips, &path, &form).unwrap();
        let read = read_back(&path, Format::Pyskl);
        prop_assert_eq!(read.len(), clips.len());
        for ((written, side), read) in clips.iter().zip(&read) {
            prop_assert_eq!(&read.sides, &[*side]);
            let read = &read.sequence;
            prop_assert_eq!(bits(read.frames()), bits(written.frames()));
            prop_assert_eq!((read.shape(), read.validity()), (written.shape(), written.validity()));
            prop_assert_eq!(read.meta(), written.meta());
        }
    }
}

fn two() -> Vec<Clip> {
    vec![
        clip(
            0,
            (2, 2),
            1,
            Some(Side::Train),
            &[0.25, 0.5, -2.0],
            &[false, true],
        ),
        clip(1, (3, 1), 0, Some(Side::Test), &[0.125, 3.0], &[false]),
    ]
}

#[test]
fn half_precision_keeps_eleven_digits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pkl");
    let form = PysklForm {
        half: true,
        ..PysklForm::default()
    };
    let mut clips = two();
    clips[1].0.frames_mut()[4] = 1.0 / 3.0;
    write_pyskl(&clips, &path, &form).unwrap();
    let read = read_back(&path, Format::Pyskl);
    assert_eq!(read[0].sequence.frames(), clips[0].0.frames());
    assert_eq!(read[1].sequence.frames()[4], 0.33325195);
}

#[test]
fn what_a_format_cannot_hold_is_refused_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let said = |result: Result<(), DataError>| result.unwrap_err().to_string();
    let form = PysklForm::default();
    let none: Vec<Clip> = Vec::new();
    for error in [
        said(write_npy(&none, &path)),
        said(write_npz(&none, &path)),
        said(write_pyskl(&none, &path, &form)),
    ] {
        assert!(
            error.ends_with("cannot be written: there are no clips"),
            "{error}"
        );
    }
    let error = said(write_npy(&two(), &path));
    assert!(
        error.ends_with(
            "sequence `clip 1` has the shape [T=3, M=1, V=20, C=3], the first [T=2, M=2, V=20, C=3]"
        ),
        "{error}"
    );
    let mut clips = two();
    clips[1].1 = None;
    let error = said(write_npz(&clips, &path));
    assert!(
        error.ends_with("sequence `clip 1` has no side, the format needs one"),
        "{error}"
    );
    clips[0].0.meta_mut().label = None;
    let error = said(write_npz(&clips, &path));
    assert!(
        error.ends_with("sequence `clip 0` has no label, the format needs one"),
        "{error}"
    );
    clips[1].0.meta_mut().source = "clip 0".into();
    let error = said(write_pyskl(&clips, &path, &form));
    assert!(error.ends_with("sequence `clip 0` occurs twice"), "{error}");
    let error = said(write_npz(&two(), &folder.path().join("no/folder")));
    assert!(error.contains("cannot be written: "), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// What Python says of the files, as a check that is not ours.
const SCRIPT: &str = "
import pickle, sys
import numpy as np
folder = sys.argv[1]
a = np.load(folder + '/a.npy')
assert a.shape == (1, 2, 2, 20, 3) and a.dtype == np.float32, (a.shape, a.dtype)
assert np.load(folder + '/a_label.npy').tolist() == [1]
assert a[0, 1, 0, 1].tolist() == [0.25, 0.5, -2.0], a[0, 1, 0, 1]
z = np.load(folder + '/a.npz')
assert z['x_train'].shape == (1, 3, 120) and z['x_test'].shape == (1, 3, 120)
assert z['y_train'].tolist() == [[0, 1]] and z['y_test'].tolist() == [[1, 0]]
assert z['x_train'][0, 1, :60].tolist() == a[0, 1, 0].ravel().tolist()
assert not z['x_train'][0, 2].any()
for name, dtype in [('f32', np.float32), ('f16', np.float16)]:
    with open(folder + '/' + name + '.pkl', 'rb') as file:
        p = pickle.load(file)
    assert p['split'] == {'xsub_train': ['clip 0'], 'xsub_val': ['clip 1']}, p['split']
    first, second = p['annotations']
    assert first['frame_dir'] == 'clip 0' and first['label'] == 1 and first['total_frames'] == 2
    k = first['keypoint']
    assert k.shape == (2, 2, 20, 2) and k.dtype == dtype, (k.shape, k.dtype)
    assert (k == a[0].transpose(1, 0, 2, 3)[..., :2]).all()
    assert (first['keypoint_score'] == a[0].transpose(1, 0, 2, 3)[..., 2]).all()
    assert second['keypoint'].shape == (1, 3, 20, 2)
print('read', np.__version__)
";

#[test]
fn python_reads_what_is_written() {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    let numpy = Command::new(&python).args(["-c", "import numpy"]).output();
    if !numpy.is_ok_and(|run| run.status.success()) {
        println!("skipped: {python} with NumPy is not there (the variable PYTHON names another)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let clips = two();
    write_npy(&clips[..1].to_vec(), &at("a.npy")).unwrap();
    write_npz(&clips, &at("a.npz")).unwrap();
    for (name, half) in [("f32.pkl", false), ("f16.pkl", true)] {
        let form = PysklForm {
            split: Some("xsub".into()),
            half,
            scores: true,
        };
        write_pyskl(&clips, &at(name), &form).unwrap();
    }
    let run = Command::new(&python)
        .args(["-W", "error", "-c", SCRIPT])
        .arg(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
    println!("{}", String::from_utf8_lossy(&run.stdout));
}
