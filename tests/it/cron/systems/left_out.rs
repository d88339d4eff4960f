//! The rows that are not asked for: which, why, and how many.

use crate::rows::Row;

/// Rows of a file. One that two sets have counts for the first.
pub struct LeftOut {
    pub file: &'static str,
    pub count: usize,
    pub why: &'static str,
    pub has: fn(&Row) -> bool,
}

pub const LEFT_OUT: &[LeftOut] = &[];
