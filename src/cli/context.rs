//! Where the command stands: which store, which dataset, who writes.
//!
//! The only file that reads the environment. It opens the store when a command
//! first needs it: [`Access::Read`] beside any owner, [`Access::Own`] for the
//! moment of a change.

use std::cell::OnceCell;
use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use tracing::level_filters::LevelFilter;
use veneer::dataset::{Dataset, Draft, MountedDraft, ResolvedBy};
use veneer::model::{Address, BranchName, DatasetName, Id, RefSpec, WriterName};
use veneer::store::{Access, Credentials, LocalStore, RemoteStore, service};
use veneer::{Error, ErrorKind};

use super::opened::Opened;
use super::report::{Failure, Result};

/// What every command is given.
#[derive(Debug)]
pub(super) struct Context {
    store: Option<PathBuf>,
    author: Option<String>,
    /// Whether data is printed as JSON.
    pub(super) json: bool,
    subject: OnceCell<DatasetName>,
    /// The branch of it that was named.
    branch: OnceCell<BranchName>,
    /// The draft that was opened, where the source was refreshed since it began.
    behind: OnceCell<String>,
    /// A revision that was named, and not by a branch that it is the head of.
    older: OnceCell<String>,
}

impl Context {
    /// Takes what was given on the command line; the environment is asked when it is needed.
    pub(super) fn new(store: Option<PathBuf>, author: Option<String>, json: bool) -> Context {
        Context {
            store,
            author,
            json,
            subject: OnceCell::new(),
            branch: OnceCell::new(),
            behind: OnceCell::new(),
            older: OnceCell::new(),
        }
    }

    /// The dataset that the command was about, as far as it got to know.
    pub(super) fn subject(&self) -> Option<&str> {
        self.subject.get().map(DatasetName::as_str)
    }

    /// The URL of the service that has the store; `None` for one in a folder.
    pub(super) fn store_url(&self) -> Option<String> {
        let named = self.store.clone().or_else(|| variable("VENEER_STORE"))?;
        let text = named.to_str()?;
        text.contains("://").then(|| text.to_owned())
    }

    /// The store's folder, as [`Context::store_path`]; `None` for a store elsewhere.
    pub(super) fn store_folder(&self) -> Result<Option<PathBuf>> {
        match self.store_url() {
            Some(_) => Ok(None),
            None => self.store_path().map(Some),
        }
    }

    /// The store's folder, absolute; it need not exist.
    ///
    /// # Errors
    /// For a store elsewhere.
    pub(super) fn store_path(&self) -> Result<PathBuf> {
        if let Some(url) = self.store_url() {
            return Err(Failure::usage(format!("this takes a store in a folder, and `{url}` is elsewhere"))
                .hint("run the command on the machine where the store is"));
        }
        let path = match self.store.clone().or_else(|| variable("VENEER_STORE")) {
            Some(path) => path,
            None => data_home()?.join("veneer"),
        };
        std::path::absolute(&path).map_err(|_| Failure::usage("the store's path is empty").hint("as in `--store DIR`"))
    }

    /// Opens the store to read from it.
    pub(super) fn read(&self) -> Result<Opened> {
        self.open(Access::Read)
    }

    /// Opens the store to change it, by itself or through the service that has it.
    pub(super) fn own(&self) -> Result<Opened> {
        self.open(Access::Own)
    }

    /// Opens the store in its folder to change it, and by no service.
    pub(super) fn own_folder(&self) -> Result<Opened> {
        Opened::owned(&self.existing_store_path()?)
    }

    /// The service that has the store, to be asked for what only an owner does; `None` where none has it.
    pub(super) fn service(&self) -> Result<Option<RemoteStore>> {
        match self.store_url() {
            Some(url) => self.asked(&url).map(Some),
            None => Ok(service::owner(&self.existing_store_path()?, &self.author()?)),
        }
    }

    fn open(&self, access: Access) -> Result<Opened> {
        match self.elsewhere()? {
            Some(opened) => Ok(opened),
            None => Opened::at(&self.existing_store_path()?, access, &self.author()?),
        }
    }

    /// The store elsewhere, if that is the one that was named.
    fn elsewhere(&self) -> Result<Option<Opened>> {
        let Some(url) = self.store_url() else { return Ok(None) };
        self.at_url(&url).map(Some)
    }

