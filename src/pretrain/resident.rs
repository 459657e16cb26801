use augment::Clip;
use burn::tensor::{Device, Int, Tensor, TensorData};
use ssl_objectives::ViewBatch;

use super::host_batch::Facts;
use super::loader::Plan;

/// Most bytes of views that stay on a device.
const LIMIT: usize = 256 << 20;

/// The views of all clips of a loader on its device, for views that are the same in every pass: of a batch only the numbers of its
/// clips go there.
#[derive(Debug)]
pub(super) struct Resident {
    /// The clips, ascending.
    samples: Vec<usize>,
    /// `[clips, M, T, V, C]` each.
    views: Vec<Tensor<5>>,
    facts: Facts,
    device: Device,
}

impl Resident {
    /// Every view of every clip of the plan; `None` where they are too large, and where a clip cannot be read: the batch that it is in
    /// will say why.
    pub(super) fn of(plan: &Plan, epoch: u64, device: &Device) -> Option<Self> {
        if plan.bytes()? > LIMIT {
            return None;
        }
        let samples = plan.samples.clone();
        let host = plan.batch(epoch, &samples, &mut Clip::new()).ok()?;
        let views = host.views.into_iter();
        Some(Self {
            samples,
            views: views.map(|view| view.into_tensor(device)).collect(),
            facts: host.facts,
            device: device.clone(),
        })
    }

    /// The batch of these clips, all of them the plan's.
    pub(super) fn batch(&self, samples: &[usize]) -> ViewBatch {
        let places = samples.iter().map(|sample| {
            let place = self.samples.binary_search(sample);
            place.expect("a clip of the plan")
        });
        let places: Vec<usize> = places.collect();
        let numbers: Vec<i64> = places.iter().map(|&place| place as i64).collect();
        let numbers = TensorData::new(numbers, [samples.len()]);
        let numbers = Tensor::<1, Int>::from_data(numbers, &self.device);
        let views = self.views.iter();
        let views = views.map(|view| view.clone().select(0, numbers.clone()));
        let facts = self.facts.select(&places);
        facts.with_views(views.collect(), &self.device)
    }
}
