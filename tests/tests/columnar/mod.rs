//! Parquet and Arrow: files of other writers, edited, and judged by other readers.

mod damage;
mod edits;
mod parquet;
mod refused;
