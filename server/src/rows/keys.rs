//! The keys of a table's rows: from a row to its key, and back.

use std::hash::BuildHasher;
use std::sync::OnceLock;

use arrow::array::{Array, LargeStringArray, StringArray};
use hashbrown::{DefaultHashBuilder, HashTable};

/// The keys of all rows, in order.
#[derive(Debug)]
pub(crate) enum RowKeys {
    /// Each row's key is its place; this many.
    Places(usize),
    /// As they are.
    Listed(Listed),
}

/// Keys as they are, and where each is once somebody has asked.
#[derive(Debug)]
pub(crate) struct Listed {
    keys: LargeStringArray,
    index: OnceLock<Index>,
}

#[derive(Debug)]
struct Index {
    places: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl RowKeys {
    /// Keys as they are listed.
    pub(crate) fn listed(keys: LargeStringArray) -> RowKeys {
        RowKeys::Listed(Listed { keys, index: OnceLock::new() })
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            RowKeys::Places(len) => *len,
            RowKeys::Listed(listed) => listed.keys.len(),
        }
    }

    /// The key of a row.
    pub(crate) fn key(&self, row: usize) -> String {
        match self {
            RowKeys::Places(_) => row.to_string(),
            RowKeys::Listed(listed) => listed.keys.value(row).to_owned(),
        }
    }

    /// The row that has this key; the first, where several have it.
    pub(crate) fn find(&self, key: &str) -> Option<usize> {
        match self {
            RowKeys::Places(len) => {
                key.parse::<usize>().ok().filter(|row| row < len).filter(|row| row.to_string() == key)
            }
            RowKeys::Listed(listed) => {
                let index = listed.index.get_or_init(|| Index::of(&listed.keys));
                let hash = index.hasher.hash_one(key);
                index.places.find(hash, |place| listed.keys.value(*place as usize) == key).map(|place| *place as usize)
            }
        }
    }

    /// The keys of some rows.
    pub(crate) fn of_rows(&self, rows: &[u32]) -> StringArray {
        StringArray::from_iter_values(rows.iter().map(|row| self.key(*row as usize)))
    }

    /// The keys of the rows that are not among `dropped`, which are in order.
    pub(crate) fn without(&self, dropped: &[usize]) -> RowKeys {
        let kept = (0..self.len()).filter(|row| dropped.binary_search(row).is_err());
        RowKeys::listed(LargeStringArray::from_iter_values(kept.map(|row| self.key(row))))
    }

    /// How much memory they take, as far as it is known.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            RowKeys::Places(_) => size_of::<RowKeys>(),
            // With the index that is made when a key is looked for: 5 bytes a place, at most half full.
            RowKeys::Listed(listed) => listed.keys.get_array_memory_size() + listed.keys.len() * 10,
        }
    }
}

impl Index {
    fn of(keys: &LargeStringArray) -> Index {
        let hasher = DefaultHashBuilder::default();
        let mut places: HashTable<u32> = HashTable::with_capacity(keys.len());
        for place in 0..keys.len() {
            let key = keys.value(place);
            let hash = hasher.hash_one(key);
            if places.find(hash, |other| keys.value(*other as usize) == key).is_none() {
                places.insert_unique(hash, place as u32, |other| hasher.hash_one(keys.value(*other as usize)));
            }
        }
        Index { places, hasher }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_found_by_its_key() {
        let keys = RowKeys::listed(LargeStringArray::from(vec!["b", "a", "ä", "a"]));
        assert_eq!(["a", "b", "ä", "x"].map(|key| keys.find(key)), [Some(1), Some(0), Some(2), None]);
        let places = RowKeys::Places(11);
        assert_eq!(
            ["0", "10", "11", "01", "-1", ""].map(|key| places.find(key)),
            [Some(0), Some(10), None, None, None, None]
        );
    }

    #[test]
    fn keys_without_some_rows_keep_their_names() {
        let left = RowKeys::Places(5).without(&[1, 3]);
        assert_eq!((left.len(), left.key(1), left.find("4")), (3, "2".to_owned(), Some(2)));
    }
}
