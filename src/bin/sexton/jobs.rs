//! The jobs of a crontab as tasks of a scheduler, and what a new version of the crontab changes in them.

use std::collections::HashMap;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use sexton::tz::Zone;
use sexton::{Error, Schedule, Scheduler};

use crate::crontab::{Crontab, Job, When};
use crate::daemon::Message;
use crate::dialect::Reading;
use crate::job::{self, Order};
use crate::log::Log;
use crate::running::Running;
use crate::settings::Settings;

pub struct Jobs {
    pub scheduler: Scheduler,
    pub running: Arc<Running>,
    pub log: Log,
    /// What applies to all jobs that say nothing else.
    pub defaults: Settings,
    pub logs_commands: bool,
    /// How lines are read.
    pub reading: Arc<Reading>,
    pub messages: SyncSender<Message>,
    /// The jobs by the names of their tasks.
    pub entries: Mutex<HashMap<String, Slot>>,
}

/// What the task of a job runs. A new version of the crontab may put something else in it.
type Slot = Arc<Mutex<Entry>>;

/// A job. Its settings and its label are worked out when they are needed, as crontabs may have very many jobs.
#[derive(Clone)]
pub struct Entry {
    crontab: Arc<Crontab>,
    index: usize,
}

impl Entry {
    fn job(&self) -> &Job {
        &self.crontab.jobs[self.index]
    }
}

/// What a new version of a crontab changed.
#[derive(Default)]
pub struct Changes {
    pub added: usize,
    pub removed: usize,
    pub changed: usize,
}

impl Jobs {
    fn entries(&self) -> MutexGuard<'_, HashMap<String, Slot>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the crontab has the job of a task.
    pub fn has(&self, task: &str) -> bool {
        self.entries().contains_key(task)
    }

    /// The label of the job of a task.
    pub fn label(&self, task: &str) -> String {
        let entry = self.entries().get(task).map(|slot| locked(slot).clone());
        entry.map_or_else(|| self.old_label(task), |entry| entry.job().label(self.logs_commands))
    }

    /// A label for a job that the crontab does not have any more: of the line by which the journal knows it, the schedule
    /// and the program.
    fn old_label(&self, task: &str) -> String {
        let line = task.split('\n').next().unwrap_or_default();
        if self.logs_commands || !line.contains(' ') {
            return line.into();
        }
        let (crontab, _) = Crontab::read(line.as_bytes(), &self.reading, Zone::from_posix);
        match &crontab.jobs[..] {
            [job] => format!("{} {}", &line[job.schedule.clone()], job.program()),
            _ => "a line that is not read as a job any more".into(),
        }
    }

    /// Makes the tasks those of a crontab. Jobs that it does not change keep their state, and runs go on in any case. If one
    /// cannot be scheduled, nothing changes.
    ///
    /// `@reboot` jobs are run only if `runs_reboot_jobs`, which no later version says.
    pub fn put(self: &Arc<Jobs>, crontab: &Arc<Crontab>, runs_reboot_jobs: bool) -> Result<Changes, Error> {
        let now = SystemTime::now();
        let names = names(&crontab.jobs);
        let schedule_of = |name: &str, entry: &Entry, slot: Option<&Slot>| {
            let is_same = slot.map_or(false, |slot| is_scheduled_as(&locked(slot), entry, &self.defaults));
            let is_done = entry.job().when == When::Start && !runs_reboot_jobs;
            match is_same || is_done {
                true => Ok(None),
                false => self.schedule_of(name, entry.job(), now).map(Some),
            }
        };
        // All of them before anything is changed. None is kept, as there may be very many.
        for (index, name) in names.iter().enumerate() {
            let slot = self.entries().get(name).cloned();
            schedule_of(name, &Entry { crontab: crontab.clone(), index }, slot.as_ref())?;
        }
        let mut changes = Changes::default();
        let mut left: HashMap<String, Slot> = std::mem::take(&mut self.entries());
        for (index, name) in names.into_iter().enumerate() {
            let entry = Entry { crontab: crontab.clone(), index };
            let slot = left.remove(&name);
            let schedule = schedule_of(&name, &entry, slot.as_ref())?;
            match &slot {
                None => changes.added += 1,
                Some(slot) if schedule.is_some() || is_other(&locked(slot), &entry) => changes.changed += 1,
                Some(_) => {}
            }
            let slot = slot.unwrap_or_else(|| Arc::new(Mutex::new(entry.clone())));
            *locked(&slot) = entry;
            self.entries().insert(name.clone(), slot.clone());
            if let Some(schedule) = schedule {
                self.schedule(&name, schedule, slot)?;
            }
        }
        for name in left.keys() {
            changes.removed += 1;
            // A task that has ended is not known any more.
            let _ = self.scheduler.cancel(name);
        }
        Ok(changes)
    }

