//! A task scheduler that depends on nothing but `std`.
//!
//! It runs your callbacks on time: at once and then once a period, at the civil times of a cron expression, at one
//! time, or at many; through clock changes, suspends, slow callbacks and panics.
//!
//! ```
//! use std::time::Duration;
//! use sexton::{cron, Scheduler};
//! # fn refresh() {}
//! # fn send_report() -> Result<(), std::io::Error> { Ok(()) }
//! # fn rotate() {}
//!
//! let scheduler = Scheduler::new()?;
//! scheduler.task("refresh").every("1s").run(refresh)?; // at once, and then every second
//! scheduler.task("report").cron("2 4 * * mon,fri").run(send_report)?; // 04:02 local time
//! scheduler.task("keys").on(cron!("0 9 * * mon-fri")).run(rotate)?; // checked by the compiler
//!
//! for task in scheduler.tasks() {
//!     println!("{task}");
//! }
//! # let scheduler = { scheduler.cancel("refresh")?; scheduler.cancel("report")?; scheduler.cancel("keys")?; scheduler };
//! scheduler.wait(); // until no task is left
//! # Ok::<(), sexton::Error>(())
//! ```
//!
//! # The ideas
//!
//! A **task** has a name, a schedule and a callback. A name is used once: scheduling it again changes nothing, and says
//! so ([`Task::is_new`]). A **schedule** answers "when next, after this?". The answer is a **due**: the instant that a
//! **run** is meant for. A run that begins after its due is **late**; a due that has no run of its own is **missed**,
//! and reported.
//!
//! A **calendar schedule** follows the wall clock: cron, [`at`](NeedsSchedule::at), periods of whole days. An **elapsed
//! schedule** follows the monotonic clock: periods in hours or less, and delays. Setting the clock moves the one kind
//! and not the other.
//!
//! # Promises
//!
//! Each is a test of that name.
//!
//! 1. **Never early.** A run starts at or after its due, by the clock that its schedule follows.
//! 2. **One name, one task.** Scheduling a used name changes nothing and says so.
//! 3. **Nothing vanishes.** Every due is run, or reported as missed with the reason. None is run twice.
//! 4. **No overlap unless asked.** Two runs of a task never overlap, even across a replacement.
//! 5. **Your code is yours.** Callbacks, schedules, observers and the destructors of all of them run on a pool thread or
//!    on the caller's, never on the timer's thread and never while a lock is held. A panic or an error in them is
//!    reported, and the schedule goes on.
//! 6. **Time moves on.** The next due is always later than the last. A schedule of yours that breaks this is ended with
//!    an error; it never spins.
//! 7. **A rule for clock changes.** In the hour that is skipped in spring a job that names its hour runs at the end of
//!    the gap, once. In the hour that comes twice in autumn it runs the first time only; one that repeats (`*`, a range
//!    or a step in its seconds, minutes or hours) runs both times.
//! 8. **Clock steps and suspend are noticed** within a second, or as you set it ([`Builder::clock_check`]).
//! 9. **Bounded.** Memory goes with the tasks: cancelled ones leave nothing behind but what [`Scheduler::explain`] has to
//!    say of the last few ([`Builder::history`]), and what was missed is counted, not stored. With no calendar task
//!    waiting, an idle scheduler does not wake up at all.
//! 10. **Nothing hidden.** No `unsafe`, no dependency, no build script, no network, no global state but the one you ask
//!     for ([`Scheduler::global`]), no file read but zone files and the journal that you name. Where Windows and Android
//!     keep the local zone no file tells it: their own `reg.exe` and `getprop` are asked.
//!
//! # When the wall clock is moved
//!
//! The wall clock is compared with the monotonic one at every wake-up. A difference of over a second is a step: an
//! event ([`Event::ClockStepped`]), and every calendar due is judged anew.
//!
//! * **Forward, or the machine slept:** dues in between are missed, and [`Missed`] says what becomes of them.
//! * **Back by up to three hours:** a schedule that names its times waits until time catches up, so that nothing runs
//!   twice. An interval-like cron expression such as `* * * * *` goes on by the new time, and what the clock shows twice
//!   it runs twice.
//! * **By more than three hours either way:** a correction of a clock that was wrong. Schedules go on from the new now;
//!   what was skipped is reported ([`Why::ClockCorrected`]), and not caught up. This is cronie's rule.
//! * **Elapsed schedules** do not notice, and do not count the time that the machine slept.
//!
//! A program cannot tell a machine that slept from a clock that was set: a night's sleep counts as a correction, unless
//! [`Builder::clock_correction`] says that more is none.
//!
//! # When the machine is moved
//!
//! A scheduler that was given no zone follows the local one, as `TZ` and `/etc/localtime` have it: it looks at least once a
//! minute while a calendar task waits ([`Builder::zone_check`]), and so it does at the files of zones that have a name. A
//! zone that is another one now is to a schedule what a change of clocks is, by the rule of promise 7
//! ([`Scheduler::set_zone`]), and told ([`Event::ZoneChanged`]). One that cannot be read again stays as it was, and that is
//! told once ([`Event::ZoneKept`]), and when it is over ([`Event::ZoneReadAgain`]).
//!
//! # When the process goes down
//!
//! With a [journal](Builder::journal) the last due of each name outlives the process. What was due meanwhile is missed, and
//! [`Missed`] says what becomes of it; a run that was cut off is told ([`Event::CutOff`]) and not run again.
//!
//! # Recipes
//!
//! **Run once, later:** [`after`](NeedsSchedule::after) or [`at`](NeedsSchedule::at). The task gives its name up when its
//! last run begins, so a callback may schedule its own name again, by [`Run::scheduler`].
//!
//! **Test without waiting:** a [`ManualClock`] runs a year of your schedule in a moment, the same each time.
//!
//! **No threads:** [`Builder::threads`]`(0)`, and call [`Scheduler::run_pending`] from your own loop.
//!
//! **Not on holidays:** [`except_dates`](TaskBuilder::except_dates), and [`or_next_day`](TaskBuilder::or_next_day) if the run
//! is to be on the next day instead; [`except`](TaskBuilder::except) for what a list of dates cannot say.
//!
//! **Every other week:** [`every("2w")`](NeedsSchedule::every) with [`starting`](TaskBuilder::starting) on the first day.
//!
//! **Not all at the full hour:** [`jitter`](TaskBuilder::jitter) delays a task by a fixed time that depends on its name.
//!
//! **Why did it not run?** [`Scheduler::explain`] knows, as far as it is remembered; [`Scheduler::forecast`] looks ahead, and
//! [`Schedule::clock_changes`] tells what the clocks will do to a schedule.
//!
//! **No time zone database:** the error says so when the scheduler is made. Set `TZ` to a POSIX rule
//! (`CET-1CEST,M3.5.0,M10.5.0/3`), or give the builder a [`Zone`](tz::Zone): [`from_tzif`](tz::Zone::from_tzif),
//! [`from_posix`](tz::Zone::from_posix), [`utc`](tz::Zone::utc). Or take the feature `embedded-tz`: it puts what the clocks
//! of all zones show from 2026 on into the program, some 8 KB; the system's files are always preferred, and of instants
//! before 2026 it does not guess. UTC is never put in silently.
//!
//! # Without `std`
//!
//! The feature `std` is on unless you say `default-features = false`. Then the crate needs neither `std` nor an allocator,
//! and has [`civil`], [`cron`](mod@cron), POSIX rules as zones ([`PosixZone`](tz::PosixZone)), and the arithmetic of
//! schedules: when a [`Cron`] fires in such a zone ([`next_in`](Cron::next_in), [`previous_in`](Cron::previous_in),
//! [`fires_at`](Cron::fires_at)), in Unix seconds, and when a [`Period`] is due ([`next_in`](Period::next_in),
//! [`previous_in`](Period::previous_in)). The answers are those of a [`Schedule`].
//!
//! # What is left out
//!
//! Runtimes: a future is polled on the workers, and one that needs tokio must be handed to tokio. Agreement among several
//! machines on which of them runs a task.

