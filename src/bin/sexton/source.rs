//! The files of the crontab, and whether they have changed.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use sexton::tz::Zone;

use crate::args::{Args, Flag};
use crate::crontab::{counted, Crontab, Job};
use crate::dialect::Reading;
use crate::mistake::Mistake;
use crate::{tell, user, Failure};

/// Of all commands that read crontabs.
pub const FLAGS: &[Flag] = &[Flag::Switch("--system")];

pub struct Source {
    paths: Vec<OsString>,
    reading: Arc<Reading>,
    /// What the files were like when they were read.
    read: Stamps,
    /// What they were like at the last look.
    seen: Stamps,
}

/// The files, each with what tells one version of it from another. `None` if there is no such file: it counts as a version,
/// which cannot be read.
type Stamps = Vec<(PathBuf, Option<Stamp>)>;

#[derive(Clone, PartialEq)]
struct Stamp {
    modified: SystemTime,
    len: u64,
    /// Always the same on systems other than Unix.
    node: Node,
}

/// The number of a file in its file system, and when its number, permissions or owner changed, in seconds and nanoseconds. The
/// number tells two versions apart that are put in place by a symlink, as those of a Kubernetes ConfigMap. By the time, a file
/// that could not be read is read again when its permissions allow that.
type Node = (u64, i64, i64);

impl Stamp {
    /// Of what has no versions.
    fn constant(number: u64) -> Stamp {
        Stamp { modified: SystemTime::UNIX_EPOCH, len: 0, node: (number, 0, 0) }
    }

    /// This follows symlinks.
    fn of(path: &Path) -> Option<Stamp> {
        let metadata = fs::metadata(path).ok()?;
        let node = node(&metadata);
        if !metadata.is_file() {
            // What passes through a pipe is no new version of it.
            return Some(Stamp::constant(node.0));
        }
        Some(Stamp { modified: metadata.modified().ok()?, len: metadata.len(), node })
    }
}

/// The crontabs that the command line names.
pub struct Files {
    /// The paths that it names.
    pub name: String,
    pub files: Vec<File>,
    /// The files of folders that are left out: see `left_out`.
    pub skipped: Vec<PathBuf>,
}

/// A crontab, the name of its file, and its mistakes.
pub struct File {
    pub name: String,
    pub crontab: Crontab,
    pub mistakes: Vec<Mistake>,
}

/// What the command line names: files, folders, or `-` for stdin.
pub fn paths(args: &Args) -> Result<&[OsString], Failure> {
    match &args.rest[..] {
        [] => Err(Failure::Usage("expected a crontab, or `-` for stdin".into())),
        paths => Ok(paths),
    }
}

/// Reads crontabs, says which files are left out, and fails if there are mistakes.
pub fn read(paths: &[OsString], reading: &Reading) -> Result<Crontab, Failure> {
    let files = Files::read(paths, reading)?;
    files.skipped.iter().for_each(|path| tell(&format!("sexton: {}", left_out(path))));
    files.refuse_mistakes()?;
    Ok(join(files.files))
}

/// The message for a file of a folder that is not read.
pub fn left_out(path: &Path) -> String {
    let expected = match has_fine_name(path) {
        false => "expected a name of letters, digits, `_` and `-`, as run-parts does",
        true => "expected a regular file",
    };
    format!("`{}` is left out: {expected}", path.display())
}

fn has_fine_name(path: &Path) -> bool {
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    path.file_name().and_then(OsStr::to_str).map_or(false, |name| name.bytes().all(is_fine))
}

/// Whether there is something else than a file at a path. To open a pipe may take for ever.
fn is_no_file(path: &Path) -> bool {
    fs::metadata(path).map_or(false, |metadata| !metadata.is_file())
}

