//! The operations on a file's bytes.
//!
//! A file that was never written is read through the view. The first write
//! makes a scratch file of it, a whole copy; from then on every operation is
//! that of the file system below, on a file of its own.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

use rustix::fs::{FallocateFlags, SeekFrom};
use veneer::base::Row;
use veneer::dataset::{Content, Node, Place};
use veneer::model::{DataPath, Entry, Kind};

use super::Working;
use super::journal::Room;
use super::names::Caller;
use super::record::{Bytes, Ino, Record, What};
use super::refused::{Answer, Refused};
use super::scratch::{materialize, set_times};
use super::tree::Tree;

/// Bytes of the largest file that is copied when it is opened to be written, not only when it is written.
const COPIED_AT_OPEN_MAX: u64 = 4 << 30;

/// A file that somebody has open.
#[derive(Clone, Debug, Default)]
pub struct Body {
    opened: Arc<RwLock<Opened>>,
    /// How many have it open.
    count: u32,
    /// Whether the kernel has said that it does not know the inode any more.
    forgotten: bool,
}

/// A scratch file that is open.
#[derive(Debug)]
pub struct ScratchFile {
    file: File,
    number: u64,
}

impl ScratchFile {
    /// The file itself.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Its number.
    pub fn number(&self) -> u64 {
        self.number
    }
}

/// Where its bytes are read and written.
#[derive(Debug, Default)]
enum Opened {
    /// Nobody asked for them yet.
    #[default]
    Not,
    /// They are those of the view.
    Below(Content),
    /// They are in a scratch file.
    Scratch(Arc<ScratchFile>),
}

/// What a file's first bytes are to be when it gets a scratch file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Begin {
    /// Those that it has.
    Whole,
    /// None: they are about to be cut off.
    Empty,
}

impl Working {
    /// Somebody opens a file.
    pub fn open_file(&self, ino: Ino) -> Answer<()> {
        match self.state().tree.inode(ino)?.what {
            What::File(_) => {}
            What::Folder { .. } => return Err(Refused(libc::EISDIR)),
            What::Link(_) => return Err(Refused(libc::ELOOP)),
            What::Hidden(_) => return Err(Refused(libc::ENOENT)),
        }
        let mut bodies = self.bodies.lock().unwrap_or_else(PoisonError::into_inner);
        self.hold_replaced(ino)?;
        let body = bodies.entry(ino).or_default();
        body.count += 1;
        body.forgotten = false;
        Ok(())
    }

    /// Somebody closes a file.
    pub fn close_file(&self, ino: Ino) {
        let mut bodies = self.bodies.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(body) = bodies.get_mut(&ino) else { return };
        body.count = body.count.saturating_sub(1);
        if body.count > 0 {
            return;
        }
        let closed = bodies.remove(&ino);
        drop(bodies);
        self.tell_closed(ino);
        if closed.is_some_and(|body| body.forgotten) {
            self.drop_orphan(&mut self.state(), ino);
        }
    }

    /// The kernel does not know an inode any more.
    pub fn forget(&self, ino: Ino) {
        let mut bodies = self.bodies.lock().unwrap_or_else(PoisonError::into_inner);
        match bodies.get_mut(&ino) {
            Some(body) => body.forgotten = true,
            None => {
                drop(bodies);
                self.drop_orphan(&mut self.state(), ino);
            }
        }
    }

    /// The bytes of a file, whoever has it open; for nobody else if nobody has.
    fn opened(&self, ino: Ino) -> Arc<RwLock<Opened>> {
        let bodies = self.bodies.lock().unwrap_or_else(PoisonError::into_inner);
        bodies.get(&ino).map(|body| Arc::clone(&body.opened)).unwrap_or_default()
    }

