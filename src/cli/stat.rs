//! `veneer stat`: which revision and object a file in a mount is.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use veneer::dataset::{Node, Place, Target, View};
use veneer::model::{DataPath, Id, Kind, RefSpec};
use veneer::source::OnDrift;
use veneer::store::Access;
use veneer::{Error, ErrorKind};

use super::context::Context;
use super::mounts::PATIENCE;
use super::opened::Opened;
use super::output::{self, Align, PathFields, Table};
use super::report::{Answer, Failure, Result};
use veneer::dataset::mountinfo::{self, Info, State};

/// Tell which revision and object a file in a mount is.
#[derive(Args, Debug)]
#[command(after_long_help = "\
`from` says whether the content is the source's own, or the store's (overlay). Files
of the store have an object: the BLAKE3 hash of their content. For files of the source
it is computed on demand, with --hash.

Examples:
  veneer stat /mnt/traffic/images/0042.png
  veneer --json stat /mnt/traffic/labels.csv --hash | jq -r .object")]
pub(super) struct StatArgs {
    /// A file or folder in a mount
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Compute the BLAKE3 hash of a file of the source
    #[arg(long)]
    hash: bool,
}

#[derive(Serialize)]
struct Stat {
    dataset: String,
    revision: String,
    #[serde(flatten)]
    path: PathFields,
    kind: Kind,
    size: u64,
    object: Option<String>,
    from: &'static str,
}

impl StatArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let file = without_links_above(&self.file)?;
        let points = mountinfo::points()?;
        let point = mountinfo::holding(&points, &file).ok_or_else(|| {
            Failure::error(format!("`{}` is not in a mount of Veneer", self.file.display()))
                .hint("`veneer mounts --all` lists what is mounted")
        })?;
        let (top, info) = ask_about(point, &file)?;
        let path = DataPath::from_os(file.strip_prefix(top).unwrap_or(Path::new("")).as_os_str())?;
        let opened = match info.store.contains("://") {
            true => context.at_url(&info.store)?,
            false => Opened::at(Path::new(&info.store), Access::Read, &context.author()?)?,
        };
        let dataset = opened.datasets.open(&context.dataset_name(&info.dataset)?)?;
        let spec = RefSpec { name: info.revision.clone(), up: 0 };
        let view = dataset.view(dataset.resolve(Some(&spec))?.id)?;
        let node = view.existing(&path)?;
        let stat = Stat {
            dataset: info.dataset,
            revision: info.revision,
            path: PathFields::from(&path),
            kind: node.entry.kind,
            size: node.entry.size,
            object: object(&view, &node, self.hash)?.map(Id::to_hex),
            from: from(&node),
        };
        match context.json {
            true => output::json(&stat)?,
            false => print(&stat, &path)?,
        }
        Ok(Answer::Yes)
    }
}

fn print(stat: &Stat, path: &DataPath) -> Result<()> {
    let mut table = Table::new([Align::Left, Align::Left]);
    let object = stat.object.clone().unwrap_or_else(|| "-".to_owned());
    for (name, value) in [
        ("dataset", stat.dataset.clone()),
        ("revision", stat.revision.clone()),
        ("path", if path.is_root() { ".".to_owned() } else { path.to_string() }),
        ("kind", stat.kind.as_str().to_owned()),
        ("size", stat.size.to_string()),
        ("object", object),
        ("from", stat.from.to_owned()),
    ] {
        table.row([name.to_owned(), value]);
    }
    table.print()
}

/// The path without links, but for a link that it names itself.
fn without_links_above(file: &Path) -> Result<PathBuf> {
    let failed = |error: io::Error| match error.kind() {
        _ if mountinfo::is_dead(&error) => dead(file),
        io::ErrorKind::NotFound => Failure::from(Error::not_found("file", file.display())).hint("check its path"),
        _ => Error::io_at("read", file, error).into(),
    };
    fs::symlink_metadata(file).map_err(failed)?;
    let full = std::path::absolute(file).map_err(failed)?;
    match (full.parent(), full.file_name()) {
        (Some(parent), Some(name)) => Ok(parent.canonicalize().map_err(failed)?.join(name)),
        _ => full.canonicalize().map_err(failed),
    }
}

/// What the daemon of the mount at `point` says of it.
pub(super) fn ask(point: &Path) -> Result<Info> {
    match mountinfo::ask(point, PATIENCE) {
        State::Live(info) => Ok(*info),
        State::Stale => Err(dead(point)),
        State::Silent(why) => {
            Err(Failure::error(format!("the mount `{}` does not tell what it is: {why}", point.display())))
        }
    }
}

/// The folder in the mount at `point` that shows the revision in which `path` is, and what is said of it.
pub(super) fn ask_about(point: &Path, path: &Path) -> Result<(PathBuf, Info)> {
    let info = ask(point)?;
    let top = mountinfo::view_of(&info, point, path).ok_or_else(|| {
        Failure::error(format!(
            "`{}` shows many revisions, and `{}` is in none of them",
            point.display(),
            path.display()
        ))
        .hint("name the folder of one: a branch, or `@` and a tag or a revision")
    })?;
    let info = if top == point { info } else { ask(&top)? };
    Ok((top, info))
}

fn dead(path: &Path) -> Failure {
    Failure::error(format!("the daemon that served `{}` is dead", path.display()))
        .hint("mount it again, or take away what is left with `veneer unmount`")
}

fn from(node: &Node) -> &'static str {
    match node.place {
        Place::Source { .. } | Place::Folder { base: Some(_) } | Place::Symlink(Target::Base(_)) => "source",
        Place::Blob(_)
        | Place::Extents { .. }
        | Place::Rows { .. }
        | Place::Folder { base: None }
        | Place::Symlink(Target::Overlay(_)) => "overlay",
    }
}

fn object(view: &View, node: &Node, hash: bool) -> Result<Option<Id>> {
    match node.place {
        Place::Blob(id) => Ok(Some(id)),
        Place::Source { .. } | Place::Extents { .. } | Place::Rows { .. } if hash => {
            let mut hasher = blake3::Hasher::new();
            view.open(node, OnDrift::Error)?.copy_to(&mut hasher)?;
            Ok(Some(Id::from_bytes(*hasher.finalize().as_bytes())))
        }
        Place::Folder { .. } if hash => Err(Error::new(ErrorKind::IsAFolder { path: node.path.to_string() }).into()),
        _ => Ok(None),
    }
}
