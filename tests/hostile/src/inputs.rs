//! The worst inputs that we know.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write};

use sexton::civil::DateTime;
use sexton::cron::Dialect;
use sexton::tz::Zone;
use sexton::{Cron, ManualClock, Moment, Period, Schedule, Scheduler};

pub struct Case {
    pub name: &'static str,
    pub largest: usize,
    /// Of the size.
    pub unit: &'static str,
    pub reader: Reader,
}

pub enum Reader {
    /// Makes an input of a size, and reads it.
    Library(fn(usize)),
    /// Runs the program on a file, which is the argument `FILE`.
    Program { args: &'static [&'static str], input: fn(usize) -> String },
}

const fn library(name: &'static str, largest: usize, unit: &'static str, read: fn(usize)) -> Case {
    Case { name, largest, unit, reader: Reader::Library(read) }
}

const fn program(
    name: &'static str,
    largest: usize,
    unit: &'static str,
    args: &'static [&'static str],
    input: fn(usize) -> String,
) -> Case {
    Case { name, largest, unit, reader: Reader::Program { args, input } }
}

const MB: usize = 1_000_000;
const UNTIL: &str = "2999-01-01";

pub const CASES: &[Case] = &[
    library("expression: a list", MB, "items", |n| {
        assert!(Cron::parse(&format!("{}0 * * * *", "0,".repeat(n))).is_ok());
    }),
    library("expression: a list of ranges with steps", MB, "items", |n| {
        assert!(Cron::parse(&format!("{}0 * * * *", "10-50/3,".repeat(n))).is_ok());
    }),
    library("expression: a list with a mistake at its end", MB, "items", |n| {
        refused(Cron::parse(&format!("{}60 * * * *", "0,".repeat(n))));
    }),
    library("expression: a list of weekdays, in all dialects", MB, "items", |n| {
        for dialect in [Dialect::DEFAULT, Dialect::CRONITER, Dialect::QUARTZ, Dialect::CRONIE] {
            let _ = dialect.parse(&format!("0 0 ? * {}mon#2", "mon#1,".repeat(n)));
        }
    }),
    library("expression: one word", 10 * MB, "bytes", |n| refused(Cron::parse(&"m".repeat(n)))),
    library("expression: many words", MB, "words", |n| refused(Cron::parse(&"* ".repeat(n)))),
    library("expression: blanks", 10 * MB, "bytes", |n| refused(Cron::parse(&" ".repeat(n)))),
    library("expression: digits", 10 * MB, "bytes", |n| refused(Cron::parse(&"9".repeat(n)))),
    library("expression: unusual characters", MB, "characters", |n| {
        refused(Cron::parse(&"é\u{7f}".repeat(n)))
    }),
    library("expression: a zone in front", 10 * MB, "bytes", |n| {
        refused(Schedule::cron(&format!("CRON_TZ={} * * * * *", "A/".repeat(n / 2))));
    }),
    library("expression: a zone behind", 10 * MB, "bytes", |n| {
        refused(Schedule::cron(&format!("* * * * * {}", "A/".repeat(n / 2))));
    }),
    library("clock rule: letters", 10 * MB, "bytes", |n| refused(Zone::from_posix(&"A".repeat(n)))),
    library("clock rule: digits", 10 * MB, "bytes", |n| {
        refused(Zone::from_posix(&format!("A{}", "9".repeat(n))))
    }),
    library("zone's name", 10 * MB, "bytes", |n| refused(Zone::named(&"A/".repeat(n / 2)))),
    library("zone file: as many changes as one may have", 2000, "changes", |n| {
        Zone::from_tzif("Made/Up", &zone_file(n)).expect("a zone file");
    }),
    library("zone file: junk", 10 * MB, "bytes", |n| refused(Zone::from_tzif("Made/Up", &vec![b'T'; n]))),
    library("civil time", 10 * MB, "bytes", |n| refused("1".repeat(n).parse::<DateTime>())),
    library("moment", 10 * MB, "bytes", |n| {
        refused(format!("2026-11-23T10:00:00.{}", "0".repeat(n)).parse::<Moment>());
    }),
    library("period", 10 * MB, "bytes", |n| refused("1".repeat(n).parse::<Period>())),
    library("task's name", 10 * MB, "bytes", |n| {
        let clock = ManualClock::new(std::time::UNIX_EPOCH);
        let scheduler = Scheduler::builder().clock(&clock).zone("UTC").build().expect("a scheduler");
        let task = scheduler.task(&"\n".repeat(n)).every("1s").times(1).run(|| {}).expect("a task");
        assert!(task.to_string().len() > n);
        clock.advance(std::time::Duration::from_secs(1));
    }),
    library("journal: runs of one name", 100 * MB, "bytes", |n| {
        journal(n, |line, i| {
            let _ = write!(line, "{} {}.000000000 report", if i % 2 == 0 { "began" } else { "ended" }, i / 2);
        })
    }),
    library("journal: as many names as it has lines", 100 * MB, "bytes", |n| {
        journal(n, |line, i| {
            let _ = write!(line, "last {i}.000000000 job number {i}");
        })
    }),
    library("journal: runs that do not end", 100 * MB, "bytes", |n| {
        journal(n, |line, i| {
            let _ = write!(line, "began {}.000000000 report", u32::MAX - i);
        })
    }),
    library("journal: no line is whole", 100 * MB, "bytes", |n| {
        journal(n, |line, _| line.push_str("\0\n\0"))
    }),
    library("journal: one line", 100 * MB, "bytes", |n| {
        open_journal(|file| file.write_all("x".repeat(n).as_bytes()))
    }),
    program("crontab: jobs", 100_000, "lines", &["check", "FILE"], |n| {
        lines(n, |text, i| {
            let _ = write!(text, "{} {} {} * * backup --number {i}", i % 60, i % 24, i % 28 + 1);
        })
    }),
    program("crontab: the same job", 100_000, "lines", &["check", "FILE"], |n| {
        lines(n, |text, _| {
            text.push_str("0 4 * * * backup");
        })
    }),
    program("crontab: mistakes", 100_000, "lines", &["check", "FILE"], |n| {
        lines(n, |text, i| {
            let _ = write!(text, "{i} 4 * * munday backup");
        })
    }),
    program("crontab: warnings", 100_000, "lines", &["check", "FILE"], |n| {
        lines(n, |text, _| {
            text.push_str("0 0 31 2 * */7 1 backup");
        })
    }),
    program("crontab: jobs with settings", 100_000, "lines", &["check", "FILE"], |n| {
        lines(n / 2, |text, i| {
            let _ = write!(text, "# sexton: name=job-{i} zone=Europe/Paris\n@daily backup");
        })
    }),
    program("crontab: variables", 100_000, "lines", &["check", "FILE"], |n| {
        lines(n / 2, |text, i| {
            let _ = write!(text, "A{i}=1\n@daily backup {i}");
        })
    }),
    program("crontab: one line", 10 * MB, "bytes", &["check", "FILE"], |n| {
        format!("* * * * * {}\n", "x ".repeat(n / 2))
    }),
    program("crontab: one line of `%`", 10 * MB, "bytes", &["check", "FILE"], |n| {
        format!("* * * * * a{}\n", "%".repeat(n))
    }),
    program("crontab: one comment with settings", 10 * MB, "bytes", &["check", "FILE"], |n| {
        format!("# sexton:{}\n* * * * * x\n", " retry=1".repeat(n / 8))
    }),
    program("crontab: one line that is no job", 10 * MB, "bytes", &["check", "FILE"], |n| {
        format!("{}\n", "x".repeat(n))
    }),
    program("list of jobs", 100_000, "lines", &["list", "FILE"], |n| {
        lines(n, |text, i| {
            let _ = write!(text, "{} {} {} * * backup --number {i}", i % 60, i % 24, i % 28 + 1);
        })
    }),
    program("next times of jobs", 100_000, "lines", &["next", "FILE", "--count", "10"], |n| {
        lines(n, |text, i| {
            let _ = write!(text, "{} {} {} * * backup --number {i}", i % 60, i % 24, i % 28 + 1);
        })
    }),
    program(
        "next times of jobs that are never due",
        100_000,
        "lines",
        &["next", "FILE", "--count", "10", "--from", UNTIL],
        |n| {
            lines(n, |text, i| {
                let _ = write!(text, "0 0 29 2 {} backup --number {i}", i % 7);
            })
        },
    ),
    program("week", 100_000, "lines", &["week", "FILE"], |n| {
        lines(n, |text, i| {
            let _ = write!(text, "{} {} {} * * backup --number {i}", i % 60, i % 24, i % 28 + 1);
        })
    }),
    program("week of jobs that are due each second", 10_000, "lines", &["week", "FILE"], |n| {
        lines(n, |text, i| {
            let _ = write!(text, "# sexton: allow seconds-order\n* * * * * * poll {i}");
        })
    }),
];

