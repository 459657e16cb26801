//! Every operation's kernel against its composition of burn operations, on random shapes: values, and all
//! gradients, which burn's autodiff derives for the composition and the kernels (and the composed gradients,
//! which backends without kernels run) write out.
#![allow(clippy::unwrap_used)]

use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex};
use burn::tensor::{Device, Int, Tensor, TensorData};
use gcn_encoder::kernels::{
    Graph, GruWeights, RefinedGraph, Scales, Terms, affine_activate, batch_norm_activate, composed,
    graph_convolution, gru, joint_affinity, joint_relations, mean_pool, multi_scale_convolution,
    refined_aggregation, temporal_convolution,
};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

type Tracked = Autodiff<Flex>;

/// Largest difference, relative to the largest number of a tensor.
const TOLERANCE: f32 = 2e-5;
/// Numbers of an activation at most, so that shapes are many rather than large.
const LARGEST: usize = 60_000;

fn tracked<const D: usize>(rng: &mut impl Rng, shape: [usize; D]) -> Tensor<D> {
    constant(rng, shape).require_grad()
}

/// Numbers between -1 and 1.
fn constant<const D: usize>(rng: &mut impl Rng, shape: [usize; D]) -> Tensor<D> {
    let length = shape.iter().product();
    let numbers: Vec<f32> = (0..length).map(|_| rng.random_range(-1.0..1.0)).collect();
    Tensor::from_data(TensorData::new(numbers, shape), &Device::flex().autodiff())
}

fn primitive<const D: usize>(tensor: &Tensor<D>) -> FloatTensor<Tracked> {
    tensor.clone().try_into_primitive::<Tracked>().unwrap()
}

fn plain<const D: usize>(tensor: &Tensor<D>) -> FloatTensor<Flex> {
    let tensor = tensor.clone().without_autodiff();
    tensor.try_into_primitive::<Flex>().unwrap()
}

fn tensor<const D: usize>(primitive: FloatTensor<Tracked>) -> Tensor<D> {
    Tensor::from_primitive::<Tracked>(primitive)
}

fn unplain<const D: usize>(primitive: FloatTensor<Flex>) -> Tensor<D> {
    Tensor::from_primitive::<Flex>(primitive)
}

fn assert_close<const D: usize>(what: &str, ours: Tensor<D>, theirs: Tensor<D>) {
    assert_eq!(ours.dims(), theirs.dims(), "{what}");
    let [ours, theirs] = [ours, theirs].map(|tensor| tensor.into_data());
    let theirs: Vec<f32> = theirs.iter::<f32>().collect();
    let scale = theirs
        .iter()
        .fold(1e-2f32, |max, value| max.max(value.abs()));
    for (i, (ours, theirs)) in ours.iter::<f32>().zip(theirs).enumerate() {
        assert!(
            (ours - theirs).abs() <= TOLERANCE * scale,
            "{what}, entry {i}: {ours}, composed {theirs}, largest {scale}"
        );
    }
}

/// Gradients of leaves, as kernel, composition and composed gradient have them.
struct Check<'a> {
    what: &'a str,
    kernel: burn::tensor::Gradients,
    composition: burn::tensor::Gradients,
}

impl<'a> Check<'a> {
    /// Compares the outputs and takes both backward with one gradient.
    fn new<const D: usize>(
        what: &'a str,
        kernel: Tensor<D>,
        composition: Tensor<D>,
        gradient: &Tensor<D>,
    ) -> Self {
        assert_close(what, kernel.clone(), composition.clone());
        let backward = |output: Tensor<D>| (output * gradient.clone()).sum().backward();
        Self {
            what,
            kernel: backward(kernel),
            composition: backward(composition),
        }
    }

    /// The leaf's gradient by the three of them.
    fn leaf<const D: usize>(&self, name: &str, leaf: &Tensor<D>, written: FloatTensor<Flex>) {
        let expected = leaf.grad(&self.composition).unwrap();
        let what = format!("gradient of {name}, {}", self.what);
        assert_close(&what, leaf.grad(&self.kernel).unwrap(), expected.clone());
        assert_close(&format!("composed {what}"), unplain::<D>(written), expected);
    }
}

