//! How an embedding spreads over its dimensions: pure functions on host values, in f64.

/// Standard deviation of the embeddings brought to length 1, averaged over the dimensions and multiplied by
/// `sqrt(D)`.
///
/// 1: the directions are spread evenly; 0: all embeddings point the same way. (For `z` of length 1, the second
/// moments of the dimensions sum to 1, so each standard deviation is `1 / sqrt(D)` when they share evenly and the
/// mean is 0.) Biased standard deviation over the samples. Used to watch for collapse by Chen and He, *Exploring
/// Simple Siamese Representation Learning*, CVPR 2021, section 4.1, there without the factor.
///
/// NaN for no samples or values that are not finite. Rows of zeros stay zeros.
///
/// # Panics
/// When `rows` is not a multiple of `dim` long.
pub fn normalised_std(rows: &[f32], dim: usize) -> f64 {
    assert_rows(rows, dim);
    if rows.is_empty() || !rows.iter().all(|x| x.is_finite()) {
        return f64::NAN;
    }
    let samples = (rows.len() / dim) as f64;
    let (mut sum, mut squares) = (vec![0.0; dim], vec![0.0; dim]);
    for row in rows.chunks_exact(dim) {
        let norm = row
            .iter()
            .map(|&x| f64::from(x).powi(2))
            .sum::<f64>()
            .sqrt();
        if norm == 0.0 {
            continue;
        }
        for ((&x, sum), square) in row.iter().zip(&mut sum).zip(&mut squares) {
            let x = f64::from(x) / norm;
            *sum += x;
            *square += x * x;
        }
    }
    let std = |(sum, square): (&f64, &f64)| {
        let mean = sum / samples;
        (square / samples - mean * mean).max(0.0).sqrt()
    };
    let mean_std = sum.iter().zip(&squares).map(std).sum::<f64>() / dim as f64;
    mean_std * (dim as f64).sqrt()
}

/// Effective rank of the centred embeddings: the exponential of the entropy (natural logarithm) of their singular
/// values, divided by their sum.
///
/// `k` when `k` directions share the spread evenly; at most the smaller of `D` and the number of samples less one.
/// Source: Roy and Vetterli, *The effective rank: a measure of effective dimensionality*, EUSIPCO 2007.
///
/// 0 where all samples are equal to the precision of an `f32`, or there is only one. NaN for no samples or values that are not finite.
///
/// # Panics
/// When `rows` is not a multiple of `dim` long.
pub fn effective_rank(rows: &[f32], dim: usize) -> f64 {
    assert_rows(rows, dim);
    if rows.is_empty() || !rows.iter().all(|x| x.is_finite()) {
        return f64::NAN;
    }
    let centred = centred(rows, dim);
    let length = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>().sqrt();
    let spread = length(&mut centred.iter().copied());
    if spread <= f64::from(f32::EPSILON) * length(&mut rows.iter().map(|&x| f64::from(x))) {
        return 0.0; // what is left is rounding, and rounding looks like a high rank
    }
    let singular: Vec<f64> = eigenvalues(small_gram(&centred, dim))
        .into_iter()
        .map(|eigenvalue| eigenvalue.max(0.0).sqrt())
        .collect();
    let sum: f64 = singular.iter().sum();
    let entropy: f64 = singular
        .iter()
        .map(|value| value / sum)
        .filter(|&share| share > 0.0)
        .map(|share| -share * share.ln())
        .sum();
    entropy.exp()
}

fn assert_rows(rows: &[f32], dim: usize) {
    assert!(
        dim > 0 && rows.len().is_multiple_of(dim),
        "{} values are no rows of {dim}",
        rows.len()
    );
}

fn centred(rows: &[f32], dim: usize) -> Vec<f64> {
    let samples = (rows.len() / dim) as f64;
    let mut mean = vec![0.0; dim];
    for row in rows.chunks_exact(dim) {
        for (mean, &x) in mean.iter_mut().zip(row) {
            *mean += f64::from(x) / samples;
        }
    }
    let subtract = |(index, &x): (usize, &f32)| f64::from(x) - mean[index % dim];
    rows.iter().enumerate().map(subtract).collect()
}

/// `X X^T` or `X^T X`, whichever is smaller; both have the squares of the singular values of `X`.
fn small_gram(x: &[f64], dim: usize) -> Vec<Vec<f64>> {
    let samples = x.len() / dim;
    let (vectors, transposed);
    let size = samples.min(dim);
    if samples <= dim {
        vectors = x;
    } else {
        let column = |j| (0..samples).map(move |i| x[i * dim + j]);
        transposed = (0..dim).flat_map(column).collect::<Vec<f64>>();
        vectors = &transposed;
    }
    let vector = |i: usize| &vectors[i * vectors.len() / size..(i + 1) * vectors.len() / size];
    let entry = |i: usize, j: usize| dot(vector(i), vector(j));
    let mut gram: Vec<Vec<f64>> = (0..size)
        .map(|i| {
            (0..size)
                .map(|j| if j < i { 0.0 } else { entry(i, j) })
                .collect()
        })
        .collect();
    for i in 1..size {
        let (above, row) = gram.split_at_mut(i);
        for (value, row_above) in row[0].iter_mut().zip(above.iter()) {
            *value = row_above[i];
        }
    }
    gram
}

