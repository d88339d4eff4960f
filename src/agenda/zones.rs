//! The zones that tasks have of their own. They are counted, so that nobody has to go through all tasks to find them. Pure: no
//! threads, no clock.

use super::Agenda;
use crate::tz::Zone;

/// Each zone once, and how many tasks have it.
#[derive(Default)]
pub(super) struct OwnZones(Vec<(Zone, usize)>);

impl OwnZones {
    fn find(&self, zone: &Zone) -> Option<usize> {
        self.0.iter().position(|(known, _)| known == zone)
    }

    /// A task has this zone from now on, if it has one.
    pub(super) fn add(&mut self, zone: Option<&Zone>) {
        if let Some(zone) = zone {
            match self.find(zone) {
                Some(index) => self.0[index].1 += 1,
                None => self.0.push((zone.clone(), 1)),
            }
        }
    }

    /// A task does not have this zone any more.
    pub(super) fn remove(&mut self, zone: Option<&Zone>) {
        if let Some(index) = zone.and_then(|zone| self.find(zone)) {
            self.0[index].1 -= 1;
            if self.0[index].1 == 0 {
                self.0.remove(index);
            }
        }
    }
}

impl Agenda {
    /// The tasks' own zones, each once.
    pub(crate) fn zones(&self) -> Vec<Zone> {
        self.own_zones.0.iter().map(|(zone, _)| zone.clone()).collect()
    }

    /// The same zone as tasks have it already, if any do: they share its data.
    pub(crate) fn shared_zone(&self, zone: Zone) -> Zone {
        self.own_zones.find(&zone).map_or(zone, |index| self.own_zones.0[index].0.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::CORRECTION;
    use crate::sync::Instant;

    #[test]
    fn a_zone_is_known_as_long_as_a_task_has_it() {
        let zone = |hours: u32| Zone::from_posix(&format!("ABC{hours}")).ok();
        let mut zones = OwnZones::default();
        for task in 0..100 {
            zones.add(zone(task % 5).as_ref());
            zones.add(None);
        }
        assert_eq!(zones.0.iter().map(|(_, tasks)| *tasks).collect::<Vec<_>>(), [20; 5]);
        for task in 0..95 {
            zones.remove(zone(task % 5).as_ref());
            zones.remove(None);
        }
        assert_eq!(zones.0.len(), 5);
        (1..5).for_each(|hours| zones.remove(zone(hours).as_ref()));
        assert_eq!(zones.0, [(Zone::from_posix("ABC0").unwrap(), 1)]);
    }

    #[test]
    fn a_zone_that_a_task_has_is_shared() {
        let zone = || Zone::from_posix("ABC1").unwrap();
        let mut agenda = Agenda::new(CORRECTION, None, Duration::ZERO, Instant::now());
        let own = zone();
        assert!(!agenda.shared_zone(zone()).is_same(&own));
        agenda.own_zones.add(Some(&own));
        assert!(agenda.shared_zone(zone()).is_same(&own));
    }
}
