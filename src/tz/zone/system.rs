//! The zones of this machine: the `TZ` variable, `/etc/localtime`, the folders of the time zone database.
//!
//! Of this module only this file reads files and the environment. Beside it `source` asks for the metadata of a file, and
//! [`command`] starts programs of the system. All that it decides by is in [`System`], so that tests bring a machine of
//! their own.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read};
use std::iter;
use std::path::{Path, PathBuf};

use super::embedded::Embedded;
use super::error::{quoted, Kind, TzError};
use super::source::{Source, Stamp};
use super::{tzif, PosixZone, Zone};
use crate::excerpt::Excerpt;
use crate::platform::{android, command, windows};

/// Where systems keep the database, in the order in which the C libraries look.
const FOLDERS: [&str; 5] = [
    "/usr/share/zoneinfo",
    "/usr/share/lib/zoneinfo",
    "/usr/lib/zoneinfo",
    "/etc/zoneinfo",
    "/var/db/timezone/zoneinfo",
];

/// The longest name of a zone.
const MAX_NAME: usize = 96;

/// The longest value of `TZ`.
const MAX_VALUE: usize = 1024;

/// What a machine, and the user who started the program, say about zones.
#[derive(Clone, Debug)]
pub(super) struct System {
    /// The `TZ` variable, if it is set.
    pub(super) tz: Option<OsString>,
    /// Where zone files are looked for. The first file decides.
    pub(super) folders: Vec<PathBuf>,
    /// Android's files with all zones in one. The first that is there decides, where no folder did.
    pub(super) tzdata: Vec<PathBuf>,
    /// What is asked where no folder has the file.
    pub(super) embedded: Option<Embedded>,
    /// Whether `TZ` may hold a path.
    pub(super) allow_paths: bool,
    /// `/etc/localtime`: the data of the system zone.
    pub(super) localtime: PathBuf,
    /// `/etc/timezone`: perhaps its name.
    pub(super) timezone: PathBuf,
}

impl System {
    /// This machine, and the user who started this program.
    pub(super) fn here() -> System {
        // In libc, too, TZDIR takes the place of the folders: a mistake in it should show.
        let tzdir = env::var_os("TZDIR").map(PathBuf::from).filter(|folder| folder.is_absolute());
        let this = System { allow_paths: true, ..System::here_without_paths() };
        match tzdir {
            Some(folder) => System { folders: vec![folder], tzdata: Vec::new(), ..this },
            None => this,
        }
    }

    /// This machine, for a program with more rights than the user who started it: files are read from the system's own
    /// folders alone.
    pub(super) fn here_without_paths() -> System {
        let paths = |paths: &[&str]| paths.iter().map(PathBuf::from).collect();
        System {
            tz: env::var_os("TZ"),
            // On Windows they would be folders of whatever drive the program works on.
            folders: paths(if cfg!(windows) { &[] } else { &FOLDERS }),
            tzdata: paths(if cfg!(target_os = "android") { &android::FILES } else { &[] }),
            embedded: Embedded::built_in(),
            allow_paths: false,
            localtime: "/etc/localtime".into(),
            timezone: "/etc/timezone".into(),
        }
    }

    /// The zone that `TZ` means; if it is not set, the system zone.
    pub(super) fn local(&self) -> Result<Zone, TzError> {
        match &self.tz {
            None if cfg!(windows) => zone_of_registry(&command::registry().map_err(no_answer)?),
            None if cfg!(target_os = "android") => self.named(&command::property().map_err(no_answer)?),
            None => self.system_zone(),
            Some(value) => match value.to_str() {
                Some(value) => self.meant_by(value),
                None => Err(bad_value(&value.to_string_lossy(), "UTF-8")),
            },
        }
    }

    /// The zone that a value of `TZ` means.
    pub(super) fn meant_by(&self, value: &str) -> Result<Zone, TzError> {
        if value.len() > MAX_VALUE {
            return Err(bad_value(value, "at most 1024 bytes"));
        }
        // POSIX leaves the meaning of the colon to the system; here and in glibc it rules out a rule. So does a slash before
        // the first comma: a user who wrote `Europe/Paris` meant a zone, and the error is about that alone.
        let (text, may_be_rule) = match value.strip_prefix(':') {
            Some(text) => (text, false),
            None => (value, !value.split(',').next().map_or(false, |offsets| offsets.contains('/'))),
        };
        if text.is_empty() {
            return Ok(Zone::utc());
        }
        if text.starts_with('/') {
            return self.at_path(text);
        }
        let missing = match self.named(text) {
            Err(error) if may_be_rule && error.kind == Kind::NoZone => error,
            zone_or_damage => return zone_or_damage,
        };
        PosixZone::parse(text).map(|rule| Zone::of_rule(text, rule)).map_err(|rule| {
            TzError::new(format!("TZ{} is neither a zone ({missing}) nor a rule ({rule})", quoted(value)))
        })
    }

