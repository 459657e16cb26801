use bhtsne::{Neighbor, tSNE};
use burn::tensor::Device;
use serde::Serialize;

use crate::evaluate::{Features, similarities};

/// Most clips on a map; more could not be told apart, and cost time.
const MOST: usize = 2_000;
/// Fewest clips that a map says anything about.
const FEWEST: usize = 5;
/// Neighbours that each clip heeds, as van der Maaten and Hinton (2008) suggest.
const PERPLEXITY: f64 = 30.0;
/// Opening angle of Barnes and Hut's tree, as in van der Maaten (2014).
const THETA: f64 = 0.5;
/// Steps of the optimiser, the crate's default.
const STEPS: usize = 1_000;

/// A map of the test clips' features by t-SNE: clips with similar features lie together.
///
/// Features are compared by their cosine, as kNN does. The map begins at the first two principal components (Kobak and
/// Berens 2019), so that nothing is drawn at random and the same features give the same map. Distances between groups
/// and sizes of groups mean little.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EmbeddingMap {
    /// Numbers of the clips on the test side, ascending; all of them or 2,000 evenly spaced ones.
    pub clips: Vec<usize>,
    /// Where each of them lies.
    pub points: Vec<[f32; 2]>,
    /// Perplexity.
    pub perplexity: f64,
}

impl EmbeddingMap {
    /// The map of `features`; `None` where there are fewer than five clips.
    pub(super) fn of(features: &Features, device: &Device) -> Option<Self> {
        let count = features.len().min(MOST);
        if count < FEWEST {
            return None;
        }
        let clips: Vec<usize> = (0..count).map(|at| at * features.len() / count).collect();
        let chosen = select(features, &clips);
        let perplexity = PERPLEXITY.min((count - 1) as f64 / 3.0);
        let near = ((3.0 * perplexity) as usize).clamp(1, count - 1);
        let cosines = similarities(&chosen, &chosen, device);
        let neighbours: Vec<Vec<Neighbor<f64>>> = cosines
            .chunks(count)
            .enumerate()
            .map(|(clip, row)| nearest(clip, row, near))
            .collect();
        let start = principal(&chosen);
        let rows: Vec<usize> = (0..count).collect();
        // Sums of several threads come in any order, and the last digit decides where a clip ends.
        let one = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .build()
            .ok()?;
        let points = one.install(|| {
            let mut tsne: tSNE<f64, usize> = tSNE::new(&rows);
            tsne.perplexity(perplexity)
                .epochs(STEPS)
                .initial_embedding(start)
                .barnes_hut_with_neighbors(THETA, &neighbours);
            tsne.embedding()
        });
        let place = |at: &[f64]| [at[0] as f32, at[1] as f32];
        let points: Vec<[f32; 2]> = points.chunks_exact(2).map(place).collect();
        // Equal features may leave the optimiser nothing to divide by.
        let finite = points.iter().flatten().all(|at| at.is_finite());
        finite.then_some(Self {
            clips,
            points,
            perplexity,
        })
    }
}

/// The features of some clips.
pub(super) fn select(features: &Features, clips: &[usize]) -> Features {
    let dim = features.dim();
    let row = |clip: &usize| &features.values()[clip * dim..(clip + 1) * dim];
    let values = clips.iter().flat_map(row).copied().collect();
    let labels = clips.iter().map(|&clip| features.labels()[clip]).collect();
    Features::new(values, dim, labels)
}

/// The `count` clips that are most similar to `clip`, with the length of the chord between both on the unit sphere.
fn nearest(clip: usize, cosines: &[f32], count: usize) -> Vec<Neighbor<f64>> {
    let mut others: Vec<usize> = (0..cosines.len()).filter(|&other| other != clip).collect();
    others.sort_unstable_by(|&a, &b| cosines[b].total_cmp(&cosines[a]).then(a.cmp(&b)));
    let chord = |&index: &usize| Neighbor {
        index,
        distance: (2.0 - 2.0 * f64::from(cosines[index])).max(0.0).sqrt(),
    };
    others.iter().take(count).map(chord).collect()
}

