//! What callers ask of the engine: to schedule a task, and to change one.

use std::panic::Location;
use std::time::SystemTime;

use super::{Engine, Phase, State};
use crate::agenda::{Details, Owner, Request, Rescheduled, Scheduled, TaskKey};
use crate::clock::Now;
use crate::error::{Error, Kind};
use crate::event::Event;
use crate::schedule::{Due, Schedule, Timetable, Whose};
use crate::stats::Identity;
use crate::store::Record;
use crate::sync::{lock, Arc, MutexGuard};
use crate::task::{Job, Missed, Policy};
use crate::tz::Zone;

/// A task to be scheduled.
pub(crate) struct Order {
    pub(crate) name: Arc<str>,
    pub(crate) schedule: Schedule,
    pub(crate) job: Job,
    pub(crate) policy: Policy,
    pub(crate) replaces: bool,
    pub(crate) is_paused: bool,
    pub(crate) scheduled_at: &'static Location<'static>,
}

/// The task that has the name now.
pub(crate) struct ScheduledTask {
    pub(crate) identity: Arc<Identity>,
    pub(crate) is_new: bool,
}

impl Engine {
    /// Puts a task on the agenda, unless another task owns its name.
    pub(crate) fn schedule(self: &Arc<Self>, order: Order) -> Result<ScheduledTask, Error> {
        let Order { name, mut schedule, job, policy, replaces, is_paused, scheduled_at } = order;
        let of_task = |error: Error| error.of_task(&name);
        let (state, now) = self.prepare(&name).map_err(of_task)?;
        // If the name is taken, the caller's iterator or closure must not be asked for anything.
        if let Some(owner) = state.agenda.owner(&name).filter(|_| !replaces) {
            drop(state);
            self.discard(&name, (schedule, job));
            return Ok(self.name_taken(owner, scheduled_at));
        }
        // A replacement stays as its task is.
        let is_paused = is_paused || state.begins_paused && state.agenda.owner(&name).is_none();
        let (zone, own_zone) = state.zones_of(&mut schedule);
        let held = self.keep_locked(state, &name, &schedule);
        let last = if held.is_some() { None } else { self.last_due(&name) };
        let whose = Whose { name: &name, seed: self.seed, last };
        let (words, left) = (schedule.words(), schedule.times_limit().unwrap_or(u64::MAX));
        let has_fixed_due_times = schedule.has_fixed_due_times();
        let (timetable, first) = schedule.begin(&zone, now, Some(whose)).map_err(of_task)?;
        // Before the first event of this task.
        if held.is_none() {
            self.emit_past(&name);
        }
        let mut first = match first {
            Some(first) => first,
            None => {
                drop(held);
                self.discard(&name, (timetable, job));
                return self.ended_at_once(name, replaces);
            }
        };
        // If this process ends before the first due time, the next one must know that it has missed it.
        let since = (has_fixed_due_times && !first.has_come(now)).then_some(now.wall);
        let (state, now) = match held {
            Some(state) => (state, now),
            None => self.lock_again(&name, &timetable, &mut first, now).map_err(of_task)?,
        };
        let request = Request {
            name: name.clone(),
            words: timetable.words_to_keep(words),
            timetable,
            job,
            policy,
            first,
            left,
            zone: own_zone,
            scheduled_at,
            is_paused,
            replaces,
        };
        let (identity, old) = match self.add(state, request, zone, since, now) {
            Scheduled::New { identity, ended } => (identity, ended),
            Scheduled::Replaced { old } => (old.identity.clone(), Some(old)),
            Scheduled::Taken { by, job, timetable } => {
                self.discard(&name, (timetable, job));
                return Ok(self.name_taken(by, scheduled_at));
            }
        };
        old.into_iter().for_each(|old| self.dispose_of(old));
        Ok(ScheduledTask { identity, is_new: true })
    }

