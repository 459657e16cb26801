use std::fmt;

use comfy_table::{Table, presets};
use skeleton_ssl::DeviceSpec;

use crate::double::Moved;
use crate::edge::Edge;
use crate::relative::{Difference, Measure, Tensors};

/// How far a device may be from flex.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    values: f64,
    gradients: f64,
    losses: f64,
}

impl Tolerance {
    /// Of one operation: both are in single precision and add in another order.
    pub const OPERATION: Self = Self {
        values: 1e-4,
        gradients: 1e-4,
        losses: 0.0,
    };
    /// Of a network. One activation near zero that rounding moves to the other side of a ReLU changes the gradient of a channel by
    /// the root of the places it is summed over, here a few hundred; and in 20 steps rounding grows from step to step.
    pub const NETWORK: Self = Self {
        values: 5e-4,
        gradients: 1e-1,
        losses: 2e-2,
    };
}

/// What a device computes of a network, or flex.
pub struct Outcome {
    /// Outputs, features or the loss.
    pub values: Tensors,
    /// All gradients.
    pub gradients: Tensors,
}

/// Who computes.
#[derive(Clone, Copy, Debug)]
pub enum Side {
    /// Flex, with its kernels.
    Flex,
    /// The device that is compared with it.
    Device,
    /// Double precision.
    Double(Option<Moved>),
}

/// A device beside flex in one case.
#[derive(Debug)]
pub struct Row {
    /// The device.
    pub device: DeviceSpec,
    /// The operation, the encoder, or the method and its encoder.
    pub case: String,
    /// Of outputs, features or the loss.
    pub values: Difference,
    /// Of all gradients.
    pub gradients: Difference,
    /// What double precision says where gradients are outside their tolerance. It excuses nothing.
    pub edge: Option<Edge>,
    /// Of the losses of 20 steps, where there was a training.
    pub losses: Option<f64>,
    /// How large each may be.
    pub tolerance: Tolerance,
}

impl Row {
    /// A network's: what flex and the device `compute`, and double precision where their gradients are outside the tolerance.
    pub fn of_network(
        device: &DeviceSpec,
        case: String,
        compute: impl Fn(Side) -> Outcome,
        losses: Option<f64>,
    ) -> Self {
        let tolerance = Tolerance::NETWORK;
        let [flex, ours] = [Side::Flex, Side::Device].map(&compute);
        let gradients = Difference::new(&ours.gradients, &flex.gradients, Measure::Norm);
        let outside = gradients.largest > tolerance.gradients;
        Self {
            device: device.clone(),
            case,
            values: Difference::new(&ours.values, &flex.values, Measure::Entry),
            gradients,
            edge: outside.then(|| Edge::find(&flex, &ours, compute)),
            losses,
            tolerance,
        }
    }

    /// Whether all is within tolerance.
    pub fn passes(&self) -> bool {
        let Tolerance {
            values,
            gradients,
            losses,
        } = self.tolerance;
        self.values.largest <= values
            && self.gradients.largest <= gradients
            && self.losses.is_none_or(|found| found <= losses)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}: values {:.1e} ({}), gradients {:.1e} ({})",
            self.device,
            self.case,
            self.values.largest,
            self.values.tensor,
            self.gradients.largest,
            self.gradients.tensor,
        )?;
        if let Some(edge) = self.edge {
            write!(f, " ({edge})")?;
        }
        if let Some(losses) = self.losses {
            write!(f, ", losses {losses:.1e}")?;
        }
        match self.passes() {
            true => Ok(()),
            false => f.write_str("  <-- outside its tolerance"),
        }
    }
}

/// All rows as a Markdown table.
pub fn table(rows: &[Row]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(["device", "", "values", "gradients", "losses of 20 steps"]);
    for row in rows {
        table.add_row([
            row.device.to_string(),
            row.case.clone(),
            format!("{:.1e}", row.values.largest),
            format!("{:.1e}", row.gradients.largest),
            row.losses
                .map_or(String::new(), |losses| format!("{losses:.1e}")),
        ]);
    }
    table
}
