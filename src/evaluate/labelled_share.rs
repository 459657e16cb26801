use std::fmt;

use augment::ViewKey;

use super::EvaluateError;

/// Which training clips keep their labels in a semi-supervised protocol.
///
/// Written as `10` or `10-balanced`, in percent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LabelledShare {
    percent: f64,
    balanced: bool,
}

impl LabelledShare {
    /// `percent` of the clips: of each class where `balanced` (AimCLR, PSTL, ASSL), else of all together, whatever their
    /// class (CMD).
    ///
    /// # Errors
    /// [`EvaluateError::Share`] unless `percent` is above 0 and at most 100.
    pub fn new(percent: f64, balanced: bool) -> Result<Self, EvaluateError> {
        match percent > 0.0 && percent <= 100.0 {
            true => Ok(Self { percent, balanced }),
            false => Err(EvaluateError::Share { percent }),
        }
    }

    /// The clips, ascending, that a draw keeps of those with these labels: the rounded share of each class, or the share of
    /// all rounded down; at least one (of each class). Draws of different seeds are independent.
    pub fn draw(&self, labels: &[usize], seed: u64) -> Vec<usize> {
        let mut rng = ViewKey {
            seed,
            epoch: 0,
            sample: u64::MAX,
            view: u64::MAX - 2,
        }
        .rng();
        let share = self.percent / 100.0;
        let mut keep = |mut clips: Vec<usize>, count: usize| {
            let count = count.clamp(1, clips.len());
            rng.partial_shuffle(&mut clips, count);
            clips.truncate(count);
            clips
        };
        let classes = labels.iter().max().map_or(0, |label| label + 1);
        let mut kept = Vec::new();
        if self.balanced {
            for class in 0..classes {
                let of_class = labels
                    .iter()
                    .enumerate()
                    .filter(|(_, label)| **label == class);
                let clips: Vec<usize> = of_class.map(|(clip, _)| clip).collect();
                if !clips.is_empty() {
                    let count = (share * clips.len() as f64).round() as usize;
                    kept.extend(keep(clips, count));
                }
            }
        } else if !labels.is_empty() {
            let count = (share * labels.len() as f64) as usize;
            kept = keep((0..labels.len()).collect(), count);
        }
        kept.sort_unstable();
        kept
    }
}

impl fmt::Display for LabelledShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let balanced = if self.balanced { "-balanced" } else { "" };
        write!(f, "{}{balanced}", self.percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 60 clips of class 0, 30 of class 1, 3 of class 3.
    fn labels() -> Vec<usize> {
        [vec![0; 60], vec![1; 30], vec![3; 3]].concat()
    }

    fn per_class(clips: &[usize]) -> [usize; 4] {
        let mut counts = [0; 4];
        for clip in clips {
            counts[labels()[*clip]] += 1;
        }
        counts
    }

    #[test]
    fn a_balanced_share_has_the_share_of_each_class_and_at_least_one() {
        let share = |percent| {
            LabelledShare::new(percent, true)
                .unwrap()
                .draw(&labels(), 0)
        };
        assert_eq!(per_class(&share(10.0)), [6, 3, 0, 1]);
        assert_eq!(per_class(&share(1.0)), [1, 1, 0, 1]);
        assert_eq!(share(100.0), (0..93).collect::<Vec<_>>());
    }

    #[test]
    fn an_unbalanced_share_is_of_all_clips_together() {
        let share = |percent| LabelledShare::new(percent, false).unwrap();
        assert_eq!(share(10.0).draw(&labels(), 0).len(), 9);
        assert_eq!(share(0.1).draw(&labels(), 0).len(), 1);
        assert!(share(10.0).draw(&[], 0).is_empty());
    }

    #[test]
    fn draws_repeat_by_seed_and_hold_no_clip_twice() {
        for balanced in [false, true] {
            let share = LabelledShare::new(40.0, balanced).unwrap();
            let draws: Vec<Vec<usize>> = (0..5).map(|seed| share.draw(&labels(), seed)).collect();
            assert_eq!(draws[0], share.draw(&labels(), 0));
            assert!(draws.windows(2).all(|pair| pair[0] != pair[1]));
            assert!(
                draws
                    .iter()
                    .flat_map(|draw| draw.windows(2))
                    .all(|pair| pair[0] < pair[1])
            );
        }
    }

    #[test]
    fn impossible_shares_are_refused() {
        for percent in [0.0, -1.0, 101.0, f64::NAN] {
            assert!(LabelledShare::new(percent, true).is_err());
        }
    }
}
