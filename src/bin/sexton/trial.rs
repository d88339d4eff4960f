//! `sexton run --dry-run` and `--once`: what would run, and one job alone.

use std::mem;
use std::ops::ControlFlow;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use sexton::{ManualClock, Scheduler};

use crate::args::Args;
use crate::crontab::{Crontab, Job};
use crate::daemon::{self, Message, Plan};
use crate::job::{self, Ending, Order};
use crate::jobs::Named;
use crate::mistake::is_near;
use crate::running::Running;
use crate::system::Signals;
use crate::{jobs, say, system, time, Failure};

/// Runs the crontab on a clock that is moved to the end at once, and prints each run instead of running it.
pub fn dry_run(args: &Args, plan: &Plan, crontab: Crontab) -> Result<(), Failure> {
    let failure = |error: sexton::Error| Failure::Error(1, error.to_string());
    let zone = plan.log.zone().clone();
    let now = SystemTime::now();
    let until = time::end(args, &zone, now)?.unwrap_or(now);
    let clock = ManualClock::new(now);
    let written = Arc::new(Mutex::new(Ok(())));
    let scheduler = Scheduler::builder().clock(&clock).zone(zone.clone()).build().map_err(failure)?;
    for job in &Named::of(crontab).crontab.jobs {
        let label = job.label(plan.logs_commands);
        let (zone, written) = (zone.clone(), written.clone());
        let own_zone = job.own_zone(&zone);
        let schedule = jobs::schedule(&job.when, own_zone, own_zone.unwrap_or(&zone), None, now);
        let schedule = schedule.map_err(failure)?;
        let print =
            move |run: &sexton::Run| match say(&format!("{} {label}", time::rfc3339(run.due(), &zone))) {
                Ok(()) => ControlFlow::Continue(()),
                Err(failure) => {
                    *written.lock().unwrap_or_else(PoisonError::into_inner) = Err(failure);
                    ControlFlow::Break(())
                }
            };
        scheduler.task(&job.task_name()).on(schedule).run_with(print).map_err(failure)?;
    }
    clock.advance(until.duration_since(now).unwrap_or_default());
    let mut written = written.lock().unwrap_or_else(PoisonError::into_inner);
    mem::replace(&mut *written, Ok(()))
}

/// Runs one job now, as the daemon would, and waits for it. After a signal the exit status is that of the daemon, but 1 if the
/// job ended by itself and failed.
pub fn once(name: &str, plan: Plan, signals: Signals, crontab: Crontab) -> Result<(), Failure> {
    let index = find(name, &crontab)?;
    let (sender, messages) = daemon::channel();
    daemon::watch_signals(signals, sender.clone())?;
    let (log, grace) = (plan.log.clone(), plan.grace);
    let running = Arc::new(Running::new(log.clone()));
    let run = {
        let running = running.clone();
        move || {
            let job = &crontab.jobs[index];
            let settings = job.settings().or(&plan.defaults);
            let (label, limited) = (job.label(plan.logs_commands), || drop(sender.try_send(Message::Look)));
            let due = SystemTime::now();
            let (crontab, settings, label, limited) = (&crontab, &settings, &*label, &limited);
            let order = Order { crontab, job, settings, label, due, is_claimed: false, limited };
            let has_succeeded = job::run(&order, &running, &plan.log) == Ending::Succeeded;
            let _ = sender.send(Message::Over);
            has_succeeded
        }
    };
    let worker = thread::Builder::new().spawn(run).map_err(daemon::no_thread)?;
    loop {
        let now = Instant::now();
        let wait =
            running.enforce(now).map_or(Duration::from_secs(60), |at| at.saturating_duration_since(now));
        match messages.recv_timeout(wait) {
            Ok(Message::Signal(system::TERM | system::INT)) => match running.is_stopping() {
                false => daemon::begin_stop(&running, &log, grace),
                true => running.stop(Instant::now()),
            },
            Ok(Message::Over) | Err(mpsc::RecvTimeoutError::Disconnected) => break,
            _ => {}
        }
    }
    match (daemon::after_stop(&running).0, worker.join()) {
        (0, Ok(true)) => Ok(()),
        (0, _) => Err(Failure::Error(1, String::new())),
        (status, _) => Err(Failure::Error(status, String::new())),
    }
}

/// The job of a name; without one, of `line 3`, or of a command.
pub fn find(name: &str, crontab: &Crontab) -> Result<usize, Failure> {
    let is_meant = |job: &Job| job.name() == name || job.command().trim() == name;
    let found: Vec<_> = (0..crontab.jobs.len()).filter(|i| is_meant(&crontab.jobs[*i])).collect();
    match found[..] {
        [index] => Ok(index),
        [] => {
            let mut names: Vec<_> =
                crontab.jobs.iter().map(|job| format!("`{}`", job.name())).take(10).collect();
            if names.len() < crontab.jobs.len() {
                names.push("…".into());
            }
            let names = names.join(", ");
            let near = crontab.jobs.iter().map(Job::name).find(|other| is_near(name, other));
            let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            Err(Failure::Error(1, format!("no job has the name `{name}`, expected one of {names}{near}")))
        }
        _ => Err(Failure::Error(1, format!("{} jobs have the command `{name}`: give a name", found.len()))),
    }
}
