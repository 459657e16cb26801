use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use ssl_objectives::{
    BarlowTwinsConfig, ByolConfig, CmlConfig, CrrlConfig, MccConfig, SimSiamConfig,
    SkeletonClrConfig, SktConfig, VicRegConfig,
};

use super::finetune::FinetuneConfig;
use crate::Error;
use crate::pretrain::PretrainConfig;

/// A method for self-supervised learning, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    BarlowTwins,
}

impl MethodName {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Skt,
        Self::Mcc,
        Self::Crrl,
        Self::SkeletonClr,
        Self::Byol,
        Self::SimSiam,
        Self::VicReg,
        Self::BarlowTwins,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Skt => "skt",
            Self::Mcc => "mcc",
            Self::Crrl => "crrl",
            Self::SkeletonClr => "skeletonclr",
            Self::Byol => "byol",
            Self::SimSiam => "simsiam",
            Self::VicReg => "vicreg",
            Self::BarlowTwins => "barlow-twins",
        }
    }
}

impl fmt::Display for MethodName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for MethodName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|method| method.name() == text)
            .ok_or_else(|| Error::Method {
                given: text.to_owned(),
                expected: Self::ALL.map(Self::name).join(", "),
            })
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
}

impl MethodConfig {
    /// Its name.
    pub fn name(&self) -> MethodName {
        match self {
            Self::Skt(_) => MethodName::Skt,
            Self::Mcc(_) => MethodName::Mcc,
            Self::Crrl(_) => MethodName::Crrl,
            Self::SkeletonClr(_) => MethodName::SkeletonClr,
            Self::Byol(_) => MethodName::Byol,
            Self::SimSiam(_) => MethodName::SimSiam,
            Self::VicReg(_) => MethodName::VicReg,
            Self::BarlowTwins(_) => MethodName::BarlowTwins,
        }
    }
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CrrlPart {
    /// The contrastive motion learner.
    Cml,
    /// The sequence reconstructor.
    Ser,
}

impl FromStr for CrrlPart {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "cml" => Ok(Self::Cml),
            "ser" => Ok(Self::Ser),
            _ => Err(Error::Source(format!(
                "unknown part of crrl `{text}`: expected cml or ser"
            ))),
        }
    }
}
