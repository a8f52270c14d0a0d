//! What was found of a file, as it is kept: taken back only for what it was found of.

use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Stored<L> {
    version: u32,
    /// Of the file, in bytes.
    len: u64,
    /// What else the rows depend on.
    format: [u8; 32],
    layout: L,
}

fn format_id(format: &impl Debug) -> [u8; 32] {
    *blake3::hash(format!("{format:?}").as_bytes()).as_bytes()
}

/// The bytes that [`read_back`] takes. `version` is counted up when what a layout has, or what it means, changes.
pub(super) fn stored(version: u32, format: &impl Debug, len: u64, layout: &impl Serialize) -> Vec<u8> {
    let stored = Stored { version, len, format: format_id(format), layout };
    postcard::to_allocvec(&stored).expect("plain data")
}

/// What was stored for a file of this format and length; `None` if these bytes are something else.
pub(super) fn read_back<L: DeserializeOwned>(bytes: &[u8], version: u32, format: &impl Debug, len: u64) -> Option<L> {
    let stored: Stored<L> = postcard::from_bytes(bytes).ok()?;
    let is_ours = stored.version == version && stored.len == len && stored.format == format_id(format);
    is_ours.then_some(stored.layout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_taken_back_for_the_same_file_alone() {
        let bytes = stored(3, &"csv", 100, &vec![1u64, 2]);
        let back = |version, format: &str, len| read_back::<Vec<u64>>(&bytes, version, &format, len);
        assert_eq!(back(3, "csv", 100), Some(vec![1, 2]));
        assert_eq!([back(4, "csv", 100), back(3, "tsv", 100), back(3, "csv", 99)], [None, None, None]);
        assert_eq!(read_back::<Vec<u64>>(&bytes[..9], 3, &"csv", 100), None);
    }
}
