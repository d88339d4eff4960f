//! Zones that change while tasks wait: the machine moves to another zone, or its time zone database is replaced.
//!
//! Files are read on a worker, or on the thread of a caller that schedules a task, and never on the timer's thread. No lock
//! is held meanwhile: the thread that checks the zones takes the watch out of the state, and puts it back.

use super::{Engine, State};
use crate::clock::Now;
use crate::event::Event;
use crate::schedule::Schedule;
use crate::sync::{lock, Arc, MutexGuard};
use crate::tz::{LocalZone, TzError, Zone};

/// What a check of the zones needs.
pub(crate) struct Watch {
    /// The local zone. None if the scheduler does not follow it.
    local: Option<LocalZone>,
    /// The zones that could not be read at the last check, with the errors that were reported. `None` stands for the
    /// scheduler's zone.
    failures: Vec<(Option<Zone>, TzError)>,
}

/// So many zones are found by the texts that were given for them.
const MOST_READ: usize = 64;

/// Where the watch is.
pub(super) enum Watching {
    /// There is none: with a manual clock, zones change by [`set_zone`](Engine::set_zone) only.
    Never,
    Idle(Box<Watch>),
    /// A thread has it, and checks the zones, or is about to.
    Checking,
    /// The same, and the scheduler has got another zone meanwhile.
    Overtaken,
}

impl Watching {
    pub(super) fn new(watch: Option<Watch>) -> Watching {
        watch.map_or(Watching::Never, |watch| Watching::Idle(Box::new(watch)))
    }
}

impl Watch {
    pub(crate) fn new(local: Option<LocalZone>) -> Watch {
        Watch { local, failures: Vec::new() }
    }

    /// From now on the scheduler does not follow the local zone.
    fn leave_local(&mut self) {
        self.local = None;
        self.failures.retain(|(zone, _)| zone.is_some());
    }
}

impl State {
    /// The scheduler's zone, and the schedule's own one if it has one, which it shares with the tasks that have it already.
    pub(super) fn zones_of(&self, schedule: &mut Schedule) -> (Zone, Option<Zone>) {
        let shared =
            |zone: Zone| if zone == self.zone { self.zone.clone() } else { self.agenda.shared_zone(zone) };
        schedule.zone = schedule.zone.take().map(shared);
        (self.zone.clone(), schedule.zone.clone())
    }

    /// Begins to replace a zone, or the scheduler's if `of` is `None`.
    fn change_zone(&mut self, of: Option<&Zone>, to: Zone, now: Now) {
        let from = of.unwrap_or(&self.zone).clone();
        if from != to {
            // Occurrences up to now are those of the old zone, also if the clock was stepped since the last comparison.
            self.check_clocks(now);
            self.agenda.begin_zone_change(of, &to, now);
            self.outbox.emit(now, || Event::ZoneChanged { from: from.name().into(), to: to.name().into() });
            if of.is_none() {
                self.zone = to;
            }
        }
    }
}

impl Engine {
    /// The zone that a text means. Between two checks of the zones its file is read once.
    pub(crate) fn zone_of(&self, text: &str) -> Result<Zone, TzError> {
        let is_time_to_check = |state: &State| self.is_time_to_check_zones(state, self.clock.now());
        let find =
            |state: &State| Some(state.read_zones.iter().find(|(known, _)| **known == *text)?.1.clone());
        let state = lock(&self.state);
        if let Some(zone) = find(&state).filter(|_| !is_time_to_check(&state)) {
            return Ok(zone);
        }
        drop(state);
        let zone = Zone::try_from(text)?;
        let mut state = lock(&self.state);
        if is_time_to_check(&state) || state.read_zones.len() == MOST_READ {
            state.read_zones = Vec::new();
        }
        state.read_zones.push((text.into(), zone.clone()));
        Ok(zone)
    }

    /// From now on, all tasks without a zone of their own follow this one. The local zone does not matter any more.
    pub(crate) fn set_zone(self: &Arc<Self>, zone: Zone) {
        let mut state = lock(&self.state);
        match &mut state.watching {
            Watching::Never => {}
            Watching::Idle(watch) => watch.leave_local(),
            checking => *checking = Watching::Overtaken,
        }
        let now = self.clock.now();
        state.change_zone(None, zone, now);
        self.go_on_with_zone_change(state, now);
    }

