//! Bytes as an answer: whole, a range of them, or none where the client has them.
//!
//! Whether they are an object's or a file's makes no difference here. Few are
//! read at once; many are read piece by piece as the client takes them, and no
//! thread waits for a slow one.

use std::convert::Infallible;
use std::ops::Range;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::header::{self, HeaderMap};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use tokio_stream::wrappers::ReceiverStream;
use veneer::dataset::Content;
use veneer::store::Object;

use crate::problem::Problem;
use crate::state::AppState;

/// So many bytes are read at a time.
pub const PIECE: u64 = 512 << 10;
/// So many pieces wait for a client.
const PIECES_AHEAD: usize = 2;

/// Bytes that can be read anywhere.
pub trait Source: Send + Sync + 'static {
    /// How many there are.
    fn len(&self) -> u64;

    /// Fills `buffer` from `offset`; fewer only at the end.
    ///
    /// # Errors
    /// Those of what they are read from.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> veneer::Result<usize>;

    /// The bytes of a range.
    ///
    /// # Errors
    /// As [`Source::read_at`], and `Corrupt` where they end before it.
    fn range(&self, range: &Range<u64>) -> veneer::Result<Bytes> {
        let mut buffer = vec![0; usize::try_from(range.end - range.start).unwrap_or(usize::MAX)];
        let filled = self.read_at(&mut buffer, range.start)?;
        match filled == buffer.len() {
            true => Ok(buffer.into()),
            false => Err(veneer::Error::corrupt("what is read", "it ends before its length")),
        }
    }

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A file that is read already.
impl Source for Bytes {
    fn len(&self) -> u64 {
        Bytes::len(self) as u64
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> veneer::Result<usize> {
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(Bytes::len(self));
        let len = buffer.len().min(Bytes::len(self) - from);
        buffer[..len].copy_from_slice(&self[from..from + len]);
        Ok(len)
    }

    fn range(&self, range: &Range<u64>) -> veneer::Result<Bytes> {
        let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(Bytes::len(self));
        Ok(self.slice(place(range.start)..place(range.end)))
    }
}

impl Source for Content {
    fn len(&self) -> u64 {
        Content::len(self)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> veneer::Result<usize> {
        Content::read_at(self, buffer, offset)
    }
}

impl Source for Object {
    fn len(&self) -> u64 {
        Object::len(self)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> veneer::Result<usize> {
        Object::read_at(self, buffer, offset)
    }
}

/// What a request says of the bytes that it wants.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Whether only the headers are wanted.
    pub is_head: bool,
    range: Option<String>,
    if_range: Option<String>,
    if_none_match: Option<String>,
}

impl<S: Sync> FromRequestParts<S> for Wanted {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Wanted, Infallible> {
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok(Wanted {
            is_head: parts.method == Method::HEAD,
            range: text(header::RANGE),
            if_range: text(header::IF_RANGE),
            if_none_match: text(header::IF_NONE_MATCH),
        })
    }
}

impl Wanted {
    /// Whether the client has what this ETag names already.
    pub fn is_known(&self, etag: &str) -> bool {
        let weak = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        self.if_none_match
            .as_deref()
            .is_some_and(|tags| tags.trim() == "*" || tags.split(',').any(|tag| weak(tag) == etag))
    }