    /// Where the store is, as the daemon takes it: a folder, or the URL of a service.
    pub(super) fn store_place(&self) -> Result<PathBuf> {
        self.store_url().map_or_else(|| self.store_path(), |url| Ok(url.into()))
    }

    /// A folder in which this user keeps what was read of a store elsewhere.
    pub(super) fn mount_cache(&self) -> Result<PathBuf> {
        Ok(cache_home()?.join("veneer/mounts"))
    }

    /// The store of the service at `url`, whichever one is named.
    pub(super) fn at_url(&self, url: &str) -> Result<Opened> {
        Ok(Opened::elsewhere(self.asked(url)?, &cache_home()?.join("veneer")))
    }

    /// The service at `url`.
    fn asked(&self, url: &str) -> Result<RemoteStore> {
        let token = variable("VENEER_TOKEN").map(|token| token.to_string_lossy().into_owned());
        let credentials = Credentials { token, ca_file: self.ca_file() };
        let scratch = cache_home()?.join("veneer/objects");
        Ok(RemoteStore::at(url, credentials, &scratch)?.asking_for(&self.author()?))
    }

    /// The certificates that are trusted beside those of the system, for a store elsewhere.
    pub(super) fn ca_file(&self) -> Option<PathBuf> {
        variable("VENEER_CA_FILE").map(|path| std::path::absolute(&path).unwrap_or(path))
    }

    /// The service at the URL that was named, if one was.
    pub(super) fn service_elsewhere(&self) -> Result<Option<RemoteStore>> {
        self.store_url().map(|url| self.asked(&url)).transpose()
    }

    /// The store's folder, in which there is something.
    pub(super) fn existing_store_path(&self) -> Result<PathBuf> {
        let path = self.store_path()?;
        if is_absent_or_empty(&path)? {
            return Err(Failure::error(format!("there is no store at `{}`", path.display()))
                .hint("`veneer import NAME SOURCE` makes one; `--store DIR` or VENEER_STORE says where it is"));
        }
        Ok(path)
    }

    /// Opens the store to change it, and makes it first where there is none.
    pub(super) fn own_or_create(&self) -> Result<Opened> {
        if let Some(opened) = self.elsewhere()? {
            return Ok(opened);
        }
        let path = self.store_path()?;
        match has_no_store(&path)? {
            false => Opened::at(&path, Access::Own, &self.author()?),
            true => match LocalStore::create(&path) {
                // Somebody else made it at the same moment.
                Err(error) if matches!(error.kind(), ErrorKind::AlreadyExists { .. }) => {
                    Opened::at(&path, Access::Own, &self.author()?)
                }
                created => created.map(Opened::of).map_err(Failure::from),
            },
        }
    }

    /// Opens the store to read from it; `None` where there is none yet.
    pub(super) fn read_if_there(&self) -> Result<Option<Opened>> {
        if let Some(opened) = self.elsewhere()? {
            return Ok(Some(opened));
        }
        let path = self.store_path()?;
        match has_no_store(&path)? {
            false => Opened::at(&path, Access::Read, &self.author()?).map(Some),
            true => Ok(None),
        }
    }

    /// Opens the author's draft on a branch.
    pub(super) fn draft(&self, dataset: &Dataset, branch: &BranchName) -> Result<Draft> {
        let draft = dataset.draft(branch, &self.author()?)?;
        if dataset.revision(dataset.head(branch)?.id)?.base != draft.view().base().id() {
            let _ = self.behind.set(format!("{}@{branch}", dataset.name()));
        }
        Ok(draft)
    }

    /// The revision that is named, to be read.
    pub(super) fn revision(&self, dataset: &Dataset, spec: Option<&RefSpec>) -> Result<Id> {
        let resolved = dataset.resolve(spec)?;
        match (spec, &resolved.by) {
            (Some(spec), ResolvedBy::Tag(_) | ResolvedBy::Revision) => drop(self.older.set(spec.to_string())),
            (Some(_), ResolvedBy::Branch(branch)) if *branch != BranchName::main() => {
                let _ = self.branch.set(branch.clone());
            }
            _ => {}
        }
        Ok(resolved.id)
    }

