//! Zones that change while tasks wait: the machine moves to another zone, or its time zone database is replaced.
//!
//! Files are read on a worker, or on the thread of a caller that schedules a task, and never on the timer's thread. The
//! lock of the watch is taken before that of the state. No event is emitted while one of them is held.

use super::{Engine, State};
use crate::clock::Now;
use crate::event::Event;
use crate::sync::{lock, Arc};
use crate::tz::{LocalZone, TzError, Zone};

/// What a check of the zones needs.
pub(crate) struct Watch {
    /// The local zone. None if the scheduler does not follow it.
    local: Option<LocalZone>,
    /// The zones that could not be read at the last check, with the errors that were reported. `None` stands for the
    /// scheduler's zone.
    failures: Vec<(Option<Zone>, TzError)>,
}

impl Watch {
    pub(crate) fn new(local: Option<LocalZone>) -> Watch {
        Watch { local, failures: Vec::new() }
    }
}

impl Engine {
    /// From now on, all tasks without a zone of their own follow this one. The local zone does not matter any more.
    pub(crate) fn set_zone(&self, zone: Zone) {
        let changed = {
            let _watch = self.watch.as_ref().map(|watch| {
                let mut watch = lock(watch);
                watch.local = None;
                watch.failures.retain(|(zone, _)| zone.is_some());
                watch
            });
            self.change_zone(None, zone)
        };
        self.emit_all(changed);
    }

    /// Replaces a zone, or the scheduler's if `of` is `None`. Returns the events to emit.
    fn change_zone(&self, of: Option<&Zone>, to: Zone) -> Vec<Event> {
        let mut state = lock(&self.state);
        // Read under the lock: no later occurrence can have been judged in the old zone.
        let now = self.clock.now();
        let from = of.unwrap_or(&state.zone).clone();
        let mut events = Vec::new();
        if from != to {
            // Occurrences up to now are those of the old zone, also if the clock was stepped since the last comparison.
            events.extend(state.agenda.check_clocks(now).map(|step| Event::ClockStepped { step }));
            state.agenda.change_zone(of, &to, now);
            events.push(Event::ZoneChanged { from: from.name().into(), to: to.name().into() });
            if of.is_none() {
                state.zone = to;
            }
        }
        self.unlock(state, now);
        events
    }

    /// Whether it is time to check the zones. If so, the caller must do it: no other thread will.
    pub(crate) fn is_time_to_check_zones(&self, state: &mut State, now: Now) -> bool {
        let is_time = self.watch.is_some()
            && !state.is_checking_zones
            && now.mono.saturating_duration_since(state.zones_checked) >= self.zone_check;
        if is_time {
            state.zones_checked = now.mono;
            state.is_checking_zones = true;
        }
        is_time
    }

    /// Checks whether the zones have changed. A zone that cannot be read again stays as it is.
    pub(crate) fn check_zones(&self) {
        let mut events = Vec::new();
        if let Some(watch) = &self.watch {
            let mut watch = lock(watch);
            let Watch { local, failures } = &mut *watch;
            let (zone, own) = {
                let state = lock(&self.state);
                (state.zone.clone(), state.agenda.zones())
            };
            // Zones that no task has any more are forgotten.
            failures.retain(|(zone, _)| zone.as_ref().map_or(true, |zone| own.contains(zone)));
            let found = local.as_mut().map_or_else(|| zone.reloaded(), read_again);
            events.extend(self.change_zone_to(None, &zone, found, failures));
            for zone in &own {
                events.extend(self.change_zone_to(Some(zone), zone, zone.reloaded(), failures));
            }
        }
        lock(&self.state).is_checking_zones = false;
        self.emit_all(events);
    }

    /// Applies the result of reading a zone again: another zone, the same one, or an error. Returns the events to emit. An
    /// error that was reported and has not changed is not reported again.
    fn change_zone_to(
        &self,
        of: Option<&Zone>,
        zone: &Zone,
        found: Result<Option<Zone>, TzError>,
        failures: &mut Vec<(Option<Zone>, TzError)>,
    ) -> Vec<Event> {
        let known = failures.iter().position(|(failed, _)| failed.as_ref() == of);
        let known = known.map(|i| failures.swap_remove(i).1);
        let name: Arc<str> = zone.name().into();
        match found {
            Ok(Some(new)) => self.change_zone(of, new),
            Ok(None) => known.map(|_| Event::ZoneReadAgain { zone: name }).into_iter().collect(),
            Err(error) => {
                let is_new = known.as_ref() != Some(&error);
                let event = is_new.then(|| Event::ZoneKept { zone: name, error: error.to_string().into() });
                failures.push((of.cloned(), error));
                event.into_iter().collect()
            }
        }
    }

    fn emit_all(&self, events: Vec<Event>) {
        for event in events {
            match event {
                Event::ZoneKept { .. } => self.emit_or_stderr(event),
                event => self.emit(|| event),
            }
        }
    }
}

/// The local zone if it has changed. An error as long as it cannot be read.
fn read_again(local: &mut LocalZone) -> Result<Option<Zone>, TzError> {
    match local.refresh() {
        Ok(true) => Ok(Some(local.zone().clone())),
        _ => local.failure().map_or(Ok(None), |error| Err(error.clone())),
    }
}
