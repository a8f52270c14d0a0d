//! A store in memory.
/// A store in memory, with failures and power cuts on demand.
#[derive(Debug, Default)]
pub struct MemoryStore {}
