//! `veneer sql`: a query over the tables of all datasets.
//!
//! The queries are `veneer-server`'s to answer: it is started for this one, reads
//! the store beside whoever owns it, and sends an Arrow stream, or an error as JSON. A
//! service elsewhere is asked over HTTP.

use std::io::{BufReader, Read};
use std::process::{Child, Command, Stdio};

use arrow::ipc::reader::StreamReader;
use clap::Args;
use serde_json::{Map, Value, json};
use veneer::store::RemoteStore;
use veneer::table::arrow_file::stream::read_stream;
use veneer::{Error, ErrorKind};

use super::context::Context;
use super::mountd::find_program;
use super::report::{Answer, Failure, Result, warn};
use super::rows_output::{RowsFormat, print_rows};

const PROGRAM: &str = "veneer-server";
/// What the stream says of itself where rows are left out.
const TRUNCATED: &str = "truncated";
/// How many rows a service is asked for where nobody says.
const LIMIT: usize = 1_000_000;

/// Ask for rows of all tables in SQL.
#[derive(Args, Debug)]
#[command(after_long_help = "\
A dataset is a schema, its tables are as `veneer tables` lists them, at the head of
`main`. A name with a dot, a dash or a capital letter in it stands in double quotes.
at('NAME', 'TABLE', 'REF') is a table of another revision. A query only reads.

Examples:
  veneer sql 'SELECT label, count(*) FROM traffic.labels GROUP BY label ORDER BY 2 DESC'
  veneer sql 'SELECT * FROM traffic.\"coco.annotations\" WHERE area < 20' --format csv
  veneer sql \"SELECT a.* FROM traffic.labels a
    JOIN at('traffic', 'labels', 'main~1') b USING (id) WHERE a.label <> b.label\"
  veneer sql 'SELECT avg(score) FROM labels' --in traffic
  veneer sql 'SHOW TABLES'")]
pub(super) struct SqlArgs {
    /// What is asked
    query: String,
    /// The dataset of tables that are named without one
    #[arg(long = "in", value_name = "NAME")]
    dataset: Option<String>,
    /// How many rows at most [default: 1000000]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// How long it may take [default: 30]
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// How the rows are printed
    #[arg(long, value_enum)]
    format: Option<RowsFormat>,
}

impl SqlArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let format = RowsFormat::or_default(self.format, context.json);
        if let Some(service) = context.service_elsewhere()? {
            return self.ask(&service, format);
        }
        let mut command = Command::new(find_program(PROGRAM)?);
        command.arg("--store").arg(context.existing_store_path()?).arg("sql");
        let options = [
            ("--dataset", self.dataset),
            ("--limit", self.limit.map(|limit| limit.to_string())),
            ("--seconds", self.timeout.map(|seconds| seconds.to_string())),
        ];
        for (name, value) in options {
            if let Some(value) = value {
                command.arg(format!("{name}={value}"));
            }
        }
        command.arg("--").arg(&self.query);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|cause| Error::io(format!("start `{PROGRAM}`"), cause))?;
        let out = child.stdout.take().expect("it was asked for");
        let Ok(stream) = StreamReader::try_new(BufReader::new(out), None) else { return Err(failure(child)) };
        let schema = stream.schema();
        let unread = |cause| Error::io("read the answer of the query", std::io::Error::other(cause));
        print_rows(format, &schema, stream.map(|batch| batch.map_err(unread)))?;
        let ended = child.wait().map_err(|cause| Error::io(format!("wait for `{PROGRAM}`"), cause))?;
        if !ended.success() {
            return Err(failure(child));
        }
        if schema.metadata().get(TRUNCATED).is_some_and(|truncated| truncated == "true") {
            warn("there are more rows; `--limit N` says how many are printed");
        }
        Ok(Answer::Yes)
    }
}

impl SqlArgs {
    /// Has a service elsewhere answer it.
    fn ask(self, service: &RemoteStore, format: RowsFormat) -> Result {
        if self.timeout.is_some() {
            return Err(
                Failure::usage("how long a query may take is for the service to say").hint("leave out `--timeout`")
            );
        }
        let limit = self.limit.unwrap_or(LIMIT);
        let query = json!({ "query": self.query, "limit": limit, "dataset": self.dataset });
        let (stream, is_truncated) = service.query(&query)?;
        let unread = |cause| Error::io("read the answer of the query", std::io::Error::other(cause));
        let read = read_stream(stream, |stream| {
            let schema = stream.schema();
            Ok((schema, stream.map(|batch| batch.map_err(unread)).collect::<veneer::Result<Vec<_>>>()?))
        });
        let (schema, batches) = read?;
        print_rows(format, &schema, batches.into_iter().map(Ok))?;
        if is_truncated {
            warn("there are more rows; `--limit N` says how many are printed");
        }
        Ok(Answer::Yes)
    }
}

/// Why there is no answer.
fn failure(mut child: Child) -> Failure {
    let mut said = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        let _ = stderr.read_to_string(&mut said);
    }
    // It ends by itself; waiting for it leaves no process behind.
    let _ = child.wait();
    let last = said.lines().next_back().unwrap_or_default();
    match serde_json::from_str::<Map<String, Value>>(last).ok().and_then(|facts| error(&facts)) {
        Some(error) => error.into(),
        None => Failure::error(format!("`{PROGRAM}` ended without an answer: {}", said.trim())),
    }
}

fn error(facts: &Map<String, Value>) -> Option<Error> {
    let error = Error::new(ErrorKind::from_facts(facts)?);
    let causes = facts.get("causes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let causes: Vec<&str> = causes.iter().filter_map(Value::as_str).collect();
    Some(if causes.is_empty() { error } else { error.caused_by(causes.join(": ")) })
}
