use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use gcn_encoder::Encoder;
use safetensors::{Dtype, SafeTensors};
use sha2::{Digest, Sha256};
use skeleton_data::{SkeletonDataset, Stream};

use super::{EvaluateError, Features, extract_features, frozen::hexadecimal, weights_digest};
use crate::matrix;
use crate::report::write_atomically;

/// Key of the values' checksum in a file's metadata.
const SUM: &str = "sha256";

/// Features on disk, so that an encoder meets every clip once.
///
/// The name of a file is a digest of all that its features follow from: what the encoder is, its weights and running
/// statistics, this library's version, and every clip. A file is never out of date; one that is damaged, of which its checksum
/// tells, is made anew, and a folder that cannot be written to costs time only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeatureCache {
    folder: PathBuf,
    identity: String,
}

impl FeatureCache {
    /// A cache in `folder`, which is made when it is needed. `identity` tells apart encoders that the same weights could be of,
    /// and devices: their configuration as text.
    pub fn new(folder: impl Into<PathBuf>, identity: impl Into<String>) -> Self {
        Self {
            folder: folder.into(),
            identity: identity.into(),
        }
    }

    /// The features that [`extract_features`] gives, from disk where they are there.
    ///
    /// # Errors
    /// As [`extract_features`].
    pub fn features<E: Encoder>(
        &self,
        encoder: &E,
        clips: &SkeletonDataset,
        stream: Stream,
        device: &Device,
    ) -> Result<Features, EvaluateError> {
        self.features_by(encoder, &weights_digest(encoder), clips, stream, device)
    }

    /// The same for an encoder whose digest is known.
    pub(super) fn features_by<E: Encoder>(
        &self,
        encoder: &E,
        weights: &str,
        clips: &SkeletonDataset,
        stream: Stream,
        device: &Device,
    ) -> Result<Features, EvaluateError> {
        let name = format!("{}.safetensors", self.key(weights, clips, stream)?);
        let path = self.folder.join(name);
        if let Some(known) = read(&path, clips) {
            return Ok(known);
        }
        let features = extract_features(encoder, clips, stream, device)?;
        if let Err(problem) = write(&path, &features) {
            log::warn!("features are not kept in {}: {problem}", path.display());
        }
        Ok(features)
    }

    /// A digest of all that the features follow from.
    fn key(
        &self,
        weights: &str,
        clips: &SkeletonDataset,
        stream: Stream,
    ) -> Result<String, EvaluateError> {
        let mut digest = Sha256::new();
        for text in [
            env!("CARGO_PKG_VERSION"),
            &self.identity,
            weights,
            stream.name(),
            clips.layout().name(),
        ] {
            digest.update((text.len() as u64).to_le_bytes());
            digest.update(text);
        }
        digest_clips(&mut digest, clips)?;
        Ok(hexadecimal(&digest.finalize()))
    }
}

/// Adds every clip's shape, coordinates and valid frames.
pub(crate) fn digest_clips(
    digest: &mut Sha256,
    clips: &SkeletonDataset,
) -> Result<(), EvaluateError> {
    for index in 0..clips.len() {
        let clip = clips.clip(index)?;
        let shape = clip.shape();
        for extent in [shape.frames, shape.persons, shape.joints, shape.channels] {
            digest.update((extent as u64).to_le_bytes());
        }
        digest.update(bytemuck::cast_slice::<f32, u8>(clip.frames()));
        let valid: Vec<u8> = clip.validity().iter().copied().map(u8::from).collect();
        digest.update(&valid);
    }
    Ok(())
}

/// The features in a file; `None` where it is not there or does not hold what it should.
fn read(path: &Path, clips: &SkeletonDataset) -> Option<Features> {
    let bytes = fs::read(path).ok()?;
    let (_, header) = SafeTensors::read_metadata(&bytes).ok()?;
    let file = SafeTensors::deserialize(&bytes).ok()?;
    let features = file.tensor("features").ok()?;
    let &[rows, dim] = features.shape() else {
        return None;
    };
    let written = header.metadata().as_ref()?.get(SUM)?;
    if hexadecimal(&Sha256::digest(features.data())) != *written {
        return None;
    }
    if features.dtype() != Dtype::F32 || rows != clips.len() || dim == 0 {
        return None;
    }
    // Labels are the clips' own.
    let labels: Option<Vec<usize>> = clips.labels().into_iter().collect();
    let values = matrix::floats(&features);
    let finite = values.iter().all(|value| value.is_finite());
    finite.then_some(Features::new(values, dim, labels?))
}

