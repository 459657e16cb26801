use std::fmt;

use comfy_table::{Table, presets};
use skeleton_ssl::DeviceSpec;

use crate::relative::Difference;

/// How far values may be from flex's: both are in single precision, and add in another order.
const VALUES: f32 = 2e-4;
/// How far gradients may be: what a ReLU lets through near zero depends on the rounding before it.
const GRADIENTS: f32 = 5e-3;
/// How far a loss may be in 20 steps, in which rounding grows from step to step.
const LOSSES: f32 = 2e-2;

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
    /// Of the losses of 20 steps, where there was a training.
    pub losses: Option<f32>,
}

impl Row {
    /// Whether all is within tolerance.
    pub fn passes(&self) -> bool {
        self.values.largest <= VALUES
            && self.gradients.largest <= GRADIENTS
            && self.losses.is_none_or(|losses| losses <= LOSSES)
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
    table.load_preset(presets::ASCII_MARKDOWN);
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