    /// The zone of this name in the database.
    pub(super) fn named(&self, name: &str) -> Result<Zone, TzError> {
        check_name(name)?;
        if let Some(zone) = without_data(name) {
            return Ok(zone);
        }
        for folder in &self.folders {
            let path = folder.join(name);
            // A folder such as `America` is no zone, and may be a zone in the next folder.
            if is_file(&path)? {
                return load(name, &path);
            }
        }
        let tzdata = self.tzdata.iter().find(|path| path.is_file());
        let tzdata = tzdata.filter(|_| cfg!(any(test, target_os = "android")));
        if let Some(zone) = tzdata.and_then(|path| named_in_tzdata(path, name).transpose()) {
            return zone;
        }
        let embedded = self.embedded().and_then(|table| table.zone(name));
        embedded.ok_or_else(|| self.no_such_zone(name))
    }

    /// The table, which is there only with the feature: without it, the compiler leaves out what would read it.
    fn embedded(&self) -> Option<Embedded> {
        self.embedded.filter(|_| cfg!(any(test, feature = "embedded-tz")))
    }

    fn no_such_zone(&self, name: &str) -> TzError {
        let suggestion = self.folders.iter().find_map(|folder| in_other_case(folder, name));
        let suggestion = suggestion.or_else(|| self.embedded()?.in_other_case(name));
        let is_database = self.folders.iter().any(|folder| folder.is_dir())
            || self.tzdata.iter().any(|path| path.is_file());
        let searched = self.folders.iter().chain(&self.tzdata);
        let searched: Vec<_> = searched.map(|path| path.display().to_string()).collect();
        let searched = if searched.is_empty() { "no folder".into() } else { searched.join(", ") };
        let embedded =
            self.embedded().map(|table| format!("not in the embedded table {}", table.edition.version));
        let nor = embedded.as_ref().map_or(String::new(), |embedded| format!(" and {embedded}"));
        let message = match (suggestion, embedded) {
            (Some(other), _) => format!("zone `{name}`: not found in {searched}{nor}, but there is `{other}`"),
            (None, _) if is_database => format!("zone `{name}`: not found in {searched}{nor}"),
            (None, Some(embedded)) => format!(
                "zone `{name}`: {embedded}, and no time zone database on this machine (looked in {searched}). \
                 Install the `tzdata` package, set TZDIR, or embed a file with `Zone::from_tzif`."
            ),
            (None, None) => format!(
                "zone `{name}`: no time zone database on this machine (looked in {searched}). Install the `tzdata` \
                 package, set TZDIR, embed a file with `Zone::from_tzif`, or enable the `embedded-tz` feature."
            ),
        };
        TzError::no_zone(None, message)
    }

    fn at_path(&self, text: &str) -> Result<Zone, TzError> {
        if !self.allow_paths {
            return Err(bad_value(text, "a zone or a rule, since paths are not allowed here"));
        }
        let path = Path::new(text);
        let below = self.folders.iter().find_map(|folder| path.strip_prefix(folder).ok()?.to_str());
        let name = below.or_else(|| below_zoneinfo(path)).unwrap_or(text);
        load(if check_name(name).is_ok() { name } else { text }, path)
    }

