use burn::config::Config;
use burn::module::{Module, RunningState};
use burn::tensor::{Device, Distribution, Tensor, assert_shape};

use crate::ObjectiveError;
use crate::instance::unit_rows;

/// Configuration of a [`Queue`].
#[derive(Config, Debug, PartialEq, Eq)]
pub struct QueueConfig {
    /// Most keys that are kept. Default: 32768, as SkeletonCLR on NTU RGB+D (confirmed in its code). A data set of fewer
    /// clips gets a shorter queue, see [`size_for`](Self::size_for).
    #[config(default = 32768)]
    pub size: usize,
}

impl Default for QueueConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl QueueConfig {
    /// Keys that are kept when training on `clips` clips in batches of `batch_size`: the largest multiple of the batch
    /// that is neither above [`size`](Self::size) nor above `clips`.
    ///
    /// A queue longer than the data set would hold several keys of each clip, the clip's own among its negatives (ours;
    /// the published queues are shorter than their data sets).
    ///
    /// # Errors
    /// [`ObjectiveError::QueueTooSmall`] where not one batch fits, [`ObjectiveError::InvalidConfig`] for an empty batch.
    pub fn size_for(&self, clips: usize, batch_size: usize) -> Result<usize, ObjectiveError> {
        if batch_size == 0 {
            return Err(ObjectiveError::invalid(
                "batch_size",
                batch_size,
                "at least 1",
            ));
        }
        match self.size.min(clips) / batch_size {
            0 => Err(ObjectiveError::QueueTooSmall {
                size: self.size,
                clips,
                batch_size,
            }),
            batches => Ok(batches * batch_size),
        }
    }

    /// A queue of [`size_for`](Self::size_for) keys of `dim` features, which starts with random directions: normal values
    /// of the device's generator, each row scaled to length 1 (He et al. 2020, published code).
    ///
    /// # Errors
    /// As [`size_for`](Self::size_for), and [`ObjectiveError::InvalidConfig`] for keys without features.
    pub fn init(
        &self,
        clips: usize,
        batch_size: usize,
        dim: usize,
        device: &Device,
    ) -> Result<Queue, ObjectiveError> {
        let size = self.size_for(clips, batch_size)?;
        if dim == 0 {
            return Err(ObjectiveError::invalid("queue features", dim, "at least 1"));
        }
        let random = Tensor::random([size, dim], Distribution::Normal(0.0, 1.0), device);
        Ok(Queue {
            keys: RunningState::new(unit_rows(random)),
        })
    }
}

/// The keys of past batches, as negatives for the present one: the dictionary of MoCo (He et al., *Momentum Contrast for
/// Unsupervised Visual Representation Learning*, CVPR 2020, section 3.2).
///
/// Part of the module's state: checkpoints hold it, and a resumed run goes on with the same negatives. The newest keys come
/// first, so that there is no pointer to keep. As with all running state of burn, clones of a module share it.
///
/// Over several devices each has a queue, filled with the keys of its share of the batches; an epoch begins with the first's on all.
///
/// Made by [`QueueConfig::init`].
#[derive(Module, Debug)]
pub struct Queue {
    /// The keys, `[K, D]`, newest first.
    keys: RunningState<Tensor<2>>,
}

impl Queue {
    /// Puts `keys` in front and drops as many of the oldest. Gradients of the keys are cut.
    ///
    /// The keys are in the next [`negatives`](Self::negatives) and in a record taken from here on, on every thread. To be
    /// called by one thread at a time.
    ///
    /// # Shapes
    /// - `keys`: `[N, D]`, `N` at most `K`
    ///
    /// # Panics
    /// When the keys are not `D` wide or more than the queue holds.
    pub fn push(&self, keys: Tensor<2>) {
        let old = self.keys.value_sync();
        let [size, dim] = old.dims();
        let [n, _] = keys.dims();
        assert_shape!(keys, [n, dim]);
        assert!(n <= size, "{n} keys for a queue of {size}");
        let keys = match old.is_autodiff() {
            true => keys.detach(),
            false => keys.without_autodiff(),
        };
        let keys = match size - n {
            0 => keys,
            kept => Tensor::cat(vec![keys, old.narrow(0, 0, kept)], 0),
        };
        self.keys.update(keys.set_require_grad(false));
        // burn holds an update back until this thread asks for the value or makes the next one; a record or another
        // thread would miss it.
        self.keys.value_sync();
    }

