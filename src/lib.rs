//! A task scheduler that depends on nothing but `std`.
//!
//! It runs your callbacks on time: at once and then every period, at the times of a cron expression, or at times that you
//! list or compute. It keeps doing so through clock changes, suspends, slow callbacks and panics.
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
//! A **task** has a name, a schedule and a callback. A name belongs to one task: scheduling it again changes nothing, and
//! [`Task::is_new`] is then false. A **schedule** answers "when next, after this?". The answer is a **due time**: the
//! instant that a **run** is meant for. Each due time of a schedule is an **occurrence**. A run that starts after its due
//! time is **late**. An occurrence that gets no run of its own is **missed**, and is reported.
//!
//! A **calendar schedule** follows the wall clock: cron, [`at`](NeedsSchedule::at), periods of whole days. An **elapsed
//! schedule** follows the monotonic clock: periods in hours or less, and delays. Setting the wall clock affects calendar
//! schedules only.
//!
//! # Promises
//!
//! A test of the same name holds each of them.
//!
//! 1. **Never early.** A run starts at or after its due time, by the clock that its schedule follows.
//! 2. **One name, one task.** Scheduling a used name changes nothing and says so.
//! 3. **Nothing vanishes.** Every occurrence is run, or reported as missed with the reason. None is run twice. With a
//!    [claim](Builder::claim), it may also be reported as another replica's.
//! 4. **No overlap unless asked.** Two runs of a task never overlap, even across a replacement.
//! 5. **Your code is yours.** Callbacks, claims, schedules, observers and the destructors of all of them run on a thread for them
//!    or on the caller's, never on the timer's thread and never while a lock is held. A panic or an error in them is
//!    reported, and the schedule goes on.
//! 6. **Time moves on.** The next due time is always later than the last. If a schedule of yours breaks this, the task
//!    ends with an error. It never spins.
//! 7. **A rule for clock changes.** When clocks skip an hour in spring, a schedule that names an hour in the gap runs once,
//!    at the end of the gap. When clocks repeat an hour in autumn, it runs the first time only. A cron expression that
//!    repeats within the day (`*`, a range or a step in its seconds, minutes or hours) runs both times.
//! 8. **Clock steps and suspend are noticed** within one second by default ([`Builder::clock_check`]).
//! 9. **Bounded.** Memory is proportional to the number of tasks. A cancelled task leaves nothing behind but the history of
//!    the last few, for [`Scheduler::explain`] ([`Builder::history`]). Missed occurrences are counted, not stored. With no
//!    calendar task waiting, an idle scheduler does not wake up at all.
//! 10. **Nothing hidden.** No `unsafe`, no dependency, no build script, no network, no global state except
//!     [`Scheduler::global`], no file read except zone files and the journal that you name. Windows and Android do not keep
//!     the local zone in a file: there, the system's own `reg.exe` or `getprop` is run.
//!
//! # When the wall clock is set
//!
//! The wall clock is compared with the monotonic one at every wake-up. A difference of more than 1.25
//! seconds is a clock step. It is reported as an event ([`Event::ClockStepped`]), and the next due time of every calendar task is
//! computed again. A leap second is no step: what is due when the clock shows a second again has run, and is not run twice.
//!
//! * **Forward, or the machine slept:** the occurrences in between are missed, and [`Missed`] decides what happens to them.
//! * **Back by up to three hours:** a schedule that names its times waits until the clock has caught up, so that nothing
//!   runs twice. An interval-like cron expression such as `* * * * *` follows the new time, and runs again at times that
//!   the clock shows again.
//! * **By more than three hours either way:** a correction of a clock that was wrong. Schedules continue from the new time.
//!   The skipped occurrences are reported ([`Why::ClockCorrected`]) and not run. This is cronie's rule.
//! * **Elapsed schedules** are not affected, and do not count the time for which the machine slept. What
//!   [`Schedule::except`] leaves out of them is what the clock shows when it has come.
//!
//! A program cannot tell a machine that slept from a clock that was set. So a sleep of more than three hours counts as a
//! correction, unless [`Builder::clock_correction`] raises the limit.
//!
//! # When the local zone changes
//!
//! A scheduler without a zone of its own follows the local one, as `TZ` and `/etc/localtime` define it. While a calendar
//! task waits, it checks the local zone and the files of named zones at least once a minute ([`Builder::zone_check`]).
//! For a schedule, a zone change is a clock change at that instant, and the rule of promise 7 applies
//! ([`Scheduler::set_zone`], [`Event::ZoneChanged`]). If a zone cannot be read again, the old data stay in use:
//! [`Event::ZoneKept`] reports that once, and [`Event::ZoneReadAgain`] reports when the zone is readable again.
//!
//! # When the process restarts
//!
//! With a journal (`Builder::journal`, feature `journal`) or a [`Store`](Builder::store) of yours, the last due time of each name outlives the process. Occurrences while the process
//! was down are missed, and [`Missed`] decides what happens to them. A run that was cut off is reported
//! ([`Event::CutOff`]) and not run again.
//!
//! # Several replicas
//!
//! With [`Builder::claim`], replicas of a program share their tasks: each run by the calendar is for the replica to which a
//! database, or another engine that they have in common, gives it. [`ClaimFailure`] says what follows when that is away. The page
//! `docs/fleets.md` has what is guaranteed, and recipes.
//!
//! # Recipes
//!
//! **Run once, later:** [`after`](NeedsSchedule::after) or [`at`](NeedsSchedule::at). The task gives up its name when its
//! last run starts, so a callback may schedule its own name again, through [`Run::scheduler`].
//!
//! **Test without waiting:** a [`ManualClock`] runs a year of your schedule in a moment, the same each time.
//!
//! **No threads:** [`Builder::threads`]`(0)`, and call [`Scheduler::run_pending`] from your own loop.
//!
//! **Not on holidays:** [`except_dates`](TaskBuilder::except_dates), and [`or_next_day`](TaskBuilder::or_next_day) or
//! [`or_previous_day`](TaskBuilder::or_previous_day) if the run is to be on another day instead;
//! [`except`](TaskBuilder::except) for what a list of dates cannot say.
//!
//! **Several schedules for one task:** [`Schedule::any`], through [`on`](NeedsSchedule::on).
//!
//! **Every other week:** `0 9 * * mon%2`, or [`every_nth_week(2)`](TaskBuilder::every_nth_week) beside a cron expression, or
//! [`every("2w")`](NeedsSchedule::every) with [`starting`](TaskBuilder::starting) on the first day. `"1mo"` and `"1y"` are
//! months and years.
//!
//! **Not all at the full hour:** [`jitter`](TaskBuilder::jitter) delays a task by a fixed time that depends on its name.
//!
//! **Why did it not run?** [`Scheduler::explain`] answers from the task's history. [`Scheduler::forecast`] predicts overlaps
//! and waits. [`Schedule::clock_changes`] lists what clock changes will do to a schedule.
//!
//! **No time zone database:** building the scheduler fails with an error that names the problem. Set `TZ` to a POSIX rule
//! (`CET-1CEST,M3.5.0,M10.5.0/3`), or give the builder a [`Zone`](tz::Zone): [`from_tzif`](tz::Zone::from_tzif),
//! [`from_posix`](tz::Zone::from_posix), [`utc`](tz::Zone::utc). Or enable the feature `embedded-tz`: it adds a table of all
//! zones from 2026 on to the program, about 8 KB. The system's files take precedence over it, and instants before 2026 are
//! an error. UTC is never used as a silent substitute.
//!
//! # Layers
//!
//! What a scheduler does not need to run is in layers, each a folder and a feature that are on unless you say
//! `default-features = false`. With `features = ["std"]` alone there is the core.
//!
//! * **`tools`** answers questions about schedules: [`tools`], [`Cron::describe`], [`Dialect::lint`](cron::Dialect::lint),
//!   [`Cron::why`], [`Schedule::clock_changes`]. It needs no `std`, but for the last two.
//! * **`history`** is [`Scheduler::explain`] and [`Scheduler::forecast`]. It takes `tools` with it.
//!
//! # Without `std`
//!
//! The feature `std` is on by default. With `default-features = false` the crate needs neither `std` nor an allocator. It
//! then has [`civil`], [`cron`](mod@cron), POSIX rules as zones ([`PosixZone`](tz::PosixZone)), and the arithmetic of
//! schedules: when a [`Cron`] fires in such a zone ([`next_in`](Cron::next_in), [`upcoming_in`](Cron::upcoming_in),
//! [`previous_in`](Cron::previous_in), [`fires_at`](Cron::fires_at)), in Unix seconds, and when a [`Period`] is due ([`next_in`](Period::next_in),
//! [`previous_in`](Period::previous_in)). The answers are those of a [`Schedule`].
//!
//! The same works on `wasm32-unknown-unknown`, whose `std` has neither threads nor clocks. Building a scheduler is an error
//! there, as is [`Schedule::upcoming`].
//!
//! # What is left out
//!
//! Async runtimes: futures are polled on the workers, and a future that needs tokio must be spawned on tokio. Coordination
//! between machines: each scheduler runs its own tasks, unless [`Builder::claim`] asks a database whose a run is.

