//! The journal of a working state: what it was, and every change since.
//!
//! One file of frames, `length u32 | checksum 16 bytes | records`, integers
//! little-endian, the checksum over the frame's number and its records. A frame
//! is one operation: it is there or it is not. Each is handed to the system
//! before the operation is answered, so a killed daemon loses none; a sync
//! makes it safe from a power cut, too. What does not check out ends the
//! journal: it is the torn end of a write, and is cut off.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::FallocateFlags;
use veneer::model::Id;

use super::record::Record;

const MAGIC: &[u8; 8] = b"VNRWORK1";
const HEAD_LEN: usize = 20;
const SUM_LEN: usize = 16;
/// No frame is longer; a length above is damage.
const FRAME_LEN_MAX: usize = 1 << 28;
/// Bytes reserved on the disk beyond the end, so that names can still be removed on a full one.
const RESERVE_LEN: u64 = 256 << 10;
/// Records of a frame when a whole state is written.
const RECORDS_A_FRAME: usize = 512;

/// A journal that is open to be written.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    file: Arc<File>,
    /// Where the next frame goes.
    end: u64,
    /// How long it was when it was written anew, or opened.
    first: u64,
    /// How far the disk's space is reserved.
    reserved: u64,
    /// The number of the next frame.
    number: u64,
    /// What is durable.
    synced: u64,
    broken: bool,
}

/// Whether an operation makes the disk fuller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// It may: the reserve is not for it.
    Takes,
    /// It makes room: it may use the reserve.
    Gives,
}

