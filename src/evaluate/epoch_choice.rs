use std::fmt;

use super::{EvaluateError, LabelledShare, Scores};

/// Which epoch of a training with labels (a linear probe, a fine-tuning) is reported.
///
/// Written behind a protocol's name, so that no output lacks it: nothing for the last, `-best-on-validation`,
/// `-best-on-test`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum EpochChoice {
    /// The last one: nothing is chosen.
    #[default]
    Last,
    /// The one with the best top-1 accuracy on a fifth of each class's training clips, which a training of its own does
    /// without. The training that is reported has all clips and is judged after as many epochs.
    BestOnValidation,
    /// The one with the best top-1 accuracy on the test clips, as several released codes report. The number is too good:
    /// it has been chosen by what it is to be judged on.
    BestOnTest,
}

impl EpochChoice {
    const SUFFIXES: [(Self, &'static str); 3] = [
        (Self::BestOnValidation, "-best-on-validation"),
        (Self::BestOnTest, "-best-on-test"),
        (Self::Last, ""),
    ];

    /// Share in percent of each class's training clips that a training keeps when the others choose its epoch.
    const KEPT: f64 = 80.0;

    /// A protocol's name without what says this, and what that says.
    pub(crate) fn strip(name: &str) -> (&str, Self) {
        let found = Self::SUFFIXES
            .iter()
            .find_map(|(choice, suffix)| Some((name.strip_suffix(suffix)?, *choice)));
        found.unwrap_or((name, Self::Last))
    }

    /// The clips with these labels in two parts, ascending: those to learn from and those to choose an epoch by.
    ///
    /// # Errors
    /// [`EvaluateError::Empty`] where no class has enough clips to spare one.
    pub(crate) fn hold_out(
        labels: &[usize],
        seed: u64,
    ) -> Result<(Vec<usize>, Vec<usize>), EvaluateError> {
        let kept = LabelledShare::new(Self::KEPT, true)?.draw(labels, seed);
        let held_out: Vec<usize> = (0..labels.len())
            .filter(|clip| kept.binary_search(clip).is_err())
            .collect();
        match held_out.is_empty() {
            true => Err(EvaluateError::Empty { part: "validation" }),
            false => Ok((kept, held_out)),
        }
    }
}

impl fmt::Display for EpochChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let suffix = Self::SUFFIXES.iter().find(|(choice, _)| choice == self);
        f.write_str(suffix.map_or("", |(_, suffix)| suffix))
    }
}

/// The best scores so far and their epoch, the earliest of equals.
#[derive(Debug, Default)]
pub(crate) struct Best(Option<(usize, Scores)>);

impl Best {
    /// Looks at the scores of an epoch, counted from 1.
    pub(crate) fn see(&mut self, epoch: usize, scores: Scores) {
        let best = self.0.as_ref().map(|(_, best)| best.top1());
        if best.is_none_or(|best| scores.top1() > best) {
            self.0 = Some((epoch, scores));
        }
    }

    /// The epoch and its scores; `None` where there was none.
    pub(crate) fn found(self) -> Option<(usize, Scores)> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_which_epoch_counts() {
        for (name, rest, choice) in [
            ("linear-e1", "linear-e1", EpochChoice::Last),
            (
                "linear-e1-best-on-test",
                "linear-e1",
                EpochChoice::BestOnTest,
            ),
            (
                "finetune-f2-best-on-validation",
                "finetune-f2",
                EpochChoice::BestOnValidation,
            ),
            ("best-on-test", "best-on-test", EpochChoice::Last),
        ] {
            assert_eq!(EpochChoice::strip(name), (rest, choice));
            assert_eq!(format!("{rest}{choice}"), name);
        }
    }

    #[test]
    fn a_fifth_of_each_class_is_held_out_and_learnt_from_by_nobody() {
        let labels: Vec<usize> = (0..60).map(|clip| usize::from(clip >= 40)).collect();
        let (kept, held_out) = EpochChoice::hold_out(&labels, 3).unwrap();
        let of_class =
            |clips: &[usize], class| clips.iter().filter(|clip| labels[**clip] == class).count();
        assert_eq!([of_class(&held_out, 0), of_class(&held_out, 1)], [8, 4]);
        let mut all = [kept, held_out].concat();
        all.sort_unstable();
        assert_eq!(all, (0..60).collect::<Vec<_>>());
        assert!(EpochChoice::hold_out(&[0, 1, 2], 0).is_err());
    }

    #[test]
    fn the_earliest_of_the_best_epochs_is_found() {
        let scores = |right: usize| {
            let rows = (0..3).flat_map(|clip| [f64::from(clip < right as u8), 0.5]);
            Scores::new(rows.collect(), 2, vec![0; 3])
        };
        let mut best = Best::default();
        for (epoch, right) in [(1, 1), (2, 3), (3, 2), (4, 3)] {
            best.see(epoch, scores(right));
        }
        assert_eq!(best.found(), Some((2, scores(3))));
        assert_eq!(Best::default().found(), None);
    }
}
