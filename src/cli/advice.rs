//! What a person may do about an error: one match over all of the core's meanings.
//!
//! Advice is given to people alone, so it is here and not in the core.

use std::io;

use veneer::store::Distrust;
use veneer::{Error, ErrorKind};

/// How the core begins to say that a refresh took the bytes that are asked for.
pub(super) const REFRESHED_SINCE: &str = "the source was refreshed since";

/// What a person may do about an error; `dataset` is the one that the command was about.
pub(super) fn of(error: &Error, dataset: &str) -> Option<String> {
    Some(match error.kind() {
        ErrorKind::Invalid { what, .. } => return invalid(what).map(str::to_owned),
        ErrorKind::NotFound { what, .. } => return missing(what, dataset),
        ErrorKind::AlreadyExists { what, name } => return taken(what, name, dataset),
        ErrorKind::Ambiguous { .. } => "give more digits of the id, or a branch's or tag's name".to_owned(),
        ErrorKind::NotAFolder { .. } => format!("`veneer ls {dataset}` lists a folder; `veneer cat` shows a file"),
        ErrorKind::IsAFolder { .. } => {
            format!("`veneer ls {dataset} FOLDER` lists it; `veneer rm -r` removes it with all that is in it")
        }
        ErrorKind::Nothing { to: "commit", .. } => {
            format!(
                "make a change first (`veneer put`, `rm`, `mv`); `veneer status {dataset}` shows what would be committed"
            )
        }
        ErrorKind::Nothing { to: "resolve", .. } => {
            format!("`veneer merge {dataset} BRANCH` begins a merge; it stands in the draft if there are conflicts")
        }
        ErrorKind::Nothing { .. } => {
            format!("`veneer status {dataset}` shows the draft, `veneer log {dataset}` the history")
        }
        ErrorKind::RefMoved { .. } => "run the command again: it will see the new state".to_owned(),
        ErrorKind::Unsaved { .. } => {
            format!("merge it (`veneer merge {dataset} BRANCH`), or lose it on purpose with `--force`")
        }
        ErrorKind::Conflict { .. } => {
            format!(
                "`veneer conflicts {dataset}` lists what is to be decided; `veneer resolve {dataset} --all --ours` keeps all of \
                 it as the draft has it"
            )
        }
        ErrorKind::SourceChanged { how, .. } if how.starts_with(REFRESHED_SINCE) => {
            "Veneer keeps no source bytes: where there is a copy of the file, bring it back with `veneer put`"
                .to_owned()
        }
        ErrorKind::SourceChanged { .. } => {
            format!("restore the file in the source, or record its new content with `veneer refresh {dataset}`")
        }
        ErrorKind::SourceUnusable { why, .. } if why.ends_with("cannot be read") => {
            "make them readable, or leave them out with `--skip-unreadable`".to_owned()
        }
        ErrorKind::SourceUnusable { .. } => "a source is a readable folder with at least one file in it".to_owned(),
        ErrorKind::Corrupt { what, .. } if what.contains("Parquet") || what.contains("Arrow") => {
            "the file's own bytes are damaged, not the store: write it anew, or `veneer rm` it from the revision"
                .to_owned()
        }
        ErrorKind::Corrupt { .. } => {
            "`veneer fsck` lists all that is damaged; `veneer fsck --rebuild` makes the index anew from the log"
                .to_owned()
        }
        ErrorKind::StoreUnknown { .. } => {
            "name the store with `--store DIR` or VENEER_STORE, or use the program that made it".to_owned()
        }
        ErrorKind::StoreBusy { .. } => "wait until it has finished, and run the command again".to_owned(),
        ErrorKind::ReadOnly { .. } => {
            "make the store writable, or name another with `--store DIR`; reading and mounting work as it is".to_owned()
        }
        ErrorKind::NoSpace { .. } => {
            "nothing was lost: free some space, or let `veneer gc` remove what nothing refers to".to_owned()
        }
        ErrorKind::Interrupted => return None,
        ErrorKind::Io { .. } => return refused(error).map(str::to_owned),
    })
}

fn invalid(what: &str) -> Option<&'static str> {
    Some(match what {
        "dataset name" => "as in `traffic`, or `traffic@main` where a revision may be named",
        "ref" => "as in `main`, `v1`, `3f9c1a2` or `main~2`",
        "branch or tag name" => "as in `main`, `v1` or `fix/labels`",
        "path" | "name" => "paths are relative to the dataset's top folder, as in `images/0042.png`",
        "choice of their side" => "keep ours (`--ours`): an edit of the draft before that is kept, too",
        "column" => "`veneer tables` lists the columns of each table",
        "class" => "`veneer set … --new-class` makes a folder for a class that there is not",
        "sample to label" => "`veneer include` takes an excluded sample back",
        "column to set" => "a row keeps its key: delete the row, and insert it with the other one",
        "key of the new row" => "name that column, too: COLUMN=VALUE",
        "key of one row" => "give each row a key of its own in the file, by `veneer put` or in the source",
        // What columns hold, as their formats call it.
        "true or false" => "as in `true`; `NULL` empties the cell",
        "date" => "as in `2026-01-31`; `NULL` empties the cell",
        what if what.starts_with("time") => "as in `2026-01-31 12:30:00`; `NULL` empties the cell",
        "value" => "`veneer tables` shows the type of each column, `veneer classes` the classes there are",
        what if what.contains("number") => {
            "as in `7`; `NULL` empties the cell; `veneer tables` shows the type of each column"
        }
        "author" => "name yourself with `--author` or VENEER_AUTHOR",
        _ => return None,
    })
}

