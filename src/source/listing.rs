//! Reading one folder: its names, and what each of them is.

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{AtFlags, OFlags, RawDir, fstat, readlinkat, statat};
use rustix::io::Errno;

use super::attributes::{self, Times};
use super::scan::{Folder, Found, Parts, shown};
use super::walk::Walk;
use crate::model::{DataPath, Kind};
use crate::{Error, ErrorKind, Result};

/// How many entries are looked at between two looks at the cancel flag.
const BATCH: usize = 1024;
/// From how many entries on a single folder is worth several threads.
const SPREAD_MIN: usize = 16 * 1024;

/// One folder, and what it has that cannot be used.
#[derive(Default)]
pub(super) struct Listing {
    pub(super) folder: Folder,
    pub(super) skipped: Parts,
    pub(super) unreadable: Parts,
}

/// A name as the folder has it, before it is known what it names.
struct Name {
    inode: u64,
    text_at: u32,
    len: u8,
}

/// What a name stands for: an entry, or nothing that a dataset can have.
enum Looked {
    Found(Found),
    Special(Name, &'static str),
    Unreadable(Name, Errno),
}

/// Reads the folder `path` of the walk's source.
///
/// # Errors
/// `SourceChanged` when an entry vanishes meanwhile; what cannot be read is no error, but listed.
pub(super) fn read(walk: &Walk<'_>, path: &DataPath, buffer: &mut [MaybeUninit<u8>]) -> Result<Option<Listing>> {
    let mut listing = Listing::default();
    let (fd, mut names) = match open_and_list(walk, path, &mut listing.folder, buffer) {
        Ok(opened) => opened,
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) if !path.is_root() => return Err(vanished(path.to_string())),
        Err(cause) => {
            walk.leave_out(path, cause);
            return Ok(None);
        }
    };
    names.retain(|name| {
        let text = &listing.folder.text[name.text_at as usize..][..usize::from(name.len)];
        let fits = path.join(text).is_ok();
        if !fits {
            listing.unreadable.add(shown(path, text), "its path has more than 4095 bytes");
        }
        fits
    });
    // In the order of inodes a disk is read forwards.
    names.sort_unstable_by_key(|name| name.inode);
    let looked = look(walk, path, fd.as_fd(), &listing.folder.text, names)?;
    sort_out(path, fd.as_fd(), looked, &mut listing)?;
    Ok(Some(listing))
}

fn vanished(path: String) -> Error {
    Error::new(ErrorKind::SourceChanged { path, how: "it vanished while the source was read".to_owned() })
}

/// Opens the folder and reads all of its names into its text.
fn open_and_list(
    walk: &Walk<'_>,
    path: &DataPath,
    folder: &mut Folder,
    buffer: &mut [MaybeUninit<u8>],
) -> std::result::Result<(std::os::fd::OwnedFd, Vec<Name>), Errno> {
    let fd = walk.source.open_beneath(path, OFlags::RDONLY | OFlags::DIRECTORY)?;
    folder.times = Times::of(&fstat(&fd)?);
    let mut names = Vec::new();
    let mut entries = RawDir::new(fd.as_fd(), buffer);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name == b"." || name == b".." {
            continue;
        }
        let text_at = u32::try_from(folder.text.len()).map_err(|_| Errno::OVERFLOW)?;
        let len = u8::try_from(name.len()).map_err(|_| Errno::NAMETOOLONG)?;
        names.push(Name { inode: entry.ino(), text_at, len });
        folder.text.extend_from_slice(name);
    }
    Ok((fd, names))
}

/// Looks at each of the names; in a big folder, with all of the walk's threads.
fn look(
    walk: &Walk<'_>,
    path: &DataPath,
    fd: BorrowedFd<'_>,
    text: &[u8],
    mut names: Vec<Name>,
) -> Result<Vec<Looked>> {
    if names.len() < SPREAD_MIN || walk.threads == 1 {
        return look_at_some(walk, path, fd, text, names);
    }
    let share = names.len().div_ceil(walk.threads);
    std::thread::scope(|scope| {
        let mut helpers = Vec::new();
        while names.len() > share {
            let part = names.split_off(names.len() - share);
            helpers.push(scope.spawn(move || look_at_some(walk, path, fd, text, part)));
        }
        let mut looked = look_at_some(walk, path, fd, text, names)?;
        for helper in helpers {
            looked.extend(helper.join().expect("a helper has no reason to panic")?);
        }
        Ok(looked)
    })
}

