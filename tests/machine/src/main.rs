//! Sets the clock of this machine, puts it to sleep and gives it leap seconds, while schedulers run: README.md says what must hold.
//!
//! The tasks, and the judge who demands that each due time is reported once, are those of `tests/it/moved_clock`. For each play this
//! prints what is expected and what was seen.

#[path = "../../it/moved_clock/cast.rs"]
mod cast;
mod hands;
// There, more is asked.
#[allow(dead_code)]
#[path = "../../it/moved_clock/judge.rs"]
mod judge;
mod play;
mod plays;
mod program;
#[path = "../../it/moved_clock/wall.rs"]
mod wall;

use std::process::ExitCode;

/// Something that can be seen in a play.
pub struct Row {
    pub what: String,
    pub expected: String,
    pub seen: String,
}

impl Row {
    pub fn new(what: impl ToString, expected: impl ToString, seen: impl ToString) -> Row {
        Row { what: what.to_string(), expected: expected.to_string(), seen: seen.to_string() }
    }

    fn print(&self) -> bool {
        let holds = self.expected == self.seen;
        let verdict = if holds { "  " } else { "!!" };
        println!("{verdict} {:<44} expected {:<22} seen {}", self.what, self.expected, self.seen);
        holds
    }
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("cast") => {
            cast::play();
            ExitCode::SUCCESS
        }
        Some("play") => play_all(args.get(1).map_or("", String::as_str)),
        _ => {
            eprintln!("This sets the clock of the machine: `.ci/machine` runs it on one that is emulated.");
            ExitCode::from(2)
        }
    }
}

/// Plays those whose names contain a text.
fn play_all(filter: &str) -> ExitCode {
    let mut failed = 0;
    for (name, play) in plays::PLAYS.iter().filter(|(name, _)| name.contains(filter)) {
        println!("\n{name}");
        let holds = match play(name) {
            Ok(rows) => rows.iter().filter(|row| !row.print()).count() == 0,
            Err(error) => {
                println!("!! {error}");
                false
            }
        };
        failed += u32::from(!holds);
    }
    // What the script outside looks for.
    println!("\n{}", if failed == 0 { "all is as expected" } else { "NOT AS EXPECTED" });
    ExitCode::from(u8::from(failed > 0))
}
