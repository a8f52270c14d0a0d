//! Expressions over a small table.