/// Bodies, frames, joints, channels and outputs, with the unusual ones often.
fn sizes(rng: &mut impl Rng) -> [usize; 5] {
    loop {
        let pick = |rng: &mut dyn Rng, usual: &[usize], most: usize| {
            if rng.random_bool(0.5) {
                usual[rng.random_range(0..usual.len())]
            } else {
                rng.random_range(1..=most)
            }
        };
        let b = pick(rng, &[1, 2, 4], 17);
        let t = pick(rng, &[1, 3, 13, 25], 52);
        let v = pick(rng, &[1, 20, 25], 26);
        let c = pick(rng, &[1, 3, 16, 64, 256], 257);
        let d = pick(rng, &[1, 16, 32, 64, 257], 257);
        if b * t * v * c.max(d) <= LARGEST {
            return [b, t, v, c, d];
        }
    }
}

#[test]
fn graph_convolution_is_its_composition() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for case in 0..40 {
        let [b, t, v, c, d] = sizes(&mut rng);
        let k = rng.random_range(1..4);
        let x = tracked(&mut rng, [b, t, v, c]);
        let weight = tracked(&mut rng, [k, c, d]);
        let bias = tracked(&mut rng, [k, d]);
        let gradient = constant(&mut rng, [b, t, v, d]);
        let what = format!("{:?} to {d}, {k} subsets", x.dims());

        // Two thirds of the entries are absent.
        let adjacency = constant(&mut rng, [k, v, v]);
        let adjacency = adjacency.clone().mask_fill(adjacency.lower_elem(0.3), 0.0);
        let importance = tracked(&mut rng, [k, v, v]);
        let kernel = graph_convolution(
            x.clone(),
            Graph::Fixed {
                adjacency: adjacency.clone(),
                importance: importance.clone(),
            },
            weight.clone(),
            bias.clone(),
        );
        let composition = composed::fixed_graph_convolution::<Tracked>(
            primitive(&x),
            primitive(&adjacency),
            primitive(&importance),
            primitive(&weight),
            primitive(&bias),
        );
        let (dx, dimportance, dweight, dbias) = composed::fixed_graph_convolution_backward::<Flex>(
            plain(&x),
            plain(&adjacency),
            plain(&importance),
            plain(&weight),
            plain(&bias),
            plain(&gradient),
        );
        let check = Check::new(&what, kernel, tensor(composition), &gradient);
        check.leaf("x", &x, dx);
        check.leaf("importance", &importance, dimportance);
        check.leaf("weight", &weight, dweight);
        check.leaf("bias", &bias, dbias);

        let graph = tracked(&mut rng, [if case % 2 == 0 { 1 } else { b }, k, v, v]);
        let kernel = graph_convolution(
            x.clone(),
            Graph::Dense(graph.clone()),
            weight.clone(),
            bias.clone(),
        );
        let composition = composed::dense_graph_convolution::<Tracked>(
            primitive(&x),
            primitive(&graph),
            primitive(&weight),
            primitive(&bias),
        );
        let (dx, dgraph, dweight, dbias) = composed::dense_graph_convolution_backward::<Flex>(
            plain(&x),
            plain(&graph),
            plain(&weight),
            plain(&bias),
            plain(&gradient),
        );
        let check = Check::new(&what, kernel, tensor(composition), &gradient);
        check.leaf("x", &x, dx);
        check.leaf("graph", &graph, dgraph);
        check.leaf("weight", &weight, dweight);
        check.leaf("bias", &bias, dbias);
    }
}

#[test]
fn affinity_is_its_composition() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    for _ in 0..30 {
        let [b, t, v, e, _] = sizes(&mut rng);
        let (k, e) = (rng.random_range(1..4), e.div_ceil(8));
        let x = tracked(&mut rng, [b, t, v, 2 * k * e]);
        let gradient = constant(&mut rng, [b, k, v, v]);
        let what = format!("{:?}, {k} subsets", x.dims());
        let kernel = joint_affinity(x.clone(), k);
        let composition = composed::joint_affinity::<Tracked>(primitive(&x), k);
        let dx = composed::joint_affinity_backward::<Flex>(plain(&x), plain(&gradient));
        let check = Check::new(&what, kernel, tensor(composition), &gradient);
        check.leaf("embeddings", &x, dx);
    }
}

