//! Reads the log of a play, and says which promise it breaks.
//!
//! What it finds was planted, one fault at a time; of the first thousand seeds (of ten thousand where it says so):
//!
//! | the fault | fails | first seed |
//! | --- | --- | --- |
//! | a due is run twice after a small step back | 6 of 10,000 | 1730 |
//! | an interval-like schedule waits after a small step back | 44 | 23 |
//! | the dues that a run stands for are not told as missed | 66 | 3 |
//! | a calendar run starts a nanosecond early | 593 | 0 |
//! | a due that passed during a pause is lost at the resume | 10 | 436 |
//! | a grace is a second longer | 18 | 6 |
//! | runs overlap across a replacement | 13 | 5 |
//! | a replacement forgets the count of runs | 44 | 29 |
//! | what a gap skips is not made up | 4 | 356 |
//! | a fixed time is run in both passes of a fold | 3 | 200 |
//! | a correction of the clock is caught up | 10 | 253 |
//! | a pause is ignored by a run on its way | 2 | 162 |
//! | one run more than `times` | 115 | 0 |
//! | one run more than are allowed at a time | 2 | 39 |
//! | a run that was asked for during another is lost | 42 | 10 |
//! | a change of zone makes nothing up | 23 of 10,000 | 1076 |
//! | after a change of zone what was shown is run again | 44 of 10,000 | 20 |
//! | after a change of zone what was shown before the clock was set back is run again | 10 of 10,000 | 180 |
//! | what is shown again after a change of zone is read in the zone before | 1 of 10,000 | 2836 |
//! | a due judged at the instant of a change of zone is judged again | 1 of 10,000 | 7516 |
//! | a shared callback is dropped unguarded | 4 of 10,000 | 1103 |
//! | days step by elapsed time | 17 | 20 |
//!
//! Where observers and schedules are slow, of the first four thousand seeds:
//!
//! | the fault | fails | first seed |
//! | --- | --- | --- |
//! | the end of a run is judged by the time before the observers were called | 41 | 22 |
//! | what passes while a schedule is asked is not reported if its task is cancelled then | 7 | 403 |
//! | what has passed is not reported if its task is cancelled on the way to a run that was asked for | 1 | 2585 |
//! | what has passed is not reported if its task is ended by its callback | 21 | 114 |
//!
//! What it does not find in the first ten thousand, so that only a test of its own has it (`faults`): a correction of the
//! clock that is caught up by a task that waits for a worker, changes of zone that are kept when they have long been
//! judged, and dues that come after a change of zone and are those of the zone before, as their task waits for a worker.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::{Duration, SystemTime};

use sexton::{Event, Missed, Overlap, Status, Why};

use super::civil::{self, Clocks, Span};
use super::life::*;
use super::play::*;
use super::world::*;

/// From the earliest wall time to the latest.
type Walls = (Nanos, Nanos);

/// A run that an observer was told of.
struct Start {
    name: usize,
    due: SystemTime,
    lateness: Duration,
    /// Then the name is free for another task.
    is_last: bool,
    entry: Entry,
}

/// What is known of the missed occurrences of tasks that have lost their name.
struct Balance {
    /// All the numbers that may be owed; `None` if nothing can be said.
    owed: Option<BTreeSet<u64>>,
    /// The least and the most that were reported.
    reported: (u64, u64),
}

impl Balance {
    /// A task loses its name, and so many of its occurrences may have neither been run nor reported.
    fn owe(&mut self, more: Option<BTreeSet<u64>>) {
        self.owed = match (self.owed.take(), more) {
            (Some(owed), Some(more)) => {
                Some(owed.iter().flat_map(|one| more.iter().map(move |other| one + other)).collect())
            }
            _ => None,
        };
    }

    fn is_even(&self) -> bool {
        let (least, most) = self.reported;
        self.owed.as_ref().map_or(true, |owed| owed.range(least..=most).next().is_some())
    }
}

pub struct Checker<'a> {
    play: &'a Play,
    start: Nanos,
    /// The scheduler's.
    zone: &'static str,
    /// The first and the last wall time in the log.
    seen: Walls,
    /// The same of each part of it, from one change of zone to the next; the one that is being read comes first.
    parts: VecDeque<Walls>,
    lives: HashMap<usize, Life>,
    /// What the closures of lives have answered so far.
    answers: HashMap<usize, Answers>,
    /// Who has which name.
    holders: HashMap<usize, usize>,
    /// Who is running.
    running: Vec<usize>,
    /// The runs whose ends are being observed, the innermost last: whose each is, if its callback has ended the task.
    ending: Vec<Option<usize>>,
    /// The runs that were told as started and have not begun.
    started: Vec<Start>,
    /// How many missed occurrences are to be reported of the tasks of a name that were cancelled, replaced or shut down.
    balances: [Balance; NAMES.len()],
    /// How many cancelled tasks of a name the caller has yet to hear of.
    cancelled: [usize; NAMES.len()],
    is_shut_down: bool,
    /// Whether the task that is being scheduled has ended in the same breath: an iterator had nothing to give.
    is_unborn: bool,
    was_scheduled: bool,
    /// Whether the task that is being scheduled was told as a replacement.
    was_replaced: bool,
    /// Whether something may be left from the last advance, as a callback was slow.
    has_leftovers: bool,
    /// How far, at the least and at the most, callbacks have stepped the clock since it was last looked at.
    unnoticed: (Nanos, Nanos),
}

