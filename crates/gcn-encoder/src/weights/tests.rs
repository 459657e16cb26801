use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor};
use skeleton_data::Layout;

use super::names::Names;
use super::parameters::{assign, collect};
use super::*;
use crate::stgcn::UnitConfig;
use crate::testing::{noise, three_joints};
use crate::{
    AgcnConfig, AnyEncoder, CtrGcnConfig, Encoder, EncoderConfig, EncoderInput, Partition,
    StGcnConfig, with_encoder,
};

/// A small network of each family, of two persons; the second unit strides and projects, the third keeps its width.
fn families() -> Vec<AnyEncoder> {
    let unit = |channels, stride| UnitConfig { channels, stride };
    let units = || vec![unit(8, 1), unit(12, 2), unit(12, 1)];
    let device = Device::flex();
    let layout = three_joints();
    vec![
        AnyEncoder::StGcn(
            StGcnConfig::new(layout.clone())
                .with_units(units())
                .init(&device)
                .unwrap(),
        ),
        AnyEncoder::Agcn(
            AgcnConfig::new(layout.clone())
                .with_units(units())
                .init(&device)
                .unwrap(),
        ),
        AnyEncoder::CtrGcn(
            CtrGcnConfig::new(layout)
                .with_units(units())
                .init(&device)
                .unwrap(),
        ),
    ]
}

/// `encoder` with numbers of its own in every parameter and running statistic, none of which is 0 or negative.
fn filled(encoder: AnyEncoder, seed: u64) -> AnyEncoder {
    let values = with_encoder!(&encoder, network => collect(network));
    let values = values.into_iter().enumerate().map(|(i, (path, (_, old)))| {
        let fresh = noise(seed + i as u64, [old.len()], &Device::flex()) * 0.4 + 0.5;
        (path, fresh.into_data().try_to_vec().unwrap())
    });
    let values = values.collect();
    match encoder {
        AnyEncoder::StGcn(network) => AnyEncoder::StGcn(assign(network, values)),
        AnyEncoder::Agcn(network) => AnyEncoder::Agcn(assign(network, values)),
        AnyEncoder::CtrGcn(network) => AnyEncoder::CtrGcn(assign(network, values)),
        _ => unreachable!("no such family above"),
    }
}

fn weights(encoder: &AnyEncoder) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
    with_encoder!(encoder, network => collect(network))
}

/// Tensors of a file in memory.
#[derive(Clone)]
struct File(BTreeMap<String, (Vec<usize>, Vec<f32>)>);

impl File {
    fn of(encoder: &AnyEncoder, prefix: &str) -> Self {
        let tensors = export(encoder).unwrap().into_iter().map(|tensor| {
            let values = match tensor.numbers {
                Numbers::Floats(values) => values,
                Numbers::Integers(values) => values.into_iter().map(|value| value as f32).collect(),
            };
            (format!("{prefix}{}", tensor.name), (tensor.shape, values))
        });
        Self(tensors.collect())
    }

    fn load(
        &self,
        encoder: AnyEncoder,
        prefix: &str,
    ) -> Result<(AnyEncoder, Vec<String>), WeightsError> {
        let shapes = self
            .0
            .iter()
            .map(|(name, (shape, _))| (name.clone(), shape.clone()));
        load(
            encoder,
            &three_joints(),
            prefix,
            &shapes.collect(),
            |name| Ok(self.0[name].1.clone()),
        )
    }

    fn put(&mut self, name: &str, shape: &[usize]) {
        let count = shape.iter().product();
        self.0
            .insert(name.to_owned(), (shape.to_vec(), vec![0.5; count]));
    }
}

#[test]
fn weights_come_back_as_they_went() {
    for (i, encoder) in families().into_iter().enumerate() {
        let before = filled(encoder, 100);
        let file = File::of(&before, "");
        let fresh = families().swap_remove(i);
        assert_ne!(weights(&fresh), weights(&before));
        let (after, left_out) = file.load(fresh, "").unwrap();
        assert_eq!(weights(&after), weights(&before));
        assert!(left_out.is_empty(), "{left_out:?}");
        let x = noise(7, [2, 2, 9, 3, 3], &Device::flex());
        assert_eq!(
            after.forward(x.clone()).into_data(),
            before.forward(x).into_data()
        );
    }
}

#[test]
fn every_weight_is_described_once_and_every_published_name_given_once() {
    let input = EncoderInput {
        layout: Layout::ntu25(),
        persons: 2,
        channels: 3,
    };
    let published = [
        "stgcn-ssl",
        "stgcn-full",
        "agcn-ssl",
        "agcn-full",
        "ctrgcn-ssl",
        "ctrgcn-full",
    ];
    let published = published.map(|name| {
        let config: EncoderConfig = name.parse().unwrap();
        config.init(&input, &Device::flex()).unwrap()
    });
    for encoder in families().iter().chain(&published) {
        let names = Names::of(encoder).unwrap();
        let mut described: Vec<_> = names
            .entries
            .iter()
            .map(|entry| entry.ours.clone())
            .collect();
        described.sort();
        let own: Vec<_> = weights(encoder).into_keys().collect();
        assert_eq!(described, own);
        let mut theirs: Vec<_> = names
            .entries
            .iter()
            .flat_map(|entry| &entry.theirs)
            .collect();
        theirs.extend(names.graphs.iter().map(|graph| &graph.name));
        theirs.extend(&names.counters);
        let count = theirs.len();
        theirs.sort();
        theirs.dedup();
        assert_eq!(theirs.len(), count);
    }
}

