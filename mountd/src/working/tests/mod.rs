//! The working state against a plain folder, under random operations, kills, snapshots and new mounts.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use veneer::dataset::{Dataset, Datasets, Draft, Import, MountedDraft, NewFile, Outcome};
use veneer::model::{BranchName, DataPath, Kind, WriterName};
use veneer::source::{OnDrift, ScanOptions, Source};
use veneer::store::{Access, LocalStore};

use super::asked::Asked;
use super::keeper::{Forget, Keeper, Known};
use super::names::{At, Caller, Manner, New};
use super::record::{Ino, Settled};
use super::refused::{Answer, Refused};
use super::{Beginning, Left, Working};
use crate::attributes::Owner;
use crate::kept::Kept;
use crate::planted;
use crate::profile::Profile;
use crate::veneer_folder::Info;

mod excluded;
mod meddled;
mod random;
mod rewritten;
mod takeover;

const CALLER: Caller = Caller { user: 0, group: 0 };

/// A dataset on a disk, a plain copy of its source, and a working state of a draft.
struct World {
    folder: TempDir,
    keeper: Option<Keeper>,
    /// The names that the kernel was told to forget.
    forgotten: Arc<Mutex<Vec<Vec<u8>>>>,
}

struct Nobody(Arc<Mutex<Vec<Vec<u8>>>>);

impl Forget for Nobody {
    fn forget_name(&self, _: Ino, name: &[u8]) {
        self.0.lock().expect("no panic").push(name.to_vec());
    }
    fn forget_inode(&self, _: Ino) {}
}

fn main_branch() -> BranchName {
    BranchName::main()
}

fn writer() -> WriterName {
    "ann".parse().expect("a name")
}

impl World {
    fn new(files: &[(&str, &str)]) -> World {
        let folder = tempfile::tempdir().expect("a folder");
        let source = folder.path().join("source");
        planted::write(&source, files);
        planted::write(&folder.path().join("plain"), files);
        let store = Arc::new(LocalStore::create(&folder.path().join("store")).expect("made"));
        let options = ScanOptions { threads: 1, ..ScanOptions::default() };
        let scan = Source::open(&source).and_then(|source| source.scan(&options)).expect("a scan");
        let base = veneer::base::store(&*store, scan.tree).expect("a base");
        let name = "d".parse().expect("a name");
        Datasets::new(store).import(&Import { name: &name, source: &source, base, author: "ann" }).expect("imported");
        let mut world = World { folder, keeper: None, forgotten: Arc::default() };
        world.mount();
        world
    }

    fn dataset(&self, access: Access) -> Dataset {
        let store = LocalStore::open(&self.folder.path().join("store"), access).expect("our own store");
        Datasets::new(Arc::new(store)).open(&"d".parse().expect("a name")).expect("imported")
    }

    fn drafts(&self) -> MountedDraft {
        MountedDraft::new(&self.folder.path().join("store"), &"d".parse().expect("a name"), &main_branch(), &writer())
    }

    /// Opens what is on the disk, as a new mount does; whatever was in memory is gone, as by a kill.
    fn mount(&mut self) {
        self.open(false);
    }

    /// Opens what is on the disk, as a process does that takes over from a killed one.
    fn take_over(&mut self) {
        self.open(true);
    }

    fn open(&mut self, goes_on: bool) {
        self.keeper = None;
        let dataset = self.dataset(Access::Read);
        let left = Working::left(self.drafts().folder()).expect("readable");
        let left = left.map(|left| if goes_on { left.going_on() } else { left });
        let was_left = left.is_some();
        let (revision, overlay) = match left.as_ref().and_then(Left::settled) {
            Some(left) => (left.revision, left.overlay),
            None => {
                let draft = dataset.draft(&main_branch(), &writer()).expect("a draft");
                (draft.based_on(), draft.view().overlay().root())
            }
        };
        let view = dataset.view_at(revision, overlay).expect("a view");
        let settled = Settled { revision, base: view.base().id(), overlay };
        let owner = Owner { user: 0, group: 0 };
        let folder = self.drafts().folder().to_owned();
        fs::create_dir_all(&folder).expect("made");
        let opened = Working::open(&folder, left, &Beginning { view, settled }, owner, OnDrift::Error);
        let working = opened.expect("opened");
        let store = self.folder.path().join("store");
        let known = Known::of(&working, &dataset, was_left).expect("it has a beginning");
        self.keeper = Some(Keeper {
            working: Arc::new(working),
            kept: Arc::new(Kept::new(Some(&store), revision).expect("pinned")),
            store,
            dataset,
            branch: main_branch(),
            writer: writer(),
            kernel: Box::new(Nobody(Arc::clone(&self.forgotten))),
            info: info(),
            told: None,
            known: Mutex::new(known),
        });
    }

