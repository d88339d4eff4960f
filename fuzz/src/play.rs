//! A scheduler on a manual clock keeps its promises in a play of tasks, calls and faults of all kinds. The plays are those of
//! `tests/it/simulation`, drawn from the bytes, and so is the checker, which shares no code with the library.

use crate::it::simulation;

pub fn law(data: &[u8]) {
    if let Err(broken) = simulation::play_from(data) {
        panic!("{broken}");
    }
}
