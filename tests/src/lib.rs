//! The harness: what the tests and the benches of all of Veneer stand on.
//!
//! Sources are literals ([`source!`](crate::source)), commands are the built binaries run in a
//! [`Home`] of their own, and whatever a test starts (a mount, a child, a file
//! system) is a guard that ends it, and only it, also when the test panics.
//! Random tests draw from [`Rng`], print their seed, and take `SEED=`. A test
//! that cannot run here says so through [`need!`](crate::need) and counts as skipped.

pub mod binaries;
mod child;
mod command;
pub mod commits;
pub mod disk;
pub mod generate;
pub mod hosts;
pub mod literal;
mod mounted;
pub mod public;
mod python;
mod random;
pub mod readers;
pub mod reference;
mod requests;
pub mod service;
pub mod skip;
mod steady;
pub mod through;
mod tree;
pub mod wait;

pub use child::Child;
pub use command::{Home, Ran};
pub use mounted::{Mount, is_mounted};
pub use python::Python;
pub use random::Rng;
pub use requests::Requests;
pub use tree::{Thing, Tree, checksum};
