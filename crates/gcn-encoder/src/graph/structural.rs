use skeleton_data::Layout;

use super::Adjacency;

/// The structural links of AS-GCN (Li et al., CVPR 2019, section 3.2), which reach `max_hop` edges: `1 + 2 max_hop`
/// matrices, of which the first joins each joint to itself, and for each number of hops one joins it to joints at
/// least as far from the centre and one to nearer ones.
///
/// Entry `(k, v, w)` is what joint `w` hears of joint `v`. As the released graph computes it (strategy `spatial`):
/// `w` hears every joint within reach with the same weight, one over their number; and no distance from the
/// centre beyond `max_hop` is known, such joints count as equally far. One hop gives the graph released with ST-GCN,
/// [`SpatialAsCoded`](super::Partition::SpatialAsCoded).
pub fn structural(layout: &Layout, max_hop: usize) -> Adjacency {
    let mut adjacency = Adjacency::zeros(1 + 2 * max_hop, layout.joint_count());
    let hops = layout.hop_distances();
    let known = |joint: usize| match hops[joint][layout.centre()] {
        near if near <= max_hop => near,
        _ => usize::MAX,
    };
    neighbourhood(layout, max_hop, &mut adjacency, |v, w| match hops[v][w] {
        0 => 0,
        apart if known(v) >= known(w) => 2 * apart - 1,
        apart => 2 * apart,
    });
    adjacency
}

/// Fills each pair of joints at most `reach` edges apart into the subset that `subset_of(v, w)` names, with the
/// weight that normalises column `w` over all subsets together.
pub(super) fn neighbourhood(
    layout: &Layout,
    reach: usize,
    adjacency: &mut Adjacency,
    subset_of: impl Fn(usize, usize) -> usize,
) {
    // Hop distances are symmetric, so row w is column w.
    for (w, hops) in layout.hop_distances().iter().enumerate() {
        let near = || hops.iter().enumerate().filter(|(_, hops)| **hops <= reach);
        let weight = 1.0 / near().count() as f32;
        for (v, _) in near() {
            adjacency.set(subset_of(v, w), v, w, weight);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_of_three_hops_is_divided_as_computed_by_hand() {
        // a - b - c - d - e, centre b; two hops: e is three from the centre, which counts as infinitely far
        let chain = Layout::builder("chain")
            .joint("a")
            .joint("b")
            .joint("c")
            .joint("d")
            .joint("e")
            .edge("a", "b")
            .edge("c", "b")
            .edge("d", "c")
            .edge("e", "d")
            .centre("b")
            .build()
            .unwrap();
        let [a, b, c, d, e] = [0, 1, 2, 3, 4];
        // within two hops: a 3, b 4, c 5, d 4, e 3 joints
        let (third, quarter, fifth) = (1.0 / 3.0, 0.25, 0.2);
        let mut expected = Adjacency::zeros(5, 5);
        for (k, v, w, weight) in [
            (0, a, a, third),
            (0, b, b, quarter),
            (0, c, c, fifth),
            (0, d, d, quarter),
            (0, e, e, third),
            (1, a, b, quarter),
            (1, c, b, quarter),
            (1, d, c, fifth),
            (1, e, d, quarter),
            (2, b, a, third),
            (2, b, c, fifth),
            (2, c, d, quarter),
            (2, d, e, third),
            (3, a, c, fifth),
            (3, c, a, third),
            (3, d, b, quarter),
            (3, e, c, fifth),
            (4, b, d, quarter),
            (4, c, e, third),
        ] {
            expected.set(k, v, w, weight);
        }
        assert_eq!(structural(&chain, 2), expected);
    }

    #[test]
    fn joints_farther_from_the_centre_than_the_reach_count_as_equally_far() {
        let ntu = Layout::ntu25();
        // knee, ankle and foot of the left leg are 4, 5 and 6 edges from the centre
        let [knee, ankle, foot] = [13, 14, 15];
        let hops = ntu.hop_distances();
        let from_centre = [knee, ankle, foot].map(|joint| hops[joint][ntu.centre()]);
        assert_eq!(from_centre, [4, 5, 6]);
        let graph = structural(&ntu, 4);
        // both directions in the second subset of one hop
        assert!(graph.weight(1, ankle, foot) > 0.0 && graph.weight(1, foot, ankle) > 0.0);
        assert!(graph.weight(1, ankle, knee) > 0.0 && graph.weight(2, knee, ankle) > 0.0);
    }

    #[test]
    fn columns_sum_to_one_over_the_subsets() {
        for layout in Layout::PRESETS.map(|name| Layout::preset(name).unwrap()) {
            let graph = structural(&layout, 4);
            let joints = graph.joints();
            for w in 0..joints {
                let heard = (0..9).flat_map(|k| (0..joints).map(move |v| (k, v)));
                let sum: f32 = heard.map(|(k, v)| graph.weight(k, v, w)).sum();
                assert!((sum - 1.0).abs() < 1e-5, "column {w}: {sum}");
            }
        }
    }
}
