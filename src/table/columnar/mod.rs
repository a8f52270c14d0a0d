//! What Parquet and Arrow files share: a cell of an Arrow column as a [`Value`](crate::model::Value), and back.
//!
//! A cell has one form, whoever asks for it ([`cell`]), and a value that a person
//! gives is brought into that form or refused ([`accept`]). Times and decimals are
//! texts, because a [`Value`](crate::model::Value) has no such kinds and text loses
//! nothing ([`super::moment`]). Nothing here knows of files.

pub(super) mod accept;
pub(super) mod build;
pub(super) mod cell;
pub(super) mod guard;
pub(super) mod table;

#[cfg(test)]
mod damage_tests;
#[cfg(test)]
mod refused_tests;
#[cfg(test)]
mod samples;
