use burn::optim::lr_scheduler::LrSchedulerConfig;
use burn::optim::lr_scheduler::cosine::CosineAnnealingLrSchedulerConfig;
use burn::optim::lr_scheduler::linear::LinearLrSchedulerConfig;
use burn::optim::lr_scheduler::module_lr_scheduler::ModuleLrScheduler;
use burn::optim::lr_scheduler::sequential::SequentialLrSchedulerConfig;

use crate::pretrain::PretrainError;

/// Linear warm-up, then cosine to zero, updated every step.
///
/// The shape of PSTL's schedule (10 of 150 epochs of warm-up, then cosine to 0; `AAAI 2023` release), with
/// the warm-up as a fraction of all steps so that it fits runs of any length.
///
/// # Errors
/// [`PretrainError::Config`] where burn refuses the rates (a rate must lie in `(0, 1]`).
pub fn warmup_cosine(
    learning_rate: f64,
    warmup: f64,
    steps: usize,
) -> Result<ModuleLrScheduler, PretrainError> {
    let warm = ((steps as f64 * warmup).round() as usize).min(steps.saturating_sub(1));
    let cosine = CosineAnnealingLrSchedulerConfig::new(learning_rate, (steps - warm).max(1));
    let schedule = if warm == 0 {
        cosine.init()
    } else {
        // The first step already moves: burn wants a positive initial rate.
        let linear = LinearLrSchedulerConfig::new(learning_rate / warm as f64, learning_rate, warm);
        let phases: Vec<LrSchedulerConfig> = vec![linear.into(), cosine.into()];
        SequentialLrSchedulerConfig::new(phases, vec![warm]).init()
    };
    schedule.map_err(|problem| PretrainError::Config {
        field: "learning_rate",
        problem,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_climbs_linearly_then_falls_along_a_cosine_to_zero() {
        let (peak, steps) = (2e-3, 100);
        let mut schedule = warmup_cosine(peak, 0.1, steps).unwrap();
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
        let mut schedule = warmup_cosine(0.5, 0.5, 1).unwrap();
        assert!((schedule.step().base() - 0.5).abs() < 1e-12);
    }

    #[test]
    fn an_impossible_rate_is_a_typed_error() {
        assert!(matches!(
            warmup_cosine(0.0, 0.1, 10),
            Err(PretrainError::Config {
                field: "learning_rate",
                ..
            })
        ));
    }
}
