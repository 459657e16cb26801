use std::collections::HashMap;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::store::{ModuleSnapshot, SafetensorsStore};
use burn::tensor::Device;
use gcn_encoder::{AnyEncoder, EncoderConfig, EncoderInput, with_encoder};
use safetensors::SafeTensors;
use serde::de::DeserializeOwned;
use strum::VariantNames;

use super::folder::parse_json;
use super::run::Experiment;
use crate::Error;
use crate::report::write_atomically;
use crate::weights::Checkpoint;

/// Keys of the file's metadata.
const EXPERIMENT: &str = "experiment";
const INPUT: &str = "input";
const FORMAT_VERSION: &str = "format_version";
const NAMES: &str = "names";
/// How files are written. Version 1 is also what the first files had, which did not say it.
const VERSION: u32 = 1;

/// Whose names and layouts the tensors of a file have.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::Display, strum::EnumString, strum::VariantNames,
)]
#[strum(serialize_all = "lowercase", parse_err_ty = Error, parse_err_fn = unknown_names)]
pub enum TensorNames {
    /// This library's.
    Ours,
    /// Those of published PyTorch code; see [`gcn_encoder::weights`].
    Pytorch,
}

fn unknown_names(given: &str) -> Error {
    Error::Source(format!(
        "unknown names of tensors `{given}`: expected {}",
        TensorNames::VARIANTS.join(" or ")
    ))
}

/// An encoder and all that has to be known to use it: what `encoder.safetensors` of a run holds.
///
/// The file is a safetensors file of the weights. Its metadata has the experiment (with the encoder's configuration and how
/// clips were prepared) and the encoder's input (with the skeleton) as JSON, the version of the format, whose names the
/// tensors have, and the version of this library.
#[derive(Debug)]
pub struct SavedEncoder {
    /// The network.
    pub encoder: AnyEncoder,
    /// What the network reads.
    pub input: EncoderInput,
    /// The experiment that trained it: how clips were prepared, what it sees of them, and by which method it learnt. Of an
    /// encoder that was trained elsewhere, [`Experiment::imported`].
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
        let mut store = SafetensorsStore::from_bytes(None);
        for (key, value) in self.metadata(TensorNames::Ours)? {
            store = store.metadata(key, value);
        }
        // Running statistics of a step just done reach their module with this, and a visitor only then.
        let encoder = self.encoder.valid();
        with_encoder!(&encoder, encoder => encoder.save_into(&mut store))?;
        Ok(store.get_bytes()?)
    }

    /// What a file of the encoder says about itself, where its tensors have the names of `names`.
    pub(crate) fn metadata(&self, names: TensorNames) -> serde_json::Result<[(String, String); 7]> {
        // What others call the kind of file by its tensors' names.
        let format = match names {
            TensorNames::Ours => "safetensors",
            TensorNames::Pytorch => "pt",
        };
        Ok([
            (EXPERIMENT, serde_json::to_string(&self.experiment)?),
            (INPUT, serde_json::to_string(&self.input)?),
            (FORMAT_VERSION, VERSION.to_string()),
            (NAMES, names.to_string()),
            ("format", format.to_owned()),
            ("producer", env!("CARGO_PKG_NAME").to_owned()),
            ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ]
        .map(|(key, value)| (key.to_owned(), value)))
    }

    /// The file that `path` means: itself, or of a run folder the encoder's.
    pub fn file(path: &Path) -> PathBuf {
        match path.is_dir() {
            true => path.join("encoder.safetensors"),
            false => path.to_owned(),
        }
    }

    /// Reads the file at `path`, or that of the run folder at `path`.
    ///
    /// # Errors
    /// [`Error::SavedEncoder`] where the file cannot be read, was written neither by [`save`](Self::save) nor by
    /// [`save_for_pytorch`](Self::save_for_pytorch), or holds other tensors than its encoder has; of the latter then
    /// [`Error::Checkpoint`]. [`Error::NewerEncoder`] where a later version wrote it, [`Error::Encoder`] where its metadata
    /// describes no encoder.
    pub fn load(path: &Path, device: &Device) -> Result<Self, Error> {
        let path = Self::file(path);
        let refuse = |problem| Error::SavedEncoder {
            path: PathBuf::from(&path),
            problem,
        };
        let bytes = std::fs::read(&path).map_err(|error| refuse(error.to_string()))?;
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|error| {
            refuse(format!(
                "it is no safetensors file: {error} (a PyTorch checkpoint has to be imported first)"
            ))
        })?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let version = version(&metadata).map_err(refuse)?;
        if version > VERSION {
            return Err(Error::NewerEncoder {
                path: path.clone(),
                found: version,
                supported: VERSION,
            });
        }
        let names = names(&metadata).map_err(refuse)?;
        let experiment: Experiment = field(&metadata, EXPERIMENT).map_err(refuse)?;
        let input: EncoderInput = field(&metadata, INPUT).map_err(refuse)?;
        let encoder = experiment.encoder.init(&input, device)?;
        let encoder = match names {
            TensorNames::Ours => own_names(encoder, bytes, experiment.encoder).map_err(refuse)?,
            TensorNames::Pytorch => {
                let file = Checkpoint::from_safetensors(&path, bytes)?;
                file.load(encoder, &input.layout, "")?.0
            }
        };
        Ok(Self {
            encoder,
            input,
            experiment,
        })
    }
}