#![forbid(unsafe_code)]
#![warn(missing_docs, missing_debug_implementations)]
#![cfg_attr(not(any(feature = "std", test)), no_std)]
// The whole crate tells what is not used; its core holds some things for the rest of it.
#![cfg_attr(not(feature = "std"), allow(dead_code))]

// The house, from the cellar up. A module imports from the floors below its own and from no other; a test reads this
// file and holds all others to it. What has no `std` above it is there without.

// Cellar: what everything stands on.
mod elapsed;
mod excerpt;
#[cfg(feature = "std")]
mod sync;

// Ground: each of these stands alone.
pub mod civil;
#[cfg(feature = "std")]
mod clock;
#[cfg(feature = "std")]
mod guard;
#[cfg(feature = "std")]
mod journal;
mod period;
#[cfg(feature = "std")]
mod pool;

// Floor 1: sets of civil seconds, zones that turn them into instants, and what is told. None has heard of the others.
pub mod cron;
#[cfg(feature = "std")]
mod event;
pub mod tz;

// Floor 2: when an expression or a period is due in a zone; and why a call could not do what it was asked to.
#[cfg(feature = "std")]
mod error;
mod occurrences;

// Floor 3: when next, after this?
#[cfg(feature = "std")]
mod schedule;

// Floor 4: a schedule with a callback and policies.
#[cfg(feature = "std")]
mod task;

// Floor 5: who waits for when.
#[cfg(feature = "std")]
mod agenda;

// Floor 6: what threads share, and a task's way round.
#[cfg(feature = "std")]
mod engine;

// Floor 7: the only sleeper.
#[cfg(feature = "std")]
mod timer;

// Roof: what users hold.
#[cfg(feature = "std")]
mod scheduler;

pub use cron::Cron;
pub use period::{Period, PeriodError};

#[cfg(feature = "std")]
pub use {
    agenda::{Ending, Status},
    clock::{ManualClock, Step},
    error::Error,
    event::{Event, Why},
    schedule::{
        ClockChange, ClockChanges, ClockEffect, Explanation, Moment, Passes, Reading, Schedule, Upcoming,
    },
    scheduler::{
        cancel_task, cancel_task_after_next, schedule_task, Account, Builder, Forecast, NeedsSchedule,
        Outlook, Reason, Run, Scheduler, Task, TaskBuilder,
    },
    task::{Missed, Outcome, Overlap, Verdict},
};

/// The README's snippets are compiled and run.
#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../README.md")]
struct Readme;
