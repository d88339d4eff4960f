//! `sexton check`: every mistake in a crontab.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sexton::tz::Zone;

use crate::args::Args;
use crate::crontab::Crontab;
use crate::mistake::Mistake;
use crate::{say, Command, Failure};

pub const COMMAND: Command = Command { name: "check", help: HELP, flags: &[], run: check };

const HELP: &str = "\
usage: sexton check CRONTAB

Every mistake in a crontab, as FILE:LINE:COLUMN: MESSAGE, with the line and carets under what
is wrong. `-` is stdin. `sexton run --help` tells what a crontab may hold.

Exit status: 0 if there is none, 1 if there are some, 2 if the file cannot be read.
";

fn check(args: &Args) -> Result<(), Failure> {
    let (name, crontab) = read(args)?;
    match crontab {
        Ok(crontab) => {
            let jobs = crontab.jobs.len();
            say(&format!("{jobs} {}, no mistakes", if jobs == 1 { "job" } else { "jobs" }))
        }
        Err(mistakes) => {
            mistakes.iter().try_for_each(|mistake| say(&mistake.in_file(&name).to_string()))?;
            Err(Failure::Error(1, String::new()))
        }
    }
}

/// No crontab is longer than this, in bytes; a device or a pipe may be without end.
const MAX_LEN: u64 = 1 << 20;

/// Reads the crontab that the command line names: what to call it, and what is in it.
pub fn read(args: &Args) -> Result<(String, Result<Crontab, Vec<Mistake>>), Failure> {
    let path = match &args.rest[..] {
        [path] => path,
        [] => return Err(Failure::Usage("expected a crontab, or `-` for stdin".into())),
        more => return Err(Failure::Usage(format!("expected one crontab, found {}", more.len()))),
    };
    let mut bytes = Vec::new();
    let (name, result) = if path == OsStr::new("-") {
        ("<stdin>".into(), io::stdin().lock().take(MAX_LEN + 1).read_to_end(&mut bytes))
    } else {
        let file = File::open(path).and_then(|file| file.take(MAX_LEN + 1).read_to_end(&mut bytes));
        (Path::new(path).display().to_string(), file)
    };
    match result {
        Err(error) => Err(Failure::Error(2, format!("could not read `{name}`: {error}"))),
        Ok(len) if len as u64 > MAX_LEN => {
            Err(Failure::Error(2, format!("`{name}` is longer than a crontab may be, {MAX_LEN} bytes")))
        }
        Ok(_) => Ok((name, Crontab::read(&bytes, Zone::from_tz))),
    }
}
