//! Journals that were cut short, and ones that something else has written to.

use std::io::{self, Read};

use super::*;
use crate::journal::line::MAX_LINE;
use crate::journal::read::Ignored;

/// A record of each kind, and where the lines begin; the first is the header.
fn sample() -> (Vec<u8>, Vec<usize>, Vec<Line<'static>>) {
    let records = vec![
        Line::new(What::Began(at(60)), "report"),
        Line::new(What::Ended(at(60)), "report"),
        Line::new(What::Began(at(120)), "backup"),
        Line::new(What::Passed(at(30)), "two\nlines"),
        Line::new(What::Last(at(240)), "Zoë"),
        Line::new(What::Began(UNIX_EPOCH - Duration::from_nanos(1)), "early"),
        Line::new(What::Began(at(9)), "old"),
        Line::new(What::Forgot, "old"),
        Line::new(What::Passed(at(77)), "feed"),
    ];
    let mut bytes = line::HEADER.as_bytes().to_vec();
    let mut starts = vec![0];
    for record in &records {
        starts.push(bytes.len());
        bytes.extend(record.to_text().into_bytes());
    }
    (bytes, starts, records)
}

/// What the records say but for those of some lines; line 0 is the header.
fn state_without(records: &[Line<'_>], lines: &[usize]) -> State {
    let mut state = State::default();
    let kept = records.iter().enumerate().filter(|(i, _)| !lines.contains(&(i + 1)));
    kept.for_each(|(_, record)| state.apply(record));
    state
}

const NAMES: [&str; 6] = ["report", "backup", "two\nlines", "Zoë", "early", "feed"];

#[test]
fn a_journal_cut_short_anywhere_keeps_all_whole_records() {
    let folder = Folder::new("cut");
    let path = folder.journal();
    let (bytes, starts, records) = sample();
    for len in 0..=bytes.len() {
        fs::write(&path, &bytes[..len]).unwrap();
        let whole = starts[1..].iter().chain([&bytes.len()]).filter(|end| **end <= len).count();
        let lost: Vec<_> = (whole.max(1)..=records.len()).collect();
        let mut expected = state_without(&records, &lost);
        expected.cut_off();
        let mut journal = open(&path);
        assert_eq!(journal.state, expected, "{len}");
        // The rest of a line is cut off: the next record does not continue it.
        journal.passed("next", at(1)).unwrap();
        drop(journal);
        let mut journal = open(&path);
        assert_eq!(journal.past("next"), past(1, &[]), "{len}");
        for name in NAMES {
            assert_eq!(journal.past(name).last, expected.get(name).and_then(|known| known.last));
        }
        assert_eq!(folder.files(), ["jobs.journal"]);
    }
}

/// The line that a byte is in, and the next one if the byte is the newline.
fn lines_of(offset: usize, bytes: &[u8], starts: &[usize]) -> Vec<usize> {
    let line = starts.iter().rposition(|start| *start <= offset).unwrap();
    let is_newline = bytes[offset] == b'\n' && line + 1 < starts.len();
    (line..=line + usize::from(is_newline)).collect()
}

#[test]
fn damage_anywhere_costs_the_damaged_line_alone_and_is_told() {
    let (bytes, starts, records) = sample();
    for offset in 0..bytes.len() {
        let lines = lines_of(offset, &bytes, &starts);
        let flipped = (0..8).map(|bit| bytes[offset] ^ 1 << bit);
        let others = [0, b'\n', b' ', b'\\', 0xff].into_iter().filter(|byte| *byte != bytes[offset]);
        for byte in flipped.chain(others) {
            let mut damaged = bytes.clone();
            damaged[offset] = byte;
            let what = format!("byte {offset} is {byte:#x}");
            // Of another version nothing is read.
            let is_other_version = lines[0] == 0 && damaged.starts_with(b"sexton journal ");
            let reading = match read::read(&*damaged).unwrap() {
                Contents::Foreign(_) if is_other_version => continue,
                Contents::Journal(reading) if !is_other_version => reading,
                other => panic!("{what}: {other:?}"),
            };
            assert_eq!(reading.state, state_without(&records, &lines), "{what}");
            // Without the newline at its end the last line is what is left of a write that was cut short.
            if offset != bytes.len() - 1 {
                let ignored = reading.ignored.unwrap_or_else(|| panic!("{what}: not told"));
                assert_eq!(ignored.at, starts[lines[0]] as u64, "{what}");
                assert_eq!(ignored.line, lines[0] as u64 + 1, "{what}");
                assert_eq!(ignored.count, if byte == b'\n' { 2 } else { 1 }, "{what}");
                assert_eq!(reading.len, bytes.len() as u64, "{what}");
            }
        }
    }
}

#[test]
fn a_damaged_journal_is_kept_as_it_was() {
    let folder = Folder::new("kept-damaged");
    let path = folder.journal();
    let (mut bytes, starts, _) = sample();
    bytes[starts[3]] = b'x';
    bytes[starts[5]] = b'\n';
    for kept in ["jobs.journal.damaged", "jobs.journal.damaged.2", "jobs.journal.damaged.3"] {
        fs::write(&path, &bytes).unwrap();
        let Opened { mut journal, damage } = Journal::open(&path).unwrap();
        let message = damage.unwrap().to_string().replace(&format!("{}/", folder.0.display()), "");
        assert_eq!(
            message,
            format!(
                "journal `jobs.journal`: line 4 at byte {}: found `x2e7c4f1 began 120.000000000 bac…`, \
                 expected its checksum `22e7c4f1` first; 3 lines were ignored, and the file as it was is kept as `{kept}`",
                starts[3]
            )
        );
        assert_eq!(fs::read(folder.0.join(kept)).unwrap(), bytes);
        assert_eq!(journal.past("report"), past(60, &[]));
        assert_eq!(journal.past("backup"), Past::default());
        assert_eq!(journal.past("feed"), past(77, &[]));
        drop(journal);
        assert_eq!(open(&path).past("feed"), past(77, &[]), "told once");
        bytes.extend(Line::new(What::Passed(at(1)), "more").to_text().into_bytes());
    }
    assert_eq!(
        folder.files(),
        ["jobs.journal", "jobs.journal.damaged", "jobs.journal.damaged.2", "jobs.journal.damaged.3"]
    );
}

#[test]
fn without_hard_links_a_damaged_journal_is_copied() {
    let folder = Folder::new("copied");
    let (from, to) = (folder.journal(), folder.0.join("copy"));
    assert!(file::copy_new(&from, &to).is_err());
    assert_eq!(folder.files(), [""; 0], "no part of a copy stays");
    fs::write(&from, "one").unwrap();
    file::copy_new(&from, &to).unwrap();
    fs::write(&from, "two").unwrap();
    assert_eq!(file::copy_new(&from, &to).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read_to_string(&to).unwrap(), "one");
}

/// The same with the files, at some of the places.
#[test]
fn a_damaged_journal_goes_on() {
    let folder = Folder::new("goes-on");
    let path = folder.journal();
    let (bytes, starts, records) = sample();
    for offset in (starts[1]..starts[records.len() - 1]).step_by(13) {
        let mut damaged = bytes.clone();
        damaged[offset] ^= 4;
        fs::write(&path, &damaged).unwrap();
        let Opened { mut journal, damage } = Journal::open(&path).unwrap();
        damage.unwrap();
        let mut expected = state_without(&records, &lines_of(offset, &bytes, &starts));
        expected.cut_off();
        assert_eq!(journal.state, expected);
        journal.passed("next", at(1)).unwrap();
        drop(journal);
        let mut journal = open(&path);
        assert_eq!(journal.past("next"), past(1, &[]));
        for name in NAMES {
            assert_eq!(journal.past(name).last, expected.get(name).and_then(|known| known.last));
        }
    }
}

/// So many of one byte, and then a text.
fn endless(len: u64, text: &[u8]) -> impl Read + '_ {
    line::HEADER.as_bytes().chain(io::repeat(b'x').take(len)).chain(text)
}