/// The files that a path leads to, and those that are left out: itself, or those of a folder, in the order of their names.
fn files_at(path: &OsStr) -> io::Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    if !is_folder(path) {
        return Ok((vec![path.into()], Vec::new()));
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path)? {
        let file = entry?.path();
        let is_hidden = file.file_name().map_or(false, |name| name.to_string_lossy().starts_with('.'));
        // Folders are those of a ConfigMap. A link to nothing is a file that cannot be read.
        if !is_hidden && !file.is_dir() {
            files.push(file);
        }
    }
    files.sort_unstable();
    Ok(files.into_iter().partition(|file| has_fine_name(file) && !is_no_file(file)))
}

fn is_folder(path: &OsStr) -> bool {
    path != OsStr::new("-") && Path::new(path).is_dir()
}

impl Files {
    pub fn read(paths: &[OsString], reading: &Reading) -> Result<Files, Failure> {
        let name = paths.iter().map(|path| shown(path)).collect::<Vec<_>>().join(" ");
        let mut all = Files { name, files: Vec::new(), skipped: Vec::new() };
        let may_be_several = paths.len() > 1 || paths.iter().any(|path| is_folder(path));
        let mut names = HashMap::new();
        for path in paths {
            let (files, skipped) = files_at(path).map_err(|error| unreadable(path, error))?;
            all.skipped.extend(skipped);
            for path in files {
                let mut file = File::read(path.as_os_str(), reading)?;
                file.refuse_names(&mut names);
                if may_be_several {
                    let path = Arc::new(file.name.clone());
                    file.crontab.jobs.iter_mut().for_each(|job| job.file = Some(path.clone()));
                }
                all.files.push(file);
            }
        }
        Ok(all)
    }

    /// All mistakes, each with the name of its file.
    pub fn mistakes(&self) -> impl Iterator<Item = (&str, &Mistake)> {
        self.files.iter().flat_map(|file| file.mistakes.iter().map(move |mistake| (&*file.name, mistake)))
    }

    /// Prints the mistakes, and fails if there are any.
    pub fn refuse_mistakes(&self) -> Result<(), Failure> {
        self.mistakes().for_each(|(file, mistake)| tell(&mistake.in_file(file).to_string()));
        match self.mistakes().count() {
            0 => Ok(()),
            count => Err(Failure::Error(1, format!("`{}` has {}", self.name, counted(count, "mistake")))),
        }
    }
}

/// The crontabs as one. Each job keeps the variables of its own file. What only warnings need is left out.
pub fn join(files: Vec<File>) -> Crontab {
    let mut all = Crontab::default();
    for File { mut crontab, .. } in files {
        let before = all.variables.len() as u32;
        for job in &mut crontab.jobs {
            job.variables = job.variables.start + before..job.variables.end + before;
        }
        all.variables.append(&mut crontab.variables);
        all.jobs.append(&mut crontab.jobs);
    }
    all
}

/// Crontabs without jobs are not run.
pub fn no_jobs(name: &str) -> Failure {
    Failure::Error(1, format!("`{name}` has no jobs: there is nothing to run"))
}

/// The maximum length of a crontab, in bytes. A device or a pipe may be endless.
const MAX_LEN: u64 = 1 << 24;

impl File {
    /// Reads a crontab; `-` is stdin.
    fn read(path: &OsStr, reading: &Reading) -> Result<File, Failure> {
        let mut bytes = Vec::new();
        let result = match path == OsStr::new("-") {
            true => io::stdin().lock().take(MAX_LEN + 1).read_to_end(&mut bytes),
            false => fs::File::open(path).and_then(|file| file.take(MAX_LEN + 1).read_to_end(&mut bytes)),
        };
        let name = shown(path);
        if result.map_err(|error| unreadable(path, error))? as u64 > MAX_LEN {
            let problem = format!("`{name}` is longer than a crontab may be, {MAX_LEN} bytes");
            return Err(Failure::Error(2, problem));
        }
        let (crontab, mistakes) = Crontab::read(&bytes, reading, &Zone::from_tz);
        Ok(File { name, crontab, mistakes })
    }

