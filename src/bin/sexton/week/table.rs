//! The week as a table for other programs.

use std::fmt::Write;

use super::count::{Hours, Week};
use super::picture::notes;

/// A line for each day, of all jobs and then of each, and what there is to say.
pub fn of(week: &Week) -> String {
    let hours = (0..24).map(|hour| hour.to_string()).collect::<Vec<_>>().join("\t");
    let mut text = format!("job\tdate\t{hours}\n");
    let mut add = |name: &str, hours: &Hours| {
        for (date, counts) in week.dates.iter().zip(hours) {
            let counts = counts.map(|count| count.to_string()).join("\t");
            // A `String` accepts everything.
            let _ = writeln!(text, "{}\t{date}\t{counts}", name.replace(char::is_control, " "));
        }
    };
    add("all", &week.all);
    week.jobs.iter().for_each(|(name, hours)| add(name, hours));
    text + &notes(week).iter().map(|note| format!("# {note}")).collect::<Vec<_>>().join("\n")
}
