//! Matrix products of the shapes that graph and temporal convolution need.
//!
//! The `gemm` crate is made for large matrices: it packs both operands on every call. Here the same weights
//! meet thousands of small blocks, the left operand is often read at an offset (a tap of a convolution) or
//! transposed (a weight gradient), and either is free when the left operand is read number by number. So this
//! is one register-blocked loop over operands where they lie, with the weights packed once.

use std::any::TypeId;

use pulp::{MemMask, Simd, WithSimd};

use super::isa::Isa;

/// The left operand of a product: entry `(i, k)` with `k = (o, c)` lies at
/// `i * row + o * outer + c * inner`.
#[derive(Clone, Copy, Debug)]
pub struct Left<'a> {
    /// The numbers.
    pub data: &'a [f32],
    /// Distance of two rows.
    pub row: usize,
    /// Distance of two neighbours in the depth.
    pub inner: usize,
    /// Distance of two blocks of the depth.
    pub outer: usize,
}

impl<'a> Left<'a> {
    /// Rows of contiguous numbers, `row` apart.
    pub fn rows(data: &'a [f32], row: usize) -> Self {
        Self {
            data,
            row,
            inner: 1,
            outer: 0,
        }
    }

    /// The transpose of rows of contiguous numbers, `row` apart.
    pub fn transposed(data: &'a [f32], row: usize) -> Self {
        Self {
            data,
            row: 1,
            inner: row,
            outer: 0,
        }
    }
}

/// The right operand of a product.
#[derive(Clone, Copy, Debug)]
pub enum Right<'a> {
    /// Rows of contiguous numbers, `stride` apart.
    Rows {
        /// The numbers.
        data: &'a [f32],
        /// Distance of two rows.
        stride: usize,
    },
    /// What [`pack`] wrote, for the same instructions.
    Packed(&'a [f32]),
}

/// The extent of a product `[m, k] [k, n]`, with `k = outer * inner`.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// Rows of the result.
    pub m: usize,
    /// Columns of the result.
    pub n: usize,
    /// Blocks of the depth.
    pub outer: usize,
    /// Depth of a block.
    pub inner: usize,
}

impl Extent {
    /// A product whose depth is one block.
    pub fn new(m: usize, n: usize, k: usize) -> Self {
        Self {
            m,
            n,
            outer: 1,
            inner: k,
        }
    }
}

/// What becomes of the numbers that were in the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Into {
    /// They are overwritten.
    Overwrite,
    /// The product is added to them.
    Add,
}

/// `out = left right`, or `out += left right`; row `i` of `out` begins at `i * out_stride`.
///
/// # Panics
/// When an operand is too short for `extent`.
pub fn multiply(
    isa: Isa,
    extent: Extent,
    left: Left,
    right: Right,
    out: &mut [f32],
    out_stride: usize,
    into: Into,
) {
    let Extent { m, n, outer, inner } = extent;
    let k = outer * inner;
    if m == 0 || n == 0 {
        return;
    }
    assert!(
        n <= out_stride && (m - 1) * out_stride + n <= out.len(),
        "product of {m} x {n} rows {out_stride} apart does not fit {} numbers",
        out.len()
    );
    if k == 0 {
        if into == Into::Overwrite {
            for row in out.chunks_mut(out_stride.max(1)).take(m) {
                row[..n].fill(0.0);
            }
        }
        return;
    }
    let last = (m - 1) * left.row + (outer - 1) * left.outer + (inner - 1) * left.inner;
    assert!(
        last < left.data.len(),
        "left operand has {} numbers, entry {last} is needed",
        left.data.len()
    );
    let (needed, given) = match right {
        Right::Rows { data, stride } => ((k - 1) * stride + n, data.len()),
        Right::Packed(data) => (k * n, data.len()),
    };
    assert!(
        needed <= given,
        "right operand has {given} numbers, {needed} are needed"
    );
    isa.run(Multiply {
        extent,
        left,
        right,
        out,
        out_stride,
        into,
    });
}

