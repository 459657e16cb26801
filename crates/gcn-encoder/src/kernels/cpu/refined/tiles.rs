//! Products of matrices whose entries are vectors of channels, each channel by itself.
//!
//! A tile of the result stays in registers over the whole depth. Both operands are packed in the order in
//! which a tile reads them, so that the innermost loop runs over memory and checks nothing.

use pulp::Simd;

use crate::kernels::cpu::gemm::multiply_add;

/// Columns of a tile: a divisor of the usual numbers of joints.
pub const COLUMNS: usize = 5;

/// The numbers of one vector, zeros where `numbers` are fewer than its lanes.
#[inline(always)]
pub fn load<S: Simd>(simd: S, numbers: &[f32]) -> S::f32s {
    let (whole, part) = S::as_simd_f32s(numbers);
    match whole.first() {
        Some(vector) => *vector,
        None => simd.partial_load_f32s(part),
    }
}

/// Writes as many lanes of `vector` as `numbers` has room for.
#[inline(always)]
pub fn store<S: Simd>(simd: S, numbers: &mut [f32], vector: S::f32s) {
    let (whole, part) = S::as_mut_simd_f32s(numbers);
    match whole.first_mut() {
        Some(to) => *to = vector,
        None => simd.partial_store_f32s(part, vector),
    }
}

/// Vectors that [`pack`] writes for tiles of `n` of `count` rows or columns.
pub fn packed_len(count: usize, depth: usize, n: usize) -> usize {
    count.next_multiple_of(n) * depth
}

/// Packs the vectors `entry(i, k)`, `i` below `count` and `k` below `depth`, into tiles of `N`: as the tile, the
/// depth, and the place in the tile count up. What a last tile has too much is zero.
#[inline(always)]
pub fn pack<S: Simd, const N: usize>(
    simd: S,
    [count, depth]: [usize; 2],
    packed: &mut [S::f32s],
    entry: impl Fn(usize, usize) -> S::f32s,
) {
    let (vectors, _) = packed.as_chunks_mut::<N>();
    for (tile, vectors) in vectors.chunks_exact_mut(depth).enumerate() {
        let first = tile * N;
        for (k, vectors) in vectors.iter_mut().enumerate() {
            for (i, vector) in vectors.iter_mut().enumerate() {
                *vector = if first + i < count {
                    entry(first + i, k)
                } else {
                    simd.splat_f32s(0.0)
                };
            }
        }
    }
}

/// One tile of the product of two packed tiles: entry `(i, j)` is the sum over the depth of `left[k][i]` times
/// `right[k][j]`.
#[inline(always)]
pub fn product<S: Simd, const I: usize, const J: usize>(
    simd: S,
    left: &[S::f32s],
    right: &[S::f32s],
) -> [[S::f32s; J]; I] {
    let mut sums = [[simd.splat_f32s(0.0); J]; I];
    let (left, _) = left.as_chunks::<I>();
    let (right, _) = right.as_chunks::<J>();
    for (left, right) in left.iter().zip(right) {
        for (sums, left) in sums.iter_mut().zip(left) {
            for (sum, right) in sums.iter_mut().zip(right) {
                *sum = multiply_add(simd, *left, *right, *sum);
            }
        }
    }
    sums
}
