use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use augment::{Clip, ViewKey, Views};
use burn::data::dataloader::{DataLoader, DataLoaderIterator, Progress};
use burn::data::dataset::DatasetError;
use burn::tensor::Device;
use skeleton_data::{DataError, SkeletonDataset, Stream};
use ssl_objectives::ViewBatch;

use super::host_batch::HostBatch;
use super::resident::Resident;

/// The sample number that stands for "the whole epoch": its generator shuffles the clips.
const WHOLE_EPOCH: u64 = u64::MAX;

/// Batches of views of each clip, for burn-train.
///
/// Everything random follows from (seed, epoch, sample, view): the order of the clips, the augmentation
/// parameters, and the seed that each batch carries for the dropout of its step. Batches come in
/// order whatever the number of workers, so a run gives the same losses with 0, 1 or 8 of them, and
/// a run resumed at epoch `e` sees what an uninterrupted one would. burn's own loader hands
/// batches out in the order in which its workers finish and advances one generator over the epochs,
/// which allows neither.
///
/// A batch holds a tensor `[N, M, T, V, C]` a view; an incomplete last batch is left out, because batch
/// statistics of another size would weigh differently in Barlow Twins.
///
/// Views that are the same in every pass (a monitor's, and those without augmentation) stay on the device after the first, as long as
/// they take no more than 256 MiB: then no batch is made or sent again.
///
/// A [`slice`](DataLoader::slice) is a share of every batch, not of the data: burn asks for one for each device that takes part in
/// a training, and together they see the batches that one device would, clip by clip and view by view.
#[derive(Clone, Debug)]
pub struct ViewLoader {
    plan: Arc<Plan>,
    device: Device,
    epoch: EpochCounter,
    /// The views on the device, where they stay there; found out by the first pass.
    resident: OnceLock<Option<Arc<Resident>>>,
}

#[derive(Clone, Debug)]
pub(super) struct Plan {
    dataset: Arc<SkeletonDataset>,
    views: Views,
    stream: Stream,
    bones: Vec<(usize, usize)>,
    /// The clips, ascending.
    pub(super) samples: Vec<usize>,
    batch_size: usize,
    /// The places within each batch that this loader fills.
    share: Range<usize>,
    seed: u64,
    workers: usize,
    shuffle: bool,
}

/// Which epoch the next pass over the data is.
#[derive(Debug)]
enum EpochCounter {
    /// Counts up with every pass; 1-based, as burn-train counts.
    Next(AtomicU64),
    /// Every pass shows the same views, so that a monitor is comparable between epochs.
    Fixed(u64),
}

impl Clone for EpochCounter {
    fn clone(&self) -> Self {
        match self {
            Self::Next(next) => Self::Next(AtomicU64::new(next.load(Ordering::SeqCst))),
            Self::Fixed(epoch) => Self::Fixed(*epoch),
        }
    }
}

impl EpochCounter {
    fn advance(&self) -> u64 {
        match self {
            Self::Next(next) => next.fetch_add(1, Ordering::SeqCst),
            Self::Fixed(epoch) => *epoch,
        }
    }
}

impl ViewLoader {
    /// A loader for training: shuffled, with fresh views every epoch, beginning at `first_epoch` (1-based).
    pub fn training(
        dataset: Arc<SkeletonDataset>,
        views: Views,
        stream: Stream,
        batch_size: usize,
        seed: u64,
        workers: usize,
        first_epoch: usize,
        device: Device,
    ) -> Self {
        let samples = (0..dataset.len()).collect();
        let plan = Plan::new(
            dataset, views, stream, samples, batch_size, seed, workers, true,
        );
        Self {
            plan: Arc::new(plan),
            device,
            epoch: EpochCounter::Next(AtomicU64::new(first_epoch as u64)),
            resident: OnceLock::new(),
        }
    }

    /// A loader for monitoring: the same views of the same `clips` clips, spread evenly over the data set, in every pass.
    pub fn monitor(
        dataset: Arc<SkeletonDataset>,
        views: Views,
        stream: Stream,
        batch_size: usize,
        clips: usize,
        seed: u64,
        workers: usize,
        device: Device,
    ) -> Self {
        let total = dataset.len();
        let clips = clips.min(total);
        let samples = (0..clips).map(|i| i * total / clips).collect();
        let plan = Plan::new(
            dataset, views, stream, samples, batch_size, seed, workers, false,
        );
        Self {
            plan: Arc::new(plan),
            device,
            epoch: EpochCounter::Fixed(0),
            resident: OnceLock::new(),
        }
    }

    /// Batches in one pass.
    pub fn batches(&self) -> usize {
        self.plan.samples.len() / self.plan.batch_size
    }