#![forbid(unsafe_code)]
#![warn(missing_docs, missing_debug_implementations)]
#![cfg_attr(not(any(feature = "std", test)), no_std)]
// Without `std` parts of the core have no caller.
#![cfg_attr(not(feature = "std"), allow(dead_code))]

// The modules, from the bottom up. A module imports from the floors below its own and from no other; a test reads this
// file and checks the imports of all others. Modules without `cfg(feature = "std")` also compile without `std`.

// Cellar: helpers that every floor may use.
mod elapsed;
mod excerpt;
mod hash;
#[cfg(feature = "std")]
mod sync;

// Ground floor: these do not import each other.
pub mod civil;
#[cfg(feature = "std")]
mod clock;
#[cfg(feature = "std")]
mod guard;
mod period;
#[cfg(feature = "std")]
mod platform;
#[cfg(feature = "std")]
mod pool;
#[cfg(feature = "std")]
mod stop;
#[cfg(feature = "std")]
pub mod store;

// Floor 1: sets of civil seconds, zones that turn civil times into instants, and events. They do not import each other.
pub mod cron;
#[cfg(feature = "std")]
mod event;
pub mod tz;

// Floor 2: when a cron expression or a period is due in a zone; the crate's error type; a task's identity and
// what becomes of it.
#[cfg(feature = "std")]
mod error;
mod occurrences;
#[cfg(feature = "std")]
mod stats;

