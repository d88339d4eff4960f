//! Time zones whose sign means the opposite of what most people read. POSIX counts from the zone to UTC: `UTC+2` is two hours
//! behind UTC.

/// Abbreviations, and the minutes by which their zones are ahead of UTC.
const ZONES: [(&str, i32); 16] = [
    ("CET", 60),
    ("MET", 60),
    ("EET", 120),
    ("MSK", 180),
    ("IST", 330),
    ("HKT", 480),
    ("SGT", 480),
    ("JST", 540),
    ("KST", 540),
    ("AEST", 600),
    ("NZST", 720),
    ("AST", -240),
    ("EST", -300),
    ("CST", -360),
    ("MST", -420),
    ("PST", -480),
];

/// What is wrong with the sign of a zone, and what to write for the opposite.
pub fn opposite(zone: &str) -> Option<(String, String)> {
    let name_end = match zone.strip_prefix('<') {
        Some(rest) => rest.find('>')? + 2,
        None => zone.find(|c: char| !c.is_ascii_alphabetic() && c != '/')?,
    };
    let (name, rest) = zone.split_at(name_end);
    let west = minutes(rest)?;
    let is_suspect = match name {
        "UTC" | "GMT" | "UT" | "Etc/GMT" => rest.starts_with(&['+', '-'][..]),
        _ => {
            let known = ZONES.iter().find(|(other, _)| *other == name).map(|(_, minutes)| *minutes);
            let named = name.strip_prefix('<').and_then(|name| minutes(name.trim_end_matches('>')));
            known.or(named) == Some(west)
        }
    };
    if !is_suspect || west == 0 {
        return None;
    }
    let (way, sign, turned) = if west > 0 { ("behind", '-', '+') } else { ("ahead of", '+', '-') };
    let offset = format!("{:02}:{:02}", west.abs() / 60, west.abs() % 60);
    let message = format!("`{zone}` is {sign}{offset}, {way} UTC: POSIX counts from a zone to UTC");
    let digits = rest.trim_start_matches(&['+', '-'][..]);
    Some((message, format!("write `{name}{sign}{digits}` for {turned}{offset}, or the name of a place")))
}

/// `+5:30`: the minutes of a sign, hours and minutes; what follows does not matter.
fn minutes(text: &str) -> Option<i32> {
    let digits = text.trim_start_matches(&['+', '-'][..]);
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let (hours, rest) = digits.split_at(end);
    // `<+0530>`
    let (hours, short) = hours.split_at(hours.len().min(2));
    let rest = rest.strip_prefix(':').unwrap_or(short);
    let minutes = rest.get(..2).and_then(|minutes| minutes.parse::<i32>().ok()).unwrap_or(0);
    Some(sign * (hours.parse::<i32>().ok()? * 60 + minutes))
}
