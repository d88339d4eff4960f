//! Reads the settings in a comment: `# sexton: name=backup retry=3`, or `# sexton: allow either-day`. Pure.

use sexton::tz::Zone;

use super::fields::words;
use super::warnings::expect_code;
use super::{fault, is_blank, shortened, Fault};
use crate::settings::{Settings, EXPECTED};

/// No more mistakes of a line than this are described: each of them repeats the line.
const MOST_DESCRIBED: usize = 8;

/// Where the settings in a line begin, if it is a comment that has some.
pub fn begin(line: &str) -> Option<usize> {
    let text = line.trim_start_matches(is_blank).strip_prefix('#')?;
    let rest = text.trim_start_matches(is_blank).strip_prefix("sexton:")?;
    Some(line.len() - rest.len())
}

/// Adds the settings from a place in a line on, and the codes of warnings that it allows.
pub fn read(
    line: &str,
    start: usize,
    settings: &mut Settings,
    allowed: &mut Vec<String>,
    mut zone_of: impl FnMut(&str) -> Result<Zone, String>,
) -> Result<(), Vec<Fault>> {
    let mut words = words(line, start).peekable();
    if let Some(allow) = words.next_if(|word| &line[word.clone()] == "allow") {
        let before = allowed.len();
        let mut faults = Vec::new();
        for word in words {
            for code in line[word.clone()].split(',').filter(|code| !code.is_empty()) {
                faults.extend(expect_code(code).err().map(|problem| (word.clone(), problem)));
                allowed.push(code.into());
            }
        }
        if allowed.len() == before {
            faults.push((allow, "expected the code of a warning after `allow`".into()));
        }
        return all_right(faults, "codes");
    }
    let faults = words.filter_map(|word| {
        let text = &line[word.clone()];
        let (key, value) = match text.split_once('=') {
            Some(pair) => pair,
            None => {
                let problem = format!("found `{}`, {EXPECTED}, as in `retry=3`", shortened(text));
                return fault::<()>(word, problem).err();
            }
        };
        settings.set(key, value, &mut zone_of).err().map(|problem| (word, problem))
    });
    all_right(faults.collect(), "settings")
}

/// An error if there are faults: the first of them.
fn all_right(mut faults: Vec<Fault>, what: &str) -> Result<(), Vec<Fault>> {
    if faults.len() > MOST_DESCRIBED + 1 {
        let (first, others) = (faults[MOST_DESCRIBED].0.clone(), faults.len() - MOST_DESCRIBED);
        faults.truncate(MOST_DESCRIBED);
        faults.push((first, format!("{others} more {what} are wrong from here on")));
    }
    match faults.is_empty() {
        true => Ok(()),
        false => Err(faults),
    }
}
