use std::fmt;

use serde::{Deserialize, Serialize};
use ssl_objectives::{
    BarlowTwinsConfig, ByolConfig, CmlConfig, CrrlConfig, MccConfig, SimSiamConfig,
    SkeletonClrConfig, SktConfig, VicRegConfig,
};
use strum::VariantNames;

use super::finetune::FinetuneConfig;
use crate::Error;
use crate::pretrain::PretrainConfig;

/// A method for self-supervised learning, by name.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::Display, strum::EnumString, strum::VariantNames,
)]
#[strum(serialize_all = "lowercase", parse_err_ty = Error, parse_err_fn = unknown)]
pub enum MethodName {
    /// Skeletal Twins.
    Skt,
    /// Motion Consistency and Continuity.
    Mcc,
    /// Contrast-Reconstruction.
    Crrl,
    /// SkeletonCLR, MoCo v2 on skeletons.
    SkeletonClr,
    /// BYOL.
    Byol,
    /// SimSiam.
    SimSiam,
    /// VICReg.
    VicReg,
    /// Barlow Twins alone.
    #[strum(serialize = "barlow-twins")]
    BarlowTwins,
}

fn unknown(given: &str) -> Error {
    Error::Method {
        given: given.to_owned(),
        expected: MethodName::VARIANTS.join(", "),
    }
}

/// A method with its settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MethodConfig {
    /// Skeletal Twins.
    Skt(SktConfig),
    /// Motion Consistency and Continuity, then fine-tuning.
    Mcc(Box<MccSettings>),
    /// Contrast-Reconstruction: all three of its trainings.
    Crrl(CrrlSettings),
    /// SkeletonCLR.
    #[serde(rename = "skeletonclr")]
    SkeletonClr(SkeletonClrConfig),
    /// BYOL.
    Byol(ByolConfig),
    /// SimSiam.
    #[serde(rename = "simsiam")]
    SimSiam(SimSiamConfig),
    /// VICReg.
    #[serde(rename = "vicreg")]
    VicReg(VicRegConfig),
    /// Barlow Twins alone.
    BarlowTwins(BarlowTwinsConfig),
    /// None of this library: the encoder was trained elsewhere.
    Imported(ImportedFrom),
}

impl MethodConfig {
    /// Its name; `None` where the encoder was trained elsewhere.
    pub fn name(&self) -> Option<MethodName> {
        Some(match self {
            Self::Skt(_) => MethodName::Skt,
            Self::Mcc(_) => MethodName::Mcc,
            Self::Crrl(_) => MethodName::Crrl,
            Self::SkeletonClr(_) => MethodName::SkeletonClr,
            Self::Byol(_) => MethodName::Byol,
            Self::SimSiam(_) => MethodName::SimSiam,
            Self::VicReg(_) => MethodName::VicReg,
            Self::BarlowTwins(_) => MethodName::BarlowTwins,
            Self::Imported(_) => return None,
        })
    }
}

impl fmt::Display for MethodConfig {
    /// The method's name, or `imported`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => name.fmt(f),
            None => f.write_str("imported"),
        }
    }
}

/// The file from which an encoder was imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedFrom {
    /// Its name, without the folder.
    pub file: String,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// What the names of the encoder's tensors begin with there.
    pub prefix: String,
}

/// MCC: pre-training, and what it is judged by, fine-tuning against training from scratch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MccSettings {
    /// The method.
    pub pretext: MccConfig,
    /// How encoder and a classifier are trained afterwards, from the pre-trained weights and from the initial ones alike.
    pub finetune: FinetuneConfig,
}

/// CRRL: the learner of motion alone, the reconstructor alone, and the student of both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CrrlSettings {
    /// The contrastive motion learner.
    pub motion: CmlConfig,
    /// How the motion learner is trained where that is not how the other two are; its views and its seed are theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub motion_pretrain: Option<PretrainConfig>,
    /// The student with its reconstructor, which is also the reconstructor alone.
    pub fusion: CrrlConfig,
    /// The one part that is trained; `None` trains all three.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<CrrlPart>,
}

/// A part of CRRL that stands alone; the student needs the motion learner for its teacher.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", parse_err_ty = Error, parse_err_fn = unknown_part)]
pub enum CrrlPart {
    /// The contrastive motion learner.
    Cml,
    /// The sequence reconstructor.
    Ser,
}

fn unknown_part(given: &str) -> Error {
    let known = CrrlPart::VARIANTS.join(", ");
    Error::Source(format!(
        "unknown part of crrl `{given}`: expected one of {known}"
    ))
}
