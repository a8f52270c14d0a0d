//! What a service does for the store that it owns, and for others alone it can: it takes its time.

use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::RemoteStore;
use crate::Result;
use crate::store::{FsckReport, Problem, SweepOptions, Swept};

/// How often a job is asked how far it is: at first, and at most.
const ASK_EVERY: Duration = Duration::from_millis(50);
const ASK_EVERY_MAX: Duration = Duration::from_secs(1);

#[derive(Deserialize)]
struct Begun {
    job: String,
}

#[derive(Deserialize)]
struct Job {
    done: bool,
    result: Option<Value>,
    error: Option<Map<String, Value>>,
}

#[derive(Serialize)]
struct Collect {
    grace_seconds: u64,
    dry_run: bool,
}

#[derive(Deserialize)]
struct Collected {
    objects: u64,
    bytes: u64,
    kept_young: u64,
}

#[derive(Deserialize)]
struct Checked {
    problems: Vec<Found>,
    notes: Vec<String>,
    objects: u64,
    bytes: u64,
    refs: u64,
}

#[derive(Deserialize)]
struct Found {
    what: String,
    why: String,
    can_be_rebuilt: bool,
}

impl RemoteStore {
    /// Has the service remove what nothing refers to, while others write.
    ///
    /// What it promises to keep for those is its own affair.
    ///
    /// # Errors
    /// What went wrong there; then nothing is removed.
    pub fn collect(&self, options: SweepOptions) -> Result<Swept> {
        let SweepOptions { grace, dry_run, .. } = options;
        let found = self.job("/v1/gc", Some(&Collect { grace_seconds: grace.as_secs(), dry_run }))?;
        let Collected { objects, bytes, kept_young } = found;
        Ok(Swept { objects, bytes, kept_young })
    }

    /// Has the service check every object, and that all is there that refs reach, as far as it can beside itself.
    ///
    /// # Errors
    /// What went wrong there; damage is not an error but the answer.
    pub fn check(&self) -> Result<FsckReport> {
        let Checked { problems, notes, objects, bytes, refs } = self.job("/v1/fsck", None::<&()>)?;
        let problem = |Found { what, why, can_be_rebuilt }| Problem { what, why, can_be_rebuilt };
        Ok(FsckReport { problems: problems.into_iter().map(problem).collect(), notes, objects, bytes, refs })
    }

    /// Has the service do what may last, and waits for what it finds.
    fn job<T: for<'a> Deserialize<'a>>(&self, path: &str, wanted: Option<&impl Serialize>) -> Result<T> {
        let service = &self.service;
        let request = service.signed(service.agent.post(service.url(path)));
        let answer = match wanted {
            Some(wanted) => {
                let wanted = serde_json::to_vec(wanted).expect("plain data");
                request.content_type("application/json").send(&wanted[..])
            }
            // A body that nobody reads may still be on its way when the answer is, and then the pipe is broken.
            None => request.send_empty(),
        };
        let answer = service.check(answer)?;
        if answer.status().as_u16() != 202 {
            return service.json(answer);
        }
        let Begun { job } = service.json(answer)?;
        let mut pause = ASK_EVERY;
        loop {
            let Job { done, result, error } = service.json(service.get(&format!("/v1/jobs/{job}"), &[])?)?;
            if let Some(problem) = error {
                return Err(service.problem(&problem, "it has failed"));
            }
            if done {
                let found = serde_json::from_value(result.unwrap_or_default());
                return found.map_err(|cause| service.strange(cause));
            }
            thread::sleep(pause);
            pause = (pause * 2).min(ASK_EVERY_MAX);
        }
    }
}
