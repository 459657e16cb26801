use super::entry::Form;
use super::names::{FixedGraph, Names};
use crate::StGcn;

/// ST-GCN's names: `st_gcn_networks.N` with a graph convolution `gcn`, a sequence `tcn` of batch norm, ReLU, convolution,
/// batch norm and dropout, and a sequence `residual`; importances and the graph `A` beside them.
pub(super) fn names(network: &StGcn) -> Names {
    let mut names = Names::default();
    names.norm("data_norm", &["data_bn".to_owned()]);
    for (i, unit) in network.units.iter().enumerate() {
        let (ours, theirs) = (format!("units.{i}"), format!("st_gcn_networks.{i}"));
        names.convolutions(
            format!("{ours}.graph_weight"),
            format!("{ours}.graph_bias"),
            &[format!("{theirs}.gcn.conv")],
            Form::Subsets,
        );
        names.one(
            format!("{ours}.edge_importance"),
            format!("edge_importance.{i}"),
            Form::Same,
        );
        names.norm(&format!("{ours}.graph_norm"), &[format!("{theirs}.tcn.0")]);
        names.convolutions(
            format!("{ours}.temporal_weight"),
            format!("{ours}.temporal_bias"),
            &[format!("{theirs}.tcn.2")],
            Form::Taps,
        );
        names.norm(
            &format!("{ours}.temporal_norm"),
            &[format!("{theirs}.tcn.3")],
        );
        if unit.projection.is_some() {
            names.conv_norm(
                &format!("{ours}.projection"),
                format!("{theirs}.residual.0"),
                format!("{theirs}.residual.1"),
            );
        }
    }
    names.graphs.push(FixedGraph {
        name: "A".to_owned(),
        ours: network.adjacency.clone(),
        released: true,
    });
    names
}
