//! What a service answers, as far as a store asks for it.

use serde::Deserialize;

use crate::Result;
use crate::model::{Id, RefValue};

#[derive(Deserialize)]
pub(super) struct Ref {
    pub(super) name: String,
    id: String,
    op: u64,
}

#[derive(Deserialize)]
pub(super) struct Refs {
    pub(super) refs: Vec<Ref>,
}

#[derive(Deserialize)]
pub(super) struct Operation {
    pub(super) op: u64,
}

#[derive(Deserialize)]
pub(super) struct Stored {
    pub(super) id: String,
    pub(super) len: u64,
}

#[derive(Deserialize)]
pub(super) struct Missing {
    pub(super) missing: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Revisions {
    pub(super) revisions: Vec<String>,
}

impl Ref {
    pub(super) fn value(&self) -> Result<RefValue> {
        Ok(RefValue { id: Id::from_hex(&self.id)?, op: self.op })
    }
}
