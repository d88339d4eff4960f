//! Takes the cron expression from a command line.

use std::ffi::OsString;

use crate::Failure;

/// The expression: one argument, or one argument per field.
pub fn text(args: &[OsString]) -> Result<String, Failure> {
    let mut words = Vec::new();
    for word in args {
        match word.to_str() {
            Some(word) => words.push(word),
            None => return Err(Failure::Usage("the expression is not UTF-8".into())),
        }
    }
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