fn missing(what: &str, dataset: &str) -> Option<String> {
    Some(match what {
        "dataset" => "`veneer datasets` lists what there is; `veneer import NAME SOURCE` adds one".to_owned(),
        "branch, tag or revision" | "revision" | "branch" | "tag" => {
            format!("`veneer branch {dataset}`, `veneer tag {dataset}` and `veneer log {dataset}` list what there is")
        }
        "path" => format!("`veneer ls {dataset}` lists what there is"),
        "class map" => format!(
            "`veneer tables {dataset}` says what was found: classes are in COCO's categories, YOLO's data.yaml or classes.txt, or folders"
        ),
        "row" => format!("`veneer rows {dataset} TABLE --keys` shows each row with its key"),
        "table" | "column" => format!("`veneer tables {dataset}` lists what there is"),
        "folder" => format!("make it first with `veneer mkdir -p {dataset} FOLDER`"),
        "source folder" => "the source must be where it was imported from".to_owned(),
        "object" | "blob" => "`veneer fsck` says whether the store is whole".to_owned(),
        _ => return None,
    })
}

fn taken(what: &str, name: &str, dataset: &str) -> Option<String> {
    Some(match what {
        "dataset" => format!("choose another name, or record what changed in its source with `veneer refresh {name}`"),
        "branch" | "tag" => format!("choose another name; `veneer {what} {dataset}` lists those that are taken"),
        "path" => format!("remove it first with `veneer rm {dataset} {name}`"),
        "excluded file" => format!("`veneer include {dataset}` takes its sample back; or choose another name"),
        _ => return None,
    })
}

/// What may be done about a refusal of the operating system.
fn refused(error: &Error) -> Option<&'static str> {
    let cause = std::error::Error::source(error)?;
    if let Some(distrust) = cause.downcast_ref::<Distrust>() {
        return distrusted(*distrust);
    }
    let cause = cause.downcast_ref::<io::Error>()?;
    if cause.raw_os_error() == Some(libc::ELOOP) {
        return Some("links on the way lead to one another: name the folder itself");
    }
    Some(match cause.kind() {
        io::ErrorKind::PermissionDenied => "this user may not: see who owns it and what its mode is (`ls -ld`)",
        io::ErrorKind::NotFound => "see whether the path is right",
        _ => return None,
    })
}

/// What may be done where somebody answers who is not talked to.
fn distrusted(why: Distrust) -> Option<&'static str> {
    Some(match why {
        Distrust::UnknownIssuer => "VENEER_CA_FILE names a file with the certificate of your own authority, as PEM",
        Distrust::OtherName => "name the service as its certificate does",
        Distrust::NotNow => "see whether this machine's clock is right, and have the certificate renewed",
        Distrust::BadCertificate => return None,
        Distrust::NoTls => "without `veneer serve --tls-cert`, it is `http://HOST:PORT`",
        Distrust::NoHttp => "with `veneer serve --tls-cert`, it is `https://HOST:PORT`",
    })
}

#[cfg(test)]
mod tests {
    use super::super::report::{code, sentence};
    use super::*;

