//! PYSKL's pickle.

use std::collections::HashSet;
use std::io::Write;
use std::path::Path;

use half::f16;

use super::{Clips, Draft, coordinates, nothing, unfit};
use crate::formats::Side;
use crate::{DataError, SkeletonSequence};

/// What a PYSKL pickle is to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PysklForm {
    /// Name of the split: `xsub` makes the lists `xsub_train` and `xsub_val`, none `train` and `val`.
    pub split: Option<String>,
    /// Coordinates in 16 bits, as PYSKL stores pixels, which rounds them to 11 binary digits; else in 32.
    pub half: bool,
    /// The third channel is a score, stored apart as `keypoint_score`.
    pub scores: bool,
}

/// Writes the pickle of [`formats::pyskl`](crate::formats::pyskl), protocol 4, which Python loads with NumPy 1 and 2: per clip
/// `frame_dir`, `total_frames`, `label` if it has one, and `keypoint` `[M, T, V, C]`. Without a single side there is no
/// `split`.
///
/// # Errors
/// [`DataError::Write`] without clips, for a name that occurs twice, scores without three channels, and what the system
/// refuses; and those of [`Clips::get`].
pub fn write_pyskl(clips: &dyn Clips, path: &Path, form: &PysklForm) -> Result<(), DataError> {
    if clips.is_empty() {
        return Err(nothing(path));
    }
    let (mut train, mut test, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    for index in 0..clips.len() {
        let (clip, side) = clips.get(index)?;
        let name = clip.meta().source.clone();
        if form.scores && clip.shape().channels != 3 {
            let reason = format!("has {} channels, not x, y and score", clip.shape().channels);
            return Err(unfit(path, &clip, reason));
        }
        match side {
            Some(Side::Train) => train.push(name.clone()),
            Some(Side::Test) => test.push(name.clone()),
            None => {}
        }
        if !seen.insert(name) {
            return Err(unfit(path, &clip, "occurs twice"));
        }
    }
    drop(seen);
    let draft = Draft::new(path)?;
    let mut pickle = Pickle(draft.file);
    let io = |error: std::io::Error| DataError::write(path, error);
    pickle.begin(form.half).map_err(io)?;
    if !(train.is_empty() && test.is_empty()) {
        let prefix = form.split.as_ref().map(|split| format!("{split}_"));
        let prefix = prefix.unwrap_or_default();
        let lists = [("train", train), ("val", test)];
        pickle.splits(&prefix, &lists).map_err(io)?;
    }
    pickle.text("annotations").map_err(io)?;
    pickle.0.write_all(b"]").map_err(io)?;
    for index in 0..clips.len() {
        let (clip, _) = clips.get(index)?;
        pickle.annotation(&clip, form).map_err(io)?;
        // Onto the list.
        pickle.0.write_all(b"a").map_err(io)?;
    }
    // Both entries into the dictionary, and the end.
    pickle.0.write_all(b"u.").map_err(io)?;
    Draft { file: pickle.0 }.finish(path)
}

/// Numbers under which [`Pickle::begin`] lets Python remember what every array needs.
const RECONSTRUCT: u8 = 0;
const NDARRAY: u8 = 1;
const DTYPE: u8 = 2;

/// Instructions of protocol 4 to a file.
struct Pickle<W>(W);

impl<W: Write> Pickle<W> {
    /// The protocol, what is to be remembered, and an open dictionary.
    fn begin(&mut self, half: bool) -> std::io::Result<()> {
        self.0.write_all(b"\x80\x04")?;
        // NumPy 2 still knows the names of NumPy 1 for pickles.
        self.global("numpy.core.multiarray", "_reconstruct")?;
        self.0.write_all(b"\x940")?;
        self.global("numpy", "ndarray")?;
        self.0.write_all(b"\x940")?;
        self.global("numpy", "dtype")?;
        self.text(if half { "f2" } else { "f4" })?;
        // dtype(code, False, True), then its state (3, '<', None, None, None, -1, -1, 0).
        self.0.write_all(b"\x89\x88\x87R(K\x03")?;
        self.text("<")?;
        self.0
            .write_all(b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x940")?;
        self.0.write_all(b"}(")
    }

    fn global(&mut self, module: &str, name: &str) -> std::io::Result<()> {
        self.text(module)?;
        self.text(name)?;
        self.0.write_all(b"\x93")
    }

    fn text(&mut self, text: &str) -> std::io::Result<()> {
        self.0.write_all(b"\x8d")?;
        self.0.write_all(&(text.len() as u64).to_le_bytes())?;
        self.0.write_all(text.as_bytes())
    }

    fn count(&mut self, count: usize) -> std::io::Result<()> {
        // Signed, which no count of things in memory reaches.
        self.0.write_all(b"\x8a\x08")?;
        self.0.write_all(&(count as u64).to_le_bytes())
    }

    fn splits(&mut self, prefix: &str, lists: &[(&str, Vec<String>)]) -> std::io::Result<()> {
        self.text("split")?;
        self.0.write_all(b"}(")?;
        for (side, names) in lists {
            self.text(&format!("{prefix}{side}"))?;
            self.0.write_all(b"]")?;
            for name in names {
                self.text(name)?;
                self.0.write_all(b"a")?;
            }
        }
        self.0.write_all(b"u")
    }

    fn annotation(&mut self, clip: &SkeletonSequence, form: &PysklForm) -> std::io::Result<()> {
        let shape = clip.shape();
        self.0.write_all(b"}(")?;
        self.text("frame_dir")?;
        self.text(&clip.meta().source)?;
        if let Some(label) = clip.meta().label {
            self.text("label")?;
            self.count(label)?;
        }
        self.text("total_frames")?;
        self.count(shape.frames)?;
        let values = coordinates(clip);
        let extents = [shape.persons, shape.frames, shape.joints];
        let coordinates = shape.channels - usize::from(form.scores);
        let channels = |range: std::ops::Range<usize>| {
            let mut picked = Vec::with_capacity(values.len());
            for person in 0..shape.persons {
                for frame in 0..shape.frames {
                    for joint in 0..shape.joints {
                        let at = shape.offset(frame, person, joint);
                        picked.extend_from_slice(&values[at..][range.clone()]);
                    }
                }
            }
            picked
        };
        self.text("keypoint")?;
        let whole = [extents.as_slice(), &[coordinates]].concat();
        self.array(&whole, &channels(0..coordinates), form.half)?;
        if form.scores {
            self.text("keypoint_score")?;
            self.array(&extents, &channels(2..3), form.half)?;
        }
        self.0.write_all(b"u")
    }

    fn array(&mut self, shape: &[usize], values: &[f32], half: bool) -> std::io::Result<()> {
        // _reconstruct(ndarray, (0,), b'b')
        self.0
            .write_all(&[b'h', RECONSTRUCT, b'h', NDARRAY, b'K', 0, 0x85])?;
        self.0.write_all(b"C\x01b\x87R")?;
        // Its state: (1, shape, dtype, False, bytes).
        self.0.write_all(b"(K\x01(")?;
        for &extent in shape {
            self.count(extent)?;
        }
        self.0.write_all(&[b't', b'h', DTYPE, 0x89, 0x8e])?;
        let bytes: Vec<u8> = match half {
            true => values
                .iter()
                .flat_map(|&value| f16::from_f32(value).to_le_bytes())
                .collect(),
            false => values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
        };
        self.0.write_all(&(bytes.len() as u64).to_le_bytes())?;
        self.0.write_all(&bytes)?;
        self.0.write_all(b"tb")
    }
}
