//! The local store under test: on a real disk, on a simulated one, and damaged.

mod crash;
mod real;
mod world;
