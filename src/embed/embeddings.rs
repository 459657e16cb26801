use super::{EmbedError, EncoderNote};

/// Embeddings of clips, a row each, with the clips' names.
#[derive(Clone, Debug, PartialEq)]
pub struct Embeddings {
    pub(super) values: Vec<f32>,
    pub(super) dim: usize,
    pub(super) names: Vec<String>,
    pub(super) labels: Vec<Option<String>>,
    pub(super) encoder: Option<EncoderNote>,
}

impl Embeddings {
    /// No embeddings yet, of width `dim`, by an encoder if it is known.
    pub fn new(dim: usize, encoder: Option<EncoderNote>) -> Self {
        Self {
            values: Vec::new(),
            dim,
            names: Vec::new(),
            labels: Vec::new(),
            encoder,
        }
    }

    /// Adds the embedding of a clip. `label` is the name of its class; an empty one is none.
    ///
    /// # Panics
    /// When `row` is not as wide as the others.
    pub fn push(&mut self, name: String, label: Option<String>, row: &[f32]) {
        assert_eq!(row.len(), self.dim, "a row of the embeddings' width");
        self.values.extend_from_slice(row);
        self.names.push(name);
        self.labels.push(label.filter(|label| !label.is_empty()));
    }

    /// Number of clips.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is no clip.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Width D of an embedding.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// All embeddings, `[N, D]` row-major.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The embedding of a clip.
    ///
    /// # Panics
    /// When `index` is not below [`len`](Self::len).
    pub fn row(&self, index: usize) -> &[f32] {
        &self.values[index * self.dim..(index + 1) * self.dim]
    }

    /// Names of the clips.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The name of each clip's class; `None` where it has none.
    pub fn labels(&self) -> &[Option<String>] {
        &self.labels
    }

    /// The encoder that made them, where it is known: a CSV file does not say it.
    pub fn encoder(&self) -> Option<&EncoderNote> {
        self.encoder.as_ref()
    }

    /// The number of the clip called `name`.
    ///
    /// # Errors
    /// [`EmbedError::UnknownName`] and [`EmbedError::AmbiguousName`].
    pub fn find(&self, name: &str) -> Result<usize, EmbedError> {
        let mut found = (0..self.len()).filter(|&index| self.names[index] == name);
        match (found.next(), found.count()) {
            (Some(index), 0) => Ok(index),
            (Some(_), more) => Err(EmbedError::AmbiguousName {
                name: name.to_owned(),
                count: more + 1,
            }),
            (None, _) => Err(EmbedError::UnknownName {
                name: name.to_owned(),
                clips: self.len(),
                similar: self
                    .names
                    .iter()
                    .find(|known| known.contains(name))
                    .cloned(),
            }),
        }
    }

    /// Embeddings from parts that may not fit, as files give them.
    pub(super) fn from_parts(
        values: Vec<f32>,
        dim: usize,
        names: Vec<String>,
        labels: Vec<Option<String>>,
        encoder: Option<EncoderNote>,
    ) -> Result<Self, String> {
        if labels.len() != names.len() {
            return Err(format!("{} labels for {} names", labels.len(), names.len()));
        }
        if Some(values.len()) != dim.checked_mul(names.len()) || dim == 0 {
            return Err(format!(
                "{} values of width {dim} for {} names",
                values.len(),
                names.len()
            ));
        }
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            return Err(format!(
                "feature {} of clip `{}` is {}, expected a finite number",
                at % dim,
                names[at / dim],
                values[at]
            ));
        }
        Ok(Self {
            values,
            dim,
            names,
            labels,
            encoder,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clips_are_found_by_name_and_others_are_refused_with_what_is_there() {
        let mut embeddings = Embeddings::new(2, None);
        for (name, label) in [("a01", Some("walk")), ("a02", Some("")), ("a02", None)] {
            embeddings.push(name.to_owned(), label.map(str::to_owned), &[1.0, 2.0]);
        }
        assert_eq!(embeddings.find("a01").unwrap(), 0);
        assert_eq!(embeddings.labels()[1], None);
        let error = embeddings.find("a02").unwrap_err().to_string();
        assert!(error.contains("2 clips are called `a02`"), "{error}");
        let error = embeddings.find("01").unwrap_err().to_string();
        assert!(
            error.contains("no clip of 3") && error.contains("one is called `a01`"),
            "{error}"
        );
    }

    #[test]
    fn parts_that_do_not_fit_are_refused() {
        let parts = |values: &[f32], dim, names: usize| {
            let names = vec!["n".to_owned(); names];
            let labels = vec![None; names.len()];
            Embeddings::from_parts(values.to_vec(), dim, names, labels, None)
        };
        assert!(parts(&[1.0; 6], 3, 2).is_ok());
        assert!(parts(&[], 3, 0).is_ok());
        for (values, dim, names) in [(6, 3, 3), (6, 0, 2), (0, 0, 0), (1, usize::MAX, 2)] {
            assert!(parts(&vec![1.0; values], dim, names).is_err());
        }
        let error = parts(&[1.0, f32::NAN], 2, 1).unwrap_err();
        assert!(error.contains("feature 1 of clip `n`"), "{error}");
    }
}
