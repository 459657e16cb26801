/// How CRRL is trained, in each of its two steps: the defaults of the released code for every data set (confirmed,
/// `papers.md` 4.8). Nothing is augmented, the last epoch's networks are kept, and the optimiser is SGD without
/// Nesterov momentum or dampening.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrrlRecipe {
    /// Learning rate of the first epoch.
    pub learning_rate: f64,
    /// Momentum of SGD.
    pub momentum: f64,
    /// L2 penalty of SGD.
    pub weight_decay: f32,
    /// Clips in a batch; what is left of an epoch's clips is left out.
    pub batch_size: usize,
    /// Epochs of a step.
    pub epochs: usize,
    /// 0-based epochs after each of which the learning rate is halved once more.
    pub halved_after: [usize; 2],
}

impl CrrlRecipe {
    /// The released code's defaults.
    pub const RELEASED: Self = Self {
        learning_rate: 0.05,
        momentum: 0.9,
        weight_decay: 1e-4,
        batch_size: 32,
        epochs: 60,
        halved_after: [18, 50],
    };

    /// Learning rate of an epoch, 1-based as in [`ViewBatch`](crate::ViewBatch).
    pub fn learning_rate_in(&self, epoch: usize) -> f64 {
        let halvings = self
            .halved_after
            .iter()
            .filter(|&&last| epoch > last + 1)
            .count();
        self.learning_rate * 0.5_f64.powi(halvings as i32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_halves_after_the_nineteenth_and_the_fifty_first_epoch() {
        let rate = |epoch| CrrlRecipe::RELEASED.learning_rate_in(epoch);
        // 0-based: 0, 18, 19, 50, 51, 59.
        for (epoch, expected) in [
            (1, 0.05),
            (19, 0.05),
            (20, 0.025),
            (51, 0.025),
            (52, 0.0125),
            (60, 0.0125),
        ] {
            assert_eq!(rate(epoch), expected, "epoch {epoch}");
        }
    }
}
