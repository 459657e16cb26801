use std::collections::BTreeMap;
use std::sync::Arc;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use gcn_encoder::{AnyEncoder, Encoder, EncoderInput};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use skeleton_data::formats::{Format, OpenOptions};
use skeleton_data::live::FrameFormat;
use skeleton_data::{Meta, Preprocess, SkeletonBatcher, SkeletonSequence};

use super::{EmbedError, Embeddings, EncoderNote, Recordings};
use crate::Error;
use crate::evaluate::extract::rows;
use crate::experiment::SavedEncoder;

/// Items that are read and prepared together, by all threads, before they are embedded.
const READ_TOGETHER: usize = 64;

/// A saved encoder in inference mode, with all that a sequence goes through before it.
#[derive(Debug)]
pub struct Embedder {
    encoder: AnyEncoder,
    input: EncoderInput,
    preprocess: Preprocess,
    batcher: SkeletonBatcher,
    batch: usize,
    device: Device,
    note: EncoderNote,
    window: Option<usize>,
}

/// What became of sequences.
#[derive(Debug)]
pub struct Embedded {
    /// Of those that could be embedded, in the order in which they were read.
    pub embeddings: Embeddings,
    /// Why the others could not.
    pub refused: Vec<EmbedError>,
}

impl Embedder {
    /// The encoder with the preprocessing and the input stream of its training, 64 clips in a batch.
    pub fn new(saved: &SavedEncoder, device: &Device) -> Self {
        let data = &saved.experiment.data;
        // Figures are generated in the length that they are learnt in.
        let generated = data.synthetic.as_ref().map(|figures| figures.frames);
        Self {
            encoder: saved.encoder.valid(),
            input: saved.input.clone(),
            preprocess: data.preprocess.clone(),
            batcher: SkeletonBatcher::new(&saved.input.layout, data.stream),
            batch: 64,
            device: device.clone().inner(),
            note: EncoderNote::new(saved),
            window: data.preprocess.frames().or(generated),
        }
    }

    /// Clips that pass through the encoder together, 0 counts as 1. It bounds memory and sets the pace.
    #[must_use]
    pub fn with_batch(mut self, batch: usize) -> Self {
        self.batch = batch.max(1);
        self
    }

    /// Clips that pass through the encoder together.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// What the encoder reads.
    pub fn input(&self) -> &EncoderInput {
        &self.input
    }

    /// Width D of an embedding.
    pub fn dim(&self) -> usize {
        self.encoder.feature_dim()
    }

    /// Which encoder it is.
    pub fn note(&self) -> &EncoderNote {
        &self.note
    }

    /// The device.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Frames of a window of a stream: as many as clips of the encoder's training had.
    ///
    /// # Errors
    /// [`EmbedError::WindowNeeded`] where these differed.
    pub fn window(&self) -> Result<usize, EmbedError> {
        self.window.ok_or_else(|| EmbedError::WindowNeeded {
            preprocess: self.preprocess.name.clone(),
        })
    }

    /// Frames of a stream of `persons` persons with the encoder's joints and channels.
    pub fn frame_format(&self, persons: usize, timed: bool) -> FrameFormat {
        FrameFormat {
            persons,
            joints: self.input.layout.joint_count(),
            channels: self.input.channels,
            timed,
        }
    }

    /// Opens sequences for this encoder: tables and arrays, which do not say their joints, and motion capture, of which joints
    /// are chosen, are read with the encoder's layout unless `options` has another.
    ///
    /// # Errors
    /// [`Error::Data`] of [`Recordings::open`], and [`Error::Embed`] of [`check`](Self::check).
    pub fn open(
        &self,
        path: &std::path::Path,
        format: Option<Format>,
        options: OpenOptions,
    ) -> Result<Recordings, Error> {
        let layout = options.layout.or_else(|| Some(self.input.layout.clone()));
        let recordings = Recordings::open(path, format, &OpenOptions { layout, ..options })?;
        self.check(&recordings)?;
        Ok(recordings)
    }

    /// Whether sequences are of the encoder's skeleton, and not prepared in another way than the encoder's.
    ///
    /// # Errors
    /// [`EmbedError::Layout`] and [`EmbedError::StorePreprocess`].
    pub fn check(&self, recordings: &Recordings) -> Result<(), EmbedError> {
        let (found, expected) = (recordings.layout(), &self.input.layout);
        if found != expected {
            return Err(EmbedError::Layout {
                path: recordings.path().to_owned(),
                found: found.name().to_owned(),
                found_joints: found.joint_count(),
                expected: expected.name().to_owned(),
                expected_joints: expected.joint_count(),
            });
        }
        match recordings.store() {
            Some(store)
                if !store.preprocess().steps.is_empty() && !self.has_prepared(recordings) =>
            {
                Err(EmbedError::StorePreprocess {
                    path: recordings.path().to_owned(),
                    found: store.preprocess().name.clone(),
                    expected: self.preprocess.name.clone(),
                })
            }
            _ => Ok(()),
        }
    }

    /// Whether the sequences went through the encoder's preprocessing when they were packed.
    fn has_prepared(&self, recordings: &Recordings) -> bool {
        let store = recordings.store();
        store.is_some_and(|store| store.preprocess() == &self.preprocess)
    }

    /// Preprocesses a sequence as the encoder's training did.
    ///
    /// # Errors
    /// [`EmbedError::Data`] where a step cannot work on it, [`EmbedError::Shape`] where the clip is not what the encoder reads.
    pub fn prepare(&self, sequence: SkeletonSequence) -> Result<Arc<SkeletonSequence>, EmbedError> {
        let clip = self.preprocess.apply(sequence, &self.input.layout)?;
        self.check_shape(clip)
    }

