//! `/v1/runs`: beginning, listing, changing and ending runs.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use veneer::model::{DatasetName, RefSpec, RunData, RunKind, RunName, RunRecord, RunStatus};
use veneer::run::NewRun;
use veneer::{Error, Result as Found};

use super::{LiveRuns, RunDetail, now_ns};
use crate::auth::{Editor, Role, Viewer};
use crate::extract::{Body, Named, Params};
use crate::problem::Problem;
use crate::state::AppState;

/// A run that is to begin.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RunToBegin {
    /// Its name; one that is taken gets a number behind it.
    pub(super) name: String,
    /// 32 hexadecimal digits, drawn by whoever begins it, so that asking twice begins one run.
    pub(super) id: Option<String>,
    /// The dataset that it looks at; without one, any key is a sample.
    pub(super) dataset: Option<String>,
    /// The branch, tag or revision; `main` if not said.
    pub(super) r#ref: Option<String>,
    /// The table whose rows are its samples; the main one if not said.
    pub(super) table: Option<String>,
    /// What it does.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(super) kind: RunKind,
    /// The machine that it runs on.
    pub(super) host: Option<String>,
    /// Anything that is to be known of it.
    #[schema(value_type = Option<Object>)]
    pub(super) parameters: Option<Map<String, Value>>,
    /// When it began, RFC 3339; now, if not said.
    pub(super) started_at: Option<String>,
}

/// Which runs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RunsQuery {
    /// Only those on this dataset.
    dataset: Option<String>,
    /// Only those with this status.
    status: Option<String>,
    /// Only those on this revision, in full.
    revision: Option<String>,
}

/// Runs.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunList {
    /// The newest first.
    runs: Vec<RunDetail>,
}

/// What is to be another at a run.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunChange {
    /// `running`, `finished` or `failed`.
    #[schema(value_type = Option<String>)]
    status: Option<RunStatus>,
    /// Why it failed.
    error: Option<String>,
    /// Laid over those that are there; null takes one away.
    #[schema(value_type = Option<Object>)]
    parameters: Option<Map<String, Value>>,
}

/// Begins a run. With the id of one that has begun already, that one is told and nothing is changed; where that has
/// another name or looks at something else, it is 409.
#[utoipa::path(post, path = "/v1/runs", tag = "runs", request_body = RunToBegin, security(("token" = ["editor"])),
    responses((status = 201, body = RunDetail), (status = 200, body = RunDetail), Problem))]
pub async fn begin_run(
    _: Editor,
    State(app): State<AppState>,
    Body(wanted): Body<RunToBegin>,
) -> Result<(StatusCode, Json<RunDetail>), Problem> {
    let begin = move |app: &AppState| {
        let live = app.live_runs();
        let (run, is_new) = live.begin(wanted)?;
        Ok::<_, Error>((if is_new { StatusCode::CREATED } else { StatusCode::OK }, Json(RunDetail::of(live, &run)?)))
    };
    app.run(begin).await
}

/// Lists runs.
#[utoipa::path(get, path = "/v1/runs", tag = "runs", params(RunsQuery), security(("token" = ["viewer"])),
    responses((status = 200, body = RunList), Problem))]
pub async fn list_runs(
    _: Viewer,
    State(app): State<AppState>,
    Params(query): Params<RunsQuery>,
) -> Result<Json<RunList>, Problem> {
    let list = move |app: &AppState| {
        let mut all = app.live_runs().runs().all()?;
        all.sort_by_key(|run| std::cmp::Reverse((run.record.started_ns, run.value.op)));
        let mut runs = Vec::new();
        for run in all {
            let data = run.record.data.as_ref();
            let has = |wanted: &Option<String>, is: Option<String>| wanted.is_none() || *wanted == is;
            if has(&query.dataset, data.map(|data| data.dataset.clone()))
                && has(&query.revision, data.map(|data| data.revision.to_hex()))
            {
                runs.push(RunDetail::of(app.live_runs(), &run)?);
            }
        }
        if let Some(status) = &query.status {
            runs.retain(|run| run.has_status(status));
        }
        Ok::<_, Error>(Json(RunList { runs }))
    };
    app.run(list).await
}

/// Tells of a run, by its name or id.
#[utoipa::path(get, path = "/v1/runs/{run}", tag = "runs", params(("run" = String, Path)),
    security(("token" = ["viewer"])), responses((status = 200, body = RunDetail), Problem))]
pub async fn show_run(
    _: Viewer,
    State(app): State<AppState>,
    Named(name): Named<String>,
) -> Result<Json<RunDetail>, Problem> {
    let show = move |app: &AppState| {
        let live = app.live_runs();
        RunDetail::of(live, &live.runs().find(&name)?).map(Json)
    };
    app.run(show).await
}

/// Ends a run, or says more of it.
#[utoipa::path(patch, path = "/v1/runs/{run}", tag = "runs", params(("run" = String, Path)),
    request_body = RunChange, security(("token" = ["editor"])),
    responses((status = 200, body = RunDetail), Problem))]
