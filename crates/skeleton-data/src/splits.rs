//! The divisions of the data sets into training and test.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::formats::Side;
use crate::{DataError, Meta};

/// Training subjects of NTU RGB+D 60's cross-subject protocol (Shahroudy et al. 2016; `papers.md` 1.5).
pub const NTU60_TRAIN_SUBJECTS: [u32; 20] = [
    1, 2, 4, 5, 8, 9, 13, 14, 15, 16, 17, 18, 19, 25, 27, 28, 31, 34, 35, 38,
];

/// Training subjects that NTU RGB+D 120 adds to [`NTU60_TRAIN_SUBJECTS`] (Liu et al. 2019;
/// `papers.md` 1.5).
pub const NTU120_MORE_TRAIN_SUBJECTS: [u32; 33] = [
    45, 46, 47, 49, 50, 52, 53, 54, 55, 56, 57, 58, 59, 70, 74, 78, 80, 81, 82, 83, 84, 85, 86, 89,
    91, 92, 93, 94, 95, 97, 98, 100, 103,
];

/// A train-test protocol: the published ones, one within a training side to choose settings by, and two of their
/// kind for [synthetic](crate::synthetic) clips.
///
/// Names are `dataset-protocol`: `ntu60-xsub`, `ntu60-xview`, `ntu120-xsub`, `ntu120-xset`,
/// `nw-ucla-xview`, `nw-ucla-validation`, `synthetic-xview`, `synthetic-xsub`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Split {
    /// NTU-60 cross-subject: 20 of 40 subjects train.
    #[serde(rename = "ntu60-xsub")]
    Ntu60CrossSubject,
    /// NTU-60 cross-view: cameras 2 and 3 train, camera 1 tests.
    #[serde(rename = "ntu60-xview")]
    Ntu60CrossView,
    /// NTU-120 cross-subject: 53 of 106 subjects train.
    #[serde(rename = "ntu120-xsub")]
    Ntu120CrossSubject,
    /// NTU-120 cross-setup: even setups train, odd setups test.
    #[serde(rename = "ntu120-xset")]
    Ntu120CrossSetup,
    /// NW-UCLA: views 1 and 2 train, view 3 tests.
    #[serde(rename = "nw-ucla-xview")]
    NwUclaCrossView,
    /// Within NW-UCLA's training views: view 1 trains, view 2 tests, and view 3 is in neither, so that settings
    /// chosen by it have not seen the published test side. Not a published protocol.
    #[serde(rename = "nw-ucla-validation")]
    NwUclaValidation,
    /// Synthetic clips, as NW-UCLA: cameras 1 and 2 train, camera 3 tests.
    #[serde(rename = "synthetic-xview")]
    SyntheticCrossView,
    /// Synthetic clips: odd subjects train, even ones test, who differ in proportions and habits.
    #[serde(rename = "synthetic-xsub")]
    SyntheticCrossSubject,
}

impl Split {
    /// All splits.
    pub const ALL: [Self; 8] = [
        Self::Ntu60CrossSubject,
        Self::Ntu60CrossView,
        Self::Ntu120CrossSubject,
        Self::Ntu120CrossSetup,
        Self::NwUclaCrossView,
        Self::NwUclaValidation,
        Self::SyntheticCrossView,
        Self::SyntheticCrossSubject,
    ];

