//! Records and lines.

use proptest::prelude::*;

use super::*;
use crate::hash::crc32;

#[test]
fn the_checksum_is_that_of_everybody() {
    assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    assert_eq!(crc32(b""), 0);
}

#[test]
fn a_journal_can_be_read_by_eye() {
    let folder = Folder::new("eye");
    let mut journal = open(&folder.journal());
    let due = UNIX_EPOCH + Duration::new(1_795_392_000, 5);
    journal.began("report", due, false).unwrap();
    journal.ended("report", due).unwrap();
    journal.passed("two\nlines \\ Zoë", UNIX_EPOCH - Duration::from_millis(500)).unwrap();
    journal.forget("report").unwrap();
    let expected = "sexton journal 1\n\
        d9a7072e began 1795392000.000000005 report\n\
        f9090ba5 ended 1795392000.000000005 report\n\
        08b36d86 passed -0.500000000 two\\nlines \\\\ Zoë\n\
        8d60b8e2 forgot - report\n";
    assert_eq!(fs::read_to_string(folder.journal()).unwrap(), expected);
}

/// A line with its checksum put right.
fn summed(rest: &[u8]) -> Vec<u8> {
    [format!("{:08x} ", crc32(rest)).as_bytes(), rest].concat()
}

#[test]
fn a_line_is_read_only_as_it_is_written() {
    let message = |rest: &[u8]| Line::parse(&summed(rest)).unwrap_err();
    assert_eq!(
        message(b"start 1.000000000 a"),
        "found `start`, expected `began`, `asked`, `ended`, `passed`, `last` or `forgot`"
    );
    let time = "expected Unix seconds such as `1795392000.000000000`, within this system's range";
    assert_eq!(message(b"began 1.5e9 a"), format!("found `1.5e9`, {time}"));
    assert_eq!(message(b"began"), format!("found nothing, {time}"));
    assert_eq!(message(b"ended 1.1000000000 a"), format!("found `1.1000000000`, {time}"));
    assert_eq!(
        message(b"last 99999999999999999999.000000000 a"),
        format!("found `99999999999999999999.000000000`, {time}")
    );
    assert_eq!(
        message(b"last 18446744073709551615.000000000 a"),
        format!("found `18446744073709551615.000000000`, {time}")
    );
    assert_eq!(
        message(b"last -18446744073709551615.000000000 a"),
        format!("found `-18446744073709551615.000000000`, {time}")
    );
    assert_eq!(message(b"began \xff a"), "found `began \u{fffd} a`, expected UTF-8");
    // Read, but not written so.
    assert_eq!(message(b"ended 1.5 a"), "found `ended 1.5 a`, expected `ended 1.000000005 a`");
    assert_eq!(
        message(b"ended +1.000000005 a"),
        "found `ended +1.000000005 a`, expected `ended 1.000000005 a`"
    );
    assert_eq!(
        message(b"ended -0.000000000 a"),
        "found `ended -0.000000000 a`, expected `ended 0.000000000 a`"
    );
    assert_eq!(message(b"ended 1.000000005"), "found `ended 1.000000005`, expected `ended 1.000000005 `");
    assert_eq!(message(b"forgot 1 a"), "found `forgot 1 a`, expected `forgot - a`");
    assert_eq!(message(b"forgot - \\x"), "found `forgot - \\x`, expected `forgot - \\\\x`");
    assert_eq!(message(b"forgot - \\"), "found `forgot - \\`, expected `forgot - \\\\`");
    assert_eq!(message(b"forgot - \\u{61}"), "found `forgot - \\u{61}`, expected `forgot - a`");
    assert_eq!(message(b"forgot - \\u{d800}"), "found `forgot - \\u{d800}`, expected `forgot - \\\\u{d800}`");
    assert_eq!(
        message(b"forgot - a\rb"),
        "found `forgot - a\\rb`, expected `forgot - a\\\\rb`".replace("\\\\rb", "\\rb")
    );
    let flaw = Line::parse(b"00000000 forgot - a").unwrap_err();
    let expected = format!("expected its checksum `{:08x}` first", crc32(b"forgot - a"));
    assert_eq!(flaw, format!("found `00000000 forgot - a`, {expected}"));
    for short in [&b""[..], b"0", b"00000000"] {
        assert!(Line::parse(short).unwrap_err().contains(", expected its checksum `"));
    }
}

