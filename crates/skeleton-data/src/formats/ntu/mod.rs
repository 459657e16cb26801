//! NTU RGB+D's raw `.skeleton` text (Shahroudy et al. 2016; Liu et al. 2019; github.com/shahroudy/NTURGB-D).
//!
//! A frame count; per frame a body count; per body a line of 10 fields (id, clipped edges, confidence and state of the
//! left hand and of the right, whether it is restricted, lean in x and in y, tracking state), the joint count (25), and 25
//! lines of 12 fields (x y z in metres, the pixel in the depth image and in the colour image, the orientation as a
//! quaternion w x y z, tracking state). One joint, one count, one body a line; fields are parted by blanks, lines end in LF
//! or CRLF. The axes are the sensor's: x grows with the pixels' columns, y up, z away from the sensor.
//!
//! Read are the body's id and x y z; of the other fields only their number is checked. A sequence is `[T, M, 25, 3]` on
//! [`Layout::ntu25`](crate::Layout::ntu25), M the number of ids in the file. Ids have 17 digits and are compared as text: as
//! `f64`, neighbouring ones are equal. Files beyond 64 MiB or 16 Mi coordinates are refused.

mod incomplete;
mod name;
mod source;
mod text;

pub use incomplete::is_incomplete;
pub use name::NtuName;
pub(super) use source::detect;
pub use source::{open, read_folder};
pub use text::parse;

use std::path::Path;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::{read_bytes, stem};
use crate::{DataError, SkeletonSequence, Split};

/// Files beyond this size are not read; the data set's largest have a few MB.
const MAX_BYTES: u64 = 64 << 20;

/// Which edition of the data set a folder is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NtuEdition {
    /// NTU RGB+D: actions 1 to 60, setups 1 to 17.
    Ntu60,
    /// NTU RGB+D 120: actions 1 to 120, setups 1 to 32.
    Ntu120,
}

static ACTIONS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| include_str!("actions.txt").lines().collect());

impl NtuEdition {
    /// Class names in label order, as the data set's authors list them.
    pub fn classes(self) -> Vec<String> {
        let count = match self {
            Self::Ntu60 => 60,
            Self::Ntu120 => 120,
        };
        ACTIONS[..count].iter().map(ToString::to_string).collect()
    }

    /// The splits published for the edition.
    pub fn splits(self) -> [Split; 2] {
        match self {
            Self::Ntu60 => [Split::Ntu60CrossSubject, Split::Ntu60CrossView],
            Self::Ntu120 => [Split::Ntu120CrossSubject, Split::Ntu120CrossSetup],
        }
    }

    /// Whether the edition contains a recording of this name.
    pub fn contains(self, name: &NtuName) -> bool {
        match self {
            Self::Ntu60 => name.action <= 60 && name.setup <= 17,
            Self::Ntu120 => true,
        }
    }
}

/// Reads one file; metadata come from its name.
///
/// The sequence holds every body of the file in order of first appearance, tracked by id. A body that a
/// frame does not list, or lists with all coordinates zero, is zero and not valid there.
///
/// # Errors
/// [`DataError::File`] with the path and a [`FileError`](super::FileError) that names the line.
pub fn read(path: &Path) -> Result<SkeletonSequence, DataError> {
    let read = || {
        let name = NtuName::parse(&stem(path))?;
        parse(&read_bytes(path, MAX_BYTES)?, name.meta())
    };
    read().map_err(|error| DataError::file(path, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::FileError;

    const NAME: &str = "S001C002P003R001A010";

    #[test]
    fn binary_files_are_refused_with_their_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("{NAME}.skeleton"));
        for (bytes, expected) in [
            (
                vec![0x89, b'P', b'N', b'G', 0, 0xff],
                FileError::NotUtf8 { line: 1 },
            ),
            (vec![0; 64], FileError::ZeroByte { line: 1 }),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let error = read(&path);
            assert!(
                matches!(&error, Err(DataError::File { path: p, error }) if *p == path && **error == expected),
                "{error:?}"
            );
        }
    }

    #[test]
    fn editions_have_their_classes() {
        assert_eq!(NtuEdition::Ntu60.classes().len(), 60);
        let classes = NtuEdition::Ntu120.classes();
        assert_eq!(classes.len(), 120);
        assert_eq!(classes[57], "handshaking");
        assert!(classes.iter().all(|class| !class.is_empty()));
    }
}
