//! The gate: a mount does not move while somebody holds it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Who holds a mount, and whether it moves at this moment.
#[derive(Debug, Default)]
pub struct Gate {
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct State {
    holders: usize,
    moving: bool,
    closed: bool,
}

/// A move under way: until it is dropped, nobody gets hold of the mount.
#[derive(Debug)]
pub struct Moving<'a>(&'a Gate);

impl Gate {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self) -> MutexGuard<'_, State> {
        self.moved.wait_while(self.lock(), |state| state.moving).unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a move; `None` while somebody holds the mount. One move at a time.
    pub fn begin_move(&self) -> Option<Moving<'_>> {
        let mut state = self.wait();
        if state.holders > 0 || state.closed {
            return None;
        }
        state.moving = true;
        Some(Moving(self))
    }

    /// Begins the end of a move that a process before this one began: it is done whoever holds.
    pub fn finish_move(&self) -> Moving<'_> {
        self.wait().moving = true;
        Moving(self)
    }

    /// Holds the mount where it is; waits for a move under way.
    pub fn hold(&self) {
        self.wait().holders += 1;
    }

    /// Lets go; returns whether nobody holds it any more.
    pub fn let_go(&self) -> bool {
        let mut state = self.lock();
        state.holders = state.holders.saturating_sub(1);
        state.holders == 0
    }

    /// Has the mount never move again in this process; waits for a move under way.
    pub fn close(&self) {
        self.wait().closed = true;
    }
}

impl Drop for Moving<'_> {
    fn drop(&mut self) {
        self.0.lock().moving = false;
        self.0.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_held_mount_does_not_move_until_the_last_lets_go() {
        let gate = Gate::default();
        drop(gate.begin_move().expect("nobody holds it"));
        gate.hold();
        gate.hold();
        assert!(gate.begin_move().is_none());
        drop(gate.finish_move());
        assert!(!gate.let_go());
        assert!(gate.begin_move().is_none());
        assert!(gate.let_go());
        assert!(gate.begin_move().is_some());
        gate.close();
        assert!(gate.begin_move().is_none());
    }

    #[test]
    fn who_comes_to_hold_during_a_move_gets_hold_of_what_it_leads_to() {
        let gate = Arc::new(Gate::default());
        let moving = gate.begin_move().expect("nobody holds it");
        let holder = {
            let gate = Arc::clone(&gate);
            thread::spawn(move || gate.hold())
        };
        thread::sleep(Duration::from_millis(20));
        assert!(!holder.is_finished());
        drop(moving);
        holder.join().expect("no panic");
        assert!(gate.begin_move().is_none());
    }
}
