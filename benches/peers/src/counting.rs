//! An allocator that counts what is held, if asked to, by what glibc takes for it: a header of eight bytes, rounded up to
//! 16, at least 32. A program counts from its first line on or not at all.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

struct Counting;

static IS_ON: AtomicBool = AtomicBool::new(false);
static BYTES: AtomicUsize = AtomicUsize::new(0);
static BLOCKS: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn taken(layout: Layout) -> usize {
    ((layout.size() + 8 + 15) & !15).max(32)
}

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if IS_ON.load(Relaxed) {
            BYTES.fetch_add(taken(layout), Relaxed);
            BLOCKS.fetch_add(1, Relaxed);
        }
        System.alloc(layout)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if IS_ON.load(Relaxed) {
            BYTES.fetch_sub(taken(layout), Relaxed);
            BLOCKS.fetch_sub(1, Relaxed);
        }
        System.dealloc(block, layout);
    }

    // Without this a list that grows would be copied each time, which the system's allocator avoids for large ones.
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if IS_ON.load(Relaxed) {
            BYTES.fetch_sub(taken(layout), Relaxed);
            BYTES.fetch_add(taken(Layout::from_size_align_unchecked(size, layout.align())), Relaxed);
        }
        System.realloc(block, layout, size)
    }
}

pub fn start() {
    IS_ON.store(true, Relaxed);
}

/// Bytes and blocks that have been taken since the start and not given back.
pub fn held() -> (isize, isize) {
    (BYTES.load(Relaxed) as isize, BLOCKS.load(Relaxed) as isize)
}
