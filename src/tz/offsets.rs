//! Which offset holds when, and so which instants show a civil time, whatever the zone is made of. Pure: no threads, no
//! clock, no files.

use super::MAX_OFFSET;

/// A stretch of time with one offset: `lo..hi`, as long as it can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The instant at which the offset begins to hold; `i64::MIN` where it always has.
    pub(crate) lo: i64,
    /// The instant at which it ceases to hold; `i64::MAX` where it never does.
    pub(crate) hi: i64,
    /// Seconds east of UTC.
    pub(crate) offset: i32,
}

/// The instants at which clocks show a civil time, as `Zone::instants` and
/// [`PosixZone::instants`](super::PosixZone::instants) find them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instants<T> {
    /// The one instant: so it is nearly always.
    Unique(T),
    /// Clocks were turned back over this time and show it twice.
    Fold {
        /// The earlier instant.
        first: T,
        /// The later instant.
        second: T,
    },
    /// Clocks were turned forward over this time and never show it.
    Gap {
        /// The offset until then, in seconds east of UTC.
        before: i32,
        /// The offset from then on.
        after: i32,
        /// The instant at which the clocks were turned.
        end: T,
    },
}

impl<T> Instants<T> {
    /// The instant at which something meant for this civil time is due once: the first to show it, or, where none
    /// does, the end of the gap.
    pub fn due(self) -> T {
        match self {
            Instants::Unique(instant) => instant,
            Instants::Fold { first, .. } => first,
            Instants::Gap { end, .. } => end,
        }
    }
}

/// A zone of either kind, as [`Cron::next_in`](crate::Cron::next_in) takes it: a [`PosixZone`](super::PosixZone) or, with
/// `std`, a `Zone`. What it asks of them is this crate's own matter, so there are no others.
pub trait Offsets {
    /// The longest stretch of one offset around an instant, in Unix seconds.
    #[doc(hidden)]
    fn span(&self, unix: i64) -> Span;

    /// The first instant of which the zone says anything.
    #[doc(hidden)]
    #[inline]
    fn first_known(&self) -> i64 {
        i64::MIN
    }

    /// The instants that show a civil time, given in seconds since 1970-01-01T00:00:00 as `civil` counts them.
    #[doc(hidden)]
    #[inline]
    fn resolve(&self, civil: i64) -> Instants<i64> {
        // No clock is further from UTC than MAX_OFFSET, so an earlier or a later span cannot show it. The last span of
        // all ends at `i64::MAX`.
        let span = self.span(civil.saturating_sub(MAX_OFFSET));
        let latest = civil.saturating_add(MAX_OFFSET).min(i64::MAX - 1);
        if latest < span.hi {
            Instants::Unique(civil.saturating_sub(i64::from(span.offset)))
        } else {
            resolve_near_change(self, civil, span, latest)
        }
    }
}

impl<O: Offsets> Offsets for &O {
    #[inline]
    fn span(&self, unix: i64) -> Span {
        (**self).span(unix)
    }

    #[inline]
    fn first_known(&self) -> i64 {
        (**self).first_known()
    }
}

/// Looks at the spans from `span` to the one that holds `latest`.
#[cold]
#[inline(never)]
fn resolve_near_change<O: Offsets + ?Sized>(
    zone: &O,
    civil: i64,
    mut span: Span,
    latest: i64,
) -> Instants<i64> {
    let mut first = None;
    let mut gap = None;
    loop {
        let instant = civil.saturating_sub(i64::from(span.offset));
        let is_shown = span.lo <= instant && instant < span.hi;
        match first {
            Some(first) if is_shown => return Instants::Fold { first, second: instant },
            None if is_shown => first = Some(instant),
            _ => {}
        }
        if latest < span.hi {
            break;
        }
        let next = zone.span(span.hi);
        if instant >= span.hi && civil.saturating_sub(i64::from(next.offset)) < next.lo {
            gap.get_or_insert(Instants::Gap { before: span.offset, after: next.offset, end: span.hi });
        }
        span = next;
    }
    match first {
        Some(first) => Instants::Unique(first),
        // A civil time that no span shows lies after one and before the next, but where time ends.
        None => gap.unwrap_or(Instants::Unique(civil.saturating_sub(i64::from(span.offset)))),
    }
}
