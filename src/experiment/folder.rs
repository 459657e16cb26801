use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Error;
use crate::report::{Environment, write_json};

/// The folder of one run: `config.json`, `environment.json`, `metrics.json`, `history.json`, `encoder.safetensors`,
/// `report.html`, `checkpoint/`, `experiment.log` and the metrics of single steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// Begins a run in `path`, or goes on with the one that is there.
    ///
    /// The folder is created and `config` written to it; on a resume the configuration there must
    /// equal `config`, but for the `version` of this library that wrote it.
    ///
    /// # Errors
    /// [`Error::Occupied`] where a run is there and `resume` is false, [`Error::ConfigMismatch`] with
    /// each field that differs, [`Error::Unwritable`], [`Error::RunFile`].
    pub fn open<C: Serialize>(path: &Path, config: &C, resume: bool) -> Result<Self, Error> {
        let folder = Self {
            path: path.to_owned(),
        };
        let file = folder.file("config.json");
        if resume {
            let known = without_version(folder.read("config.json")?);
            let asked = without_version(to_value(config, &file)?);
            let differences = differences(&known, &asked);
            if differences.is_empty() {
                return Ok(folder);
            }
            return Err(Error::ConfigMismatch {
                path: file,
                differences,
            });
        }
        if file.exists() {
            return Err(Error::Occupied {
                folder: folder.path,
            });
        }
        fs::create_dir_all(path).map_err(|source| Error::Unwritable {
            path: path.to_owned(),
            source,
        })?;
        folder.write("config.json", config)?;
        Ok(folder)
    }

    /// The folder of a run that is there, to read from.
    pub fn at(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    /// Path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Path of a file in the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Adds what the run runs on to `environment.json`; a resume adds an entry.
    ///
    /// # Errors
    /// [`Error::Unwritable`].
    pub fn note(&self, environment: Environment) -> Result<(), Error> {
        let known = self.environments();
        // A run must not fail for want of its diary.
        let mut entries = known.unwrap_or_else(|error| {
            log::warn!("{error}; the file is begun anew");
            Vec::new()
        });
        entries.push(environment);
        self.write("environment.json", &entries)
    }

    /// What the run ran on, an entry for its start and one for each resume; none for runs of versions that did not note it.
    ///
    /// # Errors
    /// [`Error::RunFile`] naming the file, field, line and column.
    pub fn environments(&self) -> Result<Vec<Environment>, Error> {
        match self.file("environment.json").exists() {
            true => self.read("environment.json"),
            false => Ok(Vec::new()),
        }
    }

    /// Writes a value as JSON, whole or not at all.
    ///
    /// # Errors
    /// [`Error::Unwritable`].
    pub fn write<T: Serialize>(&self, name: &str, value: &T) -> Result<(), Error> {
        write_json(&self.file(name), value)
    }

    /// Reads a JSON file of the folder.
    ///
    /// # Errors
    /// [`Error::RunFile`] naming the file, field, line and column.
    pub fn read<T: DeserializeOwned>(&self, name: &str) -> Result<T, Error> {
        read_json(&self.file(name))
    }
}

/// Reads JSON; an error in it says the field's path, the line and the column.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let unreadable = |problem| Error::RunFile {
        path: path.to_owned(),
        problem,
    };
    let bytes = fs::read(path).map_err(|error| unreadable(error.to_string()))?;
    parse_json(&bytes).map_err(unreadable)
}

/// The value in JSON text; an error in it says the field's path, the line and the column.
pub(super) fn parse_json<T: DeserializeOwned>(text: &[u8]) -> Result<T, String> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| error.to_string())?;
    json.end().map_err(|error| error.to_string())?;
    Ok(value)
}

fn to_value<C: Serialize>(config: &C, file: &Path) -> Result<Value, Error> {
    // Through text, so that numbers are rounded as those in the file were.
    serde_json::to_string(config)
        .and_then(|text| serde_json::from_str(&text))
        .map_err(|error| Error::RunFile {
            path: file.to_owned(),
            problem: error.to_string(),
        })
}

/// A configuration without what says which version wrote it.
fn without_version(mut config: Value) -> Value {
    if let Value::Object(fields) = &mut config {
        fields.remove("version");
    }
    config
}

/// A line for each leaf in which two JSON values differ.
fn differences(known: &Value, asked: &Value) -> Vec<String> {
    fn walk(path: &str, known: &Value, asked: &Value, lines: &mut Vec<String>) {
        if let (Value::Object(a), Value::Object(b)) = (known, asked) {
            let mut keys: Vec<&String> = a.keys().chain(b.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                let inner = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                walk(
                    &inner,
                    a.get(key).unwrap_or(&Value::Null),
                    b.get(key).unwrap_or(&Value::Null),
                    lines,
                );
            }
        } else if known != asked {
            lines.push(format!("  {path}: {known} there, {asked} asked for"));
        }
    }
    let mut lines = Vec::new();
    walk("", known, asked, &mut lines);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_resume_with_another_configuration_lists_every_field_that_differs() {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("run");
        RunFolder::open(&folder, &json!({"a": 1, "b": {"c": 0.1, "d": "x"}}), false).unwrap();
        RunFolder::open(&folder, &json!({"a": 1, "b": {"c": 0.1, "d": "x"}}), true).unwrap();
        let other = json!({"a": 2, "b": {"c": 0.1, "d": "y"}});
        let error = RunFolder::open(&folder, &other, true)
            .unwrap_err()
            .to_string();
        assert!(error.contains("a: 1 there, 2 asked for"), "{error}");
        assert!(
            error.contains("b.d: \"x\" there, \"y\" asked for"),
            "{error}"
        );
        assert!(!error.contains("b.c"), "{error}");
    }

    #[test]
    fn a_finished_run_is_not_overwritten() {
        let base = tempfile::tempdir().unwrap();
        RunFolder::open(base.path(), &json!({}), false).unwrap();
        assert!(matches!(
            RunFolder::open(base.path(), &json!({}), false),
            Err(Error::Occupied { .. })
        ));
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_a_typed_error() {
        let base = tempfile::tempdir().unwrap();
        let file = base.path().join("file");
        fs::write(&file, b"").unwrap();
        assert!(matches!(
            RunFolder::open(&file.join("run"), &json!({}), false),
            Err(Error::Unwritable { .. })
        ));
    }

    #[test]
    fn resuming_where_no_run_is_names_the_missing_file() {
        let base = tempfile::tempdir().unwrap();
        let error = RunFolder::open(base.path(), &json!({}), true).unwrap_err();
        assert!(error.to_string().contains("config.json"), "{error}");
    }
}
