use std::collections::HashMap;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::store::{ModuleSnapshot, SafetensorsStore};
use burn::tensor::Device;
use gcn_encoder::{AnyEncoder, EncoderInput, with_encoder};
use safetensors::SafeTensors;
use serde::de::DeserializeOwned;

use super::folder::parse_json;
use super::run::Experiment;
use crate::Error;
use crate::report::write_atomically;

/// Keys of the file's metadata.
const EXPERIMENT: &str = "experiment";
const INPUT: &str = "input";

/// An encoder and all that has to be known to use it: what `encoder.safetensors` of a run holds.
///
/// The file is a safetensors file of the weights; its metadata has the experiment and the encoder's input as JSON.
#[derive(Debug)]
pub struct SavedEncoder {
    /// The network.
    pub encoder: AnyEncoder,
    /// What the network reads.
    pub input: EncoderInput,
    /// The experiment that trained it: how clips were prepared, what it sees of them, and by which method it learnt.
    pub experiment: Experiment,
}

impl SavedEncoder {
    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// [`Error::Unwritable`].
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        self.to_bytes()
            .map_err(std::io::Error::other)
            .and_then(|bytes| write_atomically(path, &bytes))
            .map_err(|source| Error::Unwritable {
                path: path.to_owned(),
                source,
            })
    }

    fn to_bytes(&self) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
        let mut store = SafetensorsStore::from_bytes(None)
            .metadata(EXPERIMENT, serde_json::to_string(&self.experiment)?)
            .metadata(INPUT, serde_json::to_string(&self.input)?);
        // Running statistics of a step just done reach their module with this, and a visitor only then.
        let encoder = self.encoder.valid();
        with_encoder!(&encoder, encoder => encoder.save_into(&mut store))?;
        Ok(store.get_bytes()?)
    }

    /// Reads the file at `path`, or that of the run folder at `path`.
    ///
    /// # Errors
    /// [`Error::SavedEncoder`] where the file cannot be read, was not written by [`save`](Self::save), or holds other
    /// tensors than its encoder has; [`Error::Encoder`] where its metadata describes no encoder.
    pub fn load(path: &Path, device: &Device) -> Result<Self, Error> {
        let path = match path.is_dir() {
            true => path.join("encoder.safetensors"),
            false => path.to_owned(),
        };
        let refuse = |problem| Error::SavedEncoder {
            path: PathBuf::from(&path),
            problem,
        };
        let bytes = std::fs::read(&path).map_err(|error| refuse(error.to_string()))?;
        let (_, header) = SafeTensors::read_metadata(&bytes)
            .map_err(|error| refuse(format!("it is no safetensors file: {error}")))?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let experiment: Experiment = field(&metadata, EXPERIMENT).map_err(refuse)?;
        let input: EncoderInput = field(&metadata, INPUT).map_err(refuse)?;
        let mut encoder = experiment.encoder.init(&input, device)?;
        let mut store = SafetensorsStore::from_bytes(Some(bytes))
            .allow_partial(true)
            .validate(false);
        let found = with_encoder!(&mut encoder, encoder => encoder.load_from(&mut store))
            .map_err(|error| refuse(error.to_string()))?;
        let mut problems: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
        problems.extend(
            found
                .missing
                .iter()
                .map(|(name, _)| format!("`{name}` is missing")),
        );
        problems.extend(
            found
                .unused
                .iter()
                .map(|name| format!("`{name}` is not part of {}", experiment.encoder)),
        );
        if !problems.is_empty() {
            return Err(refuse(problems.join("; ")));
        }
        Ok(Self {
            encoder,
            input,
            experiment,
        })
    }
}

