//! Names of videos.

use std::fmt;

use crate::formats::{FileError, shortened};

/// A part of the data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// 1,076 videos of 66 subjects, called `NNNN-{L,M,R}`.
    One,
    /// 1,009 videos of 13 subjects, called `AxxNyy-{L,M,R}`.
    Two,
}

/// What a video's name says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Video {
    /// The part it belongs to.
    pub phase: Phase,
    /// The name, `0105-M` or `A01N02-L`.
    pub name: String,
    /// `N` of phase II, whose cross-subject lists part the videos by it; phase I's names do not say.
    pub subject: Option<u32>,
    /// Left 1, middle 2, right 3: numbers of this crate for the letters L, M, R.
    pub camera: u32,
}

impl Video {
    /// Reads a name without extension.
    ///
    /// # Errors
    /// [`FileError::Name`] when it is of neither form.
    pub fn parse(name: &str) -> Result<Self, FileError> {
        let fields = || {
            let (video, camera) = name.split_once('-')?;
            let camera = match camera {
                "L" => 1,
                "M" => 2,
                "R" => 3,
                _ => return None,
            };
            let (phase, subject) = if digits(video, 4).is_some() {
                (Phase::One, None)
            } else {
                let (group, subject) = video.strip_prefix('A')?.split_once('N')?;
                digits(group, 2)?;
                (Phase::Two, Some(digits(subject, 2)?))
            };
            Some(Self {
                phase,
                name: name.to_owned(),
                subject,
                camera,
            })
        };
        fields().ok_or_else(|| FileError::Name {
            name: shortened(name),
            expected: "NNNN-C or AxxNyy-C with the camera L, M or R",
        })
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::One => "pku1",
            Self::Two => "pku2",
        })
    }
}

fn digits(text: &str, count: usize) -> Option<u32> {
    let all = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_phase_camera_and_in_phase_two_the_subject() {
        let video = Video::parse("0105-M").unwrap();
        assert_eq!(
            (video.phase, video.subject, video.camera),
            (Phase::One, None, 2)
        );
        let video = Video::parse("A26N13-R").unwrap();
        assert_eq!(
            (video.phase, video.subject, video.camera),
            (Phase::Two, Some(13), 3)
        );
    }

    #[test]
    fn other_names_are_refused() {
        for name in [
            "",
            "0105",
            "105-M",
            "0105-m",
            "0105-M-1",
            "A1N02-L",
            "A01N+2-L",
            "A01-L",
            "01\u{e9}-L",
        ] {
            assert!(
                matches!(Video::parse(name), Err(FileError::Name { name: n, .. }) if n == name),
                "{name}"
            );
        }
    }
}
