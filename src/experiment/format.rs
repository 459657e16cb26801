use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use skeleton_data::formats::ntu::NtuEdition;
use skeleton_data::store::Store;
use skeleton_data::{DataError, Split};

use crate::Error;

/// Where clips come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
    const ALL: [Self; 5] = [
        Self::Synthetic,
        Self::NwUcla,
        Self::Ntu60,
        Self::Ntu120,
        Self::Store,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Synthetic => "synthetic",
            Self::NwUcla => "nw-ucla",
            Self::Ntu60 => "ntu60",
            Self::Ntu120 => "ntu120",
            Self::Store => "store",
        }
    }

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

impl fmt::Display for DataFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for DataFormat {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|format| format.name() == text)
            .ok_or_else(|| {
                Error::Source(format!(
                    "unknown format `{text}`: expected one of {}",
                    Self::ALL.map(Self::name).join(", ")
                ))
            })
    }
}
