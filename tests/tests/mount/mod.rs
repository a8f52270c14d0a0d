//! Mounts through the kernel: what any program on this machine sees.

mod follow;
mod life;
mod listing;
mod random;
mod reading;
mod source_drift;
mod writable;
mod writable_programs;