    /// Fills `buffer` from `offset`; fewer bytes only at the end of the file.
    pub fn read(&self, ino: Ino, offset: u64, buffer: &mut [u8]) -> Answer<usize> {
        let opened = self.opened(ino);
        {
            let now = opened.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(read) = now.read(offset, buffer)? {
                return Ok(read);
            }
        }
        let mut now = opened.write().unwrap_or_else(PoisonError::into_inner);
        self.look(ino, &mut now)?;
        Ok(now.read(offset, buffer)?.unwrap_or(0))
    }

    /// Opens the bytes where they are.
    fn look(&self, ino: Ino, opened: &mut Opened) -> Answer<()> {
        if !matches!(opened, Opened::Not) {
            return Ok(());
        }
        let state = self.state();
        let What::File(bytes) = state.tree.inode(ino)?.what else { return Err(Refused(libc::EISDIR)) };
        if let Bytes::Scratch(number) = bytes {
            *opened = Opened::Scratch(Arc::new(ScratchFile { file: self.scratch.open_file(number)?, number }));
            return Ok(());
        }
        let (node, view) = (node_of(&state.tree, bytes)?, state.tree.view.clone());
        // Opening a file of the source may wait for a network; the names need not.
        drop(state);
        *opened = Opened::Below(view.open(&node, self.drift)?);
        Ok(())
    }

    /// The scratch file of an inode, which is made if there is none.
    fn writable(&self, ino: Ino) -> Answer<Arc<ScratchFile>> {
        let opened = self.opened(ino);
        if let Opened::Scratch(file) = &*opened.read().unwrap_or_else(PoisonError::into_inner) {
            return Ok(Arc::clone(file));
        }
        let mut now = opened.write().unwrap_or_else(PoisonError::into_inner);
        self.make_scratch(ino, &mut now, Begin::Whole)
    }

    /// The scratch file that the kernel may read, and write if `writes`, by itself; none where it must not.
    ///
    /// An unchanged file that is opened to be written is copied now, unless that would take long.
    pub fn direct(&self, ino: Ino, writes: bool) -> Option<Arc<ScratchFile>> {
        let inode = self.state().tree.inode(ino).ok()?;
        // The kernel would not tell us to take these from a file that it writes by itself.
        if writes && inode.mode & (libc::S_ISUID | libc::S_ISGID) != 0 {
            return None;
        }
        let size = match inode.what {
            What::File(Bytes::Scratch(_)) => 0,
            What::File(Bytes::Row(row)) if writes => self.state().tree.base().entry(row).ok()?.size,
            What::File(Bytes::Blob(_, size) | Bytes::Spliced(_, _, size) | Bytes::Rows(_, _, size)) if writes => size,
            _ => return None,
        };
        // What goes wrong here is told at the first write.
        if size <= COPIED_AT_OPEN_MAX { self.writable(ino).ok() } else { None }
    }

    /// Whether a file has a scratch file.
    pub fn is_scratch(&self, ino: Ino) -> bool {
        self.scratch_of(ino).is_some()
    }

    /// The number of a file's scratch file, if it has one.
    pub fn scratch_of(&self, ino: Ino) -> Option<u64> {
        match self.state().tree.spoken_inode(ino)?.what {
            What::File(Bytes::Scratch(number)) => Some(number),
            _ => None,
        }
    }

    fn make_scratch(
        &self,
        ino: Ino,
        opened: &mut RwLockWriteGuard<'_, Opened>,
        begin: Begin,
    ) -> Answer<Arc<ScratchFile>> {
        self.look(ino, opened)?;
        let (content, number) = match &**opened {
            Opened::Scratch(file) => return Ok(Arc::clone(file)),
            Opened::Below(content) => (content, self.state().tree.new_scratch()),
            Opened::Not => return Err(Refused(libc::EIO)),
        };
        let made = self.fill_scratch(ino, number, content, begin);
        if made.is_err() {
            self.remove_scratch(number);
        }
        let file = made?;
        **opened = Opened::Scratch(Arc::clone(&file));
        Ok(file)
    }

