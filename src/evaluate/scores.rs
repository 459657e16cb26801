use super::{ConfusionMatrix, EvaluateError};

/// What a classifier says of each clip: a score for each class, greater for likelier; and the clip's label.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    values: Vec<f64>,
    classes: usize,
    labels: Vec<usize>,
}

impl Scores {
    /// Scores from rows of `classes` numbers and a label for each row.
    ///
    /// # Panics
    /// Where the lengths disagree, or a label is not below `classes`.
    pub fn new(values: Vec<f64>, classes: usize, labels: Vec<usize>) -> Self {
        assert_eq!(
            values.len(),
            classes * labels.len(),
            "{classes} scores for each label"
        );
        assert!(
            labels.iter().all(|&label| label < classes),
            "labels below {classes}"
        );
        Self {
            values,
            classes,
            labels,
        }
    }

    /// Number of clips.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no clip.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Number of classes K.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Label of each clip, 0-based.
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    /// Scores of each clip, `K` numbers.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.values.chunks_exact(self.classes)
    }

    /// The class of the greatest score for each clip, the first of equals.
    pub fn guesses(&self) -> Vec<usize> {
        let best = |row: &[f64]| {
            let classes = row.iter().enumerate();
            let best = classes.max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)));
            best.map_or(0, |(class, _)| class)
        };
        self.rows().map(best).collect()
    }

    /// Whether each clip's label has the greatest score.
    pub fn hits(&self) -> Vec<bool> {
        let guesses = self.guesses().into_iter().zip(&self.labels);
        guesses.map(|(guess, label)| guess == *label).collect()
    }

    /// Top-1 accuracy in percent; 0 where there is no clip.
    pub fn top1(&self) -> f64 {
        self.top(1)
    }

    /// Share of clips in percent whose label is among the `k` greatest scores, equals in order of their class.
    pub fn top(&self, k: usize) -> f64 {
        let found = self.rows().zip(&self.labels).filter(|&(row, &label)| {
            let before = |(class, score): (usize, &f64)| match score.total_cmp(&row[label]) {
                std::cmp::Ordering::Greater => true,
                std::cmp::Ordering::Equal => class < label,
                std::cmp::Ordering::Less => false,
            };
            row.iter()
                .enumerate()
                .filter(|&class| before(class))
                .count()
                < k
        });
        100.0 * found.count() as f64 / self.len().max(1) as f64
    }

    /// How often each class was taken for each.
    pub fn confusion(&self) -> ConfusionMatrix {
        ConfusionMatrix::new(
            self.classes,
            self.labels.iter().copied().zip(self.guesses()),
        )
    }

    /// The softmax of each row.
    pub fn probabilities(&self) -> Self {
        let values = self.rows().flat_map(|row| {
            let greatest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let total: f64 = row.iter().map(|score| (score - greatest).exp()).sum();
            row.iter()
                .map(move |score| (score - greatest).exp() / total)
        });
        Self::new(values.collect(), self.classes, self.labels.clone())
    }
}

/// The weights by which AimCLR adds the scores of joint, bone and motion (`papers.md` 1.4, confirmed in its code).
pub const AIMCLR_FUSION: [f64; 3] = [0.6, 0.6, 0.4];

impl Scores {
    /// The weighted sum of several streams' scores for the same clips, as the published three-stream results add them:
    /// scores of the linear classifiers as they are ([`AIMCLR_FUSION`] in AimCLR, equal weights in 2s-AGCN).
    ///
    /// # Errors
    /// [`EvaluateError::Streams`] where there is no stream, or streams disagree in their classes or their clips' labels.
    pub fn fused(streams: &[(&Self, f64)]) -> Result<Self, EvaluateError> {
        let refuse = |problem: &str| EvaluateError::Streams {
            problem: problem.to_owned(),
        };
        let (first, _) = streams.first().ok_or_else(|| refuse("there is none"))?;
        let mut values = vec![0.0; first.values.len()];
        for (stream, weight) in streams {
            if stream.classes != first.classes || stream.labels != first.labels {
                return Err(refuse("they are of different clips or classes"));
            }
            for (sum, score) in values.iter_mut().zip(&stream.values) {
                *sum += weight * score;
            }
        }
        Ok(Self::new(values, first.classes, first.labels.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores() -> Scores {
        Scores::new(
            vec![3.0, 1.0, 2.0, 1.0, 1.0, 0.0, 0.5, 0.2, 0.9],
            3,
            vec![2, 1, 2],
        )
    }

    #[test]
    fn the_first_of_equal_scores_is_the_guess() {
        assert_eq!(scores().guesses(), [0, 0, 2]);
        assert_eq!(scores().hits(), [false, false, true]);
        assert_eq!(Scores::new(Vec::new(), 3, Vec::new()).top1(), 0.0);
    }

    #[test]
    fn more_guesses_find_more() {
        let found = [1, 2, 3].map(|k| scores().top(k).round());
        assert_eq!(found, [33.0, 100.0, 100.0]);
        assert_eq!(scores().top(1), scores().top1());
    }

    #[test]
    fn probabilities_sum_to_one_and_keep_the_order() {
        let probabilities = scores().probabilities();
        for row in probabilities.rows() {
            assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
        assert_eq!(probabilities.guesses(), scores().guesses());
        let huge = Scores::new(vec![1e4, 0.0], 2, vec![0]).probabilities();
        assert_eq!(huge.rows().next(), Some(&[1.0, 0.0][..]));
    }

    #[test]
    fn a_stream_of_greater_weight_outvotes_another() {
        let joint = Scores::new(vec![1.0, 0.0], 2, vec![0]);
        let bone = Scores::new(vec![0.0, 1.5], 2, vec![0]);
        let top1 = |weights: [f64; 2]| {
            let streams = [(&joint, weights[0]), (&bone, weights[1])];
            Scores::fused(&streams).unwrap().top1()
        };
        assert_eq!([top1([0.6, 0.6]), top1([0.6, 0.3])], [0.0, 100.0]);
        let other = Scores::new(vec![0.0, 1.5], 2, vec![1]);
        assert!(Scores::fused(&[(&joint, 1.0), (&other, 1.0)]).is_err());
        assert!(Scores::fused(&[]).is_err());
    }
}
