//! Work done by all processors, whose results come in order and never pile up.

use std::num::NonZero;
use std::sync::mpsc::sync_channel;
use std::thread;

use super::Flow;
use crate::Result;

/// The most threads that read one file; more would wait for each other.
const THREADS_MAX: usize = 16;

/// Does `work(0)`, `work(1)` … `work(count - 1)` on all processors, and gives the results to `take` in that order.
///
/// A thread is at most two results ahead of what was taken. Once `take` has enough, or fails, no more is begun.
///
/// # Errors
/// Those of `take`.
pub(crate) fn in_order<T: Send>(
    count: usize,
    work: impl Fn(usize) -> T + Sync,
    mut take: impl FnMut(usize, T) -> Result<Flow>,
) -> Result<()> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get).clamp(2, THREADS_MAX).min(count);
    if threads <= 1 {
        return if count == 1 { take(0, work(0)).map(|_| ()) } else { Ok(()) };
    }
    let work = &work;
    thread::scope(|scope| {
        let start = |lane: usize| {
            let (sender, receiver) = sync_channel(1);
            scope.spawn(move || {
                let mut todo = (lane..count).step_by(threads);
                while todo.next().is_some_and(|at| sender.send(work(at)).is_ok()) {}
            });
            receiver
        };
        let lanes: Vec<_> = (0..threads).map(start).collect();
        for at in 0..count {
            // A thread that is gone has panicked, which the scope passes on.
            let Ok(done) = lanes[at % threads].recv() else { break };
            if take(at, done)? == Flow::Stop {
                break;
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[test]
    fn results_come_in_order_whatever_takes_long() {
        let mut taken = Vec::new();
        let slow = |at: usize| {
            thread::sleep(std::time::Duration::from_micros((at % 3) as u64 * 300));
            at * 2
        };
        in_order(50, slow, |at, done| {
            taken.push((at, done));
            Ok(Flow::More)
        })
        .expect("nothing fails");
        assert_eq!(taken, (0..50).map(|at| (at, at * 2)).collect::<Vec<_>>());
    }

    #[test]
    fn enough_is_enough_and_a_failure_ends_it() {
        let mut last = 0;
        let stop = in_order(
            1000,
            |at| at,
            |at, _| {
                last = at;
                Ok(if at == 7 { Flow::Stop } else { Flow::More })
            },
        );
        assert!(stop.is_ok() && last == 7);
        let failed = in_order(1000, |at| at, |_, _| Err(Error::invalid("x", "y", "z")));
        assert!(failed.is_err());
        assert!(in_order(0, |at| at, |_, _| Err(Error::invalid("x", "y", "z"))).is_ok());
    }
}