    /// Ends the mount as a person does, and mounts again: only what the store has is there.
    fn remount(&mut self) {
        self.keeper().snapshot().expect("in the store");
        self.keeper = None;
        fs::remove_dir_all(self.drafts().folder()).expect("ours");
        self.mount();
    }

    fn keeper(&self) -> &Keeper {
        self.keeper.as_ref().expect("mounted")
    }

    fn working(&self) -> &Working {
        &self.keeper().working
    }

    fn plain(&self, path: &str) -> PathBuf {
        self.folder.path().join("plain").join(path)
    }

    fn find(&self, path: &str) -> Answer<Ino> {
        let mut at = Ino::ROOT;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            at = self.working().lookup(At { folder: at, name: name.as_bytes() })?.ok_or(Refused(libc::ENOENT))?;
        }
        Ok(at)
    }

    fn at<'a>(&self, path: &'a str) -> Answer<At<'a>> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let folder = self.find(folder)?;
        // Walking to it is the kernel's business.
        if self.working().attributes(folder)?.kind != Kind::Folder {
            return Err(Refused(libc::ENOTDIR));
        }
        Ok(At { folder, name: name.as_bytes() })
    }

    fn write(&self, path: &str, offset: u64, data: &[u8]) -> Answer<()> {
        let ino = match self.find(path) {
            Err(Refused(libc::ENOENT)) => {
                self.working().make(self.at(path)?, New::File(0o644), CALLER, Asked::NEVER)?
            }
            ino => ino?,
        };
        self.working().open_file(ino)?;
        let written = self.working().write(ino, offset, data);
        self.working().close_file(ino);
        written.map(|_| ())
    }

    fn edit(&self, edits: impl FnOnce(&mut Draft)) {
        let dataset = self.dataset(Access::Own);
        let mut draft = dataset.draft(&main_branch(), &writer()).expect("a draft");
        edits(&mut draft);
        draft.save("edits").expect("saved");
    }

    /// All that the working state shows: kind, mode, links and content by path.
    fn shown(&self) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        let mut folders = vec![(Ino::ROOT, String::new())];
        while let Some((folder, path)) = folders.pop() {
            let mut listed = Vec::new();
            let add = &mut |name: &[u8], _: u64, told: &super::metadata::Told| {
                listed.push((String::from_utf8(name.to_vec()).expect("ours"), *told));
                true
            };
            self.working().list(folder, 0, add).expect("listed");
            for (name, told) in listed.into_iter().skip(2) {
                let child = format!("{path}/{name}").trim_start_matches('/').to_owned();
                assert_eq!(self.find(&child), Ok(told.ino), "{child}");
                let what = match told.kind {
                    Kind::Folder => format!("folder {:o}", told.mode),
                    Kind::Symlink => {
                        let target = self.working().link_target(told.ino).expect("a link");
                        format!("-> {}", String::from_utf8(target).expect("ours"))
                    }
                    Kind::File => {
                        let mut bytes = vec![0; told.size as usize + 1];
                        let read = self.working().read(told.ino, 0, &mut bytes).expect("read");
                        assert_eq!(read as u64, told.size, "{child}");
                        bytes.truncate(read);
                        format!("{:o} {} {:?}", told.mode, told.links, String::from_utf8_lossy(&bytes))
                    }
                };
                if told.kind == Kind::Folder {
                    folders.push((told.ino, child.clone()));
                }
                assert_eq!(all.insert(child.clone(), what), None, "{child} is listed twice");
            }
        }
        all
    }

    /// The same of the plain folder.
    fn expected(&self) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        let mut folders = vec![self.plain("")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("ours") {
                let path = entry.expect("ours").path();
                let metadata = fs::symlink_metadata(&path).expect("there");
                let mode = metadata.mode() & 0o7777;
                let what = if metadata.is_symlink() {
                    format!("-> {}", fs::read_link(&path).expect("a link").display())
                } else if metadata.is_dir() {
                    folders.push(path.clone());
                    format!("folder {mode:o}")
                } else {
                    let bytes = fs::read(&path).expect("ours");
                    format!("{mode:o} {} {:?}", metadata.nlink(), String::from_utf8_lossy(&bytes))
                };
                let name = path.strip_prefix(self.plain("")).expect("below").to_string_lossy().into_owned();
                all.insert(name, what);
            }
        }
        all
    }

    fn check(&self) {
        assert_eq!(self.shown(), self.expected());
    }

    /// Makes every file of the plain folder one of its own, as a revision has it.
    fn part_links(&self) {
        for (name, what) in self.expected() {
            if !what.starts_with("->") && !what.starts_with("folder") {
                let (path, copy) = (self.plain(&name), self.folder.path().join("copy"));
                fs::copy(&path, &copy).and_then(|_| fs::rename(&copy, &path)).expect("ours");
            }
        }
    }
}