#[test]
fn refined_aggregation_is_its_composition() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    for _ in 0..30 {
        let [b, t, v, _, d] = loop {
            let sizes @ [b, _, v, _, d] = sizes(&mut rng);
            // An edge's gradient is one sum over everything: of few edges even the largest may cancel.
            if v > 4 && b * v * v * d <= LARGEST {
                break sizes;
            }
        };
        let k = rng.random_range(1..4);
        let r = rng.random_range(1..9);
        let x = tracked(&mut rng, [b, t, v, k * d]);
        let offset = tracked(&mut rng, [k, d]);
        let relations = tracked(&mut rng, [b, k, v, v, r]);
        let weight = tracked(&mut rng, [k, r, d]);
        let bias = tracked(&mut rng, [k, d]);
        let shared = tracked(&mut rng, [k, v, v]);
        let gradient = constant(&mut rng, [b, t, v, d]);
        let what = format!("{:?}, {k} subsets, {r} relations", x.dims());
        let graph = RefinedGraph {
            shared: shared.clone(),
            relations: relations.clone(),
            weight: weight.clone(),
            bias: bias.clone(),
        };
        let kernel = refined_aggregation(x.clone(), offset.clone(), graph);
        let composition = composed::refined_aggregation::<Tracked>(
            primitive(&x),
            primitive(&offset),
            primitive(&relations),
            primitive(&weight),
            primitive(&bias),
            primitive(&shared),
        );
        let (dx, doffset, drelations, dweight, dbias, dshared) =
            composed::refined_aggregation_backward::<Flex>(
                plain(&x),
                plain(&offset),
                plain(&relations),
                plain(&weight),
                plain(&bias),
                plain(&shared),
                plain(&gradient),
            );
        let check = Check::new(&what, kernel, tensor(composition), &gradient);
        check.leaf("x", &x, dx);
        check.leaf("offset", &offset, doffset);
        check.leaf("relations", &relations, drelations);
        check.leaf("weight", &weight, dweight);
        check.leaf("bias", &bias, dbias);
        check.leaf("shared", &shared, dshared);
    }
}

#[test]
#[should_panic(expected = "graph and relations of an aggregation of [1, 2, 3, 4]")]
fn relations_of_other_bodies_are_refused() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let graph = RefinedGraph {
        shared: constant(&mut rng, [2, 3, 3]),
        relations: constant(&mut rng, [2, 2, 3, 3, 1]),
        weight: constant(&mut rng, [2, 1, 2]),
        bias: constant(&mut rng, [2, 2]),
    };
    let x = constant(&mut rng, [1, 2, 3, 4]);
    refined_aggregation(x, constant(&mut rng, [2, 2]), graph);
}

#[test]
fn joint_relations_are_their_composition() {
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    for _ in 0..20 {
        let [b, k, v, r] = [
            rng.random_range(1..5),
            rng.random_range(1..4),
            rng.random_range(1..26),
            rng.random_range(1..35),
        ];
        let [listener, speaker] = [(); 2].map(|()| tracked(&mut rng, [b, k, v, r]));
        let gradient = constant(&mut rng, [b, k, v, v, r]);
        let what = format!("{:?}", listener.dims());
        let kernel = joint_relations(listener.clone(), speaker.clone());
        let composition =
            composed::joint_relations::<Tracked>(primitive(&listener), primitive(&speaker));
        let (dlistener, dspeaker) =
            composed::joint_relations_backward::<Flex>(plain(&kernel), plain(&gradient));
        let check = Check::new(&what, kernel, tensor(composition), &gradient);
        check.leaf("listener", &listener, dlistener);
        check.leaf("speaker", &speaker, dspeaker);
    }
}

