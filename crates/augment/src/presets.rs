use skeleton_data::Layout;

use crate::{
    AugmentError, Axis, AxisMask, AxisRotation, GaussianBlur, GaussianNoise, JointMask, OneOf,
    Pipeline, Rotation, Shear, SpatialFlip, Stage, TemporalCrop, TemporalCropResize, Turn,
};

/// The presets' names.
const NAMES: [&str; 6] = [
    "skeletonclr",
    "aimclr_extreme",
    "pstl",
    "isc",
    "view_invariant",
    "level_cameras",
];

/// Presets: published recipes, each for one view.
impl Pipeline {
    /// The names that [`preset`](Self::preset) knows.
    pub fn preset_names() -> &'static [&'static str] {
        &NAMES
    }

    /// The preset of a name, for clips of a layout (whose mirrored pairs a spatial flip needs).
    ///
    /// # Errors
    /// [`AugmentError::UnknownPreset`] with the known names.
    pub fn preset(name: &str, layout: &Layout) -> Result<Self, AugmentError> {
        match name {
            "skeletonclr" => Ok(Self::skeletonclr()),
            "aimclr_extreme" => Ok(Self::aimclr_extreme(layout)),
            "pstl" => Ok(Self::pstl(layout)),
            "isc" => Ok(Self::isc()),
            "view_invariant" => Ok(Self::view_invariant()),
            "level_cameras" => Ok(Self::level_cameras()),
            _ => Err(AugmentError::UnknownPreset {
                name: name.to_owned(),
                known: &NAMES,
            }),
        }
    }

    /// SkeletonCLR and CrosSCLR, also AimCLR's normal views: temporal crop 6, then shear 0.5.
    pub fn skeletonclr() -> Self {
        Self::published(vec![
            Stage::always(TemporalCrop::default()),
            Stage::always(Shear { amplitude: 0.5 }),
        ])
    }

    /// AimCLR's extreme view, for the query only: temporal crop, shear 0.5, flip, rotation, noise, blur, axis mask
    /// (options 1 to 5).
    ///
    /// The flip exchanges indices, the rotation is one-sided and the blur's kernel raw, as released. The released
    /// reader also reverses time between rotation and noise with probability 0.5 (option 6, not in the paper's
    /// list): insert a [`TimeFlip`](crate::TimeFlip) for it. Noise spares absent persons, unlike there.
    pub fn aimclr_extreme(layout: &Layout) -> Self {
        Self::published(vec![
            Stage::always(TemporalCrop::default()),
            Stage::always(Shear { amplitude: 0.5 }),
            Stage::sometimes(0.5, SpatialFlip::new(layout)),
            Stage::always(Rotation::default()),
            Stage::sometimes(0.5, GaussianNoise::default()),
            Stage::sometimes(0.5, GaussianBlur::default()),
            Stage::sometimes(0.5, AxisMask::default()),
        ])
    }

    /// PSTL's view before its partial masks (CSM and MATM, which are not part of this crate): temporal crop 6,
    /// shear 1, rotation, flip.
    ///
    /// PSTL draws one set of parameters for a whole batch; here every clip has its own.
    pub fn pstl(layout: &Layout) -> Self {
        Self::published(vec![
            Stage::always(TemporalCrop::default()),
            Stage::always(Shear { amplitude: 1.0 }),
            Stage::always(Rotation::default()),
            Stage::sometimes(0.5, SpatialFlip::new(layout)),
        ])
    }

    /// ISC: temporal crop of 0.1 to 1 resized to 64 frames, then shear 1 or 15 joints corrupted, equally likely.
    ///
    /// Views have 64 frames. Needs clips of 15 joints or more.
    pub fn isc() -> Self {
        Self::published(vec![
            Stage::always(TemporalCropResize::default()),
            Stage::always(OneOf {
                steps: vec![Shear { amplitude: 1.0 }.into(), JointMask::default().into()],
            }),
        ])
    }

    /// For clips prepared by the view-invariant transform: temporal crop 6, shear 0.1, rotation of +-60 degrees about
    /// the vertical, which is z there, then of +-10 about x and y.
    ///
    /// Source: this project's trials on NW-UCLA. The transform takes a body's axes from one frame of a noisy
    /// tracker, so that cameras still disagree by some angle, mostly about the vertical. Shear 0.5 destroys what
    /// it gains.
    pub fn view_invariant() -> Self {
        Self::turned(&[(Axis::Z, 60.0), (Axis::X, 10.0), (Axis::Y, 10.0)])
    }

    /// For centred clips of cameras that look almost level from wherever they stand, so that what tells one from
    /// another is a rotation about the vertical, which is y there: temporal crop 6, shear 0.1, rotation of +-90
    /// degrees about it.
    ///
    /// Source: this project's trials on synthetic figures.
    pub fn level_cameras() -> Self {
        Self::turned(&[(Axis::Y, 90.0)])
    }

    /// Temporal crop 6, shear 0.1, then a symmetric rotation about each axis by up to its degrees.
    fn turned(rotations: &[(Axis, f64)]) -> Self {
        let mut stages = vec![
            Stage::always(TemporalCrop::default()),
            Stage::always(Shear { amplitude: 0.1 }),
        ];
        stages.extend(rotations.iter().map(|&(axis, degrees)| {
            Stage::always(AxisRotation {
                axis,
                degrees,
                turn: Turn::Symmetric,
            })
        }));
        Self::published(stages)
    }

    pub(crate) fn published(stages: Vec<Stage>) -> Self {
        Self::new(stages).expect("presets hold valid parameters")
    }
}