    /// The views on the device, if they stay there.
    fn resident(&self, epoch: u64) -> Option<Arc<Resident>> {
        let same = self.plan.views.is_fixed() || matches!(self.epoch, EpochCounter::Fixed(_));
        let make = || Resident::of(&self.plan, epoch, &self.device).map(Arc::new);
        same.then(|| self.resident.get_or_init(make).clone())?
    }
}

impl Plan {
    fn new(
        dataset: Arc<SkeletonDataset>,
        views: Views,
        stream: Stream,
        samples: Vec<usize>,
        batch_size: usize,
        seed: u64,
        workers: usize,
        shuffle: bool,
    ) -> Self {
        Self {
            bones: dataset.layout().bones(),
            dataset,
            views,
            stream,
            samples,
            share: 0..batch_size,
            batch_size,
            seed,
            workers,
            shuffle,
        }
    }

    /// The clips of one batch that are in the share.
    fn share_of_batch<'a>(&self, order: &'a [usize], index: usize) -> &'a [usize] {
        let start = index * self.batch_size;
        &order[start + self.share.start..start + self.share.end]
    }

    fn order(&self, epoch: u64) -> Vec<usize> {
        let mut order = self.samples.clone();
        if self.shuffle {
            let key = ViewKey {
                seed: self.seed,
                epoch,
                sample: WHOLE_EPOCH,
                view: 0,
            };
            let count = order.len();
            key.rng().partial_shuffle(&mut order, count);
        }
        order
    }

    /// Bytes of all views of all clips; `None` for clips that the views cannot be made of.
    pub(super) fn bytes(&self) -> Option<usize> {
        let shapes = self.views.shapes(self.dataset.shape()).ok()?;
        let clip: usize = shapes.iter().map(|shape| shape.len()).sum();
        Some(self.samples.len() * clip * size_of::<f32>())
    }

    /// All views of the clips `samples` as `[N, M, T, V, C]` values.
    pub(super) fn batch(
        &self,
        epoch: u64,
        samples: &[usize],
        clip: &mut Clip,
    ) -> Result<HostBatch, DataError> {
        let mut host = HostBatch::new(self.views.count());
        for &sample in samples {
            let sequence = self.dataset.clip(sample)?;
            let key = ViewKey {
                seed: self.seed,
                epoch,
                sample: sample as u64,
                view: 0,
            };
            for (number, view) in host.views.iter_mut().enumerate() {
                let key = key.with_view(number as u64);
                let valid = self.views.make((&*sequence).into(), key, clip);
                let made = clip.shape();
                self.stream.apply(clip.data_mut(), made, valid, &self.bones);
                view.push(clip.data(), made, samples.len());
                if number == 0 {
                    host.facts.lengths.push(valid as i64);
                }
            }
            host.facts.paces.extend(self.views.pace(key));
            let label = sequence.meta().label.map(|label| label as i64);
            host.facts.labels.push(label);
        }
        Ok(host)
    }
}

impl DataLoader<ViewBatch> for ViewLoader {
    fn iter<'a>(&'a self) -> Box<dyn DataLoaderIterator<ViewBatch> + 'a> {
        let epoch = self.epoch.advance();
        Box::new(ViewIterator::new(
            self.plan.clone(),
            self.device.clone(),
            epoch,
            self.resident(epoch),
        ))
    }

    fn num_items(&self) -> usize {
        self.batches() * self.plan.share.len()
    }

    fn to_device(&self, device: &Device) -> Arc<dyn DataLoader<ViewBatch>> {
        Arc::new(Self {
            device: device.clone(),
            resident: OnceLock::new(),
            ..self.clone()
        })
    }

    /// The part `start..end` of [`num_items`](Self::num_items), as the same part of every batch.
    fn slice(&self, start: usize, end: usize) -> Arc<dyn DataLoader<ViewBatch>> {
        let batches = self.batches().max(1);
        let first = self.plan.share.start;
        let plan = Plan {
            share: first + start / batches..first + end / batches,
            ..(*self.plan).clone()
        };
        Arc::new(Self {
            plan: Arc::new(plan),
            ..self.clone()
        })
    }
}

struct ViewIterator {
    plan: Arc<Plan>,
    device: Device,
    epoch: u64,
    order: Arc<Vec<usize>>,
    next: usize,
    batches: usize,
    source: Source,
}

enum Source {
    Resident(Arc<Resident>),
    Inline(Clip),
    Workers(Workers),
}

/// Of `n` workers the `w`-th makes the batches `w`, `w + n`, `w + 2 n`, ...: they are asked in turn, and none runs further
/// ahead of a slow training step, or of a slow worker, than a batch that waits and one in the making.
struct Workers {
    receivers: Vec<Receiver<Result<HostBatch, DataError>>>,
    threads: Vec<JoinHandle<()>>,
}

