//! One shard in memory, clip by clip, and its way to the disk.

use std::collections::BTreeMap;
use std::path::Path;

use safetensors::tensor::{Metadata, TensorInfo};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::index::{FrameCounts, VERSION};
use super::{ShardEntry, StoreError, StoreSpec};
use crate::SkeletonSequence;
use crate::atomic::write_atomically;
use crate::formats::Side;

/// Collects the clips of one shard.
///
/// Builders are independent of each other, so shards of one store can be filled and written by several threads. The
/// bytes written depend on the specification and the clips alone.
#[derive(Clone, Debug)]
pub struct ShardBuilder {
    spec: StoreSpec,
    /// Persons and channels, once they are known.
    extents: Option<(usize, usize)>,
    clips: usize,
    counts: Option<FrameCounts>,
    frames: Vec<u8>,
    lengths: Vec<u8>,
    validity: Vec<u8>,
    labels: Vec<u8>,
    subjects: Vec<u8>,
    cameras: Vec<u8>,
    setups: Vec<u8>,
    replications: Vec<u8>,
    names: Vec<u8>,
    name_ends: Vec<u8>,
    sides: Vec<u8>,
}

/// The header of a safetensors file. The crate's own keeps `__metadata__` in a hash map, whose order differs from run
/// to run, while a shard's bytes must not.
#[derive(Serialize)]
struct Header<'a> {
    #[serde(rename = "__metadata__")]
    about: BTreeMap<&'a str, String>,
    #[serde(flatten)]
    tensors: &'a Metadata,
}

impl ShardBuilder {
    /// A shard of a store of `spec`; its first clip fixes the numbers of persons and channels.
    pub fn new(spec: &StoreSpec) -> Self {
        Self {
            spec: spec.clone(),
            extents: None,
            clips: 0,
            counts: None,
            frames: Vec::new(),
            lengths: Vec::new(),
            validity: Vec::new(),
            labels: Vec::new(),
            subjects: Vec::new(),
            cameras: Vec::new(),
            setups: Vec::new(),
            replications: Vec::new(),
            names: Vec::new(),
            name_ends: Vec::new(),
            sides: Vec::new(),
        }
    }

    /// A shard of clips of `persons` persons and `channels` channels, as the store's other shards are.
    pub fn with_shape(spec: &StoreSpec, persons: usize, channels: usize) -> Self {
        Self {
            extents: Some((persons, channels)),
            ..Self::new(spec)
        }
    }

    /// Appends a clip with its side in each split of the specification, `None` where the split does not name it.
    ///
    /// # Errors
    /// The builder is as before when a clip is refused: [`StoreError::Extent`] for other numbers of joints, persons,
    /// channels or sides, [`StoreError::Label`] for a label that is no class, [`StoreError::Number`] for a subject,
    /// camera, setup or replication above 2^31 - 1, [`StoreError::Coordinate`] for a value that is not finite or beyond
    /// half precision.
    pub fn push(
        &mut self,
        clip: &SkeletonSequence,
        sides: &[Option<Side>],
    ) -> Result<(), StoreError> {
        let (shape, meta) = (clip.shape(), clip.meta());
        let source_name = || meta.source.clone();
        let (persons, channels) = self.extents.unwrap_or((shape.persons, shape.channels));
        let extents = [
            ("joints", shape.joints, self.spec.layout.joint_count()),
            ("persons", shape.persons, persons),
            ("channels", shape.channels, channels),
            ("sides", sides.len(), self.spec.splits.len()),
        ];
        for (what, found, expected) in extents {
            if found != expected {
                return Err(StoreError::Extent {
                    source_name: source_name(),
                    what,
                    found,
                    expected,
                });
            }
        }
        let classes = self.spec.classes.len();
        if let Some(label) = meta.label.filter(|&label| label >= classes) {
            return Err(StoreError::Label {
                source_name: source_name(),
                label,
                classes,
            });
        }
        let too_large = |what, found: usize, limit: usize| StoreError::Number {
            source_name: source_name(),
            what,
            found,
            limit,
        };
        let number = |what, value: Option<u32>| match value {
            None => Ok(-1),
            Some(value) => {
                i32::try_from(value).map_err(|_| too_large(what, value as usize, i32::MAX as usize))
            }
        };
        let subject = number("subject", meta.subject)?;
        let camera = number("camera", meta.camera)?;
        let setup = number("setup", meta.setup)?;
        let replication = number("replication", meta.replication)?;
        let length = u32::try_from(shape.frames)
            .map_err(|_| too_large("frames", shape.frames, u32::MAX as usize))?;
        let counts = FrameCounts::of(shape.frames);
        let counts = match self.counts {
            None => counts,
            Some(before) => before
                .and(counts)
                .ok_or_else(|| too_large("frames", shape.frames, u32::MAX as usize))?,
        };
        self.spec
            .dtype
            .append(clip.frames(), &mut self.frames)
            .map_err(|at| StoreError::Coordinate {
                source_name: source_name(),
                frame: at / shape.frame_len(),
                person: at / shape.person_len() % shape.persons,
                joint: at / shape.channels % shape.joints,
                channel: at % shape.channels,
                value: clip.frames()[at],
                dtype: self.spec.dtype,
            })?;

        self.extents = Some((persons, channels));
        self.clips += 1;
        self.counts = Some(counts);
        self.lengths.extend(length.to_le_bytes());
        self.validity
            .extend(clip.validity().iter().map(|&valid| u8::from(valid)));
        let label = meta.label.map_or(-1, |label| label as i64);
        self.labels.extend(label.to_le_bytes());
        self.subjects.extend(subject.to_le_bytes());
        self.cameras.extend(camera.to_le_bytes());
        self.setups.extend(setup.to_le_bytes());
        self.replications.extend(replication.to_le_bytes());
        self.names.extend(meta.source.as_bytes());
        let end = self.names.len() as u64;
        self.name_ends.extend(end.to_le_bytes());
        self.sides.extend(sides.iter().map(|side| match side {
            Some(Side::Train) => 0u8,
            Some(Side::Test) => 1,
            None => -1i8 as u8,
        }));
        Ok(())
    }

