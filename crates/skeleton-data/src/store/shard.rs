//! One mapped shard, checked against the index before anything of it is used.

use std::borrow::Cow;
use std::ops::Range;
use std::path::{Path, PathBuf};

use safetensors::Dtype as Stored;
use safetensors::tensor::Metadata;

use super::index::{ShardEntry, StoreIndex};
use super::{Dtype, StoreError};
use crate::formats::Side;
use crate::mapped::Mapped;
use crate::{ClipShape, Meta};

/// Largest header that is parsed; ours take a few kilobytes.
const MAX_HEADER: usize = 16 << 20;

/// A shard whose tensors are where and what they should be; their values are checked as they are read.
#[derive(Debug)]
pub(super) struct Shard {
    path: PathBuf,
    map: Mapped,
    dtype: Dtype,
    /// Extents of a clip but for its frames.
    shape: ClipShape,
    classes: usize,
    splits: usize,
    /// First frame of each clip, and the end of the last.
    starts: Vec<usize>,
    frames: Range<usize>,
    validity: Range<usize>,
    labels: Range<usize>,
    subjects: Range<usize>,
    cameras: Range<usize>,
    setups: Range<usize>,
    replications: Range<usize>,
    names: Range<usize>,
    name_ends: Range<usize>,
    sides: Range<usize>,
}

impl Shard {
    pub(super) fn open(
        folder: &Path,
        entry: &ShardEntry,
        index: &StoreIndex,
    ) -> Result<Self, StoreError> {
        let path = folder.join(&entry.file);
        let map = Mapped::open(&path).map_err(|error| StoreError::read(&path, error))?;
        check_size(&path, map.len() as u64, entry)?;
        let spec = &index.spec;
        let (n, total) = (entry.clips, entry.frames.total);
        let joints = spec.layout.joint_count();
        let splits = spec.splits.len();
        let tensors = Tensors::parse(&path, &map)?;
        let numbers = |name| tensors.range(name, Stored::I32, &[n]);
        let lengths = tensors.range("lengths", Stored::U32, &[n])?;
        let frames = [total, index.persons, joints, index.channels];
        let shard = Self {
            dtype: spec.dtype,
            shape: ClipShape::new(0, index.persons, joints, index.channels),
            classes: spec.classes.len(),
            splits,
            starts: starts(&path, &map[lengths], entry)?,
            frames: tensors.range("frames", spec.dtype.safetensors(), &frames)?,
            validity: tensors.range("validity", Stored::U8, &[total, index.persons])?,
            labels: tensors.range("labels", Stored::I64, &[n])?,
            subjects: numbers("subjects")?,
            cameras: numbers("cameras")?,
            setups: numbers("setups")?,
            replications: numbers("replications")?,
            names: tensors.names()?,
            name_ends: tensors.range("name_ends", Stored::U64, &[n])?,
            sides: match splits {
                0 => 0..0,
                _ => tensors.range("sides", Stored::I8, &[n, splits])?,
            },
            path,
            map,
        };
        Ok(shard)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn shape(&self, clip: usize) -> ClipShape {
        ClipShape {
            frames: self.starts[clip + 1] - self.starts[clip],
            ..self.shape
        }
    }

    /// Coordinates of a clip, `[T, M, V, C]`.
    pub(super) fn frames(&self, clip: usize) -> Cow<'_, [f32]> {
        let width = self.shape.persons * self.shape.person_len() * self.dtype.size();
        let bytes = &self.map[self.frames.clone()];
        self.dtype
            .values(&bytes[self.starts[clip] * width..self.starts[clip + 1] * width])
    }

    /// Validity flags of a clip, `[T, M]`.
    pub(super) fn validity(&self, clip: usize) -> Result<&[bool], StoreError> {
        let persons = self.shape.persons;
        let bytes = &self.map[self.validity.clone()]
            [self.starts[clip] * persons..self.starts[clip + 1] * persons];
        bytemuck::checked::try_cast_slice(bytes).map_err(|_| {
            let found = bytes.iter().find(|&&flag| flag > 1).copied();
            self.damaged(clip, "`validity`", found.unwrap_or_default(), "0 or 1")
        })
    }

    pub(super) fn meta(&self, clip: usize) -> Result<Meta, StoreError> {
        let number = |what, range: &Range<usize>| {
            let value = i32::from_le_bytes(self.number(range, clip));
            match value {
                -1 => Ok(None),
                _ => u32::try_from(value)
                    .map(Some)
                    .map_err(|_| self.damaged(clip, what, value, "at least -1")),
            }
        };
        Ok(Meta {
            source: self.name(clip)?.to_owned(),
            label: self.label(clip)?,
            subject: number("`subjects`", &self.subjects)?,
            camera: number("`cameras`", &self.cameras)?,
            setup: number("`setups`", &self.setups)?,
            replication: number("`replications`", &self.replications)?,
        })
    }

    fn label(&self, clip: usize) -> Result<Option<usize>, StoreError> {
        let value = i64::from_le_bytes(self.number(&self.labels, clip));
        match usize::try_from(value) {
            Ok(label) if label < self.classes => Ok(Some(label)),
            _ if value == -1 => Ok(None),
            _ => {
                let expected = format!("-1 or the number of one of the {} classes", self.classes);
                Err(self.damaged(clip, "`labels`", value, expected))
            }
        }
    }