impl ViewIterator {
    fn new(plan: Arc<Plan>, device: Device, epoch: u64, resident: Option<Arc<Resident>>) -> Self {
        let order = Arc::new(plan.order(epoch));
        let batches = order.len() / plan.batch_size;
        let source = match (resident, plan.workers) {
            (Some(resident), _) => Source::Resident(resident),
            (None, 0) => Source::Inline(Clip::new()),
            (None, workers) => {
                Source::Workers(Workers::spawn(&plan, epoch, &order, batches, workers))
            }
        };
        Self {
            plan,
            device,
            epoch,
            order,
            next: 0,
            batches,
            source,
        }
    }
}

impl Workers {
    fn spawn(
        plan: &Arc<Plan>,
        epoch: u64,
        order: &Arc<Vec<usize>>,
        batches: usize,
        workers: usize,
    ) -> Self {
        let workers = workers.min(batches);
        let (receivers, threads) = (0..workers)
            .map(|first| {
                let (sender, receiver) = sync_channel(1);
                let (plan, order) = (plan.clone(), order.clone());
                let mine = (first..batches).step_by(workers);
                let thread = std::thread::spawn(move || work(&plan, epoch, &order, mine, &sender));
                (receiver, thread)
            })
            .unzip();
        Self { receivers, threads }
    }

    /// The batch with this index, or nothing if a worker died.
    fn wait_for(&self, index: usize) -> Option<Result<HostBatch, DataError>> {
        let worker = index % self.receivers.len();
        self.receivers[worker].recv().ok()
    }
}

fn work(
    plan: &Plan,
    epoch: u64,
    order: &[usize],
    batches: impl Iterator<Item = usize>,
    sender: &SyncSender<Result<HostBatch, DataError>>,
) {
    let mut clip = Clip::new();
    for index in batches {
        let batch = plan.batch(epoch, plan.share_of_batch(order, index), &mut clip);
        if sender.send(batch).is_err() {
            return; // training stopped before the end of the epoch
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.receivers.clear(); // wakes workers that wait to send
        for thread in self.threads.drain(..) {
            // A worker's panic has been reported by `wait_for`'s caller already.
            let _ = thread.join();
        }
    }
}

impl Iterator for ViewIterator {
    type Item = Result<ViewBatch, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next == self.batches {
            return None;
        }
        let index = self.next;
        self.next += 1;
        let samples = self.plan.share_of_batch(&self.order, index);
        let host = match &mut self.source {
            Source::Resident(views) => {
                let batch = views.batch(samples);
                return Some(Ok(self.numbered(batch, index)));
            }
            Source::Inline(clip) => self
                .plan
                .batch(self.epoch, samples, clip)
                .map_err(DatasetError::new),
            Source::Workers(workers) => match workers.wait_for(index) {
                Some(batch) => batch.map_err(DatasetError::new),
                None => {
                    let died = std::io::Error::other("a data loader worker died");
                    Err(DatasetError::new(died))
                }
            },
        };
        match host {
            Ok(host) => Some(Ok(self.numbered(host.into_batch(&self.device), index))),
            Err(error) => {
                self.next = self.batches;
                Some(Err(error))
            }
        }
    }
}

impl ViewIterator {
    /// The batch with what its step has of its place in the run.
    fn numbered(&self, batch: ViewBatch, index: usize) -> ViewBatch {
        let place = self.plan.share.start as u64;
        ViewBatch {
            seed: step_seed(self.plan.seed, self.epoch, index as u64, place),
            epoch: self.epoch as usize,
            step: index + 1,
            ..batch
        }
    }
}

/// The seed of one step's dropout; a function of (seed, epoch, step) and of the place in the batch at which a device's share begins.
fn step_seed(seed: u64, epoch: u64, step: u64, place: u64) -> u64 {
    use rand::Rng;
    let key = ViewKey {
        seed,
        epoch,
        sample: WHOLE_EPOCH - place,
        view: step + 1,
    };
    key.rng().next_u64()
}

impl DataLoaderIterator<ViewBatch> for ViewIterator {
    fn progress(&self) -> Progress {
        Progress::new(
            self.next * self.plan.share.len(),
            self.batches * self.plan.share.len(),
            Some("clips".to_owned()),
        )
    }
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use augment::Pipeline;
    use burn::data::dataloader::split::split_dataloader;
    use burn::tensor::Tensor;
    use skeleton_data::synthetic::SyntheticConfig;

    use super::*;

    const BATCH: usize = 6;

    fn loader(workers: usize) -> ViewLoader {
        let views = Views::same(Pipeline::view_invariant());
        ViewLoader::training(
            dataset(),
            views,
            Stream::Joint,
            BATCH,
            7,
            workers,
            1,
            Device::flex(),
        )
    }

