/// How often clips of each class were taken for each class.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ConfusionMatrix {
    /// Clips of class `i` that were taken for class `j`, `[K, K]` row-major.
    counts: Vec<usize>,
    classes: usize,
}

impl ConfusionMatrix {
    /// Counts pairs of a clip's class and the class that it was taken for.
    ///
    /// # Panics
    /// Where a class is not below `classes`.
    pub fn new(classes: usize, pairs: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut counts = vec![0; classes * classes];
        for (label, guess) in pairs {
            assert!(
                label < classes && guess < classes,
                "classes below {classes}"
            );
            counts[label * classes + guess] += 1;
        }
        Self { counts, classes }
    }

    /// Number of classes K.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Clips of class `label` that were taken for `guess`.
    pub fn count(&self, label: usize, guess: usize) -> usize {
        self.counts[label * self.classes + guess]
    }

    /// The counts, a row for each class.
    pub fn rows(&self) -> Vec<Vec<usize>> {
        self.counts
            .chunks(self.classes)
            .map(<[usize]>::to_vec)
            .collect()
    }

    /// Clips of a class.
    pub fn clips(&self, label: usize) -> usize {
        (0..self.classes)
            .map(|guess| self.count(label, guess))
            .sum()
    }

    /// Clips that were taken for a class.
    pub fn guessed(&self, guess: usize) -> usize {
        (0..self.classes)
            .map(|label| self.count(label, guess))
            .sum()
    }

    /// Accuracy (recall) of each class in percent; `None` where it has no clips.
    pub fn per_class(&self) -> Vec<Option<f64>> {
        let share = |class| percent(self.count(class, class), self.clips(class));
        (0..self.classes).map(share).collect()
    }

    /// Share in percent of what was taken for each class that is of it; `None` where nothing was.
    pub fn precision(&self) -> Vec<Option<f64>> {
        let share = |class| percent(self.count(class, class), self.guessed(class));
        (0..self.classes).map(share).collect()
    }

    /// The mean of [`per_class`](Self::per_class) over the classes that have clips, in percent.
    pub fn mean_class_accuracy(&self) -> f64 {
        let known: Vec<f64> = self.per_class().into_iter().flatten().collect();
        known.iter().sum::<f64>() / known.len().max(1) as f64
    }

    /// Confusions as (class, taken for, clips), the most frequent first.
    pub fn worst(&self) -> Vec<(usize, usize, usize)> {
        let pairs = (0..self.classes).flat_map(|a| (0..self.classes).map(move |b| (a, b)));
        let mut wrong: Vec<_> = pairs
            .filter(|(label, guess)| label != guess)
            .map(|(label, guess)| (label, guess, self.count(label, guess)))
            .filter(|&(.., clips)| clips > 0)
            .collect();
        wrong.sort_by_key(|&(label, guess, clips)| (std::cmp::Reverse(clips), label, guess));
        wrong
    }
}

fn percent(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| 100.0 * part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix() -> ConfusionMatrix {
        let pairs = [
            (0, 0),
            (0, 0),
            (0, 1),
            (1, 1),
            (1, 0),
            (1, 0),
            (1, 1),
            (3, 1),
        ];
        ConfusionMatrix::new(4, pairs)
    }

    #[test]
    fn rows_are_classes_and_columns_what_they_were_taken_for() {
        let matrix = matrix();
        assert_eq!([matrix.count(0, 1), matrix.count(1, 0)], [1, 2]);
        assert_eq!([matrix.clips(1), matrix.guessed(1)], [4, 4]);
        let third = 100.0 * 2.0 / 3.0;
        assert_eq!(
            matrix.per_class(),
            [Some(third), Some(50.0), None, Some(0.0)]
        );
        assert_eq!(matrix.precision(), [Some(50.0), Some(50.0), None, None]);
        assert_eq!(matrix.mean_class_accuracy(), (third + 50.0) / 3.0);
    }

    #[test]
    fn the_most_frequent_confusion_comes_first() {
        assert_eq!(matrix().worst(), [(1, 0, 2), (0, 1, 1), (3, 1, 1)]);
    }
}
