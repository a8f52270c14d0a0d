//! The edits of a draft: what each means for the overlay.
//!
//! One rule keeps overlays canonical: an entry that says what the base shows
//! anyway is left out. So a rename there and back leaves nothing behind.

use std::io::Read;

use super::draft::Draft;
use super::now_ns;
use super::rows::{begins_with, rewritten};
use super::view::{Node, Place, Target, View};
use crate::base::Row;
use crate::model::{Change, Content, DataPath, Entry, FileChange, Id, Kind, ObjectKind};
use crate::overlay::Overlay;
use crate::source::OnDrift;
use crate::{Error, ErrorKind, Result};

/// The permission bits of a new file.
const FILE_MODE: u32 = 0o644;
/// The permission bits of a new folder.
const FOLDER_MODE: u32 = 0o755;

/// A draft makes no path of more names: whoever walks a tree goes as deep. A source may be deeper, and as deep then.
const LEVELS_MAX: usize = 256;

/// Content for a file of a draft.
pub struct NewFile<'a> {
    /// The bytes.
    pub content: &'a mut dyn Read,
    /// Permission bits; `None` keeps those of the file that was there, or takes `0o644`.
    pub mode: Option<u32>,
    /// Last modification, nanoseconds since 1970-01-01 UTC; `None` is now.
    pub mtime_ns: Option<i64>,
}

/// What the overlay is to say of some paths; `None` makes it say nothing.
pub(super) type Changes = Vec<(DataPath, Option<Change>)>;

impl Draft {
    /// Puts a file at `path`, in a folder that exists; replaces a file or link that is there.
    ///
    /// # Errors
    /// `IsAFolder`, and `NotFound` or `NotAFolder` for the folder that it should go to; `AlreadyExists` for an
    /// excluded file; `Invalid` for a path that is too deep.
    pub fn put(&mut self, path: &DataPath, file: NewFile<'_>) -> Result<()> {
        self.refuse_excluded(path)?;
        let base = self.base_under(path)?;
        let before = self.view.node(path)?;
        if before.as_ref().is_some_and(Node::is_folder) {
            return Err(Error::new(ErrorKind::IsAFolder { path: path.to_string() }));
        }
        self.refuse_deeper(path, 0)?;
        let (id, size) = self.dataset.store.put_stream(ObjectKind::Blob, file.content)?;
        self.has_new_content = true;
        let kept =
            before.as_ref().filter(|node| node.entry.kind == Kind::File).map_or(FILE_MODE, |node| node.entry.mode);
        let mode = file.mode.unwrap_or(kept);
        let content = self.content_for(path, base, id, size)?;
        let mtime_ns = match &content {
            // The same bytes again: what was is what is, and its mtime with it.
            Content::Source(path) => self.view.base.find(path)?.map(|row| self.view.base.entry(row)).transpose()?,
            _ => None,
        };
        let mtime_ns = mtime_ns.map_or_else(|| file.mtime_ns.unwrap_or_else(now_ns), |entry| entry.mtime_ns);
        let file = FileChange { content, size, mtime_ns, mode };
        let same = before.map(|node| change_of(&self.view, &node)).transpose()?;
        let file = of_its_time(file, same.as_ref());
        let file = self.as_in_revision(path, file)?;
        let before = self.view.clone();
        self.set(path, Change::File(file))?;
        self.hide_what_came(&before).map(drop)
    }

    /// The file with the time that it has in the draft's revision, where it has the same bytes and mode there.
    ///
    /// # Errors
    /// Those of the store.
    pub fn as_in_revision(&self, path: &DataPath, file: FileChange) -> Result<FileChange> {
        let revision = self.dataset.revision(self.revision)?;
        if revision.base != self.view.base.id() {
            // There the same words mean other bytes.
            return Ok(file);
        }
        let overlay = Overlay::new(self.dataset.nodes.clone(), revision.overlay);
        Ok(of_its_time(file, overlay.get(path)?.as_ref()))
    }