#[test]
fn names_and_shapes_are_those_of_the_releases() {
    let input = EncoderInput {
        layout: Layout::ntu25(),
        persons: 2,
        channels: 3,
    };
    // Number of entries of the released networks' state dictionaries without a classifier: parameters, running
    // statistics and counters, and ST-GCN's graph.
    for (name, count, samples) in [
        (
            "stgcn-ssl",
            // graph; data norm; ten units of convolution, importance, norm, convolution, norm; three projections
            1 + 5 + 10 * (2 + 1 + 5 + 2 + 5) + 3 * 7,
            &[
                ("A", &[3, 25, 25][..]),
                ("data_bn.running_var", &[75]),
                ("st_gcn_networks.0.gcn.conv.weight", &[48, 3, 1, 1]),
                ("st_gcn_networks.4.tcn.2.weight", &[32, 32, 9, 1]),
                ("st_gcn_networks.9.residual.0.weight", &[256, 64, 1, 1]),
                ("st_gcn_networks.9.residual.1.num_batches_tracked", &[]),
                ("edge_importance.9", &[3, 25, 25]),
            ][..],
        ),
        (
            "agcn-full",
            // data norm; ten units of nine convolutions, graph and norm, and convolution and norm; three that widen the
            // graph convolution and two that project
            5 + 10 * (18 + 1 + 5 + 7) + 3 * 7 + 2 * 7,
            &[
                ("data_bn.weight", &[150]),
                ("l1.gcn1.conv_a.2.weight", &[16, 3, 1, 1]),
                ("l1.gcn1.down.0.bias", &[64]),
                ("l5.gcn1.conv_d.0.weight", &[128, 64, 1, 1]),
                ("l10.gcn1.PA", &[3, 25, 25]),
                ("l8.residual.conv.weight", &[256, 128, 1, 1]),
                ("l8.tcn1.conv.weight", &[256, 256, 9, 1]),
            ],
        ),
        (
            "ctrgcn-full",
            // data norm; ten units of twelve convolutions, graph, alpha and norm, and branches: two dilated, one of
            // the maximum, one plain; projections as above
            5 + 10 * (24 + 2 + 5 + 2 * 14 + 12 + 7) + 3 * 7 + 2 * 7,
            &[
                ("l1.gcn1.convs.0.conv1.weight", &[8, 3, 1, 1]),
                ("l2.gcn1.convs.2.conv2.weight", &[8, 64, 1, 1]),
                ("l2.gcn1.convs.2.conv3.weight", &[64, 64, 1, 1]),
                ("l2.gcn1.convs.2.conv4.weight", &[64, 8, 1, 1]),
                ("l2.gcn1.alpha", &[1]),
                ("l5.tcn1.branches.1.3.conv.weight", &[32, 32, 5, 1]),
                ("l5.tcn1.branches.2.4.running_mean", &[32]),
                ("l5.tcn1.branches.3.1.weight", &[32]),
                ("l5.residual.bn.bias", &[128]),
            ],
        ),
    ] {
        let config: EncoderConfig = name.parse().unwrap();
        let encoder = config.init(&input, &Device::flex()).unwrap();
        let file = File::of(&encoder, "");
        assert_eq!(file.0.len(), count, "{name}");
        for (tensor, shape) in samples {
            let found = file.0.get(*tensor).map(|(shape, _)| &shape[..]);
            assert_eq!(found, Some(*shape), "{name}: {tensor}");
        }
    }
}

#[test]
fn heads_queues_and_other_networks_are_left_out_and_said() {
    for (i, encoder) in families().into_iter().enumerate() {
        let before = filled(encoder, 5);
        let mut file = File::of(&before, "encoder_q.");
        let others = [
            "encoder_k.data_bn.weight",
            "encoder_q.fc.0.weight",
            "queue",
            "queue_ptr",
        ];
        for name in others {
            file.put(name, &[4, 2]);
        }
        let (after, left_out) = file.load(families().swap_remove(i), "encoder_q.").unwrap();
        assert_eq!(weights(&after), weights(&before));
        assert_eq!(left_out, others);
    }
}

