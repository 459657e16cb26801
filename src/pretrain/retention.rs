use burn::train::checkpoint::{CheckpointingAction, CheckpointingStrategy};
use burn::train::metric::store::EventStoreClient;

/// Keeps the last two checkpoints, and every `milestone`-th for good.
///
/// Two, so that one whole checkpoint exists while the next is being written.
#[derive(Clone, Debug)]
pub(super) struct Retention {
    /// Epochs between checkpoints that are kept; `None` keeps none but the last two.
    pub(super) milestone: Option<usize>,
}

const LAST: usize = 2;

impl Retention {
    fn actions(&self, epoch: usize) -> Vec<CheckpointingAction> {
        let mut actions = vec![CheckpointingAction::Save];
        if let Some(old) = epoch.checked_sub(LAST).filter(|&old| old > 0)
            && self.milestone.is_none_or(|every| old % every != 0)
        {
            actions.push(CheckpointingAction::Delete(old));
        }
        actions
    }
}

impl CheckpointingStrategy for Retention {
    fn checkpointing(
        &mut self,
        epoch: usize,
        _store: &EventStoreClient,
    ) -> Vec<CheckpointingAction> {
        self.actions(epoch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milestones_survive_and_the_rest_is_deleted_two_epochs_later() {
        let retention = Retention { milestone: Some(5) };
        let deleted: Vec<usize> = (1..=12)
            .flat_map(|epoch| retention.actions(epoch))
            .filter_map(|action| match action {
                CheckpointingAction::Delete(epoch) => Some(epoch),
                CheckpointingAction::Save => None,
            })
            .collect();
        assert_eq!(deleted, [1, 2, 3, 4, 6, 7, 8, 9]);
    }
}
