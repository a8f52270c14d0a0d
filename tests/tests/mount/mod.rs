//! Mounts through the kernel: what any program on this machine sees.

mod all;
mod follow;
mod hold;
mod kills;
mod large_files;
mod life;
mod listing;
mod random;
mod reading;
mod source_drift;
mod takeover;
mod traps;
mod writable;
mod writable_draft;
mod writable_programs;
mod writable_snapshot;
mod writable_storm;
mod writable_takeover;