    /// Number of clips so far.
    pub fn clips(&self) -> usize {
        self.clips
    }

    /// Bytes of the tensors so far.
    pub fn bytes(&self) -> usize {
        self.tensors()
            .iter()
            .map(|(_, _, _, bytes)| bytes.len())
            .sum()
    }

    /// The tensors, those of large alignment first: each then starts at a multiple of its own.
    fn tensors(&self) -> Vec<(&'static str, safetensors::Dtype, Vec<usize>, &[u8])> {
        use safetensors::Dtype::{F16, I8, I32, I64, U8, U32, U64};
        let n = self.clips;
        let (persons, channels) = self.extents.unwrap_or_default();
        let total = self.counts.map_or(0, |counts| counts.total);
        let dtype = self.spec.dtype.safetensors();
        let joints = self.spec.layout.joint_count();
        let frames = (
            "frames",
            dtype,
            vec![total, persons, joints, channels],
            &*self.frames,
        );
        let mut tensors = vec![
            ("labels", I64, vec![n], &*self.labels),
            ("name_ends", U64, vec![n], &*self.name_ends),
        ];
        if dtype != F16 {
            tensors.push(frames.clone());
        }
        tensors.extend([
            ("lengths", U32, vec![n], &*self.lengths),
            ("subjects", I32, vec![n], &*self.subjects),
            ("cameras", I32, vec![n], &*self.cameras),
            ("setups", I32, vec![n], &*self.setups),
            ("replications", I32, vec![n], &*self.replications),
        ]);
        if dtype == F16 {
            tensors.push(frames);
        }
        tensors.push(("validity", U8, vec![total, persons], &*self.validity));
        tensors.push(("names", U8, vec![self.names.len()], &*self.names));
        let splits = self.spec.splits.len();
        if splits > 0 {
            tensors.push(("sides", I8, vec![n, splits], &*self.sides));
        }
        tensors
    }

    /// Writes the shard as file number `number` of the store in `folder`, which is not finished before its index.
    ///
    /// # Errors
    /// [`StoreError::Empty`] without a clip, and [`StoreError::Io`], naming the file; then nothing is left of it.
    pub fn write(self, folder: &Path, number: usize) -> Result<ShardEntry, StoreError> {
        let (Some((persons, channels)), Some(frames)) = (self.extents, self.counts) else {
            return Err(StoreError::Empty);
        };
        let file = format!("shard-{number:05}.safetensors");
        let path = folder.join(&file);
        let tensors = self.tensors();
        let unwritable = |error| StoreError::write(&path, error);
        let header = self.header(&tensors).map_err(unwritable)?;
        let size = (header.len() as u64).to_le_bytes();
        let mut parts: Vec<&[u8]> = vec![&size, &header];
        parts.extend(tensors.iter().map(|&(_, _, _, bytes)| bytes));
        write_atomically(&path, &parts).map_err(unwritable)?;
        let mut hash = Sha256::new();
        parts.iter().for_each(|part| hash.update(part));
        Ok(ShardEntry {
            file,
            bytes: parts.iter().map(|part| part.len() as u64).sum(),
            sha256: hexadecimal(&hash.finalize()),
            clips: self.clips,
            persons,
            channels,
            frames,
        })
    }

    /// The JSON header, padded with spaces to a multiple of 8 bytes.
    fn header(
        &self,
        tensors: &[(&'static str, safetensors::Dtype, Vec<usize>, &[u8])],
    ) -> std::io::Result<Vec<u8>> {
        let mut end = 0;
        let infos = tensors
            .iter()
            .map(|(name, dtype, shape, bytes)| {
                let start = end;
                end += bytes.len();
                let info = TensorInfo {
                    dtype: *dtype,
                    shape: shape.clone(),
                    data_offsets: (start, end),
                };
                ((*name).to_owned(), info)
            })
            .collect();
        let metadata = Metadata::new(None, infos).map_err(std::io::Error::other)?;
        let spec = &self.spec;
        let header = Header {
            about: BTreeMap::from([
                ("layout", serde_json::to_string(&spec.layout)?),
                ("preprocess", serde_json::to_string(&spec.preprocess)?),
                ("splits", serde_json::to_string(&spec.splits)?),
                ("version", VERSION.to_string()),
            ]),
            tensors: &metadata,
        };
        let mut header = serde_json::to_vec(&header)?;
        header.resize(header.len().next_multiple_of(8), b' ');
        Ok(header)
    }
}

/// Bytes as hexadecimal digits.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