    /// The name that [`FromStr`] reads.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ntu60CrossSubject => "ntu60-xsub",
            Self::Ntu60CrossView => "ntu60-xview",
            Self::Ntu120CrossSubject => "ntu120-xsub",
            Self::Ntu120CrossSetup => "ntu120-xset",
            Self::NwUclaCrossView => "nw-ucla-xview",
            Self::NwUclaValidation => "nw-ucla-validation",
            Self::SyntheticCrossView => "synthetic-xview",
            Self::SyntheticCrossSubject => "synthetic-xsub",
        }
    }

    /// The split whose training side this one divides, if it is one for choosing settings.
    ///
    /// Where a data set's own lists say what that training side is, the lists go first.
    pub fn within(self) -> Option<Self> {
        match self {
            Self::NwUclaValidation => Some(Self::NwUclaCrossView),
            _ => None,
        }
    }

    /// The side that a recording belongs to; `None` when it belongs to neither.
    ///
    /// # Errors
    /// [`DataError::MissingMeta`] when the field that decides is not recorded, and
    /// [`DataError::OutsideSplit`] when its value is not one the protocol speaks of: an NTU-120 recording
    /// must not slip into NTU-60's test side.
    pub fn side(self, meta: &Meta) -> Result<Option<Side>, DataError> {
        let train = match self {
            Self::Ntu60CrossSubject => {
                let subject = self.field("subject", meta.subject, meta, 1..=40, "1 to 40")?;
                NTU60_TRAIN_SUBJECTS.contains(&subject)
            }
            Self::Ntu60CrossView => {
                let camera = self.field("camera", meta.camera, meta, 1..=3, "1 to 3")?;
                camera != 1
            }
            Self::Ntu120CrossSubject => {
                let subject = self.field("subject", meta.subject, meta, 1..=106, "1 to 106")?;
                NTU60_TRAIN_SUBJECTS.contains(&subject)
                    || NTU120_MORE_TRAIN_SUBJECTS.contains(&subject)
            }
            Self::Ntu120CrossSetup => {
                let setup = self.field("setup", meta.setup, meta, 1..=32, "1 to 32")?;
                setup % 2 == 0
            }
            Self::NwUclaCrossView | Self::SyntheticCrossView => {
                let camera = self.field("camera", meta.camera, meta, 1..=3, "1 to 3")?;
                camera != 3
            }
            Self::NwUclaValidation => {
                match self.field("camera", meta.camera, meta, 1..=3, "1 to 3")? {
                    3 => return Ok(None),
                    camera => camera == 1,
                }
            }
            Self::SyntheticCrossSubject => {
                let subject =
                    self.field("subject", meta.subject, meta, 1..=u32::MAX, "at least 1")?;
                subject % 2 == 1
            }
        };
        Ok(Some(Side::train_if(train)))
    }

    fn field(
        self,
        field: &'static str,
        value: Option<u32>,
        meta: &Meta,
        range: std::ops::RangeInclusive<u32>,
        expected: &'static str,
    ) -> Result<u32, DataError> {
        let found = value.ok_or_else(|| DataError::MissingMeta {
            split: self.name().to_owned(),
            field,
            source_name: meta.source.clone(),
        })?;
        if range.contains(&found) {
            return Ok(found);
        }
        Err(DataError::OutsideSplit {
            split: self.name().to_owned(),
            field,
            source_name: meta.source.clone(),
            found,
            expected,
        })
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Split {
    type Err = DataError;

    fn from_str(name: &str) -> Result<Self, DataError> {
        Self::ALL
            .into_iter()
            .find(|split| split.name() == name)
            .ok_or_else(|| DataError::UnknownSplit {
                name: name.to_owned(),
                known: Self::ALL.map(Self::name).join(", "),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta(subject: u32, camera: u32, setup: u32) -> Meta {
        Meta {
            source: "x".into(),
            subject: Some(subject),
            camera: Some(camera),
            setup: Some(setup),
            ..Meta::default()
        }
    }

    fn train_values(split: Split, values: std::ops::RangeInclusive<u32>) -> Vec<u32> {
        values
            .filter(|&v| split.side(&meta(v, v, v)).unwrap() == Some(Side::Train))
            .collect()
    }

    #[test]
    fn cross_subject_takes_half_of_the_subjects() {
        assert_eq!(
            train_values(Split::Ntu60CrossSubject, 1..=40),
            NTU60_TRAIN_SUBJECTS
        );
        let train = train_values(Split::Ntu120CrossSubject, 1..=106);
        assert_eq!(train.len(), 53);
        assert_eq!(train[20..], NTU120_MORE_TRAIN_SUBJECTS);
        assert_eq!(train_values(Split::SyntheticCrossSubject, 1..=5), [1, 3, 5]);
    }

    #[test]
    fn views_and_setups_follow_the_protocols() {
        assert_eq!(train_values(Split::Ntu60CrossView, 1..=3), [2, 3]);
        assert_eq!(train_values(Split::NwUclaCrossView, 1..=3), [1, 2]);
        assert_eq!(train_values(Split::SyntheticCrossView, 1..=3), [1, 2]);
        let even: Vec<u32> = (1..=16).map(|n| 2 * n).collect();
        assert_eq!(train_values(Split::Ntu120CrossSetup, 1..=32), even);
    }

    #[test]
    fn validation_leaves_the_test_view_out() {
        let sides = [1, 2, 3].map(|camera| Split::NwUclaValidation.side(&meta(1, camera, 1)));
        assert_eq!(
            sides.map(Result::unwrap),
            [Some(Side::Train), Some(Side::Test), None]
        );
        let outer = Split::NwUclaValidation.within().unwrap();
        assert_eq!(train_values(outer, 1..=3), [1, 2]);
        let others = Split::ALL
            .into_iter()
            .filter(|split| split.within().is_some());
        assert_eq!(others.collect::<Vec<_>>(), [Split::NwUclaValidation]);
    }

    #[test]
    fn a_missing_field_is_named() {
        for (split, field) in [
            (Split::Ntu60CrossSubject, "subject"),
            (Split::Ntu60CrossView, "camera"),
            (Split::NwUclaValidation, "camera"),
            (Split::Ntu120CrossSetup, "setup"),
        ] {
            let error = split.side(&Meta {
                source: "clip 7".into(),
                ..Meta::default()
            });
            assert!(
                matches!(&error, Err(DataError::MissingMeta { field: f, source_name, .. })
                    if *f == field && source_name == "clip 7"),
                "{error:?}"
            );
        }
    }

    #[test]
    fn values_beyond_the_protocol_are_refused() {
        let error = Split::Ntu60CrossSubject.side(&meta(41, 1, 1));
        assert!(matches!(
            error,
            Err(DataError::OutsideSplit { found: 41, .. })
        ));
        let error = Split::NwUclaCrossView.side(&meta(1, 4, 1));
        assert!(matches!(
            error,
            Err(DataError::OutsideSplit { found: 4, .. })
        ));
    }

    #[test]
    fn names_are_read_back_and_unknown_ones_list_the_known() {
        for split in Split::ALL {
            assert_eq!(split.to_string().parse::<Split>().unwrap(), split);
            assert_eq!(
                serde_json::to_string(&split).unwrap(),
                format!("\"{split}\"")
            );
        }
        let message = "xsub".parse::<Split>().unwrap_err().to_string();
        assert!(
            message.contains("`xsub`") && message.contains("ntu60-xsub, ntu60-xview, ntu120-xsub"),
            "{message}"
        );
    }
}
