//! What stands in the URLs of a service: where it is, and names as parts of paths.

use crate::model::{Id, ObjectKind};
use crate::{Error, Result};

/// What a URL begins with that is reached by TLS.
const TLS: &str = "https://";

/// Reads `http://HOST:PORT` or `https://HOST:PORT`; what stands before all paths, without a slash at the end.
///
/// # Errors
/// `Invalid` for what is no such URL.
pub(super) fn base(url: &str) -> Result<String> {
    let base = url.trim_end_matches('/');
    let authority = base.strip_prefix("http://").or_else(|| base.strip_prefix(TLS)).unwrap_or_default();
    if authority.is_empty() || authority.contains('/') {
        return Err(Error::invalid("store", url, "a store elsewhere is `http://HOST:PORT` or `https://HOST:PORT`"));
    }
    Ok(base.to_owned())
}

/// Whether TLS is to be spoken there.
pub(super) fn is_tls(base: &str) -> bool {
    base.starts_with(TLS)
}

/// A few digits that stand for the store at this URL in a name.
pub(super) fn mark(url: &str) -> String {
    let mut digits = Id::of(url.trim_end_matches('/').as_bytes()).to_hex();
    digits.truncate(8);
    digits
}

/// The word for a kind in a query.
pub(super) fn word(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Blob => "blob",
        ObjectKind::Base => "base",
        ObjectKind::Node => "node",
        ObjectKind::Revision => "revision",
        ObjectKind::Draft => "draft",
        ObjectKind::Dataset => "dataset",
        ObjectKind::Run => "run",
    }
}

/// A ref's name or a path as a part of a URL's path: its slashes stay.
pub(super) fn encoded(name: &[u8]) -> String {
    name.iter().fold(String::new(), |mut text, &byte| {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => text.push(char::from(byte)),
            byte => text.push_str(&format!("%{byte:02X}")),
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RefName;

    #[test]
    fn a_url_is_a_host_and_nothing_else() {
        assert_eq!(base("http://gpu1:5015/").expect("valid"), "http://gpu1:5015");
        assert_eq!(base("https://gpu1").expect("valid"), "https://gpu1");
        for url in ["", "http://", "https:///", "gpu1:5015", "ftp://gpu1", "http://gpu1/store", "/a/folder"] {
            assert!(base(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_ref_of_an_odd_writer_is_one_path() {
        let writer = "ada %/ö".parse().expect("a writer");
        let name = RefName::draft(&"d".parse().expect("valid"), &"fix/a".parse().expect("valid"), &writer);
        assert_eq!(encoded(name.as_str().as_bytes()), "drafts/d/ada%20%2525%252f%C3%B6/fix/a");
    }
}