#[test]
fn a_mismatch_lists_what_is_missing_unexpected_and_misshapen() {
    for (i, weight) in [
        "st_gcn_networks.1.tcn.2.weight",
        "l2.tcn1.conv.weight",
        "l2.gcn1.convs.1.conv3.weight",
    ]
    .into_iter()
    .enumerate()
    {
        let mut file = File::of(&families()[i], "module.");
        let weight = format!("module.{weight}");
        let (shape, _) = file.0.remove(&weight).unwrap();
        file.put("module.extra.weight", &[2, 3]);
        file.put("module.data_bn.bias", &[7]);
        // Not what PyTorch's own loading asks for either, where a file has no version.
        file.0.remove("module.data_bn.num_batches_tracked").unwrap();
        let error = file.load(families().swap_remove(i), "module.").unwrap_err();
        let WeightsError::Mismatch(mismatch) = &error else {
            panic!("{error}");
        };
        assert_eq!(mismatch.missing, [(weight.clone(), shape.clone())]);
        assert_eq!(
            mismatch.unexpected,
            [("module.extra.weight".to_owned(), vec![2, 3])]
        );
        let [misshapen] = &mismatch.misshapen[..] else {
            panic!("{error}");
        };
        assert_eq!(
            (&*misshapen.name, &misshapen.found[..]),
            ("module.data_bn.bias", &[7][..])
        );
        let text = error.to_string();
        for line in [
            format!("missing    {weight} {shape:?}"),
            "unexpected module.extra.weight [2, 3]".to_owned(),
            format!(
                "misshapen  module.data_bn.bias [7], expected {:?}",
                misshapen.expected
            ),
        ] {
            assert!(text.contains(&line), "`{line}` is not in: {text}");
        }
    }
}

#[test]
fn a_graph_of_another_partition_is_refused_by_name() {
    let published = families().swap_remove(0);
    let layout = three_joints();
    let mut file = File::of(&published, "");
    let distance = Partition::SpatialAsCoded.adjacency(&layout);
    file.0.get_mut("A").unwrap().1 = distance.data().to_vec();
    let error = file.load(families().swap_remove(0), "").unwrap_err();
    assert_eq!(
        error.to_string(),
        "`A` is the graph of the partition spatial_as_coded, the encoder's is the graph of the partition \
         spatial_as_published"
    );
    file.0.get_mut("A").unwrap().1[0] = 7.0;
    let error = file
        .load(families().swap_remove(0), "")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("`A` is the graph of no known partition"),
        "{error}"
    );
    // Nobody needs it.
    file.0.remove("A");
    file.load(families().swap_remove(0), "").unwrap();

    // Forks of 2s-AGCN keep the graph in every unit.
    let mut file = File::of(&families()[1], "");
    let graph = Partition::SpatialAsPublished.adjacency(&layout);
    file.0.insert(
        "l2.gcn1.A".to_owned(),
        (vec![3, 3, 3], graph.data().to_vec()),
    );
    file.load(families().swap_remove(1), "").unwrap();
    file.0.get_mut("l2.gcn1.A").unwrap().1[3] += 0.5;
    let error = file
        .load(families().swap_remove(1), "")
        .unwrap_err()
        .to_string();
    assert!(error.contains("`l2.gcn1.A`"), "{error}");
}

#[test]
fn numbers_that_are_none_are_refused() {
    for (i, encoder) in families().into_iter().enumerate() {
        for bad in [f32::NAN, f32::INFINITY] {
            let mut file = File::of(&encoder, "");
            file.0.get_mut("data_bn.running_var").unwrap().1[2] = bad;
            let error = file.load(families().swap_remove(i), "").unwrap_err();
            assert_eq!(
                error,
                WeightsError::NotFinite {
                    name: "data_bn.running_var".to_owned()
                }
            );
        }
        let mut file = File::of(&encoder, "");
        file.0.get_mut("data_bn.running_var").unwrap().1.pop();
        let error = file.load(families().swap_remove(i), "").unwrap_err();
        assert!(matches!(error, WeightsError::Unreadable { .. }), "{error}");
    }
}

#[test]
fn encoders_without_published_names_say_so() {
    let input = EncoderInput {
        layout: three_joints(),
        persons: 1,
        channels: 3,
    };
    for name in ["asgcn-ssl", "stgcnpp-ssl", "bigru"] {
        let config: EncoderConfig = name.parse().unwrap();
        let encoder = config.init(&input, &Device::flex()).unwrap();
        let error = export(&encoder).unwrap_err();
        assert!(
            matches!(error, WeightsError::NoPublishedNames { .. }),
            "{error}"
        );
    }
}

#[test]
fn training_statistics_are_exported_and_gradients_stay_where_they_were() {
    let device = Device::flex().autodiff();
    let network = StGcnConfig::new(three_joints()).init(&device).unwrap();
    let encoder = AnyEncoder::StGcn(network);
    let before = File::of(&encoder, "");
    encoder.forward(noise(1, [4, 1, 9, 3, 3], &device) + 3.0);
    let after = File::of(&encoder, "");
    assert_ne!(
        before.0["data_bn.running_mean"],
        after.0["data_bn.running_mean"]
    );

    let (encoder, _) = after.load(encoder, "").unwrap();
    let AnyEncoder::StGcn(network) = &encoder else {
        unreachable!("it was one");
    };
    let x: Tensor<5> = noise(2, [2, 1, 9, 3, 3], &device);
    let gradients = network.forward(x).sum().backward();
    assert!(
        network.units[0]
            .graph_weight
            .val()
            .grad(&gradients)
            .is_some()
    );
}
