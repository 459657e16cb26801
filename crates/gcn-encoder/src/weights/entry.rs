/// How one of our tensors lies in the published ones, all of which have as many numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// One tensor of the same shape.
    Same,
    /// Vectors, one after the other.
    Vectors,
    /// `[taps, C, D]` here is one convolution over frames, `[D, C, taps, 1]`.
    Taps,
    /// `[K, C, D]` here is one convolution to the channels of all subsets, `[K D, C, 1, 1]`.
    Subsets,
    /// `[K, C, D]` here is a convolution for each subset, `[D, C, 1, 1]`.
    Stacked,
    /// `[1, C, n D]` here is n convolutions side by side, `[D, C, 1, 1]`.
    Beside,
}

/// One of our tensors, and what it is called where it was published.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Path of our parameter or running statistic.
    pub(super) ours: String,
    /// Published names, one for each part.
    pub(super) theirs: Vec<String>,
    pub(super) form: Form,
}

impl Entry {
    /// The published shape of each part, given ours.
    pub(super) fn part_shape(&self, ours: &[usize]) -> Vec<usize> {
        let parts = self.theirs.len();
        match (self.form, ours) {
            (Form::Taps, &[taps, c, d]) => vec![d, c, taps, 1],
            (Form::Subsets, &[k, c, d]) => vec![k * d, c, 1, 1],
            (Form::Stacked, &[_, c, d]) => vec![d, c, 1, 1],
            (Form::Beside, &[_, c, d]) => vec![d / parts, c, 1, 1],
            (Form::Vectors, _) => vec![ours.iter().product::<usize>() / parts],
            (Form::Same | Form::Taps | Form::Subsets | Form::Stacked | Form::Beside, _) => {
                ours.to_vec()
            }
        }
    }

    /// The part in which our number `i` lies, and where in it: all that reading and writing know of layouts.
    fn place(&self, ours: &[usize], i: usize) -> (usize, usize) {
        let parts = self.theirs.len();
        let &[groups, c, d] = ours else {
            let size = ours.iter().product::<usize>() / parts;
            return (i / size, i % size);
        };
        let (group, from, to) = (i / (c * d), i / d % c, i % d);
        match self.form {
            Form::Same => (0, i),
            Form::Vectors => {
                let size = groups * c * d / parts;
                (i / size, i % size)
            }
            Form::Taps => (0, (to * c + from) * groups + group),
            Form::Subsets => (0, (group * d + to) * c + from),
            Form::Stacked => (group, to * c + from),
            Form::Beside => {
                let width = d / parts;
                (to / width, to % width * c + from)
            }
        }
    }

    /// Our tensor, of the shape `ours`, from its parts.
    pub(super) fn join(&self, ours: &[usize], parts: &[Vec<f32>]) -> Vec<f32> {
        (0..ours.iter().product())
            .map(|i| {
                let (part, at) = self.place(ours, i);
                parts[part][at]
            })
            .collect()
    }

    /// The parts of our tensor, of the shape `ours`.
    pub(super) fn split(&self, ours: &[usize], values: &[f32]) -> Vec<Vec<f32>> {
        let parts = self.theirs.len();
        let mut split = vec![vec![0.0; values.len() / parts]; parts];
        for (i, value) in values.iter().enumerate() {
            let (part, at) = self.place(ours, i);
            split[part][at] = *value;
        }
        split
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every form with parts whose numbers say where they lie: by output channel, input channel and tap.
    #[test]
    fn each_form_is_the_transposition_that_it_says() {
        let entry = |form, parts: usize| Entry {
            ours: "x".to_owned(),
            theirs: vec![String::new(); parts],
            form,
        };
        // [D, C, taps, 1] = [2, 3, 5, 1]
        let taps: Vec<f32> = (0..30_u8).map(f32::from).collect();
        let ours = entry(Form::Taps, 1).join(&[5, 3, 2], std::slice::from_ref(&taps));
        for (t, c, d) in [(0, 0, 1), (4, 2, 0), (3, 1, 1)] {
            assert_eq!(ours[(t * 3 + c) * 2 + d], taps[(d * 3 + c) * 5 + t]);
        }
        // [K D, C, 1, 1] = [4, 3, 1, 1]
        let subsets = taps[..12].to_vec();
        let ours = entry(Form::Subsets, 1).join(&[2, 3, 2], std::slice::from_ref(&subsets));
        for (k, c, d) in [(0, 1, 1), (1, 0, 0), (1, 2, 1)] {
            assert_eq!(ours[(k * 3 + c) * 2 + d], subsets[(k * 2 + d) * 3 + c]);
        }
        // The same numbers as two convolutions, [2, 3, 1, 1] each.
        let parts = [subsets[..6].to_vec(), subsets[6..].to_vec()];
        assert_eq!(entry(Form::Stacked, 2).join(&[2, 3, 2], &parts), ours);
        let beside = entry(Form::Beside, 2).join(&[1, 3, 4], &parts);
        for (part, c, d) in [(0, 1, 1), (1, 0, 0), (1, 2, 1)] {
            assert_eq!(beside[c * 4 + part * 2 + d], parts[part][d * 3 + c]);
        }
        let vectors = entry(Form::Vectors, 2).join(&[2, 6], &parts);
        assert_eq!(vectors, subsets);
    }

    #[test]
    fn what_is_split_and_joined_is_as_it_was() {
        for (form, parts, shape, part_shape) in [
            (Form::Same, 1, vec![3, 5, 5], vec![3, 5, 5]),
            (Form::Same, 1, vec![1], vec![1]),
            (Form::Vectors, 3, vec![3, 4], vec![4]),
            (Form::Vectors, 1, vec![3, 4], vec![12]),
            (Form::Vectors, 2, vec![12], vec![6]),
            (Form::Taps, 1, vec![9, 3, 4], vec![4, 3, 9, 1]),
            (Form::Subsets, 1, vec![3, 2, 4], vec![12, 2, 1, 1]),
            (Form::Stacked, 3, vec![3, 2, 4], vec![4, 2, 1, 1]),
            (Form::Beside, 2, vec![1, 3, 8], vec![4, 3, 1, 1]),
        ] {
            let entry = Entry {
                ours: "x".to_owned(),
                theirs: vec![String::new(); parts],
                form,
            };
            assert_eq!(entry.part_shape(&shape), part_shape, "{form:?}");
            let count = shape.iter().product::<usize>();
            let values: Vec<f32> = (0..count).map(|i| i as f32).collect();
            let split = entry.split(&shape, &values);
            assert_eq!(split.len(), parts);
            assert!(
                split
                    .iter()
                    .all(|part| part.len() == part_shape.iter().product::<usize>())
            );
            assert_eq!(entry.join(&shape, &split), values, "{form:?}");
        }
    }
}
