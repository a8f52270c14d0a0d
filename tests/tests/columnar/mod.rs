//! Parquet and Arrow: files of other writers, edited, and judged by other readers.

mod arrow_file;
mod edits;
mod parquet;
mod public;
