//! The bytes of one file of a view: the source's, here or on another machine, the store's, or both spliced.

use std::fs::File;
use std::io::{IoSliceMut, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::sync::Arc;

use rustix::io::{ReadWriteFlags, preadv2};

use super::blocks::{Blocks, FarFile};
use crate::base::{Base, Row};
use crate::model::{DataPath, Entry, Extent, Id, PatchBytes, RowPatch};
use crate::source::{OnDrift, Source};
use crate::store::Object;
use crate::{Error, ErrorKind, Result};

/// Bytes that [`Content::copy_to`] moves at a time.
const COPY_LEN: usize = 1 << 20;

/// An open file of a view. It goes on giving the bytes that it was opened with.
#[derive(Debug)]
pub struct Content {
    len: u64,
    from: From,
    /// Whether bytes of the store are read at once, as far as they are on this machine.
    is_prompt: bool,
}

/// Opens an object.
pub(super) type OpenObject<'a> = dyn Fn(Id) -> Result<Object> + 'a;

#[derive(Debug)]
enum From {
    /// Of this machine; the other one has it, too, where this one is not the source's own.
    Source(SourceFile, Option<Far>),
    Far(Far),
    Blob(Object),
    Spliced(Splice),
}

impl Content {
    pub(super) fn of_blob(object: Object) -> Content {
        Content::of(object.len(), From::Blob(object))
    }

    fn of(len: u64, from: From) -> Content {
        Content { len, from, is_prompt: false }
    }

    /// A file of a source on another machine.
    pub(super) fn of_far(blocks: Arc<Blocks>, file: FarFile) -> Content {
        Content::of(file.recorded.size, From::Far(Far { blocks, file }))
    }

    /// The same, read from the other machine once the file on this one is no longer what was recorded.
    pub(super) fn or_else_far(self, blocks: Arc<Blocks>, file: FarFile) -> Content {
        match self.from {
            From::Source(source, _) => Content { from: From::Source(source, Some(Far { blocks, file })), ..self },
            _ => self,
        }
    }

    /// The same, where [`Content::try_read_at`] may wait for this machine's disk, and must not for another machine.
    pub(super) fn prompt(self) -> Content {
        Content { is_prompt: true, ..self }
    }

    pub(super) fn of_source(source: &Source, base: &Base, row: Row, drift: OnDrift) -> Result<Content> {
        let (path, recorded) = (base.path(row)?, base.entry(row)?);
        let file = source.open_file(&path, &recorded, drift)?;
        Content::of_source_file(SourceFile { file, path, recorded, drift })
    }

    pub(super) fn try_of_source(source: &Source, base: &Base, row: Row, drift: OnDrift) -> Result<Option<Content>> {
        let (path, recorded) = (base.path(row)?, base.entry(row)?);
        let file = source.try_open_cached(&path, &recorded, drift)?;
        file.map(|file| Content::of_source_file(SourceFile { file, path, recorded, drift })).transpose()
    }

    fn of_source_file(source: SourceFile) -> Result<Content> {
        let len = match source.drift {
            OnDrift::Error => source.recorded.size,
            OnDrift::Serve => {
                let stat =
                    source.file.metadata().map_err(|cause| Error::io(format!("read `{}`", source.path), cause))?;
                stat.len()
            }
        };
        Ok(Content::of(len, From::Source(source, None)))
    }

    pub(super) fn spliced(below: Content, extents: &[Extent], len: u64, store: &OpenObject<'_>) -> Result<Content> {
        let open = |extent: &Extent| {
            let object = if extent.len > 0 { Laid::Object(store(extent.blob)?) } else { Laid::Inline(Box::from([])) };
            Ok((Range { offset: extent.offset, replaced: extent.replaced, len: extent.len }, object))
        };
        let laid = extents.iter().map(open).collect::<Result<Vec<_>>>()?;
        Ok(Content::of(len, From::Spliced(Splice::new(below, laid, len)?)))
    }

    /// The file below with the patches of its rows, in order of offset.
    pub(super) fn patched(below: Content, patches: Vec<RowPatch>, len: u64, store: &OpenObject<'_>) -> Result<Content> {
        let open = |patch: RowPatch| {
            let range = Range { offset: patch.offset, replaced: patch.replaced, len: patch.bytes.len() };
            Ok(match patch.bytes {
                PatchBytes::Inline(bytes) => (range, Laid::Inline(bytes.into())),
                PatchBytes::Blob(id, _) => (range, Laid::Object(store(id)?)),
            })
        };
        let laid = patches.into_iter().map(open).collect::<Result<Vec<_>>>()?;
        Ok(Content::of(len, From::Spliced(Splice::new(below, laid, len)?)))
    }

    /// How many bytes it has.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Fills `buffer` from `offset`; returns fewer bytes only at the end of the file.
    ///
    /// # Errors
    /// `SourceChanged` when the source file is no longer what was recorded: also when
    /// that came about while it was being read.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        let wanted = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX).min(buffer.len());
        let buffer = &mut buffer[..wanted];
        match &self.from {
            From::Source(file, far) => match (file.fill(buffer, offset), far) {
                (Err(error), Some(far)) if matches!(error.kind(), ErrorKind::SourceChanged { .. }) => {
                    far.blocks.fill(&far.file, buffer, offset)?;
                }
                (filled, _) => filled?,
            },
            From::Far(far) => far.blocks.fill(&far.file, buffer, offset)?,
            From::Blob(object) => {
                object.read_at(buffer, offset)?;
            }
            From::Spliced(splice) => splice.fill(buffer, offset)?,
        }
        Ok(wanted)
    }

    /// As [`Content::read_at`], but without waiting for a disk: `None` where that takes [`Content::read_at`].
    pub fn try_read_at(&self, buffer: &mut [u8], offset: u64) -> Result<Option<usize>> {
        let wanted = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX).min(buffer.len());
        match &self.from {
            From::Source(file, None) => Ok(file.try_fill(&mut buffer[..wanted], offset)?.then_some(wanted)),
            // What is wrong with it, the read that may wait will tell, and read the other one.
            From::Source(file, Some(_)) => {
                Ok(file.try_fill(&mut buffer[..wanted], offset).is_ok_and(|filled| filled).then_some(wanted))
            }
            From::Far(far) => Ok(far.blocks.try_fill(&far.file, &mut buffer[..wanted], offset)?.then_some(wanted)),
            From::Blob(_) | From::Spliced(_) if !self.is_prompt => Ok(None),
            From::Blob(object) => object.read_at(&mut buffer[..wanted], offset).map(Some),
            From::Spliced(splice) => {
                let read = |below: &Content, part: &mut [u8], at| {
                    let len = part.len();
                    Ok(below.try_read_at(part, at)?.is_some_and(|read| read == len))
                };
                Ok(splice.fill_by(&mut buffer[..wanted], offset, read)?.then_some(wanted))
            }
        }
    }

    /// Writes all of it to `out`; returns how many bytes that were.
    pub fn copy_to(&self, out: &mut dyn Write) -> Result<u64> {
        let mut buffer = vec![0; COPY_LEN.min(usize::try_from(self.len).unwrap_or(COPY_LEN))];
        let mut offset = 0;
        while offset < self.len {
            let read = self.read_at(&mut buffer, offset)?;
            out.write_all(&buffer[..read]).map_err(|cause| Error::io("write the output", cause))?;
            offset += read as u64;
        }
        Ok(offset)
    }

    /// As [`Content::file`], with all of its bytes checked now: whoever reads the file reads past every check.
    ///
    /// # Errors
    /// `Corrupt` when it is a blob with a byte that is not its own.
    pub fn checked_file(&self) -> Result<Option<&File>> {
        if let From::Blob(object) = &self.from {
            object.verify_all()?;
        }
        Ok(self.file())
    }

    /// The file whose bytes are the whole content, where there is one: for passthrough and reflinks.
    pub fn file(&self) -> Option<&File> {
        match &self.from {
            From::Source(source, _) => Some(&source.file),
            From::Blob(object) => object.file(),
            From::Far(_) | From::Spliced(_) => None,
        }
    }
}