    /// What the overlay is to say of a file that gets the bytes of the blob `id`, which are `size`; `under` is the
    /// base's entry at its path.
    ///
    /// Where the file was rows and is, and the new bytes are what edits of these make of it, it is these edits.
    /// Added columns stay in any case, with the cells of all rows that are still there. What the file was is what it
    /// was before it was half written, where the draft has but half of it. What the draft's revision has again, with
    /// nothing said of its rows since, is as it is there.
    ///
    /// # Errors
    /// Those of the store; that the bytes are no rows is none.
    pub fn content_for(&self, path: &DataPath, under: Option<Row>, id: Id, size: u64) -> Result<Content> {
        let Some(now) = self.view.node(path)?.filter(|node| node.entry.kind == Kind::File) else {
            return self.content_over(&self.view, path, under, (id, size));
        };
        let new = Node { path: path.clone(), entry: Entry { size, ..now.entry }, place: Place::Blob(id) };
        if !matches!(now.place, Place::Rows { .. })
            && let Some(was) = self.dataset.view(self.revision)?.node(path)?
            && was.entry.kind == Kind::File
            && is_same(&self.view, &was, &new)?
        {
            return content_of(&self.view, &was.place);
        }
        let before = self.before_half(&self.view, path, (&self.view, &new))?.map(|before| before.view);
        self.content_over(before.as_ref().unwrap_or(&self.view), path, under, (id, size))
    }

    /// As [`Draft::content_for`], of a file that was as `before` has it.
    pub(super) fn content_over(
        &self,
        before: &View,
        path: &DataPath,
        under: Option<Row>,
        (id, size): (Id, u64),
    ) -> Result<Content> {
        // Told once: for that the source's file is read.
        let mut of_source = None;
        if let Some(old) = before.node(path)?.filter(|node| node.entry.kind == Kind::File) {
            let entry = Entry { size, ..old.entry };
            let new = Node { path: path.clone(), entry, place: Place::Blob(id) };
            if is_same(before, &old, &new)? {
                return content_of(before, &old.place);
            }
            // Where nothing is said of its rows but by their bytes, the source's bytes are the source's rows.
            let is_plain = before.overlay.samples()?.root().is_none() && before.rows_of(&old).columns()?.is_empty();
            if is_plain {
                match self.source_with(under, id, size)? {
                    Some(content) => return Ok(content),
                    none => of_source = Some(none),
                }
            }
            if let Some(content) = rewritten(before, &old, &new, id)? {
                return Ok(content);
            }
        }
        let of_source = of_source.map_or_else(|| self.source_with(under, id, size), Ok)?;
        Ok(of_source.unwrap_or(Content::Blob(id)))
    }

    /// The base's entry as content, if it has the bytes of the blob `id`, which are `size`.
    fn source_with(&self, under: Option<Row>, id: Id, size: u64) -> Result<Option<Content>> {
        match under {
            Some(row) if self.has_content(row, id, size)? => Ok(Some(Content::Source(self.view.base.path(row)?))),
            _ => Ok(None),
        }
    }

    /// Puts a symbolic link at `path`; `target` is kept as it is and never followed.
    pub fn put_symlink(&mut self, path: &DataPath, target: &[u8]) -> Result<()> {
        self.refuse_excluded(path)?;
        self.base_under(path)?;
        if self.view.node(path)?.is_some_and(|node| node.is_folder()) {
            return Err(Error::new(ErrorKind::IsAFolder { path: path.to_string() }));
        }
        if target.is_empty() || target.contains(&0) || target.len() > 4095 {
            let text = String::from_utf8_lossy(target);
            return Err(Error::invalid("link target", &text, "it has 1 to 4095 bytes and no NUL"));
        }
        self.refuse_deeper(path, 0)?;
        self.set(path, Change::Symlink { target: target.to_vec(), mtime_ns: now_ns() })
    }

    /// Makes an empty folder in a folder that exists.
    pub fn make_folder(&mut self, path: &DataPath) -> Result<()> {
        self.refuse_excluded(path)?;
        if self.view.node(path)?.is_some() {
            return Err(Error::already_exists("path", path));
        }
        self.base_under(path)?;
        self.refuse_deeper(path, 0)?;
        self.set(path, Change::Folder { from: None, mtime_ns: now_ns(), mode: FOLDER_MODE })
    }

    /// Removes an entry; a folder, with all that is in it, only when `recursive`.
    pub fn remove(&mut self, path: &DataPath, recursive: bool) -> Result<()> {
        let node = self.view.existing(path)?;
        if path.is_root() {
            return Err(Error::invalid("path", ".", "the top folder stays"));
        }
        if node.is_folder() && !recursive {
            return Err(Error::new(ErrorKind::IsAFolder { path: path.to_string() }));
        }
        let changes = self.removal(path)?;
        self.apply(changes)
    }

