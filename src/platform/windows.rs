//! The local zone of Windows, which the registry describes much as a POSIX rule does: no database is needed, and no
//! table of what Windows calls zones. Pure: text in, text out.

use std::fmt;

use crate::excerpt::Excerpt;

/// Where the registry describes the zone that clocks go by now.
pub(crate) const KEY: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\TimeZoneInformation";

/// The name, if it can be read, and the POSIX rule of the zone in what `reg.exe query` prints of [`KEY`]: a line `name type data` for each value.
///
/// `DynamicDaylightTimeDisabled` does not count. It says that Windows shall not put in other dates when the year is over;
/// the dates that are there hold, and where daylight saving time is switched off there are none (Microsoft's page on
/// `DYNAMIC_TIME_ZONE_INFORMATION`).
pub(crate) fn rule_of(output: &[u8]) -> Result<(Option<String>, String), Mistake> {
    let text = String::from_utf8_lossy(output);
    let values = Values(&text);
    let bias = values.minutes("Bias")?;
    let rule = match (values.date("DaylightStart")?, values.date("StandardStart")?) {
        // The other two are ignored then (Microsoft's page on `TIME_ZONE_INFORMATION`).
        (None, None) => values.clock("Bias", bias)?,
        (Some(daylight), Some(standard)) => format!(
            "{}{},{daylight},{standard}",
            values.clock("StandardBias", bias + values.minutes("StandardBias")?)?,
            values.clock("DaylightBias", bias + values.minutes("DaylightBias")?)?,
        ),
        (None, Some(_)) => return Err(values.one_date("DaylightStart")),
        (Some(_), None) => return Err(values.one_date("StandardStart")),
    };
    Ok((values.name().map(String::from), rule))
}

/// A value that makes no sense, or is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    name: &'static str,
    found: Excerpt,
    expected: &'static str,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mistake { name, found, expected } = self;
        write!(f, "{KEY}: {name}: found {found}, expected {expected}")
    }
}

struct Values<'a>(&'a str);

impl<'a> Values<'a> {
    /// The type and the data of a value.
    fn get(&self, name: &str) -> Option<&'a str> {
        let data = |line: &'a str| line.trim_start().strip_prefix(name)?.strip_prefix(char::is_whitespace);
        self.0.lines().find_map(data).map(str::trim)
    }

    /// The data of a value of that type.
    fn data(&self, name: &str, kind: &str) -> Option<&'a str> {
        self.get(name)?.strip_prefix(kind)?.strip_prefix(char::is_whitespace).map(str::trim)
    }

    /// Minutes to the west, such as `REG_DWORD 0xffffffc4` for an hour to the east. No clock is further off than a day.
    fn minutes(&self, name: &'static str) -> Result<i32, Mistake> {
        let number = self.data(name, "REG_DWORD").and_then(|data| data.strip_prefix("0x"));
        let minutes = number.and_then(|digits| u32::from_str_radix(digits, 16).ok()).map(|bits| bits as i32);
        minutes
            .filter(|minutes| (-1440..=1440).contains(minutes))
            .ok_or_else(|| self.wrong(name, "REG_DWORD, -1440 to 1440 minutes, such as 0xffffffc4"))
    }

    /// A date that comes every year, as in a rule; `None` if there is none, which is what month 0 means.
    ///
    /// Eight little-endian numbers of 16 bits in the order of the kernel's `TIME_FIELDS`, with the week instead of the
    /// day: year, month, week, hour, minute, second, millisecond, weekday. Not in that of `SYSTEMTIME`, as in the `TZI`
    /// values of `HKLM\SOFTWARE\...\Time Zones`, where the weekday is the third. Dumps of real machines show it: in
    /// New York `0000 0300 0200 0200 0000 ...` begins daylight saving time on the second Sunday of March at two.
    fn date(&self, name: &'static str) -> Result<Option<String>, Mistake> {
        let fields = self.data(name, "REG_BINARY").and_then(fields);
        let fields = fields.ok_or_else(|| self.wrong(name, "REG_BINARY with 32 hexadecimal digits"))?;
        let [year, month, week, hour, minute, second, millisecond, weekday] = fields;
        if month == 0 {
            return Ok(None);
        }
        if year != 0 {
            return Err(self.wrong(name, "a date that comes every year: it begins with 0000"));
        }
        let is_date = (1..=12).contains(&month) && (1..=5).contains(&week) && weekday <= 6;
        if !is_date || hour > 23 || minute > 59 || second > 59 || millisecond > 999 {
            return Err(self.wrong(
                name,
                "year, month 1-12, week 1-5, hour, minute, second, millisecond and weekday 0-6, low byte first",
            ));
        }
        // Some zones change at 23:59:59.999, which is Windows for the end of a day.
        let seconds = u32::from(hour) * 3600 + u32::from(minute) * 60 + u32::from(second);
        let seconds = seconds + u32::from(millisecond >= 500);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        Ok(Some(format!("M{month}.{week}.{weekday}/{hour}:{minute:02}:{second:02}")))
    }

    /// What a rule says of a clock that is so many minutes behind UTC, such as `<+01>-1:00`. Windows has no abbreviations.
    fn clock(&self, name: &'static str, minutes: i32) -> Result<String, Mistake> {
        if minutes.abs() > 1440 {
            return Err(self.wrong(name, "no more than 1440 minutes together with Bias"));
        }
        let (east, west) = if minutes > 0 { ("-", "") } else { ("+", "-") };
        let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
        let name_minutes = if minutes == 0 { String::new() } else { format!("{minutes:02}") };
        Ok(format!("<{east}{hours:02}{name_minutes}>{west}{hours}:{minutes:02}"))
    }

    /// What Windows calls the zone, if it can be read. Some versions leave something else behind its end.
    fn name(&self) -> Option<&'a str> {
        let data = self.data("TimeZoneKeyName", "REG_SZ")?;
        let end = data.find(|c: char| c != ' ' && !c.is_ascii_graphic()).unwrap_or(data.len());
        Some(data[..end].trim_end()).filter(|name| !name.is_empty())
    }

    fn one_date(&self, name: &'static str) -> Mistake {
        self.wrong(name, "a date, since there is one for the other change")
    }

    fn wrong(&self, name: &'static str, expected: &'static str) -> Mistake {
        let found = self.get(name).unwrap_or("");
        // The digits of a date just fit.
        let found = found.strip_prefix("REG_BINARY").map_or(found, str::trim_start);
        Mistake { name, found: Excerpt::of(found, 0, found.len()), expected }
    }
}

/// Eight numbers in hexadecimal digits, low byte first.
fn fields(digits: &str) -> Option<[u16; 8]> {
    if digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut fields = [0; 8];
    for (i, field) in fields.iter_mut().enumerate() {
        *field = u16::from_str_radix(&digits[4 * i..4 * i + 4], 16).ok()?.swap_bytes();
    }
    Some(fields)
}
