//! What is asked of closures and of the list of dates: which civil times are left out. So much for one answer, and no more.

use crate::civil::{Date, DateTime};
use crate::error::{Error, Kind};
use crate::guard::guarded;
use crate::schedule::except::Except;
use crate::schedule::timetable::panicked;

/// So many questions are asked for one answer, and over so many days, before nothing is taken to be due any more: all the
/// seconds of a year, or all the days of centuries.
const ASKED: u32 = 1_000_000;
const ASKED_OVER: i64 = 366;

/// The questions for one answer.
pub(super) struct Questions<'a> {
    except: &'a Except,
    /// So often closures were asked.
    asked: u32,
    /// The first date that they were asked about.
    from: Option<Date>,
}

impl<'a> Questions<'a> {
    pub(super) fn new(except: &'a Except) -> Questions<'a> {
        Questions { except, asked: 0, from: None }
    }

    pub(super) fn leave_out(&mut self, shown: DateTime) -> Result<bool, Error> {
        if self.is_listed(shown.date()) {
            return Ok(true);
        }
        if !self.except.asks() {
            return Ok(false);
        }
        let from = *self.from.get_or_insert(shown.date());
        let is_over_long = (shown.date().days() - from.days()).abs() > ASKED_OVER;
        if self.asked >= ASKED && is_over_long {
            return Err(leaves_nothing());
        }
        self.asked = self.asked.saturating_add(1);
        guarded(|| self.except.leave_out(shown)).map_err(|message| panicked("except", message))
    }

    /// The last of times in a row that closures leave out, if they leave out the first. There may be more: those on listed
    /// dates are not asked about, nor are more than so many.
    pub(super) fn last_left_out<T>(
        &mut self,
        times: impl Iterator<Item = (T, DateTime)>,
    ) -> Result<Option<T>, Error> {
        let (mut last, mut asked) = (None, 0);
        // One guard for all of them: they are many.
        let result = guarded(|| {
            for (time, shown) in times.take(ASKED as usize) {
                asked += 1;
                if self.is_listed(shown.date()) || !self.except.leave_out(shown) {
                    break;
                }
                last = Some(time);
            }
        });
        self.asked = self.asked.saturating_add(asked);
        result.map_err(|message| panicked("except", message))?;
        Ok(last)
    }

    /// Whether a closure was asked.
    pub(super) fn were_asked(&self) -> bool {
        self.asked > 0
    }

    pub(super) fn is_listed(&self, date: Date) -> bool {
        self.except.dates.binary_search(&date).is_ok()
    }

    /// The first date from this one on that is not listed.
    pub(super) fn first_unlisted(&self, mut date: Date) -> Date {
        while self.is_listed(date) {
            match date.checked_add_days(1) {
                Some(next) => date = next,
                None => break,
            }
        }
        date
    }
}

pub(super) fn leaves_nothing() -> Error {
    let why = "leaves out a million times in a row and over a year, or all up to the year 9999: nothing is due any more";
    Error::new(Kind::NeverDue(why.into())).in_field("except", "")
}
