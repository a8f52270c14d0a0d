//! Checks every object that is read against its id.
use std::sync::Arc;
use super::Store;

/// A store that gives no byte that it has not verified.
#[derive(Clone, Debug)]
pub struct Verified { inner: Arc<dyn Store> }
impl Verified { /// Wraps `inner`.
    pub fn new(inner: Arc<dyn Store>) -> Verified { Verified { inner } } }
