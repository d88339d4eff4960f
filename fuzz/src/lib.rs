//! Laws of sexton that hold for every input. Each module has one: its first lines state it, and `law` asserts it.
//!
//! The fuzz targets call the laws with random inputs, and `tests/replay.rs` calls them with every file of `corpus/`.

pub mod agenda;
pub mod cron;
pub mod crontab;
pub mod http;
pub mod journal;
pub mod next;
pub mod play;
pub mod posix;
mod probe;
pub mod text;
pub mod tzif;

/// The parts of the program that read crontabs and requests. They expect what they import at the root of their crate.
#[path = "../../src/bin/sexton"]
#[allow(unused, clippy::all)]
mod program {
    pub mod args;
    pub mod crontab;
    pub mod dialect;
    pub mod mistake;
    pub mod settings;
    pub mod sign;
    pub mod status {
        pub mod http;
    }
}
use program::{args, dialect, mistake, settings, sign};

/// The simulations of the integration tests. They expect what they import at the root of their crate, too.
#[path = "../../tests/it"]
#[allow(unused, clippy::all)]
mod it {
    pub mod rows;
    pub mod simulation;
    pub mod zones;
}
use it::{rows, zones};

#[allow(unused)]
enum Failure {
    Usage(String),
    Error(u8, String),
}

fn tell(_line: &str) {}

/// A law: it panics if it does not hold for an input.
pub type Law = fn(&[u8]);

/// All laws. Each has a fuzz target and a folder of `corpus/` of the same name.
pub const LAWS: [(&str, Law); 10] = [
    ("cron", cron::law),
    ("posix", posix::law),
    ("tzif", tzif::law),
    ("text", text::law),
    ("crontab", crontab::law),
    ("journal", journal::law),
    ("next", next::law),
    ("agenda", agenda::law),
    ("http", http::law),
    ("play", play::law),
];

/// The body of a fuzz target. Built without cargo-fuzz, it is a program that tries the law on the files it is given.
#[macro_export]
macro_rules! target {
    ($name:ident) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|data: &[u8]| $crate::$name::law(data));

        #[cfg(not(fuzzing))]
        fn main() {
            for path in std::env::args_os().skip(1) {
                $crate::$name::law(&std::fs::read(path).expect("the argument is a file"));
            }
        }
    };
}
