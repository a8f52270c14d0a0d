//! `veneer datasets`, `ls` and `cat`: what there is, read without a mount.

use std::ffi::OsString;
use std::io::{self, Write};

use clap::Args;
use serde::Serialize;
use veneer::ErrorKind;
use veneer::dataset::{Dataset, Node, Place, View};
use veneer::model::{BranchName, DataPath, Kind};
use veneer::source::OnDrift;

use super::context::{Context, branch_of};
use super::human;
use super::output::{self, Align, Table, json_bytes, json_text, printable};
use super::report::{Answer, Failure, Result};

/// List the datasets of the store.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  veneer datasets
  veneer --json datasets | jq -r '.[].name'")]
pub(super) struct DatasetsArgs {}

#[derive(Serialize)]
struct DatasetLine {
    name: String,
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_bytes: Option<String>,
    head: Option<String>,
    files: u64,
    bytes: u64,
}

impl DatasetsArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let datasets = context.read()?.datasets;
        let lines =
            datasets.names()?.iter().map(|name| dataset_line(&datasets.open(name)?)).collect::<Result<Vec<_>>>()?;
        if context.json {
            output::json(&lines)?;
            return Ok(Answer::Yes);
        }
        let mut table = Table::new([Align::Left, Align::Left, Align::Right, Align::Right, Align::Left]);
        for line in lines {
            let head = line.head.map_or_else(|| "-".to_owned(), |head| head[..12].to_owned());
            let files = human::count(line.files, "file");
            table.row([line.name, head, files, human::size(line.bytes), printable(line.source.as_bytes())]);
        }
        table.print()?;
        Ok(Answer::Yes)
    }
}

fn dataset_line(dataset: &Dataset) -> Result<DatasetLine> {
    let head = match dataset.head(&BranchName::main()) {
        Ok(head) => Some(head.id),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let totals = head.map(|head| dataset.view(head)?.totals()).transpose()?.unwrap_or_default();
    let source = dataset.source_path().as_os_str().as_encoded_bytes();
    Ok(DatasetLine {
        name: dataset.name().to_string(),
        source: json_text(source),
        source_bytes: json_bytes(source),
        head: head.map(|head| head.to_hex()),
        files: totals.files,
        bytes: totals.bytes,
    })
}

/// List a folder of a dataset, without mounting it.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  veneer ls traffic
  veneer ls traffic@v1 images
  veneer ls traffic --draft             what a commit would save
  veneer --json ls traffic@main~2 labels")]
pub(super) struct LsArgs {
    /// The dataset, and the revision if not `main`: traffic, traffic@v1, traffic@main~2
    #[arg(value_name = "NAME[@REF]")]
    name: String,
    /// The folder or file to list; the top folder if not said
    #[arg(default_value = ".")]
    path: OsString,
    /// Show your draft on the branch, uncommitted changes included
    #[arg(long)]
    draft: bool,
}

#[derive(Serialize)]
struct EntryLine {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_bytes: Option<String>,
    kind: Kind,
    size: u64,
    mtime: String,
    mode: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
}

impl LsArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let view = view_of(context, &self.name, self.draft)?;
        let path = DataPath::from_os(&self.path)?;
        let node = view.existing(&path)?;
        let nodes = if node.is_folder() { view.children(&node)? } else { vec![node] };
        if context.json {
            let lines = nodes.iter().map(|node| entry_line(&view, node)).collect::<Result<Vec<_>>>()?;
            output::json(&lines)?;
            return Ok(Answer::Yes);
        }
        let mut table = Table::new([Align::Left, Align::Right, Align::Left, Align::Left]);
        for node in &nodes {
            let (mode, name) = (mode_text(node), name_text(&view, node)?);
            table.row([mode, size_text(node), human::minute(node.entry.mtime_ns), name]);
        }
        table.print()?;
        Ok(Answer::Yes)
    }
}

fn entry_line(view: &View, node: &Node) -> Result<EntryLine> {
    let target = match node.entry.kind {
        Kind::Symlink => Some(json_text(&view.link_target(node)?)),
        _ => None,
    };
    Ok(EntryLine {
        name: json_text(node.name()),
        name_bytes: json_bytes(node.name()),
        kind: node.entry.kind,
        size: node.entry.size,
        mtime: human::rfc3339(node.entry.mtime_ns),
        mode: node.entry.mode,
        target,
    })
}

fn size_text(node: &Node) -> String {
    match node.entry.kind {
        Kind::Folder => "-".to_owned(),
        _ => human::size(node.entry.size),
    }
}

fn name_text(view: &View, node: &Node) -> Result<String> {
    let name = printable(node.name());
    Ok(match node.entry.kind {
        Kind::File => name,
        Kind::Folder => format!("{name}/"),
        Kind::Symlink => format!("{name} -> {}", printable(&view.link_target(node)?)),
    })
}

/// Kind and permissions as `ls -l` has them.
fn mode_text(node: &Node) -> String {
    let kind = match node.entry.kind {
        Kind::File => '-',
        Kind::Folder => 'd',
        Kind::Symlink => 'l',
    };
    let bit = |shift: u32, letter: char| if node.entry.mode >> shift & 1 == 1 { letter } else { '-' };
    std::iter::once(kind).chain((0..9).rev().map(|shift| bit(shift, ['x', 'w', 'r'][shift as usize % 3]))).collect()
}

/// Write a file of a dataset to stdout, byte for byte.
#[derive(Args, Debug)]
#[command(after_long_help = "\
The bytes are written as they are, with or without --json.

Examples:
  veneer cat traffic labels.csv | head
  veneer cat traffic@v1 images/0042.png > 0042.png
  veneer cat traffic labels.csv --draft")]
pub(super) struct CatArgs {
    /// The dataset, and the revision if not `main`
    #[arg(value_name = "NAME[@REF]")]
    name: String,
    /// The file
    path: OsString,
    /// Show your draft on the branch, uncommitted changes included
    #[arg(long)]
    draft: bool,
}

impl CatArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let view = view_of(context, &self.name, self.draft)?;
        let path = DataPath::from_os(&self.path)?;
        let node = view.existing(&path)?;
        if let Place::Symlink { .. } = node.place {
            let target = printable(&view.link_target(&node)?);
            return Err(Failure::error(format!("`{path}` is a symbolic link to `{target}`"))
                .hint("name the file that it points to; links are followed in a mount"));
        }
        let content = view.open(&node, OnDrift::Error)?;
        let mut out = Noted { out: io::stdout().lock(), failed: None };
        if let Err(error) = content.copy_to(&mut out) {
            return Err(out.failed.map_or_else(|| error.into(), output::output_failed));
        }
        out.flush().map_err(output::output_failed)?;
        Ok(Answer::Yes)
    }
}

/// The output, which keeps why it failed: a full disk there is not a full store.
struct Noted<W> {
    out: W,
    failed: Option<io::Error>,
}

impl<W: Write> Write for Noted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes).map_err(|error| {
            let kind = error.kind();
            self.failed = Some(error);
            kind.into()
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The view that `NAME[@REF]` names, or the writer's draft on that branch.
pub(super) fn view_of(context: &Context, name: &str, draft: bool) -> Result<View> {
    let address = context.address(name)?;
    if draft {
        context.gather_writes(&address)?;
    }
    let dataset = context.read()?.datasets.open(&address.dataset)?;
    if draft {
        let branch = branch_of(&dataset, address.reference.as_ref())?;
        return Ok(context.draft(&dataset, &branch)?.view().clone());
    }
    Ok(dataset.view(context.revision(&dataset, address.reference.as_ref())?)?)
}