    /// When a job is due. An error if it never is.
    fn schedule_of(&self, name: &str, job: &Job, now: SystemTime) -> Result<Schedule, Error> {
        // Ignore a last due time in the future: the clock was wrong, and has been set back since.
        let last = self.scheduler.last_due(name).filter(|last| *last <= now);
        let zone = job.zone.as_ref().unwrap_or_else(|| self.log.zone());
        schedule(&job.when, Some(zone), last, now)?.upcoming(now)?;
        schedule(&job.when, job.own_zone(self.log.zone()), last, now)
    }

    fn schedule(self: &Arc<Jobs>, name: &str, schedule: Schedule, slot: Slot) -> Result<(), Error> {
        let jobs = self.clone();
        let overlap = locked(&slot).job().settings.or(&self.defaults).overlap();
        let task = self.scheduler.task(name).on(schedule).overlap(overlap).replace();
        task.run_shared(move |run| jobs.run(&slot, run.due()))?;
        Ok(())
    }

    fn run(&self, slot: &Slot, due: SystemTime) {
        let entry = locked(slot).clone();
        let job = entry.job();
        let order = Order {
            crontab: &entry.crontab,
            job,
            settings: &job.settings.or(&self.defaults),
            label: &job.label(self.logs_commands),
            due,
            // The loop that enforces time limits looks when the next one is reached. If there are messages already, it will.
            limited: &|| drop(self.messages.try_send(Message::Look)),
        };
        job::run(&order, &self.running, &self.log);
    }
}

fn locked(slot: &Slot) -> MutexGuard<'_, Entry> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the task of one is right for the other: it is due at the same times, and may overlap itself as much.
fn is_scheduled_as(one: &Entry, other: &Entry, defaults: &Settings) -> bool {
    let (a, b) = (one.job(), other.job());
    let overlap = |job: &Job| job.settings.or(defaults).overlap();
    a.when == b.when && a.zone == b.zone && overlap(a) == overlap(b)
}

/// Whether another run would be another one, apart from when it is due.
fn is_other(one: &Entry, other: &Entry) -> bool {
    let (a, b) = (one.job(), other.job());
    let variables = |entry: &Entry| entry.crontab.variables_of(entry.job()).to_vec();
    (&a.command, &a.input, a.user(), &a.settings) != (&b.command, &b.input, b.user(), &b.settings)
        || variables(one) != variables(other)
}

/// The names of the tasks, and of the jobs in the journal: a job's own name, or else the line itself, with a number if the
/// same line comes again. A line has blanks in it and a job's name has none, so they differ.
pub fn names(jobs: &[Job]) -> Vec<String> {
    let mut counts = HashMap::new();
    let names = jobs.iter().map(|job| {
        if let Some(name) = &job.settings.name {
            return name.clone();
        }
        let line = job.text.trim();
        let count = counts.entry(line).or_insert(0);
        *count += 1;
        match *count {
            1 => line.to_string(),
            // No line contains a line break, so the name is unique.
            count => format!("{line}\n{count}"),
        }
    });
    names.collect()
}

/// When a job is due, if it is put up now. `last` is its last due time in an earlier process.
pub fn schedule(
    when: &When,
    zone: Option<&Zone>,
    last: Option<SystemTime>,
    now: SystemTime,
) -> Result<Schedule, Error> {
    let in_zone = |schedule: Schedule| match zone {
        Some(zone) => schedule.zone(zone.clone()),
        // Without a zone, the schedule follows the local zone when it changes.
        None => schedule,
    };
    Ok(in_zone(match when {
        When::Cron(cron) => Schedule::from(*cron),
        When::Every(period) => {
            // In the library, a period is first due at once. Here it is first due one period after the start or after the last
            // due time, as in robfig/cron.
            let begin = in_zone(Schedule::from(*period)).starting(last.unwrap_or(now))?;
            let first = begin.upcoming(last.unwrap_or(now))?.nth(1);
            match (last, first) {
                (Some(last), Some(_)) => Schedule::from(*period).starting(last)?,
                (None, Some(first)) => Schedule::from(*period).starting(first)?,
                // After the year 9999.
                (_, None) => Schedule::at_next(|_| None),
            }
        }
        When::EveryFrom(period, from) => {
            let grid = || Schedule::from(*period).starting(*from);
            match last {
                Some(_) => grid()?,
                // A grid that has begun would be caught up.
                None => match in_zone(grid()?).upcoming(now)?.find(|due| *due > now) {
                    Some(first) => Schedule::from(*period).starting(first)?,
                    None => Schedule::at_next(|_| None),
                },
            }
        }
        When::Start => Schedule::after(Duration::ZERO),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn equal_lines_get_different_names() {
        let text = "@daily a\n@daily b\n  @daily a\n# a\n# sexton: name=a\n@daily a\n@daily a \n";
        let reading = Reading::new(sexton::cron::Dialect::DEFAULT, None);
        let (crontab, _) = Crontab::read(text.as_bytes(), &reading, Zone::from_posix);
        assert_eq!(names(&crontab.jobs), ["@daily a", "@daily b", "@daily a\n2", "a", "@daily a\n3"]);
    }
}