    fn fill_scratch(&self, ino: Ino, number: u64, content: &Content, begin: Begin) -> Answer<Arc<ScratchFile>> {
        let before = self.state().tree.inode(ino)?;
        let file = self.scratch.create(number)?;
        if begin == Begin::Whole {
            materialize(content, &file, matches!(before.what, What::File(Bytes::Row(_))))?;
        }
        set_times(&file, before.times.accessed, before.times.modified)?;
        let mut state = self.state();
        let mut records = Vec::new();
        let mut inode = state.tree.touch(ino, &mut records)?;
        inode.what = What::File(Bytes::Scratch(number));
        records.push(Record::Put(ino, inode));
        self.commit(&mut state, &records, Room::Takes)?;
        Ok(Arc::new(ScratchFile { file, number }))
    }

    /// Writes all of `data` at `offset`.
    pub fn write(&self, ino: Ino, offset: u64, data: &[u8]) -> Answer<usize> {
        let scratch = self.writable(ino)?;
        let file = &scratch.file;
        let mut done = 0;
        while done < data.len() {
            match file.write_at(&data[done..], offset + done as u64) {
                Ok(0) => break,
                Ok(written) => done += written,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // What fitted was written, as on any disk; the next write tells.
                Err(_) if done > 0 => break,
                Err(error) => return Err(error.into()),
            }
        }
        self.note_written(scratch.number);
        Ok(done)
    }

    /// Makes a file longer or shorter.
    pub fn truncate(&self, ino: Ino, size: u64, caller: Caller) -> Answer<()> {
        let opened = self.opened(ino);
        let mut now = opened.write().unwrap_or_else(PoisonError::into_inner);
        let file = self.make_scratch(ino, &mut now, if size == 0 { Begin::Empty } else { Begin::Whole })?;
        file.file.set_len(size)?;
        self.note_written(file.number);
        drop(now);
        if caller.user == 0 { Ok(()) } else { self.drop_privilege(ino) }
    }

    /// Reserves, punches, moves: whatever `fallocate` can on the file system below.
    pub fn allocate(&self, ino: Ino, mode: u32, offset: u64, len: u64) -> Answer<()> {
        let file = self.writable(ino)?;
        rustix::fs::fallocate(&file.file, FallocateFlags::from_bits_retain(mode), offset, len)?;
        self.note_written(file.number);
        Ok(())
    }

    /// Where the next data, or the next hole, begins.
    pub fn seek(&self, ino: Ino, offset: u64, for_data: bool) -> Answer<u64> {
        let opened = self.opened(ino);
        let mut now = opened.write().unwrap_or_else(PoisonError::into_inner);
        self.look(ino, &mut now)?;
        let (file, len) = match &*now {
            Opened::Scratch(file) => (Arc::clone(file), file.file.metadata()?.len()),
            Opened::Below(content) if offset >= content.len() => return Err(Refused(libc::ENXIO)),
            // Nothing is known of holes in the source: all of it is data.
            Opened::Below(content) => return Ok(if for_data { offset } else { content.len() }),
            Opened::Not => return Err(Refused(libc::EIO)),
        };
        drop(now);
        if offset >= len {
            return Err(Refused(libc::ENXIO));
        }
        let from = if for_data { SeekFrom::Data(offset) } else { SeekFrom::Hole(offset) };
        Ok(rustix::fs::seek(&file.file, from)?)
    }

    /// Copies bytes from one file to another, without their coming through here if the system can.
    pub fn copy(&self, from: Ino, offset: u64, to: Ino, to_offset: u64, len: u64) -> Answer<usize> {
        let target = self.writable(to)?;
        let opened = self.opened(from);
        let source = {
            let mut now = opened.write().unwrap_or_else(PoisonError::into_inner);
            self.look(from, &mut now)?;
            match &*now {
                Opened::Scratch(file) => Some(Arc::clone(file)),
                _ => None,
            }
        };
        let copied = self.copy_between(from, offset, source.as_deref(), &target, to_offset, len);
        self.note_written(target.number);
        copied
    }