fn refused<T, E: std::fmt::Display>(result: Result<T, E>) {
    let error = result.err().expect("an error").to_string();
    assert!(error.len() < 2000, "a message of {} bytes", error.len());
}

/// So many lines.
fn lines(count: usize, line: impl Fn(&mut String, usize)) -> String {
    let mut text = String::new();
    for i in 0..count {
        line(&mut text, i);
        text.push('\n');
    }
    text
}

/// Opens a journal of so many bytes. Each line gets its checksum.
fn journal(bytes: usize, record: impl Fn(&mut String, u32)) {
    open_journal(|file| {
        let mut line = String::new();
        let mut written = 0;
        for i in 0.. {
            if written >= bytes {
                break;
            }
            line.clear();
            record(&mut line, i);
            let sum = crc32fast::hash(line.as_bytes());
            writeln!(file, "{sum:08x} {line}")?;
            written += line.len() + 10;
        }
        Ok(())
    });
}

/// Opens a journal of which all but the first line is written by a function.
fn open_journal(write: impl Fn(&mut dyn Write) -> io::Result<()>) {
    let folder = std::env::temp_dir().join(format!("sexton-hostile-journal-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the journal");
    let path = folder.join("journal");
    let mut file = io::BufWriter::new(File::create(&path).expect("a journal"));
    file.write_all(b"sexton journal 1\n").and_then(|()| write(&mut file)).expect("a journal");
    drop(file);
    let clock = ManualClock::new(std::time::UNIX_EPOCH);
    let scheduler = Scheduler::builder().clock(&clock).zone("UTC").journal(&path).build();
    drop(scheduler);
    std::fs::remove_dir_all(&folder).expect("the folder is ours");
}

/// A zone file of version 2 whose clocks change every two hours.
fn zone_file(changes: usize) -> Vec<u8> {
    let mut file = Vec::new();
    let header = |changes: u32| {
        let mut header = b"TZif2".to_vec();
        header.resize(20, 0);
        for count in [0, 0, 0, changes, 2, 8] {
            header.extend(u32::to_be_bytes(count));
        }
        header
    };
    // The first part is there for old readers, and has no changes.
    for (changes, is_old) in [(0, true), (changes, false)] {
        file.extend(header(changes as u32));
        for i in 0..changes {
            file.extend(i64::to_be_bytes(i as i64 * 7200));
        }
        file.extend((0..changes).map(|i| (i % 2) as u8));
        for (offset, abbreviation) in [(0i32, 0u8), (3600, 4)] {
            file.extend(i32::to_be_bytes(offset));
            file.extend([0, abbreviation]);
        }
        file.extend(b"AAA\0BBB\0");
        if !is_old {
            file.extend(b"\nAAA0\n");
        }
    }
    file
}
