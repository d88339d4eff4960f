//! The jobs of a crontab as tasks of a scheduler, and what a new version of the crontab changes in them.

use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use sexton::tz::Zone;
use sexton::{Error, Event, Overlap, Run, Schedule, Scheduler};

use crate::claim::Claims;
use crate::crontab::{Crontab, Job, When};
use crate::daemon::Message;
use crate::dialect::Reading;
use crate::job::{self, Order};
use crate::log::{Level, Log, Value};
use crate::running::Running;
use crate::settings::Settings;
use crate::status::Counts;

pub struct Jobs {
    pub scheduler: Scheduler,
    pub running: Arc<Running>,
    pub log: Log,
    /// What applies to all jobs that say nothing else.
    pub defaults: Settings,
    pub logs_commands: bool,
    /// Who says which replica runs a job.
    pub claims: Option<Claims>,
    /// How lines are read.
    pub reading: Arc<Reading>,
    pub messages: SyncSender<Message>,
    /// The crontab that is run now.
    pub current: Mutex<Arc<Named>>,
    /// With `--status`.
    pub counts: Option<Arc<Counts>>,
}

/// A crontab whose jobs are found by the names of their tasks. Neither these names nor the jobs are kept twice, as there may
/// be very many.
#[derive(Default)]
pub struct Named {
    pub crontab: Crontab,
    /// The indices of the jobs in the order of their names.
    by_name: Vec<u32>,
}

impl Named {
    /// Counts the lines that come again.
    pub fn of(mut crontab: Crontab) -> Named {
        let jobs = &mut crontab.jobs;
        let mut by_name: Vec<u32> = (0..jobs.len() as u32).collect();
        // Stable: jobs of the same name stay in their order.
        by_name.sort_by(|a, b| jobs[*a as usize].base_name().cmp(jobs[*b as usize].base_name()));
        for i in 1..by_name.len() {
            let (before, job) = (&jobs[by_name[i - 1] as usize], &jobs[by_name[i] as usize]);
            if before.base_name() == job.base_name() {
                jobs[by_name[i] as usize].again = before.again + 1;
            }
        }
        Named { crontab, by_name }
    }

    /// A line that another crontab has for the same job, too, is not kept twice: its task has the text of the other one.
    fn share_texts(&mut self, other: &Named) {
        for job in &mut self.crontab.jobs {
            let known = other.find(&job.task_name()).filter(|known| known.text == job.text);
            if let Some(text) = known.map(|known| known.text.clone()) {
                job.text = text;
            }
        }
    }

