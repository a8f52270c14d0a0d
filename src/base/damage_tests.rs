//! Bytes that are not those of a base: an error or nonsense values, but never a panic or an endless walk.

use bytes::Bytes;
use proptest::prelude::*;

use super::compare::{CompareOptions, compare};
use super::*;
use crate::ErrorKind;
use crate::source::planted::{model, tree};

fn sound() -> Vec<u8> {
    let names: Vec<_> = (0..40).map(|n| (format!("d/e/{n}"), n.to_string())).collect();
    let mut entries = vec![("a", "1"), ("b", "/"), ("b/c", "-> ../a"), ("d", "/"), ("d/e", "/")];
    entries.extend(names.iter().map(|(path, size)| (path.as_str(), size.as_str())));
    encode(tree(&model(&entries))).expect("it fits")
}

fn open(bytes: Vec<u8>) -> Result<Base> {
    Base::from_object(Id::of(&bytes), Object::from_bytes(Bytes::from(bytes)))
}

/// Asks for all that there is; returns how many answers were errors.
fn read_everything(bytes: Vec<u8>) -> usize {
    let Ok(base) = open(bytes) else {
        return 1;
    };
    let mut errors = 0;
    let mut steps = 0;
    // A damaged number of rows may be any that its columns have room for.
    for row in 0..base.len().min(1000) {
        let answers = [
            base.entry(row).is_err(),
            base.name(row).is_err(),
            base.parent(row).is_err(),
            base.path(row).is_err(),
            base.link_target(row).is_err(),
            base.child(row, b"e").is_err(),
        ];
        errors += answers.into_iter().filter(|&failed| failed).count();
        match base.list(row, 0) {
            Ok(listing) => {
                listing.for_each(|listed| (steps, errors) = (steps + 1, errors + usize::from(listed.is_err())))
            }
            Err(_) => errors += 1,
        }
    }
    let other = open(sound()).expect("a base");
    let options = CompareOptions::default();
    for difference in compare(&base, &other, options).chain(compare(&other, &base, options)) {
        (steps, errors) = (steps + 1, errors + usize::from(difference.is_err()));
    }
    assert!(steps < 100_000, "{steps} steps in a base of fifty entries");
    errors
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn flipped_bits_are_survived(flips in prop::collection::vec((any::<prop::sample::Index>(), 0..8u8), 1..6)) {
        let mut bytes = sound();
        for (at, bit) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        read_everything(bytes);
    }

    #[test]
    fn other_bytes_in_the_columns_are_survived(
        at in any::<prop::sample::Index>(),
        patch in prop::collection::vec(prop::sample::select(vec![0u8, 1, 2, 3, 5, 44, 127, 255]), 1..16),
    ) {
        let mut bytes = sound();
        let at = at.index(bytes.len() - patch.len());
        bytes[at..at + patch.len()].copy_from_slice(&patch);
        read_everything(bytes);
    }
}

#[test]
fn a_truncated_base_is_refused_wherever_it_ends() {
    let bytes = sound();
    for len in 0..bytes.len() {
        let error = open(bytes[..len].to_vec()).expect_err("it is cut off");
        assert!(matches!(error.kind(), ErrorKind::Corrupt { .. }), "{len}: {error}");
    }
    assert_eq!(read_everything(bytes), 0);
}

/// A sound base with one number overwritten.
fn with(patch: impl FnOnce(&Layout) -> (u64, Vec<u8>)) -> Base {
    let mut bytes = sound();
    let (at, value) = patch(&open(bytes.clone()).expect("a base").layout);
    bytes[at as usize..at as usize + value.len()].copy_from_slice(&value);
    open(bytes).expect("the layout is untouched")
}

#[test]
fn children_out_of_range_are_refused() {
    for (first, count) in [(0u32, 1u32), (2, 1), (40, 40), (u32::MAX, 1), (5, u32::MAX)] {
        let base = with(|layout| (layout.first_child + 4 * 2, first.to_le_bytes().to_vec()));
        let with_count = |base: &Base| base.layout.child_count + 4 * 2;
        let mut bytes = base.object.slice(0, base.object.len() as usize).expect("all").to_vec();
        let at = with_count(&base) as usize;
        bytes[at..at + 4].copy_from_slice(&count.to_le_bytes());
        assert!(open(bytes).expect("a base").children(2).is_err(), "{count} from {first} on");
    }
}

#[test]
fn a_folder_within_itself_is_refused() {
    let base = with(|layout| (layout.parent + 4 * 3, 7u32.to_le_bytes().to_vec()));
    assert!(base.parent(3).is_err() && base.path(3).is_err() && base.child(0, b"d").is_err());
    assert!(base.list(0, 0).expect("rows").any(|listed| listed.is_err()));
}

#[test]
fn a_name_that_leads_out_is_refused() {
    let base = open(sound()).expect("a base");
    let row = base.find(&"d/e/10".parse().expect("a path")).expect("an answer").expect("a row");
    for name in [b"..", b"/x", b"x\0"] {
        let start = base.layout.name.offsets + u64::from(row) * 8;
        let start = u64::from_le_bytes(*base.object.slice(start, 8).expect("a number").first_chunk().expect("8 bytes"));
        let base = with(|layout| (layout.name.data + start, name.to_vec()));
        assert!(base.name(row).is_err() && base.path(row).is_err());
        assert!(base.list(base.parent(row).expect("a parent"), 0).expect("rows").any(|listed| listed.is_err()));
    }
}

#[test]
fn another_format_and_another_file_are_told_apart() {
    let mut bytes = sound();
    let key = b"veneer.base.version";
    for at in 0..bytes.len() - key.len() {
        if bytes[at..].starts_with(key) {
            // The value is a string of its own, before or behind the key.
            let near = at.saturating_sub(32)..(at + 64).min(bytes.len());
            let value = near.clone().find(|&at| bytes[at..].starts_with(b"\x01\0\0\x001\0")).expect("the version");
            bytes[value + 4] = b'9';
        }
    }
    assert!(matches!(open(bytes).expect_err("a later format").kind(), ErrorKind::StoreUnknown { .. }));
    let error = open(b"not an Arrow file at all".to_vec()).expect_err("no base");
    assert!(matches!(error.kind(), ErrorKind::Corrupt { .. }));
}
