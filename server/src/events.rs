//! `/v1/events`: what happens, as server-sent events.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{self, KeepAlive, Sse};
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::{Stream, StreamExt};

use crate::auth::Viewer;
use crate::feed::{Event, Listening};
use crate::problem::Problem;
use crate::state::AppState;

/// So often something is sent although nothing happens, so that a dead connection is noticed.
const ALIVE_EVERY: Duration = Duration::from_secs(15);
/// The header in which a client that was cut off says what it was told last.
const LAST: &str = "last-event-id";

/// Tells what happens: `ref`, `draft`, `run`, `import`, `job`. The id of an event is the number of its operation; a
/// client that comes back with it in `Last-Event-ID` gets what it missed, or `reset`: then it looks anew. Of a `run` it
/// says `what`: `created`, `rows`, `finished`, `changed`, `deleted`, `lost`, `heard`.
#[utoipa::path(get, path = "/v1/events", tag = "service", security(("token" = ["viewer"])),
    responses((status = 200, content_type = "text/event-stream", body = String), Problem))]
pub async fn listen(
    _: Viewer,
    State(app): State<AppState>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<sse::Event, Infallible>>>, Problem> {
    let last = headers.get(LAST).and_then(|value| value.to_str().ok()).filter(|last| !last.is_empty());
    let after = match last {
        None => None,
        Some(last) => Some(last.parse().map_err(|_| Problem::invalid(LAST, last, "it is the id of an event"))?),
    };
    let Listening { op, missed, coming } = app.feed().listen(after);
    // The first event says where the client is: what it reads after that is not older.
    let first = plain(op, if missed.is_some() { "ready" } else { "reset" });
    let mut begin: VecDeque<_> = missed.into_iter().flatten().map(|event| Ok(told(&event))).collect();
    begin.push_front(Ok(first));
    let coming = BroadcastStream::new(coming).map(move |event| match event {
        Ok(event) => Ok(told(&event)),
        // It was too slow.
        Err(_) => Ok(plain(app.feed().op(), "reset")),
    });
    Ok(Sse::new(tokio_stream::iter(begin).chain(coming)).keep_alive(KeepAlive::new().interval(ALIVE_EVERY)))
}

fn told(event: &Event) -> sse::Event {
    sse::Event::default().id(event.op.to_string()).event(event.kind).data(event.data.to_string())
}

fn plain(op: u64, kind: &str) -> sse::Event {
    sse::Event::default().id(op.to_string()).event(kind).data(format!("{{\"op\":{op}}}"))
}