/// A file of a source on another machine.
#[derive(Debug)]
struct Far {
    blocks: Arc<Blocks>,
    file: FarFile,
}

/// A file of the source, held against what the base recorded at each read.
#[derive(Debug)]
struct SourceFile {
    file: File,
    path: DataPath,
    recorded: Entry,
    drift: OnDrift,
}

impl SourceFile {
    fn fill(&self, buffer: &mut [u8], offset: u64) -> Result<()> {
        let mut done = 0;
        while done < buffer.len() {
            match self.file.read_at(&mut buffer[done..], offset + done as u64) {
                Ok(0) => return Err(self.changed("it is shorter than it was".to_owned())),
                Ok(read) => done += read,
                Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => {}
                Err(cause) => return Err(Error::io(format!("read `{}`", self.path), cause)),
            }
        }
        // After the read, so that a change in the middle of it is seen as well.
        self.check()
    }

    /// Fills the whole buffer from memory, or says no.
    fn try_fill(&self, buffer: &mut [u8], offset: u64) -> Result<bool> {
        let len = buffer.len();
        match preadv2(&self.file, &mut [IoSliceMut::new(buffer)], offset, ReadWriteFlags::NOWAIT) {
            Ok(read) if read == len => self.check().map(|()| true),
            // Whatever else it is, the read that may wait will tell.
            _ => Ok(false),
        }
    }

