use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

/// Latencies of the last windows, [`KEPT`](Self::KEPT) at most, and how many there were.
#[derive(Clone, Debug, Default)]
pub struct Latencies {
    last: VecDeque<Duration>,
    count: u64,
    max: Duration,
}

/// What [`Latencies`] come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LatencySummary {
    /// Half of the windows took less.
    pub median: Duration,
    /// 95 % of the windows took less.
    pub p95: Duration,
    /// The slowest of all windows.
    pub max: Duration,
}

impl Latencies {
    /// Latencies that quantiles are taken of: a stream may never end.
    pub const KEPT: usize = 1 << 16;

    /// Adds one.
    pub fn push(&mut self, latency: Duration) {
        if self.last.len() == Self::KEPT {
            self.last.pop_front();
        }
        self.last.push_back(latency);
        self.count += 1;
        self.max = self.max.max(latency);
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Median, 95th percentile and maximum; `None` where there are none.
    ///
    /// A quantile is the smallest latency that so many do not exceed.
    pub fn summary(&self) -> Option<LatencySummary> {
        let mut sorted: Vec<Duration> = self.last.iter().copied().collect();
        sorted.sort_unstable();
        let quantile = |percent: usize| {
            let rank = (sorted.len() * percent).div_ceil(100);
            sorted.get(rank.checked_sub(1)?).copied()
        };
        Some(LatencySummary {
            median: quantile(50)?,
            p95: quantile(95)?,
            max: self.max,
        })
    }
}

impl fmt::Display for LatencySummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [median, p95, max] = [self.median, self.p95, self.max].map(|d| 1e3 * d.as_secs_f64());
        write!(f, "median {median:.2} ms, p95 {p95:.2} ms, max {max:.2} ms")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_definition() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.summary(), None);
        // 7 has no divisor in common with 100: all of 1 to 100, out of order.
        for i in 0..100 {
            latencies.push(Duration::from_millis(1 + i * 7 % 100));
        }
        let summary = latencies.summary().unwrap();
        assert_eq!(
            summary.to_string(),
            "median 50.00 ms, p95 95.00 ms, max 100.00 ms"
        );
        let mut one = Latencies::default();
        one.push(Duration::from_millis(3));
        let three = Duration::from_millis(3);
        assert_eq!(
            one.summary(),
            Some(LatencySummary {
                median: three,
                p95: three,
                max: three
            })
        );
    }

    #[test]
    fn memory_is_bounded_and_the_maximum_is_of_all() {
        let mut latencies = Latencies::default();
        latencies.push(Duration::from_secs(9));
        for _ in 0..Latencies::KEPT {
            latencies.push(Duration::from_secs(1));
        }
        assert_eq!(latencies.last.len(), Latencies::KEPT);
        assert_eq!(latencies.count(), Latencies::KEPT as u64 + 1);
        let summary = latencies.summary().unwrap();
        assert_eq!((summary.p95.as_secs(), summary.max.as_secs()), (1, 9));
    }
}
