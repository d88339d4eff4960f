//! Instants as text in a zone, as RFC 3339 has them.

use std::fmt;
use std::time::SystemTime;

use super::{unix_nanos, Zone};

impl Zone {
    /// The instant as RFC 3339 writes it in this zone: with `Z` for UTC, the offset otherwise, a fraction only where there
    /// is one. In UTC, if it is before the zone's data [begin](Zone::begins).
    ///
    /// ```
    /// # use std::time::SystemTime;
    /// # use sexton::tz::Zone;
    /// assert_eq!(Zone::fixed(19_800)?.rfc3339(SystemTime::UNIX_EPOCH).to_string(), "1970-01-01T05:30:00+05:30");
    /// # Ok::<(), sexton::tz::TzError>(())
    /// ```
    pub fn rfc3339(&self, instant: SystemTime) -> impl fmt::Display + '_ {
        struct InZone<'a>(SystemTime, &'a Zone);

        impl fmt::Display for InZone<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                rfc3339(self.0, self.1, f)
            }
        }
        InZone(instant, self)
    }
}

/// Writes an instant as RFC 3339 in a zone: with `Z` for UTC, the offset otherwise, a fraction only where there is one.
pub(crate) fn rfc3339(instant: SystemTime, zone: &Zone, f: &mut impl fmt::Write) -> fmt::Result {
    let (civil, offset) = match (zone.civil(instant), zone.offset(instant)) {
        (Some(civil), Some(offset)) => (civil, offset),
        // Of what was before its data begin the zone says nothing.
        (_, None) => return rfc3339(instant, &Zone::utc(), f),
        _ => return write!(f, "{instant:?}"),
    };
    write!(f, "{civil}")?;
    let nanos = unix_nanos(instant).rem_euclid(1_000_000_000);
    if nanos > 0 {
        let digits = format!("{nanos:09}");
        write!(f, ".{}", digits.trim_end_matches('0'))?;
    }
    match offset {
        0 => f.write_str("Z"),
        _ => write!(f, "{}", Offset(offset)),
    }
}

/// An offset, given in seconds, as RFC 3339 writes it: `+01:00`.
pub(crate) struct Offset(pub(crate) i32);

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, offset) = (if self.0 < 0 { '-' } else { '+' }, self.0.abs());
        write!(f, "{sign}{:02}:{:02}", offset / 3600, offset / 60 % 60)?;
        // RFC 3339 has no seconds here, but local mean times of the nineteenth century do.
        match offset % 60 {
            0 => Ok(()),
            seconds => write!(f, ":{seconds:02}"),
        }
    }
}
