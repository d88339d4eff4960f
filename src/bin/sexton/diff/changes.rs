//! Finds which jobs of two crontabs differ, and in which times. Pure: no files, no clock.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::ops::Range;
use std::time::SystemTime;

use crate::planned::Planned;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Added,
    Removed,
    Changed,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Added => "added",
            Kind::Removed => "removed",
            Kind::Changed => "changed",
        }
    }
}

/// A job that differs.
pub struct Change {
    pub kind: Kind,
    pub name: String,
    /// When it is due, or what differs, in words.
    pub words: String,
    /// The times that only the old one has.
    pub gone: Times,
    /// The times that only the new one has.
    pub come: Times,
}

/// Times of a span. Only the first ones are kept, as there may be very many.
#[derive(Default)]
pub struct Times {
    pub first: Vec<SystemTime>,
    pub count: usize,
    /// In which of [`PLACES`] parts of the span some are.
    pub places: BTreeSet<u16>,
}

/// Into how many parts a span is divided, for drawings.
pub const PLACES: u16 = 1000;

/// The span in which two crontabs are compared, and how many times of each job are kept.
pub struct Question {
    pub span: Range<SystemTime>,
    pub kept: usize,
}

impl Question {
    /// What differs: the jobs of the new crontab in their order, and then those that are gone.
    pub fn answer(&self, old: &[Planned], new: &[Planned]) -> Vec<Change> {
        let mut left: HashMap<_, VecDeque<&Planned>> = HashMap::new();
        old.iter().for_each(|job| left.entry(identity(job)).or_default().push_back(job));
        let mut before = vec![None; new.len()];
        // Of several jobs with one command, those that are due at the same times are the same ones, wherever they stand.
        let rounds: [fn(&Planned, &Planned) -> bool; 2] = [is_same, |_, _| true];
        for may_be in rounds {
            for (job, before) in new.iter().zip(&mut before).filter(|(_, before)| before.is_none()) {
                let jobs = left.get_mut(&identity(job));
                *before = jobs.and_then(|jobs| jobs.remove(jobs.iter().position(|old| may_be(old, job))?));
            }
        }
        let changed = new.iter().zip(before).filter_map(|(job, before)| self.change(before, Some(job)));
        let mut changes: Vec<_> = changed.collect();
        let is_left = |job: &&Planned| {
            let jobs = left.get(&identity(job));
            jobs.map_or(false, |jobs| jobs.iter().any(|other| std::ptr::eq(*other, *job)))
        };
        changes.extend(old.iter().filter(is_left).filter_map(|job| self.change(Some(job), None)));
        changes
    }

    /// What differs between two versions of a job, of which one may be missing.
    fn change(&self, old: Option<&Planned>, new: Option<&Planned>) -> Option<Change> {
        let (kind, job) = match (old, new) {
            (Some(_), Some(new)) => (Kind::Changed, new),
            (None, Some(new)) => (Kind::Added, new),
            (Some(old), None) => (Kind::Removed, old),
            (None, None) => return None,
        };
        let mut change = Change {
            kind,
            name: name(job),
            words: String::new(),
            gone: Times::default(),
            come: Times::default(),
        };
        if !old.zip(new).map_or(false, |(old, new)| is_same(old, new)) {
            self.compare(old, new, &mut change);
        }
        let has_other_command = old.zip(new).map_or(false, |(old, new)| old.command != new.command);
        if kind == Kind::Changed && change.gone.count + change.come.count == 0 && !has_other_command {
            return None;
        }
        change.words = old.zip(new).map_or_else(|| job.words(), |(old, new)| in_words(old, new));
        Some(change)
    }

    /// Finds the times that only one of two has.
    fn compare(&self, old: Option<&Planned>, new: Option<&Planned>, change: &mut Change) {
        let due_times = |job: &Planned| job.due_times(self.span.start, self.span.clone());
        let mut a = old.into_iter().flat_map(due_times).peekable();
        let mut b = new.into_iter().flat_map(due_times).peekable();
        loop {
            let is_first = match (a.peek(), b.peek()) {
                (None, None) => return,
                (Some(one), Some(other)) if one == other => {
                    a.next();
                    b.next();
                    continue;
                }
                (Some(one), Some(other)) => one < other,
                (one, None) => one.is_some(),
                (None, Some(_)) => false,
            };
            match is_first {
                true => a.next().into_iter().for_each(|due| self.add(&mut change.gone, due)),
                false => b.next().into_iter().for_each(|due| self.add(&mut change.come, due)),
            }
        }
    }

    fn add(&self, times: &mut Times, due: SystemTime) {
        if times.first.len() < self.kept {
            times.first.push(due);
        }
        times.count += 1;
        times.places.insert((share(&self.span, due) * f64::from(PLACES)) as u16);
    }
}

/// How far in a span an instant is: 0 at its start and 1 at its end.
pub fn share(span: &Range<SystemTime>, instant: SystemTime) -> f64 {
    let since = |end: SystemTime| end.duration_since(span.start).unwrap_or_default().as_secs_f64();
    since(instant) / since(span.end).max(1.0)
}

/// Whether both are due at the same times.
fn is_same(old: &Planned, new: &Planned) -> bool {
    old.when == new.when && old.zone == new.zone
}

/// By what a job is found again: its name, or its command. Two expressions are two versions of one.
fn identity(job: &Planned) -> (bool, &str) {
    (job.is_named, if job.is_named { &job.name } else { &job.command })
}

/// Its name, or the command by which it was found: the number of its line need not be the same in both.
fn name(job: &Planned) -> String {
    match job.is_named || job.command.is_empty() {
        true => job.name.clone(),
        false => job.program.clone(),
    }
}

/// What two versions of a job do not have in common.
fn in_words(old: &Planned, new: &Planned) -> String {
    let mut parts = Vec::new();
    let (before, after) = (old.words(), new.words());
    if before != after {
        parts.push(format!("{before} -> {after}"));
    }
    if old.zone != new.zone {
        parts.push(format!("{} -> {}", old.zone, new.zone));
    }
    if old.command != new.command {
        parts.push("another command".into());
    }
    match parts.is_empty() {
        // Such as other values of `H`, or another zone of the same name.
        true => "other times".into(),
        false => parts.join("; "),
    }
}