    /// Where the zone that a value of `TZ` means may come from: the first of these that is there.
    pub(super) fn files_meant_by(&self, value: &OsStr) -> Vec<PathBuf> {
        match value.to_str().map(|value| value.strip_prefix(':').unwrap_or(value)) {
            Some(path) if path.starts_with('/') => vec![path.into()],
            Some(name) if check_name(name).is_ok() => {
                self.folders.iter().map(|folder| folder.join(name)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What the system's clocks show: always the contents of `/etc/localtime`, whatever its name. Only where a link there
    /// leads to no file does the name count, of a zone that needs none.
    fn system_zone(&self) -> Result<Zone, TzError> {
        let path = &self.localtime;
        let name = name_by_link(path);
        match read(path) {
            Ok(bytes) => {
                let name = name.or_else(|| self.name_by_text(&bytes));
                let history = tzif::parse(&path.to_string_lossy(), &bytes)?;
                Ok(Zone::of_history(name.as_deref().unwrap_or("localtime"), history))
            }
            Err(error) if error.kind == Kind::NoFile => {
                let zone = name.and_then(|name| without_data(&name).or_else(|| self.embedded()?.zone(&name)));
                zone.ok_or_else(|| {
                    let (path, target) = (path.display(), links(path).pop());
                    TzError::new(match target {
                        None => format!(
                            "system zone: TZ is not set and there is no `{path}`; set TZ or name a zone"
                        ),
                        Some(target) => format!(
                            "system zone: TZ is not set and `{path}` leads to `{}`, which is not there; \
                             install the `tzdata` package, set TZ or name a zone",
                            target.display()
                        ),
                    })
                })
            }
            Err(error) => Err(error),
        }
    }

    /// The name in `/etc/timezone`, which only some systems keep up to date: if its file is the very same.
    fn name_by_text(&self, localtime: &[u8]) -> Option<String> {
        let text = String::from_utf8(read(&self.timezone).ok()?).ok()?;
        let name = text.trim_end();
        check_name(name).ok()?;
        let is_same = |folder: &PathBuf| read(&folder.join(name)).map_or(false, |bytes| bytes == localtime);
        self.folders.iter().any(is_same).then(|| name.to_string())
    }
}

/// Checks that a name can be that of a zone, so that it may be joined to a folder even if it comes from a stranger: parts of
/// letters, digits, `.`, `_`, `+` and `-`, none of which begins with `.` or `-`, with single slashes between them.
fn check_name(name: &str) -> Result<(), TzError> {
    let error = |at: usize, len: usize, expected: &str| {
        let found = Excerpt::of(name, at, (at + len).min(name.len()));
        let name = quoted(name);
        let message = format!("zone name{name}: found {found} at byte {at}, expected {expected}");
        Err(TzError::no_zone(Some(at), message))
    };
    if name.len() > MAX_NAME {
        return error(MAX_NAME, name.len() - MAX_NAME, "at most 96 bytes");
    }
    if name.starts_with("right/") {
        return error(0, 6, "a zone without leap seconds, which system time does not count");
    }
    let mut at = 0;
    for part in name.split('/') {
        match part.bytes().next() {
            None => return error(at, 1, "a name such as `Europe/Paris`"),
            Some(b'.' | b'-') => return error(at, part.len(), "a letter, digit, `_` or `+` first"),
            Some(_) => {}
        }
        let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'+' | b'-');
        if let Some(i) = part.bytes().position(|byte| !is_fine(byte)) {
            return error(at + i, 1, "letters, digits, `.`, `_`, `+`, `-` or `/`");
        }
        at += part.len() + 1;
    }
    Ok(())
}

/// A zone of which everybody knows what its clocks show.
fn without_data(name: &str) -> Option<Zone> {
    match name {
        "UTC" | "Etc/UTC" | "Z" => Some(Zone::constant(name, 0, "UTC")),
        "GMT" | "Etc/GMT" => Some(Zone::constant(name, 0, "GMT")),
        _ => None,
    }
}

fn bad_value(value: &str, expected: &str) -> TzError {
    TzError::new(format!("TZ{}: expected {expected}", quoted(value)))
}

/// A program of the system could not tell the system zone.
pub(super) fn no_answer(failed: command::Failed) -> TzError {
    TzError::new(format!("system zone: TZ is not set and {failed}; set TZ or name a zone"))
}

fn load(name: &str, path: &Path) -> Result<Zone, TzError> {
    let (bytes, stamp) = read_stamped(path)?;
    let history = tzif::parse(&path.to_string_lossy(), &bytes)?;
    Ok(Zone::new(name, history, Some(Source { path: path.into(), stamp }), None))
}

fn read(path: &Path) -> Result<Vec<u8>, TzError> {
    read_stamped(path).map(|(bytes, _)| bytes)
}

/// The zone of this name in a file with all zones. Errors tell the place in its own part of that, as if it were a folder.
fn named_in_tzdata(path: &Path, name: &str) -> Result<Option<Zone>, TzError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(android::MAX_LEN).read_to_end(&mut bytes))
        .map_err(|error| TzError::io(path, &error))?;
    let found = file_in_tzdata(&path.to_string_lossy(), &bytes, name)?;
    let history = found.map(|file| tzif::parse(&path.join(name).to_string_lossy(), file)).transpose()?;
    Ok(history.map(|history| Zone::of_history(name, history)))
}

/// The zone file of this name in Android's file, which errors call `source`.
pub(super) fn file_in_tzdata<'a>(
    source: &str,
    bytes: &'a [u8],
    name: &str,
) -> Result<Option<&'a [u8]>, TzError> {
    android::find(bytes, name)
        .map_err(|damage| TzError::damaged(source, damage.part, &damage.found, damage.at, &damage.expected))
}

