use augment::{MotionClips, Pipeline, Views};
use gcn_encoder::EncoderConfig;
use skeleton_data::preprocess::MinMax;
use skeleton_data::{Preprocess, Step};
use ssl_objectives::{
    BarlowTwinsConfig, BarlowTwinsLossConfig, ByolConfig, ClassificationConfig, CmlConfig,
    CrrlConfig, CrrlRecipe, Lambda, MccConfig, SimSiamConfig, SkeletonClrConfig, SktConfig,
    VicRegConfig,
};

use super::data::DataConfig;
use super::format::DataFormat;
use super::method::{CrrlSettings, MccSettings, MethodConfig, MethodName};
use crate::evaluate::LinearProtocol;
use crate::pretrain::{OptimizerConfig, PretrainConfig, Schedule};

/// What an experiment with a method on a data set starts from: each setting was found by trial (see the README's results)
/// or taken from the literature where no trial was possible.
pub(super) struct Defaults {
    pub(super) method: MethodConfig,
    pub(super) encoder: EncoderConfig,
    pub(super) pretrain: PretrainConfig,
    /// What makes clips of recordings, where that is not what the field uses for the data set.
    pub(super) preprocess: Option<Preprocess>,
    /// The linear protocol: that of the method's own paper, where it is known.
    pub(super) linear: LinearProtocol,
}

impl Defaults {
    pub(super) fn new(
        method: MethodName,
        encoder: Option<EncoderConfig>,
        format: DataFormat,
    ) -> Self {
        match method {
            MethodName::Mcc => mcc(encoder, format),
            MethodName::Crrl => crrl(encoder, format),
            _ => twin(method, encoder, format),
        }
    }
}

/// Methods of two augmented views have one recipe, so that they stand on one footing.
fn twin(method: MethodName, encoder: Option<EncoderConfig>, format: DataFormat) -> Defaults {
    // A stronger redundancy term than published ones amount to: their batches are larger (see the README).
    let stronger = BarlowTwinsLossConfig::new().with_lambda(Lambda::Scaled(0.06));
    let (barlow, instance_weight) = match format {
        DataFormat::Synthetic | DataFormat::NwUcla => (stronger, 0.2),
        _ => (BarlowTwinsLossConfig::new(), 1.0),
    };
    let width = match format {
        DataFormat::Synthetic => 512,
        _ => 1024,
    };
    Defaults {
        method: match method {
            MethodName::SkeletonClr => MethodConfig::SkeletonClr(SkeletonClrConfig::new()),
            MethodName::Byol => MethodConfig::Byol(ByolConfig::new()),
            MethodName::SimSiam => MethodConfig::SimSiam(SimSiamConfig::new()),
            MethodName::VicReg => {
                MethodConfig::VicReg(VicRegConfig::new().with_projector(vec![width; 3]))
            }
            MethodName::BarlowTwins => MethodConfig::BarlowTwins(
                BarlowTwinsConfig::new()
                    .with_projector(vec![width; 3])
                    .with_barlow(barlow),
            ),
            MethodName::Skt | MethodName::Mcc | MethodName::Crrl => MethodConfig::Skt(
                SktConfig::new()
                    .with_projector(vec![width; 3])
                    .with_barlow(barlow)
                    .with_instance_weight(instance_weight),
            ),
        },
        encoder: encoder.unwrap_or_else(|| st_gcn(format)),
        pretrain: recipe(format),
        preprocess: None,
        linear: LinearProtocol::E1,
    }
}

/// ST-GCN at the self-supervised width; small data sets are learnt better without dropout (trials on NW-UCLA).
fn st_gcn(format: DataFormat) -> EncoderConfig {
    let encoder = EncoderConfig::st_gcn_ssl();
    match format {
        DataFormat::Synthetic | DataFormat::NwUcla => encoder.with_dropout(0.0),
        _ => encoder,
    }
}