    /// Goes on with a change of zone until all tasks follow it.
    fn go_on_with_zone_change<'a>(self: &'a Arc<Self>, mut state: MutexGuard<'a, State>, mut now: Now) {
        while !state.agenda.go_on_with_zone_change(self.slice()) {
            state = self.next_slice(state);
            now = self.clock.now();
        }
        self.unlock(state, now);
    }

    fn is_time_to_check_zones(&self, state: &State, now: Now) -> bool {
        now.mono.saturating_duration_since(state.zones_checked) >= self.zone_check
    }

    /// The watch, if it is time to check the zones. Then the caller must do it: no other thread will.
    pub(crate) fn time_to_check_zones(&self, state: &mut State, now: Now) -> Option<Box<Watch>> {
        if !self.is_time_to_check_zones(state, now) {
            return None;
        }
        match std::mem::replace(&mut state.watching, Watching::Checking) {
            Watching::Idle(watch) => {
                state.zones_checked = now.mono;
                state.read_zones = Vec::new();
                Some(watch)
            }
            watching => {
                state.watching = watching;
                None
            }
        }
    }

    /// Checks whether the zones have changed. A zone that cannot be read again stays as it is.
    pub(crate) fn check_zones(self: &Arc<Self>, mut watch: Box<Watch>) {
        let Watch { local, failures } = &mut *watch;
        let (zone, own) = {
            let state = lock(&self.state);
            (state.zone.clone(), state.agenda.zones())
        };
        // Zones that no task has any more are forgotten.
        failures.retain(|(zone, _)| zone.as_ref().map_or(true, |zone| own.contains(zone)));
        let found = local.as_mut().map_or_else(|| zone.reloaded(), read_again);
        self.change_zone_to(None, &zone, found, failures);
        for zone in &own {
            self.change_zone_to(Some(zone), zone, zone.reloaded(), failures);
        }
        let mut state = lock(&self.state);
        if let Watching::Overtaken = state.watching {
            watch.leave_local();
        }
        state.watching = Watching::Idle(watch);
        self.unlock(state, self.clock.now());
    }

    /// Applies the result of reading a zone again: another zone, the same one, or an error. An error that was reported and
    /// has not changed is not reported again.
    fn change_zone_to(
        self: &Arc<Self>,
        of: Option<&Zone>,
        zone: &Zone,
        found: Result<Option<Zone>, TzError>,
        failures: &mut Vec<(Option<Zone>, TzError)>,
    ) {
        let known = failures.iter().position(|(failed, _)| failed.as_ref() == of);
        let known = known.map(|i| failures.swap_remove(i).1);
        let name: Arc<str> = zone.name().into();
        let mut state = lock(&self.state);
        // Read under the lock: no later occurrence can have been judged in the old zone.
        let now = self.clock.now();
        let is_overtaken = of.is_none() && matches!(state.watching, Watching::Overtaken);
        match found {
            _ if is_overtaken => {}
            Ok(Some(new)) => state.change_zone(of, new, now),
            Ok(None) if known.is_some() => state.outbox.emit(now, || Event::ZoneReadAgain { zone: name }),
            Ok(None) => {}
            Err(error) => {
                if known.as_ref() != Some(&error) {
                    state.outbox.alarm(now, Event::ZoneKept { zone: name, error: error.to_string().into() });
                }
                failures.push((of.cloned(), error));
            }
        }
        self.go_on_with_zone_change(state, now);
    }
}

/// The local zone if it has changed. An error as long as it cannot be read.
fn read_again(local: &mut LocalZone) -> Result<Option<Zone>, TzError> {
    match local.refresh() {
        Ok(true) => Ok(Some(local.zone().clone())),
        _ => local.failure().map_or(Ok(None), |error| Err(error.clone())),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::super::tests::engine_on;
    use super::*;
    use crate::clock::ManualClock;

    #[test]
    fn a_zone_that_is_set_while_the_zones_are_checked_stays() {
        let [old, found, set] = [0, 3600, 7200].map(|offset| Zone::fixed(offset).unwrap());
        let engine = engine_on(ManualClock::new(SystemTime::UNIX_EPOCH), &old, Duration::ZERO);
        let check = || engine.time_to_check_zones(&mut lock(&engine.state), engine.clock.now());
        let watch = check().expect("it is time");
        assert!(check().is_none(), "one thread checks at a time");
        let read_zone = |found: &Zone| {
            engine.change_zone_to(None, &old, Ok(Some(found.clone())), &mut Vec::new());
            lock(&engine.state).zone.clone()
        };
        assert_eq!(read_zone(&found), found);
        engine.set_zone(set.clone());
        assert_eq!(read_zone(&found), set);
        engine.check_zones(watch);
        assert!(check().is_some(), "the watch is back");
    }

    #[test]
    fn a_text_is_read_once_between_two_checks_of_the_zones() {
        let minute = Duration::from_secs(60);
        let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
        let engine = engine_on(clock.clone(), &Zone::utc(), minute);
        let kept = || lock(&engine.state).read_zones.len();
        let zones = ["ABC1", "ABC2", "ABC1"].map(|text| engine.zone_of(text).unwrap());
        assert_eq!((kept(), zones[0] == zones[2], zones[0] == zones[1]), (2, true, false));
        assert!(engine.zone_of("nonsense").is_err());
        (0..1000).for_each(|rule| assert!(engine.zone_of(&format!("<{rule:03}>3")).is_ok()));
        assert!((1..=MOST_READ).contains(&kept()));
        clock.advance(minute);
        assert!(engine.time_to_check_zones(&mut lock(&engine.state), engine.clock.now()).is_some());
        assert_eq!(kept(), 0);
    }
}