    fn check(&self) -> Result<()> {
        if self.drift == OnDrift::Serve {
            return Ok(());
        }
        let now = self.file.metadata().map_err(|cause| Error::io(format!("stat `{}`", self.path), cause))?;
        let mtime_ns = now.mtime().saturating_mul(1_000_000_000).saturating_add(now.mtime_nsec());
        if now.len() != self.recorded.size {
            return Err(self.changed(format!("it has {} bytes, {} were recorded", now.len(), self.recorded.size)));
        }
        if mtime_ns != self.recorded.mtime_ns {
            return Err(self.changed("it was modified since it was recorded".to_owned()));
        }
        Ok(())
    }

    fn changed(&self, how: String) -> Error {
        Error::new(ErrorKind::SourceChanged { path: self.path.to_string(), how })
    }
}

/// A file of the source with some byte ranges replaced.
#[derive(Debug)]
struct Splice {
    below: Box<Content>,
    /// In order, without gaps, from 0 to the length of the file.
    pieces: Vec<Piece>,
}

#[derive(Debug)]
struct Piece {
    /// Where it begins in the spliced file.
    at: u64,
    /// Where its bytes are in the file below; those of what is laid over begin at 0.
    below_at: u64,
    /// `None`: they are those of the file below.
    laid: Option<Laid>,
}

/// What is laid over a range.
#[derive(Debug)]
enum Laid {
    Object(Object),
    Inline(Box<[u8]>),
}

/// A range of the file below, and how many bytes stand there instead.
#[derive(Clone, Copy, Debug)]
struct Range {
    offset: u64,
    replaced: u64,
    len: u64,
}

impl Splice {
    fn new(below: Content, all: Vec<(Range, Laid)>, len: u64) -> Result<Splice> {
        let damaged = |why| Error::corrupt("a spliced file", why);
        let (mut pieces, mut at, mut below_at) = (Vec::new(), 0u64, 0u64);
        for (range, laid) in all {
            let gap = range.offset.checked_sub(below_at).ok_or_else(|| damaged("its extents overlap"))?;
            if gap > 0 {
                pieces.push(Piece { at, below_at, laid: None });
            }
            at = at.saturating_add(gap);
            if range.len > 0 {
                if matches!(&laid, Laid::Object(object) if object.len() != range.len) {
                    return Err(damaged("an extent's blob has another length"));
                }
                pieces.push(Piece { at, below_at: 0, laid: Some(laid) });
            }
            at = at.saturating_add(range.len);
            below_at = range.offset.saturating_add(range.replaced);
        }
        let rest = below.len().checked_sub(below_at).ok_or_else(|| damaged("an extent ends beyond the file"))?;
        if rest > 0 {
            pieces.push(Piece { at, below_at, laid: None });
        }
        if at.saturating_add(rest) != len {
            return Err(damaged("its pieces do not add up to its size"));
        }
        Ok(Splice { below: Box::new(below), pieces })
    }

    fn fill(&self, buffer: &mut [u8], offset: u64) -> Result<()> {
        let read = |below: &Content, part: &mut [u8], at| below.read_at(part, at).map(|_| true);
        self.fill_by(buffer, offset, read).map(drop)
    }

    /// Fills the buffer; `read` reads the file below, or says no.
    fn fill_by(
        &self,
        mut buffer: &mut [u8],
        mut offset: u64,
        read: impl Fn(&Content, &mut [u8], u64) -> Result<bool>,
    ) -> Result<bool> {
        let mut index = self.pieces.partition_point(|piece| piece.at <= offset).saturating_sub(1);
        while !buffer.is_empty() {
            let piece = &self.pieces[index];
            let end = self.pieces.get(index + 1).map_or(u64::MAX, |next| next.at);
            let take = usize::try_from(end - offset).unwrap_or(usize::MAX).min(buffer.len());
            let (now, later) = buffer.split_at_mut(take);
            let within = piece.below_at + (offset - piece.at);
            match &piece.laid {
                Some(Laid::Object(object)) => drop(object.read_at(now, within)?),
                Some(Laid::Inline(bytes)) => {
                    let from = usize::try_from(within).expect("it lies in the piece");
                    now.copy_from_slice(&bytes[from..from + take]);
                }
                None if !read(&self.below, now, within)? => return Ok(false),
                None => {}
            }
            offset += take as u64;
            buffer = later;
            index += 1;
        }
        Ok(true)
    }
}
