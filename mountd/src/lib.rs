//! The mount: a view of a dataset, shown to the kernel as a folder.
//!
//! From the kernel inwards:
//!
//! | file | knows |
//! |---|---|
//! | [`mount`], [`fusermount`], [`mount_table`] | how a mount is made, found and ended |
//! | [`fuse`], [`words`] | the kernel's protocol; decides nothing |
//! | [`answers`], [`filesystem`] | what a request is answered with; needs no kernel |
//! | [`shown`], [`inode`], [`listing`], [`veneer_folder`], [`samples_file`] | what is shown now, and its numbers, order and extras |
//! | [`open_files`], [`opens`], [`ledger`], [`pool`], [`buffers`] | how bytes are read without waiting, or where to wait |
//! | [`follow`], [`kept`] | how the mount moves with its branch, and what must not be collected |
//! | [`many`] | many revisions in one mount, each in a folder |
//! | [`working`] | the writable mount: its own inodes, scratch files and journal |
//! | [`supervisor`], [`process`], [`signals`], [`channel`], [`estate`] | the process that outlives those that serve, and what it keeps |
//! | [`serving`], [`serve`], [`take_over`], [`handshake`], [`lifeline`], [`journal`], [`recall`], [`ending`] | the process that serves: how it begins, takes over and ends |
//! | [`control`], [`gate`], [`runtime_folder`] | who holds the mount where it is |
//! | [`daemon`], [`profile`], [`probe`], [`trouble`] | what is chosen, looked at and told at the start |
//!
//! What a program sees through all this is written down in `docs/SEMANTICS.md`.
//! The library exists for the binary and for tests; it is no interface for others.
//! Inode numbers exist in here and nowhere below.

pub mod answers;
pub mod attributes;
pub mod buffers;
pub mod channel;
pub mod control;
pub mod daemon;
pub mod elsewhere;
pub mod ending;
pub mod errno;
pub mod estate;
pub mod filesystem;
pub mod follow;
pub mod following;
pub mod fuse;
pub mod fusermount;
pub mod gate;
pub mod handshake;
pub mod inode;
pub mod journal;
pub mod kept;
pub mod ledger;
pub mod lifeline;
pub mod listing;
pub mod malloc;
pub mod many;
pub mod mount;
pub mod mount_table;
pub mod open_files;
pub mod opens;
pub mod pool;
pub mod probe;
pub mod process;
pub mod profile;
pub mod recall;
pub mod runtime_folder;
pub mod samples_file;
pub mod serve;
pub mod serving;
pub mod shown;
pub mod signals;
pub mod supervisor;
pub mod take_over;
pub mod trouble;
pub mod veneer_folder;
pub mod words;
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
mod recall_tests;
#[cfg(test)]
mod semantics_tests;
