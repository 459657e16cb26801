use burn::tensor::Tensor;

/// The cosine of each query with each clip of the gallery, `[queries, gallery]` row-major.
///
/// # Shapes
/// - `gallery`: `[G, D]`
/// - `queries`: `[Q, D]`
pub(crate) fn cosine_similarities(gallery: Tensor<2>, queries: Tensor<2>) -> Vec<f32> {
    let unit = |rows: Tensor<2>| {
        let norms = rows.clone().square().sum_dim(1).sqrt().clamp_min(1e-12);
        rows / norms
    };
    unit(queries)
        .matmul(unit(gallery).transpose())
        .into_data()
        .iter::<f32>()
        .collect()
}

/// Numbers of the `k` largest similarities, the largest first; of equal ones the first comes first.
pub(crate) fn nearest(similarities: &[f32], k: usize) -> Vec<usize> {
    let closer = |&a: &usize, &b: &usize| {
        let by_similarity = similarities[b].total_cmp(&similarities[a]);
        by_similarity.then(a.cmp(&b))
    };
    let mut order: Vec<usize> = (0..similarities.len()).collect();
    if k < order.len() {
        order.select_nth_unstable_by(k, closer);
        order.truncate(k);
    }
    order.sort_unstable_by(closer);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_are_the_first_of_all_in_order() {
        let similarities = [0.3, 0.9, -1.0, 0.9, 0.5];
        let all = [1, 3, 4, 0, 2];
        for k in 0..8 {
            assert_eq!(nearest(&similarities, k), all[..k.min(5)]);
        }
        assert!(nearest(&[], 3).is_empty());
    }
}
