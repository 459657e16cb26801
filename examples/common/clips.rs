use std::path::Path;

use skeleton_ssl::Error;
use skeleton_ssl::experiment::{DataConfig, PreparedData};

/// Clips that several runs share, prepared once: those of runs that differ in their seed alone.
#[derive(Default)]
pub struct Clips(Option<(DataConfig, PreparedData)>);

impl Clips {
    /// The clips that `config` describes; the last ones where it is the same.
    pub fn of(
        &mut self,
        config: &DataConfig,
        folder: Option<&Path>,
    ) -> Result<&PreparedData, Error> {
        let known = self.0.take().filter(|(known, _)| known == config);
        let clips = match known {
            Some((_, clips)) => clips,
            None => config.prepare(folder)?,
        };
        let (_, clips) = self.0.insert((config.clone(), clips));
        Ok(clips)
    }
}