    /// Moves an entry, a folder with all that is in it; a file may replace a file.
    ///
    /// # Errors
    /// `AlreadyExists` when a folder or an excluded file is in the way; `Invalid` for a folder into itself.
    pub fn rename(&mut self, from: &DataPath, to: &DataPath) -> Result<()> {
        let node = self.view.existing(from)?;
        self.refuse_excluded(to)?;
        if from.is_root() || to.is_within(from) {
            return Err(Error::invalid(
                "new path",
                &to.to_string(),
                format!("`{from}` cannot be moved to itself or into itself"),
            ));
        }
        if let Some(there) = self.view.node(to)? {
            if there.is_folder() || node.is_folder() {
                return Err(Error::already_exists("path", to));
            }
            let changes = self.removal(to)?;
            self.apply(changes)?;
        }
        let base = self.base_under(to)?;
        let mut changes = Changes::new();
        for (path, change) in self.view.overlay.within(from)? {
            let moved = path.moved(from, to).expect("it lies within");
            changes.push((moved, Some(change)));
        }
        changes.push((to.clone(), plain(&self.view, base, change_of(&self.view, &node)?)?));
        changes.extend(self.removal(from)?);
        self.refuse_deep(&changes)?;
        let keys = self.moved_keys(from, to)?;
        let before = self.view.clone();
        self.apply(changes)?;
        self.carry_samples(&keys)?;
        self.carry_hidden(&before, from, to)?;
        self.hide_what_was_added(&before).map(drop)
    }

    /// Whether a file is hidden at `path`: nothing shows there, and yet nothing else may go there.
    pub(super) fn is_excluded(&self, path: &DataPath) -> Result<bool> {
        Ok(matches!(self.view.overlay.get(path)?, Some(Change::Excluded { .. })))
    }

    fn refuse_excluded(&self, path: &DataPath) -> Result<()> {
        if self.is_excluded(path)? { Err(Error::already_exists("excluded file", path)) } else { Ok(()) }
    }

    /// Refuses a path with so many levels below it, where that is deeper than drafts go.
    fn refuse_deeper(&self, path: &DataPath, below: usize) -> Result<()> {
        let levels = path.levels() + below;
        if levels <= LEVELS_MAX || levels <= self.view.base.levels()? {
            return Ok(());
        }
        let why = format!("it would make a path of {levels} levels, and {LEVELS_MAX} is the most");
        Err(Error::invalid("path", &path.to_string(), why))
    }

    fn refuse_deep(&self, changes: &Changes) -> Result<()> {
        let of_base = self.view.base.levels()?;
        for (path, change) in changes {
            match change {
                None | Some(Change::Removed) => {}
                Some(Change::Folder { from: Some(from), .. }) => {
                    self.refuse_deeper(path, of_base.saturating_sub(from.levels()))?;
                }
                Some(_) => self.refuse_deeper(path, 0)?,
            }
        }
        Ok(())
    }

    /// Makes the overlay say `change` of a path, or nothing where the base says the same.
    pub(super) fn set(&mut self, path: &DataPath, change: Change) -> Result<()> {
        let base = self.base_under(path)?;
        let change = plain(&self.view, base, change)?;
        self.apply(vec![(path.clone(), change)])
    }

    /// As [`Draft::set`], of many paths at once.
    pub(super) fn set_all(&mut self, changes: impl IntoIterator<Item = (DataPath, Change)>) -> Result<()> {
        let plain = |(path, change): (DataPath, Change)| {
            let base = self.base_under(&path)?;
            Ok((path, plain(&self.view, base, change)?))
        };
        let changes = changes.into_iter().map(plain).collect::<Result<Vec<_>>>()?;
        if changes.is_empty() { Ok(()) } else { self.apply(changes) }
    }

    /// The edits that remove an entry and all that is below it.
    fn removal(&self, path: &DataPath) -> Result<Changes> {
        let mut changes: Vec<_> = self.view.overlay.within(path)?.into_iter().map(|(path, _)| (path, None)).collect();
        changes.push((path.clone(), self.base_under(path)?.map(|_| Change::Removed)));
        Ok(changes)
    }

    /// The base's entry that shows at `path` when the overlay says nothing of it.
    ///
    /// # Errors
    /// `NotFound` or `NotAFolder` when the folder above is none.
    pub(super) fn base_under(&self, path: &DataPath) -> Result<Option<Row>> {
        let Some(parent) = path.parent() else { return Ok(Some(crate::base::Base::ROOT)) };
        let node = self.view.node(&parent)?.ok_or_else(|| Error::not_found("folder", &parent))?;
        match node.place {
            Place::Folder { base: Some(row) } => self.view.base.child(row, path.name()),
            Place::Folder { base: None } => Ok(None),
            _ => Err(Error::new(ErrorKind::NotAFolder { path: parent.to_string() })),
        }
    }

