//! Errors of queries: ours go through DataFusion and come out as they were.

use datafusion::error::DataFusionError;
use veneer::{Error, ErrorKind};

/// One of our errors, on its way through DataFusion.
pub(super) fn external(error: Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// What an error of a query means.
pub(super) fn meaning(query: &str, error: DataFusionError) -> Error {
    match error {
        DataFusionError::External(cause) => match cause.downcast::<Error>() {
            Ok(ours) => *ours,
            Err(cause) => unanswered().caused_by(cause),
        },
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => meaning(query, *inner),
        DataFusionError::Collection(mut all) if !all.is_empty() => meaning(query, all.remove(0)),
        DataFusionError::Shared(error) => match error.find_root() {
            DataFusionError::External(cause) if cause.is::<Error>() => {
                let ours = cause.downcast_ref::<Error>().expect("asked above");
                Error::new(ours.kind().clone())
            }
            other => invalid(query, &other.to_string()),
        },
        DataFusionError::ArrowError(cause, _) => match *cause {
            arrow::error::ArrowError::ExternalError(cause) if cause.is::<Error>() => {
                *cause.downcast::<Error>().expect("asked above")
            }
            other => invalid(query, &other.to_string()),
        },
        DataFusionError::ResourcesExhausted(why) => {
            invalid(query, &format!("it needs more memory than a query may take: {}", first_line(&why)))
        }
        error @ (DataFusionError::Internal(_) | DataFusionError::IoError(_)) => unanswered().caused_by(error),
        error => invalid(query, &error.strip_backtrace()),
    }
}

/// A query that cannot be answered by what it says.
pub(super) fn invalid(query: &str, why: &str) -> Error {
    Error::invalid("query", &shortened(query), first_line(why))
}

/// A query that cannot be answered, through no fault of its own.
pub(super) fn unanswered() -> Error {
    Error::new(ErrorKind::Io { action: "answer the query".to_owned() })
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim_end_matches('.').to_owned()
}

/// The query as a message can show it.
fn shortened(query: &str) -> String {
    const LEN_MAX: usize = 80;
    let line = query.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LEN_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