    /// The failure, with the way on where the source is not what a draft or an older revision stands on: a refresh is
    /// none.
    pub(super) fn advised(&self, failure: Failure) -> Failure {
        let Failure::Core(error) = &failure else { return failure };
        let ErrorKind::SourceChanged { how, .. } = error.kind() else { return failure };
        let was_refreshed = how.starts_with(super::advice::REFRESHED_SINCE);
        match (self.behind.get(), self.older.get()) {
            (Some(draft), _) => failure.hint(format!(
                "the source was refreshed since your draft began: `veneer commit {draft} -m WHY` joins the two, and loses \
                 nothing"
            )),
            (None, Some(older)) => failure.hint(format!(
                "Veneer keeps no source bytes, and no refresh changes `{older}`: restore the file in the source, or look at a \
                 branch"
            )),
            (None, None) => match (self.subject(), self.branch.get()) {
                (Some(dataset), Some(branch)) if !was_refreshed => failure.hint(format!(
                    "restore the file in the source, or record its new content on this branch, too: \
                     `veneer refresh {dataset}@{branch}`"
                )),
                _ => failure,
            },
        }
    }

    /// Reads `NAME[@REF]`.
    pub(super) fn address(&self, text: &str) -> Result<Address> {
        let address: Address = text.parse()?;
        let _ = self.subject.set(address.dataset.clone());
        Ok(address)
    }

    /// Has what was written through a writable mount of the author's draft put into the store, if there is one.
    ///
    /// What a killed mount left is put there, too. The store must not be owned by this process meanwhile.
    pub(super) fn gather_writes(&self, address: &Address) -> Result<()> {
        // A draft of a store elsewhere is mounted elsewhere, if at all.
        let Some(_) = self.store_folder()? else { return Ok(()) };
        let store = self.existing_store_path()?;
        let branch = match &address.reference {
            None => BranchName::main(),
            Some(spec) if spec.up == 0 => match spec.name.parse() {
                Ok(branch) => branch,
                Err(_) => return Ok(()),
            },
            Some(_) => return Ok(()),
        };
        let writer = self.author()?;
        let mounted = MountedDraft::new(&store, &address.dataset, &branch, &writer);
        if !mounted.snapshot()? && mounted.was_left() {
            super::mountd::recover(&store, &address.dataset, &branch, &writer)?;
        }
        Ok(())
    }

    /// Has a writable mount of the author's draft, if there is one, show what was done to the draft.
    ///
    /// The store must not be owned by this process meanwhile.
    pub(super) fn show_in_mount(&self, dataset: &DatasetName, branch: &BranchName) {
        let (Ok(Some(_)), Ok(store), Ok(writer)) = (self.store_folder(), self.existing_store_path(), self.author())
        else {
            return;
        };
        // It shows it a moment later by itself.
        if let Err(error) = MountedDraft::new(&store, dataset, branch, &writer).snapshot() {
            tracing::warn!(%error, "the mount was not asked: {error}");
        }
    }

    /// Reads a NAME where a revision makes no sense.
    pub(super) fn dataset_name(&self, text: &str) -> Result<DatasetName> {
        let address = self.address(text)?;
        match address.reference {
            None => Ok(address.dataset),
            Some(_) => Err(Failure::usage(format!("`{text}` names a revision; this command takes a dataset"))
                .hint(format!("leave out what begins with `@`: `{}`", address.dataset))),
        }
    }

    /// Who writes: `--author`, VENEER_AUTHOR, or the name that the system knows the user by.
    pub(super) fn author(&self) -> Result<WriterName> {
        let from_environment = || variable("VENEER_AUTHOR").map(|name| name.to_string_lossy().into_owned());
        let name = self.author.clone().or_else(from_environment).or_else(user_name);
        let name = name.unwrap_or_else(|| "somebody".to_owned());
        Ok(name.parse()?)
    }
}

