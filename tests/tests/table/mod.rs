//! Tables, beside those who read the same rows.

mod expressions;
mod sample;
