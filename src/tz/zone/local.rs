//! The zone of the user who started the program, followed as the system's settings change.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use super::source::Stamp;
use super::system::{links, System};
use super::{TzError, Zone};

/// The local zone, as [`Zone::local`] finds it, and a way to find it again when the system's settings have changed.
///
/// ```no_run
/// # use sexton::tz::LocalZone;
/// let mut local = LocalZone::new()?;
/// // Now and then:
/// match local.refresh() {
///     Ok(true) => println!("clocks are those of {} now", local.zone()),
///     Ok(false) => {}
///     Err(error) => eprintln!("still going by {}: {error}", local.zone()),
/// }
/// # Ok::<(), sexton::tz::TzError>(())
/// ```
#[derive(Debug)]
pub struct LocalZone {
    zone: Zone,
    /// What the machine looked like when the zone was last read, or could not be.
    seen: State,
    /// Why it could not be read the last time.
    failure: Option<TzError>,
}

/// Whether a program is asked for the local zone where `TZ` is not set, and files do not tell that it has changed.
const ASKS_A_PROGRAM: bool = cfg!(any(windows, target_os = "android"));

/// To start a program takes long: once an hour will do. It has to be done, as Windows keeps the dates of one year.
const HOUR: u64 = 3600;

/// All that the local zone depends on, as far as it is known without reading a file.
#[derive(Debug, PartialEq, Eq)]
struct State {
    tz: Option<OsString>,
    folders: Vec<PathBuf>,
    /// Where `/etc/localtime` leads: the zone's name is in one of these.
    links: Vec<PathBuf>,
    /// The files that say what clocks show, or would if they were there.
    files: Vec<(PathBuf, Option<Stamp>)>,
    /// The hour, where a program is to be asked.
    hour: Option<u64>,
}

impl LocalZone {
    /// The zone of the `TZ` variable, or else that of the system.
    ///
    /// # Errors
    ///
    /// If there is neither, or what is there makes no sense.
    pub fn new() -> Result<LocalZone, TzError> {
        LocalZone::on(&System::here())
    }

    /// The zone as of the last [`refresh`](LocalZone::refresh).
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Reads the zone again if `TZ`, `TZDIR`, the link `/etc/localtime`, or length, time or inode of the file behind it
    /// are not what they were. Whether it is another zone now, by its name or its data.
    ///
    /// Where nothing changed that takes a few `stat`s. On Windows and Android, where a program has to be asked, that is done
    /// once an hour.
    ///
    /// # Errors
    ///
    /// If it cannot be read: the zone stays as it is, and the embedded table does not take the place of a file. From then on
    /// reading it is tried each time, and the error is reported again if it becomes another one or if something changes, but not
    /// over and over.
    pub fn refresh(&mut self) -> Result<bool, TzError> {
        self.refresh_on(&System::here())
    }

    /// Why it could not be read at the last [`refresh`](LocalZone::refresh), if that was so, reported or not.
    pub(crate) fn failure(&self) -> Option<&TzError> {
        self.failure.as_ref()
    }

    pub(super) fn on(system: &System) -> Result<LocalZone, TzError> {
        // Before the zone is read: a change after that will be seen as one.
        let seen = State::of(system);
        Ok(LocalZone { zone: system.local()?, seen, failure: None })
    }

    pub(super) fn refresh_on(&mut self, system: &System) -> Result<bool, TzError> {
        let now = State::of(system);
        let is_unchanged = now == self.seen;
        // A failure may pass without leaving a trace in files, such as one for want of file descriptors.
        if is_unchanged && (self.failure.is_none() || now.hour.is_some()) {
            return Ok(false);
        }
        self.seen = now;
        let is_embedded = |zone: &Zone| zone.data.edition.is_some();
        let found = match system.local() {
            // The table says less than a file did: of what is newer than it, and of what was before it, nothing.
            Ok(zone) if is_embedded(&zone) && !is_embedded(&self.zone) && zone.name() == self.zone.name() => {
                System { embedded: None, ..system.clone() }.local()
            }
            found => found,
        };
        match found {
            Ok(zone) => {
                self.failure = None;
                let is_another = zone != self.zone;
                self.zone = zone;
                Ok(is_another)
            }
            Err(error) if is_unchanged && self.failure.as_ref() == Some(&error) => Ok(false),
            Err(error) => {
                self.failure = Some(error.clone());
                Err(error)
            }
        }
    }
}

impl State {
    fn of(system: &System) -> State {
        let (links, files) = match &system.tz {
            Some(value) => (Vec::new(), system.files_meant_by(value)),
            // The second tells the name where the first is no link.
            None => (links(&system.localtime), vec![system.localtime.clone(), system.timezone.clone()]),
        };
        let stamped = |path: PathBuf| {
            let stamp = Stamp::of(&path);
            (path, stamp)
        };
        let hour = || {
            let since = SystemTime::now().duration_since(UNIX_EPOCH);
            since.map_or(0, |since| since.as_secs() / HOUR)
        };
        State {
            hour: (ASKS_A_PROGRAM && system.tz.is_none()).then(hour),
            tz: system.tz.clone(),
            folders: system.folders.clone(),
            links,
            files: files.into_iter().map(stamped).collect(),
        }
    }
}
