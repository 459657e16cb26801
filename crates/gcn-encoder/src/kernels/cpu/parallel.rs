//! Work divided among threads such that results do not depend on their number.

use super::buffer::Buffer;

/// Groups into which bodies are divided where each group sums up something of its own.
const GROUPS: usize = 16;

/// Bodies in a group. Sums are made within groups, then over them, in an order that is always the same.
pub fn group_size(bodies: usize) -> usize {
    bodies.div_ceil(GROUPS).max(1)
}

/// The sum of the groups' parts, each of `length` numbers.
pub fn sum_groups(parts: &[f32], length: usize) -> Buffer {
    let mut sum = Buffer::zeros(length);
    for part in parts.chunks_exact(length.max(1)) {
        for (sum, part) in sum.iter_mut().zip(part) {
            *sum += part;
        }
    }
    sum
}
