use serde::{Deserialize, Serialize};

use crate::{ObjectiveError, error};

/// The momentum of a network that follows another, over the steps of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MomentumSchedule {
    /// The same at every step.
    Constant(f64),
    /// From `start` at the first step to 1 after `steps`, so that the followed network settles:
    /// `1 - (1 - start) (cos(pi k / steps) + 1) / 2` at step `k`. Grill et al., *Bootstrap Your Own Latent*, NeurIPS 2020,
    /// section 3.3.
    CosineToOne {
        /// Momentum of the first step.
        start: f64,
        /// Optimiser steps of the whole run.
        steps: usize,
    },
}

impl MomentumSchedule {
    /// The momentum after optimiser step `step`, counted from 0.
    pub fn at(self, step: usize) -> f64 {
        match self {
            Self::Constant(momentum) => momentum,
            Self::CosineToOne { start, steps } => {
                let progress = step.min(steps) as f64 / steps as f64;
                1.0 - (1.0 - start) * ((core::f64::consts::PI * progress).cos() + 1.0) / 2.0
            }
        }
    }

    pub(crate) fn validate(self) -> Result<(), ObjectiveError> {
        match self {
            Self::Constant(momentum) => error::momentum("momentum.constant", momentum),
            Self::CosineToOne { steps: 0, .. } => Err(ObjectiveError::invalid(
                "momentum.cosine_to_one.steps",
                0,
                "at least 1",
            )),
            Self::CosineToOne { start, .. } => {
                error::momentum("momentum.cosine_to_one.start", start)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cosine_goes_from_start_through_the_middle_to_one_and_stays() {
        let schedule = MomentumSchedule::CosineToOne {
            start: 0.9,
            steps: 10,
        };
        for (step, expected) in [(0, 0.9), (5, 0.95), (10, 1.0), (12, 1.0)] {
            assert!((schedule.at(step) - expected).abs() < 1e-12, "{step}");
        }
        assert_eq!(MomentumSchedule::Constant(0.7).at(3), 0.7);
    }

    #[test]
    fn impossible_schedules_are_refused_by_name() {
        let cosine = |start, steps| MomentumSchedule::CosineToOne { start, steps };
        for (schedule, field) in [
            (MomentumSchedule::Constant(-0.1), "momentum.constant"),
            (cosine(0.9, 0), "momentum.cosine_to_one.steps"),
            (cosine(f64::NAN, 5), "momentum.cosine_to_one.start"),
        ] {
            let message = schedule.validate().unwrap_err().to_string();
            assert!(message.contains(field), "{message}");
        }
        assert!(cosine(1.0, 1).validate().is_ok());
    }
}
