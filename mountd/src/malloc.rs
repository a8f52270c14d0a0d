//! How the process asks for memory: a mount of a million files should cost what a mount of ten costs.
//!
//! And no request may be lost to it: a process that is killed while the kernel
//! copies a request into memory that was never used cannot be given that memory
//! any more, and then the kernel answers the request with EIO. So the buffers
//! into which requests are read are made ready before the first is read.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// fuser's buffers for requests are longer than anything else that is asked for zeroed: 16 MiB and a page.
const BUFFER_LEN_MIN: usize = 16 << 20;
const PAGE_LEN: usize = 4096;

/// How much of such a buffer is made ready: any request has room in it that has no bytes to be written.
static READY_LEN: AtomicUsize = AtomicUsize::new(3 * PAGE_LEN);

/// Has buffers made ready for requests of `len` bytes to be written; must be called before a session begins.
pub fn expect_writes(len: usize) {
    READY_LEN.fetch_max(len + 3 * PAGE_LEN, Ordering::Relaxed);
}

/// The system's allocator, which gives buffers for requests whose memory is there.
#[derive(Debug)]
pub struct Ready;

// SAFETY: all is done by the system's allocator; what it returned is written only within its length.
unsafe impl GlobalAlloc for Ready {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        let at = unsafe { System.alloc_zeroed(layout) };
        if layout.size() >= BUFFER_LEN_MIN && !at.is_null() {
            let len = READY_LEN.load(Ordering::Relaxed).min(layout.size());
            // SAFETY: within what was allocated, and what is written was there before.
            (0..len).step_by(PAGE_LEN).for_each(|offset| unsafe { at.add(offset).write_volatile(0) });
        }
        at
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, len: usize) -> *mut u8 {
        // SAFETY: as the caller promises.
        unsafe { System.realloc(at, layout, len) }
    }
}

/// Makes the allocator give back what is not used; must be called before any thread is started.
#[cfg(target_env = "gnu")]
pub fn keep_small() {
    // Each arena keeps what its threads once used, and by default there are eight to a core.
    // A fixed threshold: else the first free of a big buffer makes later ones stay in the heap.
    for (what, value) in
        [(libc::M_ARENA_MAX, 2), (libc::M_MMAP_THRESHOLD, 128 << 10), (libc::M_TRIM_THRESHOLD, 256 << 10)]
    {
        // SAFETY: it only sets parameters of the allocator, and no other thread is there to allocate meanwhile.
        unsafe { libc::mallopt(what, value) };
    }
}

/// Other allocators keep to themselves.
#[cfg(not(target_env = "gnu"))]
pub fn keep_small() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_a_big_zeroed_buffer_is_there_before_it_is_used() {
        let layout = Layout::from_size_align(BUFFER_LEN_MIN + PAGE_LEN, 1).expect("a length");
        // SAFETY: the layout has a length, and what it gives is given back below.
        let at = unsafe { Ready.alloc_zeroed(layout) };
        let first = at.addr().next_multiple_of(PAGE_LEN);
        let mut is_there = [0_u8; 8];
        // SAFETY: whole pages within the buffer, and as many bytes as there are pages.
        let asked = unsafe { libc::mincore(first as *mut libc::c_void, 8 * PAGE_LEN, is_there.as_mut_ptr()) };
        // SAFETY: allocated above with this layout.
        unsafe { Ready.dealloc(at, layout) };
        assert_eq!((asked, is_there[0] & 1, is_there[1] & 1), (0, 1, 1), "{is_there:?}");
    }
}