    fn dataset() -> Arc<SkeletonDataset> {
        let figures = SyntheticConfig {
            clips_per_action: 3,
            ..SyntheticConfig::default()
        };
        let clips = figures.generate().unwrap();
        let dataset = SkeletonDataset::new(figures.layout.clone(), figures.class_names(), clips);
        Arc::new(dataset.unwrap())
    }

    /// All views of two epochs, batch by batch, clip by clip: the numbers of each clip.
    fn clips(loader: &dyn DataLoader<ViewBatch>) -> Vec<Vec<Vec<f32>>> {
        let mut batches = Vec::new();
        for _ in 0..2 {
            batches.extend(loader.iter().map(|batch| {
                let batch = batch.unwrap();
                let clip = |clip: usize| {
                    let view = |view: &Tensor<5>| {
                        let numbers = view.clone().narrow(0, clip, 1).into_data();
                        numbers.try_to_vec::<f32>().unwrap()
                    };
                    batch.views.iter().flat_map(view).collect()
                };
                (0..batch.samples()).map(clip).collect()
            }));
        }
        batches
    }

    #[test]
    fn the_shares_of_devices_are_the_batches_of_one() {
        for (devices, workers) in [(2, 0), (3, 2)] {
            let whole = loader(workers);
            let items = whole.num_items();
            let expected = clips(&whole);
            assert!(expected.len() >= 4, "too few batches to tell");
            let shares =
                split_dataloader(Arc::new(loader(workers)), &vec![Device::flex(); devices]);
            assert!(
                shares
                    .iter()
                    .all(|share| share.num_items() == items / devices)
            );
            let mut together = vec![Vec::new(); expected.len()];
            for share in &shares {
                for (batch, clips) in together.iter_mut().zip(clips(share.as_ref())) {
                    assert_eq!(clips.len(), BATCH / devices);
                    batch.extend(clips);
                }
            }
            assert!(together == expected, "{devices} devices see other batches");
        }
    }

    #[test]
    fn each_share_has_dropout_of_its_own_and_the_first_that_of_the_whole() {
        let seeds = |loader: &dyn DataLoader<ViewBatch>| -> Vec<u64> {
            loader.iter().map(|batch| batch.unwrap().seed).collect()
        };
        let shares = split_dataloader(Arc::new(loader(0)), &[Device::flex(), Device::flex()]);
        let [first, second] = [0, 1].map(|share: usize| seeds(shares[share].as_ref()));
        assert_eq!(first, seeds(&loader(0)));
        assert!(first.iter().all(|seed| !second.contains(seed)));
    }

    #[test]
    fn views_that_stay_on_the_device_are_those_that_would_be_made_again() {
        let device = Device::flex();
        let training = |views: Views| {
            ViewLoader::training(
                dataset(),
                views,
                Stream::Bone,
                BATCH,
                7,
                0,
                1,
                device.clone(),
            )
        };
        let monitor = |views: Views| {
            ViewLoader::monitor(
                dataset(),
                views,
                Stream::Joint,
                BATCH,
                14,
                7,
                2,
                device.clone(),
            )
        };
        let motion = Views::motion(augment::MotionClips::default()).unwrap();
        for (stays, loader) in [
            (false, training(Views::same(Pipeline::view_invariant()))),
            (false, training(motion.clone())),
            (true, training(Views::single(Pipeline::none()))),
            (
                true,
                training(Views::coordinates_and_velocity(Pipeline::none())),
            ),
            (true, monitor(Views::same(Pipeline::view_invariant()))),
            (true, monitor(motion)),
        ] {
            let made = ViewLoader {
                resident: OnceLock::from(None),
                ..loader.clone()
            };
            for _ in 0..2 {
                let batches = loader.iter().zip(made.iter());
                let mut count = 0;
                for (batch, expected) in batches {
                    assert_eq!(facts(batch.unwrap()), facts(expected.unwrap()));
                    count += 1;
                }
                assert_eq!(count, loader.batches());
            }
            assert_eq!(loader.resident(1).is_some(), stays);
        }
    }

    /// All that is in a batch: numbers of the views, labels, paces, and its place in the run.
    fn facts(batch: ViewBatch) -> (Vec<Vec<f32>>, Vec<i64>, Vec<f64>, [u64; 3]) {
        let numbers = |view: Tensor<5>| view.into_data().try_to_vec::<f32>().unwrap();
        let labels = batch.labels.expect("labels").into_data();
        assert!(batch.lengths.is_none(), "no clip is padded");
        (
            batch.views.into_iter().map(numbers).collect(),
            labels.iter::<i64>().collect(),
            batch.paces,
            [batch.seed, batch.epoch as u64, batch.step as u64],
        )
    }
}
