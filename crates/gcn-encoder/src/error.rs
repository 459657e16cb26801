/// A configuration from which no encoder can be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EncoderError {
    /// No units.
    #[error("an {encoder} needs at least one unit, `units` is empty")]
    NoUnits {
        /// The encoder's name.
        encoder: &'static str,
    },
    /// A count that must be positive is zero.
    #[error("`{field}` is 0, expected at least 1")]
    Zero {
        /// The field, e.g. `units[3].stride`.
        field: String,
    },
    /// An even number of taps has no middle.
    #[error("`taps` is {taps}, expected an odd number")]
    EvenTaps {
        /// The number given.
        taps: usize,
    },
    /// A dropout that is no probability below 1.
    #[error("`dropout` is {dropout}, expected at least 0 and below 1")]
    Dropout {
        /// The number given.
        dropout: f64,
    },
    /// A field holds a value that cannot work.
    #[error("`{field}` is {value}, expected {expected}")]
    Invalid {
        /// The field.
        field: String,
        /// Its value, as text.
        value: String,
        /// What the field accepts.
        expected: String,
    },
}

impl EncoderError {
    /// An error unless `value` is at least 1; `field` names it.
    pub(crate) fn positive(value: usize, field: impl FnOnce() -> String) -> Result<(), Self> {
        match value {
            0 => Err(Self::Zero { field: field() }),
            _ => Ok(()),
        }
    }

    /// An error unless `dropout` is a probability below 1.
    pub(crate) fn dropout(dropout: f64) -> Result<(), Self> {
        match (0.0..1.0).contains(&dropout) {
            true => Ok(()),
            false => Err(Self::Dropout { dropout }),
        }
    }
}
