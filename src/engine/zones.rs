//! Zones that change while tasks wait: the machine is moved, its time zone database is replaced.
//!
//! Files are read on a worker, or on the thread of whoever schedules a task; never on the timer's. The lock of the watch
//! is taken before that of the state, and nobody is told anything while either is held.

use std::collections::HashMap;

use super::{Engine, State};
use crate::clock::Now;
use crate::event::Event;
use crate::sync::{lock, Arc};
use crate::tz::{LocalZone, TzError, Zone};

/// What looks whether zones have changed.
pub(crate) struct Watch {
    /// The local zone, where the scheduler goes by it.
    local: Option<LocalZone>,
    /// What was told of each zone that could not be read again: once, until it changes.
    failures: HashMap<Arc<str>, TzError>,
}

impl Watch {
    pub(crate) fn new(local: Option<LocalZone>) -> Watch {
        Watch { local, failures: HashMap::new() }
    }
}

impl Engine {
    /// Has all tasks without a zone of their own go by this one from now on, whatever the local zone is.
    pub(crate) fn set_zone(&self, zone: Zone) {
        let changed = {
            let _watch = self.watch.as_ref().map(|watch| {
                let mut watch = lock(watch);
                watch.local = None;
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

    /// Looks whether the zones are still what they were. One that cannot be read again stays, and that is told once.
    pub(crate) fn check_zones(&self) {
        let mut told = Vec::new();
        if let Some(watch) = &self.watch {
            let mut watch = lock(watch);
            let mut failures = HashMap::new();
            match &mut watch.local {
                Some(local) => match local.refresh() {
                    Ok(true) => told.extend(self.change_zone(None, local.zone().clone())),
                    Ok(false) => {}
                    Err(error) => drop(failures.insert(local.zone().name().into(), error)),
                },
                None => {
                    let zone = lock(&self.state).zone.clone();
                    told.extend(self.reload(None, &zone, &mut failures));
                }
            }
            let own = lock(&self.state).agenda.zones();
            for zone in &own {
                told.extend(self.reload(Some(zone), zone, &mut failures));
            }
            let before = std::mem::replace(&mut watch.failures, failures);
            for (zone, error) in &watch.failures {
                if before.get(zone) != Some(error) {
                    told.push(Event::ZoneKept { zone: zone.clone(), error: error.to_string().into() });
                }
            }
        }
        lock(&self.state).is_checking_zones = false;
        self.tell_all(told);
    }

    /// Reads a zone again if its file is another one now.
    fn reload(
        &self,
        of: Option<&Zone>,
        zone: &Zone,
        failures: &mut HashMap<Arc<str>, TzError>,
    ) -> Vec<Event> {
        match zone.reloaded() {
            Ok(Some(new)) => return self.change_zone(of, new),
            Ok(None) => {}
            Err(error) => drop(failures.insert(zone.name().into(), error)),
        }
        Vec::new()
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