fn recipe(format: DataFormat) -> PretrainConfig {
    let small = PretrainConfig::default();
    match format {
        DataFormat::Synthetic => PretrainConfig {
            epochs: 12,
            learning_rate: 3e-3,
            views: Views::same(Pipeline::level_cameras()),
            ..small
        },
        DataFormat::NwUcla => small,
        // PSTL's optimiser, length and dropout (papers' section 2.5), CrosSCLR's views.
        DataFormat::Ntu60 | DataFormat::Ntu120 | DataFormat::Store => PretrainConfig {
            epochs: 150,
            batch_size: 128,
            learning_rate: 5e-3,
            views: Views::same(Pipeline::skeletonclr()),
            ..small
        },
    }
}

fn mcc(encoder: Option<EncoderConfig>, format: DataFormat) -> Defaults {
    let small = recipe(format);
    let (length, speeds, recipe) = match format {
        DataFormat::Synthetic => (16, vec![2.0], Pipeline::level_cameras()),
        DataFormat::NwUcla => (24, vec![2.0], Pipeline::view_invariant()),
        _ => (64, vec![2.0, 3.0, 4.0], Pipeline::skeletonclr()),
    };
    let spatial = recipe.spatial_only();
    let clips = MotionClips {
        length,
        speeds,
        spatial: spatial.clone(),
        ..MotionClips::default()
    };
    // Fine-tuning is by the ST-GCN release on the large sets (papers' section 3.4).
    let finetune = match format {
        DataFormat::Synthetic | DataFormat::NwUcla => small.clone(),
        _ => PretrainConfig {
            epochs: 80,
            batch_size: 64,
            learning_rate: 0.1,
            schedule: Schedule::Steps {
                factor: 0.1,
                after: vec![10, 50],
            },
            optimizer: OptimizerConfig::Sgd {
                momentum: 0.9,
                weight_decay: 1e-4,
                nesterov: true,
            },
            ..small.clone()
        },
    };
    Defaults {
        method: MethodConfig::Mcc(Box::new(MccSettings {
            pretext: MccConfig::new(),
            classification: ClassificationConfig::new(),
            finetune: PretrainConfig {
                views: Views::single(spatial),
                ..finetune
            },
        })),
        encoder: encoder.unwrap_or_else(|| st_gcn(format)),
        pretrain: PretrainConfig {
            views: Views::motion(clips).expect("lengths and speeds above are possible"),
            ..small
        },
        preprocess: None,
        linear: LinearProtocol::E1,
    }
}

/// The released code has one recipe for all data sets. Its coordinates lie in -1..1, which is all that its decoder can say.
fn crrl(encoder: Option<EncoderConfig>, format: DataFormat) -> Defaults {
    let released = CrrlRecipe::RELEASED;
    let encoder = encoder.unwrap_or_else(EncoderConfig::bi_gru);
    let scaled = |name: &str, usual: Preprocess| {
        let steps = usual.steps.into_iter().chain([Step::MinMax(MinMax {})]);
        Preprocess::new(name, steps)
    };
    let preprocess = match (format, encoder.is_recurrent()) {
        (DataFormat::Store, _) => None,
        (DataFormat::NwUcla, true) => Some(Preprocess::crrl_nw_ucla()),
        (DataFormat::Ntu60 | DataFormat::Ntu120, true) => Some(Preprocess::crrl_ntu()),
        // A graph network takes padding for frames: its clips have one length.
        (_, false) | (DataFormat::Synthetic, true) => {
            Some(scaled("scaled", DataConfig::usual_preprocess(format)))
        }
    };
    Defaults {
        method: MethodConfig::Crrl(CrrlSettings {
            motion: CmlConfig::new(),
            fusion: CrrlConfig::new(),
        }),
        encoder,
        pretrain: PretrainConfig {
            epochs: released.epochs,
            batch_size: released.batch_size,
            learning_rate: released.learning_rate,
            schedule: Schedule::Steps {
                factor: 0.5,
                after: released.halved_after.map(|epoch| epoch + 1).to_vec(),
            },
            optimizer: OptimizerConfig::Sgd {
                momentum: released.momentum,
                weight_decay: released.weight_decay,
                nesterov: false,
            },
            clip_norm: None,
            views: Views::coordinates_and_velocity(Pipeline::none()),
            ..PretrainConfig::default()
        },
        preprocess,
        linear: LinearProtocol::E6,
    }
}
