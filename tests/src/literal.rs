//! Trees as literals: `source! { "a/x": "1", "a/empty": folder(), "l": link("x") }`.

use crate::{Thing, Tree};

/// Makes a [`Tree`] from a literal: text and bytes are files of mode 644.
#[macro_export]
macro_rules! source {
    ($($path:literal : $thing:expr),* $(,)?) => {{
        #[allow(unused_mut, reason = "an empty literal adds nothing")]
        let mut tree = $crate::Tree::default();
        $(tree.add($crate::literal::path_bytes($path), $crate::Thing::from($thing));)*
        tree
    }};
}

/// A folder, empty if nothing else is below it.
pub fn folder() -> Thing {
    Thing::Folder
}

/// A symbolic link.
pub fn link(target: &str) -> Thing {
    Thing::Link(target.as_bytes().to_vec())
}

/// The bytes of a path literal, `"a/b"` or `b"a/\xff"`.
pub fn path_bytes<T: AsRef<[u8]> + ?Sized>(path: &T) -> &[u8] {
    path.as_ref()
}

impl From<&str> for Thing {
    fn from(text: &str) -> Thing {
        Thing::File(text.as_bytes().to_vec(), 0o644)
    }
}

impl From<Vec<u8>> for Thing {
    fn from(bytes: Vec<u8>) -> Thing {
        Thing::File(bytes, 0o644)
    }
}

impl FromIterator<(Vec<u8>, Thing)> for Tree {
    fn from_iter<I: IntoIterator<Item = (Vec<u8>, Thing)>>(things: I) -> Tree {
        let mut tree = Tree::default();
        things.into_iter().for_each(|(path, thing)| tree.add(&path, thing));
        tree
    }
}