fn info() -> Info {
    Info {
        path: String::new(),
        dataset: "d".to_owned(),
        reference: "main".to_owned(),
        revision: String::new(),
        mode: "write".into(),
        profile: Profile::SmallFiles,
        profile_why: String::new(),
        pid: 0,
        supervisor: None,
        control: None,
        store: String::new(),
        version: String::new(),
        log: None,
    }
}

#[test]
fn what_was_written_is_there_after_a_kill_and_a_torn_journal_loses_whole_operations_only() {
    let mut world = World::new(&[("a", "one")]);
    for number in 0..20 {
        world.write(&format!("file {number}"), 0, b"content").expect("written");
    }
    world.working().sync_journal().expect("synced");
    world.keeper = None;
    let journal = world.drafts().folder().join(MountedDraft::JOURNAL);
    let bytes = fs::read(&journal).expect("there");
    for lost in 0..60 {
        fs::write(&journal, &bytes[..bytes.len() - lost]).expect("ours");
        world.mount();
        let shown = world.shown();
        assert!((19..=21).contains(&shown.len()), "{shown:?}");
        // What has a name is whole, or was never made.
        let whole = ["644 1 \"content\"", "644 1 \"one\"", "644 1 \"\""];
        assert!(shown.values().all(|what| whole.contains(&what.as_str())), "{shown:?}");
    }
}

#[test]
fn the_source_is_left_alone_and_the_same_bytes_again_are_no_change() {
    let world = World::new(&[("a", "one"), ("b", "two")]);
    world.write("a", 0, b"ONE").expect("written");
    world.write("b", 0, b"two").expect("written");
    world.keeper().snapshot().expect("in the store");
    assert_eq!(fs::read_to_string(world.folder.path().join("source/a")).expect("there"), "one");
    let draft = world.dataset(Access::Read).draft(&main_branch(), &writer()).expect("a draft");
    let changed: Vec<_> = draft.changes().expect("compared").into_iter().map(|change| change.path).collect();
    assert_eq!(changed, ["a".parse::<DataPath>().expect("a path")]);
}

#[test]
fn what_the_command_does_to_the_draft_shows_where_nobody_wrote() {
    let world = World::new(&[("a", "one"), ("b", "two"), ("dir/c", "three")]);
    world.write("new", 0, b"new").expect("written");
    world.keeper().snapshot().expect("in the store");
    world.write("b", 0, b"TWO").expect("written");
    world.edit(|draft| {
        let path = |text: &str| text.parse().expect("a path");
        for (name, text) in [("a", "put"), ("b", "lost")] {
            let file = NewFile { content: &mut text.as_bytes(), mode: None, mtime_ns: None };
            draft.put(&path(name), file).expect("put");
        }
        draft.rename(&path("dir"), &path("moved")).expect("renamed");
        draft.remove(&path("new"), false).expect("removed");
    });
    world.keeper().catch_up().expect("caught up");
    let shown: Vec<_> = world.shown().into_iter().map(|(path, what)| format!("{path} {what}")).collect();
    let expected = ["a 644 1 \"put\"", "b 644 1 \"TWO\"", "moved folder 755", "moved/c 644 1 \"three\""];
    assert_eq!(shown, expected);
    world.keeper().snapshot().expect("in the store");
    let draft = world.dataset(Access::Read).draft(&main_branch(), &writer()).expect("a draft");
    assert_eq!(draft.changes().expect("compared").len(), 3, "a, b, dir -> moved");
}

