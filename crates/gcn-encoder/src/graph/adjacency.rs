use std::fmt;

use burn::tensor::{Device, Tensor, TensorData};

/// The `K` weighted adjacency matrices of a partitioned skeleton graph, `[K, V, V]`.
///
/// Entry `(k, v, w)` is the weight with which joint `w` of the output receives joint `v` of the input in
/// subset `k`: `y_w = sum_k sum_v x_v A[k, v, w]`. Matrices are column-normalised, `A D^-1` with `D` the
/// diagonal of column sums (`papers.md` 1.3, as released with ST-GCN and 2s-AGCN), so that a joint averages
/// over its neighbours whatever their number. Made by [`Partition::adjacency`](super::Partition::adjacency).
#[derive(Clone, PartialEq)]
pub struct Adjacency {
    partitions: usize,
    joints: usize,
    data: Vec<f32>,
}

impl Adjacency {
    /// All-zero matrices, to be filled by a partition.
    pub(super) fn zeros(partitions: usize, joints: usize) -> Self {
        Self {
            partitions,
            joints,
            data: vec![0.0; partitions * joints * joints],
        }
    }

    pub(super) fn set(&mut self, k: usize, v: usize, w: usize, weight: f32) {
        let index = self.index(k, v, w);
        self.data[index] = weight;
    }

    /// Number of subsets K.
    pub fn partitions(&self) -> usize {
        self.partitions
    }

    /// Number of joints V.
    pub fn joints(&self) -> usize {
        self.joints
    }

    /// The weights, row-major `[K, V, V]`.
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// The weights on `device`, `[K, V, V]`.
    pub fn tensor(&self, device: &Device) -> Tensor<3> {
        let shape = [self.partitions, self.joints, self.joints];
        Tensor::from_data(TensorData::new(self.data.clone(), shape), device)
    }

    /// Weight from joint `v` to joint `w` in subset `k`.
    ///
    /// # Panics
    /// When `k`, `v` or `w` is out of range.
    pub fn weight(&self, k: usize, v: usize, w: usize) -> f32 {
        assert!(
            k < self.partitions && v < self.joints && w < self.joints,
            "adjacency has [{}, {}, {}] entries, asked for ({k}, {v}, {w})",
            self.partitions,
            self.joints,
            self.joints
        );
        self.data[self.index(k, v, w)]
    }

    /// Number of non-zero weights in each subset.
    pub fn non_zeros(&self) -> Vec<usize> {
        self.data
            .chunks(self.joints * self.joints)
            .map(|subset| subset.iter().filter(|weight| **weight != 0.0).count())
            .collect()
    }

    /// Divides every column of subset `k` by its sum; a column of zeros stays zero.
    pub(super) fn normalise_columns(&mut self, k: usize) {
        for w in 0..self.joints {
            let sum: f32 = (0..self.joints)
                .map(|v| self.data[self.index(k, v, w)])
                .sum();
            if sum != 0.0 {
                for v in 0..self.joints {
                    let index = self.index(k, v, w);
                    self.data[index] /= sum;
                }
            }
        }
    }

    fn index(&self, k: usize, v: usize, w: usize) -> usize {
        (k * self.joints + v) * self.joints + w
    }
}

impl fmt::Debug for Adjacency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Adjacency")
            .field("partitions", &self.partitions)
            .field("joints", &self.joints)
            .field("non_zeros", &self.non_zeros())
            .finish_non_exhaustive()
    }
}
