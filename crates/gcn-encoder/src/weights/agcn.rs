use super::entry::Form;
use super::names::{FixedGraph, Names};
use crate::Agcn;

/// 2s-AGCN's names: units `l1` to `l10` of an adaptive graph convolution `gcn1`, with lists of convolutions for its subsets,
/// a temporal convolution `tcn1`, and `residual`. The release keeps the graph `A` beside the weights; forks put it among them.
pub(super) fn names(network: &Agcn) -> Names {
    let mut names = Names::default();
    names.norm("data_norm", &["data_bn".to_owned()]);
    for (i, unit) in network.units.iter().enumerate() {
        let (ours, theirs) = (format!("units.{i}"), format!("l{}", i + 1));
        let [subsets, ..] = unit.graph_weight.dims();
        let each = |list: &str| -> Vec<String> {
            (0..subsets)
                .map(|k| format!("{theirs}.gcn1.{list}.{k}"))
                .collect()
        };
        names.convolutions(
            format!("{ours}.embedding.weight"),
            format!("{ours}.embedding.bias"),
            &[each("conv_a"), each("conv_b")].concat(),
            Form::Beside,
        );
        names.one(
            format!("{ours}.graph_offset"),
            format!("{theirs}.gcn1.PA"),
            Form::Same,
        );
        names.convolutions(
            format!("{ours}.graph_weight"),
            format!("{ours}.graph_bias"),
            &each("conv_d"),
            Form::Stacked,
        );
        names.norm(
            &format!("{ours}.graph_norm"),
            &[format!("{theirs}.gcn1.bn")],
        );
        if unit.graph_projection.is_some() {
            names.conv_norm(
                &format!("{ours}.graph_projection"),
                format!("{theirs}.gcn1.down.0"),
                format!("{theirs}.gcn1.down.1"),
            );
        }
        names.conv_norm(
            &format!("{ours}.temporal"),
            format!("{theirs}.tcn1.conv"),
            format!("{theirs}.tcn1.bn"),
        );
        if unit.projection.is_some() {
            names.conv_norm(
                &format!("{ours}.projection"),
                format!("{theirs}.residual.conv"),
                format!("{theirs}.residual.bn"),
            );
        }
        names.graphs.push(FixedGraph {
            name: format!("{theirs}.gcn1.A"),
            ours: network.adjacency.clone(),
            released: false,
        });
    }
    names
}
