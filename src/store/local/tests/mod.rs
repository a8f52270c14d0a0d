//! The local store under test: on a real disk, on a simulated one, and damaged.

mod beside;
mod crash;
mod damage;
mod folder;
mod killed;
mod real;
mod world;