    /// The range that is wanted of `len` bytes; `None` is all, `Err` a range that lies beyond them.
    fn range(&self, len: u64, etag: &str) -> Result<Option<Range<u64>>, ()> {
        let is_current = self.if_range.as_deref().is_none_or(|tag| tag == etag);
        match &self.range {
            Some(range) if is_current => parse_range(range, len),
            _ => Ok(None),
        }
    }
}

/// Reads `bytes=FROM-TO`; what is no such range, or more than one, is as good as none.
fn parse_range(text: &str, len: u64) -> Result<Option<Range<u64>>, ()> {
    let Some((from, to)) = text.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else { return Ok(None) };
    let (from, to) = (from.trim(), to.trim());
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(from) || !is_number(to) || (from.is_empty() && to.is_empty()) {
        return Ok(None);
    }
    let number = |text: &str| text.parse::<u64>().unwrap_or(u64::MAX);
    let range = match (from.is_empty(), to.is_empty()) {
        (true, _) => len - number(to).min(len)..len,
        (false, true) => number(from)..len,
        (false, false) if number(to) < number(from) => return Ok(None),
        (false, false) => number(from)..number(to).saturating_add(1).min(len),
    };
    if range.start >= range.end { Err(()) } else { Ok(Some(range)) }
}

/// An answer without a body for a client that has the bytes already.
pub fn not_modified(etag: &str, mut headers: HeaderMap) -> Response {
    headers.insert(header::ETAG, tag(etag));
    (StatusCode::NOT_MODIFIED, headers).into_response()
}

/// An ETag as a header. It is made of hexadecimal digits and a few signs.
fn tag(etag: &str) -> HeaderValue {
    HeaderValue::from_str(etag).unwrap_or(HeaderValue::from_static("\"\""))
}

/// An answer whose bytes were read, as far as they are read at once.
#[derive(Debug)]
pub struct Prepared<T> {
    status: StatusCode,
    headers: HeaderMap,
    body: Prepare<T>,
}

#[derive(Debug)]
enum Prepare<T> {
    Read(Bytes),
    /// More than are read at once: the first piece, and what it is a piece of.
    Pieces(Bytes, T, Range<u64>),
    /// Nothing: the range lies beyond all the bytes, which are so many.
    Beyond(u64),
}

/// Reads what is wanted of `source`, for an answer under `etag` (with its quotes) with these headers. It blocks.
///
/// The first piece is read before a status is sent: what cannot be read at all is a problem and no broken body.
///
/// # Errors
/// Those of reading.
pub fn prepare<T: Source>(
    wanted: &Wanted,
    source: T,
    etag: &str,
    mut headers: HeaderMap,
) -> veneer::Result<Prepared<T>> {
    let len = source.len();
    let empty = Prepare::Read(Bytes::new());
    headers.insert(header::ETAG, tag(etag));
    if wanted.is_known(etag) {
        return Ok(Prepared { status: StatusCode::NOT_MODIFIED, headers, body: empty });
    }
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let (status, range) = match wanted.range(len, etag) {
        Ok(None) => (StatusCode::OK, 0..len),
        Ok(Some(range)) => {
            let text = format!("bytes {}-{}/{len}", range.start, range.end - 1);
            headers.insert(header::CONTENT_RANGE, HeaderValue::from_str(&text).expect("digits and signs"));
            (StatusCode::PARTIAL_CONTENT, range)
        }
        Err(()) => {
            let text = HeaderValue::from_str(&format!("bytes */{len}")).expect("digits and signs");
            let headers = HeaderMap::from_iter([(header::CONTENT_RANGE, text)]);
            return Ok(Prepared { status: StatusCode::RANGE_NOT_SATISFIABLE, headers, body: Prepare::Beyond(len) });
        }
    };
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    let body = match wanted.is_head {
        true => empty,
        false if range.end - range.start <= PIECE => Prepare::Read(source.range(&range)?),
        false => Prepare::Pieces(source.range(&(range.start..range.start + PIECE))?, source, range),
    };
    Ok(Prepared { status, headers, body })
}

impl<T: Source> Prepared<T> {
    /// The answer; what was not read yet is read as the client takes it.
    pub fn answer(self, app: &AppState) -> Response {
        let body = match self.body {
            Prepare::Read(bytes) => Body::from(bytes),
            Prepare::Pieces(first, source, range) => pieces(app, first, source, range),
            Prepare::Beyond(len) => {
                let problem = Problem::new(self.status, "range", format!("there are {len} bytes"));
                let mut response = problem.into_response();
                response.headers_mut().extend(self.headers);
                return response;
            }
        };
        (self.status, self.headers, body).into_response()
    }
}

fn pieces<T: Source>(app: &AppState, first: Bytes, source: T, range: Range<u64>) -> Body {
    let source = Arc::new(source);
    let (send, receive) = tokio::sync::mpsc::channel(PIECES_AHEAD);
    let app = app.clone();
    tokio::spawn(async move {
        let mut next = Ok(first);
        let mut at = range.start + PIECE;
        loop {
            let failed = next.is_err();
            let sent = next.map_err(|problem: Problem| std::io::Error::other(format!("{problem:?}")));
            if send.send(sent).await.is_err() || failed || at >= range.end {
                break;
            }
            let end = (at + PIECE).min(range.end);
            next = piece(&app, &source, at..end).await;
            at = end;
        }
    });
    Body::from_stream(ReceiverStream::new(receive))
}

async fn piece<T: Source>(app: &AppState, source: &Arc<T>, range: Range<u64>) -> Result<Bytes, Problem> {
    let source = Arc::clone(source);
    app.run(move |_| source.range(&range)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_as_the_standard_says() {
        for (text, expected) in [
            ("bytes=0-0", Ok(Some(0..1))),
            ("bytes=2-5", Ok(Some(2..6))),
            ("bytes=2-", Ok(Some(2..10))),
            ("bytes=-3", Ok(Some(7..10))),
            ("bytes=-30", Ok(Some(0..10))),
            ("bytes=5-99999999999999999999999", Ok(Some(5..10))),
            ("bytes=10-", Err(())),
            ("bytes=-0", Err(())),
            ("bytes=5-2", Ok(None)),
            ("bytes=0-1,3-4", Ok(None)),
            ("bytes=a-b", Ok(None)),
            ("bytes=-", Ok(None)),
            ("lines=1-2", Ok(None)),
        ] {
            assert_eq!(parse_range(text, 10), expected, "{text}");
        }
        assert_eq!(parse_range("bytes=0-", 0), Err(()));
    }

    #[test]
    fn an_etag_is_known_among_others() {
        let wanted = |tags: &str| Wanted { if_none_match: Some(tags.to_owned()), ..Wanted::default() };
        assert!(wanted("\"x\", W/\"a\"").is_known("\"a\"") && wanted("*").is_known("\"a\""));
        assert!(!wanted("\"b\"").is_known("\"a\"") && !Wanted::default().is_known("\"a\""));
    }
}
