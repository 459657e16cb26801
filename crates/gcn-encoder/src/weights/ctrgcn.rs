use super::entry::Form;
use super::names::Names;
use crate::CtrGcn;

/// CTR-GCN's names: units `l1` to `l10` of a graph convolution `gcn1`, whose subsets are `convs.K` of four convolutions each,
/// a temporal convolution `tcn1` of `branches`, and `residual`. A branch is a sequence: reduction, batch norm, ReLU, and then
/// a dilated convolution with its batch norm, or a maximum and a batch norm; the last is a convolution and a batch norm.
pub(super) fn names(network: &CtrGcn) -> Names {
    let mut names = Names::default();
    names.norm("data_norm", &["data_bn".to_owned()]);
    for (i, unit) in network.units.iter().enumerate() {
        let (ours, theirs) = (format!("units.{i}"), format!("l{}", i + 1));
        let [subsets, ..] = unit.graph.shared.dims();
        for (field, convolution, form) in [
            ("listener", "conv1", Form::Stacked),
            ("speaker", "conv2", Form::Stacked),
            ("value", "conv3", Form::Beside),
            ("refine", "conv4", Form::Stacked),
        ] {
            let each = (0..subsets).map(|k| format!("{theirs}.gcn1.convs.{k}.{convolution}"));
            names.convolutions(
                format!("{ours}.graph.{field}_weight"),
                format!("{ours}.graph.{field}_bias"),
                &each.collect::<Vec<_>>(),
                form,
            );
        }
        for (field, name) in [("shared", "PA"), ("alpha", "alpha")] {
            names.one(
                format!("{ours}.graph.{field}"),
                format!("{theirs}.gcn1.{name}"),
                Form::Same,
            );
        }
        names.norm(
            &format!("{ours}.graph.norm"),
            &[format!("{theirs}.gcn1.bn")],
        );
        if unit.graph.projection.is_some() {
            names.conv_norm(
                &format!("{ours}.graph.projection"),
                format!("{theirs}.gcn1.down.0"),
                format!("{theirs}.gcn1.down.1"),
            );
        }
        temporal(
            &mut names,
            &format!("{ours}.temporal"),
            &format!("{theirs}.tcn1.branches"),
            unit.temporal.dilated.len(),
        );
        if unit.projection.is_some() {
            names.conv_norm(
                &format!("{ours}.projection"),
                format!("{theirs}.residual.conv"),
                format!("{theirs}.residual.bn"),
            );
        }
    }
    names
}

/// The temporal convolution, of which `dilated` branches are dilated.
fn temporal(names: &mut Names, ours: &str, theirs: &str, dilated: usize) {
    let (pooled, plain) = (dilated, dilated + 1);
    let module = |branch: usize, part: &str| format!("{theirs}.{branch}.{part}");
    let reduced =
        |part: &str| -> Vec<String> { (0..=pooled).map(|branch| module(branch, part)).collect() };
    names.convolutions(
        format!("{ours}.reduction.weight"),
        format!("{ours}.reduction.bias"),
        &reduced("0"),
        Form::Beside,
    );
    names.norm(&format!("{ours}.reduction.norm"), &reduced("1"));
    for branch in 0..dilated {
        names.one(
            format!("{ours}.dilated.{branch}"),
            module(branch, "3.conv.weight"),
            Form::Taps,
        );
    }
    names.one(
        format!("{ours}.plain"),
        module(plain, "0.weight"),
        Form::Taps,
    );
    let mut biases: Vec<String> = (0..dilated)
        .map(|branch| module(branch, "3.conv.bias"))
        .collect();
    biases.push(module(plain, "0.bias"));
    names.several(format!("{ours}.bias"), biases, Form::Vectors);
    let mut norms: Vec<String> = (0..dilated).map(|branch| module(branch, "3.bn")).collect();
    norms.extend([module(pooled, "4"), module(plain, "1")]);
    names.norm(&format!("{ours}.norm"), &norms);
}