#[test]
fn multi_scale_convolution_is_its_composition() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    for case in 0..40 {
        let [b, t, v, ..] = sizes(&mut rng);
        let convolutions: Vec<(usize, usize)> = (0..rng.random_range(1..4))
            .map(|_| (rng.random_range(1..9), rng.random_range(1..4)))
            .collect();
        let [taps, pooled, stride] = [
            [1, 3, 5][rng.random_range(0..3)],
            [1, 3, 5][rng.random_range(0..3)],
            rng.random_range(1..3),
        ];
        let convolved: usize = convolutions.iter().map(|(width, _)| width).sum();
        let c = convolved + case % 4;
        let x = tracked(&mut rng, [b, t, v, c]);
        let weights: Vec<Tensor<3>> = convolutions
            .iter()
            .map(|(width, _)| tracked(&mut rng, [taps, *width, *width]))
            .collect();
        let dilations: Vec<usize> = convolutions.iter().map(|(_, dilation)| *dilation).collect();
        let gradient = constant(&mut rng, [b, t.div_ceil(stride), v, c]);
        let what = format!(
            "{:?}, {convolutions:?}, {taps} taps, {pooled} pooled, stride {stride}",
            x.dims()
        );

        let kernel =
            multi_scale_convolution(x.clone(), weights.clone(), &dilations, pooled, stride);
        let flat = weights
            .iter()
            .map(|weight| weight.clone().flatten::<1>(0, 2))
            .collect();
        let flat = Tensor::cat(flat, 0);
        let scales = Scales::new(convolutions, taps, pooled, stride);
        let composition = composed::multi_scale_convolution::<Tracked>(
            primitive(&x),
            primitive(&flat),
            scales.clone(),
        );
        let (dx, dweights) = composed::multi_scale_convolution_backward::<Flex>(
            plain(&x),
            plain(&flat),
            plain(&gradient),
            scales,
        );
        let check = Check::new(&what, kernel, tensor(composition), &gradient);
        check.leaf("x", &x, dx);
        let mut written = unplain::<1>(dweights);
        for weight in &weights {
            let shape = weight.dims();
            let numbers: usize = shape.iter().product();
            let rest = written.dims()[0];
            let first = written.clone().narrow(0, 0, numbers).reshape(shape);
            check.leaf("weight", weight, plain(&first));
            if rest > numbers {
                written = written.narrow(0, numbers, rest - numbers);
            }
        }
    }
}

#[test]
fn temporal_convolution_is_its_composition() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    for _ in 0..60 {
        let [b, t, v, c, d] = sizes(&mut rng);
        let taps = [1, 3, 9][rng.random_range(0..3)];
        let stride = rng.random_range(1..3);
        let dilation = [1, 1, 2, 3][rng.random_range(0..4)];
        let x = tracked(&mut rng, [b, t, v, c]);
        let weight = tracked(&mut rng, [taps, c, d]);
        let what = format!(
            "{:?} to {d}, {taps} taps, stride {stride}, dilation {dilation}",
            x.dims()
        );
        let kernel = temporal_convolution(x.clone(), weight.clone(), stride, dilation);
        assert_eq!(kernel.dims(), [b, t.div_ceil(stride), v, d], "{what}");
        let gradient = constant(&mut rng, kernel.dims());
        let composition = composed::temporal_convolution::<Tracked>(
            primitive(&x),
            primitive(&weight),
            stride,
            dilation,
        );
        let (dx, dweight) = composed::temporal_convolution_backward::<Flex>(
            plain(&x),
            plain(&weight),
            plain(&gradient),
            stride,
            dilation,
        );
        let check = Check::new(&what, kernel, tensor(composition), &gradient);
        check.leaf("x", &x, dx);
        check.leaf("weight", &weight, dweight);
    }
}

/// A gradient for an activation, zero where the last bit of `before` decides whether it passes.
fn far_from_zero<const D: usize>(rng: &mut impl Rng, before: Tensor<D>) -> Tensor<D> {
    let gradient = constant(rng, before.dims());
    gradient.mask_fill(before.detach().abs().lower_elem(1e-4), 0.0)
}