// Floor 3: when next, after this?
#[cfg(feature = "std")]
mod schedule;

// Floor 4: a schedule with a callback and policies.
#[cfg(feature = "std")]
mod task;

// Floor 5: which task is due when.
#[cfg(feature = "std")]
mod agenda;

// Floor 6: what threads share, and how a task is run.
#[cfg(feature = "std")]
mod engine;

// Floor 7: waits for the next due time.
#[cfg(feature = "std")]
mod timer;

// What layers put into each new scheduler.
#[cfg(feature = "std")]
mod layers {
    #[cfg(feature = "history")]
    pub(crate) use crate::history::default_recorder;

    /// What records the events, unless the builder says otherwise.
    #[cfg(not(feature = "history"))]
    pub(crate) fn default_recorder() -> Option<crate::sync::Arc<dyn crate::engine::Recorder>> {
        None
    }
}

// Roof: what users hold.
#[cfg(feature = "std")]
mod scheduler;

// The layers above the roof: each is a folder that can be deleted with its lines here. Nothing below uses them.
#[cfg(feature = "tools")]
pub mod tools;

#[cfg(feature = "history")]
mod history;

#[cfg(feature = "journal")]
mod journal;

pub use cron::Cron;
pub use occurrences::fires::Occurrences;
pub use period::{Period, PeriodError};

#[cfg(feature = "std")]
pub use {
    agenda::Status,
    clock::{ManualClock, Step},
    engine::Claim,
    error::Error,
    event::{ClaimFailure, Event, RunOutcome, Why},
    schedule::{Given, GivenZone, Moment, Schedule, Upcoming},
    scheduler::{
        cancel_task, cancel_task_after_next, schedule_task, Builder, NeedsSchedule, ObserverHandle, Run,
        Scheduler, Task, TaskBuilder,
    },
    stats::{LastRun, Stats},
    stop::Stop,
    task::{Missed, Outcome, Overlap, Verdict},
};

#[cfg(feature = "history")]
pub use history::{Account, Ending, Forecast, Outlook, Reason};
#[cfg(all(feature = "std", feature = "tools"))]
pub use tools::{
    changes::{ClockChange, ClockChanges, ClockEffect, Reading},
    why::{Explanation, Passes},
};

// Compiles and runs the snippets of the pages.
#[cfg(all(doctest, feature = "std"))]
mod pages {
    #[doc = include_str!("../README.md")]
    struct Readme;
    #[cfg(all(feature = "history", feature = "journal"))]
    #[doc = include_str!("../docs/tour.md")]
    struct Tour;
    #[cfg(feature = "tools")]
    #[doc = include_str!("../docs/cron.md")]
    struct Cron;
    #[doc = include_str!("../docs/vendoring.md")]
    struct Vendoring;
    #[doc = include_str!("../docs/fleets.md")]
    struct Fleets;
}
