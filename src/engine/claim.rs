//! Asks whose a run is, where several replicas have the same tasks: on the worker that is about to begin it, without a lock.
//!
//! For the agenda the run has begun when it is asked about, so what comes meanwhile is an overrun. It begins, or it ends
//! here: another replica has it, or it is missed, or it is asked about again later, as a run that failed is repeated.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::{Engine, Phase, State};
use crate::agenda::{EntryKey, Then};
use crate::clock::Now;
use crate::event::{ClaimFailure, Event, Why};
use crate::guard::guarded;
use crate::store::Record;
use crate::sync::{lock, Arc};
use crate::task::{Facts, MissedOccurrences, Place, Retry};

/// A run that is about to begin, if this replica may have it. [`Builder::claim`](crate::Builder::claim) is asked about it.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    name: &'a str,
    due: SystemTime,
}

impl Claim<'_> {
    /// The name of the task.
    pub fn name(&self) -> &str {
        self.name
    }

    /// The due time by the schedule, without [jitter](crate::TaskBuilder::jitter): the same in all replicas, however late this
    /// one is. Of several occurrences that the run coalesces, it is the latest.
    pub fn due(&self) -> SystemTime {
        self.due
    }
}

type Ask = dyn Fn(&Claim<'_>) -> Result<bool, String> + Send + Sync;

/// What is asked, and what follows if there is no answer.
#[derive(Clone, Default)]
pub(crate) struct Claims {
    /// None where the replicas do not share their tasks, and once the engine has closed.
    pub(crate) ask: Option<Arc<Ask>>,
    pub(crate) on_failure: ClaimFailure,
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims").field("on_failure", &self.on_failure).finish_non_exhaustive()
    }
}

/// Whether a run is this replica's, or why that is unknown.
pub(super) type Answer = Result<bool, Arc<str>>;

/// How long after a claim that failed the run is claimed again: as long as it is late, within these limits.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

impl Claims {
    /// The due time to claim a run by, if it is to be claimed.
    pub(super) fn due_of(&self, run: &Facts) -> Option<SystemTime> {
        run.claim.filter(|_| self.ask.is_some())
    }
}

impl Engine {
    /// Asks whether a run is this replica's. With no lock held: the claim is the user's code.
    pub(super) fn ask_whose(self: &Arc<Self>, name: &Arc<str>, due: SystemTime) -> Answer {
        let ask = match lock(&self.state).claims.ask.clone() {
            Some(ask) => ask,
            None => return Ok(true),
        };
        let answer = guarded(|| ask(&Claim { name, due }));
        // If the engine has closed meanwhile, this drops the claim.
        self.discard(name, ask);
        match answer {
            Ok(answer) => answer.map_err(Arc::from),
            Err(message) => Err(format!("the claim panicked: {message}").into()),
        }
    }
}

impl State {
    /// A run was asked about, and that took a while. Reports that it begins, or hands the answer back if it does not.
    pub(super) fn claimed(
        &mut self,
        run: &mut Facts,
        asked: Now,
        answer: Answer,
        now: Now,
    ) -> Result<(), Answer> {
        let took = now.mono.saturating_duration_since(asked.mono);
        run.lateness = run.lateness.saturating_add(took);
        run.deadline = run.deadline.and_then(|deadline| deadline.checked_add(took));
        if !self.may_begin(run, &answer) {
            return Err(answer);
        }
        // It is this replica's, as often as it is repeated.
        run.claim = None;
        if let Err(error) = answer {
            let (task, due, then) = (run.name().clone(), run.due, ClaimFailure::Run);
            self.outbox.alarm(now, Event::ClaimFailed { task, due, error, then });
        }
        self.report_start(run, now);
        Ok(())
    }

    /// Whether a run begins that was asked about.
    fn may_begin(&self, run: &Facts, answer: &Answer) -> bool {
        // Once it is claimed, no other replica runs it. So a shutdown that came meanwhile waits for it, as for one that has begun.
        let is_removed = self.agenda.why_stopped(run.name(), run.version) == Some(Why::Cancelled);
        !is_removed && answer.as_ref().map_or(self.claims.on_failure == ClaimFailure::Run, |is_ours| *is_ours)
    }

    /// A run does not begin that was asked about. Reports that, and says what follows.
    pub(super) fn not_begun(&mut self, key: EntryKey, run: &Facts, answer: Answer, now: Now) -> Then {
        let why = self.agenda.why_stopped(run.name(), run.version);
        match answer {
            Ok(false) if why != Some(Why::Cancelled) => self.report_elsewhere(run, now),
            Ok(_) => self.report_unclaimed(run, why.unwrap_or(Why::ClaimFailed), now),
            Err(error) => {
                let later = self.asked_later(key, run, now);
                let then = if later.is_some() { ClaimFailure::Retry } else { ClaimFailure::Skip };
                let (task, due) = (run.name().clone(), run.due);
                self.outbox.alarm(now, Event::ClaimFailed { task, due, error, then });
                match later {
                    Some(later) => return Then::Retry(Box::new(later)),
                    None => self.report_unclaimed(run, why.unwrap_or(Why::ClaimFailed), now),
                }
            }
        }
        Then::Schedule
    }

    /// A run whose claim has failed, to be asked about again, if the policy says so and nothing comes before.
    fn asked_later(&mut self, key: EntryKey, run: &Facts, now: Now) -> Option<Retry> {
        if self.claims.on_failure != ClaimFailure::Retry || self.phase != Phase::Open {
            return None;
        }
        let wait = run.lateness.clamp(SHORTEST_WAIT, LONGEST_WAIT);
        let (at, lateness) = (now.mono.checked_add(wait)?, run.lateness.saturating_add(wait));
        // The attempt that follows is the first.
        let run = Facts { attempt: 0, lateness, ..run.clone() };
        let may_begin = self.agenda.may_begin_later(key, lateness, at, now);
        may_begin.then_some(Retry { run, at, failed: None })
    }

    /// A run will not be asked about again, as something else has come.
    pub(super) fn claim_given_up(&mut self, run: &Facts, now: Now) {
        let why = match self.phase {
            Phase::Open => self.agenda.why_stopped(run.name(), run.version).unwrap_or(Why::ClaimFailed),
            _ => Why::ShutDown,
        };
        self.report_unclaimed(run, why, now);
    }

    fn report_elsewhere(&mut self, run: &Facts, now: Now) {
        let (task, due, coalesced, is_last) =
            (run.name().clone(), run.due, run.missed, run.place != Place::Any);
        self.outbox.record(run.name(), done(run));
        self.outbox.emit_of(Some(&run.identity), now, || Event::ClaimedElsewhere {
            task,
            due,
            coalesced,
            is_last,
        });
        run.identity.stats.add_elsewhere();
    }

    fn report_unclaimed(&mut self, run: &Facts, why: Why, now: Now) {
        if why == Why::ClaimFailed {
            self.outbox.record(run.name(), done(run));
        }
        let missed = MissedOccurrences { count: 1, first: run.due, latest: run.due, why };
        self.report_missed(&run.identity, missed, now);
    }
}

/// What the store keeps of a run that did not begin here, and will not.
fn done(run: &Facts) -> Record {
    match run.place {
        // With this run the task has given its name up.
        Place::OneMore => Record::Forgot,
        Place::Any | Place::Last => Record::Passed(run.due),
    }
}
