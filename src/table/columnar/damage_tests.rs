//! Damaged files: an error, never a panic, and never more memory than the bytes can mean.

use arrow::ipc::CompressionType;
use parquet::basic::{Compression, ZstdLevel};

use super::samples::{arrow, parquet};
use crate::Result;
use crate::model::Value;
use crate::table::arrow_file::ArrowIpc;
use crate::table::keyed::Keyed;
use crate::table::parquet::Parquet;
use crate::table::{FileEdits, Flow, Format, RowSet, Scan};

/// How much more memory the process may ever have used after all of it.
const GROWTH_MAX: u64 = 512 << 20;

/// A small generator (splitmix64).
struct Rng(u64);

impl Rng {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }

    /// The bytes with some damage: mostly at the end, where the footer is.
    fn damaged(&mut self, of: &[u8]) -> Vec<u8> {
        let mut bytes = of.to_vec();
        if self.below(8) == 0 {
            bytes.truncate(self.below(of.len()));
            return bytes;
        }
        for _ in 0..=self.below(4) {
            let near_end = of.len() - 1 - self.below(of.len().min(600));
            let at = if self.below(3) == 0 { self.below(of.len()) } else { near_end };
            match self.below(4) {
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][self.below(5)],
                2 => {
                    let end = (at + 4).min(bytes.len());
                    let number = [u32::MAX, i32::MAX as u32, 0, 0x0fff_ffff][self.below(4)].to_le_bytes();
                    bytes[at..end].copy_from_slice(&number[..end - at]);
                }
                _ => bytes[at] = self.below(256) as u8,
            }
        }
        bytes
    }
}

fn memory_max() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// Everything that can be done with a file.
fn use_all(format: &dyn Format, bytes: &Vec<u8>) -> Result<()> {
    let file = format.open(bytes, None)?;
    let rows = file.tables()[0].rows;
    drop(file.scan(0, &Scan::default(), &mut |_| Ok(Flow::More)));
    for row in [0, rows / 2, rows.saturating_sub(1)] {
        drop(file.row(0, row));
        drop(file.key(0, row));
    }
    drop(file.find(0, "17"));
    let sets = vec![RowSet { table: 0, row: rows / 2, cells: vec![(1, Value::Text("x".to_owned()))] }];
    drop(file.splice(&FileEdits { sets, deletes: vec![(0, rows.saturating_sub(1))], ..FileEdits::default() }));
    Ok(())
}

fn check(format: &dyn Format, samples: &[Vec<u8>], times: usize) {
    let before = memory_max();
    let mut rng = Rng(4);
    let mut opened = 0;
    for time in 0..times {
        let sample = &samples[time % samples.len()];
        let bytes = rng.damaged(sample);
        opened += usize::from(use_all(format, &bytes).is_ok());
        if time % 16 == 0 {
            let noise = (0..rng.below(200)).map(|_| rng.below(256) as u8).collect();
            drop(use_all(format, &noise));
        }
    }
    assert!(opened > 0 && opened < times, "{opened} of {times} damaged files could be opened");
    let grown = memory_max().saturating_sub(before);
    assert!(grown < GROWTH_MAX, "the process grew by {grown} bytes");
    samples.iter().for_each(|sample| use_all(format, sample).expect("it is whole"));
}

#[test]
fn a_damaged_parquet_file_is_an_error_and_no_panic() {
    let zstd = Compression::ZSTD(ZstdLevel::default());
    let samples = [
        parquet(60, Compression::UNCOMPRESSED, false),
        parquet(60, Compression::SNAPPY, true),
        parquet(60, zstd, false),
    ];
    check(&Parquet, &samples, 6_000);
    check(&Keyed::over(&Parquet, "text").expect("its rows have places alone"), &samples, 6_000);
}

#[test]
fn a_damaged_arrow_file_or_stream_is_an_error_and_no_panic() {
    let (lz4, zstd) = (Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD));
    let samples = [arrow(60, None, true), arrow(60, lz4, true), arrow(60, zstd, false), arrow(60, None, false)];
    check(&ArrowIpc, &samples, 6_000);
    check(&Keyed::over(&ArrowIpc, "text").expect("its rows have places alone"), &samples, 6_000);
}
