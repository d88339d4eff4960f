//! A journal says the same after it was opened, and written anew if it was damaged, as before. A damaged line, and the
//! last one if it was cut short, is as if it were not there; all other lines count.
//!
//! A line of the input is a line of a journal without its checksum, which is put in front of it. One that begins with `?`
//! gets a wrong checksum, and one that begins with `!` none. The last one has no end.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use sexton::tz::Zone;
use sexton::{Event, ManualClock, Scheduler};

/// What a journal says of each name: its last due time, and the runs that were cut off.
type Said = BTreeMap<String, (Option<SystemTime>, Vec<SystemTime>)>;

const HEADER: &[u8] = b"sexton journal 1\n";

/// A line that is there whatever the others are.
const LAST: &[u8] = b"began -86400.000000000 last";

pub fn law(data: &[u8]) {
    let folder = Folder::new();
    let mut lines: Vec<Vec<u8>> = data.split(|&byte| byte == b'\n').map(line).collect();
    let cut_short = lines.pop().expect("there is always a line");
    lines.push(line(LAST));
    let sound = lines.iter().filter(|line| has_its_checksum(line));
    let sound = [HEADER.to_vec()].into_iter().chain(sound.cloned()).collect::<Vec<_>>().concat();
    let whole = [HEADER, &lines.concat(), cut_short.strip_suffix(b"\n").expect("it is a line")].concat();

    let path = folder.0.join("sound");
    fs::write(&path, sound).expect("the folder is there");
    let expected = said(&path);
    let (last, runs) = &expected["last"];
    assert_eq!(*last, SystemTime::UNIX_EPOCH.checked_sub(Duration::from_secs(86_400)));
    assert!(last.is_some_and(|last| runs.contains(&last)), "{runs:?}");

    let path = folder.0.join("whole");
    fs::write(&path, whole).expect("the folder is there");
    open(&path).shutdown();
    assert_eq!(said(&path), expected);
}

/// The line of a journal for a line of the input.
fn line(text: &[u8]) -> Vec<u8> {
    let with = |checksum: u32, text: &[u8]| [format!("{checksum:08x} ").as_bytes(), text, b"\n"].concat();
    match text {
        [b'!', raw @ ..] => [raw, b"\n"].concat(),
        [b'?', text @ ..] => with(crc32(text) ^ 1 << 9, text),
        text => with(crc32(text), text),
    }
}

fn has_its_checksum(line: &[u8]) -> bool {
    let text = line.get(9..line.len() - 1).unwrap_or_default();
    line.starts_with(format!("{:08x} ", crc32(text)).as_bytes())
}

/// The CRC-32 of zip files, as the remainder of a division.
fn crc32(bytes: &[u8]) -> u32 {
    let bits = bytes.iter().flat_map(|byte| (0..8).map(move |bit| u32::from(byte >> bit & 1)));
    !bits.fold(u32::MAX, |crc, bit| crc >> 1 ^ if crc & 1 == bit { 0 } else { 0xEDB8_8320 })
}

fn open(path: &Path) -> Scheduler {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    let builder = Scheduler::builder().clock(&clock).zone(Zone::utc()).journal(path);
    builder.build().expect("a file with a header is a journal")
}

/// What the file says. Leaves it as it was.
fn said(path: &Path) -> Said {
    let bytes = fs::read(path).expect("it was written");
    let scheduler = open(path);
    let cut_off = Arc::new(Mutex::new(Vec::new()));
    let heard = cut_off.clone();
    scheduler.observe(move |event| {
        if let Event::CutOff { task, due } = event {
            heard.lock().expect("nothing panics meanwhile").push((task.to_string(), *due));
        }
    });
    let names = scheduler.forget_unscheduled();
    scheduler.shutdown();

    fs::write(path, bytes).expect("it was written before");
    let scheduler = open(path);
    let mut said: Said =
        names.into_iter().map(|name| (name.clone(), (scheduler.last_due(&name), Vec::new()))).collect();
    for (name, due) in cut_off.lock().expect("nothing panics meanwhile").drain(..) {
        said.get_mut(&name).expect("only names that are forgotten have runs").1.push(due);
    }
    scheduler.shutdown();
    said
}

/// A folder of its own, in memory where the system has such folders, and removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let shared = Path::new("/dev/shm");
        let parent = if shared.is_dir() { shared.into() } else { std::env::temp_dir() };
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = parent.join(format!("sexton-fuzz-{}-{count}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder for journals can be made");
        Folder(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
