//! The Object Service: stores, datasets, files and rows over HTTP; and the Dashboard Service.
//!
//! [`router`](router()) is the whole of what is answered, with no socket in it, so a test can
//! call it as a function; [`dashboard`] puts the web application around it, and
//! [`listen`] puts both on TCP, and the first on the store's own socket.
//! The core is synchronous: a handler takes the request apart, asks the core on a
//! thread that may block ([`AppState::run`]), and puts the answer together; only for
//! small files that are in memory, [`files`] asks it where it is. It decides nothing.
//! Errors of the core become problems in one place, [`problem`].
//!
//! | file | knows |
//! |---|---|
//! | [`mod@router`] | every route, on one page, and the layers around them |
//! | [`state`] | what handlers share: the store, the datasets, views that are open |
//! | [`auth`], [`tokens`], [`session`], [`origin`] | who asks, what they may, and from where |
//! | [`audit`], [`metrics`] | who changed what; how many requests there were |
//! | [`address`], [`extract`], [`accept`] | the parts of a request that all routes share |
//! | [`problem`], [`bytes`] | the parts of an answer that all routes share |
//! | [`blocking`], [`operations`], [`feed`] | threads that may block; waiting for the store to change; what changed |
//! | [`jobs`] | work that may last longer than a request |
//! | [`differences`], [`conflicts`] | what two states do not have in common, as JSON |
//! | [`rows`] | tables of 1,000,000 rows in memory, and what is asked of them |
//! | [`sql`] | queries, by DataFusion |
//! | [`runs`] | runs and what they say of samples |
//! | [`dashboard`] | the Dashboard's pages, on a port of their own |
//! | the others | one resource each |

pub mod about;
pub mod accept;
pub mod address;
pub mod audit;
pub mod auth;
pub mod blame;
pub mod blocking;
pub mod bytes;
pub mod comparison;
pub mod conflicts;
pub mod dashboard;
pub mod datasets;
pub mod differences;
pub mod drafts;
pub mod entries;
pub mod events;
pub mod extract;
pub mod feed;
pub mod files;
pub mod health;
pub mod imports;
pub mod jobs;
pub mod listen;
pub mod log;
pub mod merge;
pub mod metrics;
pub mod mounts;
pub mod objects;
pub mod operations;
pub mod origin;
pub mod problem;
pub mod refresh;
pub mod refs;
pub mod revisions;
pub mod router;
pub mod rows;
pub mod runs;
pub mod saved_views;
pub mod session;
pub mod sources;
pub mod sql;
pub mod state;
pub mod tables;
#[cfg(test)]
mod testing;
pub mod thumbnails;
pub mod time;
pub mod tls;
pub mod token_command;
pub mod tokens;
pub mod upkeep;

pub use router::router;
pub use state::{AppState, Options};
