use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use skeleton_data::formats::ntu::NtuEdition;
use skeleton_data::store::Store;
use skeleton_data::{DataError, Split};
use strum::VariantNames;

use crate::Error;

/// Where clips come from.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantNames,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", parse_err_ty = Error, parse_err_fn = unknown)]
pub enum DataFormat {
    /// Articulated figures, generated.
    Synthetic,
    /// Northwestern-UCLA JSON files and their lists.
    NwUcla,
    /// NTU RGB+D, the 60 classes, raw `.skeleton` files.
    Ntu60,
    /// NTU RGB+D 120, raw `.skeleton` files.
    Ntu120,
    /// A packed store, whose clips are preprocessed already.
    Store,
}

impl DataFormat {
    /// The data set whose clips a store holds, where it is one of those that have their own defaults and splits.
    pub(super) fn packed_in(store: &Store) -> Option<Self> {
        match store.spec().format.as_str() {
            "synthetic" => Some(Self::Synthetic),
            "nw-ucla" => Some(Self::NwUcla),
            "ntu" if store.classes().len() <= NtuEdition::Ntu60.classes().len() => {
                Some(Self::Ntu60)
            }
            "ntu" => Some(Self::Ntu120),
            _ => None,
        }
    }

    /// The splits of this data set by their short names, the default first.
    pub(super) const fn protocols(self) -> &'static [(&'static str, Split)] {
        match self {
            Self::Synthetic => &[
                ("xview", Split::SyntheticCrossView),
                ("xsub", Split::SyntheticCrossSubject),
            ],
            Self::NwUcla => &[
                ("xview", Split::NwUclaCrossView),
                ("validation", Split::NwUclaValidation),
            ],
            Self::Ntu60 => &[
                ("xsub", Split::Ntu60CrossSubject),
                ("xview", Split::Ntu60CrossView),
            ],
            Self::Ntu120 => &[
                ("xsub", Split::Ntu120CrossSubject),
                ("xset", Split::Ntu120CrossSetup),
            ],
            // Those that it stores, and those of the data set that is packed in it.
            Self::Store => &[],
        }
    }

    /// Opens the store that this format reads; `None` for the others.
    ///
    /// # Errors
    /// [`Error::Source`] without a folder, [`Error::Data`] where it holds no store.
    pub(super) fn open_store(self, folder: Option<&Path>) -> Result<Option<Arc<Store>>, Error> {
        match (self, folder) {
            (Self::Store, Some(folder)) => {
                let store = Store::open(folder).map_err(DataError::from)?;
                Ok(Some(Arc::new(store)))
            }
            (Self::Store, None) => Err(self.folder_needed()),
            _ => Ok(None),
        }
    }

    pub(super) fn folder_needed(self) -> Error {
        Error::Source(format!(
            "format {self} needs the folder of its files: give --data"
        ))
    }
}

fn unknown(given: &str) -> Error {
    Error::Source(format!(
        "unknown format `{given}`: expected one of {}",
        DataFormat::VARIANTS.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_and_a_command_line_name_formats_alike() {
        for name in DataFormat::VARIANTS {
            let format: DataFormat = name.parse().unwrap();
            let json = serde_json::to_value(format).unwrap();
            assert_eq!(
                (json, format.to_string()),
                ((*name).into(), (*name).to_owned())
            );
        }
        let error = "pku".parse::<DataFormat>().unwrap_err().to_string();
        assert!(
            error.contains("`pku`") && error.contains("nw-ucla, ntu60"),
            "{error}"
        );
    }
}
