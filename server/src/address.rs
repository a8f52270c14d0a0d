//! `datasets/{dataset}/at/{ref}/…`: which view a request is about.
//!
//! A ref is a branch (its slashes as `%2F`), a tag, a revision's id or its prefix,
//! `main~2`, or `draft:BRANCH`, the caller's own draft. A path within the dataset
//! may be any bytes, so it is read from the request as it came.

use axum::extract::FromRequestParts;
use axum::http::HeaderValue;
use axum::http::header::{self, HeaderMap, HeaderName};
use axum::http::request::Parts;
use percent_encoding::percent_decode_str;
use veneer::dataset::{Dataset, View};
use veneer::model::{BranchName, DataPath, DatasetName, Id, RefSpec, WriterName};

use crate::problem::Problem;
use crate::state::AppState;

/// What stands before the address.
const PREFIX: &str = "/v1/datasets/";
/// What the name of a draft begins with.
const DRAFT: &str = "draft:";
/// For ever, as caches understand it.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// To be asked for again, which costs little where nothing has changed.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");
/// The header that tells the revision that an answer speaks of.
pub const REVISION: HeaderName = HeaderName::from_static("veneer-revision");

/// A view, as a request names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// Which dataset.
    pub dataset: DatasetName,
    /// Which of its states.
    pub state: State,
    /// What follows the resource's word: `images/0042.png` of `…/files/images/0042.png`; empty where nothing does.
    rest: Vec<u8>,
}

/// Which state of a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// A revision.
    Revision(RefSpec),
    /// The caller's draft on a branch.
    Draft(BranchName),
}

/// A view that was found.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The dataset.
    pub dataset: Dataset,
    /// What shows.
    pub view: View,
    /// The revision; of a draft, the one that it is based on.
    pub revision: Id,
    /// Whether it is a draft.
    pub is_draft: bool,
    /// Whether the request named the revision itself, so that the answer is the same for ever.
    is_for_ever: bool,
}

impl<S: Sync> FromRequestParts<S> for At {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<At, Problem> {
        At::parse(parts.uri.path())
    }
}

impl At {
    fn parse(path: &str) -> Result<At, Problem> {
        let wrong = || Problem::invalid("address", path, "it is `datasets/DATASET/at/REF/…`");
        let mut words = path.strip_prefix(PREFIX).ok_or_else(wrong)?.splitn(5, '/');
        let (dataset, at, state) = (words.next(), words.next(), words.next());
        let (Some(dataset), Some("at"), Some(state)) = (dataset, at, state) else { return Err(wrong()) };
        let text = |word: &str| percent_decode_str(word).decode_utf8().map(String::from).map_err(|_| wrong());
        let rest = percent_decode_str(words.nth(1).unwrap_or_default()).collect();
        Ok(At { rest, ..At::of(text(dataset)?.parse()?, &text(state)?)? })
    }

    /// The state of a dataset that `reference` names, without a resource in it.
    ///
    /// # Errors
    /// 400 for what is no ref.
    pub fn of(dataset: DatasetName, reference: &str) -> Result<At, Problem> {
        let state = match reference.strip_prefix(DRAFT) {
            Some(branch) => State::Draft(branch.parse()?),
            None => State::Revision(reference.parse()?),
        };
        Ok(At { dataset, state, rest: Vec::new() })
    }

    /// The path within the dataset, of a resource that has one.
    ///
    /// # Errors
    /// `invalid` for `..`, empty names and the like.
    pub fn path(&self) -> Result<DataPath, Problem> {
        Ok(DataPath::parse(&self.rest)?)
    }

    /// The view of a revision, where it is open still: what is read for that is in memory as a rule, and a page of the
    /// store's index at most.
    pub fn known(&self, app: &AppState) -> Option<Shown> {
        let State::Revision(spec) = &self.state else { return None };
        let dataset = app.datasets().open(&self.dataset).ok()?;
        let revision = dataset.resolve(Some(spec)).ok()?.id;
        let view = app.known_view(&dataset, revision)?;
        Some(Shown { is_for_ever: is_for_ever(spec, revision), dataset, view, revision, is_draft: false })
    }

    /// Finds the view; it blocks.
    ///
    /// # Errors
    /// `NotFound`, `Ambiguous`.
    pub fn open(&self, app: &AppState, writer: &WriterName) -> veneer::Result<Shown> {
        let dataset = app.datasets().open(&self.dataset)?;
        match &self.state {
            State::Draft(branch) => {
                app.gather_writes(&self.dataset, branch, writer)?;
                let draft = dataset.draft(branch, writer)?;
                let (view, revision) = (draft.view().clone(), draft.based_on());
                Ok(Shown { dataset, view, revision, is_draft: true, is_for_ever: false })
            }
            State::Revision(spec) => {
                let revision = dataset.resolve(Some(spec))?.id;
                let view = app.view(&dataset, revision)?;
                Ok(Shown { is_for_ever: is_for_ever(spec, revision), dataset, view, revision, is_draft: false })
            }
        }
    }
}

fn is_for_ever(spec: &RefSpec, revision: Id) -> bool {
    spec.up == 0 && spec.name == revision.to_hex()
}

impl Shown {
    /// A name of exactly what shows: equal for two views only if both show the same.
    pub fn identity(&self) -> String {
        match self.is_draft {
            false => self.revision.to_hex(),
            true => {
                let root = self.view.overlay().root().map_or_else(String::new, Id::to_hex);
                Id::of(format!("{}/{root}", self.revision).as_bytes()).to_hex()
            }
        }
    }

    /// How long an answer about it may be kept.
    pub fn caching(&self) -> HeaderValue {
        if self.is_for_ever { FOR_EVER } else { ASK_AGAIN }
    }

    /// The headers of every answer about it: how long it may be kept, and which revision it is.
    pub fn headers(&self) -> HeaderMap {
        let revision = HeaderValue::from_str(&self.revision.to_hex()).expect("hexadecimal digits");
        HeaderMap::from_iter([(header::CACHE_CONTROL, self.caching()), (REVISION, revision)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_from_the_path_as_it_came() {
        let at = At::parse("/v1/datasets/traffic/at/fix%2Flabels/files/a%20b/%FF.png").expect("valid");
        assert_eq!(at.dataset.as_str(), "traffic");
        assert_eq!(at.state, State::Revision("fix/labels".parse().expect("a ref")));
        assert_eq!(at.path().expect("a path").as_bytes(), b"a b/\xff.png");
        let at = At::parse("/v1/datasets/traffic/at/draft:main/tree").expect("valid");
        assert_eq!(at.state, State::Draft(BranchName::main()));
        assert!(at.path().expect("a path").is_root());
    }

    #[test]
    fn a_crooked_address_is_refused() {
        for path in
            ["/v1/datasets/a", "/v1/datasets/a/on/main", "/v1/datasets/../at/main", "/v1/datasets/a/at/%FF/files"]
        {
            assert!(At::parse(path).is_err(), "{path}");
        }
        for path in ["..", "a/../../b", "%2e%2e/x", "/etc/passwd", "a//b", "a%00b"] {
            let at = At::parse(&format!("/v1/datasets/a/at/main/files/{path}")).expect("an address");
            assert!(at.path().is_err(), "{path}");
        }
    }
}