    /// Keeps the state locked while a schedule begins, unless that may be slow: the schedule is the user's code, or the store
    /// is to be asked, which has nothing left to say of a name that is used. Anything else takes less time than to unlock the
    /// state and lock it again. In between, a task that is replaced could run for a due time that its replacement would run
    /// again.
    fn keep_locked<'e>(
        &self,
        state: MutexGuard<'e, State>,
        name: &Arc<str>,
        schedule: &Schedule,
    ) -> Option<MutexGuard<'e, State>> {
        let is_known = !self.has_store || state.agenda.owner(name).is_some();
        (!schedule.is_users() && is_known).then_some(state)
    }

    /// Locks the state for a schedule that has begun without the lock. If it replaces another one, what has come meanwhile was
    /// for that one to run: then the first due time is the next one from now on.
    fn lock_again<'e>(
        &'e self,
        name: &str,
        timetable: &Timetable,
        first: &mut Due,
        began: Now,
    ) -> Result<(MutexGuard<'e, State>, Now), Error> {
        // A closure that takes longer than the period does not keep its caller for ever.
        for _ in 0..10 {
            let (state, now) = (self.open_state()?, self.clock.now());
            let has_come = !first.has_come(began) && first.has_come(now);
            if !has_come || state.agenda.owner(name).is_none() {
                return Ok((state, now));
            }
            drop(state);
            match timetable.next_of_calendar(now) {
                Some(next) => *first = next,
                None => break,
            }
        }
        Ok((self.open_state()?, self.clock.now()))
    }

    /// Locks the state, with the zones up to date, if a task of this name can be scheduled.
    fn prepare<'e>(self: &'e Arc<Self>, name: &str) -> Result<(MutexGuard<'e, State>, Now), Error> {
        self.check_name(name)?;
        let mut state = self.open_state()?;
        let now = self.clock.now();
        match self.time_to_check_zones(&mut state, now) {
            Some(watch) => {
                drop(state);
                self.check_zones(watch);
                Ok((self.open_state()?, self.clock.now()))
            }
            None => Ok((state, now)),
        }
    }

    /// Puts a task on the agenda that was scheduled in `zone`, unless it has a zone of its own.
    fn add(
        self: &Arc<Self>,
        mut state: MutexGuard<'_, State>,
        request: Request,
        zone: Zone,
        since: Option<SystemTime>,
        now: Now,
    ) -> Scheduled {
        let name = request.name.clone();
        let has_changed = request.zone.is_none() && state.zone != zone;
        // The clocks are compared before the task is added: a step that came before it was scheduled is not a step for this
        // task.
        state.check_clocks(now);
        let scheduled = state.agenda.schedule(request, now);
        if !matches!(scheduled, Scheduled::Taken { .. }) {
            if has_changed {
                let zone = state.zone.clone();
                state.agenda.change_zone_named(&name, &zone, now);
            }
            if let Some(since) = since {
                state.outbox.record(&name, Record::Scheduled(since));
            }
        }
        match &scheduled {
            Scheduled::Taken { .. } => {}
            Scheduled::New { .. } => state.outbox.emit(now, || Event::Scheduled { task: name.clone() }),
            Scheduled::Replaced { old } => {
                state.outbox.emit_of(Some(&old.identity), now, || Event::Replaced { task: name.clone() });
            }
        }
        self.unlock(state, now);
        scheduled
    }

    fn name_taken(self: &Arc<Self>, owner: Owner, second: &'static Location<'static>) -> ScheduledTask {
        let Owner { identity, scheduled_at: first } = owner;
        if first != second {
            self.alarm(Event::NameTaken { task: identity.name.clone(), first, second });
        }
        ScheduledTask { identity, is_new: false }
    }

    /// The schedule has no due time at all: an iterator or a closure returned none.
    fn ended_at_once(self: &Arc<Self>, name: Arc<str>, replaces: bool) -> Result<ScheduledTask, Error> {
        let key = TaskKey { name: &name, id: None };
        if replaces && lock(&self.state).agenda.owner(&name).is_some() {
            self.cancel(key)?;
        }
        let mut state = lock(&self.state);
        let now = self.clock.now();
        state.outbox.emit(now, || Event::Scheduled { task: name.clone() });
        state.outbox.emit(now, || Event::Ended { task: name.clone() });
        self.unlock(state, now);
        // No task ever has this id.
        Ok(ScheduledTask { identity: Identity::new(name, 0), is_new: true })
    }

    /// Gives a task another schedule.
    pub(crate) fn reschedule(
        self: &Arc<Self>,
        task: &Arc<Identity>,
        mut schedule: Schedule,
    ) -> Result<(), Error> {
        let (name, key) = (&task.name, TaskKey::from(&**task));
        let of_task = |error: Error| error.of_task(name);
        let (state, now) = self.prepare(name).map_err(of_task)?;
        // If the task cannot have it, the caller's iterator or closure must not be asked for anything.
        if let Err(error) = state.agenda.may_reschedule(key, schedule.is_users()) {
            drop(state);
            self.discard(name, schedule);
            return Err(of_task(error));
        }
        let (zone, own_zone) = state.zones_of(&mut schedule);
        // As for a replacement: meanwhile no due time of the old schedule may be run that is one of the new schedule, too.
        let held = (!schedule.is_users()).then_some(state);
        let whose = Whose { name, seed: self.seed, last: None };
        let (words, left) = (schedule.words(), schedule.times_limit().unwrap_or(u64::MAX));
        let (timetable, first) = schedule.begin(&zone, now, Some(whose)).map_err(of_task)?;
        let mut first = match first {
            Some(first) => first,
            None => {
                drop(held);
                self.discard(name, timetable);
                return Err(of_task(Error::new(Kind::NeverDue("never due".into()))));
            }
        };
        let (state, now) = match held {
            Some(state) => (state, now),
            None => self.lock_again(name, &timetable, &mut first, now).map_err(of_task)?,
        };
        let (follows, words) = (own_zone.is_none(), timetable.words_to_keep(words));
        let mut plan = Some(Rescheduled { timetable, first, left, words, zone: own_zone });
        let changed = self.change_in(state, now, key, |state, now| {
            let old = state.agenda.reschedule(key, &mut plan, now);
            if plan.is_some() {
                return None;
            }
            if follows && state.zone != zone {
                let zone = state.zone.clone();
                state.agenda.change_zone_named(name, &zone, now);
            }
            state.outbox.emit_of(Some(task), now, || Event::Rescheduled { task: name.clone() });
            Some(old)
        });
        // The task has ended meanwhile.
        plan.into_iter().for_each(|plan| self.discard(name, plan.timetable));
        changed?.into_iter().for_each(|old| self.dispose_of(old));
        Ok(())
    }

    /// Ends a task.
    pub(crate) fn cancel(self: &Arc<Self>, key: TaskKey<'_>) -> Result<(), Error> {
        let removed = self.change(key, |state, now| {
            let recorder = state.outbox.recorder();
            let wanted = recorder.map_or(Details::Unwanted, |_| Details::Wanted);
            let (removed, details) = match state.agenda.cancel(key, wanted, now) {
                Some(cancelled) => cancelled,
                // Events and records of the name are those of the task that has it now.
                None => return state.agenda.stop_last_run(key).map(|()| None),
            };
            if let (Some(recorder), Some(details)) = (recorder, details) {
                recorder.cancelled(removed.identity.clone(), details, now);
            }
            state.outbox.record(&removed.identity.name, Record::Forgot);
            state.outbox.emit(now, || Event::Cancelled { task: removed.identity.name.clone() });
            Some(Some(removed))
        })?;
        removed.into_iter().for_each(|removed| self.dispose_of(removed));
        Ok(())
    }

    /// Makes the next run the last.
    pub(crate) fn cancel_after_next(self: &Arc<Self>, key: TaskKey<'_>) -> Result<(), Error> {
        self.change(key, |state, _| {
            if let Some(recorder) = state.outbox.recorder() {
                state
                    .agenda
                    .details(key)
                    .into_iter()
                    .for_each(|(task, details)| recorder.ends(&task, details));
            }
            state.agenda.cancel_after_next(key).then_some(())
        })
    }

    pub(crate) fn pause(self: &Arc<Self>, key: TaskKey<'_>) -> Result<(), Error> {
        self.change(key, |state, now| {
            if state.agenda.pause(key, now)? {
                let task = state.agenda.owner(key.name).map(|owner| owner.identity);
                state.outbox.emit_of(task.as_ref(), now, || Event::Paused { task: key.name.into() });
            }
            Some(())
        })
    }

    /// Resumes a task. What has passed is run as `missed` says.
    pub(crate) fn resume(self: &Arc<Self>, key: TaskKey<'_>, missed: Missed) -> Result<(), Error> {
        self.change(key, |state, now| {
            if state.agenda.resume(key, missed, now)? {
                let task = state.agenda.owner(key.name).map(|owner| owner.identity);
                state.outbox.emit_of(task.as_ref(), now, || Event::Resumed { task: key.name.into() });
            }
            Some(())
        })
    }

    /// Demands a run beside the schedule.
    pub(crate) fn run_now(self: &Arc<Self>, key: TaskKey<'_>) -> Result<(), Error> {
        match self.change(key, |state, now| state.agenda.demand(key, now))? {
            true => Ok(()),
            false => {
                let why = "its last run is going on, and none can follow";
                Err(Error::new(Kind::Other(why.into())).of_task(&Arc::from(key.name)))
            }
        }
    }

    /// Changes a task, if there is one, under the lock.
    pub(crate) fn change<T>(
        self: &Arc<Self>,
        key: TaskKey<'_>,
        change: impl FnOnce(&mut State, Now) -> Option<T>,
    ) -> Result<T, Error> {
        let state = self.open_state().map_err(|error| error.of_task(&Arc::from(key.name)))?;
        let now = self.clock.now();
        self.change_in(state, now, key, change)
    }

    /// The same, where it is locked.
    fn change_in<T>(
        self: &Arc<Self>,
        mut state: MutexGuard<'_, State>,
        now: Now,
        key: TaskKey<'_>,
        change: impl FnOnce(&mut State, Now) -> Option<T>,
    ) -> Result<T, Error> {
        // What came before a step of the clock is judged apart from what the step has skipped.
        state.check_clocks(now);
        let changed = change(&mut state, now);
        self.unlock(state, now);
        changed.ok_or_else(|| Error::new(Kind::UnknownTask).of_task(&Arc::from(key.name)))
    }

    fn open_state(&self) -> Result<MutexGuard<'_, State>, Error> {
        let state = lock(&self.state);
        match state.phase {
            Phase::Open => Ok(state),
            _ => Err(Error::new(Kind::ShutDown)),
        }
    }
}