    pub fn find(&self, task: &str) -> Option<&Job> {
        let (name, again) = match task.split_once('\n') {
            Some((name, count)) => (name, count.parse::<u32>().ok().filter(|count| *count > 1)? - 1),
            None => (task, 0),
        };
        let job = |index: &u32| &self.crontab.jobs[*index as usize];
        let order = |index: &u32| (job(index).base_name(), job(index).again).cmp(&(name, again));
        self.by_name.binary_search_by(order).ok().map(|at| job(&self.by_name[at]))
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
    pub fn current(&self) -> MutexGuard<'_, Arc<Named>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the crontab has the job of a task.
    pub fn has(&self, task: &str) -> bool {
        self.current().find(task).is_some()
    }

    /// The label of the job of a task.
    pub fn label(&self, task: &str) -> String {
        let current = self.current().clone();
        current.find(task).map_or_else(|| self.old_label(task), |job| job.label(self.logs_commands))
    }

    /// A label for a job that the crontab does not have any more: of the line by which the journal knows it, the schedule
    /// and the program.
    fn old_label(&self, task: &str) -> String {
        let line = task.split('\n').next().unwrap_or_default();
        if self.logs_commands || !line.contains(' ') {
            return line.into();
        }
        let (crontab, _) = Crontab::read(line.as_bytes(), &self.reading, &Zone::from_posix);
        match &crontab.jobs[..] {
            [job] => format!("{} {}", job.schedule_text(), job.program()),
            _ => "a line that is not read as a job any more".into(),
        }
    }

    /// Counts what was missed. Runs are counted where they are made.
    pub fn count(&self, event: &Event) {
        match (&self.counts, event) {
            (Some(counts), Event::Missed { task, count, why, .. }) if self.has(task) => {
                counts.missed(task, *count, *why);
            }
            (Some(counts), Event::ClaimedElsewhere { task, .. }) if self.has(task) => counts.elsewhere(task),
            _ => {}
        }
    }

    /// Makes the tasks those of a crontab. Jobs that it does not change keep their state, and runs go on in any case. If one
    /// cannot be scheduled, nothing changes.
    ///
    /// `@reboot` jobs are run only if `runs_reboot_jobs`, which no later version says.
    pub fn put(self: &Arc<Jobs>, crontab: Crontab, runs_reboot_jobs: bool) -> Result<Changes, Error> {
        let now = SystemTime::now();
        let (old, mut new) = (self.current().clone(), Named::of(crontab));
        new.share_texts(&old);
        let new = Arc::new(new);
        let is_same = |before: &Job, job: &Job| is_scheduled_as(before, job, &self.defaults);
        let is_done = |job: &Job| *job.when == When::Start && !runs_reboot_jobs;
        let schedule_of = |job: &Job, name: &str, before: Option<&Job>| match before {
            Some(before) if is_same(before, job) => Ok(None),
            _ if is_done(job) => Ok(None),
            _ => self.schedule_of(name, job, now).map(Some),
        };
        // All of them before anything is changed. None is kept, as there may be very many.
        let mut ended = Vec::new();
        for job in &new.crontab.jobs {
            let name = job.task_name();
            let before = old.find(&name);
            schedule_of(job, &name, before)?;
            // An `@reboot` job had its run when the program started, so what the job was scheduled as ends.
            if is_done(job) && before.map_or(false, |before| !is_same(before, job)) {
                ended.push(name);
            }
        }
        // Before the jobs are replaced: a run that finds an `@reboot` job knows then that its task was cancelled.
        ended.iter().for_each(|name| self.end(name));
        // What comes due from now on finds its job in there.
        *self.current() = new.clone();
        let mut changes = Changes::default();
        for job in &new.crontab.jobs {
            let name = job.task_name();
            let before = old.find(&name);
            let schedule = schedule_of(job, &name, before)?;
            match before {
                None => changes.added += 1,
                Some(before) if !is_same(before, job) || is_other((&old, before), (&new, job)) => {
                    changes.changed += 1;
                }
                Some(_) => {}
            }
            if let Some(schedule) = schedule {
                self.schedule(job, job.shared_name(), schedule)?;
                if self.claims.is_some() && job.settings().is_claimed() && !is_shared(job) {
                    let why = "each replica runs it: its due times are its own";
                    let label = job.label(self.logs_commands);
                    self.log.line(Level::Warn, "unclaimed", &[("why", Value::Text(why))], Some(&label));
                }
            }
        }
        for name in old.crontab.jobs.iter().map(Job::task_name).filter(|name| new.find(name).is_none()) {
            changes.removed += 1;
            self.end(&name);
        }
        if let Some(counts) = &self.counts {
            counts.retain(|task| new.find(task).is_some());
        }
        Ok(changes)
    }

    fn end(&self, task: &str) {
        // One that has ended is not known any more.
        let _ = self.scheduler.cancel(task);
    }

    /// When a job is due. An error if it never is.
    fn schedule_of(&self, name: &str, job: &Job, now: SystemTime) -> Result<Schedule, Error> {
        // Ignore a last due time in the future: the clock was wrong, and has been set back since.
        let last = self.scheduler.last_due(name).filter(|last| *last <= now);
        let zone = job.zone.as_ref().unwrap_or_else(|| self.log.zone());
        schedule(&job.when, Some(zone), zone, last, now)?.upcoming(now)?;
        schedule(&job.when, job.own_zone(self.log.zone()), zone, last, now)
    }

    pub fn schedule(self: &Arc<Jobs>, job: &Job, name: Arc<str>, schedule: Schedule) -> Result<(), Error> {
        let jobs = self.clone();
        let overlap = job.settings().or(&self.defaults).overlap();
        let mut task = self.scheduler.task_named(name).on(schedule).overlap(overlap).replace();
        // Only then: what is not the default takes memory.
        if self.claims.is_some() && !self.is_claimed(job) {
            task = task.unclaimed();
        }
        let run = move |run: &Run| jobs.run(run);
        match overlap {
            Overlap::Allow(_) => task.run_shared(run)?,
            // A callback that no two threads call takes less memory.
            Overlap::Skip | Overlap::Queue | Overlap::QueueAll(_) => task.run_with(run)?,
        };
        Ok(())
    }

    /// Whether one replica runs a job, and not each.
    fn is_claimed(&self, job: &Job) -> bool {
        self.claims.is_some() && job.settings().is_claimed() && is_shared(job)
    }

    /// Whether this replica is to have a run of a job, or why that is unknown.
    pub fn claim(&self, task: &str, due: SystemTime) -> Result<bool, String> {
        let current = self.current().clone();
        match (&self.claims, current.find(task)) {
            (Some(claims), Some(job)) => {
                let label = format!("claim of {}", job.label(self.logs_commands));
                claims.ask(job, due, &label, &self.running, || drop(self.messages.try_send(Message::Look)))
            }
            // A new version of the crontab has removed it a moment ago.
            _ => Ok(true),
        }
    }

    /// Whether the runs of a task's job are logged only if they fail.
    pub fn is_quiet(&self, task: &str) -> bool {
        self.current().find(task).map_or(false, |job| job.is_quiet)
    }

    fn run(&self, run: &Run) {
        let current = self.current().clone();
        // A new version of the crontab may have removed it a moment ago.
        let job = match current.find(run.name()) {
            Some(job) => job,
            None => return,
        };
        // Or it has become an `@reboot` job, which has had its run.
        if *job.when == When::Start && run.stop_requested() && !self.running.is_stopping() {
            return;
        }
        let order = Order {
            crontab: &current.crontab,
            job,
            settings: &job.settings().or(&self.defaults),
            label: &job.label(self.logs_commands),
            due: run.due(),
            is_claimed: self.is_claimed(job),
            // The loop that enforces time limits looks when the next one is reached. If there are messages already, it will.
            limited: &|| drop(self.messages.try_send(Message::Look)),
        };
        let going = self.counts.as_ref().map(|counts| counts.start(run));
        let ending = job::run(&order, &self.running, &self.log);
        if let Some(going) = going {
            going.end(order.label, ending);
        }
    }
}

/// Whether the task of one is right for the other: it is due at the same times, may overlap itself as much, and is claimed alike.
fn is_scheduled_as(a: &Job, b: &Job, defaults: &Settings) -> bool {
    let overlap = |job: &Job| job.settings().or(defaults).overlap();
    let is_claimed = |job: &Job| job.settings().is_claimed();
    a.when == b.when && a.zone == b.zone && overlap(a) == overlap(b) && is_claimed(a) == is_claimed(b)
}

/// Whether a job is due at the same times in all replicas, whenever each was started.
fn is_shared(job: &Job) -> bool {
    match &*job.when {
        When::Cron(_) => true,
        When::EveryFrom(period, _) => period.months() > 0 || period.days() > 0,
        When::Every(_) | When::Start => false,
    }
}

/// Whether another run would be another one, apart from when it is due.
fn is_other((one, a): (&Named, &Job), (other, b): (&Named, &Job)) -> bool {
    (a.command(), a.input(), a.user(), a.settings()) != (b.command(), b.input(), b.user(), b.settings())
        || one.crontab.variables_of(a) != other.crontab.variables_of(b)
}

/// When a job is due, if it is put up now. Without a zone of its own it follows the scheduler's, which is `zone` now. `last` is its
/// last due time in an earlier process.
pub fn schedule(
    when: &When,
    own_zone: Option<&Zone>,
    zone: &Zone,
    last: Option<SystemTime>,
    now: SystemTime,
) -> Result<Schedule, Error> {
    // What is asked here and now is asked in that zone: the local one may be another one, or none.
    let in_zone = |schedule: Schedule| schedule.zone(zone.clone());
    let schedule = match when {
        When::Cron(cron) => Schedule::from(cron.clone()),
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
    };
    Ok(match own_zone {
        Some(own_zone) => schedule.zone(own_zone.clone()),
        None => schedule,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_due_time_of_a_period_is_found_in_the_zone_of_the_jobs() {
        // Days of 23 hours at two places: the local zone of the machine that runs the test has one of them at the most.
        for (rule, eve) in [
            ("CET-1CEST,M3.5.0,M10.5.0/3", "2027-03-27 12:00"),
            ("EST5EDT,M3.2.0,M11.1.0", "2027-03-13 12:00"),
        ] {
            let zone = Zone::from_tz(rule).unwrap();
            let now = eve.parse::<sexton::Moment>().unwrap().instant(&zone).unwrap();
            let when = When::Every("1d".parse().unwrap());
            for last in [None, Some(now)] {
                let schedule = schedule(&when, None, &zone, last, now).unwrap().zone(zone.clone());
                let first = schedule.upcoming(now).unwrap().find(|due| *due > now).unwrap();
                assert_eq!(first, now + Duration::from_secs(23 * 3600), "{rule}");
            }
        }
    }

    #[test]
    fn equal_lines_get_different_names() {
        let text = "@daily a\n@daily b\n  @daily a\n# a\n# sexton: name=a\n@daily a\n@daily a \n";
        let reading = Reading::new(sexton::cron::Dialect::DEFAULT, None);
        let (crontab, _) = Crontab::read(text.as_bytes(), &reading, &Zone::from_posix);
        let named = Named::of(crontab);
        let names: Vec<_> = named.crontab.jobs.iter().map(Job::task_name).collect();
        assert_eq!(names, ["@daily a", "@daily b", "@daily a\n2", "a", "@daily a\n3"]);
        let lines = names.iter().map(|name| named.find(name).unwrap().line).collect::<Vec<_>>();
        assert_eq!(lines, [1, 2, 3, 6, 7]);
        let others =
            ["@daily a\n1", "@daily a\n4", "@daily a\n0", "@daily a\n", "@daily b\n2", "", "b", "\n"];
        others.iter().for_each(|name| assert!(named.find(name).is_none(), "{name}"));
    }

    #[test]
    fn the_text_of_a_line_is_in_memory_once() {
        let named = |text: &str| {
            let reading = Reading::new(sexton::cron::Dialect::DEFAULT, None);
            Named::of(Crontab::read(text.as_bytes(), &reading, &Zone::from_posix).0)
        };
        let text = "@daily a\n@daily b \n# sexton: name=cc\n@daily cc\n@daily a\n";
        let (old, mut new) = (named(text), named(text));
        let shared = |named: &Named| -> Vec<bool> {
            named.crontab.jobs.iter().map(|job| Arc::ptr_eq(&job.shared_name(), &job.text)).collect()
        };
        // The others have another name: without the blank, of their own, and with a number.
        assert_eq!(shared(&old), [true, false, false, false]);
        new.share_texts(&old);
        let jobs = old.crontab.jobs.iter().zip(&new.crontab.jobs);
        assert!(jobs.into_iter().all(|(old, new)| Arc::ptr_eq(&old.text, &new.text)));
        let names = |named: &Named| {
            named.crontab.jobs.iter().map(|job| job.shared_name().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(names(&new), ["@daily a", "@daily b", "cc", "@daily a\n2"]);
    }
}
