//! Threads that may block: the one way from a handler into the core.
//!
//! The core waits for disks, so it is never called on a thread that serves
//! sockets. So many calls run at a time and no more; others wait, not for ever.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::error;

use crate::problem::Problem;

/// How many calls of the core run at a time.
const AT_ONCE: usize = 64;
/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(20);

/// The turns of calls that may block. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Blocking {
    turns: Arc<Semaphore>,
}

impl Default for Blocking {
    fn default() -> Blocking {
        Blocking::with_turns(AT_ONCE)
    }
}

impl Blocking {
    /// So many calls at a time.
    pub fn with_turns(turns: usize) -> Blocking {
        Blocking { turns: Arc::new(Semaphore::new(turns)) }
    }

    /// Waits for a turn, which lasts until it is dropped.
    ///
    /// # Errors
    /// 503 `busy` when none comes for too long.
    pub async fn turn(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let busy = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "the service has too much to do");
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned());
        turn.await.map_err(|_| busy())?.map_err(|_| busy())
    }

    /// Runs `work` on a thread that may block, in its turn.
    ///
    /// # Errors
    /// Those of `work` as problems; a panic in it is a 500.
    pub async fn run<T, E>(&self, work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Into<Problem> + Send + 'static,
    {
        let turn = self.turn().await?;
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        match done.await {
            Ok(result) => result.map_err(Into::into),
            Err(cause) => {
                error!("a request ended in a panic: {cause}");
                Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "bug", "the service made a mistake"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_problem_and_the_next_call_has_its_turn() {
        let blocking = Blocking::default();
        let failed = blocking.run(|| -> Result<(), Problem> { panic!("a bug") }).await;
        assert_eq!(failed.expect_err("a problem").status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(blocking.turns.available_permits(), AT_ONCE);
        assert_eq!(blocking.run(|| Ok::<_, Problem>(7)).await.expect("done"), 7);
    }
}
