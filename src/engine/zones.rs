//! Zones that change while tasks wait: the machine is moved, its time zone database is replaced.
//!
//! Files are read on a worker, or on the thread of whoever schedules a task; never on the timer's. The lock of the watch
//! is taken before that of the state, and nobody is told anything while either is held.

use super::{Engine, State};
use crate::clock::Now;
use crate::event::Event;
use crate::sync::{lock, Arc};
use crate::tz::{LocalZone, TzError, Zone};

/// What looks whether zones have changed.
pub(crate) struct Watch {
    /// The local zone, where the scheduler goes by it.
    local: Option<LocalZone>,
    /// The zones that could not be read when they were last looked at, and why, as it was told. That of the scheduler is
    /// `None`.
    failures: Vec<(Option<Zone>, TzError)>,
}

impl Watch {
    pub(crate) fn new(local: Option<LocalZone>) -> Watch {
        Watch { local, failures: Vec::new() }
    }
}

impl Engine {
    /// Has all tasks without a zone of their own go by this one from now on, whatever the local zone is.
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
        self.tell_all(changed);
    }

    /// Puts a zone in the place of another one, or of that of the scheduler, and says what there is to be told.
    fn change_zone(&self, of: Option<&Zone>, to: Zone) -> Vec<Event> {
        let mut state = lock(&self.state);
        // Read when no due can be judged any more by the zone before.
        let now = self.clock.now();
        let from = of.unwrap_or(&state.zone).clone();
        let mut told = Vec::new();
        if from != to {
            // The dues up to here are those of the zone before, also if the clock was stepped meanwhile.
            told.extend(state.agenda.look(now).map(|step| Event::ClockStepped { step }));
            state.agenda.rezone(of, &to, now);
            told.push(Event::ZoneChanged { from: from.name().into(), to: to.name().into() });
            if of.is_none() {
                state.zone = to;
            }
        }
        self.unlock(state, now);
        told
    }

    /// Whether the zones have not been looked at for long enough, and nobody is about to. If so, the caller is to do it.
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

    /// Looks whether the zones are still what they were. One that cannot be read again stays.
    pub(crate) fn check_zones(&self) {
        let mut told = Vec::new();
        if let Some(watch) = &self.watch {
            let mut watch = lock(watch);
            let Watch { local, failures } = &mut *watch;
            let (zone, own) = {
                let state = lock(&self.state);
                (state.zone.clone(), state.agenda.zones())
            };
            // Nothing is left of zones that no task goes by any more.
            failures.retain(|(zone, _)| zone.as_ref().map_or(true, |zone| own.contains(zone)));
            let found = local.as_mut().map_or_else(|| zone.reloaded(), read_again);
            told.extend(self.follow(None, &zone, found, failures));
            for zone in &own {
                told.extend(self.follow(Some(zone), zone, zone.reloaded(), failures));
            }
        }
        lock(&self.state).is_checking_zones = false;
        self.tell_all(told);
    }

    /// Goes by what was found in the place of a zone: another one, the same, or that it cannot be read. What there is to
    /// be told of it: the same failure once.
    fn follow(
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

    fn tell_all(&self, told: Vec<Event>) {
        for event in told {
            match event {
                Event::ZoneKept { .. } => self.alarm(event),
                event => self.tell(|| event),
            }
        }
    }
}

/// The local zone if it is another one now; an error as long as it cannot be read.
fn read_again(local: &mut LocalZone) -> Result<Option<Zone>, TzError> {
    match local.refresh() {
        Ok(true) => Ok(Some(local.zone().clone())),
        _ => local.failure().map_or(Ok(None), |error| Err(error.clone())),
    }
}
