//! Memory that is used again.
//!
//! A training step allocates the same activations, gradients and scratch every time. A general allocator
//! gives pieces of megabytes back to the system and faults them in again, page by page, at the next step: a
//! fifth of a step's time. A [`Buffer`] goes to a list instead when it is dropped.

use std::collections::HashMap;
use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use aligned_vec::{AVec, ConstAlign};
use burn_std::{AccessError, AccessPolicy, AllocationController, AllocationProperty, Bytes};

/// Bytes of a cache line, to which every buffer is aligned: a 512-bit load across two lines costs two.
pub const ALIGNMENT: usize = 64;

/// Bytes that are kept at most for later use.
const KEPT: usize = 1 << 30;

type Memory = AVec<f32, ConstAlign<ALIGNMENT>>;

#[derive(Default)]
struct Pool {
    /// By length.
    free: HashMap<usize, Vec<Memory>>,
    bytes: usize,
}

static POOL: LazyLock<Mutex<Pool>> = LazyLock::new(Mutex::default);

fn pool() -> MutexGuard<'static, Pool> {
    // The lists are whole at any moment; a panic elsewhere does not spoil them.
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the memory that kernels keep for later use to the system.
pub fn release_memory() {
    *pool() = Pool::default();
}

/// Numbers in memory from the pool, aligned to a cache line.
#[derive(Debug)]
pub struct Buffer {
    memory: Memory,
    length: usize,
}

impl Buffer {
    /// `length` numbers of any value, left over from an earlier use.
    pub fn stale(length: usize) -> Self {
        // Without slack in tests, so that the address sanitizer sees what lies behind.
        let class = if cfg!(test) { length } else { class(length) };
        let reused = {
            let mut pool = pool();
            let memory = pool.free.get_mut(&class).and_then(Vec::pop);
            if memory.is_some() {
                pool.bytes -= class * size_of::<f32>();
            }
            memory
        };
        let memory = reused.unwrap_or_else(|| {
            let mut memory = Memory::with_capacity(ALIGNMENT, class);
            memory.resize(class, 0.0);
            memory
        });
        Self { memory, length }
    }

    /// `length` zeros.
    pub fn zeros(length: usize) -> Self {
        let mut buffer = Self::stale(length);
        buffer.fill(0.0);
        buffer
    }
}

impl Buffer {
    /// The numbers as the storage of a tensor, which gives the memory back when it is dropped.
    #[expect(
        unsafe_code,
        reason = "burn's storage takes its length on trust from any allocator"
    )]
    pub fn into_bytes(self) -> Bytes {
        let bytes = self.length * size_of::<f32>();
        // SAFETY: all numbers of a buffer are initialised, and `bytes` is the length of the memory that the
        // controller shows.
        unsafe { Bytes::from_controller(Box::new(Allocation(self)), bytes) }
    }
}

/// A buffer that holds the storage of a tensor.
struct Allocation(Buffer);

impl AllocationController for Allocation {
    fn alloc_align(&self) -> usize {
        ALIGNMENT
    }

    fn property(&self) -> AllocationProperty {
        AllocationProperty::Other
    }

    #[expect(
        unsafe_code,
        reason = "numbers are seen as bytes that may be uninitialised"
    )]
    unsafe fn memory_mut(
        &mut self,
        _policy: AccessPolicy,
    ) -> Result<&mut [MaybeUninit<u8>], AccessError> {
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut self.0);
        // SAFETY: of one size and alignment; the caller promises to write initialised bytes only, and any
        // bytes are a number.
        Ok(unsafe { &mut *(std::ptr::from_mut(bytes) as *mut [MaybeUninit<u8>]) })
    }

    #[expect(
        unsafe_code,
        reason = "numbers are seen as bytes that may be uninitialised"
    )]
    fn memory(&self, _policy: AccessPolicy) -> Result<&[MaybeUninit<u8>], AccessError> {
        let bytes: &[u8] = bytemuck::cast_slice(&self.0);
        // SAFETY: of one size and alignment, and behind a shared reference nothing can be written.
        Ok(unsafe { &*(std::ptr::from_ref(bytes) as *const [MaybeUninit<u8>]) })
    }
}

/// The least length of at least `length` with four significant bits: few different lengths are kept, an eighth
/// wasted at most.
fn class(length: usize) -> usize {
    let length = length.max(ALIGNMENT / size_of::<f32>());
    let unit = 1usize << (length.ilog2() - 3);
    length.next_multiple_of(unit)
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.memory[..self.length]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.memory[..self.length]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let memory = std::mem::replace(&mut self.memory, Memory::new(ALIGNMENT));
        let bytes = memory.len() * size_of::<f32>();
        let mut pool = pool();
        if pool.bytes + bytes <= KEPT {
            pool.bytes += bytes;
            pool.free.entry(memory.len()).or_default().push(memory);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_wastes_an_eighth_at_most() {
        for length in (1..5_000).chain([65_537, 999_999, 1 << 24]) {
            let class = class(length);
            assert!(class >= length, "{length}");
            assert!(class <= 16.max(length + length / 8), "{length}: {class}");
            assert_eq!(self::class(class), class);
        }
    }

    #[test]
    fn buffers_are_aligned_and_as_long_as_asked_for() {
        for length in [0, 1, 15, 17, 1_000, 100_003] {
            let mut buffer = Buffer::stale(length);
            assert_eq!(buffer.len(), length);
            assert_eq!(buffer.as_ptr() as usize % ALIGNMENT, 0);
            buffer.fill(1.0);
            drop(buffer);
            assert!(Buffer::zeros(length).iter().all(|x| *x == 0.0));
        }
    }
}
