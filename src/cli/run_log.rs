//! `veneer run-log`: what a training wrote into a file becomes rows of a run.
//!
//! In a store in a folder the command does it by itself, or through the service
//! that has the store; one elsewhere is asked, since the samples are known there.

use std::ffi::OsString;
use std::fs;

use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};
use veneer::dataset::rows::KnownRows;
use veneer::dataset::{Datasets, batches_of_file};
use veneer::model::{Address, Id, RunData, RunKind, RunName, RunStatus};
use veneer::run::{Accepted, Batch, NewRun, Of, Runs};
use veneer::store::RemoteStore;
use veneer::{ErrorKind, Result as Found};

use super::context::Context;
use super::human;
use super::output;
use super::report::{Answer, Failure, Result, say};
use super::rows::Input;

/// Where the kernel says what this machine is called.
const HOSTNAME: &str = "/proc/sys/kernel/hostname";

/// Record rows of metrics from a file in a run.
#[derive(Args, Debug)]
#[command(after_long_help = "\
The file is CSV, JSON lines, Parquet or Arrow, with a row for each sample and epoch.
`sample` is the key of a row of the dataset, or its path as the run's revision has
it; a column `path` in its stead is only a path. `epoch` is 0 where it is not there.
All other columns are recorded: loss, predicted, embedding …

A run that is not there is begun, with --on on a dataset. All of the file is recorded,
or nothing; the same file again does nothing. A service takes files, too, that are put
into the folder inbox/RUN of its store: see docs/SEMANTICS.md.

Examples:
  veneer run-log resnet18 epoch3.csv --on traffic
  veneer run-log resnet18 all.parquet --on traffic@v1 --finished
  python evaluate.py | veneer run-log eval-7 - --on traffic --evaluation
  veneer --store http://gpu1:5015 run-log resnet18 epoch4.jsonl")]
pub(super) struct RunLogArgs {
    /// The run
    run: String,
    /// The rows; - reads CSV from stdin
    #[arg(value_name = "FILE|-")]
    file: OsString,
    /// The dataset that a new run looks at, and the state if not `main`
    #[arg(long, value_name = "NAME[@REF]")]
    on: Option<String>,
    /// The table whose rows are a new run's samples; the main one if not said
    #[arg(long, value_name = "TABLE", requires = "on")]
    table: Option<String>,
    /// A new run is an evaluation, and no training
    #[arg(long)]
    evaluation: bool,
    /// The run ends with this
    #[arg(long)]
    finished: bool,
}

/// What was done.
#[derive(Serialize)]
struct Logged {
    run: String,
    rows: usize,
    /// Rows of batches that were there already.
    repeated: usize,
}