    fn copy_between(
        &self,
        from: Ino,
        offset: u64,
        source: Option<&ScratchFile>,
        target: &ScratchFile,
        to_offset: u64,
        len: u64,
    ) -> Answer<usize> {
        let wanted = usize::try_from(len).unwrap_or(usize::MAX).min(1 << 30);
        if let Some(source) = source {
            let (mut at, mut out) = (offset, to_offset);
            match rustix::fs::copy_file_range(&source.file, Some(&mut at), &target.file, Some(&mut out), wanted) {
                Ok(copied) => return Ok(copied),
                Err(rustix::io::Errno::XDEV | rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let mut buffer = vec![0; wanted.min(1 << 20)];
        let mut done = 0;
        while done < wanted {
            let part = buffer.len().min(wanted - done);
            let read = self.read(from, offset + done as u64, &mut buffer[..part])?;
            if read == 0 {
                break;
            }
            target.file.write_all_at(&buffer[..read], to_offset + done as u64)?;
            done += read;
        }
        Ok(done)
    }

    /// Makes the bytes of a file, and all names, durable.
    pub fn sync_file(&self, ino: Ino, data_only: bool) -> Answer<()> {
        let What::File(bytes) = self.state().tree.inode(ino)?.what else { return Ok(self.sync_journal()?) };
        if let Bytes::Scratch(number) = bytes {
            let opened = self.opened(ino);
            let now = match &*opened.read().unwrap_or_else(PoisonError::into_inner) {
                Opened::Scratch(file) => Some(Arc::clone(file)),
                _ => None,
            };
            let file = match now {
                Some(file) => file,
                None => Arc::new(ScratchFile { file: self.scratch.open_file(number)?, number }),
            };
            if data_only {
                file.file.sync_data()?
            } else {
                file.file.sync_all()?
            }
            // The file's name among the scratch files, without which the journal would speak of nothing.
            self.scratch.folder().sync_all()?;
        }
        Ok(self.sync_journal()?)
    }
}

impl Opened {
    /// `None`: it has to be opened first.
    fn read(&self, offset: u64, buffer: &mut [u8]) -> Answer<Option<usize>> {
        match self {
            Opened::Not => Ok(None),
            Opened::Below(content) => Ok(Some(content.read_at(buffer, offset)?)),
            Opened::Scratch(scratch) => {
                let (file, mut done) = (&scratch.file, 0);
                while done < buffer.len() {
                    match file.read_at(&mut buffer[done..], offset + done as u64) {
                        Ok(0) => break,
                        Ok(read) => done += read,
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                Ok(Some(done))
            }
        }
    }
}

/// The bytes as a view takes them.
fn node_of(tree: &Tree, bytes: Bytes) -> veneer::Result<Node> {
    let of_row = |row: Row| Ok::<_, veneer::Error>((tree.base().path(row)?, tree.base().entry(row)?));
    let made = |size| Entry { kind: Kind::File, size, mtime_ns: 0, mode: 0 };
    Ok(match bytes {
        Bytes::Row(row) => {
            let (path, entry) = of_row(row)?;
            Node { path, entry, place: Place::Source { row } }
        }
        Bytes::Blob(id, size) => Node { path: DataPath::ROOT, entry: made(size), place: Place::Blob(id) },
        Bytes::Spliced(row, extents, size) => {
            let (path, _) = of_row(row)?;
            Node { path, entry: made(size), place: Place::Extents { row, extents: extents.into() } }
        }
        Bytes::Rows(below, rows, size) => {
            let Node { path, place, .. } = node_of(tree, *below)?;
            Node { path, entry: made(size), place: Place::Rows { below: Box::new(place), rows } }
        }
        Bytes::Scratch(_) => return Err(veneer::Error::not_found("file of the view", "a scratch file")),
    })
}