    /// One of each meaning; a new one does not compile until it is here.
    fn every_kind() -> Vec<ErrorKind> {
        let text = str::to_owned;
        let next = |kind: &ErrorKind| match kind {
            ErrorKind::Invalid { .. } => Some(ErrorKind::NotFound { what: "dataset", name: text("trafic") }),
            ErrorKind::NotFound { .. } => Some(ErrorKind::AlreadyExists { what: "dataset", name: text("traffic") }),
            ErrorKind::AlreadyExists { .. } => Some(ErrorKind::Ambiguous {
                name: text("3f9c1a2"),
                candidates: vec![text("3f9c1a2b"), text("3f9c1a2e")],
            }),
            ErrorKind::Ambiguous { .. } => Some(ErrorKind::NotAFolder { path: text("labels.csv") }),
            ErrorKind::NotAFolder { .. } => Some(ErrorKind::IsAFolder { path: text("images") }),
            ErrorKind::IsAFolder { .. } => Some(ErrorKind::Nothing { to: "commit", name: text("traffic@main") }),
            ErrorKind::Nothing { .. } => Some(ErrorKind::RefMoved { name: text("heads/traffic/main") }),
            ErrorKind::RefMoved { .. } => Some(ErrorKind::Unsaved { name: text("fix"), what: "uncommitted changes" }),
            ErrorKind::Unsaved { .. } => Some(ErrorKind::Conflict { paths: vec![text("a"), text("b")] }),
            ErrorKind::Conflict { .. } => {
                Some(ErrorKind::SourceChanged { path: text("images/0042.png"), how: text("it is gone") })
            }
            ErrorKind::SourceChanged { .. } => Some(ErrorKind::SourceUnusable {
                path: text("/data"),
                why: text("1 of its parts cannot be read"),
                parts: vec![text("secret: Permission denied")],
            }),
            ErrorKind::SourceUnusable { .. } => {
                Some(ErrorKind::Corrupt { what: text("revision 3f9c1a2"), why: text("its hash differs") })
            }
            ErrorKind::Corrupt { .. } => {
                Some(ErrorKind::StoreUnknown { path: text("/store"), found: text("format version 9") })
            }
            ErrorKind::StoreUnknown { .. } => {
                Some(ErrorKind::StoreBusy { path: text("/store"), owner: text("process 7") })
            }
            ErrorKind::StoreBusy { .. } => Some(ErrorKind::ReadOnly { why: text("the file system is read-only") }),
            ErrorKind::ReadOnly { .. } => Some(ErrorKind::NoSpace { what: text("write the log") }),
            ErrorKind::NoSpace { .. } => Some(ErrorKind::Interrupted),
            ErrorKind::Interrupted => Some(ErrorKind::Io { action: text("read `x`") }),
            ErrorKind::Io { .. } => None,
        };
        let first = ErrorKind::Invalid { what: "path", value: text("../x"), why: text("`..` is no name") };
        std::iter::successors(Some(first), next).collect()
    }

    #[test]
    fn every_meaning_has_its_message_its_advice_and_its_exit_code() {
        let lines: Vec<String> = every_kind()
            .into_iter()
            .map(|kind| {
                let (code, error) = (code(&kind), Error::new(kind));
                let hint = of(&error, "traffic");
                format!("{code} {}\n  hint: {}", sentence(&error), hint.as_deref().unwrap_or("-"))
            })
            .collect();
        assert_eq!(lines.join("\n"), EVERY_MEANING.trim());
    }

    const EVERY_MEANING: &str = r"
2 `../x` is not a valid path: `..` is no name
  hint: paths are relative to the dataset's top folder, as in `images/0042.png`
3 there is no dataset `trafic`
  hint: `veneer datasets` lists what there is; `veneer import NAME SOURCE` adds one
3 there is a dataset `traffic` already
  hint: choose another name, or record what changed in its source with `veneer refresh traffic`
3 `3f9c1a2` may mean any of 3f9c1a2b, 3f9c1a2e
  hint: give more digits of the id, or a branch's or tag's name
3 `labels.csv` is not a folder
  hint: `veneer ls traffic` lists a folder; `veneer cat` shows a file
3 `images` is a folder
  hint: `veneer ls traffic FOLDER` lists it; `veneer rm -r` removes it with all that is in it
3 there is nothing to commit on `traffic@main`
  hint: make a change first (`veneer put`, `rm`, `mv`); `veneer status traffic` shows what would be committed
3 `heads/traffic/main` was moved by somebody else in the meantime
  hint: run the command again: it will see the new state
3 `fix` has uncommitted changes
  hint: merge it (`veneer merge traffic BRANCH`), or lose it on purpose with `--force`
1 both sides changed 2 paths
  hint: `veneer conflicts traffic` lists what is to be decided; `veneer resolve traffic --all --ours` keeps all of it as the draft has it
1 `images/0042.png` in the source is not what was recorded: it is gone
  hint: restore the file in the source, or record its new content with `veneer refresh traffic`
3 `/data` cannot be used as a source: 1 of its parts cannot be read
  secret: Permission denied
  hint: make them readable, or leave them out with `--skip-unreadable`
3 revision 3f9c1a2 is damaged: its hash differs
  hint: `veneer fsck` lists all that is damaged; `veneer fsck --rebuild` makes the index anew from the log
3 `/store` is not a store that this program knows: format version 9
  hint: name the store with `--store DIR` or VENEER_STORE, or use the program that made it
3 the store `/store` is in use by process 7
  hint: wait until it has finished, and run the command again
3 the store cannot be changed: the file system is read-only
  hint: make the store writable, or name another with `--store DIR`; reading and mounting work as it is
3 no space left on the disk: cannot write the log
  hint: nothing was lost: free some space, or let `veneer gc` remove what nothing refers to
3 interrupted; nothing was changed
  hint: -
3 cannot read `x`
  hint: -
";
}