pub async fn change_run(
    _: Editor,
    State(app): State<AppState>,
    Named(name): Named<String>,
    Body(change): Body<RunChange>,
) -> Result<Json<RunDetail>, Problem> {
    let change = move |app: &AppState| {
        let live = app.live_runs();
        let run = live.runs().change(&live.runs().find(&name)?.name, |record| change.apply(record))?;
        live.hear(&run);
        live.grew(&run);
        RunDetail::of(live, &run).map(Json)
    };
    app.run(change).await
}

/// Says that a run is alive. This is not kept: a service that begins anew gives all runs time to say it again.
#[utoipa::path(post, path = "/v1/runs/{run}/heartbeat", tag = "runs", params(("run" = String, Path)),
    security(("token" = ["editor"])), responses((status = 204), Problem))]
pub async fn hear_of_run(
    // Nothing is changed, so there is no line for it in the audit log.
    Viewer(caller): Viewer,
    State(app): State<AppState>,
    Named(name): Named<String>,
) -> Result<StatusCode, Problem> {
    caller.who_may(Role::Editor, &app)?;
    app.run(move |app| {
        app.live_runs().hear(&app.live_runs().runs().find(&name)?);
        Ok::<_, Error>(StatusCode::NO_CONTENT)
    })
    .await
}

/// Removes a run with all that it recorded.
#[utoipa::path(delete, path = "/v1/runs/{run}", tag = "runs", params(("run" = String, Path)),
    security(("token" = ["editor"])), responses((status = 204), Problem))]
pub async fn delete_run(
    _: Editor,
    State(app): State<AppState>,
    Named(name): Named<String>,
) -> Result<StatusCode, Problem> {
    app.run(move |app| {
        let runs = app.live_runs().runs();
        runs.delete(&runs.find(&name)?.name)?;
        Ok::<_, Error>(StatusCode::NO_CONTENT)
    })
    .await
}

impl RunChange {
    fn apply(&self, record: &mut RunRecord) -> Found<()> {
        if let Some(status) = self.status.filter(|status| *status != record.status) {
            record.status = status;
            record.finished_ns = (status != RunStatus::Running).then(now_ns);
        }
        if let Some(error) = &self.error {
            record.error = Some(error.clone());
        }
        if let Some(new) = &self.parameters {
            let mut all: Map<String, Value> = serde_json::from_str(&record.parameters).unwrap_or_default();
            for (name, value) in new {
                match value {
                    Value::Null => drop(all.remove(name)),
                    value => drop(all.insert(name.clone(), value.clone())),
                }
            }
            record.parameters = Value::Object(all).to_string();
        }
        Ok(())
    }
}

impl LiveRuns {
    /// Begins a run. It blocks.
    pub(super) fn begin(&self, wanted: RunToBegin) -> Found<(veneer::run::Run, bool)> {
        let name: RunName = wanted.name.parse()?;
        let id = match &wanted.id {
            Some(text) => parse_id(text)?,
            None => drawn()?,
        };
        let started_ns = wanted.started_at.as_deref().map(|text| {
            let time: Timestamp = text.parse().map_err(|_| Error::invalid("time", text, "it is as RFC 3339 says"))?;
            i64::try_from(time.as_nanosecond()).map_err(|_| Error::invalid("time", text, "it is too far away"))
        });
        let started_ns = started_ns.transpose()?;
        let data = self.data(wanted.dataset.as_deref(), wanted.r#ref.as_deref(), wanted.table.as_deref())?;
        let parameters = Value::Object(wanted.parameters.unwrap_or_default()).to_string();
        let new = NewRun { name, id, data, kind: wanted.kind, host: wanted.host, parameters, started_ns };
        let (run, is_new) = self.runs.create(new)?;
        self.hear(&run);
        Ok((run, is_new))
    }

    /// A state of a dataset, and the table that is meant in it. It blocks.
    pub(super) fn data(
        &self,
        dataset: Option<&str>,
        reference: Option<&str>,
        table: Option<&str>,
    ) -> Found<Option<RunData>> {
        let Some(dataset) = dataset else { return Ok(None) };
        let name: DatasetName = dataset.parse()?;
        let dataset = self.datasets.open(&name)?;
        let reference: Option<RefSpec> = reference.map(str::parse).transpose()?;
        dataset.run_data(reference.as_ref(), table).map(Some)
    }

    /// Notes that a run has parts that may be joined.
    pub(super) fn grew(&self, run: &veneer::run::Run) {
        self.signs().grown.insert(run.name.clone());
    }
}

fn parse_id(text: &str) -> Found<[u8; 16]> {
    let wrong = || Error::invalid("run id", text, "it has 32 hexadecimal digits");
    if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    Ok(u128::from_str_radix(text, 16).map_err(|_| wrong())?.to_be_bytes())
}

pub(super) fn drawn() -> Found<[u8; 16]> {
    let mut id = [0; 16];
    getrandom::fill(&mut id)
        .map_err(|cause| Error::io("draw a number", std::io::Error::other(cause.to_string())))
        .map(|()| id)
}
