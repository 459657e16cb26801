use burn::tensor::{Device, Tensor, TensorData};

use super::{EmbedError, Embeddings};
use crate::evaluate::cosine::{cosine_similarities, nearest};

/// A neighbour of a query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// Its number among the embeddings.
    pub index: usize,
    /// Its cosine with the query.
    pub cosine: f32,
}

impl Embeddings {
    /// The `k` clips whose embeddings have the largest cosine with `query`, the nearest first, of equal ones the first first.
    /// The clip `except` is left out: a query that is one of the clips is its own nearest neighbour.
    ///
    /// # Errors
    /// [`EmbedError::OtherWidth`], and [`EmbedError::Empty`] where there is no clip to compare with.
    pub fn nearest(
        &self,
        query: &[f32],
        k: usize,
        except: Option<usize>,
        device: &Device,
    ) -> Result<Vec<Neighbour>, EmbedError> {
        if self.len() <= usize::from(except.is_some()) {
            return Err(EmbedError::Empty {
                place: "the gallery".to_owned(),
                reason: String::new(),
            });
        }
        if query.len() != self.dim {
            return Err(EmbedError::OtherWidth {
                gallery: self.dim,
                query: query.len(),
            });
        }
        let device = device.clone().inner();
        let tensor = |values: &[f32]| {
            let rows = values.len() / self.dim;
            Tensor::from_data(TensorData::new(values.to_vec(), [rows, self.dim]), &device)
        };
        let cosines = cosine_similarities(tensor(&self.values), tensor(query));
        let found = nearest(&cosines, k.saturating_add(1)).into_iter();
        let others = found.filter(|&index| Some(index) != except);
        Ok(others
            .take(k)
            .map(|index| Neighbour {
                index,
                cosine: cosines[index],
            })
            .collect())
    }

    /// Whether cosines with embeddings of `other` mean something, as far as both say what made them.
    ///
    /// # Errors
    /// [`EmbedError::OtherWidth`] and [`EmbedError::OtherEncoder`].
    pub fn check_comparable(&self, other: &Self) -> Result<(), EmbedError> {
        if self.dim != other.dim {
            return Err(EmbedError::OtherWidth {
                gallery: self.dim,
                query: other.dim,
            });
        }
        match (&self.encoder, &other.encoder) {
            (Some(gallery), Some(query)) if gallery.weights != query.weights => {
                Err(EmbedError::OtherEncoder {
                    gallery: gallery.to_string(),
                    query: query.to_string(),
                })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gallery(rows: &[[f32; 3]]) -> Embeddings {
        let mut gallery = Embeddings::new(3, None);
        for (number, row) in rows.iter().enumerate() {
            gallery.push(number.to_string(), None, row);
        }
        gallery
    }

    #[test]
    fn neighbours_agree_with_a_naive_search() {
        let value = |i: usize| ((i * 2_654_435_761) % 1_000) as f32 / 500.0 - 1.0;
        let rows: Vec<[f32; 3]> = (0..60)
            .map(|i| [value(i), value(i + 99), value(i + 500)])
            .collect();
        let gallery = gallery(&rows);
        let cosine = |a: &[f32; 3], b: &[f32; 3]| {
            let dot = |a: &[f32; 3], b: &[f32; 3]| -> f64 {
                a.iter()
                    .zip(b)
                    .map(|(a, b)| f64::from(*a) * f64::from(*b))
                    .sum()
            };
            dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
        };
        for query in 0..60 {
            let found = gallery
                .nearest(&rows[query], 5, Some(query), &Device::flex())
                .unwrap();
            let mut naive: Vec<usize> = (0..60).filter(|&i| i != query).collect();
            naive.sort_by(|&a, &b| {
                cosine(&rows[b], &rows[query]).total_cmp(&cosine(&rows[a], &rows[query]))
            });
            let indices: Vec<usize> = found.iter().map(|found| found.index).collect();
            assert_eq!(indices, naive[..5]);
            for found in found {
                let expected = cosine(&rows[found.index], &rows[query]);
                assert!((f64::from(found.cosine) - expected).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn a_query_from_outside_may_be_near_any_clip_and_k_is_limited() {
        let gallery = gallery(&[[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]]);
        let found = gallery
            .nearest(&[3.0, 0.1, 0.0], 9, None, &Device::flex())
            .unwrap();
        assert_eq!(found.iter().map(|n| n.index).collect::<Vec<_>>(), [0, 1]);
        assert!(gallery.nearest(&[1.0], 1, None, &Device::flex()).is_err());
        let none = Embeddings::new(3, None);
        assert!(none.nearest(&[1.0; 3], 1, None, &Device::flex()).is_err());
    }
}