    /// Adds a mistake for each job whose name one in another file has. `names` has the places of the jobs that have a name.
    fn refuse_names(&mut self, names: &mut HashMap<String, String>) {
        for job in &self.crontab.jobs {
            if let Some(own) = &job.settings().name {
                let place = format!("{}:{}", self.name, job.line);
                if let Some(other) = names.insert(own.clone(), place) {
                    let message = format!("the name `{own}` is used: the job at {other} has it");
                    self.mistakes.push(mistake(job, job.schedule(), message));
                }
            }
        }
    }

    /// Adds a mistake for each job that this process cannot run, because of its user.
    fn refuse_users(&mut self) {
        let refused = user::refused(&self.crontab).into_iter();
        self.mistakes.extend(refused.map(|(job, warning)| mistake(job, warning.span, warning.message)));
    }
}

fn mistake(job: &Job, span: Range<usize>, message: String) -> Mistake {
    Mistake { line: job.line as usize, text: job.text.to_string(), span, message, suggestion: None }
}

/// A path in messages.
fn shown(path: &OsStr) -> String {
    match path == OsStr::new("-") {
        true => "<stdin>".into(),
        false => path.to_string_lossy().into_owned(),
    }
}

fn unreadable(path: &OsStr, error: io::Error) -> Failure {
    Failure::Error(2, format!("could not read `{}`: {error}", shown(path)))
}

impl Source {
    pub fn new(paths: &[OsString], reading: Reading) -> Source {
        Source { paths: paths.into(), reading: Arc::new(reading), read: Vec::new(), seen: Vec::new() }
    }

    /// Reads the crontabs again. What is no file was read to its end at the start, or would be waited for: nobody would serve
    /// signals and time limits meanwhile.
    pub fn read_again(&mut self) -> Result<Files, Failure> {
        match self.paths.iter().find(|path| !is_folder(path) && is_no_file(Path::new(path))) {
            None => self.read(),
            Some(path) => {
                self.read = self.stamps();
                let expected = "is no regular file, and cannot be read again";
                Err(Failure::Error(2, format!("`{}` {expected}", shown(path))))
            }
        }
    }

    /// Reads the crontabs to be run.
    pub fn read(&mut self) -> Result<Files, Failure> {
        // Before the files: a change while they are read is noticed later.
        self.read = self.stamps();
        self.seen = self.read.clone();
        let mut files = Files::read(&self.paths, &self.reading)?;
        files.files.iter_mut().for_each(File::refuse_users);
        Ok(files)
    }

    pub fn reading(&self) -> Arc<Reading> {
        self.reading.clone()
    }

    /// Whether the crontab comes from stdin, and cannot be read again.
    pub fn is_stdin(&self) -> bool {
        self.paths.iter().any(|path| path == OsStr::new("-"))
    }

    /// Whether a file has changed since it was read, and not since the last look: one that is being written is left alone.
    pub fn has_changed(&mut self) -> bool {
        let now = self.stamps();
        let is_at_rest = now == self.seen;
        self.seen = now;
        is_at_rest && self.seen != self.read
    }

    fn stamps(&self) -> Stamps {
        if self.is_stdin() {
            return Vec::new();
        }
        let mut stamps = Vec::new();
        for path in &self.paths {
            let (files, skipped) = files_at(path).unwrap_or_else(|_| (vec![path.into()], Vec::new()));
            stamps.extend(files.into_iter().map(|path| (path.clone(), Stamp::of(&path))));
            // What is left out may come and go. It changes no job, however often it is written.
            stamps.extend(skipped.into_iter().map(|path| (path, Some(Stamp::constant(0)))));
        }
        stamps
    }
}

#[cfg(unix)]
fn node(metadata: &fs::Metadata) -> Node {
    use std::os::unix::fs::MetadataExt;

    (metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
}

#[cfg(not(unix))]
fn node(_: &fs::Metadata) -> Node {
    (0, 0, 0)
}