#[test]
fn undo_takes_the_last_snapshot_out_of_the_mount_and_redo_brings_it_back() {
    let world = World::new(&[("a", "one"), ("dir/b", "two")]);
    let before = world.shown();
    world.write("a", 0, b"ONE").expect("written");
    world
        .working()
        .rename(world.at("dir").expect("there"), world.at("moved").expect("free"), Manner::Replace, Asked::NEVER)
        .expect("moved");
    world.write("moved/b", 0, b"TWO").expect("written");
    world.keeper().snapshot().expect("in the store");
    let after = world.shown();
    let step = |redo: bool| {
        let dataset = world.dataset(Access::Own);
        let mut draft = dataset.draft(&main_branch(), &writer()).expect("a draft");
        if redo { draft.redo() } else { draft.undo() }.expect("a step");
        drop((draft, dataset));
        world.keeper().catch_up().expect("caught up");
        world.keeper().snapshot().expect("nothing new");
    };
    for _ in 0..2 {
        step(false);
        assert_eq!(world.shown(), before);
        step(true);
        assert_eq!(world.shown(), after);
    }
}

#[test]
fn a_snapshot_right_after_a_commit_takes_nothing_back() {
    let world = World::new(&[("a", "one"), ("b", "two")]);
    world.write("a", 0, b"ONE").expect("written");
    world.keeper().snapshot().expect("in the store");
    let dataset = world.dataset(Access::Own);
    let mut draft = dataset.draft(&main_branch(), &writer()).expect("a draft");
    let Outcome::Done { .. } = draft.commit("why", "ann").expect("committed") else { panic!("no conflict") };
    drop((draft, dataset));
    // The thread that notices a commit has not come to it yet.
    world.write("b", 0, b"TWO").expect("written");
    world.keeper().snapshot().expect("in the store");
    assert_eq!(world.shown()["a"], "644 1 \"ONE\"");
    let draft = world.dataset(Access::Read).draft(&main_branch(), &writer()).expect("a draft");
    let changed: Vec<_> = draft.changes().expect("compared").into_iter().map(|change| change.path).collect();
    assert_eq!(changed, ["b".parse::<DataPath>().expect("a path")]);
}

#[test]
fn a_commit_and_other_peoples_commits_are_gone_along_with() {
    let world = World::new(&[("a", "one"), ("b", "two")]);
    let commit = |who: &str, edit: &dyn Fn(&mut Draft)| {
        let dataset = world.dataset(Access::Own);
        let mut draft = dataset.draft(&main_branch(), &who.parse().expect("a name")).expect("a draft");
        edit(&mut draft);
        let Outcome::Done { .. } = draft.commit("why", who).expect("committed") else { panic!("no conflict") };
        drop((draft, dataset));
        world.keeper().catch_up().expect("caught up");
    };
    let put = |content: &'static str| {
        move |draft: &mut Draft| {
            let file = NewFile { content: &mut content.as_bytes(), mode: None, mtime_ns: None };
            draft.put(&"b".parse().expect("a path"), file).expect("put");
        }
    };
    commit("bob", &put("bob's"));
    assert_eq!(world.shown()["b"], "644 1 \"bob's\"", "nothing was written here, so the mount follows");
    world.write("a", 0, b"ONE").expect("written");
    commit("bob", &put("bob's second"));
    assert_eq!(world.shown()["b"], "644 1 \"bob's second\"");
    world.write("b", 0, b"mine").expect("written");
    commit("bob", &put("bob's third"));
    assert_eq!(world.shown()["b"], "644 1 \"mines second\"", "what was written here stays");
    world.keeper().snapshot().expect("in the store");
    let dataset = world.dataset(Access::Own);
    let mut draft = dataset.draft(&main_branch(), &writer()).expect("a draft");
    let Outcome::Conflicts(conflicts) = draft.commit("mine", "ann").expect("merged") else { panic!("both wrote b") };
    assert_eq!(conflicts.len(), 1, "{conflicts:?}");
}