#[test]
fn normalisation_is_its_composition() {
    const EPSILON: f64 = 1e-2;
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for case in 0..48 {
        let [b, t, v, c, _] = sizes(&mut rng);
        let shape = [b, t, v, c];
        let x = tracked(&mut rng, shape);
        let [scale, shift] = [(); 2].map(|()| tracked(&mut rng, [c]));
        let keep = (case & 1 > 0).then(|| constant(&mut rng, shape));
        let shortcut = (case & 2 > 0).then(|| tracked(&mut rng, shape));
        let activate = case & 4 > 0;
        let what = format!("{shape:?}, terms {}", case & 7);
        let terms = Terms {
            keep: keep.clone(),
            shortcut: shortcut.clone(),
            activate,
        };

        let before = affine_activate(
            x.clone(),
            scale.clone(),
            shift.clone(),
            Terms {
                activate: false,
                ..terms.clone()
            },
        );
        let of_affine = far_from_zero(&mut rng, before);
        let (before, ..) = batch_norm_activate(
            x.clone(),
            scale.clone(),
            shift.clone(),
            EPSILON,
            Terms {
                activate: false,
                ..terms.clone()
            },
        );
        let gradient = far_from_zero(&mut rng, before);

        let (kernel, mean, variance) = batch_norm_activate(
            x.clone(),
            scale.clone(),
            shift.clone(),
            EPSILON,
            terms.clone(),
        );
        let (composition, their_mean, their_variance) = composed::batch_norm_activate::<Tracked>(
            primitive(&x),
            primitive(&scale),
            primitive(&shift),
            keep.as_ref().map(primitive),
            shortcut.as_ref().map(primitive),
            EPSILON,
            activate,
        );
        assert_close(&format!("mean, {what}"), mean.clone(), tensor(their_mean));
        assert_close(
            &format!("variance, {what}"),
            variance.clone(),
            tensor(their_variance),
        );
        let (dx, dscale, dshift, dshortcut) = composed::batch_norm_activate_backward::<Flex>(
            plain(&x),
            plain(&kernel),
            plain(&scale),
            plain(&mean),
            plain(&variance),
            keep.as_ref().map(plain),
            plain(&gradient),
            EPSILON,
            activate,
        );
        let check = Check::new(&what, kernel, tensor(composition), &gradient);
        check.leaf("x", &x, dx);
        check.leaf("gamma", &scale, dscale);
        check.leaf("beta", &shift, dshift);
        if let Some(shortcut) = &shortcut {
            check.leaf("shortcut", shortcut, dshortcut);
        }

        let kernel = affine_activate(x.clone(), scale.clone(), shift.clone(), terms);
        let composition = composed::affine_activate::<Tracked>(
            primitive(&x),
            primitive(&scale),
            primitive(&shift),
            keep.as_ref().map(primitive),
            shortcut.as_ref().map(primitive),
            activate,
        );
        let (dx, dscale, dshift, dshortcut) = composed::affine_activate_backward::<Flex>(
            plain(&x),
            plain(&kernel),
            plain(&scale),
            keep.as_ref().map(plain),
            plain(&of_affine),
            activate,
        );
        let check = Check::new(&what, kernel, tensor(composition), &of_affine);
        check.leaf("x", &x, dx);
        check.leaf("scale", &scale, dscale);
        check.leaf("shift", &shift, dshift);
        if let Some(shortcut) = &shortcut {
            check.leaf("shortcut", shortcut, dshortcut);
        }
    }
}

#[test]
fn pooling_is_its_composition() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    for _ in 0..10 {
        let [n, t, v, d, _] = sizes(&mut rng);
        let x = tracked(&mut rng, [n, t * v, d]);
        let gradient = constant(&mut rng, [n, d]);
        let what = format!("{:?}", x.dims());
        let composition = composed::mean_pool::<Tracked>(primitive(&x));
        let dx = composed::mean_pool_backward::<Flex>(plain(&gradient), t * v);
        let check = Check::new(&what, mean_pool(x.clone()), tensor(composition), &gradient);
        check.leaf("x", &x, dx);
    }
}

