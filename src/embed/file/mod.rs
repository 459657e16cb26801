//! Files of embeddings.

mod csv;
mod npy;
mod safetensors;

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{EmbedError, Embeddings, EncoderNote};
use crate::Error;
use crate::report::write_atomically;

/// What a file is, by the end of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Safetensors,
    Npy,
    Csv,
}

impl Kind {
    fn of(path: &Path) -> Result<Self, EmbedError> {
        let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        match extension.as_deref() {
            Some("safetensors") => Ok(Self::Safetensors),
            Some("npy") => Ok(Self::Npy),
            Some("csv") => Ok(Self::Csv),
            _ => Err(EmbedError::Extension {
                path: path.to_owned(),
            }),
        }
    }
}

/// What is known about embeddings besides their values, as JSON.
#[derive(Debug, Serialize, Deserialize)]
struct About {
    names: Vec<String>,
    labels: Vec<Option<String>>,
    encoder: Option<EncoderNote>,
}

impl About {
    fn of(embeddings: &Embeddings) -> Self {
        Self {
            names: embeddings.names.clone(),
            labels: embeddings.labels.clone(),
            encoder: embeddings.encoder.clone(),
        }
    }

    /// Embeddings of a file's array and this.
    fn with(self, shape: &[usize], values: Vec<f32>) -> Result<Embeddings, String> {
        match *shape {
            [rows, dim] if rows == self.names.len() => {
                Embeddings::from_parts(values, dim, self.names, self.labels, self.encoder)
            }
            _ => Err(format!(
                "the array has the shape {shape:?}, expected two axes and a row for each of {} names",
                self.names.len()
            )),
        }
    }
}

impl Embeddings {
    /// Whether [`write`](Self::write) knows how to write to a path; to be asked before the work is done.
    ///
    /// # Errors
    /// [`EmbedError::Extension`].
    pub fn check_path(path: &Path) -> Result<(), EmbedError> {
        Kind::of(path).map(drop)
    }

    /// Writes the file, whole or not at all, by the end of its name:
    ///
    /// - `.safetensors`: the tensor `embeddings` `[N, D]` f32; the metadata's field `about` is JSON with the lists `names` and
    ///   `labels` (class names, null where there is none) and the object `encoder`;
    /// - `.npy`: the array `[N, D]` `<f4`, and beside it as `NAME_names.json` the same JSON;
    /// - `.csv`: a header `name,label,f0,f1,...` and a row for each clip, numbers with as many digits as bring them back
    ///   exactly. It has no place for the encoder.
    ///
    /// # Errors
    /// [`Error::Embed`] for another name, [`Error::Unwritable`].
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let kind = Kind::of(path)?;
        let written = match kind {
            Kind::Safetensors => {
                safetensors::to_bytes(self).and_then(|b| write_atomically(path, &b))
            }
            Kind::Npy => npy::write(self, path),
            Kind::Csv => csv::to_bytes(self).and_then(|b| write_atomically(path, &b)),
        };
        written.map_err(|source| Error::Unwritable {
            path: path.to_owned(),
            source,
        })
    }

    /// The bytes of a `.csv`, for a pipe.
    ///
    /// # Errors
    /// None that is known: the bytes go to memory.
    pub fn to_csv(&self) -> std::io::Result<Vec<u8>> {
        csv::to_bytes(self)
    }

    /// Reads what [`write`](Self::write) wrote, or what others wrote in the same form.
    ///
    /// # Errors
    /// [`EmbedError::Extension`] and [`EmbedError::File`].
    pub fn read(path: &Path) -> Result<Self, EmbedError> {
        let kind = Kind::of(path)?;
        let read = |path: &Path| std::fs::read(path).map_err(|error| error.to_string());
        let found = match kind {
            Kind::Safetensors => read(path).and_then(|bytes| safetensors::from_bytes(&bytes)),
            Kind::Npy => read(path).and_then(|bytes| {
                let beside = npy::names_path(path);
                let about = read(&beside).map_err(|problem| {
                    format!(
                        "the names of its rows are not in {}: {problem}",
                        beside.display()
                    )
                })?;
                npy::from_bytes(&bytes, &about)
            }),
            Kind::Csv => read(path).and_then(|bytes| csv::from_bytes(&bytes)),
        };
        found.map_err(|problem| EmbedError::File {
            path: path.to_owned(),
            problem,
        })
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
