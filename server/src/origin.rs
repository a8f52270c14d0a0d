//! Where a request comes from: against pages of other sites that reach for this service.
//!
//! A name that was bound anew to 127.0.0.1 (DNS rebinding) shows in `Host`, a page
//! of another site in `Origin`. Over the store's own socket there is no browser.

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::auth::Transport;
use crate::problem::Problem;
use crate::state::AppState;

/// Which names the service may be called by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hosts {
    /// Those that always mean this machine.
    Loopback,
    /// Any: every request shows a token, and no browser sends that by itself.
    Any,
}

impl Hosts {
    fn allow(self, host: &str) -> bool {
        match self {
            Hosts::Any => true,
            Hosts::Loopback => is_loopback(without_port(host)),
        }
    }
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

fn is_loopback(host: &str) -> bool {
    let name = host.to_ascii_lowercase();
    let number = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(&name);
    let is_number = number.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    is_number || name == "localhost" || name.ends_with(".localhost")
}

/// Whether a page of this origin may call the service as `host`: one that came from it, or the Dashboard.
pub fn may_call(origin: &str, host: &str, dashboard_port: u16) -> bool {
    let Some(authority) = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")) else {
        return false;
    };
    let is_same = authority.eq_ignore_ascii_case(host);
    is_same || authority.eq_ignore_ascii_case(&format!("{}:{dashboard_port}", without_port(host)))
}

/// What the client called the service.
fn host_of<'a>(headers: &'a axum::http::HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    let named = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    named.or_else(|| uri.authority().map(|authority| authority.as_str()))
}

/// Whether CORS lets a page of this origin read the answers.
pub fn is_ours(origin: &HeaderValue, parts: &Parts, dashboard_port: u16) -> bool {
    let host = host_of(&parts.headers, &parts.uri);
    origin.to_str().ok().zip(host).is_some_and(|(origin, host)| may_call(origin, host, dashboard_port))
}

/// Refuses requests that came through another site's name or page.
pub async fn check(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if Transport::of(&parts) == Transport::Network
        && let Err(problem) = allowed(&app, &parts)
    {
        return problem.into_response();
    }
    next.run(Request::from_parts(parts, body)).await
}

fn allowed(app: &AppState, parts: &Parts) -> Result<(), Problem> {
    let host = host_of(&parts.headers, &parts.uri)
        .ok_or_else(|| Problem::new(StatusCode::BAD_REQUEST, "wrong-host", "the request says no Host"))?;
    if !app.options().hosts.allow(host) {
        let detail = format!("this service is not called `{host}`");
        return Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, "wrong-host", detail));
    }
    let Some(origin) = parts.headers.get(header::ORIGIN) else { return Ok(()) };
    match origin.to_str().is_ok_and(|origin| may_call(origin, host, app.options().dashboard_port)) {
        true => Ok(()),
        false => Err(Problem::new(StatusCode::FORBIDDEN, "wrong-origin", "a page of another site may not call this")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_loopback() {
        for host in
            ["localhost", "localhost:5015", "127.0.0.1:80", "127.9.9.9", "[::1]:5015", "a.localhost", "LOCALHOST"]
        {
            assert!(Hosts::Loopback.allow(host), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:5015",
            "10.0.0.7",
            "localhost.evil.example",
            "",
            "[::2]",
            "127.0.0.1.evil.example",
        ] {
            assert!(!Hosts::Loopback.allow(host), "{host}");
            assert!(Hosts::Any.allow(host));
        }
    }

    #[test]
    fn a_page_may_call_where_it_came_from_and_the_dashboard_may() {
        assert!(may_call("http://localhost:5015", "localhost:5015", 8000));
        assert!(may_call("http://localhost:8000", "localhost:5015", 8000));
        for origin in ["http://localhost:8001", "http://evil.example", "null", "file://", "http://evil.example:8000"] {
            assert!(!may_call(origin, "localhost:5015", 8000), "{origin}");
        }
    }
}