/// The branch that a change goes to: the one named, `main` if none was.
///
/// # Errors
/// A tag or a revision cannot be changed: the advice is to make a branch there.
pub(super) fn branch_of(dataset: &Dataset, spec: Option<&RefSpec>) -> Result<BranchName> {
    let Some(spec) = spec else { return Ok(BranchName::main()) };
    if spec.up == 0
        && let Ok(branch) = spec.name.parse::<BranchName>()
    {
        let missing = match dataset.head(&branch) {
            Ok(_) => return Ok(branch),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound { .. }) => error,
            Err(error) => return Err(error.into()),
        };
        // An unknown name stays unknown; a tag's name gets the advice below.
        if dataset.resolve(Some(spec)).is_err() {
            return Err(missing.into());
        }
    }
    let what = match dataset.resolve(Some(spec))?.by {
        ResolvedBy::Tag(_) => "a tag stays where it is",
        _ => "a revision never changes",
    };
    let hint = format!("begin a branch there with `veneer branch {} NEW {spec}`, and change that", dataset.name());
    Err(Failure::from(Error::invalid("branch", &spec.to_string(), what)).hint(hint))
}

/// The variable's value, unless it is unset or empty.
fn variable(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn data_home() -> Result<PathBuf> {
    variable("XDG_DATA_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| variable("HOME").map(|home| home.join(".local/share")))
        .ok_or_else(|| {
            Failure::usage("there is no home folder to keep the store in").hint("say where it is with `--store DIR`")
        })
}

/// A folder for what can be had again.
fn cache_home() -> Result<PathBuf> {
    variable("XDG_CACHE_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| variable("HOME").map(|home| home.join(".cache")))
        .ok_or_else(|| Failure::usage("there is no home folder to keep a cache in").hint("set XDG_CACHE_HOME to one"))
}

/// How much is logged to stderr: VENEER_LOG, or warnings and errors.
pub(super) fn log_level() -> LevelFilter {
    let asked = variable("VENEER_LOG").and_then(|level| level.to_str()?.parse().ok());
    asked.unwrap_or(LevelFilter::WARN)
}

/// A folder for logs of ours that outlive the command; none without a home.
pub(super) fn log_folder() -> Option<PathBuf> {
    variable("XDG_STATE_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| variable("HOME").map(|home| home.join(".local/state")))
        .map(|state| state.join("veneer"))
}

/// The folders that programs are looked for in.
pub(super) fn program_folders() -> Vec<PathBuf> {
    env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default()
}

fn user_name() -> Option<String> {
    ["USER", "LOGNAME"].iter().find_map(|name| env::var(name).ok().filter(|value| !value.is_empty())).or_else(|| {
        let user = fs::metadata("/proc/self").ok()?.uid();
        name_in_passwd(&fs::read_to_string("/etc/passwd").ok()?, user)
    })
}

fn name_in_passwd(passwd: &str, user: u32) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number.parse() == Ok(user) && !name.is_empty()).then(|| name.to_owned())
    })
}

/// Whether a store may be made in the folder, as far as a glance tells.
///
/// One without FORMAT may be a store whose making was interrupted: making it goes on
/// then, and refuses a folder that holds anything else.
fn has_no_store(path: &Path) -> Result<bool> {
    Ok(is_absent_or_empty(path)? || !path.join("FORMAT").exists())
}

fn is_absent_or_empty(path: &Path) -> Result<bool> {
    match fs::read_dir(path) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
            Err(Failure::usage(format!("the store `{}` is not a folder", path.display()))
                .hint("name a folder with `--store DIR` or VENEER_STORE"))
        }
        Err(error) => Err(Error::io_at("read the store", path, error).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_number_in_passwd() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nbroken\nada:x:1000:1000::/home/ada:/bin/sh\n";
        assert_eq!(name_in_passwd(passwd, 1000).as_deref(), Some("ada"));
        assert_eq!(name_in_passwd(passwd, 0).as_deref(), Some("root"));
        assert_eq!(name_in_passwd(passwd, 7), None);
    }

    #[test]
    fn an_empty_folder_is_no_store_yet() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        assert!(is_absent_or_empty(folder.path()).expect("readable"));
        assert!(is_absent_or_empty(&folder.path().join("x")).expect("absent"));
        fs::write(folder.path().join("x"), "").expect("written");
        assert!(!is_absent_or_empty(folder.path()).expect("readable"));
        assert!(is_absent_or_empty(&folder.path().join("x")).is_err());
        assert!(has_no_store(folder.path()).expect("readable"));
        fs::write(folder.path().join("FORMAT"), "").expect("written");
        assert!(!has_no_store(folder.path()).expect("readable"));
    }
}
