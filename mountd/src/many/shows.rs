//! What a mount of many revisions does beside answering: it follows all refs, and tells what it holds.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use veneer::dataset::Dataset;
use veneer::source::Source;
use veneer::store::Store;

use super::filesystem::Many;
use super::follow::{self, ManyFollower};
use crate::channel::Channel;
use crate::follow::Follow;
use crate::following::{finish, release};
use crate::serving::{Beginning, Shows, start};
use crate::veneer_folder::Info;

/// All revisions that are shown, and the refs that they follow.
pub struct ShowsMany {
    many: Arc<Many>,
    store: Arc<dyn Store>,
    dataset: Dataset,
    /// What moves it, once that has begun.
    follower: Option<Arc<dyn Follow>>,
}

impl ShowsMany {
    /// Nothing is started yet.
    pub fn new(many: Arc<Many>, store: Arc<dyn Store>, dataset: Dataset) -> ShowsMany {
        ShowsMany { many, store, dataset, follower: None }
    }
}

impl Shows for ShowsMany {
    fn begin(&mut self, beginning: &Beginning<'_>) -> std::io::Result<()> {
        if beginning.takes_over {
            let (many, notifier) = (Arc::clone(&self.many), (beginning.kernel)());
            finish(beginning.gate, move || follow::settle(&many, &notifier))?;
        }
        let kernel = Box::new((beginning.kernel)());
        self.follower = Some(Arc::new(ManyFollower::new(&self.many, &self.store, kernel, beginning.gate)));
        Ok(())
    }

    fn follow(&self, stop: &Arc<AtomicBool>) -> std::io::Result<()> {
        let Some(follower) = self.follower.clone() else { return Ok(()) };
        let stop = Arc::clone(stop);
        start("follow", move || follower.run(&stop))
    }

    fn revision(&self) -> Box<dyn Fn() -> String + Send> {
        let files = self.many.files();
        Box::new(move || files.shown().revision().to_hex())
    }

    fn answer(&self, _: &Info) -> Box<dyn Fn() -> String + Send> {
        let many = Arc::clone(&self.many);
        Box::new(move || many.answer())
    }

    fn source(&self) -> veneer::Result<Option<Arc<Source>>> {
        self.dataset.source_here()
    }

    fn released(&self) -> Box<dyn Fn() + Send> {
        release(self.follower.clone())
    }

    fn may_be_asked_twice(&self) -> bool {
        true
    }

    fn put_away(&self, _: &Channel) -> ExitCode {
        ExitCode::SUCCESS
    }
}
