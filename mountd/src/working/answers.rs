//! A writable mount as its requests meet it: names that are ours and names in `.veneer/`, and what is open.
//!
//! [`super::fuse`] decodes and replies; what it asks for is put together here.

use std::ffi::OsStr;
use std::fs::File;
use std::sync::{Arc, OnceLock};

use fuser::{FopenFlags, INodeNo, OpenFlags, ReplyCreate, ReplyOpen, Request};

use super::Working;
use super::extra::Extra;
use super::metadata::Told;
use super::names::{At, New};
use super::record::Ino;
use super::refused::{Answer, Refused};
use super::through::{Opening, Through};
use super::words::{asked, caller, writable_name, writes};
use crate::attributes::Owner;
use crate::buffers::Buffers;
use crate::handshake::KernelSaid;
use crate::pool::Pool;
use crate::veneer_folder;

/// A writable mount as fuser calls it.
#[derive(Debug)]
pub struct WritableFuse {
    pub(super) working: Arc<Working>,
    pub(super) owner: Owner,
    pub(super) pool: Pool,
    pub(super) buffers: Buffers,
    pub(super) through: Arc<Through>,
    pub(super) said: Arc<OnceLock<KernelSaid>>,
    pub(super) refuse_resent: bool,
}

impl WritableFuse {
    /// Serves `working`, of which `through` knows what is open; `.veneer/` is `owner`'s.
    pub fn new(working: Arc<Working>, through: Arc<Through>, owner: Owner) -> WritableFuse {
        let (pool, buffers, said) = (Pool::default(), Buffers::default(), Arc::default());
        WritableFuse { working, owner, pool, buffers, through, said, refuse_resent: false }
    }

    /// Answers what processes before this one left unanswered with an error, when several have died of it.
    #[must_use]
    pub fn refusing_resent(self, refuse_resent: bool) -> WritableFuse {
        WritableFuse { refuse_resent, ..self }
    }

    /// The threads that answer what may wait.
    pub fn pool(&self) -> Pool {
        self.pool.clone()
    }

    /// Where it is noted what the kernel says of itself when the session begins.
    pub fn kernel_said(&self) -> Arc<OnceLock<KernelSaid>> {
        Arc::clone(&self.said)
    }

    pub(super) fn told(&self, ino: Ino) -> Answer<Told> {
        match Extra::is(ino) {
            true => self.working.extra().told(ino, self.owner).ok_or(Refused(libc::ESTALE)),
            false => self.working.attributes(ino),
        }
    }

    pub(super) fn find(&self, at: At<'_>) -> Answer<Option<Told>> {
        let ino = match at.folder {
            Extra::FOLDER => self.working.extra().find(at.name),
            Ino::ROOT if at.name == veneer_folder::NAME => Some(Extra::FOLDER),
            _ => self.working.lookup(at)?,
        };
        ino.map(|ino| self.told(ino)).transpose()
    }

    pub(super) fn make(&self, request: &Request, parent: INodeNo, name: &OsStr, new: New) -> Answer<Told> {
        let ino = self.working.make(writable_name(parent, name)?, new, caller(request), asked(request))?;
        self.told(ino)
    }

    /// Opens a file that is there.
    pub(super) fn enter(&self, request: &Request, ino: Ino, flags: OpenFlags, reply: &ReplyOpen) -> Answer<Opening> {
        if let Some(opening) = self.through.again(asked(request)) {
            return Ok(opening);
        }
        self.working.open_file(ino)?;
        if flags.0 & libc::O_TRUNC != 0
            && let Err(refused) = self.working.truncate(ino, 0, caller(request))
        {
            self.working.close_file(ino);
            return Err(refused);
        }
        let register = |file: &File| Ok(reply.open_backing(file)?.into_raw());
        Ok(self.through.enter(&self.working, ino, writes(flags), asked(request), register))
    }

    /// Makes a file and opens it.
    pub(super) fn make_open(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        reply: &ReplyCreate,
    ) -> Answer<(Told, Opening)> {
        let told = self.make(request, parent, name, New::File(mode))?;
        if let Some(opening) = self.through.again(asked(request)) {
            return Ok((told, opening));
        }
        self.working.open_file(told.ino)?;
        let register = |file: &File| Ok(reply.open_backing(file)?.into_raw());
        let opening = self.through.enter(&self.working, told.ino, true, asked(request), register);
        Ok((told, opening))
    }

    /// Pages may be kept over an opening, unless the kernel may have written past them meanwhile.
    pub(super) fn caching(&self, ino: Ino) -> FopenFlags {
        match self.through.is_on() && self.working.is_scratch(ino) {
            true => FopenFlags::empty(),
            false => FopenFlags::FOPEN_KEEP_CACHE,
        }
    }

    pub(super) fn list(&self, ino: Ino, after: u64, add: &mut dyn FnMut(&[u8], u64, &Told) -> bool) -> Answer<()> {
        if ino == Extra::FOLDER {
            self.working.extra().list(after, self.owner, add);
            return Ok(());
        }
        self.working.list(ino, after, add)
    }
}