#[test]
fn a_recurrent_layer_is_its_composition() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    for case in 0..16 {
        let reverse = case % 2 > 0;
        let [n, t, i] = [11, 9, 40].map(|most| rng.random_range(1..=most));
        let h = [1, 16, 33, 70][rng.random_range(0..4)];
        let x = tracked(&mut rng, [n, t, i]);
        let [input, hidden] = [i, h].map(|rows| tracked(&mut rng, [rows, 3 * h]));
        let [input_bias, hidden_bias] = [(); 2].map(|()| tracked(&mut rng, [3 * h]));
        let gradient = constant(&mut rng, [n, t, h]);
        let (mut lengths, mut valid) = (Vec::new(), Vec::new());
        for _ in 0..n {
            let length = rng.random_range(1..=t);
            lengths.push(length as i64);
            valid.extend((0..t).map(|frame| f32::from(frame < length)));
        }
        let device = Device::flex().autodiff();
        let lengths = Tensor::<1, Int>::from_data(TensorData::new(lengths, [n]), &device);
        let valid = Tensor::<2>::from_data(TensorData::new(valid, [n, t]), &device);
        let given = case % 4 < 2;
        let what = format!("{:?} to {h}, reverse {reverse}, lengths {given}", x.dims());

        let weights = GruWeights {
            input: input.clone(),
            hidden: hidden.clone(),
            input_bias: input_bias.clone(),
            hidden_bias: hidden_bias.clone(),
        };
        let kernel = gru(x.clone(), given.then_some(lengths), weights, reverse);
        let valid = given.then_some(valid);
        let (composition, gates) = composed::gru::<Tracked>(
            primitive(&x),
            valid.as_ref().map(primitive),
            primitive(&input),
            primitive(&hidden),
            primitive(&input_bias),
            primitive(&hidden_bias),
            reverse,
        );
        let (dx, dinput, dhidden, dinput_bias, dhidden_bias) = composed::gru_backward::<Flex>(
            plain(&x),
            valid.as_ref().map(plain),
            plain(&input),
            plain(&hidden),
            plain(&kernel),
            plain(&tensor::<3>(gates)),
            plain(&gradient),
            reverse,
        );
        let check = Check::new(&what, kernel, tensor(composition), &gradient);
        check.leaf("x", &x, dx);
        check.leaf("input", &input, dinput);
        check.leaf("hidden", &hidden, dhidden);
        check.leaf("input_bias", &input_bias, dinput_bias);
        check.leaf("hidden_bias", &hidden_bias, dhidden_bias);
    }
}

#[test]
fn an_input_that_is_a_view_is_read_as_it_looks() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let x = tracked(&mut rng, [4, 3, 6, 2]);
    let view = x.clone().swap_dims(0, 2).slice_dim(1, 1..3);
    let copy = Tensor::from_data(view.clone().into_data(), &view.device());
    let weight = tracked(&mut rng, [9, 2, 5]);
    assert_close(
        "view",
        temporal_convolution(view, weight.clone(), 1, 1),
        temporal_convolution(copy, weight, 1, 1),
    );
}

#[test]
#[should_panic(expected = "weight and bias of a graph convolution")]
fn a_weight_for_other_channels_is_refused() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let graph = Graph::Dense(constant(&mut rng, [1, 1, 3, 3]));
    graph_convolution(
        constant(&mut rng, [1, 2, 3, 4]),
        graph,
        constant(&mut rng, [1, 5, 2]),
        constant(&mut rng, [1, 2]),
    );
}

#[test]
#[should_panic(expected = "temporal convolution of [1, 2, 3, 4] with weight [8, 4, 2]")]
fn an_even_number_of_taps_is_refused() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    temporal_convolution(
        constant(&mut rng, [1, 2, 3, 4]),
        constant(&mut rng, [8, 4, 2]),
        1,
        1,
    );
}

#[test]
#[should_panic(expected = "of a recurrent layer over [2, 3, 4]")]
fn a_recurrent_weight_for_another_width_is_refused() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let weights = GruWeights {
        input: constant(&mut rng, [4, 6]),
        hidden: constant(&mut rng, [2, 6]),
        input_bias: constant(&mut rng, [6]),
        hidden_bias: constant(&mut rng, [3]),
    };
    gru(constant(&mut rng, [2, 3, 4]), None, weights, false);
}