#[test]
fn a_name_may_be_anything_but_endless() {
    let folder = Folder::new("long");
    let mut journal = open(&folder.journal());
    let names = [
        "",
        " ",
        "a b  ",
        "\n",
        "\r\n\t\0",
        "\\n",
        "\\",
        "\u{85}\u{2028}\u{202e}",
        "\u{1b}[31m",
        "日本語 🎉",
    ];
    for name in names {
        journal.passed(name, at(60)).unwrap();
    }
    let longest = "x".repeat(MAX_NAME);
    journal.check_name(&longest).unwrap();
    let begins = longest_time();
    journal.passed(&longest, begins).unwrap();
    journal.passed(&longest, at(60)).unwrap();
    let refused = |name: &str| journal.check_name(name).unwrap_err().to_string();
    let end = "found a name of 65473 bytes, `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…`, expected at most 65472";
    assert!(refused(&(longest.clone() + "x")).ends_with(end), "{}", refused(&(longest.clone() + "x")));
    // As it is written there.
    journal.check_name(&"\n".repeat(MAX_NAME / 2)).unwrap();
    assert!(refused(&"\n".repeat(MAX_NAME / 2 + 1)).contains("a name of 65474 bytes, `\\n\\n"));
    drop(journal);
    let mut journal = open(&folder.journal());
    for name in names.iter().copied().chain([&*longest]) {
        assert_eq!(journal.past(name), past(60, &[]), "{name:?}");
    }
}

/// One of those whose text is the longest.
fn longest_time() -> SystemTime {
    time(i64::MIN + 1, 1).or_else(|| time(-1_000_000_000_000, 1)).unwrap()
}

#[test]
fn any_time_is_exact() {
    let ends = [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX];
    let mut times = Vec::new();
    for seconds in ends {
        for nanos in [0, 1, 999_999_999] {
            times.extend(time(seconds, nanos));
        }
    }
    for due in times {
        let record = Line::new(What::Began(due), "a");
        let line = record.to_text();
        assert_eq!(Line::parse(line.trim_end().as_bytes()), Ok(record), "{line}");
    }
}

/// So many seconds and nanoseconds after 1970, in steps that fit.
fn time(seconds: i64, nanos: u32) -> Option<SystemTime> {
    let half = Duration::from_secs(seconds.unsigned_abs() / 2);
    let rest = Duration::from_secs(seconds.unsigned_abs()) - half;
    let whole = match seconds < 0 {
        true => UNIX_EPOCH.checked_sub(half)?.checked_sub(rest)?,
        false => UNIX_EPOCH.checked_add(half)?.checked_add(rest)?,
    };
    whole.checked_add(Duration::new(0, nanos))
}

proptest! {
    #[test]
    fn reading_mirrors_writing(seconds: i64, nanos in 0..1_000_000_000u32, name: String, what in 0..6usize) {
        let due = match time(seconds, nanos) {
            Some(due) => due,
            None => return Ok(()),
        };
        let what = [What::Began(due), What::Asked(due), What::Ended(due), What::Passed(due), What::Last(due), What::Forgot][what];
        let record = Line::new(what, &name);
        let line = record.to_text();
        prop_assert_eq!(line.matches('\n').count(), 1);
        prop_assert_eq!(Line::parse(&line.as_bytes()[..line.len() - 1]), Ok(record));
    }

    #[test]
    fn what_is_read_is_written_as_it_was(rest in "(began|ended|passed|last|forgot|x) (-|-?[0-9]{1,3}\\.[0-9]{8,10}) ([a-z\\\\{}]|\\\\[nrtu]|\\\\u\\{[0-9a-f]{1,3}\\}){0,4}") {
        let line = summed(rest.as_bytes());
        if let Ok(record) = Line::parse(&line) {
            prop_assert_eq!(record.to_text().into_bytes(), [&line[..], b"\n"].concat());
        }
    }
}
