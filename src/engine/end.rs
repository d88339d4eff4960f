//! The end of a run: how it ended, what follows, and what is reported of it.

use std::time::{Duration, SystemTime};

use super::claim::Answer;
use super::{Phase, State};
use crate::agenda::{EntryKey, Then};
use crate::clock::Now;
use crate::event::RunOutcome;
use crate::stats::LastRun;
use crate::sync::Arc;
use crate::task::{Facts, Retry, Verdict};

/// How a run has ended.
pub(super) enum End {
    Returned(Verdict),
    Panicked(Arc<str>),
    /// Its future was dropped.
    Dropped,
    /// It has not begun, as this was the answer to its claim.
    NotBegun(Answer),
}

impl End {
    /// Whether nothing is left to repeat, unless the run took too long.
    pub(super) fn is_success(&self) -> bool {
        matches!(self, End::Returned(Verdict::Continue | Verdict::Break))
    }

    /// Its future can never go on.
    pub(super) fn lost() -> End {
        End::Returned(Verdict::Failed("nobody is left who could wake its future".into()))
    }
}

/// When the callback was called, and how long that took.
pub(super) struct Ran {
    pub(super) started: SystemTime,
    pub(super) took: Duration,
}

impl State {
    /// Says what follows a run that has ended, and reports its end unless it is repeated.
    pub(super) fn run_ended(&mut self, key: EntryKey, run: &Facts, ran: Ran, end: End, now: Now) -> Then {
        self.agenda.settle(key);
        if let End::NotBegun(answer) = end {
            return self.not_begun(key, run, answer, now);
        }
        let knew_to_stop = self.forget_stop(run);
        if self.agenda.end_limit(run, now) {
            self.report_limit(&run.identity, run.due, now);
        }
        let then = if let End::Returned(Verdict::Break) = end { Then::Nothing } else { Then::Schedule };
        let outcome = match end {
            End::Returned(Verdict::Failed(error)) => RunOutcome::Failed(error.into()),
            End::Panicked(message) => RunOutcome::Panicked(message),
            End::Returned(_) if run.is_overlong(now) => RunOutcome::TimedOut,
            End::Returned(_) if !knew_to_stop => RunOutcome::Finished,
            End::Returned(_) | End::Dropped | End::NotBegun(_) => RunOutcome::Stopped,
        };
        let Ran { started, took } = ran;
        let may_repeat = outcome.is_failure() && self.phase == Phase::Open;
        let retry = if may_repeat { self.agenda.retry_after(key, run, now) } else { None };
        let last = LastRun { due: run.due, started, took, outcome, attempts: run.attempt };
        match retry {
            Some((delay, at)) => {
                self.report_attempt(run, &last, delay, now);
                Then::Retry(Box::new(Retry { run: run.clone(), at, failed: Some(last) }))
            }
            None => {
                self.report_end(run, last, now);
                then
            }
        }
    }
}