fn write(path: &Path, features: &Features) -> Result<(), Box<dyn std::error::Error>> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let shape = [features.len(), features.dim()];
    let values = features.values();
    let mut digest = Sha256::new();
    values
        .iter()
        .for_each(|value| digest.update(value.to_le_bytes()));
    let sum = HashMap::from([(SUM.to_owned(), hexadecimal(&digest.finalize()))]);
    let file = matrix::to_safetensors("features", values, shape, Some(sum))?;
    Ok(write_atomically(path, &file)?)
}

#[cfg(test)]
mod tests {
    use gcn_encoder::{BiGru, BiGruConfig};
    use skeleton_data::synthetic::SyntheticConfig;

    use super::*;

    fn clips(seed: u64) -> SkeletonDataset {
        let figures = SyntheticConfig {
            clips_per_action: 1,
            frames: 6,
            seed,
            ..SyntheticConfig::default()
        };
        let (layout, classes) = (figures.layout.clone(), figures.class_names());
        SkeletonDataset::new(layout, classes, figures.generate().unwrap()).unwrap()
    }

    fn encoder() -> BiGru {
        let config = BiGruConfig::new(clips(0).layout().clone(), 1).with_hidden(4);
        config.init(&Device::flex()).unwrap()
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    #[test]
    fn known_features_come_from_disk_and_damaged_ones_are_made_anew() {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("features");
        let cache = FeatureCache::new(&folder, "gru");
        let (encoder, clips) = (encoder(), clips(0));
        let features = || {
            cache
                .features(&encoder, &clips, Stream::Joint, &Device::flex())
                .unwrap()
        };
        let first = features();
        assert_eq!(features(), first);
        let [file] = &files(&folder)[..] else {
            panic!("one file")
        };
        // What the file says is taken for true.
        let values = vec![7.0; first.values().len()];
        let planted = Features::new(values, first.dim(), first.labels().to_vec());
        write(file, &planted).unwrap();
        assert_eq!(features(), planted);
        let shorter = first.select(&[0, 1]);
        write(file, &shorter).unwrap();
        assert_eq!(features(), first);
        let whole = fs::read(file).unwrap();
        let mut flipped = whole.clone();
        flipped[whole.len() - 3] ^= 1;
        // As a disk leaves a file whose end it had not written when the power went.
        let mut zeros = whole.clone();
        zeros[whole.len() / 2..].fill(0);
        let torn = whole[..whole.len() - 1].to_vec();
        for bytes in [
            Vec::new(),
            b"not a file of tensors".to_vec(),
            flipped,
            zeros,
            torn,
        ] {
            fs::write(file, bytes).unwrap();
            assert_eq!(features(), first);
            assert_eq!(read(file, &clips), Some(first.clone()));
        }
    }

    #[test]
    fn whatever_features_follow_from_names_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let one = encoder();
        let key = |encoder: &BiGru, identity: &str, clips: &SkeletonDataset, stream| {
            let cache = FeatureCache::new(folder.path(), identity);
            cache.key(&weights_digest(encoder), clips, stream).unwrap()
        };
        let mut keys = vec![
            key(&one, "a", &clips(0), Stream::Joint),
            key(&one, "b", &clips(0), Stream::Joint),
            key(&one, "a", &clips(1), Stream::Joint),
            key(&one, "a", &clips(0).select(&[0]), Stream::Joint),
            key(&one, "a", &clips(0), Stream::Bone),
            key(&encoder(), "a", &clips(0), Stream::Joint),
        ];
        assert_eq!(keys[0], key(&one.clone(), "a", &clips(0), Stream::Joint));
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), 6);
    }

    #[test]
    fn a_folder_that_cannot_be_made_costs_nothing_but_time() {
        let base = tempfile::tempdir().unwrap();
        let file = base.path().join("file");
        fs::write(&file, b"x").unwrap();
        let (encoder, clips) = (encoder(), clips(0));
        let cache = FeatureCache::new(file.join("features"), "gru");
        let features = cache.features(&encoder, &clips, Stream::Joint, &Device::flex());
        assert_eq!(features.unwrap().len(), clips.len());
    }
}