/// Copies the matrix whose entry `(k, n)` lies at `k * rows + n * columns` of `data` into `packed`, so that
/// [`multiply`] reads it in order. As long as the matrix: `depth * n` numbers.
///
/// # Panics
/// When `packed` has another length, or `data` is too short.
pub fn pack(
    isa: Isa,
    [depth, n]: [usize; 2],
    data: &[f32],
    [rows, columns]: [usize; 2],
    packed: &mut [f32],
) {
    assert_eq!(packed.len(), depth * n);
    let panel = isa.run(PanelWidth);
    for start in (0..n).step_by(panel) {
        let width = panel.min(n - start);
        let block = &mut packed[depth * start..depth * (start + width)];
        for (k, row) in block.chunks_exact_mut(width).enumerate() {
            for (j, entry) in row.iter_mut().enumerate() {
                *entry = data[k * rows + (start + j) * columns];
            }
        }
    }
}

struct PanelWidth;

impl WithSimd for PanelWidth {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> usize {
        panel_vectors::<S>() * S::F32_LANES
    }
}

/// How many vectors wide a panel of the right operand is: as many as let a tile of six rows stay in registers.
const fn panel_vectors<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 { 4 } else { 2 }
}

struct Multiply<'a> {
    extent: Extent,
    left: Left<'a>,
    right: Right<'a>,
    out: &'a mut [f32],
    out_stride: usize,
    into: Into,
}

impl WithSimd for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Extent { m, n, outer, inner } = self.extent;
        let panel = panel_vectors::<S>() * S::F32_LANES;
        for start in (0..n).step_by(panel) {
            let width = panel.min(n - start);
            let (right, right_stride) = match self.right {
                Right::Rows { data, stride } => (data[start..].as_ptr(), stride),
                Right::Packed(data) => (data[outer * inner * start..].as_ptr(), width),
            };
            let tile = Tile {
                outer,
                inner,
                left: self.left.data.as_ptr(),
                left_row: self.left.row,
                left_inner: self.left.inner,
                left_outer: self.left.outer,
                right,
                right_stride,
                out: self.out[start..].as_mut_ptr(),
                out_stride: self.out_stride,
                add: self.into == Into::Add,
                last: (width - 1) % S::F32_LANES + 1,
            };
            let vectors = width.div_ceil(S::F32_LANES);
            let whole = tile.last == S::F32_LANES;
            match (vectors, whole) {
                (1, true) => tile.rows::<S, 1, 8, false>(simd, m),
                (2, true) if S::REGISTER_COUNT >= 32 => tile.rows::<S, 2, 8, false>(simd, m),
                (2, true) => tile.rows::<S, 2, 6, false>(simd, m),
                (3, true) => tile.rows::<S, 3, 8, false>(simd, m),
                (4, true) => tile.rows::<S, 4, 6, false>(simd, m),
                (1, false) => tile.rows::<S, 1, 8, true>(simd, m),
                (2, false) if S::REGISTER_COUNT >= 32 => tile.rows::<S, 2, 8, true>(simd, m),
                (2, false) => tile.rows::<S, 2, 6, true>(simd, m),
                (3, false) => tile.rows::<S, 3, 8, true>(simd, m),
                _ => tile.rows::<S, 4, 6, true>(simd, m),
            }
        }
    }
}

/// One panel of a product, and where its operands lie.
#[derive(Clone, Copy)]
struct Tile {
    outer: usize,
    inner: usize,
    left: *const f32,
    left_row: usize,
    left_inner: usize,
    left_outer: usize,
    right: *const f32,
    right_stride: usize,
    out: *mut f32,
    out_stride: usize,
    add: bool,
    /// Numbers in the last vector of a row.
    last: usize,
}

