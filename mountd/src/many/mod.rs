//! Many revisions in one mount, each in a folder of its own: `veneer mount NAME --all`.
//!
//! Branches and tags are listed, any other revision is found by name. All of
//! them share one [`FileSystem`](crate::filesystem::FileSystem), so that a file
//! that is the same in several has one number, and its pages are cached once. A
//! folder has a number for each revision's folder that it is in: the kernel
//! knows a folder in one place only.
//!
//! | file | knows |
//! |---|---|
//! | [`names`] | which folders there are, and which of them would be needed twice |
//! | [`numbers`] | the numbers of folders |
//! | [`folders`] | what the next process must know |
//! | [`filesystem`], [`answers`] | what is shown, and what a request is answered with |
//! | [`follow`], [`shows`] | how it moves with the refs, and what else it does |
//! | [`begin`], [`take_over`] | the beginnings of a process that serves |

pub mod answers;
pub mod begin;
pub mod filesystem;
pub mod folders;
pub mod follow;
pub mod names;
pub mod numbers;
pub mod shows;
pub mod take_over;

#[cfg(test)]
mod tests;