    /// Whether the base's file `row` has exactly the bytes of the blob `id`; false also when it cannot be read.
    pub(super) fn has_content(&self, row: Row, id: Id, size: u64) -> Result<bool> {
        let entry = self.view.base.entry(row)?;
        if entry.kind != Kind::File || entry.size != size {
            return Ok(false);
        }
        let path = self.view.base.path(row)?;
        let Ok(mut file) = self.view.source()?.open_file(&path, &entry, OnDrift::Error) else { return Ok(false) };
        let mut hasher = blake3::Hasher::new();
        Ok(hasher.update_reader(&mut file).is_ok() && hasher.finalize().as_bytes() == id.as_bytes())
    }
}

/// Whether two files have the same bytes; false also where those of the earlier cannot be read any more.
fn is_same(view: &View, old: &Node, new: &Node) -> Result<bool> {
    if old.entry.size != new.entry.size {
        return Ok(false);
    }
    match view.open(old, OnDrift::Error) {
        Ok(old) => begins_with(&view.open(new, OnDrift::Error)?, &old),
        Err(error) if matches!(error.kind(), ErrorKind::SourceChanged { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A file with the time of another one that has the same bytes and mode: the same again is no change.
fn of_its_time(file: FileChange, other: Option<&Change>) -> FileChange {
    match other {
        Some(Change::File(other))
            if (&other.content, other.size, other.mode) == (&file.content, file.size, file.mode) =>
        {
            other.clone()
        }
        _ => file,
    }
}

/// What an overlay must say for `node` to show, wherever it is put.
pub(super) fn change_of(view: &View, node: &Node) -> Result<Change> {
    let (mtime_ns, mode) = (node.entry.mtime_ns, node.entry.mode);
    let content = match &node.place {
        Place::Folder { base } => {
            let from = base.map(|row| view.base.path(row)).transpose()?;
            return Ok(Change::Folder { from, mtime_ns, mode });
        }
        place @ (Place::Source { .. } | Place::Blob(_) | Place::Extents { .. } | Place::Rows { .. }) => {
            content_of(view, place)?
        }
        Place::Symlink(Target::Overlay(target)) => return Ok(Change::Symlink { target: target.to_vec(), mtime_ns }),
        Place::Symlink(Target::Base(row)) => {
            return Ok(Change::Symlink { target: view.base.link_target(*row)?.to_vec(), mtime_ns });
        }
    };
    Ok(Change::File(FileChange { content, size: node.entry.size, mtime_ns, mode }))
}

/// What an overlay must say for the bytes of `place` to show.
///
/// # Errors
/// `Invalid` for what has no bytes of its own.
pub(super) fn content_of(view: &View, place: &Place) -> Result<Content> {
    Ok(match place {
        Place::Source { row } => Content::Source(view.base.path(*row)?),
        Place::Blob(id) => Content::Blob(*id),
        Place::Extents { row, extents } => Content::Extents { over: view.base.path(*row)?, extents: extents.to_vec() },
        Place::Rows { below, rows } => Content::Rows { below: Box::new(content_of(view, below)?), rows: *rows },
        Place::Folder { .. } | Place::Symlink(_) => {
            return Err(Error::invalid("file", "a path", "it is something else"));
        }
    })
}

/// `change`, or `None` where the base's entry `row` shows the same anyway.
pub(super) fn plain(view: &View, row: Option<Row>, change: Change) -> Result<Option<Change>> {
    let Some(row) = row else { return Ok(Some(change)) };
    let entry = view.base.entry(row)?;
    let same = match &change {
        Change::Removed | Change::Excluded { .. } => false,
        Change::File(file) => match &file.content {
            Content::Source(path) => entry.kind == Kind::File && view.base.find(path)? == Some(row),
            Content::Blob(_) | Content::Extents { .. } | Content::Rows { .. } => false,
        },
        Change::Folder { from: Some(from), .. } => entry.kind == Kind::Folder && view.base.find(from)? == Some(row),
        Change::Folder { from: None, .. } => false,
        Change::Symlink { target, .. } => entry.kind == Kind::Symlink && view.base.link_target(row)? == target,
    };
    // A base's link may have odd permission bits, an overlay's has none.
    let same_entry = change
        .entry()
        .is_some_and(|of| of.mtime_ns == entry.mtime_ns && (of.mode == entry.mode || entry.kind == Kind::Symlink));
    Ok(if same && same_entry { None } else { Some(change) })
}
