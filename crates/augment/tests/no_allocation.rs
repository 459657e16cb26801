//! Making views allocates nothing once the buffers are warm, counted by an allocator of this test binary.
// Implementing an allocator is unsafe by its signature; it hands everything on to the system's.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout as MemoryLayout, System};
use std::cell::Cell;

use augment::{
    AxisRotation, Clip, MotionClips, NegativeClip, NwUclaView, Pipeline, RandomChoose, RandomMove,
    RandomRotation, RandomShift, SegmentShuffle, SortedFrames, Source, SpeedChange, Stage,
    TimeFlip, ViewKey, Views,
};
use skeleton_data::{ClipShape, Layout};

thread_local! {
    // Per thread, so that the test harness' own threads do not count.
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

fn count() {
    // During a thread's end the counter is gone; nobody reads it then.
    let _ = ALLOCATIONS.try_with(|n| n.set(n.get() + 1));
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: MemoryLayout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: MemoryLayout) {
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: MemoryLayout, size: usize) -> *mut u8 {
        count();
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

#[test]
fn warm_buffers_serve_every_later_view() {
    let layout = Layout::ntu25();
    let everything_else = Pipeline::new(vec![
        Stage::sometimes(0.5, TimeFlip {}),
        Stage::always(AxisRotation::default()),
        Stage::always(RandomRotation::default()),
        Stage::always(SpeedChange::default()),
        Stage::always(SegmentShuffle::default()),
        Stage::always(RandomMove::default()),
        Stage::always(RandomChoose { frames: 40 }),
        Stage::always(RandomShift {}),
        Stage::always(NwUclaView {
            min_max: true,
            ..NwUclaView::default()
        }),
        Stage::always(SortedFrames::default()),
    ])
    .expect("valid steps");
    let mut pipelines: Vec<(String, Pipeline)> = Pipeline::preset_names()
        .iter()
        .map(|&name| {
            let preset = Pipeline::preset(name, &layout).expect("a known preset");
            (name.to_owned(), preset)
        })
        .collect();
    pipelines.push(("the other steps".to_owned(), everything_else));

    let shape = ClipShape::new(50, 2, layout.joint_count(), 3);
    let frames: Vec<f32> = (0..shape.len()).map(|i| (i as f32).sin()).collect();
    let mut all: Vec<(String, Views)> = pipelines
        .into_iter()
        .map(|(name, pipeline)| (name, Views::same(pipeline)))
        .collect();
    let negatives = [
        NegativeClip::default(),
        NegativeClip::FrameShuffle,
        NegativeClip::Repeat { share: 0.5 },
        NegativeClip::Incoherent { gap: 16 },
        NegativeClip::Reverse,
    ];
    for (number, negative) in negatives.into_iter().enumerate() {
        let clips = MotionClips {
            length: 16,
            negative,
            score_channel: number % 2 == 1,
            ..MotionClips::default()
        };
        let views = Views::motion(clips).expect("valid clips");
        all.push((format!("motion clips, {negative:?}"), views));
    }
    let velocity = Views::coordinates_and_velocity(Pipeline::skeletonclr());
    all.push(("velocity".to_owned(), velocity));
    for (name, views) in all {
        let mut clip = Clip::new();
        let mut make = |samples: std::ops::Range<u64>| {
            for sample in samples {
                for view in 0..views.count() as u64 {
                    let key = ViewKey {
                        sample,
                        view,
                        ..ViewKey::default()
                    };
                    views.make(Source::unpadded(&frames, shape), key, &mut clip);
                }
            }
        };
        // Warm when every step has been taken once, which probabilities delay.
        assert!(
            allocations(|| make(0..20)) > 0,
            "{name}: nothing was counted"
        );
        assert_eq!(allocations(|| make(20..200)), 0, "{name}");
    }
}