/// `encoder` with the weights in the safetensors file of `bytes`, by this library's names; or all that does not fit.
fn own_names(
    mut encoder: AnyEncoder,
    bytes: Vec<u8>,
    config: EncoderConfig,
) -> Result<AnyEncoder, String> {
    let mut store = SafetensorsStore::from_bytes(Some(bytes))
        .allow_partial(true)
        .validate(false);
    let found = with_encoder!(&mut encoder, encoder => encoder.load_from(&mut store))
        .map_err(|error| error.to_string())?;
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
            .map(|name| format!("`{name}` is not part of {config}")),
    );
    match problems.is_empty() {
        true => Ok(encoder),
        false => Err(problems.join("; ")),
    }
}

fn version(metadata: &HashMap<String, String>) -> Result<u32, String> {
    let Some(text) = metadata.get(FORMAT_VERSION) else {
        return Ok(1);
    };
    text.parse()
        .map_err(|_| format!("`{FORMAT_VERSION}` of its metadata is `{text}`, expected a number"))
}

fn names(metadata: &HashMap<String, String>) -> Result<TensorNames, String> {
    let Some(text) = metadata.get(NAMES) else {
        return Ok(TensorNames::Ours);
    };
    text.parse()
        .map_err(|error: Error| format!("`{NAMES}` of its metadata: {error}"))
}

/// A field of the metadata, which is JSON.
fn field<T: DeserializeOwned>(metadata: &HashMap<String, String>, key: &str) -> Result<T, String> {
    let text = metadata.get(key).ok_or_else(|| {
        format!(
            "its metadata has no `{key}`, expected an encoder that skeleton-ssl saved or imported"
        )
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
        rewrite(&replace(NAMES, "ours", "theirs"), "");
        assert!(refusal().contains("`names` of its metadata: unknown names of tensors `theirs`"));
        rewrite(&replace(FORMAT_VERSION, "1", "one"), "");
        assert!(refusal().contains("`format_version` of its metadata is `one`"));
        rewrite(&replace(FORMAT_VERSION, "1", "2"), "");
        let error = SavedEncoder::load(&file, &Device::flex()).unwrap_err();
        assert!(
            matches!(
                error,
                Error::NewerEncoder {
                    found: 2,
                    supported: 1,
                    ..
                }
            ),
            "{error}"
        );
        // The first files had neither.
        rewrite(
            &|metadata| {
                metadata.remove(NAMES);
                metadata.remove(FORMAT_VERSION);
            },
            "",
        );
        SavedEncoder::load(&file, &Device::flex()).unwrap();
        rewrite(&|_| (), "data_norm.beta");
        assert!(refusal().contains("`data_norm.beta` is missing"));
        rewrite(
            &replace(EXPERIMENT, "\"width\":\"ssl\"", "\"width\":\"full\""),
            "",
        );
        assert!(refusal().contains("units.0"));
    }
}
