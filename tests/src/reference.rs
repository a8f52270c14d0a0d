//! The reference: what a draft must do, as a plain map that anybody can check by eye.
//!
//! [`Edit`] is what can be asked of a draft; [`Tree::apply`] is what must come of
//! it, and [`Refusal`] is why not. [`Edit::random`] draws edits that mostly make
//! sense, and now and then do not.

use crate::{Rng, Thing, Tree};

/// One edit of a draft.
#[derive(Clone, Debug)]
pub enum Edit {
    /// A file with these bytes; an existing one keeps its mode, a new one has 644.
    Put(Vec<u8>, Vec<u8>),
    /// A symbolic link to the second.
    Link(Vec<u8>, Vec<u8>),
    /// An empty folder.
    MakeFolder(Vec<u8>),
    /// Away with it; a folder only if told so.
    Remove(Vec<u8>, bool),
    /// From the first to the second.
    Rename(Vec<u8>, Vec<u8>),
}

/// Why an edit is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is nothing at the path, or nothing that it could lie in.
    NotFound,
    /// There is something at the path.
    AlreadyExists,
    /// It is a folder, and must not be.
    IsAFolder,
    /// What it is to lie in is not a folder.
    NotAFolder,
    /// It makes no sense for any tree.
    Invalid,
}

impl Tree {
    /// Does the edit, or says why not and changes nothing.
    pub fn apply(&mut self, edit: &Edit) -> Result<(), Refusal> {
        match edit {
            Edit::Put(path, bytes) => {
                let mode = match self.0.get(path) {
                    Some(Thing::File(_, mode)) => *mode,
                    _ => 0o644,
                };
                self.place(path, Thing::File(bytes.clone(), mode))
            }
            Edit::Link(path, target) => self.place(path, Thing::Link(target.clone())),
            Edit::MakeFolder(path) => {
                if self.0.contains_key(path) {
                    return Err(Refusal::AlreadyExists);
                }
                self.place(path, Thing::Folder)
            }
            Edit::Remove(path, recursive) => self.remove(path, *recursive),
            Edit::Rename(from, to) => self.rename(from, to),
        }
    }

    fn place(&mut self, path: &[u8], thing: Thing) -> Result<(), Refusal> {
        self.check_folder_of(path)?;
        if self.0.get(path) == Some(&Thing::Folder) {
            return Err(Refusal::IsAFolder);
        }
        self.add(path, thing);
        Ok(())
    }

    /// Things are put into folders that are there; the top folder always is.
    fn check_folder_of(&self, path: &[u8]) -> Result<(), Refusal> {
        let Some(slash) = path.iter().rposition(|byte| *byte == b'/') else { return Ok(()) };
        match self.0.get(&path[..slash]) {
            Some(Thing::Folder) => Ok(()),
            Some(_) => Err(Refusal::NotAFolder),
            None => Err(Refusal::NotFound),
        }
    }

    fn remove(&mut self, path: &[u8], recursive: bool) -> Result<(), Refusal> {
        match self.0.get(path) {
            None => Err(Refusal::NotFound),
            Some(Thing::Folder) if !recursive => Err(Refusal::IsAFolder),
            Some(_) => {
                self.within(path).iter().for_each(|below| drop(self.0.remove(below)));
                Ok(())
            }
        }
    }

    fn rename(&mut self, from: &[u8], to: &[u8]) -> Result<(), Refusal> {
        let Some(thing) = self.0.get(from) else { return Err(Refusal::NotFound) };
        if to == from || to.starts_with(&[from, b"/"].concat()) {
            return Err(Refusal::Invalid);
        }
        let onto = self.0.get(to);
        if onto == Some(&Thing::Folder) || (onto.is_some() && *thing == Thing::Folder) {
            return Err(Refusal::AlreadyExists);
        }
        self.check_folder_of(to)?;
        let moved: Vec<_> = self.within(from).into_iter().map(|path| (path.clone(), self.0.remove(&path))).collect();
        for (path, thing) in moved {
            self.add(&[to, &path[from.len()..]].concat(), thing.expect("it was within"));
        }
        Ok(())
    }
}

impl Tree {
    /// Makes `path`, with all below it, what it is in `from`; missing folders above it are made.
    pub fn restore(&mut self, path: &[u8], from: &Tree) -> Result<(), Refusal> {
        if !from.0.contains_key(path) {
            return self.remove(path, true);
        }
        let above = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        for (at, _) in above {
            if !matches!(self.0.get(&path[..at]), None | Some(Thing::Folder)) {
                return Err(Refusal::NotAFolder);
            }
        }
        self.within(path).iter().for_each(|below| drop(self.0.remove(below)));
        from.within(path).into_iter().for_each(|below| self.add(&below, from.0[&below].clone()));
        Ok(())
    }
}

impl Edit {
    /// Draws an edit of a tree; about one in ten makes no sense for it.
    pub fn random(rng: &mut Rng, tree: &Tree) -> Edit {
        match rng.below(10) {
            0..=3 => Edit::Put(some_path(rng, tree), {
                let len = rng.below(40);
                rng.bytes(len)
            }),
            4 => Edit::Link(some_path(rng, tree), b"a/b".to_vec()),
            5 => Edit::MakeFolder(some_path(rng, tree)),
            6..=7 => Edit::Remove(known_path(rng, tree), rng.one_in(2)),
            _ => Edit::Rename(known_path(rng, tree), some_path(rng, tree)),
        }
    }
}

/// Draws a path that is there, if there is any; now and then one that may not be.
pub fn known_path(rng: &mut Rng, tree: &Tree) -> Vec<u8> {
    if tree.0.is_empty() || rng.one_in(10) {
        return new_path(rng, b"");
    }
    let number = rng.below(tree.0.len());
    tree.0.keys().nth(number).expect("below the number of keys").clone()
}

/// A path that is there, or a new one below one that is.
fn some_path(rng: &mut Rng, tree: &Tree) -> Vec<u8> {
    match rng.below(3) {
        0 => known_path(rng, tree),
        1 => new_path(rng, b""),
        _ => {
            let above = known_path(rng, tree);
            new_path(rng, &above)
        }
    }
}

/// Few names, so that they meet often; some that sort oddly beside a slash, and one that is no text.
const NAMES: [&[u8]; 8] = [b"a", b"b", b"a!", b"a.b", b"aa", b"\xff\xfe", b"c", b"A"];

fn new_path(rng: &mut Rng, above: &[u8]) -> Vec<u8> {
    let name = *rng.pick(&NAMES);
    if above.is_empty() || above.len() > 60 { name.to_vec() } else { [above, b"/", name].concat() }
}
