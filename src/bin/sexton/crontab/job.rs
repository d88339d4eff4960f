//! A job of a crontab.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use sexton::civil::DateTime;
use sexton::tz::Zone;
use sexton::{Cron, Period};

use super::{is_blank, line, printable};
use crate::settings::Settings;

/// A job. It is kept small, as a crontab may have very many: what follows from the text of the line is read from it again.
#[derive(Debug)]
pub struct Job {
    /// The path of its file, if there may be several.
    pub file: Option<Arc<String>>,
    /// The number of its line, from 1.
    pub line: u32,
    /// How many jobs above it have the same line and no name. `jobs.rs` counts them, when all files are one.
    pub again: u32,
    /// The text of the line, unchanged. Shared with its task, of which it mostly is the name.
    pub text: Arc<str>,
    /// Jobs with equal schedules share one.
    pub when: Arc<When>,
    /// The byte range of the schedule in the line.
    pub(super) schedule: Range<u32>,
    /// The zone of the schedule: in its line, from its settings, or from a `CRON_TZ` line above.
    pub zone: Option<Zone>,
    /// From the comments between the job above it and this one, if there are any.
    pub(super) settings: Option<Box<Settings>>,
    /// The line begins with `-`: its runs are not logged unless they fail.
    pub is_quiet: bool,
    /// The byte range of the user's name; empty if the crontab has no column for that.
    pub(super) user: Range<u32>,
    /// The byte of the line at which the command begins.
    pub(super) command_at: u32,
    /// Which of the crontab's variables apply to the job: those on the lines above it.
    pub variables: Range<u32>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
pub enum When {
    /// The tasks of equal ones share it.
    Cron(Arc<Cron>),
    Every(Period),
    /// Also on the grid of a time that may have passed.
    EveryFrom(Period, DateTime),
    /// Once, when `sexton run` starts.
    Start,
}

impl Job {
    /// The zone that its schedule is given; without one it goes by the scheduler's, also when that changes. The grid of a period
    /// is fixed in the zone that is the default now.
    pub fn own_zone<'a>(&'a self, default: &'a Zone) -> Option<&'a Zone> {
        let is_grid = matches!(*self.when, When::EveryFrom(..));
        self.zone.as_ref().or_else(|| is_grid.then_some(default))
    }

    pub fn settings(&self) -> &Settings {
        const NONE: &Settings = &Settings::NONE;
        self.settings.as_deref().unwrap_or(NONE)
    }

    /// The byte range of the schedule in the line.
    pub fn schedule(&self) -> Range<usize> {
        wide(&self.schedule)
    }

    pub fn schedule_text(&self) -> &str {
        &self.text[self.schedule()]
    }

    /// The command for the shell.
    pub fn command(&self) -> String {
        line::split_input(self.command_text()).0
    }

    /// The command's input on stdin: the text after a `%`.
    pub fn input(&self) -> Option<String> {
        line::split_input(self.command_text()).1
    }

    /// The command and its input, as they stand in the line.
    pub(super) fn command_text(&self) -> &str {
        &self.text[self.command_at as usize..]
    }

    /// The name that the job's task has, and the job in the journal: its own name, or else the line itself, with a number if
    /// the same line comes again. A line has blanks in it and a job's name has none, so they differ.
    pub fn task_name(&self) -> Cow<'_, str> {
        match self.again {
            0 => self.base_name().into(),
            // No line contains a line break, so the name is unique.
            again => format!("{}\n{}", self.base_name(), again + 1).into(),
        }
    }

    /// The same for its task. If it is the text of the line, it is not copied.
    pub fn shared_name(&self) -> Arc<str> {
        match self.task_name() {
            Cow::Borrowed(name) if *name == *self.text => self.text.clone(),
            name => name.into(),
        }
    }

    /// The same without the number.
    pub fn base_name(&self) -> &str {
        self.settings().name.as_deref().unwrap_or_else(|| self.text.trim())
    }

    /// Its name; if it has none, its line, `line 3`, or `/etc/cron.d/backups:3` if there may be several files.
    pub fn name(&self) -> String {
        match (&self.settings().name, &self.file) {
            (Some(name), _) => name.clone(),
            (None, Some(file)) => format!("{file}:{}", self.line),
            (None, None) => format!("line {}", self.line),
        }
    }

    /// The byte range of the user whose job it is, if its line says so.
    pub fn user_at(&self) -> Option<Range<usize>> {
        Some(wide(&self.user)).filter(|user| !user.is_empty())
    }

    /// Whose job it is, if its line says so.
    pub fn user(&self) -> Option<&str> {
        self.user_at().map(|user| &self.text[user])
    }

    /// A label for the log: `backup`, `line 3: pg_dump …`. Arguments may be secrets, and so may assignments before the
    /// program: they are shown if the caller wants the whole command.
    pub fn label(&self, with_command: bool) -> String {
        if with_command {
            let command = self.command().trim().replace(char::is_control, " ");
            return format!("{}: {}", self.name(), printable(&command, 60));
        }
        if self.settings().name.is_some() {
            return self.name();
        }
        format!("{}: {}", self.name(), self.program())
    }

    /// The first word of the command that is no assignment.
    pub fn program(&self) -> String {
        let command = self.command();
        let command = command.trim();
        let mut words = command.split(is_blank);
        let program = words.by_ref().find(|word| !word.contains('=')).unwrap_or_default();
        let rest = if program.len() < command.len() { " …" } else { "" };
        format!("{}{rest}", printable(program, 60))
    }
}

/// Lines and crontabs are so short that their ranges fit into half the space.
pub fn wide(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}

pub fn narrow(range: &Range<usize>) -> Range<u32> {
    range.start as u32..range.end as u32
}
