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
use super::finetune::FinetuneConfig;
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
        let projector = vec![projector_width(format); 3];
        let method = match method {
            MethodName::Mcc => return mcc(encoder, format),
            MethodName::Crrl => return crrl(encoder, format),
            MethodName::Skt => MethodConfig::Skt(
                SktConfig::new()
                    .with_projector(projector)
                    .with_barlow(barlow(format))
                    .with_instance_weight(if is_small(format) { 0.2 } else { 1.0 }),
            ),
            MethodName::SkeletonClr => MethodConfig::SkeletonClr(SkeletonClrConfig::new()),
            MethodName::Byol => MethodConfig::Byol(ByolConfig::new()),
            MethodName::SimSiam => MethodConfig::SimSiam(SimSiamConfig::new()),
            MethodName::VicReg => {
                MethodConfig::VicReg(VicRegConfig::new().with_projector(projector))
            }
            MethodName::BarlowTwins => MethodConfig::BarlowTwins(
                BarlowTwinsConfig::new()
                    .with_projector(projector)
                    .with_barlow(barlow(format)),
            ),
        };
        // Methods of two augmented views have one recipe, so that they stand on one footing.
        Self {
            method,
            encoder: encoder.unwrap_or_else(|| st_gcn(format)),
            pretrain: recipe(format),
            preprocess: None,
            linear: LinearProtocol::E1,
        }
    }
}

/// Whether there are about a thousand clips: what was found by trial on NW-UCLA holds.
fn is_small(format: DataFormat) -> bool {
    matches!(format, DataFormat::Synthetic | DataFormat::NwUcla)
}

/// A stronger redundancy term on small data sets than published ones amount to: their batches are larger (see the README).
fn barlow(format: DataFormat) -> BarlowTwinsLossConfig {
    let published = BarlowTwinsLossConfig::new();
    match is_small(format) {
        true => published.with_lambda(Lambda::Scaled(0.06)),
        false => published,
    }
}

fn projector_width(format: DataFormat) -> usize {
    match format {
        DataFormat::Synthetic => 512,
        _ => 1024,
    }
}

/// ST-GCN at the self-supervised width; small data sets are learnt better without dropout (trials on NW-UCLA).
fn st_gcn(format: DataFormat) -> EncoderConfig {
    let encoder = EncoderConfig::st_gcn_ssl();
    match is_small(format) {
        true => encoder.with_dropout(0.0),
        false => encoder,
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
        DataFormat::NwUcla => PretrainConfig {
            epochs: 100,
            ..small
        },
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
    let two_views = recipe(format);
    let (length, speeds, pipeline) = match format {
        DataFormat::Synthetic => (16, vec![2.0], Pipeline::level_cameras()),
        DataFormat::NwUcla => (24, vec![2.0], Pipeline::view_invariant()),
        _ => (64, vec![2.0, 3.0, 4.0], Pipeline::skeletonclr()),
    };
    let epochs = match format {
        DataFormat::NwUcla => 30,
        _ => two_views.epochs,
    };
    let spatial = pipeline.spatial_only();
    let clips = MotionClips {
        length,
        speeds,
        spatial: spatial.clone(),
        ..MotionClips::default()
    };
    let finetune = match format {
        DataFormat::Synthetic => two_views.clone(),
        // Few epochs, which is where pre-training pays (docs/sweeps.md).
        DataFormat::NwUcla => PretrainConfig {
            epochs: 10,
            ..two_views.clone()
        },
        // By the ST-GCN release (papers' section 3.4).
        DataFormat::Ntu60 | DataFormat::Ntu120 | DataFormat::Store => PretrainConfig {
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
            ..two_views.clone()
        },
    };
    Defaults {
        method: MethodConfig::Mcc(Box::new(MccSettings {
            pretext: MccConfig::new(),
            finetune: FinetuneConfig {
                classification: ClassificationConfig::new(),
                training: PretrainConfig {
                    views: Views::single(spatial),
                    ..finetune
                },
            },
        })),
        encoder: encoder.unwrap_or_else(|| st_gcn(format)),
        pretrain: PretrainConfig {
            epochs,
            views: Views::motion(clips).expect("lengths and speeds above are possible"),
            ..two_views
        },
        preprocess: None,
        linear: LinearProtocol::E1,
    }
}

/// The released code has one recipe for all data sets, here the motion learner's and that of large sets. Its coordinates lie in -1..1, which is all that its decoder can say.
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
    let as_released = PretrainConfig {
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
    };
    // At the released rate, some thousand steps teach the reconstructor the mean pose (docs/sweeps.md).
    let quicker = PretrainConfig {
        learning_rate: 1e-3,
        optimizer: OptimizerConfig::Adam { weight_decay: 1e-5 },
        ..as_released.clone()
    };
    let (pretrain, motion_pretrain) = match format {
        DataFormat::NwUcla => (quicker, Some(as_released)),
        // There the motion learner does not leave chance either, and no preparation levels the cameras.
        DataFormat::Synthetic => {
            let views = Views::coordinates_and_velocity(Pipeline::level_cameras());
            (PretrainConfig { views, ..quicker }, None)
        }
        _ => (as_released, None),
    };
    Defaults {
        method: MethodConfig::Crrl(CrrlSettings {
            motion: CmlConfig::new(),
            motion_pretrain,
            fusion: CrrlConfig::new(),
            only: None,
        }),
        encoder,
        pretrain,
        preprocess,
        linear: LinearProtocol::E6,
    }
}
