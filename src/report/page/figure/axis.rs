/// Positions at 1, 2 or 5 times a power of ten that divide a range, about `wanted` of them.
///
/// A range of no width is widened first.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    pub low: f64,
    pub high: f64,
    pub ticks: Vec<f64>,
    step: f64,
}

impl Axis {
    /// An axis over finite `values`, from 0 where they come near it.
    pub(super) fn over(values: impl Iterator<Item = f64>, wanted: usize) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|value| value.is_finite()) {
            low = low.min(value);
            high = high.max(value);
        }
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if low > 0.0 && low < 0.4 * high {
            low = 0.0;
        }
        if high - low <= f64::EPSILON * high.abs().max(low.abs()) {
            let room = (high.abs() * 0.1).max(1e-6);
            (low, high) = (low - room, high + room);
        }
        let step = step((high - low) / wanted.max(1) as f64);
        let (low, high) = ((low / step).floor() * step, (high / step).ceil() * step);
        Self::with_step(low, high, step)
    }

    /// An axis of epochs from the first to the last.
    pub(super) fn epochs(first: usize, last: usize, wanted: usize) -> Self {
        let (low, high) = (first as f64, last.max(first + 1) as f64);
        let step = step((high - low) / wanted.max(1) as f64).max(1.0);
        Self::with_step(low, high, step)
    }

    fn with_step(low: f64, high: f64, step: f64) -> Self {
        let first = (low / step - 1e-9).ceil() as i64;
        let last = (high / step + 1e-9).floor() as i64;
        Self {
            low,
            high,
            ticks: (first..=last).map(|tick| tick as f64 * step).collect(),
            step,
        }
    }

    /// How far along the axis a value is, 0 to 1.
    pub(super) fn share(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    /// A tick's label.
    pub(super) fn label(&self, tick: f64) -> String {
        let largest = self.high.abs().max(self.low.abs());
        if tick == 0.0 {
            "0".to_owned()
        } else if !(0.01..1e6).contains(&largest) {
            let text = format!("{tick:.1e}");
            text.replace(".0e", "e").replace('-', "−")
        } else {
            let decimals = (-self.step.log10().floor()).clamp(0.0, 6.0) as usize;
            format!("{tick:.decimals$}").replace('-', "−")
        }
    }
}

/// The nearest 1, 2 or 5 times a power of ten that is not below.
fn step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
    let enough = steps.into_iter().find(|&step| step >= least * (1.0 - 1e-9));
    enough.unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_cover_the_values() {
        let axis = Axis::over([0.08, 0.5].into_iter(), 5);
        assert_eq!((axis.low, axis.high), (0.0, 0.5));
        let labels: Vec<String> = axis.ticks.iter().map(|&tick| axis.label(tick)).collect();
        assert_eq!(labels, ["0", "0.1", "0.2", "0.3", "0.4", "0.5"]);
        let rate = Axis::over([0.0, 1e-3].into_iter(), 2);
        assert_eq!(rate.label(rate.ticks[1]), "5e−4");
        let percent = Axis::over([72.4, 89.4].into_iter(), 4);
        assert_eq!((percent.low, percent.high), (70.0, 90.0));
    }

    #[test]
    fn odd_ranges_have_an_axis() {
        for values in [
            vec![],
            vec![3.0],
            vec![0.0, 0.0],
            vec![f64::NAN, -2.0, -2.0],
        ] {
            let axis = Axis::over(values.iter().copied(), 4);
            assert!(axis.high > axis.low && !axis.ticks.is_empty(), "{axis:?}");
            for value in values.into_iter().filter(|value| value.is_finite()) {
                assert!((0.0..=1.0).contains(&axis.share(value)), "{axis:?}");
            }
        }
        assert_eq!(Axis::epochs(1, 1, 5).ticks, [1.0, 2.0]);
        assert_eq!(
            Axis::epochs(1, 100, 5).ticks,
            [20.0, 40.0, 60.0, 80.0, 100.0]
        );
    }
}