impl RunLogArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let name: RunName = self.run.parse()?;
        let input = Input::open(&self.file)?;
        let batches = batches_of_file(&input.bytes, input.promise)
            .map_err(|error| Failure::from(error).hint("`veneer run-log --help` says what the file has to be"))?;
        let on = self.on.as_deref().map(|on| context.address(on)).transpose()?;
        let logged = match context.service_elsewhere()? {
            Some(service) => self.ask(&service, &name, on.as_ref(), &batches)?,
            None => {
                let opened = context.own()?;
                self.log(&Runs::new(opened.store), &opened.datasets, &name, on.as_ref(), batches)?
            }
        };
        match context.json {
            true => output::json(&logged)?,
            false => {
                let (rows, run) = (human::count(logged.rows as u64, "row"), &logged.run);
                let repeated = match logged.repeated {
                    0 => String::new(),
                    rows => format!("; {} were there already", human::count(rows as u64, "row")),
                };
                say(format!("recorded {rows} in the run {run}{repeated}"));
            }
        }
        Ok(Answer::Yes)
    }

    /// Records the batches by the core. A run is begun only once it is known that all samples are there.
    fn log(
        &self,
        runs: &Runs,
        datasets: &Datasets,
        name: &RunName,
        on: Option<&Address>,
        batches: Vec<Batch>,
    ) -> Result<Logged> {
        let wanted = match on {
            Some(Address { dataset, reference }) => {
                Some(datasets.open(dataset)?.run_data(reference.as_ref(), self.table.as_deref())?)
            }
            None => None,
        };
        let there = match runs.open(name) {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound { .. }) => None,
            found => Some(found?),
        };
        let data = match &there {
            Some(run) if wanted.is_some() && wanted != run.record.data => {
                return Err(Failure::error(format!("the run `{name}` looks at something else"))
                    .hint("leave `--on` out to add to it, or choose another name"));
            }
            Some(run) => run.record.data.clone(),
            None => wanted,
        };
        let batches = match data.as_ref().map(|data| known_rows(datasets, data)).transpose()?.flatten() {
            Some(known) => keyed(&known, batches)?,
            None => batches,
        };
        let run = match there {
            Some(run) => run,
            None => runs.create(self.new_run(name, data))?.0,
        };
        let (answers, _) = runs.accept(&run.name, Of::Metrics, &batches)?;
        let mut logged = Logged { run: run.name.to_string(), rows: 0, repeated: 0 };
        for (answer, batch) in answers.into_iter().zip(&batches) {
            match answer {
                Accepted::New => logged.rows += batch.rows().num_rows(),
                Accepted::Repeated => logged.repeated += batch.rows().num_rows(),
                Accepted::Refused(error) => return Err(error.into()),
            }
        }
        if self.finished {
            runs.change(&run.name, |record| {
                record.status = RunStatus::Finished;
                record.finished_ns.get_or_insert(human::now_ns());
                Ok(())
            })?;
        }
        if runs.is_loose(&runs.open(&run.name)?) {
            runs.compact(&run.name)?;
        }
        Ok(logged)
    }

    fn new_run(&self, name: &RunName, data: Option<RunData>) -> NewRun {
        let (host, now_ns) = (host(), human::now_ns());
        let drawn = Id::of(format!("{name} {now_ns} {} {host:?}", std::process::id()).as_bytes());
        let mut id = [0; 16];
        id.copy_from_slice(&drawn.as_bytes()[..16]);
        let kind = if self.evaluation { RunKind::Evaluation } else { RunKind::Training };
        NewRun { name: name.clone(), id, data, kind, host, parameters: "{}".to_owned(), started_ns: Some(now_ns) }
    }

    /// Has a service elsewhere record the batches.
    fn ask(&self, service: &RemoteStore, name: &RunName, on: Option<&Address>, batches: &[Batch]) -> Result<Logged> {
        let run = match service.run(name) {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound { .. }) => {
                let mut new = json!({ "name": name.as_str(), "host": host() });
                new["kind"] = if self.evaluation { "evaluation" } else { "training" }.into();
                if let Some(Address { dataset, reference }) = on {
                    new["dataset"] = dataset.as_str().into();
                    new["ref"] = reference.as_ref().map(ToString::to_string).into();
                    new["table"] = self.table.clone().into();
                }
                service.begin_run(&new)?
            }
            run => run?,
        };
        let name: RunName = run["name"].as_str().unwrap_or_default().parse()?;
        let mut logged = Logged { run: name.to_string(), rows: 0, repeated: 0 };
        for batch in batches {
            let taken = service.put_metrics(&name, batch.name(), &batch.to_stream()?)?;
            match taken["repeated"] == Value::Bool(true) {
                true => logged.repeated += batch.rows().num_rows(),
                false => logged.rows += batch.rows().num_rows(),
            }
        }
        if self.finished {
            service.change_run(&name, &json!({ "status": "finished" }))?;
        }
        Ok(logged)
    }
}

/// The rows that a run's samples are; `None` where any key is one.
fn known_rows(datasets: &Datasets, data: &RunData) -> Found<Option<KnownRows>> {
    let Some(table) = &data.table else { return Ok(None) };
    let view = datasets.open(&data.dataset.parse()?)?.view(data.revision)?;
    view.known_rows(&view.table(Some(table))?).map(Some)
}

fn keyed(known: &KnownRows, batches: Vec<Batch>) -> Result<Vec<Batch>> {
    let mut before = 0;
    let mut keyed = Vec::with_capacity(batches.len());
    for batch in batches {
        let rows = batch.rows().num_rows();
        keyed.push(known.keyed(batch, before).map_err(|error| {
            Failure::from(error).hint("nothing was recorded; `veneer rows NAME samples --keys` shows keys and paths")
        })?);
        before += rows;
    }
    Ok(keyed)
}

fn host() -> Option<String> {
    let name = fs::read_to_string(HOSTNAME).ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}
