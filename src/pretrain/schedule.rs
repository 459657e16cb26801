use burn::optim::lr_scheduler::LrSchedulerConfig;
use burn::optim::lr_scheduler::cosine::CosineAnnealingLrSchedulerConfig;
use burn::optim::lr_scheduler::linear::LinearLrSchedulerConfig;
use burn::optim::lr_scheduler::module_lr_scheduler::ModuleLrScheduler;
use burn::optim::lr_scheduler::sequential::SequentialLrSchedulerConfig;
use serde::{Deserialize, Serialize};

use crate::pretrain::PretrainError;

/// How the learning rate goes over a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Schedule {
    /// Linear warm-up, then cosine to zero, updated every step.
    ///
    /// The shape of PSTL's schedule (10 of 150 epochs of warm-up, then cosine to 0; `AAAI 2023` release), with
    /// the warm-up as a fraction of all steps so that it fits runs of any length.
    WarmupCosine {
        /// Fraction of all steps over which the rate climbs from near 0.
        warmup: f64,
    },
    /// The rate is multiplied by `factor` after each of some epochs.
    Steps {
        /// The factor, above 0 and at most 1.
        factor: f64,
        /// After how many epochs, ascending; those beyond the run's end have no effect.
        after: Vec<usize>,
    },
}

impl Schedule {
    /// Checks the constants.
    ///
    /// # Errors
    /// [`PretrainError::Config`] naming the field.
    pub fn validate(&self) -> Result<(), PretrainError> {
        let refuse = |field, problem| Err(PretrainError::Config { field, problem });
        match self {
            Self::WarmupCosine { warmup } if !(0.0..1.0).contains(warmup) => refuse(
                "schedule.warmup",
                format!("expected a fraction in 0..1, found {warmup}"),
            ),
            Self::Steps { factor, .. } if !(*factor > 0.0 && *factor <= 1.0) => refuse(
                "schedule.factor",
                format!("expected more than 0 and at most 1, found {factor}"),
            ),
            Self::Steps { after, .. }
                if after.first() == Some(&0) || after.windows(2).any(|pair| pair[0] >= pair[1]) =>
            {
                refuse(
                    "schedule.after",
                    format!("expected ascending numbers of epochs from 1 on, found {after:?}"),
                )
            }
            _ => Ok(()),
        }
    }

    /// The schedule of a run of `epochs` epochs of `steps` steps, with the peak `learning_rate`.
    ///
    /// # Errors
    /// [`PretrainError::Config`] for impossible constants and where burn refuses the rates (a rate must lie in `(0, 1]`).
    pub fn init(
        &self,
        learning_rate: f64,
        epochs: usize,
        steps: usize,
    ) -> Result<ModuleLrScheduler, PretrainError> {
        self.validate()?;
        let schedule = match self {
            Self::WarmupCosine { warmup } => warmup_cosine(learning_rate, *warmup, epochs * steps),
            Self::Steps { factor, after } => {
                let milestones = after.iter().filter(|&&epoch| epoch < epochs);
                let milestones: Vec<usize> = milestones.map(|epoch| epoch * steps).collect();
                if !(learning_rate > 0.0 && learning_rate <= 1.0) {
                    // burn takes any constant.
                    Err(format!("expected a rate in (0, 1], found {learning_rate}"))
                } else {
                    let rates = (0..=milestones.len())
                        .map(|done| learning_rate * factor.powi(done as i32))
                        .map(LrSchedulerConfig::Constant);
                    SequentialLrSchedulerConfig::new(rates.collect(), milestones).init()
                }
            }
        };
        schedule.map_err(|problem| PretrainError::Config {
            field: "learning_rate",
            problem,
        })
    }
}

fn warmup_cosine(
    learning_rate: f64,
    warmup: f64,
    steps: usize,
) -> Result<ModuleLrScheduler, String> {
    let warm = ((steps as f64 * warmup).round() as usize).min(steps.saturating_sub(1));
    let cosine = CosineAnnealingLrSchedulerConfig::new(learning_rate, (steps - warm).max(1));
    if warm == 0 {
        cosine.init()
    } else {
        // The first step already moves: burn wants a positive initial rate.
        let linear = LinearLrSchedulerConfig::new(learning_rate / warm as f64, learning_rate, warm);
        let phases: Vec<LrSchedulerConfig> = vec![linear.into(), cosine.into()];
        SequentialLrSchedulerConfig::new(phases, vec![warm]).init()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COSINE: Schedule = Schedule::WarmupCosine { warmup: 0.1 };

    #[test]
    fn the_rate_climbs_linearly_then_falls_along_a_cosine_to_zero() {
        let (peak, steps) = (2e-3, 100);
        let mut schedule = COSINE.init(peak, 4, steps / 4).unwrap();
        let rates: Vec<f64> = (0..steps).map(|_| schedule.step().base()).collect();
        for pair in rates[..10].windows(2) {
            assert!(pair[1] > pair[0]);
        }
        for pair in rates[10..].windows(2) {
            assert!(pair[1] < pair[0]);
        }
        assert!((rates[0] - peak / 10.0).abs() < 1e-12);
        assert!((rates[10] - peak).abs() < 1e-12);
        let halfway = peak * 0.5 * (1.0 + (std::f64::consts::PI * 45.0 / 90.0).cos());
        assert!((rates[55] - halfway).abs() < 1e-12);
        assert!(rates[99] < peak * 1e-3);
    }

    #[test]
    fn a_run_of_one_step_trains_at_the_full_rate() {
        let half = Schedule::WarmupCosine { warmup: 0.5 };
        let mut schedule = half.init(0.5, 1, 1).unwrap();
        assert!((schedule.step().base() - 0.5).abs() < 1e-12);
    }

    #[test]
    fn steps_multiply_the_rate_after_whole_epochs() {
        let steps = Schedule::Steps {
            factor: 0.5,
            after: vec![2, 3, 9],
        };
        let mut schedule = steps.init(0.4, 4, 3).unwrap();
        let rates: Vec<f64> = (0..12).map(|_| schedule.step().base()).collect();
        let expected = [0.4; 6].into_iter().chain([0.2; 3]).chain([0.1; 3]);
        for (rate, expected) in rates.into_iter().zip(expected) {
            assert!((rate - expected).abs() < 1e-12, "{rate} {expected}");
        }
    }

    #[test]
    fn impossible_rates_and_constants_are_typed_errors() {
        let steps = |factor, after| Schedule::Steps { factor, after };
        for (schedule, rate, name) in [
            (COSINE, 0.0, "learning_rate"),
            (steps(0.5, vec![]), 2.0, "learning_rate"),
            (
                Schedule::WarmupCosine { warmup: 1.0 },
                0.1,
                "schedule.warmup",
            ),
            (steps(0.0, vec![]), 0.1, "schedule.factor"),
            (steps(0.5, vec![3, 3]), 0.1, "schedule.after"),
            (steps(0.5, vec![0]), 0.1, "schedule.after"),
        ] {
            let refused = schedule.init(rate, 10, 1).err().unwrap();
            assert!(
                matches!(refused, PretrainError::Config { field, .. } if field == name),
                "{refused}"
            );
        }
    }
}
