//! Functions made of the exponential, of vectors of numbers.

use pulp::Simd;

use super::gemm::multiply_add;

/// Where the sigmoid's exponential is still a normal number on either side.
const SIGMOID_LIMIT: f32 = 87.0;
/// Where the hyperbolic tangent rounds to 1.
const TANH_LIMIT: f32 = 10.0;

/// `1 / (1 + exp(-x))`, to a few units in the last place; of a NaN, NaN.
#[inline(always)]
pub fn sigmoid<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let limited = simd.min_f32s(
        simd.max_f32s(x, simd.splat_f32s(-SIGMOID_LIMIT)),
        simd.splat_f32s(SIGMOID_LIMIT),
    );
    let (power, rest) = exponential(simd, simd.neg_f32s(limited));
    let one = simd.splat_f32s(1.0);
    let y = simd.div_f32s(
        one,
        simd.add_f32s(one, multiply_add(simd, power, rest, power)),
    );
    unless_nan(simd, x, y)
}

/// The hyperbolic tangent, to a few units in the last place also near zero; of a NaN, NaN.
#[inline(always)]
pub fn tanh<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let magnitude = simd.min_f32s(simd.abs_f32s(x), simd.splat_f32s(TANH_LIMIT));
    let (power, rest) = exponential(simd, simd.mul_f32s(magnitude, simd.splat_f32s(-2.0)));
    // exp(-2|x|) - 1 without the cancellation: near zero the power is 1 and the rest is all of it.
    let less = multiply_add(
        simd,
        power,
        rest,
        simd.sub_f32s(power, simd.splat_f32s(1.0)),
    );
    let y = simd.div_f32s(
        simd.neg_f32s(less),
        simd.add_f32s(simd.splat_f32s(2.0), less),
    );
    let sign = simd.and_u32s(
        simd.transmute_u32s_f32s(x),
        simd.splat_u32s(f32::to_bits(-0.0)),
    );
    let signed = simd.or_u32s(simd.transmute_u32s_f32s(y), sign);
    unless_nan(simd, x, simd.transmute_f32s_u32s(signed))
}

/// `y` where `x` is a number.
#[inline(always)]
fn unless_nan<S: Simd>(simd: S, x: S::f32s, y: S::f32s) -> S::f32s {
    simd.select_f32s(simd.equal_f32s(x, x), y, x)
}

/// A power of two `p` and `q` with `exp(x) = p + p q` and `|q|` below 0.42, for `x` from -87 to 88.
///
/// `q` is the series of `exp(r) - 1` up to `r^7`, where `x = k ln 2 + r` and `|r|` is at most `ln 2 / 2`: the
/// first term left out is 5e-9.
#[inline(always)]
fn exponential<S: Simd>(simd: S, x: S::f32s) -> (S::f32s, S::f32s) {
    /// Adding it rounds to an integer, which then stands in the lowest bits.
    const ROUND: f32 = 1.5 * (1 << 23) as f32;
    /// `ln 2` in two parts: nine bits, whose product with any exponent is exact, and what is missing.
    const LN2: [f32; 2] = [355.0 / 512.0, -2.121_944_4e-4];
    let splat = |value| simd.splat_f32s(value);
    let shifted = multiply_add(simd, x, splat(std::f32::consts::LOG2_E), splat(ROUND));
    let k = simd.sub_f32s(shifted, splat(ROUND));
    let r = multiply_add(simd, k, splat(-LN2[0]), x);
    let r = multiply_add(simd, k, splat(-LN2[1]), r);
    let mut series = splat(1.0 / 5040.0);
    for term in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5] {
        series = multiply_add(simd, series, r, splat(term));
    }
    let rest = multiply_add(simd, simd.mul_f32s(r, r), series, r);
    // The exponent moves to its place; what stood above it falls off.
    let exponent =
        simd.wrapping_dyn_shl_u32s(simd.transmute_u32s_f32s(shifted), simd.splat_u32s(23));
    let power = simd.add_u32s(exponent, simd.splat_u32s(1.0f32.to_bits()));
    (simd.transmute_f32s_u32s(power), rest)
}

#[cfg(test)]
mod tests {
    use pulp::WithSimd;

    use super::super::isa::Isa;
    use super::*;

    /// Both functions of numbers.
    struct Both<'a>(&'a [f32]);

    impl WithSimd for Both<'_> {
        type Output = Vec<[f32; 2]>;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
            let mut values = Vec::new();
            for x in self.0 {
                let mut of_both = [0.0; 2];
                let x = simd.partial_load_f32s(&[*x]);
                simd.partial_store_f32s(&mut of_both[..1], sigmoid(simd, x));
                simd.partial_store_f32s(&mut of_both[1..], tanh(simd, x));
                values.push(of_both);
            }
            values
        }
    }

    #[test]
    fn values_are_those_of_double_precision_also_near_zero_and_far_out() {
        let magnitudes = (-60..=14).map(|i| 1.5f32.powi(i));
        let grid = (-4000..=4000).map(|i| i as f32 * 0.005);
        let numbers: Vec<f32> = magnitudes
            .flat_map(|x| [x, -x])
            .chain(grid)
            .chain([0.0, 86.9, -86.9])
            .collect();
        for isa in Isa::available() {
            for (x, [sigmoid, tanh]) in numbers.iter().zip(isa.run(Both(&numbers))) {
                let exact = f64::from(*x);
                let logistic = 1.0 / (1.0 + (-exact).exp());
                if x.abs() < 87.0 {
                    let error = (f64::from(sigmoid) / logistic - 1.0).abs();
                    assert!(error < 1e-6, "{isa:?}: sigmoid({x}) = {sigmoid}");
                } else {
                    assert!((f64::from(sigmoid) - logistic).abs() < 1e-37);
                }
                let error = (f64::from(tanh) - exact.tanh()).abs();
                assert!(
                    error <= 5e-7 * exact.tanh().abs(),
                    "{isa:?}: tanh({x}) = {tanh}"
                );
            }
        }
    }

    #[test]
    fn infinities_saturate_and_a_nan_stays_one() {
        for isa in Isa::available() {
            let [high, low, nan] =
                [f32::INFINITY, f32::NEG_INFINITY, f32::NAN].map(|x| isa.run(Both(&[x]))[0]);
            assert!((high[0] - 1.0).abs() < 1e-6 && (high[1] - 1.0).abs() < 1e-6);
            assert!(low[0] < 1e-30 && (low[1] + 1.0).abs() < 1e-6);
            assert!(nan[0].is_nan() && nan[1].is_nan(), "{isa:?}");
        }
    }
}
