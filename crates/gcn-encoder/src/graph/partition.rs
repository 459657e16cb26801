use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use skeleton_data::Layout;

use super::Adjacency;
use super::structural::{neighbourhood, structural};

/// How the neighbours of a joint (itself and the joints one edge away) are split into subsets, each of
/// which has its own weights in a graph convolution.
///
/// | partition | subsets | non-zeros on NTU 25 |
/// |---|---|---|
/// | `uniform` | all neighbours together | 73 |
/// | `distance` | the joint itself, its neighbours | 25, 48 |
/// | `spatial_as_published` | the joint itself, its neighbour towards the centre, its neighbours away from it | 25, 24, 24 |
/// | `spatial_as_coded` | as ST-GCN's released graph computes it | 25, 40, 8 |
///
/// The two spatial partitions are the same idea. ST-GCN's paper (section 3.3) describes subsets by distance
/// from the centre; its released code measures no distance beyond one hop, so that the ends of every edge
/// out of the centre's neighbourhood count as equally far and land in the second subset. 2s-AGCN's graph
/// is the description made exact, each subset normalised by itself (`papers.md` 1.3).
///
/// ```
/// use gcn_encoder::Partition;
/// use skeleton_data::Layout;
///
/// let partition: Partition = "spatial_as_coded".parse()?;
/// assert_eq!(partition.adjacency(&Layout::ntu25()).non_zeros(), [25, 40, 8]);
/// # Ok::<(), gcn_encoder::UnknownPartition>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Partition {
    /// One subset: the joint and its neighbours, averaged.
    Uniform,
    /// Two subsets: the joint, and its neighbours. Normalised over both together.
    Distance,
    /// Three subsets: the joint, its neighbour towards the centre, its neighbours away from it; each
    /// normalised by itself. The graph of 2s-AGCN, which is what ST-GCN's paper describes.
    #[default]
    SpatialAsPublished,
    /// Three subsets as the code released with ST-GCN computes them, and as CrosSCLR, AimCLR and PSTL
    /// train with. Normalised over all together.
    SpatialAsCoded,
}

/// A text that names no [`Partition`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown partition `{given}`: expected uniform, distance, spatial_as_published or spatial_as_coded"
)]
pub struct UnknownPartition {
    /// The text as given.
    pub given: String,
}

impl Partition {
    /// Every partition, in the order of the table above.
    pub const ALL: [Self; 4] = [
        Self::Uniform,
        Self::Distance,
        Self::SpatialAsPublished,
        Self::SpatialAsCoded,
    ];

    /// Number of subsets K.
    pub fn subsets(self) -> usize {
        match self {
            Self::Uniform => 1,
            Self::Distance => 2,
            Self::SpatialAsPublished | Self::SpatialAsCoded => 3,
        }
    }

    /// The column-normalised adjacency matrices of `layout`, `[K, V, V]`.
    pub fn adjacency(self, layout: &Layout) -> Adjacency {
        let joints = layout.joint_count();
        let mut adjacency = Adjacency::zeros(self.subsets(), joints);
        match self {
            Self::Uniform => neighbourhood(layout, 1, &mut adjacency, |_, _| 0),
            Self::Distance => neighbourhood(layout, 1, &mut adjacency, |v, w| usize::from(v != w)),
            Self::SpatialAsCoded => return structural(layout, 1),
            Self::SpatialAsPublished => {
                for joint in 0..joints {
                    adjacency.set(0, joint, joint, 1.0);
                }
                for (outer, inner) in oriented_edges(layout) {
                    adjacency.set(1, inner, outer, 1.0);
                    adjacency.set(2, outer, inner, 1.0);
                }
                for subset in 0..3 {
                    adjacency.normalise_columns(subset);
                }
            }
        }
        adjacency
    }

    /// Largest difference of weights in two graphs that are the same, for files that rounded.
    pub(crate) const TOLERANCE: f32 = 1e-5;