/// A field of the metadata, which is JSON.
fn field<T: DeserializeOwned>(metadata: &HashMap<String, String>, key: &str) -> Result<T, String> {
    let text = metadata.get(key).ok_or_else(|| {
        format!("its metadata has no `{key}`, expected an encoder that skeleton-ssl saved")
    })?;
    parse_json(text.as_bytes()).map_err(|problem| format!("`{key}` of its metadata: {problem}"))
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Int, Tensor};
    use gcn_encoder::{Encoder, EncoderConfig};
    use skeleton_data::Layout;

    use super::*;
    use crate::experiment::{DataFormat, MethodName};

    fn clips(device: &Device) -> Tensor<5> {
        let x = Tensor::<1, Int>::arange(0..2 * 8 * 75, device);
        x.float().sin().reshape([2, 1, 8, 25, 3])
    }

    /// An encoder whose running statistics have moved.
    fn example(encoder: &str) -> SavedEncoder {
        let config: EncoderConfig = encoder.parse().unwrap();
        let device = Device::flex().autodiff();
        let input = EncoderInput {
            layout: Layout::ntu25(),
            persons: 1,
            channels: 3,
        };
        device.seed(3);
        let encoder = config.init(&input, &device).unwrap();
        encoder.forward(clips(&device));
        let (method, data) = (MethodName::Skt, DataFormat::Synthetic);
        SavedEncoder {
            encoder,
            input,
            experiment: Experiment::new(method, Some(config), data, None).unwrap(),
        }
    }

    fn features(encoder: &AnyEncoder) -> Vec<f32> {
        let features = encoder.forward(clips(&Device::flex()));
        features.into_data().try_to_vec().unwrap()
    }

    #[test]
    fn every_encoder_comes_back_with_its_features_and_its_experiment() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("encoder.safetensors");
        for name in [
            "stgcn-ssl",
            "agcn-ssl",
            "asgcn-ssl",
            "ctrgcn-ssl",
            "stgcnpp-ssl",
            "bigru",
        ] {
            let mut before = example(name);
            before.save(&file).unwrap();
            before.encoder = before.encoder.valid();
            for path in [file.as_path(), folder.path()] {
                let after = SavedEncoder::load(path, &Device::flex()).unwrap();
                assert_eq!(after.experiment, before.experiment);
                assert_eq!(after.input, before.input);
                assert_eq!(
                    features(&after.encoder),
                    features(&before.encoder),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn other_files_are_refused_by_what_they_lack() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("encoder.safetensors");
        let refusal = || {
            let error = SavedEncoder::load(&file, &Device::flex()).unwrap_err();
            let text = error.to_string();
            assert!(text.contains("encoder.safetensors"), "{text}");
            text
        };
        refusal();
        std::fs::write(&file, b"{}").unwrap();
        assert!(refusal().contains("no safetensors file"));

        let rewrite = |change: &dyn Fn(&mut HashMap<String, String>), without: &str| {
            example("stgcn-ssl").save(&file).unwrap();
            let bytes = std::fs::read(&file).unwrap();
            let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
            let tensors = SafeTensors::deserialize(&bytes).unwrap();
            let mut metadata = header.metadata().clone().unwrap();
            change(&mut metadata);
            let names = tensors.names().into_iter();
            let kept = names.filter(|name| *name != without);
            let kept = kept.map(|name| (name, tensors.tensor(name).unwrap()));
            let bytes = safetensors::serialize(kept, Some(metadata)).unwrap();
            std::fs::write(&file, bytes).unwrap();
        };
        let replace = |key: &'static str, from: &'static str, to: &'static str| {
            move |metadata: &mut HashMap<String, String>| {
                assert!(metadata[key].contains(from), "{}", metadata[key]);
                metadata.insert(key.to_owned(), metadata[key].replace(from, to));
            }
        };
        rewrite(
            &|metadata| {
                metadata.remove(EXPERIMENT);
            },
            "",
        );
        assert!(refusal().contains("no `experiment`"));
        rewrite(&replace(INPUT, "\"persons\":1", "\"persons\":\"one\""), "");
        assert!(refusal().contains("`input` of its metadata: persons: invalid type"));
        rewrite(&|_| (), "data_norm.beta");
        assert!(refusal().contains("`data_norm.beta` is missing"));
        rewrite(
            &replace(EXPERIMENT, "\"width\":\"ssl\"", "\"width\":\"full\""),
            "",
        );
        assert!(refusal().contains("units.0"));
    }
}