/// The zone that the registry of Windows describes.
pub(super) fn zone_of_registry(output: &[u8]) -> Result<Zone, TzError> {
    let (name, rule) = windows::rule_of(output)
        .map_err(|mistake| TzError::new(format!("system zone: {mistake}; set TZ or name a zone")))?;
    Zone::of_rule_text(name.as_deref().unwrap_or("localtime"), &rule)
}

impl Zone {
    /// The zone by this name as its file describes it now, if that is not what this zone says; `None` also where a zone
    /// did not come from a file of the database. The system zone is for a [`LocalZone`](super::LocalZone) to follow.
    ///
    /// One `stat` where the file was not touched. One that was touched but says the same is read again at each call: a
    /// zone that never changes needs no lock, and reading a file takes some microseconds.
    ///
    /// # Errors
    ///
    /// If the file is gone or damaged, at each call until it is there again.
    pub(crate) fn reloaded(&self) -> Result<Option<Zone>, TzError> {
        match &self.data.source {
            Some(source) if Stamp::of(&source.path).as_ref() != Some(&source.stamp) => {
                Ok(Some(load(self.name(), &source.path)?).filter(|zone| zone != self))
            }
            _ => Ok(None),
        }
    }
}

/// Reads a regular file, and no more of it than a zone file may have. Anything else is not even opened: opening a pipe
/// or a terminal may wait for ever, and reading a device may never end.
fn read_stamped(path: &Path) -> Result<(Vec<u8>, Stamp), TzError> {
    let io_error = |error: io::Error| TzError::io(path, &error);
    if !fs::metadata(path).map_err(io_error)?.is_file() {
        return Err(TzError::new(format!("zone file `{}`: not a regular file", path.display())));
    }
    let file = File::open(path).map_err(io_error)?;
    // Of the file that is read, which another may have replaced by now; and before it is read, so that what is written
    // to it meanwhile shows.
    let stamp = Stamp::new(&file.metadata().map_err(io_error)?);
    let mut bytes = Vec::new();
    file.take(tzif::MAX_LEN as u64 + 1).read_to_end(&mut bytes).map_err(io_error)?;
    Ok((bytes, stamp))
}

/// Whether there is a regular file; an error if that is not for us to know.
fn is_file(path: &Path) -> Result<bool, TzError> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.is_file()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(TzError::io(path, &error)),
        Err(_) => Ok(false),
    }
}

/// The zone in the folder whose name differs but in upper and lower case.
fn in_other_case(folder: &Path, name: &str) -> Option<String> {
    let mut path = folder.to_path_buf();
    let mut found = Vec::new();
    for part in name.split('/') {
        let entries = fs::read_dir(&path).ok()?;
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let name = names.filter(|name| name.eq_ignore_ascii_case(part)).min()?;
        path.push(&name);
        found.push(name);
    }
    path.is_file().then(|| found.join("/"))
}

/// The name of a zone in the first path on the way of a link that tells one.
fn name_by_link(path: &Path) -> Option<String> {
    links(path)
        .iter()
        .filter_map(|path| below_zoneinfo(path))
        .find(|name| check_name(name).is_ok())
        .map(str::to_owned)
}

/// Where a link leads, where the link there leads, and so on.
pub(super) fn links(path: &Path) -> Vec<PathBuf> {
    // Links may go round in circles; no real chain has more than two or three.
    const MAX_LINKS: usize = 8;
    let follow = |path: &Path| Some(path.parent()?.join(fs::read_link(path).ok()?));
    iter::successors(follow(path), |path| follow(path)).take(MAX_LINKS).collect()
}

/// What follows the last `zoneinfo` folder of a path.
fn below_zoneinfo(path: &Path) -> Option<&str> {
    path.to_str()?.rsplit_once("/zoneinfo/").map(|(_, name)| name)
}