#[test]
fn a_refresh_of_the_source_is_seen_by_the_next_mount_and_hides_no_write() {
    let mut world = World::new(&[("a", "one"), ("b", "two")]);
    fs::write(world.folder.path().join("source/new"), "from the source").expect("ours");
    let refresh = || {
        let store = Arc::new(LocalStore::open(&world.folder.path().join("store"), Access::Own).expect("ours"));
        let options = ScanOptions { threads: 1, ..ScanOptions::default() };
        let scan = Source::open(&world.folder.path().join("source")).and_then(|source| source.scan(&options));
        let base = veneer::base::store(&*store, scan.expect("a scan").tree).expect("a base");
        let dataset = Datasets::new(store).open(&"d".parse().expect("a name")).expect("imported");
        dataset.refresh(&main_branch(), base, "bob").expect("refreshed");
    };
    refresh();
    world.keeper().catch_up().expect("it stays as it is");
    world.write("a", 0, b"ONE").expect("written");
    world.mount();
    world.keeper().catch_up().expect("it stays as it is");
    world.keeper().snapshot().expect("a draft on what it began from");
    let dataset = world.dataset(Access::Own);
    let mut draft = dataset.draft(&main_branch(), &writer()).expect("a draft");
    let Outcome::Done { .. } = draft.commit("both", "ann").expect("merged") else { panic!("no conflict") };
    drop((draft, dataset));
    world.keeper().snapshot().expect("nothing new");
    assert_eq!(world.shown()["a"], "644 1 \"ONE\"", "what was committed is not taken back");
    assert!(world.dataset(Access::Read).drafts().expect("listed").is_empty(), "and no draft is begun again");
    world.write("b", 0, b"TWO").expect("written");
    world.keeper().snapshot().expect("in the store");
    let dataset = world.dataset(Access::Own);
    let mut draft = dataset.draft(&main_branch(), &writer()).expect("a draft");
    let Outcome::Done { .. } = draft.commit("more", "ann").expect("merged") else { panic!("no conflict") };
    drop((draft, dataset));
    world.keeper = None;
    fs::remove_dir_all(world.drafts().folder()).expect("ours");
    world.mount();
    let shown: Vec<_> = world.shown().into_iter().map(|(path, what)| format!("{path} {what}")).collect();
    assert_eq!(shown, ["a 644 1 \"ONE\"", "b 644 1 \"TWO\"", "new 644 1 \"from the source\""]);
}

#[test]
fn a_change_of_its_bytes_takes_from_a_file_what_lets_it_run_as_somebody_else() {
    let world = World::new(&[("a", "one")]);
    let (working, ino) = (world.working(), world.find("a").expect("there"));
    let setting = super::metadata::Setting { mode: Some(0o6755), ..Default::default() };
    let somebody = Caller { user: 1000, group: 100 };
    for change in [&|| working.truncate(ino, 1, somebody) as Answer<()>, &|| working.drop_privilege(ino) as Answer<()>]
        as [&dyn Fn() -> Answer<()>; 2]
    {
        assert_eq!(working.set(ino, setting, CALLER).expect("set").mode, 0o6755);
        change().expect("changed");
        assert_eq!(working.attributes(ino).expect("there").mode, 0o755);
    }
    let setting = super::metadata::Setting { user: Some(5), ..Default::default() };
    assert_eq!(working.set(ino, setting, somebody), Err(Refused(libc::EPERM)));
}

#[test]
fn an_open_file_without_a_name_lives_until_it_is_closed() {
    let world = World::new(&[("a", "one")]);
    let working = world.working();
    let ino = world.find("a").expect("there");
    working.open_file(ino).expect("opened");
    working.write(ino, 3, b" more").expect("written");
    working.unlink(world.at("a").expect("there"), Asked::NEVER).expect("unlinked");
    working.forget(ino);
    let mut buffer = [0; 16];
    assert_eq!(working.read(ino, 0, &mut buffer), Ok(8));
    assert_eq!((&buffer[..8], working.attributes(ino).expect("open").links), (b"one more".as_slice(), 0));
    working.close_file(ino);
    assert_eq!(fs::read_dir(world.drafts().folder().join("files")).expect("there").count(), 0);
}