impl Journal {
    /// Opens the journal in `folder` and returns what is in it; `None` where there is none.
    pub fn open(folder: &Path) -> io::Result<Option<(Journal, Vec<Record>)>> {
        let _ = fs::remove_file(new_path(folder));
        let path = path(folder);
        let file = match OpenOptions::new().read(true).write(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let bytes = fs::read(&path)?;
        if bytes.get(..MAGIC.len()) != Some(MAGIC) {
            let why = format!("`{}` is no journal of a writable mount", path.display());
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        let (mut end, mut number, mut records) = (MAGIC.len(), 0, Vec::new());
        while let Some((frame, len)) = read_frame(&bytes[end..], number) {
            records.extend(frame);
            end += len;
            number += 1;
        }
        file.set_len(end as u64)?;
        let end = end as u64;
        let folder = folder.to_owned();
        Ok(Some((
            Journal {
                folder,
                file: Arc::new(file),
                end,
                first: end,
                reserved: end,
                number,
                // Whoever wrote it may have been killed before the next sync.
                synced: 0,
                broken: false,
            },
            records,
        )))
    }

    /// Writes a new journal that says `records`, in place of whatever is in `folder`; it is durable when this returns.
    pub fn create(folder: &Path, records: impl IntoIterator<Item = Record>) -> io::Result<Journal> {
        let new = new_path(folder);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        let (mut bytes, mut number, mut batch) = (MAGIC.to_vec(), 0, Vec::new());
        let mut end = 0;
        for record in records {
            batch.push(record);
            if batch.len() == RECORDS_A_FRAME {
                write_frame(&mut bytes, number, &batch);
                batch.clear();
                number += 1;
                file.write_all_at(&bytes, end)?;
                end += bytes.len() as u64;
                bytes.clear();
            }
        }
        if !batch.is_empty() {
            write_frame(&mut bytes, number, &batch);
            number += 1;
        }
        file.write_all_at(&bytes, end)?;
        end += bytes.len() as u64;
        file.sync_all()?;
        fs::rename(&new, path(folder))?;
        File::open(folder)?.sync_all()?;
        let folder = folder.to_owned();
        Ok(Journal { folder, file: Arc::new(file), end, first: end, reserved: end, number, synced: end, broken: false })
    }

    /// Writes a whole state anew, when the journal is much longer than that.
    pub fn renew(&mut self, records: impl IntoIterator<Item = Record>) -> io::Result<()> {
        *self = Journal::create(&self.folder, records)?;
        Ok(())
    }

    /// How many bytes it has.
    pub fn len(&self) -> u64 {
        self.end
    }

    /// How many bytes it had when it was opened or written anew.
    pub fn first_len(&self) -> u64 {
        self.first
    }

    /// Whether nothing was ever written to it.
    pub fn is_empty(&self) -> bool {
        self.number == 0
    }

    /// Appends one operation; with an error, nothing was appended.
    pub fn append(&mut self, records: &[Record], room: Room) -> io::Result<()> {
        if self.broken {
            return Err(io::Error::from_raw_os_error(libc::EROFS));
        }
        let mut bytes = Vec::new();
        write_frame(&mut bytes, self.number, records);
        let end = self.end + bytes.len() as u64;
        if end + RESERVE_LEN / 2 > self.reserved {
            let reserve = rustix::fs::fallocate(&self.file, FallocateFlags::KEEP_SIZE, self.end, RESERVE_LEN);
            match reserve {
                Ok(()) => self.reserved = self.end + RESERVE_LEN,
                // A file system that reserves nothing tells at the write.
                Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {}
                Err(error) if room == Room::Takes => return Err(error.into()),
                Err(_) => {}
            }
        }
        if let Err(error) = self.file.write_all_at(&bytes, self.end) {
            // Half a frame is cut off, or it would hide those after it; if it cannot be, there are none.
            self.broken = self.file.set_len(self.end).is_err();
            self.reserved = self.end;
            return Err(error);
        }
        self.end = end;
        self.number += 1;
        Ok(())
    }

    /// What has to be synced for all so far to be durable: the file, and how far it goes.
    pub fn unsynced(&self) -> Option<(Arc<File>, u64)> {
        (self.synced < self.end).then(|| (Arc::clone(&self.file), self.end))
    }

    /// Notes that `file` was synced when it had `end` bytes.
    pub fn note_synced(&mut self, file: &Arc<File>, end: u64) {
        if Arc::ptr_eq(file, &self.file) {
            self.synced = self.synced.max(end);
        }
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join("journal")
}

fn new_path(folder: &Path) -> PathBuf {
    folder.join("journal.new")
}

fn sum(number: u64, payload: &[u8]) -> [u8; SUM_LEN] {
    let mut bytes = Vec::with_capacity(8 + payload.len());
    bytes.extend_from_slice(&number.to_le_bytes());
    bytes.extend_from_slice(payload);
    *Id::of(&bytes).as_bytes().first_chunk().expect("a hash is longer")
}

fn write_frame(out: &mut Vec<u8>, number: u64, records: &[Record]) {
    let payload = postcard::to_stdvec(records).expect("records are plain data");
    out.extend_from_slice(&u32::try_from(payload.len()).expect("an operation is small").to_le_bytes());
    out.extend_from_slice(&sum(number, &payload));
    out.extend_from_slice(&payload);
}

/// The records of the frame that `bytes` begin with, and its length; `None` where they begin with none.
fn read_frame(bytes: &[u8], number: u64) -> Option<(Vec<Record>, usize)> {
    let len = u32::from_le_bytes(*bytes.first_chunk()?) as usize;
    if len > FRAME_LEN_MAX {
        return None;
    }
    let payload = bytes.get(HEAD_LEN..HEAD_LEN + len)?;
    if bytes.get(4..HEAD_LEN)? != sum(number, payload) {
        return None;
    }
    Some((postcard::from_bytes(payload).ok()?, HEAD_LEN + len))
}

#[cfg(test)]
mod tests {
    use super::super::record::Ino;
    use super::*;

    fn record(number: u64) -> Record {
        Record::Name(Ino(number), format!("name {number}").into_bytes(), Some(Ino(number + 1)))
    }

    fn read(folder: &Path) -> Vec<Record> {
        Journal::open(folder).expect("readable").expect("there").1
    }

    #[test]
    fn what_was_appended_is_read_back_and_a_torn_end_is_cut_off_at_any_byte() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(Journal::open(folder.path()).expect("none").is_none());
        let mut journal = Journal::create(folder.path(), (0..1300).map(record)).expect("made");
        let whole = journal.len();
        journal.append(&[record(1300), record(1301)], Room::Takes).expect("room");
        assert_eq!(read(folder.path()), (0..1302).map(record).collect::<Vec<_>>());
        let bytes = fs::read(path(folder.path())).expect("there");
        let end = usize::try_from(journal.len()).expect("small");
        for len in whole as usize..end {
            fs::write(path(folder.path()), &bytes[..len]).expect("written");
            assert_eq!(read(folder.path()).len(), 1300, "cut to {len}");
            // What is appended to a cut journal is found, too.
            let (mut journal, _) = Journal::open(folder.path()).expect("readable").expect("there");
            journal.append(&[record(7)], Room::Gives).expect("room");
            assert_eq!(read(folder.path()).last(), Some(&record(7)));
        }
    }

    #[test]
    fn a_frame_with_a_flipped_bit_ends_the_journal() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut journal = Journal::create(folder.path(), [record(1)]).expect("made");
        let start = journal.len() as usize;
        journal.append(&[record(2)], Room::Takes).expect("room");
        let end = journal.len() as usize;
        let bytes = fs::read(path(folder.path())).expect("there");
        for at in start..end {
            let mut bad = bytes.clone();
            bad[at] ^= 1;
            fs::write(path(folder.path()), &bad).expect("written");
            assert_eq!(read(folder.path()), [record(1)], "byte {at}");
        }
    }

    #[test]
    fn something_else_under_the_name_of_a_journal_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(path(folder.path()), "notes").expect("written");
        assert!(Journal::open(folder.path()).is_err());
    }
}
