//! Batches for a run out of a file: delimited text, JSON lines, Parquet or Arrow, one row for each sample and epoch.

use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use blake3::Hasher;

use crate::run::Batch;
use crate::table::csv::CsvFormat;
use crate::table::detect::{self, HEAD_LEN, Promise};
use crate::table::{Flow, Format, ReadAt, Scan};
use crate::{Error, Result};

/// A batch that is made of a file is closed with so many rows.
const BATCH_ROWS: usize = 500_000;
/// Or with so many bytes of them.
const BATCH_LEN: usize = 24 << 20;
/// A file has so many rows at most: all of it is in memory, and taken in together.
const ROWS_MAX: u64 = 8_000_000;
/// Bytes that are read at a time to know the file by.
const READ: usize = 1 << 20;

/// The rows of a file as batches, called by what is in it: the same file again is the same batches.
///
/// # Errors
/// `Invalid` for a file that is none of these, that cannot be read whole, or has too many rows; as [`Batch::new`].
pub fn batches_of_file(file: &dyn ReadAt, promise: Promise) -> Result<Vec<Batch>> {
    let format = format_of(file, promise)?;
    let opened = format.open(file, None)?;
    let info = opened.tables().first().ok_or_else(|| unusable("it has no rows"))?;
    if let Some(problem) = &info.problem {
        return Err(unusable(format!("line {}, byte {}: {}", problem.line, problem.column, problem.why)));
    }
    if info.rows > ROWS_MAX {
        return Err(unusable(format!("it has {} rows, and {ROWS_MAX} is the most", info.rows)));
    }
    let name = name_of(file)?;
    let (mut batches, mut pieces, mut rows, mut bytes) = (Vec::new(), Vec::new(), 0, 0);
    let mut close = |pieces: &mut Vec<RecordBatch>| -> Result<()> {
        let batch = Batch::new(&format!("file-{name}-{}", batches.len()), pieces)?;
        batches.push(batch);
        pieces.clear();
        Ok(())
    };
    opened.scan(0, &Scan::default(), &mut |piece| {
        (rows, bytes) = (rows + piece.num_rows(), bytes + piece.get_array_memory_size());
        pieces.push(piece);
        if rows >= BATCH_ROWS || bytes >= BATCH_LEN {
            (rows, bytes) = (0, 0);
            close(&mut pieces)?;
        }
        Ok(Flow::More)
    })?;
    if !pieces.is_empty() {
        close(&mut pieces)?;
    }
    match batches.is_empty() {
        true => Err(unusable("it has no rows")),
        false => Ok(batches),
    }
}

/// The format of the file; the first line of delimited text has the names of its columns.
fn format_of(file: &dyn ReadAt, promise: Promise) -> Result<Arc<dyn Format>> {
    let head = crate::table::head(file, HEAD_LEN)?;
    match promise {
        Promise::Delimited => {
            let (sniffed, _) = CsvFormat::sniff(&head).unwrap_or_default();
            Ok(Arc::new(CsvFormat { header: true, ..sniffed }))
        }
        Promise::JsonLines | Promise::Parquet | Promise::Arrow => detect::sniff(promise, &head)
            .map(|found| found.format)
            .ok_or_else(|| unusable("it is not what its name says")),
        _ => Err(unusable("it is neither delimited text nor JSON lines, Parquet or Arrow")),
    }
}

/// A name for what is in the file.
fn name_of(file: &dyn ReadAt) -> Result<String> {
    let (mut hasher, mut buffer, mut at) = (Hasher::new(), vec![0; READ], 0);
    loop {
        let read = file.read_at(&mut buffer, at)?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
        at += read as u64;
    }
    let mut name = hasher.finalize().to_hex().to_string();
    name.truncate(32);
    Ok(name)
}

fn unusable(why: impl Into<String>) -> Error {
    Error::invalid("file of metrics", "the file", why)
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::DataType;

    use super::*;
    use crate::ErrorKind;

    fn of(text: &str, promise: Promise) -> Result<Vec<Batch>> {
        batches_of_file(&text.as_bytes().to_vec(), promise)
    }

    #[test]
    fn a_file_is_batches_whatever_its_form() {
        let csv = "path,epoch,loss,predicted\na.png,0,0.5,cat\nb.png,1,0.25,dog\n";
        let lines = "{\"path\":\"a.png\",\"epoch\":0,\"loss\":0.5,\"predicted\":\"cat\"}\n\
                     {\"path\":\"b.png\",\"epoch\":1,\"loss\":0.25,\"predicted\":\"dog\"}\n";
        for (text, promise) in [(csv, Promise::Delimited), (lines, Promise::JsonLines)] {
            let batches = of(text, promise).expect("batches");
            let [batch] = &batches[..] else { panic!("{batches:?}") };
            assert!(batch.has_paths());
            assert_eq!((batch.samples().value(1), batch.epochs().value(1)), ("b.png", 1), "{promise:?}");
            let loss = batch.rows().column_by_name("loss").expect("a column");
            assert_eq!(*loss.data_type(), DataType::Float64);
        }
    }

    #[test]
    fn the_same_file_is_the_same_batch_and_another_is_not() {
        let id = |text: &str| of(text, Promise::Delimited).expect("a batch")[0].id();
        let text = "sample,loss\n7,1.5\n8,2.5\n";
        assert_eq!(id(text), id(text));
        assert_ne!(id(text), id("sample,loss\n7,1.5\n8,2.75\n"));
    }

    #[test]
    fn what_has_no_samples_is_refused_with_a_reason() {
        for (text, promise, word) in [
            ("loss\n1.5\n2.5\n", Promise::Delimited, "sample"),
            ("", Promise::Delimited, "no rows"),
            ("no json\n", Promise::JsonLines, ""),
            ("no parquet", Promise::Parquet, "not what its name says"),
            ("{}", Promise::Json, "neither"),
        ] {
            let error = of(text, promise).expect_err("no batch");
            assert!(matches!(error.kind(), ErrorKind::Invalid { .. }), "{text}: {error:?}");
            assert!(error.to_string().contains(word), "{text}: {error}");
        }
    }
}
