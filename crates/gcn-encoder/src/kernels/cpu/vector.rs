//! Loops over slices, to be inlined into an operation that [`Isa::run`](super::isa::Isa::run) compiles.

use pulp::Simd;

use super::gemm::multiply_add;

/// `out = factor x`.
#[inline(always)]
pub fn scale(out: &mut [f32], factor: f32, x: &[f32]) {
    for (out, x) in out.iter_mut().zip(x) {
        *out = factor * x;
    }
}

/// `out += factor x`.
#[inline(always)]
pub fn add_scaled(out: &mut [f32], factor: f32, x: &[f32]) {
    for (out, x) in out.iter_mut().zip(x) {
        *out += factor * x;
    }
}

/// `out += x`.
#[inline(always)]
pub fn add(out: &mut [f32], x: &[f32]) {
    for (out, x) in out.iter_mut().zip(x) {
        *out += x;
    }
}

/// `sum + a * b`, lane by lane, over two slices of one length.
#[inline(always)]
pub fn accumulate_product<S: Simd>(simd: S, mut sum: S::f32s, a: &[f32], b: &[f32]) -> S::f32s {
    let (a, a_tail) = S::as_simd_f32s(a);
    let (b, b_tail) = S::as_simd_f32s(b);
    for (a, b) in a.iter().zip(b) {
        sum = multiply_add(simd, *a, *b, sum);
    }
    if a_tail.is_empty() {
        return sum;
    }
    multiply_add(
        simd,
        simd.partial_load_f32s(a_tail),
        simd.partial_load_f32s(b_tail),
        sum,
    )
}

/// A chunk of a slice, of as many numbers as a vector has or, at the slice's end, fewer.
#[inline(always)]
pub fn load<S: Simd>(simd: S, chunk: &[f32]) -> S::f32s {
    match S::as_simd_f32s(chunk).0 {
        [whole, ..] => *whole,
        [] => simd.partial_load_f32s(chunk),
    }
}

/// The reverse of [`load`].
#[inline(always)]
pub fn store<S: Simd>(simd: S, chunk: &mut [f32], vector: S::f32s) {
    match S::as_mut_simd_f32s(chunk).0 {
        [whole, ..] => *whole = vector,
        [] => simd.partial_store_f32s(chunk, vector),
    }
}
