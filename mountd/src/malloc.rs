//! How the process asks for memory: a mount of a million files should cost what a mount of ten costs.

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
