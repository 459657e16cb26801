use rand::RngExt;

use super::*;
use crate::kernels::cpu::testing::{assert_close, generator, noise};

/// Calls `f` with the indices (x, weight, y) of every product that does not meet padding.
fn each(shape: TemporalShape, mut f: impl FnMut(usize, usize, usize)) {
    let TemporalShape {
        frames,
        joints,
        channels,
        outputs,
        ..
    } = shape;
    for (b, o, j) in (0..shape.bodies)
        .flat_map(|b| (0..shape.frames_out()).map(move |o| (b, o)))
        .flat_map(|(b, o)| (0..shape.taps).map(move |j| (b, o, j)))
    {
        let Some(i) = (o * shape.stride + j * shape.dilation)
            .checked_sub(shape.reach())
            .filter(|i| *i < frames)
        else {
            continue;
        };
        for v in 0..joints {
            let x = ((b * frames + i) * joints + v) * channels;
            let y = ((b * shape.frames_out() + o) * joints + v) * outputs;
            for c in 0..channels {
                for d in 0..outputs {
                    f(x + c, (j * channels + c) * outputs + d, y + d);
                }
            }
        }
    }
}

fn shape(
    [bodies, frames, joints, channels, outputs]: [usize; 5],
    [taps, stride, dilation]: [usize; 3],
) -> TemporalShape {
    TemporalShape {
        bodies,
        frames,
        joints,
        channels,
        outputs,
        taps,
        stride,
        dilation,
    }
}

#[test]
fn every_plan_follows_the_definition() {
    let mut rng = generator(4);
    let mut shapes = vec![
        shape([1, 1, 1, 1, 1], [9, 1, 1]),
        shape([1, 1, 1, 1, 1], [1, 1, 1]),
        shape([1, 5, 1, 257, 3], [9, 1, 1]),
        shape([2, 4, 1, 3, 257], [9, 2, 1]),
        shape([1, 40, 2, 3, 4], [9, 1, 1]),
        shape([1, 41, 2, 3, 4], [9, 2, 1]),
        shape([1, 30, 2, 3, 4], [5, 1, 3]),
        shape([3, 31, 1, 2, 5], [5, 3, 2]),
        shape([9, 13, 25, 4, 4], [9, 1, 1]),
    ];
    for _ in 0..25 {
        let sizes = [20, 30, 5, 20, 20].map(|most| rng.random_range(1..most));
        let taps = [1, 3, 5, 9][rng.random_range(0..4)];
        shapes.push(shape(
            sizes,
            [taps, rng.random_range(1..4), rng.random_range(1..4)],
        ));
    }
    for shape in shapes {
        let x = noise(&mut rng, shape.inputs_len());
        let weight = noise(&mut rng, shape.weights_len());
        let dy = noise(&mut rng, shape.outputs_len());
        let mut y = vec![0.0; dy.len()];
        let mut dx = vec![0.0; x.len()];
        let mut dweight = vec![0.0; weight.len()];
        each(shape, |i, j, o| {
            y[o] += f64::from(x[i]) * f64::from(weight[j]);
            dx[i] += f64::from(dy[o]) * f64::from(weight[j]);
            dweight[j] += f64::from(dy[o]) * f64::from(x[i]);
        });
        let segments = [shape.frames, 7, 12].map(|segment| Plan::Spectral {
            segment: segment.next_multiple_of(shape.stride),
        });
        for plan in [Plan::Direct].into_iter().chain(segments) {
            for isa in Isa::available() {
                let what = format!("{isa:?}, {plan:?}, {shape:?}");
                let mut out = vec![f32::NAN; y.len()];
                forward(isa, shape, plan, &x, &weight, &mut out);
                assert_close(&format!("y, {what}"), &out, &y, 1e-5);
                let (ours, our_weight) = backward(isa, shape, plan, &x, &weight, &dy);
                assert_close(&format!("dx, {what}"), &ours, &dx, 1e-5);
                assert_close(&format!("dweight, {what}"), &our_weight, &dweight, 1e-5);
            }
        }
    }
}

#[test]
fn the_gradient_of_the_weight_is_summed_over_turns() {
    // More transformed numbers than are kept at once.
    let shape = shape([7, 40, 25, 128, 128], [9, 1, 1]);
    let plan = Plan::Spectral { segment: 40 };
    let mut rng = generator(5);
    let x = noise(&mut rng, shape.inputs_len());
    let weight = noise(&mut rng, shape.weights_len());
    let dy = noise(&mut rng, shape.outputs_len());
    let isa = Isa::best();
    let (dx, dweight) = backward(isa, shape, plan, &x, &weight, &dy);
    let (expected_dx, expected) = backward(isa, shape, Plan::Direct, &x, &weight, &dy);
    let double = |values: &[f32]| values.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
    assert_close("dx", &dx, &double(&expected_dx), 1e-5);
    assert_close("dweight", &dweight, &double(&expected), 1e-5);
}

#[test]
fn wide_layers_go_through_frequencies_and_single_taps_do_not() {
    let plan = |frames, channels, taps| {
        Plan::for_shape(shape([64, frames, 25, channels, channels], [taps, 1, 1]))
    };
    assert_eq!(plan(13, 256, 9), Plan::Spectral { segment: 13 });
    assert_eq!(plan(13, 256, 1), Plan::Direct);
    assert_eq!(plan(50, 4, 9), Plan::Direct);
    let Plan::Spectral { segment } = plan(300, 256, 9) else {
        panic!("256 channels are multiplied at their frequencies");
    };
    assert!(segment < 300, "a long sequence goes in segments");
}
