//! The mount: a view of a dataset, shown to the kernel as a folder.
//!
//! From the kernel inwards:
//!
//! | file | knows |
//! |---|---|
//! | [`mount`], [`fusermount`], [`mount_table`] | how a mount is made, found and ended |
//! | [`fuse`] | the kernel's protocol; decides nothing |
//! | [`filesystem`] | what a request is answered with; needs no kernel |
//! | [`shown`], [`inode`], [`listing`], [`veneer_folder`] | what is shown now, and its numbers, order and extras |
//! | [`open_files`], [`pool`], [`buffers`] | how bytes are read without waiting, or where to wait |
//! | [`follow`], [`kept`] | how the mount moves with its branch, and what must not be collected |
//! | [`working`] | the writable mount: its own inodes, scratch files and journal |
//! | [`serve`], [`daemon`], [`profile`], [`probe`], [`trouble`] | one mount from beginning to end |
//!
//! What a program sees through all this is written down in `docs/SEMANTICS.md`.
//! The library exists for the binary and for tests; it is no interface for others.
//! Inode numbers exist in here and nowhere below.

pub mod attributes;
pub mod buffers;
pub mod daemon;
pub mod errno;
pub mod filesystem;
pub mod follow;
pub mod fuse;
pub mod fusermount;
pub mod inode;
pub mod kept;
pub mod listing;
pub mod malloc;
pub mod mount;
pub mod mount_table;
pub mod open_files;
pub mod opens;
pub mod pool;
pub mod probe;
pub mod profile;
pub mod serve;
pub mod shown;
pub mod trouble;
pub mod veneer_folder;
pub mod working;

#[cfg(test)]
mod filesystem_tests;
#[cfg(test)]
mod follow_tests;
#[cfg(test)]
mod listing_tests;
#[cfg(test)]
mod planted;
#[cfg(test)]
mod semantics_tests;