    /// The partition of which `weights`, row-major `[K, V, V]`, are the matrices of `layout`, if it is any.
    pub fn of_graph(layout: &Layout, weights: &[f32]) -> Option<Self> {
        Self::ALL.into_iter().find(|partition| {
            let own = partition.adjacency(layout);
            let mut pairs = own.data().iter().zip(weights);
            own.data().len() == weights.len()
                && pairs.all(|(own, weight)| (own - weight).abs() <= Self::TOLERANCE)
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Distance => "distance",
            Self::SpatialAsPublished => "spatial_as_published",
            Self::SpatialAsCoded => "spatial_as_coded",
        }
    }
}

/// Edges as `(outer, inner)`, the inner joint being the one nearer to the centre; an edge between joints
/// equally far keeps the direction in which it was declared.
fn oriented_edges(layout: &Layout) -> Vec<(usize, usize)> {
    let hops = layout.hop_distances();
    let centre = layout.centre();
    layout
        .edges()
        .iter()
        .map(|&(a, b)| match hops[a][centre] < hops[b][centre] {
            true => (b, a),
            false => (a, b),
        })
        .collect()
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Partition {
    type Err = UnknownPartition;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|partition| partition.name() == text)
            .ok_or_else(|| UnknownPartition {
                given: text.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// a - b - c, d on c; centre b. One joint (d) lies beyond the centre's neighbourhood.
    fn chain() -> Layout {
        Layout::builder("chain")
            .joint("a")
            .joint("b")
            .joint("c")
            .joint("d")
            .edge("a", "b")
            .edge("c", "b")
            .edge("d", "c")
            .centre("b")
            .build()
            .unwrap()
    }

    #[test]
    fn a_graph_is_known_by_its_matrices() {
        for layout in [chain(), Layout::ntu25()] {
            for partition in Partition::ALL {
                let graph = partition.adjacency(&layout);
                assert_eq!(
                    Partition::of_graph(&layout, graph.data()),
                    Some(partition),
                    "{}",
                    layout.name()
                );
                let mut other = graph.data().to_vec();
                other[0] += 0.01;
                assert_eq!(Partition::of_graph(&layout, &other), None);
                assert_eq!(Partition::of_graph(&layout, &other[1..]), None);
            }
        }
    }

    fn column_sum(adjacency: &Adjacency, k: usize, w: usize) -> f32 {
        (0..adjacency.joints())
            .map(|v| adjacency.weight(k, v, w))
            .sum()
    }

    #[test]
    fn ntu_has_the_published_numbers_of_non_zeros() {
        let cases = [
            (Partition::Uniform, vec![73]),
            (Partition::Distance, vec![25, 48]),
            (Partition::SpatialAsPublished, vec![25, 24, 24]),
            (Partition::SpatialAsCoded, vec![25, 40, 8]),
        ];
        for (partition, expected) in cases {
            let adjacency = partition.adjacency(&Layout::ntu25());
            assert_eq!(adjacency.non_zeros(), expected, "{partition}");
        }
    }

    #[test]
    fn joint_normalisation_makes_every_column_sum_to_one_over_the_subsets() {
        for layout in Layout::PRESETS.map(|name| Layout::preset(name).unwrap()) {
            for partition in [
                Partition::Uniform,
                Partition::Distance,
                Partition::SpatialAsCoded,
            ] {
                let adjacency = partition.adjacency(&layout);
                for w in 0..adjacency.joints() {
                    let sum: f32 = (0..adjacency.partitions())
                        .map(|k| column_sum(&adjacency, k, w))
                        .sum();
                    assert!((sum - 1.0).abs() < 1e-6, "{partition} column {w}: {sum}");
                }
            }
        }
    }

    #[test]
    fn separate_normalisation_makes_every_column_sum_to_one_or_zero() {
        let layout = Layout::ntu25();
        let adjacency = Partition::SpatialAsPublished.adjacency(&layout);
        for w in 0..25 {
            assert_eq!(column_sum(&adjacency, 0, w), 1.0);
            // Only the centre has no neighbour nearer to itself.
            let inward = if w == layout.centre() { 0.0 } else { 1.0 };
            assert_eq!(column_sum(&adjacency, 1, w), inward);
            let outward = column_sum(&adjacency, 2, w);
            assert!(outward == 0.0 || (outward - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn a_chain_is_partitioned_as_computed_by_hand() {
        let third = 1.0 / 3.0;
        let [a, b, c, d] = [0, 1, 2, 3];
        // (partition, non-zero entries as (subset, from, to, weight))
        let cases = [
            (
                Partition::SpatialAsPublished,
                vec![
                    (0, a, a, 1.0),
                    (0, b, b, 1.0),
                    (0, c, c, 1.0),
                    (0, d, d, 1.0),
                    (1, b, a, 1.0),
                    (1, b, c, 1.0),
                    (1, c, d, 1.0),
                    (2, a, b, 0.5),
                    (2, c, b, 0.5),
                    (2, d, c, 1.0),
                ],
            ),
            (
                Partition::SpatialAsCoded,
                vec![
                    (0, a, a, 0.5),
                    (0, b, b, third),
                    (0, c, c, third),
                    (0, d, d, 0.5),
                    (1, a, b, third),
                    (1, c, b, third),
                    (1, d, c, third),
                    (2, b, a, 0.5),
                    (2, b, c, third),
                    (2, c, d, 0.5),
                ],
            ),
            (
                Partition::Distance,
                vec![
                    (0, a, a, 0.5),
                    (0, b, b, third),
                    (0, c, c, third),
                    (0, d, d, 0.5),
                    (1, b, a, 0.5),
                    (1, a, b, third),
                    (1, c, b, third),
                    (1, b, c, third),
                    (1, d, c, third),
                    (1, c, d, 0.5),
                ],
            ),
        ];
        for (partition, entries) in cases {
            let mut expected = Adjacency::zeros(partition.subsets(), 4);
            for (k, v, w, weight) in entries {
                expected.set(k, v, w, weight);
            }
            assert_eq!(partition.adjacency(&chain()), expected, "{partition}");
        }
    }

    #[test]
    fn edges_beyond_one_hop_count_as_equally_far_in_the_released_graph() {
        let layout = Layout::builder("long chain")
            .joint("centre")
            .joint("near")
            .joint("far")
            .joint("farther")
            .edge("near", "centre")
            .edge("far", "near")
            .edge("farther", "far")
            .centre("centre")
            .build()
            .unwrap();
        let coded = Partition::SpatialAsCoded.adjacency(&layout);
        // far and farther: both directions in the second subset; near and far: one in each.
        assert!(coded.weight(1, 2, 3) > 0.0 && coded.weight(1, 3, 2) > 0.0);
        assert!(coded.weight(1, 2, 1) > 0.0 && coded.weight(2, 1, 2) > 0.0);
        let published = Partition::SpatialAsPublished.adjacency(&layout);
        assert!(published.weight(1, 2, 3) > 0.0 && published.weight(2, 3, 2) > 0.0);
    }

    #[test]
    fn the_direction_in_which_an_edge_was_declared_does_not_matter() {
        let turned = Layout::builder("chain")
            .joint("a")
            .joint("b")
            .joint("c")
            .joint("d")
            .edge("b", "a")
            .edge("b", "c")
            .edge("c", "d")
            .centre("b")
            .build()
            .unwrap();
        for partition in Partition::ALL {
            assert_eq!(partition.adjacency(&turned), partition.adjacency(&chain()));
        }
    }

    #[test]
    fn a_layout_of_one_joint_has_only_its_self_loop() {
        let point = Layout::builder("point")
            .joint("p")
            .centre("p")
            .build()
            .unwrap();
        for partition in Partition::ALL {
            let adjacency = partition.adjacency(&point);
            assert_eq!(adjacency.weight(0, 0, 0), 1.0);
            assert_eq!(adjacency.non_zeros().iter().sum::<usize>(), 1);
        }
    }

    #[test]
    fn names_are_read_back_and_others_refused() {
        for partition in Partition::ALL {
            assert_eq!(partition.to_string().parse(), Ok(partition));
        }
        let error = "spatial".parse::<Partition>().unwrap_err();
        assert!(error.to_string().contains("spatial_as_coded"), "{error}");
    }
}