fn look_at_some(
    walk: &Walk<'_>,
    path: &DataPath,
    fd: BorrowedFd<'_>,
    text: &[u8],
    names: Vec<Name>,
) -> Result<Vec<Looked>> {
    let mut looked = Vec::with_capacity(names.len());
    let (mut entries, mut bytes) = (0, 0);
    for name in names {
        let text = &text[name.text_at as usize..][..usize::from(name.len)];
        looked.push(match statat(fd, text, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return Err(vanished(shown(path, text))),
            Err(cause) => Looked::Unreadable(name, cause),
            Ok(stat) => match attributes::entry(&stat) {
                Err(why) => Looked::Special(name, why),
                Ok(entry) if entry.kind == Kind::File && !walk.may_read(fd, text, &stat) => {
                    Looked::Unreadable(name, Errno::ACCESS)
                }
                Ok(entry) => {
                    bytes += if entry.kind == Kind::File { entry.size } else { 0 };
                    let Name { text_at, len: name_len, .. } = name;
                    let (kind, size, mtime_ns, mode) = (entry.kind, entry.size, entry.mtime_ns, entry.mode as u16);
                    Looked::Found(Found { size, mtime_ns, text_at, mode, kind, name_len })
                }
            },
        });
        entries += 1;
        if entries == BATCH as u64 {
            walk.advance(std::mem::take(&mut entries), std::mem::take(&mut bytes))?;
        }
    }
    walk.advance(entries, bytes)?;
    Ok(looked)
}

/// Keeps what was found, in order of name, and lists the rest.
fn sort_out(path: &DataPath, fd: BorrowedFd<'_>, looked: Vec<Looked>, listing: &mut Listing) -> Result<()> {
    let Listing { folder, skipped, unreadable } = listing;
    folder.entries.reserve_exact(looked.len());
    for looked in looked {
        let name_of = |name: &Name| &folder.text[name.text_at as usize..][..usize::from(name.len)];
        match looked {
            Looked::Found(found) if found.kind == Kind::Symlink => {
                match target(fd, folder, found) {
                    Ok(found) => folder.entries.push(found),
                    Err(Errno::NOENT | Errno::INVAL) => return Err(vanished(shown(path, folder.name(&found)))),
                    Err(cause) => unreadable.add(shown(path, folder.name(&found)), words(cause)),
                };
            }
            Looked::Found(found) => folder.entries.push(found),
            Looked::Special(name, why) => skipped.add(shown(path, name_of(&name)), why),
            Looked::Unreadable(name, cause) => unreadable.add(shown(path, name_of(&name)), words(cause)),
        }
    }
    let Folder { entries, text, .. } = folder;
    text.shrink_to_fit();
    let name = |found: &Found| &text[found.text_at as usize..][..usize::from(found.name_len)];
    entries.sort_unstable_by(|a, b| name(a).cmp(name(b)));
    Ok(())
}

/// Puts a link's name and target, one behind the other, at the end of the folder's text.
fn target(fd: BorrowedFd<'_>, folder: &mut Folder, found: Found) -> std::result::Result<Found, Errno> {
    let name = folder.name(&found).to_vec();
    let target = readlinkat(fd, &name[..], Vec::new())?;
    let text_at = u32::try_from(folder.text.len()).map_err(|_| Errno::OVERFLOW)?;
    folder.text.extend_from_slice(&name);
    folder.text.extend_from_slice(target.as_bytes());
    Ok(Found { text_at, size: target.as_bytes().len() as u64, ..found })
}

/// An error of the system in a person's words.
pub(super) fn words(cause: Errno) -> String {
    match cause {
        Errno::NAMETOOLONG => "its path has more than 4095 bytes".to_owned(),
        Errno::OVERFLOW => "it has more names than 4 GiB can hold".to_owned(),
        // The system's words, without the number behind them.
        cause => {
            let text = std::io::Error::from(cause).to_string();
            text.split(" (os error").next().unwrap_or(&text).to_lowercase()
        }
    }
}
