use half::{bf16, f16};

/// Floats as files keep them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Float {
    F16,
    Bf16,
    F32,
    F64,
}

impl Float {
    /// The numbers in little-endian `bytes`, rounded to single precision.
    pub(super) fn read(self, bytes: &[u8]) -> Vec<f32> {
        match self {
            Self::F16 => each(bytes, |bytes| f16::from_le_bytes(bytes).to_f32()),
            Self::Bf16 => each(bytes, |bytes| bf16::from_le_bytes(bytes).to_f32()),
            Self::F32 => each(bytes, f32::from_le_bytes),
            Self::F64 => each(bytes, |bytes| f64::from_le_bytes(bytes) as f32),
        }
    }
}

fn each<const SIZE: usize>(bytes: &[u8], number: impl Fn([u8; SIZE]) -> f32) -> Vec<f32> {
    let (numbers, _) = bytes.as_chunks::<SIZE>();
    numbers.iter().map(|bytes| number(*bytes)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_widths_are_read() {
        let numbers = [1.5_f32, -0.25, 1024.0];
        let f16s: Vec<u8> = numbers
            .iter()
            .flat_map(|number| f16::from_f32(*number).to_le_bytes())
            .collect();
        let bf16s: Vec<u8> = numbers
            .iter()
            .flat_map(|number| bf16::from_f32(*number).to_le_bytes())
            .collect();
        let f32s: Vec<u8> = numbers
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect();
        let f64s: Vec<u8> = numbers
            .iter()
            .flat_map(|number| f64::from(*number).to_le_bytes())
            .collect();
        for (float, bytes) in [
            (Float::F16, f16s),
            (Float::Bf16, bf16s),
            (Float::F32, f32s),
            (Float::F64, f64s),
        ] {
            assert_eq!(float.read(&bytes), numbers, "{float:?}");
        }
    }
}
