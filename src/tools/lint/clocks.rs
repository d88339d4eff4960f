//! What clock changes do to an expression that names its times of day, while they are still ahead.

use std::time::SystemTime;

use super::reading::Reading;
use super::sentence::Part;
use super::{Finding, Lint};
use crate::cron::field::Field;
use crate::cron::{HOUR_REPEATS, MINUTE_REPEATS, SECOND_REPEATS};
use crate::tools::changes::{ClockChange, ClockChanges, ClockEffect};
use crate::tz::{unix_seconds, Offsets, Zone};

/// How far ahead changes are looked at: ten years, in seconds.
const AHEAD: i64 = 10 * 31_556_952;

impl<'a> Lint<'a> {
    /// These findings, and after them those about the clocks of a zone: what becomes of an expression that does not
    /// fire in all hours when clocks skip or repeat one of its own, with the date at which they first do, in the ten
    /// years from an instant on.
    ///
    /// | code | finds |
    /// | --- | --- |
    /// | `clock-skips-time` | a time that clocks skip: it is due when they have, or not at all if the hours have a `*`, a range or a step |
    /// | `clock-repeats-time` | a time that clocks show twice, and at which it is due twice: the seconds, minutes or hours have a `*`, a range or a step |
    ///
    /// Nicknames have these too. One that fires in every hour, such as `0 * * * *`, goes with the clocks and has none.
    ///
    /// ```
    /// use sexton::cron::Dialect;
    /// use sexton::tz::Zone;
    /// use sexton::Moment;
    ///
    /// let paris = Zone::from_posix("CET-1CEST,M3.5.0,M10.5.0/3")?;
    /// let from = "2026-11-22T12:00:00Z".parse::<Moment>()?.instant(&paris).unwrap();
    /// let finding = Dialect::DEFAULT.lint("30 2 * * *").in_zone(&paris, from).next().unwrap();
    /// assert_eq!(
    ///     finding.to_string(),
    ///     "on 2027-03-28 clocks go from 02:00 straight to 03:00: what is due at 02:30 fires at 03:00"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn in_zone(self, zone: &Zone, from: SystemTime) -> impl Iterator<Item = Finding<'a>> + 'a {
        let (from, until) = (unix_seconds(from), unix_seconds(from).saturating_add(AHEAD));
        // Before the zone's data begin, who knows.
        let from = from.max(zone.first_known());
        let reading = self.reading.filter(goes_by_hours);
        let first = |is_gap: bool| {
            let reading = &reading?;
            let mut changes = ClockChanges::of_cron(&reading.cron, zone, from, until);
            let change = changes.find(|change| (change.effect != ClockEffect::Doubled) == is_gap)?;
            finding(reading, &change)
        };
        let (gap, fold) = (first(true), first(false));
        self.chain(gap).chain(fold)
    }
}

/// Whether the times hang on nothing but the text, and there are hours in which it does not fire: one that fires in all of
/// them goes with the clocks.
fn goes_by_hours(reading: &Reading<'_>) -> bool {
    !Field::ALL.iter().any(|&field| reading.is_drawn(field)) && reading.cron.hours.count_ones() < 24
}

fn finding<'a>(reading: &Reading<'a>, change: &ClockChange) -> Option<Finding<'a>> {
    let ClockChange { before, after, effect, first, last, .. } = *change;
    let (from, to) = (before.next_civil()?, after.civil()?);
    let cron = &reading.cron;
    // Hours in a list do not repeat.
    let would_mend = match effect {
        ClockEffect::Doubled => !cron.has(MINUTE_REPEATS | SECOND_REPEATS),
        _ => !cron.matches(to),
    };
    let hours = reading.span(Field::Hour).filter(|_| would_mend && cron.has(HOUR_REPEATS));
    let span = hours.unwrap_or_else(|| reading.between(Field::Minute, Field::Hour));

    let (date, start, end) = (Part::Date(from), Part::Clock(from, from), Part::Clock(to, from));
    let times = Part::Times(first, last, from);
    let skips = |pattern| Finding::new(span, "clock-skips-time", pattern, [date, start, end, times, end]);
    let finding = match effect {
        ClockEffect::Doubled => {
            let pattern = "on {} clocks go from {} back to {}: what is due {} fires both times";
            Finding::new(span, "clock-repeats-time", pattern, [date, start, end, times])
        }
        ClockEffect::Dropped => {
            let pattern = "on {} clocks go from {} straight to {}: what is due {} does not fire that day";
            Finding::new(span, "clock-skips-time", pattern, [date, start, end, times])
        }
        _ if first == last => skips("on {} clocks go from {} straight to {}: what is due {} fires at {}"),
        _ => skips("on {} clocks go from {} straight to {}: what is due {} fires once, at {}"),
    };
    let such_as = [Part::Clock(from.max(to), from.max(to))];
    Some(match (hours, effect) {
        (Some(_), ClockEffect::Doubled) => finding
            .write("{}", [Part::Hours(cron.hours)])
            .suggest(", the hours in a list, to have it fire the first time only", []),
        (Some(_), _) => finding
            .write("{}", [Part::Hours(cron.hours)])
            .suggest(", the hours in a list, to have it fire at the end of the gap", []),
        (None, ClockEffect::Doubled) => {
            finding.suggest("name a time of day that clocks show once, such as {}", such_as)
        }
        (None, _) => finding.suggest("name a time of day that clocks do not skip, such as {}", such_as),
    })
}