    fn check_shape(&self, clip: SkeletonSequence) -> Result<Arc<SkeletonSequence>, EmbedError> {
        let shape = clip.shape();
        let EncoderInput {
            persons, channels, ..
        } = self.input;
        if shape.joints != self.input.layout.joint_count() {
            return Err(EmbedError::Data(skeleton_data::DataError::JointCount {
                source_name: clip.meta().source.clone(),
                found: shape.joints,
                layout: self.input.layout.name().to_owned(),
                expected: self.input.layout.joint_count(),
            }));
        }
        if (shape.persons, shape.channels) != (persons, channels) {
            return Err(EmbedError::Shape {
                source_name: clip.meta().source.clone(),
                found_persons: shape.persons,
                found_channels: shape.channels,
                persons,
                channels,
            });
        }
        Ok(Arc::new(clip))
    }

    /// Embeds prepared clips, at most [`batch`](Self::batch) at a time; only clips of the same number of frames share one.
    ///
    /// A clip's embedding is that of [`extract_features`](crate::evaluate::extract_features), whatever else is in its batch.
    ///
    /// # Errors
    /// For each clip [`EmbedError::NonFinite`].
    pub fn embed(&self, clips: &[Arc<SkeletonSequence>]) -> Vec<Result<Vec<f32>, EmbedError>> {
        let mut by_frames: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, clip) in clips.iter().enumerate() {
            by_frames
                .entry(clip.shape().frames)
                .or_default()
                .push(index);
        }
        let mut embedded: Vec<Vec<f32>> = vec![Vec::new(); clips.len()];
        for batch in by_frames.values().flat_map(|all| all.chunks(self.batch)) {
            let together = batch.iter().map(|&index| clips[index].clone()).collect();
            let forward = |clips| self.encoder.forward(clips);
            let (values, dim) = rows(forward, together, &self.batcher, &self.device);
            for (row, &index) in values.chunks(dim).zip(batch) {
                embedded[index] = row.to_vec();
            }
        }
        let checked = embedded.into_iter().zip(clips).map(|(row, clip)| {
            match row.iter().all(|value| value.is_finite()) {
                true => Ok(row),
                false => Err(EmbedError::NonFinite {
                    source_name: clip.meta().source.clone(),
                }),
            }
        });
        checked.collect()
    }

    /// Embeds everything that can be embedded; a sequence that cannot costs itself only. Items are read and prepared by all
    /// threads, a few at a time; embeddings come in their order. `progress` is told the number of items done after each few.
    ///
    /// # Errors
    /// Those of [`check`](Self::check), and [`EmbedError::Empty`] where no sequence could be embedded.
    pub fn embed_recordings(
        &self,
        recordings: &Recordings,
        mut progress: impl FnMut(usize),
    ) -> Result<Embedded, EmbedError> {
        self.check(recordings)?;
        let prepared = self.has_prepared(recordings);
        let classes = recordings.classes();
        let mut found = Embedded {
            embeddings: Embeddings::new(self.dim(), Some(self.note.clone())),
            refused: Vec::new(),
        };
        let mut waiting = Vec::with_capacity(self.batch);
        for start in (0..recordings.len()).step_by(READ_TOGETHER) {
            let end = recordings.len().min(start + READ_TOGETHER);
            let items: Vec<Vec<_>> = (start..end)
                .into_par_iter()
                .map(|item| {
                    let read = recordings.read(item).into_iter();
                    read.map(|read| match (read, prepared) {
                        (Ok(clip), true) => self.check_shape(clip),
                        (Ok(sequence), false) => self.prepare(sequence),
                        (Err(error), _) => Err(EmbedError::Data(error)),
                    })
                    .collect()
                })
                .collect();
            for clip in items.into_iter().flatten() {
                match clip {
                    Ok(clip) => waiting.push(clip),
                    Err(error) => found.refused.push(error),
                }
                if waiting.len() == self.batch {
                    self.flush(&mut waiting, classes, &mut found);
                }
            }
            progress(end);
        }
        self.flush(&mut waiting, classes, &mut found);
        match found.embeddings.is_empty() {
            true => Err(EmbedError::Empty {
                place: recordings.path().display().to_string(),
                reason: match found.refused.first() {
                    Some(first) => format!(
                        ": all {} were refused, the first: {first}",
                        found.refused.len()
                    ),
                    None => String::new(),
                },
            }),
            false => Ok(found),
        }
    }

    /// Embeds and empties what waits.
    fn flush(
        &self,
        waiting: &mut Vec<Arc<SkeletonSequence>>,
        classes: &[String],
        found: &mut Embedded,
    ) {
        for (clip, row) in waiting.iter().zip(self.embed(waiting)) {
            let Meta { source, label, .. } = clip.meta();
            let label = label.map(|label| match classes.get(label) {
                Some(class) => class.clone(),
                None => label.to_string(),
            });
            match row {
                Ok(row) => found.embeddings.push(source.clone(), label, &row),
                Err(error) => found.refused.push(error),
            }
        }
        waiting.clear();
    }

    /// Encodes zeros once, a batch of as many frames as a window of `window` frames is prepared to, so that the first window of a
    /// stream finds memory, plans and threads ready.
    pub fn warm_up(&self, window: usize) {
        let EncoderInput {
            persons, channels, ..
        } = self.input;
        let frames = self.preprocess.frames().unwrap_or(window).max(1);
        let joints = self.input.layout.joint_count();
        let shape = [self.batch, persons, frames, joints, channels];
        let zeros = Tensor::<5>::zeros(shape, &self.device);
        // Reading the result waits for it on every device.
        let _ = self.encoder.forward(zeros).into_data();
    }
}
