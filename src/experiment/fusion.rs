use std::str::FromStr;

use skeleton_data::Stream;

use super::evaluation::{EvaluationReport, Found};
use crate::Error;
use crate::evaluate::{AIMCLR_FUSION, Outcome, Quantity, Scores};

/// By how much the scores of each stream count when several are added.
///
/// Written as three numbers, of joint, bone and motion: `0.6,0.6,0.4`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FusionWeights {
    /// Of positions.
    pub joint: f64,
    /// Of bone vectors.
    pub bone: f64,
    /// Of movements between frames.
    pub motion: f64,
}

impl Default for FusionWeights {
    /// [`AIMCLR_FUSION`].
    fn default() -> Self {
        let [joint, bone, motion] = AIMCLR_FUSION;
        Self {
            joint,
            bone,
            motion,
        }
    }
}

impl FusionWeights {
    fn of(self, stream: Stream) -> f64 {
        match stream {
            Stream::Joint => self.joint,
            Stream::Bone => self.bone,
            Stream::Motion => self.motion,
        }
    }

    /// Adds a report for every group of reports that differ in their stream alone: what their classifiers' weighted scores
    /// say together. Protocols without a classifier, and means over draws of labels, are not in it.
    ///
    /// # Errors
    /// [`Error::Evaluate`] where reports of a group are not of the same clips in the same order.
    pub fn append(self, reports: &mut Vec<EvaluationReport>) -> Result<(), Error> {
        let mut groups: Vec<Vec<&EvaluationReport>> = Vec::new();
        for report in &*reports {
            // Of a stream that was given twice, the first counts.
            let fits = |group: &&mut Vec<&EvaluationReport>| {
                group[0].differs_in_stream_alone(report)
                    && group.iter().all(|member| member.stream != report.stream)
            };
            match groups.iter_mut().find(fits) {
                Some(group) => group.push(report),
                None => groups.push(vec![report]),
            }
        }
        let groups = groups.into_iter().filter(|group| group.len() > 1);
        let fused: Result<Vec<_>, Error> = groups.map(|group| self.fuse(&group)).collect();
        reports.extend(fused?);
        Ok(())
    }

    fn fuse(self, group: &[&EvaluationReport]) -> Result<EvaluationReport, Error> {
        let mut weighted = Vec::new();
        for report in group {
            weighted.push((*report, self.of(report.stream.parse()?)));
        }
        let stream = weighted
            .iter()
            .map(|(report, weight)| format!("{weight} {}", report.stream));
        let first = group[0];
        Ok(EvaluationReport {
            stream: stream.collect::<Vec<_>>().join(" + "),
            // Of all networks together.
            parameters: group.iter().map(|report| report.parameters).sum(),
            trained: fuse_side(&weighted, first.seed, |report| &report.trained)?,
            untrained: fuse_side(&weighted, first.seed, |report| &report.untrained)?,
            // Its numbers are of several encoders.
            untrained_from: String::new(),
            ..first.clone()
        })
    }
}

fn fuse_side(
    weighted: &[(&EvaluationReport, f64)],
    seed: u64,
    side: impl Fn(&EvaluationReport) -> &[Found],
) -> Result<Vec<Found>, Error> {
    let mut fused = Vec::new();
    for found in side(weighted[0].0) {
        let scores: Option<Vec<(&Scores, f64)>> = weighted
            .iter()
            .map(|(report, weight)| {
                let same = side(report)
                    .iter()
                    .find(|other| other.protocol == found.protocol)?;
                Some((same.scores.as_ref()?, *weight))
            })
            .collect();
        if let Some(scores) = scores {
            let ranked = found
                .numbers
                .iter()
                .any(|number| number.quantity == Quantity::Top5);
            let outcome = Outcome::classified(Scores::fused(&scores)?, ranked, seed);
            fused.push(Found::new(&found.protocol, outcome));
        }
    }
    Ok(fused)
}

impl FromStr for FusionWeights {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refuse = || {
            Error::Source(format!(
                "`{text}`: expected three weights of at least 0, of joint, bone and motion, such as 0.6,0.6,0.4"
            ))
        };
        let weights: Result<Vec<f64>, _> =
            text.split(',').map(|word| word.trim().parse()).collect();
        match weights.map_err(|_| refuse())?[..] {
            [joint, bone, motion]
                if [joint, bone, motion]
                    .iter()
                    .all(|weight| weight.is_finite() && *weight >= 0.0) =>
            {
                Ok(Self {
                    joint,
                    bone,
                    motion,
                })
            }
            _ => Err(refuse()),
        }
    }
}
