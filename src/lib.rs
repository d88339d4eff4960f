//! A task scheduler that depends on nothing but `std`.

#![forbid(unsafe_code)]
#![warn(missing_docs, missing_debug_implementations)]

// Ground: each of these stands alone.
pub mod civil;
mod excerpt;

// Floor 1: from instants to civil times and back.
pub mod tz;
