//! The files of the crontab, and whether they have changed.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::args::Args;
use crate::check::{self, counted, File};
use crate::crontab::Crontab;
use crate::dialect::Reading;
use crate::mistake::Mistake;
use crate::{tell, Failure};

pub struct Source {
    paths: Vec<OsString>,
    reading: Arc<Reading>,
    /// What the files were like when they were read.
    read: Stamps,
    /// What they were like at the last look.
    seen: Stamps,
}

/// The files, each with what tells one version of it from another: modification time, length, and its number in its file
/// system. The number tells two versions apart that are put in place by a symlink, as those of a Kubernetes ConfigMap. `None`
/// if there is no such file: it counts as a version, which cannot be read.
type Stamps = Vec<(PathBuf, Option<(SystemTime, u64, u64)>)>;

/// The crontabs of all files as one.
#[derive(Default)]
pub struct Files {
    /// The paths that the command line names.
    pub name: String,
    pub crontab: Crontab,
    /// Each with its file.
    pub mistakes: Vec<(String, Mistake)>,
    /// The files of folders that are left out because of their names.
    pub skipped: Vec<PathBuf>,
}

/// What the command line names: files, folders, or `-` for stdin.
pub fn paths(args: &Args) -> Result<&[OsString], Failure> {
    match &args.rest[..] {
        [] => Err(Failure::Usage("expected a crontab, or `-` for stdin".into())),
        paths => Ok(paths),
    }
}

/// Reads what the command line names, says which files are left out, and fails if there are mistakes.
pub fn read(args: &Args, reading: &Reading) -> Result<Crontab, Failure> {
    let files = Files::read(paths(args)?, reading)?;
    files.skipped.iter().for_each(|path| tell(&format!("sexton: {}", left_out(path))));
    files.refuse_mistakes()?;
    Ok(files.crontab)
}

/// The message for a file of a folder that is not read.
pub fn left_out(path: &Path) -> String {
    let expected = "expected a name of letters, digits, `_` and `-`, as run-parts does";
    format!("`{}` is left out: {expected}", path.display())
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
    let is_read = |file: &PathBuf| {
        let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        file.file_name().and_then(OsStr::to_str).map_or(false, |name| name.bytes().all(is_fine))
    };
    Ok(files.into_iter().partition(is_read))
}

fn is_folder(path: &OsStr) -> bool {
    path != OsStr::new("-") && Path::new(path).is_dir()
}

impl Files {
    pub fn read(paths: &[OsString], reading: &Reading) -> Result<Files, Failure> {
        let shown = |path: &OsString| match path == "-" {
            true => "<stdin>".into(),
            false => path.to_string_lossy().into_owned(),
        };
        let name = paths.iter().map(shown).collect::<Vec<String>>().join(" ");
        let mut all = Files { name, ..Files::default() };
        let may_be_several = paths.len() > 1 || paths.iter().any(|path| is_folder(path));
        let mut names = HashMap::new();
        for path in paths {
            let failure =
                |error| Failure::Error(2, format!("could not read `{}`: {error}", path.to_string_lossy()));
            let (files, skipped) = files_at(path).map_err(failure)?;
            all.skipped.extend(skipped);
            for file in files {
                all.add(check::read_path(file.as_os_str(), reading)?, may_be_several, &mut names);
            }
        }
        Ok(all)
    }

    /// Adds the crontab of a file. `names` has the places of the jobs that have a name.
    fn add(&mut self, file: File, may_be_several: bool, names: &mut HashMap<String, String>) {
        let File { name, crontab, mistakes } = file;
        self.mistakes.extend(mistakes.into_iter().map(|mistake| (name.clone(), mistake)));
        let before = self.crontab.variables.len();
        self.crontab.variables.extend(crontab.variables);
        let path = may_be_several.then(|| Arc::<str>::from(&*name));
        for mut job in crontab.jobs {
            job.file = path.clone();
            job.variables = job.variables.start + before..job.variables.end + before;
            if let Some(own) = &job.settings.name {
                let place = format!("{name}:{}", job.line);
                if let Some(other) = names.insert(own.clone(), place) {
                    let message = format!("the name `{own}` is used: the job at {other} has it");
                    let (text, span) = (job.text.clone(), job.schedule.clone());
                    let mistake = Mistake { line: job.line, text, span, message, suggestion: None };
                    self.mistakes.push((name.clone(), mistake));
                }
            }
            self.crontab.jobs.push(job);
        }
    }

    /// Prints the mistakes, and fails if there are any.
    pub fn refuse_mistakes(&self) -> Result<(), Failure> {
        let Files { name, mistakes, .. } = self;
        if mistakes.is_empty() {
            return Ok(());
        }
        mistakes.iter().for_each(|(file, mistake)| tell(&mistake.in_file(file).to_string()));
        Err(Failure::Error(1, format!("`{name}` has {}", counted(mistakes.len(), "mistake"))))
    }
}

impl Source {
    pub fn new(paths: &[OsString], reading: Reading) -> Source {
        Source { paths: paths.into(), reading: Arc::new(reading), read: Vec::new(), seen: Vec::new() }
    }

    pub fn read(&mut self) -> Result<Files, Failure> {
        // Before the files: a change while they are read is noticed later.
        self.read = self.stamps();
        self.seen = self.read.clone();
        Files::read(&self.paths, &self.reading)
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
        let files = self.paths.iter().flat_map(|path| match files_at(path) {
            Ok((files, skipped)) => files.into_iter().chain(skipped).collect(),
            Err(_) => vec![path.into()],
        });
        let stamp = |path: &Path| {
            // This follows symlinks.
            let metadata = fs::metadata(path).ok()?;
            Some((metadata.modified().ok()?, metadata.len(), number(&metadata)))
        };
        files.map(|path| (path.clone(), stamp(&path))).collect()
    }
}

#[cfg(unix)]
fn number(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn number(_: &fs::Metadata) -> u64 {
    0
}
