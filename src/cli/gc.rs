//! `veneer gc`: removes what no ref reaches.

use clap::Args;
use serde::Serialize;
use veneer::dataset::gc;
use veneer::store::SweepOptions;

use super::context::Context;
use super::progress::spin;
use super::report::{Answer, Result};
use super::{human, output};

/// Remove what no branch, tag or draft refers to.
#[derive(Args, Debug)]
#[command(after_long_help = "\
What is younger than --grace stays: another command may be about to refer to it.
While a service has the store, it collects, and others work on; what somebody sent
to it, or what was referred to, within the last hour stays then, too.

Examples:
  veneer gc --dry-run
  veneer gc
  veneer gc --grace 1h
  veneer --store http://gpu1:5015 gc")]
pub(super) struct GcArgs {
    /// Only say what would be removed
    #[arg(long)]
    dry_run: bool,
    /// How old something must be to be removed
    #[arg(long, value_name = "TIME", default_value = "24h")]
    grace: String,
}

#[derive(Serialize)]
struct Collected {
    objects: u64,
    bytes: u64,
    kept_young: u64,
    dry_run: bool,
}

impl GcArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let grace = human::parse_duration(&self.grace)?;
        let options = SweepOptions { grace, dry_run: self.dry_run, ..SweepOptions::default() };
        let swept = match context.service()? {
            Some(service) => spin("collecting", || service.collect(options))?,
            None => {
                let opened = context.own_folder()?;
                let store = opened.local()?;
                spin("collecting", || gc(&opened.datasets, store, options))?
            }
        };
        let (objects, bytes, kept_young, dry_run) = (swept.objects, swept.bytes, swept.kept_young, self.dry_run);
        if context.json {
            output::json(&Collected { objects, bytes, kept_young, dry_run })?;
            return Ok(Answer::Yes);
        }
        let verb = if dry_run { "would remove" } else { "removed" };
        let (removed, size) = (human::count(objects, "object"), human::size(bytes));
        output::print(|out| {
            writeln!(out, "{verb} {removed}, {size}")?;
            match kept_young {
                0 => Ok(()),
                _ => writeln!(out, "kept {} younger than {}", human::count(kept_young, "unused object"), self.grace),
            }
        })?;
        Ok(Answer::Yes)
    }
}