impl<'a> Checker<'a> {
    pub fn new(play: &'a Play, log: &[Entry]) -> Checker<'a> {
        let start = millis(play.start);
        let both = |(low, high): Walls, wall: Nanos| (low.min(wall), high.max(wall));
        let mut parts = VecDeque::from([(start, start)]);
        let mut zone = play.zone;
        for entry in log {
            if let What::ZoneSet(new) = entry.what {
                if std::mem::replace(&mut zone, new) != new {
                    parts.push_back((entry.wall, entry.wall));
                }
            }
            let part = parts.back_mut().unwrap();
            *part = both(*part, entry.wall);
        }
        let seen = parts.iter().flat_map(|(low, high)| [*low, *high]).fold((start, start), both);
        Checker {
            play,
            start,
            zone: play.zone,
            seen,
            parts,
            lives: HashMap::new(),
            answers: HashMap::new(),
            holders: HashMap::new(),
            running: Vec::new(),
            ending: Vec::new(),
            started: Vec::new(),
            balances: NAMES.map(|_| Balance { owed: Some(BTreeSet::from([0])), reported: (0, 0) }),
            cancelled: [0; NAMES.len()],
            is_shut_down: false,
            is_unborn: false,
            was_scheduled: false,
            was_replaced: false,
            has_leftovers: false,
            unnoticed: (0, 0),
        }
    }

    /// When a task is due that goes by civil times, from before some part of the play to after it.
    fn civil_dues(&self, kind: &Kind, clocks: &Clocks, (from, to): Walls) -> Vec<Nanos> {
        let (from, to) = ((from / SECOND) as i64, (to / SECOND) as i64);
        let due = |half_hours: i64| clocks.due(self.play.civil(half_hours));
        let mut dues = match kind {
            Kind::Cron(fields) => fields.dues(clocks, from, to),
            Kind::Any(one, other) => {
                let mut dues = [one.dues(clocks, from, to), other.dues(clocks, from, to)].concat();
                dues.sort_unstable();
                dues
            }
            Kind::CivilMonths(months, start) => {
                civil::month_steps(self.play.civil(*start), i64::from(*months), clocks, to)
            }
            Kind::CivilDays(days, start) => {
                civil::day_steps(self.play.civil(*start), i64::from(*days), clocks, to)
            }
            Kind::CivilAt(at) => vec![due(*at)],
            Kind::CivilEach(steps) => totals(steps).into_iter().map(due).collect(),
            _ => Vec::new(),
        };
        dues.dedup();
        dues.into_iter().map(|due| Nanos::from(due) * SECOND).collect()
    }

    /// To a schedule without a zone of its own the clocks have changed at the next whole second.
    fn zone_set(&mut self, zone: &'static str, entry: &Entry) {
        let now = (entry.wall / SECOND) as i64;
        if zone == self.zone {
            return;
        }
        self.parts.pop_front();
        let (_, until) = self.parts[0];
        let mut lives = std::mem::take(&mut self.lives);
        for life in lives.values_mut().filter(|life| life.follows_zone()) {
            life.is_rezoned = true;
            let new = civil::spans(zone);
            let shown = life.shown.max(entry.wall);
            let is_accounted_for =
                |state: &State| state.loose.is_none() && state.pending == self.dues(life, state.prev, shown);
            let waits = shown > entry.wall && !life.part.kind.is_interval_like();
            life.is_vague |= waits && !life.states.iter().all(is_accounted_for);
            let has_come = |state: &State| state.pending < self.dues(life, state.prev, entry.wall);
            life.waits_for_changes = match life.states.iter().any(has_come) {
                true => life.waits_for_changes + 1,
                false => 0,
            };
            // While occurrences wait to be judged, more changes than these count as one.
            life.is_vague |= life.waits_for_changes > 8;
            let offset = |spans: &[Span], at: Nanos| civil::offset(spans, (at / SECOND) as i64);
            let moved = offset(&life.clocks.spans, entry.wall) - offset(new, entry.wall);
            let is_correction = moved.abs() > 3 * 3600;
            // When the clocks will show again what they have shown.
            let civil_shown = (shown / SECOND) as i64 + offset(&life.clocks.spans, shown);
            let civil_shown = life.civil_shown.max(civil_shown);
            let again = Nanos::from(civil_shown - offset(new, entry.wall)) * SECOND;
            life.civil_shown = if is_correction { i64::MIN } else { civil_shown };
            match is_correction || waits {
                true => life.clocks = Clocks::of(new),
                false => life.clocks.go_by(new, now + 1),
            }
            let kind = life.part.kind.clone();
            let is_named = matches!(kind, Kind::CivilAt(_) | Kind::CivilEach(_));
            if waits && !is_named && !life.is_vague {
                // What is due next may come before what was run last.
                life.change(|state| *state = State { prev: entry.wall, pending: 0, ..state.clone() });
            }
            let mut grid = std::mem::replace(&mut life.grid, Grid::Answers(0));
            if let Grid::List { all, after } = &mut grid {
                *after = if waits && !is_named { -NEVER } else { *after };
                let passed = all.partition_point(|due| *due <= if is_named { shown } else { entry.wall });
                let ahead = all.len() - passed;
                all.truncate(passed);
                let dues = self.civil_dues(&kind, &life.clocks, (again.min(entry.wall) - SECOND, until));
                let next_second = Nanos::from(now + 1) * SECOND;
                let is_skipped = |due: &Nanos| again < *due && *due <= entry.wall;
                if is_named {
                    // What has not come is due now, if it has passed in the new zone.
                    all.extend(dues[dues.len() - ahead..].iter().map(|due| entry.wall.max(*due)));
                } else if is_correction || !waits {
                    all.extend(dues.into_iter().filter(|due| *due > entry.wall));
                } else {
                    all.extend(dues.iter().find(|due| is_skipped(due)).map(|_| next_second));
                    all.extend(dues.into_iter().filter(|due| *due > entry.wall.max(again)));
                }
                all.dedup();
                let made_up = all.get(passed..).map_or(false, |ahead| ahead.contains(&next_second));
                life.made_up = if made_up && !is_correction { next_second } else { life.made_up };
            }
            life.grid = grid;
        }
        self.lives = lives;
        self.zone = zone;
    }

    /// To a schedule that goes back with the clock the zone of now is what it always was.
    fn set_back(&mut self, number: usize, is_correction: bool, entry: &Entry) {
        let (_, until) = self.parts[0];
        let clocks = Clocks::of(civil::spans(self.zone));
        let dues = self.civil_dues(&self.lives[&number].part.kind, &clocks, (entry.wall, until));
        let life = self.lives.get_mut(&number).unwrap();
        life.clocks = clocks;
        if let Grid::List { all, .. } = &mut life.grid {
            let passed = all.partition_point(|due| *due <= entry.wall);
            all.truncate(passed);
            let made_up = Some(life.made_up).filter(|due| !is_correction && *due > entry.wall);
            all.extend(dues.into_iter().filter(|due| *due > entry.wall).chain(made_up));
            all[passed..].sort_unstable();
            all.dedup();
        }
    }

    fn dues(&self, life: &Life, after: Nanos, up_to: Nanos) -> u64 {
        let is_in_time = |due: &&Nanos| life.until.map_or(true, |until| **due <= until);
        let end = life.until.map_or(up_to, |until| up_to.min(until));
        match &life.grid {
            Grid::Wall { first, step } | Grid::Mono { first, step } => count_steps(*first, *step, after, end),
            Grid::Anchored { first, step, base } => count_steps(base.unwrap_or(*first), *step, after, end),
            Grid::List { all, after: begin } => {
                let up_to_and_with = |t: Nanos| all.partition_point(|due| *due <= t);
                up_to_and_with(end).saturating_sub(up_to_and_with(after.max(*begin))) as u64
            }
            Grid::Answers(number) => {
                let all = self.answers[number].given.iter().filter(is_in_time).count() as Nanos;
                (up_to.clamp(0, all) - after.clamp(0, all)).max(0) as u64
            }
        }
    }

    /// Where a due stands in the order of dues, if it is one: at its time. The answers of a closure are numbered, as they
    /// go back when the clock does.
    fn place(&self, life: &Life, at: Nanos) -> Option<Nanos> {
        match &life.grid {
            Grid::Answers(number) => {
                let place = self.answers[number].given.iter().rposition(|given| *given == at)?;
                (life.until.map_or(true, |until| at <= until)).then_some(place as Nanos + 1)
            }
            _ => (self.dues(life, at - 1, at) == 1).then_some(at),
        }
    }

    fn is_over(&self, life: &Life, after: Nanos) -> bool {
        match &life.grid {
            Grid::Answers(number) => {
                let Answers { given, is_over } = &self.answers[number];
                let is_past =
                    given.last().map_or(false, |last| life.until.map_or(false, |until| *last > until));
                (*is_over || is_past) && self.dues(life, after, NEVER) == 0
            }
            _ => self.dues(life, after, NEVER) == 0,
        }
    }

    /// A time on the wall, by the clock that the grid follows.
    fn by_grid(life: &Life, wall: Nanos, entry: &Entry) -> Nanos {
        match life.grid {
            Grid::Mono { .. } | Grid::Anchored { base: Some(_), .. } => wall - (entry.wall - entry.mono),
            _ => wall,
        }
    }

    fn now(life: &Life, entry: &Entry) -> Nanos {
        Self::by_grid(life, entry.wall, entry)
    }

    pub fn read(&mut self, entry: &Entry) -> Result<(), String> {
        if !matches!(entry.what, What::Stepped { .. }) {
            self.lives.values_mut().for_each(|life| life.shown = life.shown.max(entry.wall));
        }
        match &entry.what {
            What::Scheduled { part, life, is_new } => self.scheduled(*part, *life, *is_new, entry),
            What::Cancelled(name, is_done) => {
                let was_told = self.cancelled[*name] > 0;
                self.cancelled[*name] -= usize::from(was_told && *is_done);
                let holder = self.holders.get(name).filter(|holder| !self.lives[holder].is_breaking);
                let is_right = if *is_done { was_told } else { holder.is_none() };
                is_right.then_some(()).ok_or(format!("cancel of {name}: {is_done}"))
            }
            What::ShutDown => {
                self.is_shut_down = true;
                for name in 0..NAMES.len() {
                    // A task that its callback has ended had lost its name before, and owes nothing that comes later.
                    let holder = self.holders.get(&name).map(|holder| &self.lives[holder]);
                    if holder.map_or(true, |life| life.broke_at.is_none()) {
                        self.loses_name(name, entry);
                    }
                }
                Ok(())
            }
            What::OneMore(name, is_done) => self.change(*name, *is_done, |life| life.is_one_more = true),
            What::Paused(name, is_done) => self.change(*name, *is_done, |life| {
                if !std::mem::replace(&mut life.is_paused, true) {
                    life.paused_since = Some(entry.mono);
                }
            }),
            What::Resumed(name, is_done) => self.change(*name, *is_done, |life| life.is_paused = false),
            What::Demanded(name, true) if !self.holders.contains_key(name) => {
                Err(format!("{name} is to run once more after its last run"))
            }
            What::Demanded(name, is_done) => self.change(*name, *is_done, |life| {
                life.change(|state| {
                    state.demanded += 1;
                    state.is_demanded = true;
                });
            }),
            What::Stepped { by, in_callback } => {
                self.stepped(*by, *in_callback, entry);
                Ok(())
            }
            What::ZoneSet(zone) => {
                self.zone_set(zone, entry);
                Ok(())
            }
            What::Told(event) => self.told(event, entry),
            What::EndObserved => {
                if let Some(number) = self.ending.pop().flatten() {
                    let life = self.lives.get_mut(&number).unwrap();
                    let has_name = self.holders.get(&life.name) == Some(&number);
                    life.broke_at = has_name.then(|| entry.clone());
                }
                Ok(())
            }
            What::Began { life, facts, next } => self.began(*life, facts.as_ref(), *next, entry),
            What::Answered(life, answer) => {
                let answers = self.answers.entry(*life).or_default();
                answers.given.extend(answer);
                answers.is_over = answer.is_none();
                Ok(())
            }
            What::Unsettled => {
                self.has_leftovers = true;
                Ok(())
            }
            What::Breaks(life) => {
                let its = self.lives.get_mut(life).unwrap();
                // Its last run ends it anyway.
                its.is_breaking = !its.will_end;
                Ok(())
            }
            What::Quiet { target, seen } => self.quiet(*target, seen, entry),
        }
    }

    /// The task that has a name loses it, and what has come due of it has no run.
    fn loses_name(&mut self, name: usize, entry: &Entry) {
        self.owe(name, entry);
        self.holders.remove(&name);
    }

    fn owe(&mut self, name: usize, entry: &Entry) {
        if let Some(holder) = self.holders.get(&name) {
            let owed = self.owed(&self.lives[holder], entry);
            self.balances[name].owe(owed);
        }
    }

    /// How many occurrences of a task may have neither been run nor reported at some time, if anything can be said of that.
    fn owed(&self, life: &Life, entry: &Entry) -> Option<BTreeSet<u64>> {
        if life.is_vague || life.was_set_back || life.old_reports > 0 {
            return None;
        }
        let now = match &life.grid {
            Grid::Answers(number) => {
                self.answers[number].given.iter().filter(|given| **given <= entry.wall).count() as Nanos
            }
            _ => Self::now(life, entry),
        };
        let of_state = |state: &State| match state.loose {
            None => Some(self.dues(life, state.prev, now).saturating_sub(state.pending)),
            Some(_) => None,
        };
        life.states.iter().map(of_state).collect()
    }

    /// The end of the log.
    pub fn end(&self) -> Result<(), String> {
        for (name, balance) in self.balances.iter().enumerate() {
            // The rest is reported when a run ends that is pending, or with what a slow callback has left to do.
            let is_running = self.running.iter().any(|life| self.lives[life].name == name);
            if !is_running && !self.has_leftovers && !balance.is_even() {
                let Balance { owed, reported } = balance;
                return Err(format!(
                    "of cancelled tasks, {reported:?} missed occurrences of {name} were reported, and not {owed:?}"
                ));
            }
        }
        Ok(())
    }

    fn change(&mut self, name: usize, is_done: bool, change: impl FnOnce(&mut Life)) -> Result<(), String> {
        match self.holders.get(&name) {
            Some(life) if is_done => {
                change(self.lives.get_mut(life).unwrap());
                Ok(())
            }
            None if !is_done => Ok(()),
            // It is in its last run, or an observer learns of the end of that. Nothing changes that.
            None if self.running.iter().any(|run| self.lives[run].name == name) => Ok(()),
            None if self.lives.values().any(|life| life.name == name && life.will_end) => Ok(()),
            holder => Err(format!("{name} is held by {holder:?}, and the answer was {is_done}")),
        }
    }

    fn scheduled(&mut self, part: usize, life: usize, is_new: bool, entry: &Entry) -> Result<(), String> {
        let part = self.play.parts[part].clone();
        let is_unborn = std::mem::take(&mut self.is_unborn);
        self.was_scheduled = false;
        let holder = self.holders.get(&part.name).copied();
        if self.is_shut_down {
            return Err(format!("{life} was scheduled after the end"));
        }
        // A run that was the last has ended, and what has passed meanwhile is being counted.
        let was_replaced = std::mem::take(&mut self.was_replaced);
        let holder = holder.filter(|holder| was_replaced || !(is_new && self.lives[holder].is_breaking));
        if let Some(old) = holder.filter(|_| was_replaced).and_then(|holder| self.lives.get_mut(&holder)) {
            // What its run has returned comes too late.
            old.is_breaking = false;
        }
        if is_new != (holder.is_none() || part.is_replacing) {
            return Err(format!("new: {is_new}, but {} was held by {holder:?}", part.name));
        }
        if !is_new {
            return Ok(());
        }
        let from_start = |by: i64| self.start + millis(by);
        let past = |first: Nanos, step: Nanos| {
            if first > entry.wall {
                first
            } else {
                first + (entry.wall - first) / step * step
            }
        };
        let ahead = |offset: Nanos, step: Nanos| {
            // The first second that matches, strictly after now.
            let whole = entry.wall.div_euclid(SECOND) * SECOND;
            whole + SECOND + (offset - whole - SECOND).rem_euclid(step)
        };
        let clocks = Clocks::of(civil::spans(part.zone.unwrap_or(self.zone)));
        let seen = if part.zone.is_some() { self.seen } else { self.parts[0] };
        let seen = (seen.0 - 3 * 24 * HOUR, seen.1);
        let list = |all: Vec<Nanos>| Grid::List { all, after: -NEVER };
        let grid = match part.kind.clone() {
            Kind::Every(period) => Grid::Mono { first: entry.mono, step: millis(period as i64) },
            Kind::EveryStarting(period, start) => {
                let step = millis(period as i64);
                Grid::Anchored { first: past(from_start(start), step), step, base: None }
            }
            Kind::Seconds(step) => {
                let step = Nanos::from(step) * SECOND;
                Grid::Wall { first: ahead(0, step), step }
            }
            Kind::Minutes(step) => {
                let step = Nanos::from(step) * 60 * SECOND;
                Grid::Wall { first: ahead(0, step), step }
            }
            Kind::Hourly(minute) => {
                Grid::Wall { first: ahead(Nanos::from(minute) * 60 * SECOND, HOUR), step: HOUR }
            }
            Kind::Daily(hour, minute) => {
                let at = Nanos::from(hour * 60 + minute) * 60 * SECOND;
                Grid::Wall { first: ahead(at, 24 * HOUR), step: 24 * HOUR }
            }
            Kind::Days(days, start) => {
                let step = Nanos::from(days) * 24 * HOUR;
                Grid::Wall { first: past(from_start(start), step), step }
            }
            Kind::At(at) => list(vec![from_start(at)]),
            Kind::After(delay) => Grid::Mono { first: entry.mono + millis(delay as i64), step: 2 * NEVER },
            Kind::AtEach(steps) => list(rising(self.start, &steps)),
            Kind::AtNext(_) => Grid::Answers(life),
            Kind::Cron(_) | Kind::Any(..) => {
                Grid::List { all: self.civil_dues(&part.kind, &clocks, seen), after: entry.wall }
            }
            Kind::CivilDays(..) | Kind::CivilMonths(..) => {
                let all = self.civil_dues(&part.kind, &clocks, seen);
                let passed = all.partition_point(|due| *due <= entry.wall);
                let after = if passed > 0 { all[passed - 1] - 1 } else { -NEVER };
                Grid::List { all, after }
            }
            Kind::CivilAt(_) | Kind::CivilEach(_) => list(self.civil_dues(&part.kind, &clocks, seen)),
        };
        let has_queue = !self.running.is_empty() || self.has_leftovers || self.play.has_slow_code();
        let earlier = self.lives.values().filter(|life| life.name == part.name).count();
        let old_reports = if has_queue { 2 * earlier } else { 0 };
        let old = holder.map(|old| &self.lives[&old]);
        let base = old.map_or(0, |old| old.base + old.began);
        let is_paused = old.map_or(false, |old| old.is_paused);
        self.holders.insert(part.name, life);
        let state = State { prev: -NEVER, pending: 0, demanded: 0, is_demanded: false, loose: None };
        let new = Life {
            name: part.name,
            until: part.until.map(|until| from_start(until as i64 * 1000)),
            grid,
            clocks,
            shown: entry.wall,
            civil_shown: i64::MIN,
            is_rezoned: false,
            made_up: -NEVER,
            is_vague: false,
            waits_for_changes: 0,
            states: BTreeSet::from([state]),
            began: 0,
            base,
            is_one_more: false,
            is_paused,
            will_end: false,
            is_breaking: false,
            broke_at: None,
            old_reports,
            corrected: Vec::new(),
            busy_since: None,
            paused_since: None,
            barred: Vec::new(),
            was_set_back: false,
            part,
        };
        if is_unborn {
            self.holders.remove(&new.name);
            return match self.dues(&new, -NEVER, NEVER) {
                0 => Ok(()),
                dues => Err(format!("{life} has ended at once, with {dues} dues")),
            };
        }
        self.lives.insert(life, new);
        Ok(())
    }

    fn stepped(&mut self, by: Nanos, in_callback: bool, entry: &Entry) {
        // Steps that are noticed together are one: the least and the most that this one may be a part of.
        let (least, most) = (by + self.unnoticed.0, by + self.unnoticed.1);
        self.unnoticed = if in_callback { (least.min(0), most.max(0)) } else { (0, 0) };
        let is_correction = least < -3 * HOUR || most > 3 * HOUR;
        if least < -STEP {
            let is_certain = most < -STEP && (least < -3 * HOUR) == (most < -3 * HOUR);
            let goes_back = |life: &Life| {
                life.is_rezoned
                    && (life.part.kind.is_interval_like() || life.part.kind.is_grid() && is_correction)
            };
            let numbers = self.lives.iter().filter(|(_, life)| goes_back(life)).map(|(number, _)| *number);
            for number in numbers.collect::<Vec<_>>() {
                match is_certain {
                    true => self.set_back(number, is_correction, entry),
                    false => self.lives.get_mut(&number).unwrap().is_vague = true,
                }
            }
        }
        for life in self.lives.values_mut() {
            life.busy_since = None;
            life.paused_since = None;
            life.barred.clear();
            let is_interval_like = life.part.kind.is_interval_like();
            let goes_back = is_interval_like || life.part.kind.is_grid() && is_correction;
            let now = Self::now(life, entry);
            life.shown = if is_correction { entry.wall } else { life.shown.max(entry.wall) };
            if is_correction {
                life.civil_shown = i64::MIN;
            }
            if by < 0 {
                // What is certainly noticed is followed by schedules that do not wait for time to catch up.
                let noticed = if is_interval_like { -STEP } else { -3 * HOUR };
                life.was_set_back = in_callback || !goes_back || most >= noticed;
                // What was skipped once may come in its own time.
                life.corrected.clear();
            }
            if least < -STEP && goes_back {
                // A past anchor may be due still.
                let before_first = match &life.grid {
                    Grid::Wall { first, .. } => now.min(first - 1),
                    Grid::List { all, after } => {
                        let first = all.get(all.partition_point(|due| due <= after));
                        first.map_or(now, |first| now.min(first - 1))
                    }
                    _ => now,
                };
                match &mut life.grid {
                    Grid::Wall { first, step } => {
                        *first = match life.part.kind {
                            Kind::Days(_, start) => (*first).min(self.start + millis(start)),
                            // It has no beginning.
                            _ => *first - 100_000 * 24 * HOUR / *step * *step,
                        };
                    }
                    Grid::List { after, .. } => *after = -NEVER,
                    _ => {}
                }
                let has_begun = life.began > 0;
                life.change(|state| {
                    if state.prev == -NEVER && !has_begun && state.pending == 0 {
                        state.prev = before_first;
                    }
                    let low = state.loose.map_or(now, |loose| loose.min(now));
                    state.loose = Some(low.min(state.prev));
                    // What was missed may be shown again, and missed again.
                    state.pending = 0;
                });
            }
            if by.min(least) > 3 * HOUR
                && !in_callback
                && !matches!(life.grid, Grid::Mono { .. } | Grid::Anchored { base: Some(_), .. })
            {
                life.corrected.push((now - by, now));
            }
        }
    }

    fn told(&mut self, event: &Event, entry: &Entry) -> Result<(), String> {
        if !matches!(event, Event::Ended { .. }) {
            self.was_scheduled = matches!(event, Event::Scheduled { .. });
        }
        let name = event.task().map(|task| NAMES.iter().position(|name| *name == task).unwrap());
        match event {
            Event::Started { due, lateness, is_last, .. } => {
                let (name, due, lateness, is_last) = (name.unwrap(), *due, *lateness, *is_last);
                self.started.push(Start { name, due, lateness, is_last, entry: entry.clone() });
            }
            Event::Cancelled { .. } => {
                self.loses_name(name.unwrap(), entry);
                self.cancelled[name.unwrap()] += 1;
            }
            Event::Replaced { .. } => {
                self.was_replaced = true;
                self.owe(name.unwrap(), entry);
            }
            Event::Missed { count: 0, .. } => return Err(format!("nothing was missed: {event:?}")),
            Event::Missed { count, first, latest, .. }
                if first > latest || (*count == 1) != (first == latest) =>
            {
                return Err(format!("not the first and the last of {count}: {event:?}"));
            }
            Event::Missed { count, why: Why::Cancelled | Why::ShutDown, .. } => {
                let (least, most) = &mut self.balances[name.unwrap()].reported;
                (*least, *most) = (*least + count, *most + count);
            }
            Event::Missed { count, why, .. } => {
                let name = name.unwrap();
                let (_, most) = &mut self.balances[name].reported;
                let holder = match self.holders.get(&name) {
                    Some(holder) => *holder,
                    // Of a task that was cancelled on its way, or whose last due this is.
                    None => {
                        *most += count;
                        return Ok(());
                    }
                };
                let life = self.lives.get_mut(&holder).unwrap();
                anchor(life, entry);
                let may_be_of_the_old = life.old_reports > 0 && life.began == 0;
                if may_be_of_the_old {
                    *most += count;
                }
                let old = if may_be_of_the_old { life.states.clone() } else { BTreeSet::new() };
                life.old_reports = life.old_reports.saturating_sub(1);
                life.change(|state| state.pending += count);
                life.states.extend(old);
                if *why == Why::Late
                    && life.part.missed == Missed::All
                    && life.part.grace.is_none()
                    && !may_be_of_the_old
                {
                    return Err(format!("missed though all are to be run: {event:?}"));
                }
            }
            // Not only when the caller goes on: observers may be slow.
            Event::Resumed { .. } => {
                if let Some(holder) = self.holders.get(&name.unwrap()) {
                    let life = self.lives.get_mut(holder).unwrap();
                    life.barred.extend(life.paused_since.take().map(|since| (since, entry.mono)));
                }
            }
            Event::DestructorPanicked { message, .. } if &**message == BOOM => {}
            Event::RunEnded { .. } => {
                let name = name.unwrap();
                let run = self.running.iter().rposition(|life| self.lives[life].name == name);
                let number = self.running.remove(run.ok_or(format!("nothing of {name} was running"))?);
                let life = self.lives.get_mut(&number).unwrap();
                // The first end that is told after the callback has ended the task is that of the same run.
                let breaks = life.is_breaking && !self.ending.contains(&Some(number));
                self.ending.push(breaks.then_some(number));
                if life.states.iter().any(|state| state.pending > 0) && anchor(life, entry) {
                    if let Grid::Anchored { base: Some(base), .. } = &mut life.grid {
                        // It has passed, whatever the clock shows now; when the run ends, is up to slow observers.
                        life.is_vague |= entry.mono < *base && self.play.has_slow_code();
                        *base = entry.mono.min(*base);
                    }
                }
                let busy = life.busy_since.take().map(|since| (since, entry.mono));
                life.barred.extend(busy.filter(|(since, until)| since < until));
            }
            Event::Ended { .. } if self.was_scheduled => self.is_unborn = true,
            Event::Ended { .. } => return self.ended(name.unwrap()),
            _ => {}
        }
        Ok(())
    }

    fn ended(&mut self, name: usize) -> Result<(), String> {
        if let Some(life) = self.lives.values_mut().find(|life| life.name == name && life.will_end) {
            life.will_end = false;
            return Ok(());
        }
        let mut broken = self.lives.iter().filter(|(_, life)| life.name == name && life.is_breaking);
        if let Some((&number, _)) = broken.next() {
            return self.broke(number);
        }
        let holder = self.holders.remove(&name).ok_or(format!("{name} has ended, and there was none"))?;
        let life = &self.lives[&holder];
        let adds_up = |state: &State| match state.loose {
            _ if life.is_vague => true,
            None => state.pending == self.dues(life, state.prev, NEVER),
            Some(loose) => state.pending <= self.dues(life, loose, NEVER),
        };
        match life.states.iter().any(adds_up) {
            true => Ok(()),
            false => Err(format!("{name} has ended with dues that nobody heard of: {:?}", life.states)),
        }
    }

    /// A task that its callback has ended is told as ended.
    fn broke(&mut self, number: usize) -> Result<(), String> {
        let life = self.lives.get_mut(&number).unwrap();
        life.is_breaking = false;
        let (name, broke_at) = (life.name, life.broke_at.take());
        // Another task that has the name by now may be the one that was reported as missed.
        let has_name = self.holders.get(&name) == Some(&number);
        self.holders.retain(|_, holder| *holder != number);
        let life = &self.lives[&number];
        match broke_at.filter(|_| has_name).and_then(|at| self.owed(life, &at)) {
            Some(owed) if !owed.contains(&0) => {
                Err(format!("{number} has ended, and {owed:?} dues were not reported: {:?}", life.states))
            }
            _ => Ok(()),
        }
    }

    fn began(
        &mut self,
        number: usize,
        facts: Option<&Facts>,
        next: Option<SystemTime>,
        entry: &Entry,
    ) -> Result<(), String> {
        let life = self.lives.get_mut(&number).ok_or("a run of a task that was never new")?;
        let is_this =
            |start: &Start| start.name == life.name && facts.map_or(true, |facts| facts.due == start.due);
        let place = self.started.iter().rposition(is_this);
        let place = place.ok_or_else(|| format!("{number} runs, and was not told as started: {facts:?}"))?;
        let Start { name, due, lateness, is_last, entry: told } = self.started.remove(place);
        let holds_name = !is_last;
        if self.holders.get(&name) != Some(&number) {
            return Err(format!("{number} runs, but {name} is held by {:?}", self.holders.get(&name)));
        }
        let is_anchored = anchor(life, entry);
        life.began += 1;
        let life = &self.lives[&number];
        if facts.map_or(false, |facts| facts.count != life.base + life.began) {
            return Err(format!("count {facts:?}, but it is run {} + {}", life.base, life.began));
        }

        // No overlap, also with those it has replaced.
        let others: Vec<_> = self.running.iter().filter(|other| self.lives[*other].name == name).collect();
        if others.iter().any(|other| **other != number) || others.len() >= life.allowed_runs() {
            return Err(format!("{number} overlaps {others:?}"));
        }

        // Each due once, none early, and every one before it accounted for.
        let at = Self::by_grid(life, nanos(due), entry);
        let now = Self::now(life, entry);
        if now < at || nanos(due) > entry.wall {
            return Err(format!("{number} runs {} ns early", at - now));
        }
        if life.is_vague {
            if !holds_name {
                self.balances[name].owe(None);
            }
            return self.runs(number, name, holds_name, entry);
        }
        let run_missed = facts.map_or(0, |facts| facts.missed);
        let place = self.place(life, at);
        let mut states = BTreeSet::new();
        let goes_on = !holds_name || next.map_or(false, |next| Self::by_grid(life, nanos(next), entry) > at);
        let (mut may_be_asked_for, mut may_be_due) = (false, false);
        for state in &life.states {
            let is_in_turn = |place| match state.loose {
                None => {
                    let dues = self.dues(life, state.prev, place);
                    place > state.prev && dues == state.pending + 1 && run_missed <= state.pending
                }
                Some(loose) => place > loose,
            };
            if let Some(place) = place.filter(|place| goes_on && !life.is_paused && is_in_turn(*place)) {
                may_be_due = true;
                states.insert(State { prev: place, pending: 0, loose: None, ..state.clone() });
            }
            let is_now = nanos(due) == entry.wall || self.play.has_slow_code() && nanos(due) <= told.wall;
            if state.demanded > 0 && is_now && lateness.is_zero() && run_missed == 0 {
                may_be_asked_for = true;
                let demanded = state.demanded - 1;
                states.insert(State { demanded, is_demanded: false, ..state.clone() });
            }
        }
        let has_reason = life.is_one_more || life.part.times == Some(life.began);
        if holds_name && has_reason {
            return Err(format!("{number} was to be over with run {}", life.began));
        }
        if !has_reason {
            states.retain(|state| {
                let is_over = self.is_over(life, state.prev)
                    || state.pending > 0 && state.pending == self.dues(life, state.prev, NEVER);
                state.loose.is_some() || holds_name != is_over
            });
        }
        if states.is_empty() {
            return Err(format!(
                "{number} runs for {at} at {now} and then for {next:?} (place: {place:?}, paused: {}, has its name: {holds_name}), but {:?}",
                life.is_paused, life.states
            ));
        }

        // The policies.
        let passed_at = nanos(due) - (entry.wall - entry.mono);
        if !may_be_asked_for {
            let grace = match (life.part.grace, life.part.missed) {
                (Some(grace), _) => Duration::from_millis(grace),
                (None, Missed::Skip) => Duration::from_secs(1),
                _ => Duration::MAX,
            };
            if lateness > grace && life.part.overlap != Overlap::Queue {
                return Err(format!("{number} runs {lateness:?} late"));
            }
            // What observers and schedules take their time for is no lateness of the run.
            let was_told_at = Self::now(life, &told);
            let is_right = match self.play.has_slow_code() {
                true => nanos_of(lateness) <= was_told_at - at,
                false => nanos_of(lateness) == now - at,
            };
            if !is_right {
                return Err(format!("{number} is late by {} and says {lateness:?}", was_told_at - at));
            }
            if life.corrected.iter().any(|(from, to)| *from < at && at <= *to) {
                return Err(format!("{number} catches up {at} after a correction"));
            }
            // One run may stand for dues that were held up before its task ran and for some that passed meanwhile.
            let stands_alone = life.states.iter().all(|state| state.pending == 0);
            let is_barred = life.barred.iter().any(|(from, to)| *from < passed_at && passed_at < *to);
            if stands_alone && is_barred {
                return Err(format!("{number} runs for {at}, which passed while it ran or was paused"));
            }
        }

        let life = self.lives.get_mut(&number).unwrap();
        life.states = states;
        if let (Grid::Anchored { base, .. }, true, false) = (&mut life.grid, is_anchored, may_be_due) {
            // It was only asked for.
            *base = None;
        }
        // Later runs are for later dues.
        life.barred.retain(|(_, to)| !may_be_due || *to > passed_at);
        if is_last && (may_be_asked_for || self.lives[&number].is_one_more) {
            // What has passed before a last run that was asked for, or that is the one more, is reported.
            let is_sure = may_be_due != may_be_asked_for && !self.play.has_slow_code();
            let owed = if is_sure { self.owed(&self.lives[&number], entry) } else { None };
            self.balances[name].owe(owed);
        }
        self.runs(number, name, holds_name, entry)
    }

    fn runs(&mut self, number: usize, name: usize, holds_name: bool, entry: &Entry) -> Result<(), String> {
        self.running.push(number);
        let life = self.lives.get_mut(&number).unwrap();
        if life.part.overlap == Overlap::Skip {
            life.busy_since = Some(entry.mono);
        }
        if !holds_name {
            life.will_end = true;
            self.holders.remove(&name);
        }
        Ok(())
    }

    /// Nothing that is due is left, unless a slow callback has let more time pass than was asked for.
    fn quiet(&mut self, target: Nanos, seen: &[Seen], entry: &Entry) -> Result<(), String> {
        self.has_leftovers = entry.mono > target;
        let mut names: Vec<_> = self.holders.keys().copied().collect();
        // A task in its last run is there until that has ended, or another one takes its name.
        let is_in_last_run = |seen: &&Seen| {
            let runs = || self.running.iter().any(|run| self.lives[run].name == seen.name);
            !self.holders.contains_key(&seen.name)
                && seen.status == Status::Running
                && seen.next.is_none()
                && runs()
        };
        let (_, seen): (Vec<_>, Vec<_>) = seen.iter().partition(is_in_last_run);
        let mut known: Vec<_> = seen.iter().map(|seen| seen.name).collect();
        names.sort_unstable();
        known.sort_unstable();
        if names != known {
            return Err(format!("the names {known:?} are used, and it should be {names:?}"));
        }
        for seen in seen {
            let number = self.holders[&seen.name];
            let life = &self.lives[&number];
            if seen.count != Some(life.base + life.began) {
                return Err(format!(
                    "{number} counts {:?} runs of {} + {}",
                    seen.count, life.base, life.began
                ));
            }
            let is_running = self.running.contains(&number);
            let is_held = self.running.iter().any(|run| self.lives[run].name == life.name);
            let status = match (is_running, life.is_paused) {
                (true, _) => Status::Running,
                (_, true) => Status::Paused,
                _ => Status::Waiting,
            };
            if seen.status != status {
                return Err(format!("{number} is {:?}, but should be {status:?}", seen.status));
            }
            let next = match seen.next {
                Some(next) => next,
                // The last of its occurrences has passed during a run, which goes on, or another one was demanded.
                None if is_running || life.states.iter().any(|state| state.is_demanded) => continue,
                // It has passed in a pause, and the task waits for a thread to end it.
                None if life
                    .states
                    .iter()
                    .any(|state| state.pending == self.dues(life, state.prev, NEVER)) =>
                {
                    continue
                }
                None => return Err(format!("{number} has no next due")),
            };
            if status != Status::Waiting || is_held || life.is_vague {
                continue;
            }
            let at = Self::by_grid(life, nanos(next), entry);
            if at <= Self::now(life, entry) {
                match entry.mono <= target {
                    true => return Err(format!("{number} was left behind, due at {next:?}")),
                    // Its turn comes with the next advance.
                    false => continue,
                }
            }
            if entry.mono > target && !life.part.asked.is_empty() {
                // It may have to ask its schedule first.
                continue;
            }
            let is_over = |state: &State| self.is_over(life, state.prev);
            if life.until.map_or(false, |until| at > until) && life.states.iter().any(is_over) {
                // A change of zone has moved it behind its end, and it waits for that.
                continue;
            }
            // What is asked for last may have to wait for the next advance, too.
            let place = self.place(life, at).ok_or(format!("{number} waits for {at}, which is no due"))?;
            let is_late = entry.mono > target;
            let is_done = |state: &State| !state.is_demanded || is_late;
            let adds_up = |state: &State| match state.loose {
                None => {
                    let dues = self.dues(life, state.prev, place);
                    // What has passed since waits for the next advance, and the due time after that is shown.
                    let has_passed = is_late && dues > state.pending;
                    is_done(state)
                        && (has_passed
                            || dues == state.pending + 1
                            || dues == state.pending && life.was_set_back)
                }
                Some(loose) => is_done(state) && place > loose,
            };
            let states: BTreeSet<_> = life.states.iter().filter(|state| adds_up(state)).cloned().collect();
            if states.is_empty() {
                return Err(format!("{number} is due at {at}, but {:?}", life.states));
            }
            let ahead = match life.grid {
                Grid::Answers(_) => 1,
                _ => self.dues(life, Self::now(life, entry), place),
            };
            if ahead != 1 && !life.was_set_back {
                return Err(format!("{number} waits for {at}, and not for one of {ahead} dues before it"));
            }
            let life = self.lives.get_mut(&number).unwrap();
            life.was_set_back &= ahead != 1;
            life.states = states;
            if !is_late {
                life.change(|state| state.demanded = 0);
            }
        }
        Ok(())
    }
}

/// The first event of a schedule that begins on the wall settles where its elapsed dues are.
fn anchor(life: &mut Life, entry: &Entry) -> bool {
    match &mut life.grid {
        Grid::Anchored { first, base: base @ None, .. } => {
            *base = Some(*first - (entry.wall - entry.mono));
            true
        }
        _ => false,
    }
}

fn nanos_of(duration: Duration) -> Nanos {
    duration.as_nanos() as Nanos
}