    fn name(&self, clip: usize) -> Result<&str, StoreError> {
        let end = |clip| u64::from_le_bytes(self.number(&self.name_ends, clip));
        let range = match clip {
            0 => 0..end(0),
            _ => end(clip - 1)..end(clip),
        };
        let names = &self.map[self.names.clone()];
        let bytes = usize::try_from(range.start)
            .ok()
            .zip(usize::try_from(range.end).ok())
            .and_then(|(start, end)| names.get(start..end));
        let Some(bytes) = bytes else {
            let found = format!("{} to {}", range.start, range.end);
            let expected = format!("a part of the {} bytes of `names`", names.len());
            return Err(self.damaged(clip, "`name_ends`", found, expected));
        };
        std::str::from_utf8(bytes).map_err(|_| {
            let found = String::from_utf8_lossy(bytes);
            self.damaged(clip, "`names`", found, "UTF-8")
        })
    }

    /// Its side in split number `split`, which is below the number of splits.
    pub(super) fn side(&self, clip: usize, split: usize) -> Result<Option<Side>, StoreError> {
        match self.map[self.sides.clone()][clip * self.splits + split] as i8 {
            0 => Ok(Some(Side::Train)),
            1 => Ok(Some(Side::Test)),
            -1 => Ok(None),
            side => Err(self.damaged(clip, "`sides`", side, "0, 1 or -1")),
        }
    }

    /// Bytes of number `at` of a tensor.
    fn number<const N: usize>(&self, tensor: &Range<usize>, at: usize) -> [u8; N] {
        self.map[tensor.clone()].as_chunks().0[at]
    }

    fn damaged(
        &self,
        clip: usize,
        what: &str,
        found: impl ToString,
        expected: impl ToString,
    ) -> StoreError {
        let what = format!("{what} of its clip {clip}");
        StoreError::damaged(&self.path, what, found, expected)
    }
}

/// Whether a shard has the size that the index says.
pub(super) fn check_size(path: &Path, found: u64, entry: &ShardEntry) -> Result<(), StoreError> {
    if found == entry.bytes {
        return Ok(());
    }
    Err(StoreError::ShardSize {
        path: path.to_owned(),
        found,
        expected: entry.bytes,
    })
}

/// First frame of each clip, and the end of the last, from the bytes of `lengths`.
fn starts(path: &Path, lengths: &[u8], entry: &ShardEntry) -> Result<Vec<usize>, StoreError> {
    let counts = entry.frames;
    let lengths = lengths.as_chunks().0.iter();
    let mut starts = Vec::with_capacity(lengths.len() + 1);
    let mut end = 0usize;
    starts.push(end);
    for (clip, &length) in lengths.enumerate() {
        let length = u32::from_le_bytes(length) as usize;
        if !(counts.min..=counts.max).contains(&length) {
            let what = format!("`lengths` of its clip {clip}");
            let expected = format!("{} to {}, as the index says", counts.min, counts.max);
            return Err(StoreError::damaged(path, what, length, expected));
        }
        end = end.saturating_add(length);
        starts.push(end);
    }
    if end != counts.total {
        let expected = format!("{}, as the index says", counts.total);
        return Err(StoreError::damaged(
            path,
            "the sum of `lengths`",
            end,
            expected,
        ));
    }
    Ok(starts)
}

/// The header of a shard: where its tensors lie in the file.
struct Tensors<'a> {
    path: &'a Path,
    metadata: Metadata,
    /// Where the tensors begin.
    base: usize,
}

impl<'a> Tensors<'a> {
    fn parse(path: &'a Path, bytes: &[u8]) -> Result<Self, StoreError> {
        let unreadable = |message: String| StoreError::Header {
            path: path.to_owned(),
            message,
        };
        let (size, rest) = bytes
            .split_first_chunk()
            .ok_or_else(|| unreadable(format!("it has {} bytes", bytes.len())))?;
        let size = u64::from_le_bytes(*size);
        let header = usize::try_from(size)
            .ok()
            .filter(|&size| size <= MAX_HEADER)
            .and_then(|size| rest.get(..size))
            .ok_or_else(|| unreadable(format!("its header would take {size} bytes")))?;
        let metadata: Metadata =
            serde_json::from_slice(header).map_err(|error| unreadable(error.to_string()))?;
        // The crate's own reader adds these up unchecked.
        let held = rest.len() - header.len();
        if metadata.data_len() != held {
            return Err(unreadable(format!(
                "its tensors take {} bytes, there are {held}",
                metadata.data_len()
            )));
        }
        Ok(Self {
            path,
            metadata,
            base: size_of::<u64>() + header.len(),
        })
    }

    /// Where a tensor of this type and shape lies in the file.
    fn range(
        &self,
        name: &str,
        dtype: Stored,
        shape: &[usize],
    ) -> Result<Range<usize>, StoreError> {
        let found = self.metadata.info(name);
        match found {
            Some(info) if info.dtype == dtype && info.shape == shape => {
                // Within the file: the offsets are checked to be in order and to end with it.
                Ok(self.base + info.data_offsets.0..self.base + info.data_offsets.1)
            }
            _ => Err(StoreError::damaged(
                self.path,
                format!("tensor `{name}`"),
                found.map_or_else(
                    || "missing".to_owned(),
                    |info| format!("{:?} {:?}", info.dtype, info.shape),
                ),
                format!("{dtype:?} {shape:?}"),
            )),
        }
    }

    /// `names`, the tensor whose size the index does not say.
    fn names(&self) -> Result<Range<usize>, StoreError> {
        let length = match self.metadata.info("names").map(|info| &*info.shape) {
            Some(&[length]) => length,
            _ => 0,
        };
        self.range("names", Stored::U8, &[length])
    }
}
