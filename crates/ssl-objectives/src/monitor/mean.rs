use std::marker::PhantomData;
use std::sync::Arc;

use burn::tensor::{Tensor, TensorReadError};
use burn::train::metric::state::{FormatOptions, NumericMetricState};
use burn::train::metric::{
    Metric, MetricAttributes, MetricMetadata, MetricName, Numeric, NumericAttributes, NumericEntry,
    SerializedEntry,
};

/// A number that a step yields and whose mean over the samples of an epoch is worth a curve.
pub trait Quantity: Clone + Send + Sync + 'static {
    /// Name of the metric.
    const NAME: &'static str;
    /// What it is, in a sentence.
    const DESCRIPTION: &'static str;
    /// Whether more is better.
    const HIGHER_IS_BETTER: bool;
}

macro_rules! quantity {
    ($quantity:ident, $metric:ident, $name:literal, $higher:literal, $description:literal) => {
        #[doc = concat!($description, " Listed as `", $name, "`.")]
        #[derive(Clone, Copy, Debug)]
        pub struct $quantity;

        impl Quantity for $quantity {
            const NAME: &'static str = $name;
            const DESCRIPTION: &'static str = $description;
            const HIGHER_IS_BETTER: bool = $higher;
        }

        #[doc = concat!("Metric of [`", stringify!($quantity), "`].")]
        pub type $metric = MeanMetric<$quantity>;
    };
}

quantity!(
    Barlow,
    BarlowMetric,
    "Barlow loss",
    false,
    "The Barlow Twins term divided by the number of features: about 1 for unrelated views."
);
quantity!(
    Instance,
    InstanceMetric,
    "Instance loss",
    false,
    "The instance-level term before its weight; of the cosine form, 0 for equal and 2 for unrelated views."
);
quantity!(
    Diagonal,
    DiagonalMetric,
    "Mean diagonal",
    true,
    "Mean diagonal of the cross-correlation of two views: 1 where each feature agrees."
);
quantity!(
    OffDiagonal,
    OffDiagonalMetric,
    "Mean off-diagonal",
    false,
    "Mean absolute off-diagonal value of the cross-correlation of two views: 0 where no feature repeats another."
);

/// A value of `Q` for one batch.
#[derive(Clone, Debug)]
pub struct Scalar<Q> {
    value: Tensor<1>,
    samples: usize,
    quantity: PhantomData<Q>,
}

impl<Q> Scalar<Q> {
    /// `value`, shape `[1]`, is a mean over `samples` samples.
    pub fn new(value: Tensor<1>, samples: usize) -> Self {
        Self {
            value,
            samples,
            quantity: PhantomData,
        }
    }
}

/// Mean of `Q` over the samples of an epoch.
#[derive(Clone)]
pub struct MeanMetric<Q> {
    name: MetricName,
    state: NumericMetricState,
    quantity: PhantomData<Q>,
}

impl<Q: Quantity> core::fmt::Debug for MeanMetric<Q> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("MeanMetric")
            .field("name", &self.name)
            .field("running", &self.state.running_value())
            .finish()
    }
}

impl<Q: Quantity> MeanMetric<Q> {
    /// The metric, with nothing seen.
    pub fn new() -> Self {
        Self {
            name: Arc::new(Q::NAME.to_owned()),
            state: NumericMetricState::new(),
            quantity: PhantomData,
        }
    }

    fn format(&self) -> FormatOptions {
        FormatOptions::new(self.name()).precision(4)
    }
}

impl<Q: Quantity> Default for MeanMetric<Q> {
    fn default() -> Self {
        Self::new()
    }
}

impl<Q: Quantity> Metric for MeanMetric<Q> {
    type Input = Scalar<Q>;

    fn name(&self) -> MetricName {
        self.name.clone()
    }

    fn description(&self) -> Option<String> {
        Some(Q::DESCRIPTION.to_owned())
    }

    fn attributes(&self) -> MetricAttributes {
        NumericAttributes {
            unit: None,
            higher_is_better: Q::HIGHER_IS_BETTER,
        }
        .into()
    }

    fn update(
        &mut self,
        item: &Scalar<Q>,
        _metadata: &MetricMetadata,
    ) -> Result<SerializedEntry, TensorReadError> {
        let value = item.value.clone().try_into_scalar::<f64>()?;
        self.state.update(value, item.samples);
        Ok(self.state.compute_update(self.format()))
    }

    fn compute(&mut self) -> Result<SerializedEntry, TensorReadError> {
        Ok(self.state.compute_final(self.format()))
    }

    fn clear(&mut self) {
        self.state.reset();
    }
}

impl<Q: Quantity> Numeric for MeanMetric<Q> {
    fn value(&self) -> Option<NumericEntry> {
        Some(self.state.current_value())
    }

    fn running_value(&self) -> Option<NumericEntry> {
        Some(self.state.running_value())
    }

    fn final_value(&self) -> NumericEntry {
        self.state.final_value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::metadata;
    use burn::tensor::Device;

    #[test]
    fn the_epoch_value_is_the_mean_over_samples_and_starts_anew() {
        let mut metric = BarlowMetric::new();
        let device = Device::flex();
        let mut update = |value: f32, samples| {
            let value = Tensor::from_floats([value], &device);
            metric
                .update(&Scalar::new(value, samples), &metadata())
                .unwrap();
            metric.final_value().current()
        };
        assert_eq!(update(1.0, 3), 1.0);
        assert_eq!(update(5.0, 1), 2.0);
        metric.clear();
        assert!(metric.final_value().current().is_nan());
    }

    #[test]
    fn names_are_distinct() {
        let mut names = vec![
            Barlow::NAME,
            Instance::NAME,
            Diagonal::NAME,
            OffDiagonal::NAME,
        ];
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 4);
    }
}