/// Unit features along their first two principal components, shrunk so that t-SNE begins gently.
fn principal(features: &Features) -> Vec<f64> {
    let (count, dim) = (features.len(), features.dim());
    let mut rows: Vec<f64> = Vec::with_capacity(count * dim);
    for row in features.values().chunks(dim) {
        let norm = row
            .iter()
            .map(|&v| f64::from(v).powi(2))
            .sum::<f64>()
            .sqrt();
        rows.extend(row.iter().map(|&v| f64::from(v) / norm.max(1e-12)));
    }
    let mut mean = vec![0.0; dim];
    for row in rows.chunks(dim) {
        mean.iter_mut()
            .zip(row)
            .for_each(|(sum, v)| *sum += v / count as f64);
    }
    for row in rows.chunks_mut(dim) {
        row.iter_mut().zip(&mean).for_each(|(v, mean)| *v -= mean);
    }
    let mut found: Vec<Vec<f64>> = Vec::new();
    for component in 0..2 {
        // Power iteration from a direction that no feature is likely to be at right angles to.
        let mut axis: Vec<f64> = (0..dim)
            .map(|at| ((at * 7 + component * 3) as f64 + 0.5).sin())
            .collect();
        for _ in 0..40 {
            orthogonal(&mut axis, &found);
            let mut next = vec![0.0; dim];
            for row in rows.chunks(dim) {
                let along = dot(row, &axis);
                next.iter_mut()
                    .zip(row)
                    .for_each(|(sum, v)| *sum += along * v);
            }
            let norm = dot(&next, &next).sqrt();
            if norm < 1e-12 {
                break;
            }
            axis = next.into_iter().map(|v| v / norm).collect();
        }
        orthogonal(&mut axis, &found);
        found.push(axis);
    }
    let along: Vec<[f64; 2]> = rows
        .chunks(dim)
        .map(|row| [dot(row, &found[0]), dot(row, &found[1])])
        .collect();
    let variance = along.iter().map(|at| at[0].powi(2)).sum::<f64>() / count as f64;
    let scale = 1e-4 / variance.sqrt().max(1e-12);
    let place = |(clip, at): (usize, &[f64; 2])| {
        // Equal features must not begin in one place, from which no force would part them.
        let apart = [(clip as f64).sin(), (1.7 * clip as f64).cos()];
        [0, 1].map(|axis| at[axis] * scale + 1e-7 * apart[axis])
    };
    along.iter().enumerate().flat_map(place).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Takes from `axis` its part along each of `others`, which have length 1.
fn orthogonal(axis: &mut [f64], others: &[Vec<f64>]) {
    for other in others {
        let along = dot(axis, other);
        axis.iter_mut()
            .zip(other)
            .for_each(|(v, o)| *v -= along * o);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three directions with some noise.
    fn groups(count: usize) -> Features {
        let noise = |i: usize| ((i * 2_654_435_761) % 1_000) as f32 / 1_000.0 - 0.5;
        let value = |clip: usize, at: usize| {
            let on = if at % 3 == clip % 3 { 1.0 } else { 0.0 };
            on + 0.2 * noise(clip * 17 + at)
        };
        let values = (0..count).flat_map(|clip| (0..6).map(move |at| value(clip, at)));
        Features::new(
            values.collect(),
            6,
            (0..count).map(|clip| clip % 3).collect(),
        )
    }

    #[test]
    fn the_nearest_on_the_map_are_of_ones_own_group() {
        let map = EmbeddingMap::of(&groups(90), &Device::flex()).unwrap();
        let distance = |a: usize, b: usize| {
            let [a, b] = [map.points[a], map.points[b]];
            (a[0] - b[0]).hypot(a[1] - b[1])
        };
        for clip in 0..90 {
            let others = (0..90).filter(|&other| other != clip);
            let nearest = others.min_by(|&a, &b| distance(clip, a).total_cmp(&distance(clip, b)));
            assert_eq!(nearest.unwrap() % 3, clip % 3);
        }
    }

    #[test]
    fn the_same_features_give_the_same_map() {
        let map = || EmbeddingMap::of(&groups(300), &Device::flex()).unwrap();
        assert_eq!(map(), map());
    }

    #[test]
    fn few_or_equal_clips_are_no_reason_to_panic() {
        assert_eq!(EmbeddingMap::of(&groups(4), &Device::flex()), None);
        assert!(EmbeddingMap::of(&groups(5), &Device::flex()).is_some());
        let equal = Features::new(vec![1.0; 40], 4, vec![0; 10]);
        let zero = Features::new(vec![0.0; 40], 4, vec![0; 10]);
        for features in [equal, zero] {
            let map = EmbeddingMap::of(&features, &Device::flex());
            let finite = |map: EmbeddingMap| map.points.iter().flatten().all(|at| at.is_finite());
            assert!(map.is_none_or(finite));
        }
    }
}