#[cfg(test)]
mod tests {
    use skeleton_data::ClipShape;

    use super::*;
    use crate::testing::{clip, rng};
    use crate::{Augmentation, Step};

    #[test]
    fn every_name_gives_a_preset_for_every_layout() {
        for layout in Layout::PRESETS.map(|name| Layout::preset(name).unwrap()) {
            for &name in Pipeline::preset_names() {
                let preset = Pipeline::preset(name, &layout).unwrap();
                for (frames, persons) in [(50, 2), (1, 1)] {
                    let shape = ClipShape::new(frames, persons, layout.joint_count(), 3);
                    let made = preset.output_shape(shape).unwrap();
                    let mut clip = clip(shape, 1);
                    preset.apply(&mut clip, &mut rng(1));
                    assert_eq!(clip.shape(), made, "{name}");
                    assert!(clip.data().iter().all(|x| x.is_finite()), "{name}");
                }
                let text = serde_json::to_string(&preset).unwrap();
                assert_eq!(serde_json::from_str::<Pipeline>(&text).unwrap(), preset);
            }
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let error = Pipeline::preset("simclr", &Layout::ntu25()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no augmentation preset is called `simclr`; known presets: skeletonclr, aimclr_extreme, pstl, isc, \
             view_invariant, level_cameras"
        );
    }

    #[test]
    fn the_extreme_view_has_the_published_order_and_probabilities() {
        let preset = Pipeline::aimclr_extreme(&Layout::ntu25());
        let text = serde_json::to_value(&preset).unwrap();
        let order: Vec<(f64, &str)> = text
            .as_array()
            .unwrap()
            .iter()
            .map(|stage| {
                let step = stage["step"].as_object().unwrap();
                let name = step.keys().next().unwrap().as_str();
                (stage["probability"].as_f64().unwrap(), name)
            })
            .collect();
        assert_eq!(
            order,
            [
                (1.0, "temporal_crop"),
                (1.0, "shear"),
                (0.5, "spatial_flip"),
                (1.0, "rotation"),
                (0.5, "gaussian_noise"),
                (0.5, "gaussian_blur"),
                (0.5, "axis_mask"),
            ]
        );
    }

    #[test]
    fn the_projects_own_presets_hold_their_numbers() {
        let steps = |preset: Pipeline| -> Vec<Step> {
            let stages = preset.stages().iter();
            stages.map(|stage| stage.step.clone()).collect()
        };
        let start = [
            Step::TemporalCrop(TemporalCrop { ratio: 6 }),
            Step::Shear(Shear { amplitude: 0.1 }),
        ];
        let rotation = |axis, degrees| {
            Step::AxisRotation(AxisRotation {
                axis,
                degrees,
                turn: Turn::Symmetric,
            })
        };
        let tilted = [(Axis::Z, 60.0), (Axis::X, 10.0), (Axis::Y, 10.0)];
        let tilted = tilted.map(|(axis, degrees)| rotation(axis, degrees));
        assert_eq!(
            steps(Pipeline::view_invariant()),
            [&start[..], &tilted].concat()
        );
        assert_eq!(
            steps(Pipeline::level_cameras()),
            [&start[..], &[rotation(Axis::Y, 90.0)]].concat()
        );
    }
}