impl Tile {
    /// All `m` rows, `MR` at a time and the rest four, two and one at a time.
    #[inline(always)]
    #[expect(
        unsafe_code,
        reason = "pointers advance by rows that `multiply` has checked"
    )]
    fn rows<S: Simd, const NR: usize, const MR: usize, const PARTIAL: bool>(
        mut self,
        simd: S,
        m: usize,
    ) {
        let mut left = m;
        // SAFETY: `multiply` asserts that row `m - 1` of both operands is in bounds, and each step consumes as
        // many rows as it advances by. `wrapping_add` leaves the pointer behind the last row alone.
        unsafe {
            while left >= MR {
                self.block::<S, NR, MR, PARTIAL>(simd);
                self.advance(MR);
                left -= MR;
            }
            if left >= 4 {
                self.block::<S, NR, 4, PARTIAL>(simd);
                self.advance(4);
                left -= 4;
            }
            if left >= 2 {
                self.block::<S, NR, 2, PARTIAL>(simd);
                self.advance(2);
                left -= 2;
            }
            if left >= 1 {
                self.block::<S, NR, 1, PARTIAL>(simd);
            }
        }
    }

    #[inline(always)]
    fn advance(&mut self, rows: usize) {
        self.left = self.left.wrapping_add(rows * self.left_row);
        self.out = self.out.wrapping_add(rows * self.out_stride);
    }

    /// `MR` rows of `NR` vectors, in registers over the whole depth.
    ///
    /// # Safety
    /// Rows `0..MR` of both operands and of the result, as the fields describe them, are in bounds.
    #[inline(always)]
    #[expect(
        unsafe_code,
        reason = "the innermost loop reads without bounds checks; `multiply` made them"
    )]
    unsafe fn block<S: Simd, const NR: usize, const MR: usize, const PARTIAL: bool>(self, simd: S) {
        // Made anew, so that a masked load is one instruction and not a call through a table.
        let mask = MemMask::new(simd.mask_between_m32s(0, self.last as u32).mask());
        let mut sums = [[simd.splat_f32s(0.0); NR]; MR];
        let mut right = self.right;
        for o in 0..self.outer {
            let mut left = self.left.wrapping_add(o * self.left_outer);
            for _ in 0..self.inner {
                let mut vectors = [simd.splat_f32s(0.0); NR];
                for (j, vector) in vectors.iter_mut().enumerate() {
                    let at = right.wrapping_add(j * S::F32_LANES);
                    // SAFETY: row of the right operand in bounds by the caller's promise; the mask keeps the
                    // last vector inside the row.
                    *vector = unsafe {
                        if PARTIAL && j == NR - 1 {
                            simd.mask_load_ptr_f32s(mask, at)
                        } else {
                            at.cast::<S::f32s>().read_unaligned()
                        }
                    };
                }
                for (i, sums) in sums.iter_mut().enumerate() {
                    // SAFETY: row `i < MR` of the left operand, in bounds by the caller's promise.
                    let entry = simd.splat_f32s(unsafe { *left.wrapping_add(i * self.left_row) });
                    for (sum, vector) in sums.iter_mut().zip(vectors) {
                        *sum = multiply_add(simd, entry, vector, *sum);
                    }
                }
                left = left.wrapping_add(self.left_inner);
                right = right.wrapping_add(self.right_stride);
            }
        }
        for (i, sums) in sums.into_iter().enumerate() {
            for (j, sum) in sums.into_iter().enumerate() {
                let at = self
                    .out
                    .wrapping_add(i * self.out_stride + j * S::F32_LANES);
                // SAFETY: row `i < MR` of the result, in bounds by the caller's promise; the mask keeps the
                // last vector inside the row.
                unsafe {
                    if PARTIAL && j == NR - 1 {
                        let sum = if self.add {
                            simd.add_f32s(simd.mask_load_ptr_f32s(mask, at), sum)
                        } else {
                            sum
                        };
                        simd.mask_store_ptr_f32s(mask, at, sum);
                    } else {
                        let at = at.cast::<S::f32s>();
                        let sum = if self.add {
                            simd.add_f32s(at.read_unaligned(), sum)
                        } else {
                            sum
                        };
                        at.write_unaligned(sum);
                    }
                }
            }
        }
    }
}