/// Eigenvalues of a symmetric matrix, in no order.
///
/// Householder reflections to tridiagonal form, then implicitly shifted QL: Golub and Van Loan, *Matrix
/// Computations*, 4th edition, sections 8.3.1 and 8.3.3. Accurate to rounding relative to the largest eigenvalue.
fn eigenvalues(matrix: Vec<Vec<f64>>) -> Vec<f64> {
    let (mut diagonal, mut off) = tridiagonal(matrix);
    ql(&mut diagonal, &mut off);
    diagonal
}

/// Diagonal (`n`) and sub-diagonal (`n - 1`) of a tridiagonal matrix with the eigenvalues of `a`.
fn tridiagonal(mut a: Vec<Vec<f64>>) -> (Vec<f64>, Vec<f64>) {
    let n = a.len();
    let mut off = vec![0.0; n.saturating_sub(1)];
    for k in 0..n.saturating_sub(2) {
        let norm = (k + 1..n).map(|i| a[i][k].powi(2)).sum::<f64>().sqrt();
        // The reflection takes the column below the diagonal to (alpha, 0, ..., 0); this sign avoids cancellation.
        let alpha = if a[k + 1][k] > 0.0 { -norm } else { norm };
        off[k] = alpha;
        let mut v: Vec<f64> = (k + 1..n).map(|i| a[i][k]).collect();
        v[0] -= alpha;
        let length = v.iter().map(|x| x * x).sum::<f64>();
        if length == 0.0 {
            continue;
        }
        // A' = A - v w^T - w v^T on the trailing block, with beta = 2 / v^T v, p = beta A v and
        // w = p - (beta / 2) (p^T v) v.
        let beta = 2.0 / length;
        let mut w: Vec<f64> = (k + 1..n).map(|i| beta * dot(&a[i][k + 1..], &v)).collect();
        let shift = 0.5 * beta * dot(&w, &v);
        for (w, v) in w.iter_mut().zip(&v) {
            *w -= shift * v;
        }
        for (i, row) in a[k + 1..].iter_mut().enumerate() {
            for (j, value) in row[k + 1..].iter_mut().enumerate() {
                *value -= v[i] * w[j] + w[i] * v[j];
            }
        }
    }
    if n >= 2 {
        off[n - 2] = a[n - 1][n - 2];
    }
    ((0..n).map(|i| a[i][i]).collect(), off)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Leaves the eigenvalues of the tridiagonal matrix (`d`, `e`) in `d`.
fn ql(d: &mut [f64], e: &mut Vec<f64>) {
    /// Two or three are usual; the bound only keeps a pathological matrix from running for ever.
    const MAX_SWEEPS: usize = 60;
    let n = d.len();
    e.push(0.0);
    for l in 0..n {
        for _ in 0..MAX_SWEEPS {
            let split = (l..n - 1)
                .find(|&m| e[m].abs() <= f64::EPSILON * (d[m].abs() + d[m + 1].abs()))
                .unwrap_or(n - 1);
            if split == l {
                break;
            }
            // Wilkinson's shift from the leading 2 x 2 block.
            let half = (d[l + 1] - d[l]) / (2.0 * e[l]);
            let root = half.hypot(1.0).copysign(half);
            let mut g = d[split] - d[l] + e[l] / (half + root);
            let (mut s, mut c, mut p) = (1.0, 1.0, 0.0);
            let mut underflow = false;
            for i in (l..split).rev() {
                let (f, b) = (s * e[i], c * e[i]);
                let r = f.hypot(g);
                e[i + 1] = r;
                if r == 0.0 {
                    // The rotation vanished: the matrix splits here, and the sweep starts again.
                    d[i + 1] -= p;
                    e[split] = 0.0;
                    underflow = true;
                    break;
                }
                s = f / r;
                c = g / r;
                let next = d[i + 1] - p;
                let t = (d[i] - next) * s + 2.0 * c * b;
                p = s * t;
                d[i + 1] = next + p;
                g = c * t - b;
            }
            if !underflow {
                d[l] -= p;
                e[l] = g;
                e[split] = 0.0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{host, random};
    use burn::tensor::Device;

    fn gaussian(samples: usize, dim: usize, seed: u64) -> Vec<f32> {
        host(random([samples, dim], seed, &Device::flex()))
    }

    /// Cyclic Jacobi rotations: slow, and plainly right.
    fn jacobi(mut a: Vec<Vec<f64>>) -> Vec<f64> {
        let n = a.len();
        for _ in 0..50 {
            for p in 0..n {
                for q in p + 1..n {
                    if a[p][q].abs() < 1e-300 {
                        continue;
                    }
                    let angle = 0.5 * (2.0 * a[p][q]).atan2(a[q][q] - a[p][p]);
                    let (s, c) = angle.sin_cos();
                    for row in &mut a {
                        let (x, y) = (row[p], row[q]);
                        row[p] = c * x - s * y;
                        row[q] = s * x + c * y;
                    }
                    let (upper, lower) = a.split_at_mut(q);
                    for (x, y) in upper[p].iter_mut().zip(&mut lower[0]) {
                        (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
                    }
                }
            }
        }
        (0..n).map(|i| a[i][i]).collect()
    }

    fn sorted(mut values: Vec<f64>) -> Vec<f64> {
        values.sort_by(f64::total_cmp);
        values
    }

    #[test]
    fn eigenvalues_agree_with_jacobi_rotations() {
        for (case, n) in [1, 2, 3, 5, 12, 30].into_iter().enumerate() {
            let values = gaussian(n, n, case as u64);
            let symmetric: Vec<Vec<f64>> = (0..n)
                .map(|i| {
                    (0..n)
                        .map(|j| f64::from(values[i * n + j]) + f64::from(values[j * n + i]))
                        .collect()
                })
                .collect();
            let got = sorted(eigenvalues(symmetric.clone()));
            let expected = sorted(jacobi(symmetric));
            for (got, expected) in got.iter().zip(&expected) {
                assert!((got - expected).abs() < 1e-10, "n = {n}: {got} {expected}");
            }
        }
    }

    #[test]
    fn eigenvalues_of_special_matrices() {
        let diagonal = vec![
            vec![3.0, 0.0, 0.0],
            vec![0.0, -1.0, 0.0],
            vec![0.0, 0.0, 2.0],
        ];
        assert_eq!(sorted(eigenvalues(diagonal)), [-1.0, 2.0, 3.0]);
        assert_eq!(eigenvalues(vec![vec![0.0; 4]; 4]), [0.0; 4]);
        let ones = sorted(eigenvalues(vec![vec![1.0; 5]; 5]));
        assert!((ones[4] - 5.0).abs() < 1e-12 && ones[3].abs() < 1e-12);
    }

    #[test]
    fn evenly_spread_directions_have_the_rank_of_their_number() {
        // Plus and minus each of the first three axes of five.
        let mut rows = Vec::new();
        for axis in 0..3 {
            for sign in [1.0, -1.0] {
                let mut row = [0.0_f32; 5];
                row[axis] = sign;
                rows.extend(row);
            }
        }
        assert!((effective_rank(&rows, 5) - 3.0).abs() < 1e-9);
        // The same seen as more dimensions than samples.
        let wide: Vec<f32> = rows
            .chunks(5)
            .flat_map(|row| row.iter().copied().chain([0.0; 20]))
            .collect();
        assert!((effective_rank(&wide, 25) - 3.0).abs() < 1e-6);
    }

    #[test]
    fn a_constant_offset_adds_no_rank() {
        let rows = gaussian(200, 8, 3);
        let moved: Vec<f32> = rows.iter().map(|x| x + 10.0).collect();
        let (plain, moved) = (effective_rank(&rows, 8), effective_rank(&moved, 8));
        assert!((plain - moved).abs() < 1e-3, "{plain} {moved}");
        assert!(plain > 7.5 && plain <= 8.0, "{plain}");
    }

    #[test]
    fn collapsed_embeddings_have_no_rank_and_no_spread() {
        let equal = [1.0, 2.0, 3.0].repeat(10);
        assert_eq!(effective_rank(&equal, 3), 0.0);
        assert!(normalised_std(&equal, 3) < 1e-7);
        // One direction, other lengths: the spread of directions is 0, the rank is 1.
        let line: Vec<f32> = (1..=10).flat_map(|k| [k as f32, 2.0 * k as f32]).collect();
        assert!((effective_rank(&line, 2) - 1.0).abs() < 1e-5);
        assert!(normalised_std(&line, 2) < 1e-3);
    }

    #[test]
    fn isotropic_embeddings_have_a_normalised_std_of_one() {
        let std = normalised_std(&gaussian(2000, 32, 4), 32);
        assert!((std - 1.0).abs() < 0.01, "{std}");
    }

    #[test]
    fn values_that_are_not_finite_give_nan_instead_of_an_endless_loop() {
        for bad in [f32::NAN, f32::INFINITY] {
            assert!(effective_rank(&[1.0, bad, 0.0, 2.0], 2).is_nan());
            assert!(normalised_std(&[1.0, bad, 0.0, 2.0], 2).is_nan());
        }
        assert!(effective_rank(&[], 2).is_nan());
    }
}
