//! Waiting for the store to change: one thread watches, any number of requests wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tracing::warn;
use utoipa::{IntoParams, ToSchema};
use veneer::store::Store;

use crate::auth::Viewer;
use crate::extract::Params;
use crate::problem::Problem;
use crate::state::AppState;

/// How long the thread waits before it looks whether it is still wanted.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The longest that a request waits, whatever it asks for.
const WAIT_MAX: Duration = Duration::from_secs(50);

/// The number of the store's last operation, as it grows.
#[derive(Debug)]
pub struct Operations {
    last: watch::Receiver<u64>,
    is_over: Arc<AtomicBool>,
}

impl Operations {
    /// Begins to watch, after the operation `present`; `look` is called with each later one that is seen.
    pub fn of(store: Arc<dyn Store>, present: u64, look: impl Fn(u64) + Send + 'static) -> Operations {
        let (tell, last) = watch::channel(present);
        let is_over = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&is_over);
        thread::spawn(move || {
            let mut seen = present;
            while !stop.load(Ordering::Relaxed) {
                match store.watch_refs(seen, LOOK_EVERY) {
                    Ok(op) if op > seen => {
                        seen = op;
                        look(op);
                        tell.send_replace(op);
                    }
                    Ok(_) => {}
                    Err(error) => {
                        warn!("the store cannot be watched: {error}");
                        thread::sleep(LOOK_EVERY);
                    }
                }
            }
        });
        Operations { last, is_over }
    }

    /// The number as it changes.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.last.clone()
    }

    /// Waits until the number is greater than `after`, at most for `timeout`; returns what it is then.
    pub async fn wait(&self, after: u64, timeout: Duration) -> u64 {
        let mut last = self.subscribe();
        // It fails when the thread has ended, and so the service is about to.
        let _ = tokio::time::timeout(timeout, last.wait_for(|op| *op > after)).await;
        *last.borrow()
    }

    /// Lets all that wait go within half a second: the service ends.
    pub fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

impl Drop for Operations {
    fn drop(&mut self) {
        self.end();
    }
}

/// After which operation, and how long to wait.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wait {
    /// Wait for an operation later than this one; 0 answers at once.
    #[serde(default)]
    after: u64,
    /// How long to wait at most.
    #[serde(default)]
    timeout_ms: u64,
}

/// The last operation.
#[derive(Debug, Serialize, ToSchema)]
pub struct LastOperation {
    /// Its number, counted over the whole store.
    pub op: u64,
}

/// Waits for refs to move: answers as soon as there is a later operation, or when the time is over.
#[utoipa::path(get, path = "/v1/ops", tag = "store", params(Wait), security(("token" = ["viewer"])),
    responses((status = 200, body = LastOperation), Problem))]
pub async fn wait_for_operation(
    _: Viewer,
    State(app): State<AppState>,
    Params(wait): Params<Wait>,
) -> Result<Json<LastOperation>, Problem> {
    let timeout = Duration::from_millis(wait.timeout_ms).min(WAIT_MAX);
    let op = app.operations().wait(wait.after, timeout).await;
    Ok(Json(LastOperation { op }))
}