    /// The keys, newest first, as constants.
    ///
    /// # Shapes
    /// - output: `[K, D]`, without autodiff
    pub fn negatives(&self) -> Tensor<2> {
        self.keys.value_sync().without_autodiff()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{host, random};

    fn queue(size: usize, device: &Device) -> Queue {
        QueueConfig::new()
            .with_size(size)
            .init(1000, 1, 3, device)
            .unwrap()
    }

    fn rows(values: &[f32], device: &Device) -> Tensor<2> {
        Tensor::<1>::from_floats(values, device)
            .reshape([values.len(), 1])
            .repeat_dim(1, 3)
    }

    fn first_column(queue: &Queue) -> Vec<f32> {
        host(queue.negatives().narrow(1, 0, 1))
    }

    #[test]
    fn the_newest_keys_come_first_and_the_oldest_leave() {
        for device in [Device::flex(), Device::flex().autodiff()] {
            let queue = queue(5, &device);
            queue.push(rows(&[1.0, 2.0], &device));
            queue.push(rows(&[3.0], &device));
            assert_eq!(first_column(&queue)[..3], [3.0, 1.0, 2.0]);
            queue.push(rows(&[4.0, 5.0, 6.0], &device));
            assert_eq!(first_column(&queue), [4.0, 5.0, 6.0, 3.0, 1.0]);
            queue.push(rows(&[7.0, 8.0, 9.0, 10.0, 11.0], &device));
            assert_eq!(first_column(&queue), [7.0, 8.0, 9.0, 10.0, 11.0]);
        }
    }

    #[test]
    fn a_new_queue_holds_different_directions_of_length_one() {
        let keys = host(queue(64, &Device::flex()).negatives());
        let mean: Vec<f32> = (0..3)
            .map(|d| keys.iter().skip(d).step_by(3).sum::<f32>() / 64.0)
            .collect();
        for key in keys.chunks(3) {
            let length = key.iter().map(|x| x * x).sum::<f32>();
            assert!((length - 1.0).abs() < 1e-5, "{length}");
        }
        // The mean of 64 directions has a length of 1/8; 0.6 is five times that.
        assert!(mean.iter().map(|x| x * x).sum::<f32>().sqrt() < 0.6);
    }

    #[test]
    fn a_push_is_in_the_record_at_once_also_from_another_thread() {
        let device = Device::flex().autodiff();
        let queue = queue(4, &device);
        let pushing = queue.clone();
        let keys = rows(&[1.0, 2.0], &device);
        std::thread::spawn(move || pushing.push(keys))
            .join()
            .unwrap();
        let loaded = self::queue(4, &device).load_record(queue.clone().into_record());
        assert_eq!(first_column(&loaded)[..2], [1.0, 2.0]);
        assert_eq!(first_column(&loaded), first_column(&queue));
        // And the loaded one goes on from there.
        for queue in [&queue, &loaded] {
            queue.push(rows(&[3.0], &device));
        }
        assert_eq!(first_column(&loaded), first_column(&queue));
        assert_eq!(first_column(&queue.valid()), first_column(&queue));
    }

    #[test]
    fn neither_keys_nor_negatives_carry_gradients() {
        let device = Device::flex().autodiff();
        let queue = queue(4, &device);
        let leaf = random([2, 3], 1, &device).require_grad();
        queue.push(leaf.clone());
        queue.push(leaf.clone() * 2.0);
        assert!(!queue.negatives().is_autodiff());
        assert!(!queue.keys.value().is_require_grad());
        let loss = (queue.negatives().sum().reshape([1, 1]) * leaf.clone()).sum();
        let grad = host(leaf.grad(&loss.backward()).unwrap());
        // Of the leaf as a factor only: the sum of the negatives, everywhere the same.
        let sum = host(queue.negatives()).iter().sum::<f32>();
        assert!(grad.iter().all(|g| (g - sum).abs() < 1e-4), "{grad:?}");
    }

    #[test]
    fn the_size_is_a_multiple_of_the_batch_within_size_and_clips() {
        for (size, clips, batch, expected) in [
            (32768, 40_000, 128, 32768),
            (32768, 1000, 128, 896),
            (300, 1000, 128, 256),
            (64, 1000, 32, 64),
            (128, 128, 128, 128),
        ] {
            let config = QueueConfig::new().with_size(size);
            assert_eq!(config.size_for(clips, batch).unwrap(), expected);
            let queue = config.init(clips, batch, 2, &Device::flex()).unwrap();
            assert_eq!(queue.negatives().dims(), [expected, 2]);
        }
    }

    #[test]
    fn a_queue_that_holds_no_batch_is_refused_with_the_way_out() {
        let refused = |size, clips, batch| {
            let config = QueueConfig::new().with_size(size);
            config.size_for(clips, batch).unwrap_err().to_string()
        };
        let few_clips = refused(32768, 100, 128);
        assert!(
            few_clips.contains("100 clips") && few_clips.contains("batch of 128"),
            "{few_clips}"
        );
        assert!(few_clips.contains("at most 100"), "{few_clips}");
        let short = refused(64, 1000, 128);
        assert!(short.contains("size of 64"), "{short}");
        assert!(short.contains("at most 64"), "{short}");
        assert!(refused(64, 100, 0).contains("`batch_size`"));
    }

    #[test]
    #[should_panic(expected = "3 keys for a queue of 2")]
    fn more_keys_than_places_are_refused() {
        let device = Device::flex();
        queue(2, &device).push(rows(&[1.0, 2.0, 3.0], &device));
    }
}
