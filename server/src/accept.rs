//! Which of its forms an answer of rows has: JSON or Arrow.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

/// The media type of rows as an Arrow stream.
pub const ARROW: &str = "application/vnd.apache.arrow.stream";

/// What the client takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    /// JSON, also where it takes anything.
    Json,
    /// An Arrow IPC stream.
    Arrow,
}

impl<S: Sync> FromRequestParts<S> for Accept {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Accept, Infallible> {
        let all = parts.headers.get_all(header::ACCEPT);
        let mut kinds = all.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        let is_arrow = kinds.any(|kind| kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(ARROW));
        Ok(if is_arrow { Accept::Arrow } else { Accept::Json })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    #[tokio::test]
    async fn arrow_is_given_to_those_who_ask_for_it() {
        for (value, expected) in [
            ("application/vnd.apache.arrow.stream", Accept::Arrow),
            ("text/html, application/vnd.apache.arrow.stream;q=0.5", Accept::Arrow),
            ("*/*", Accept::Json),
            ("application/json", Accept::Json),
        ] {
            let mut parts = Request::get("/").header(header::ACCEPT, value).body(()).expect("valid").into_parts().0;
            assert_eq!(Accept::from_request_parts(&mut parts, &()).await, Ok(expected), "{value}");
        }
    }
}