/// `a * b + c`, fused where the processor can: in software, fusing costs a hundred times a multiplication.
#[inline(always)]
pub fn multiply_add<S: Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
    if TypeId::of::<S>() == TypeId::of::<pulp::Scalar256b>() {
        simd.add_f32s(simd.mul_f32s(a, b), c)
    } else {
        simd.mul_add_f32s(a, b, c)
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::super::testing::{assert_close, generator, noise};
    use super::*;

    #[test]
    fn products_of_any_extent_and_layout_follow_the_definition() {
        let mut rng = generator(1);
        let extents = (1..=9)
            .map(|m| [m, 1, 1, 3])
            .chain((1..=70).map(|n| [7, n, 1, 2]))
            .chain([
                [13, 257, 2, 5],
                [25, 100, 3, 16],
                [1, 64, 1, 0],
                [6, 33, 0, 4],
            ])
            .chain((0..40).map(|_| [(); 4].map(|()| rng.random_range(1..40))));
        let mut rng = generator(2);
        for [m, n, outer, inner] in extents.collect::<Vec<_>>() {
            let k = outer * inner;
            let extent = Extent { m, n, outer, inner };
            // Gaps between rows, between blocks of the depth, and at the end of a row of the result.
            let gaps: [usize; 3] = [(); 3].map(|()| rng.random_range(0..5));
            let (out_stride, right_stride) = (n + gaps[0], n + gaps[1]);
            let row = outer * (inner + gaps[2]);
            let left = noise(&mut rng, m * row);
            let right = noise(&mut rng, k * right_stride);
            let before = noise(&mut rng, m * out_stride);
            let transposed: Vec<f32> = (0..row)
                .flat_map(|c| (0..m).map(move |r| (r, c)))
                .map(|(r, c)| left[r * row + c])
                .collect();
            let layouts = [
                Left {
                    data: &left,
                    row,
                    inner: 1,
                    outer: inner + gaps[2],
                },
                Left {
                    data: &transposed,
                    row: 1,
                    inner: m,
                    outer: (inner + gaps[2]) * m,
                },
            ];
            for isa in Isa::available() {
                let mut packed = vec![0.0; k * n];
                pack(isa, [k, n], &right, [right_stride, 1], &mut packed);
                let rights = [
                    Right::Rows {
                        data: &right,
                        stride: right_stride,
                    },
                    Right::Packed(&packed),
                ];
                for (left_layout, right_layout, into) in layouts
                    .iter()
                    .flat_map(|l| rights.iter().map(move |r| (l, r)))
                    .flat_map(|(l, r)| [(l, r, Into::Add), (l, r, Into::Overwrite)])
                {
                    let mut out = before.clone();
                    multiply(
                        isa,
                        extent,
                        *left_layout,
                        *right_layout,
                        &mut out,
                        out_stride,
                        into,
                    );
                    let expected: Vec<f64> = before
                        .iter()
                        .enumerate()
                        .map(|(i, before)| {
                            let (i, j) = (i / out_stride, i % out_stride);
                            let before = f64::from(*before);
                            if j >= n {
                                return before;
                            }
                            let product: f64 = (0..k)
                                .map(|q| {
                                    let at = q / inner * (inner + gaps[2]) + q % inner;
                                    f64::from(left[i * row + at])
                                        * f64::from(right[q * right_stride + j])
                                })
                                .sum();
                            if into == Into::Add {
                                before + product
                            } else {
                                product
                            }
                        })
                        .collect();
                    let what = format!("{isa:?}, {extent:?}, {into:?}");
                    assert_close(&what, &out, &expected, 1e-5);
                }
            }
        }
    }

    #[test]
    fn operands_that_are_too_short_are_refused() {
        let short = |left: usize, right: usize, out: usize| {
            std::panic::catch_unwind(|| {
                multiply(
                    Isa::Portable,
                    Extent::new(2, 3, 4),
                    Left::rows(&vec![0.0; left], 4),
                    Right::Packed(&vec![0.0; right]),
                    &mut vec![0.0; out],
                    3,
                    Into::Overwrite,
                );
            })
            .is_err()
        };
        assert!(!short(8, 12, 6));
        assert!(short(7, 12, 6));
        assert!(short(8, 11, 6));
        assert!(short(8, 12, 5));
    }
}
