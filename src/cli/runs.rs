//! `veneer runs`: the trainings and evaluations that have said something of samples.

use clap::Args;
use serde::Serialize;
use veneer::model::{RunKind, RunStatus};
use veneer::run::{Run, Runs};

use super::context::Context;
use super::human;
use super::output::{self, Align, Table};
use super::report::{Answer, Result, say};

/// List the runs of the store.
#[derive(Args, Debug)]
#[command(after_long_help = "\
A run is one training or evaluation: it looks at one revision of a dataset, and says
something of its samples, epoch by epoch. Whether one that is running is still heard
of is known to the service: the Dashboard shows it.

Examples:
  veneer runs
  veneer runs traffic                       those on one dataset
  veneer --json runs | jq -r '.[] | [.run, .rows] | @tsv'
  veneer sql 'SELECT avg(loss) FROM runs.\"resnet18\" WHERE epoch = 3'")]
pub(super) struct RunsArgs {
    /// Only runs on this dataset
    name: Option<String>,
}

#[derive(Serialize)]
struct RunLine {
    run: String,
    id: String,
    dataset: Option<String>,
    revision: Option<String>,
    table: Option<String>,
    kind: &'static str,
    state: &'static str,
    epochs: u64,
    rows: u64,
    started: String,
    finished: Option<String>,
    host: Option<String>,
}

impl RunLine {
    fn of(run: &Run) -> RunLine {
        let (record, data) = (&run.record, run.record.data.as_ref());
        RunLine {
            run: run.name.to_string(),
            id: run.id(),
            dataset: data.map(|data| data.dataset.clone()),
            revision: data.map(|data| data.revision.to_hex()),
            table: data.and_then(|data| data.table.clone()),
            kind: match record.kind {
                RunKind::Training => "training",
                RunKind::Evaluation => "evaluation",
            },
            state: match record.status {
                RunStatus::Running => "running",
                RunStatus::Finished => "finished",
                RunStatus::Failed => "failed",
            },
            epochs: record.metrics.epoch_count(),
            rows: record.metrics.rows,
            started: human::rfc3339(record.started_ns),
            finished: record.finished_ns.map(human::rfc3339),
            host: record.host.clone(),
        }
    }
}

impl RunsArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let name = self.name.as_deref().map(|name| context.dataset_name(name)).transpose()?;
        let opened = context.read()?;
        if let Some(name) = &name {
            // A dataset that is not there has no runs, and that is not what was asked.
            opened.datasets.open(name)?;
        }
        let mut runs = Runs::new(opened.store).all()?;
        let of = |run: &Run| run.record.data.as_ref().map(|data| data.dataset.clone());
        runs.retain(|run| name.as_ref().is_none_or(|name| of(run).as_deref() == Some(name.as_str())));
        runs.sort_by_key(|run| std::cmp::Reverse((run.record.started_ns, run.value.op)));
        let lines: Vec<RunLine> = runs.iter().map(RunLine::of).collect();
        if context.json {
            output::json(&lines)?;
            return Ok(Answer::Yes);
        }
        if lines.is_empty() {
            say("there are no runs");
        }
        let mut table = Table::new([Align::Left, Align::Left, Align::Left, Align::Right, Align::Right]);
        for line in lines {
            let data = match (line.dataset, line.revision) {
                (Some(dataset), Some(revision)) => format!("{dataset}@{}", &revision[..12]),
                _ => "-".to_owned(),
            };
            let (epochs, rows) = (human::count(line.epochs, "epoch"), human::count(line.rows, "row"));
            table.row([line.run, data, line.state.to_owned(), epochs, rows]);
        }
        table.print()?;
        Ok(Answer::Yes)
    }
}
