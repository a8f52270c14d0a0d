//! Batches of many writers with one sync: those that come while one group is written are the next.

use std::collections::HashMap;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

use veneer::model::RunName;
use veneer::run::{Accepted, Batch, Of, Run};
use veneer::{Error, Result};

/// So many batches are one group at most.
const TOGETHER_MAX: usize = 64;

type Waiting = (Batch, Sender<Result<Accepted>>);

/// What waits, by run. A lane is there as long as somebody writes for those in it.
#[derive(Debug, Default)]
pub(super) struct Lanes(Mutex<HashMap<(RunName, Of), Vec<Waiting>>>);

/// Whoever writes for a lane; should that panic, nobody waits for it.
struct Writing<'a> {
    lanes: &'a Lanes,
    lane: (RunName, Of),
    /// Whether the lane is closed already: another may be there by now.
    is_closed: bool,
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if !self.is_closed {
            self.lanes.lanes().remove(&self.lane);
        }
    }
}

impl Lanes {
    fn lanes(&self) -> MutexGuard<'_, HashMap<(RunName, Of), Vec<Waiting>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has `write` take the batch in, alone or with others.
    ///
    /// # Errors
    /// Those of `write`, told to all that were in the group.
    pub(super) fn accept(
        &self,
        run: &RunName,
        of: Of,
        batch: Batch,
        write: impl Fn(&[Batch]) -> Result<(Vec<Accepted>, Run)>,
    ) -> Result<Accepted> {
        let lane = (run.clone(), of);
        let (tell, answer) = channel();
        {
            let mut lanes = self.lanes();
            if let Some(waiting) = lanes.get_mut(&lane) {
                waiting.push((batch, tell));
                drop(lanes);
                return answer.recv().unwrap_or_else(|_| Err(ended()));
            }
            lanes.insert(lane.clone(), vec![(batch, tell)]);
        }
        let mut writing = Writing { lanes: self, lane, is_closed: false };
        while let Some(group) = self.next(&writing.lane) {
            let (batches, tells): (Vec<Batch>, Vec<_>) = group.into_iter().unzip();
            match write(&batches) {
                // Whoever does not wait any more has lost nothing: it is durable.
                Ok((answers, _)) => tells.iter().zip(answers).for_each(|(tell, answer)| drop(tell.send(Ok(answer)))),
                Err(error) => tells.iter().for_each(|tell| {
                    let error = Error::new(error.kind().clone()).caused_by(error.to_string());
                    drop(tell.send(Err(error)));
                }),
            }
        }
        writing.is_closed = true;
        answer.recv().unwrap_or_else(|_| Err(ended()))
    }

    /// The next group; without one the lane is closed.
    fn next(&self, lane: &(RunName, Of)) -> Option<Vec<Waiting>> {
        let mut lanes = self.lanes();
        let waiting = lanes.get_mut(lane)?;
        if waiting.is_empty() {
            lanes.remove(lane);
            return None;
        }
        let group = waiting.drain(..waiting.len().min(TOGETHER_MAX)).collect();
        Some(group)
    }
}

fn ended() -> Error {
    Error::io("write the batch", std::io::Error::other("whoever wrote it ended"))
}