#[test]
fn a_line_without_end_is_not_read_into_memory() {
    let line = Line::new(What::Passed(at(60)), "report").to_text();
    let text = [b"\n", line.as_bytes()].concat();
    let most = MAX_LINE as u64;
    for len in [most, most + 1, most + 2, 1 << 24] {
        for (text, known) in [(&b""[..], false), (b"\n", false), (&text, true)] {
            let reading = match read::read(endless(len, text)).unwrap() {
                Contents::Journal(reading) => reading,
                other => panic!("{other:?}"),
            };
            assert_eq!(reading.state.get("report").is_some(), known, "{len}");
            // Without an end it may be a write of ours that was cut short, unless it is too long for that.
            assert_eq!(reading.ignored.is_some(), len > most || !text.is_empty(), "{len}");
            if let Some(Ignored { count, line, at, flaw }) = reading.ignored {
                assert_eq!((count, line, at), (1, 2, 17));
                assert_eq!(flaw.contains("expected at most 65536 bytes"), len > most, "{len} {flaw:?}");
            }
        }
    }
    assert!(matches!(read::read(io::repeat(b's')).unwrap(), Contents::Foreign(_)), "whatever its length");
}

#[test]
fn a_file_whose_beginning_is_lost_is_a_journal_and_any_other_file_is_not() {
    let (bytes, starts, records) = sample();
    let nuls = |count| vec![0; count];
    // All of it, as a power failure leaves it.
    for len in [1, 17, 63, 64, 65, bytes.len(), MAX_LINE + 100] {
        match read::read(&*nuls(len)).unwrap() {
            Contents::Journal(Reading { state, ignored: Some(ignored), .. }) => {
                assert_eq!((state, ignored.line, ignored.at), (State::default(), 1, 0), "{len}");
            }
            other => panic!("{len}: {other:?}"),
        }
    }
    // Its first line, or some lines: what is whole is read.
    let mut damaged = bytes.clone();
    damaged[..starts[3] - 1].fill(0);
    match read::read(&*damaged).unwrap() {
        Contents::Journal(reading) => assert_eq!(reading.state, state_without(&records, &[0, 1, 2])),
        other => panic!("{other:?}"),
    }
    for foreign in ["hello\n", "hello", "sexton journal 2\nx\n", &"a line\n".repeat(1000), "\u{1}\n\0\n"] {
        let is_left = matches!(read::read(foreign.as_bytes()).unwrap(), Contents::Foreign(_));
        assert!(is_left, "{foreign:.20}");
    }
}
