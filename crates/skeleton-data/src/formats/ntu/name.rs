//! What the name of an NTU RGB+D recording says.

use crate::Meta;
use crate::formats::FileError;

/// The fields of a name `SsssCcccPpppRrrrAaaa` (Shahroudy et al. 2016), all 1-based.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NtuName {
    /// Setup, 1 to 32 (1 to 17 in NTU-60).
    pub setup: u32,
    /// Camera, 1 to 3.
    pub camera: u32,
    /// Performer, 1 to 106 (1 to 40 in NTU-60).
    pub performer: u32,
    /// Replication, 1 or 2.
    pub replication: u32,
    /// Action, 1 to 120 (1 to 60 in NTU-60).
    pub action: u32,
}

impl NtuName {
    /// Reads a name without extension.
    ///
    /// # Errors
    /// [`FileError::Name`] when it is not of this form or a field is out of range.
    pub fn parse(name: &str) -> Result<Self, FileError> {
        let error = || FileError::Name {
            name: name.to_owned(),
            expected: "SsssCcccPpppRrrrAaaa with setup 1-32, camera 1-3, performer 1-106, replication 1-2, action 1-120",
        };
        let mut rest = name;
        let mut field = |letter: char, last: u32| -> Option<u32> {
            let digits = rest.strip_prefix(letter)?.get(..3)?;
            rest = &rest[4..];
            // `parse` alone would take a sign.
            let digits = digits
                .bytes()
                .all(|b| b.is_ascii_digit())
                .then_some(digits)?;
            digits
                .parse()
                .ok()
                .filter(|value| (1..=last).contains(value))
        };
        let fields = (|| {
            Some(Self {
                setup: field('S', 32)?,
                camera: field('C', 3)?,
                performer: field('P', 106)?,
                replication: field('R', 2)?,
                action: field('A', 120)?,
            })
        })();
        fields.filter(|_| rest.is_empty()).ok_or_else(error)
    }

    /// Metadata of the recording; the label is the action, 0-based.
    pub fn meta(&self) -> Meta {
        Meta {
            source: self.to_string(),
            label: Some(self.action as usize - 1),
            subject: Some(self.performer),
            camera: Some(self.camera),
            setup: Some(self.setup),
            replication: Some(self.replication),
        }
    }
}

impl std::fmt::Display for NtuName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "S{:03}C{:03}P{:03}R{:03}A{:03}",
            self.setup, self.camera, self.performer, self.replication, self.action
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_gives_its_five_fields_and_comes_back() {
        let name = NtuName::parse("S017C003P020R002A059").unwrap();
        let meta = name.meta();
        assert_eq!(meta.label, Some(58));
        assert_eq!((meta.setup, meta.camera), (Some(17), Some(3)));
        assert_eq!((meta.subject, meta.replication), (Some(20), Some(2)));
        assert_eq!(meta.source, "S017C003P020R002A059");
    }

    #[test]
    fn other_names_are_refused() {
        for name in [
            "",
            "S001",
            "S001C001P001R001A000",
            "S001C001P001R001A121",
            "S001C004P001R001A001",
            "S001C001P001R001A001_rgb",
            "S+01C001P001R001A001",
            "s001c001p001r001a001",
            "S001C001P001R001Aééé",
            "S001é01P001R001A001",
        ] {
            let error = NtuName::parse(name);
            assert!(
                matches!(&error, Err(FileError::Name { name: n, .. }) if n == name),
                "{name}"
            );
        }
    }
}
