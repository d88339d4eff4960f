//! Does each hot work N times and then 2N times. `.ci/instructions` has callgrind write down what each of these stretches
//! takes: it looks for the calls of [`mark`]. Prints each work, N, and the allocations of both stretches.

mod cron;
mod machine;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        System.alloc(layout)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        System.dealloc(block, layout);
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        System.realloc(block, layout, size)
    }
}

/// Callgrind ends a stretch at each call of this.
#[inline(never)]
#[no_mangle]
extern "C" fn mark() -> u64 {
    std::hint::black_box(ALLOCATIONS.load(Relaxed))
}

/// Measures one work; `work(n)` does it n times.
fn measure(name: &str, times: usize, mut work: impl FnMut(usize)) {
    let start = mark();
    work(times);
    let between = mark();
    work(2 * times);
    let end = mark();
    println!("{name}\t{times}\t{}\t{}", between - start, end - between);
}

fn main() {
    cron::measure_all();
    machine::measure_all();
}
