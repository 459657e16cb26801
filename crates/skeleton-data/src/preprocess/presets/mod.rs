//! The preprocessing of the literature, by name.

mod kinect;
mod ntu;
mod others;

use std::str::FromStr;

use super::{LongerClips, PadToLength, Preprocess, Step};
use crate::DataError;

/// CRRL's length (inferred; `papers.md` 4.3).
fn sixty_frames() -> Step {
    Step::PadToLength(PadToLength {
        frames: 60,
        longer: LongerClips::Sample,
    })
}

impl Preprocess {
    /// The names that [`FromStr`] reads.
    pub const PRESETS: [&str; 14] = [
        "cmu",
        "crrl_ntu",
        "crrl_nw_ucla",
        "kinetics",
        "ntu_50_frames",
        "ntu_agcn",
        "ntu_ctrgcn",
        "ntu_ctrgcn_64",
        "nw_ucla_ctrgcn",
        "nw_ucla_view_invariant",
        "pku_50_frames",
        "pku_ctrgcn",
        "predict_cluster",
        "predict_cluster_nw_ucla",
    ];

    /// The same steps under another name.
    fn renamed(self, name: &str) -> Self {
        Self::new(name, self.steps)
    }

    /// The same steps and further ones, under another name.
    fn extended(self, name: &str, further: impl IntoIterator<Item = Step>) -> Self {
        Self::new(name, self.steps.into_iter().chain(further))
    }
}

impl FromStr for Preprocess {
    type Err = DataError;

    fn from_str(name: &str) -> Result<Self, DataError> {
        match name {
            "cmu" => Ok(Self::cmu()),
            "crrl_ntu" => Ok(Self::crrl_ntu()),
            "crrl_nw_ucla" => Ok(Self::crrl_nw_ucla()),
            "kinetics" => Ok(Self::kinetics()),
            "ntu_50_frames" => Ok(Self::ntu_50_frames()),
            "ntu_agcn" => Ok(Self::ntu_agcn()),
            "ntu_ctrgcn" => Ok(Self::ntu_ctrgcn()),
            "ntu_ctrgcn_64" => Ok(Self::ntu_ctrgcn_64()),
            "nw_ucla_ctrgcn" => Ok(Self::nw_ucla_ctrgcn()),
            "nw_ucla_view_invariant" => Ok(Self::nw_ucla_view_invariant()),
            "pku_50_frames" => Ok(Self::pku_50_frames()),
            "pku_ctrgcn" => Ok(Self::pku_ctrgcn()),
            "predict_cluster" => Ok(Self::predict_cluster()),
            "predict_cluster_nw_ucla" => Ok(Self::predict_cluster_nw_ucla()),
            _ => Err(DataError::UnknownPreprocess {
                name: name.to_owned(),
                known: Self::PRESETS.join(", "),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_found_by_their_names_and_unknown_ones_list_the_known() {
        for name in Preprocess::PRESETS {
            assert_eq!(name.parse::<Preprocess>().unwrap().name, name);
        }
        let message = "ntu".parse::<Preprocess>().unwrap_err().to_string();
        assert!(
            message.contains("`ntu`") && message.contains("nw_ucla_ctrgcn"),
            "{message}"
        );
    }
}
