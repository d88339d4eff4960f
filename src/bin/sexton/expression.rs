//! Takes the cron expression from a command line.

use std::ffi::OsString;

use crate::dialect::is_zone_name;
use crate::Failure;

/// An expression, and the zone that stands before or behind it: `CRON_TZ=Europe/Paris 0 9 * * *`, `0 9 * * * Europe/Paris`.
pub fn with_zone(args: &[OsString]) -> Result<(String, Option<String>), Failure> {
    let words = words(args)?.join(" ");
    let text = words.trim();
    let before = text.strip_prefix("CRON_TZ=").or_else(|| text.strip_prefix("TZ="));
    let (zone, fields) = match (before, text.rsplit_once(char::is_whitespace)) {
        (Some(rest), _) => match rest.split_once(char::is_whitespace) {
            Some((zone, fields)) => (Some(zone), fields),
            None => (None, text),
        },
        (None, Some((fields, zone))) if is_zone_name(zone) || is_place(zone) => (Some(zone), fields),
        _ => (None, text),
    };
    match zone {
        // The words of the fields may be arguments of their own.
        Some(_) if args.len() > 1 => {
            let fields: Vec<_> = fields.split_whitespace().map(OsString::from).collect();
            Ok((self::text(&fields)?, zone.map(String::from)))
        }
        Some(_) => Ok((fields.trim().into(), zone.map(String::from))),
        None => Ok((self::text(args)?, None)),
    }
}

/// Also one that no zone has, such as `Mars/Olympus`: an expression has no such words.
fn is_place(word: &str) -> bool {
    let begins_with_name =
        |part: &str| part.len() > 1 && part.bytes().take(2).all(|byte| byte.is_ascii_alphabetic());
    word.split_once('/').map_or(false, |(region, city)| begins_with_name(region) && begins_with_name(city))
}

fn words(args: &[OsString]) -> Result<Vec<&str>, Failure> {
    let words = args.iter().map(|word| word.to_str()).collect::<Option<_>>();
    words.ok_or_else(|| Failure::Usage("the expression is not UTF-8".into()))
}

/// The expression: one argument, or one argument per field.
fn text(args: &[OsString]) -> Result<String, Failure> {
    let words = words(args)?;
    // Switches such as `days=and` are not fields.
    let fields = words.iter().filter(|word| !word.contains('=')).count();
    match words.len() {
        0 | 1 if words.iter().all(|word| word.trim().is_empty()) => {
            Err(Failure::Usage("expected a cron expression".into()))
        }
        2.. if words.iter().any(|word| word.contains(char::is_whitespace)) => {
            Err(Failure::Usage(format!("expected one cron expression, found {}", words.len())))
        }
        _ if fields > 7 => {
            let hint = "quote the expression, or the shell replaces `*` with file names";
            Err(Failure::Usage(format!("found {fields} fields, expected 7 at the most ({hint})")))
        }
        _ => Ok(words.join(" ")),
    }
}
