//! `sexton week`: when the jobs of seven days are due, hour by hour.

mod count;
mod drawing;
mod picture;
mod table;

use std::env;
use std::time::SystemTime;

use sexton::tz::Zone;

use self::count::Week;
use crate::args::{Args, Flag};
use crate::dialect::{self, Reading};
use crate::planned::{self, Planned};
use crate::{say, source, svg, system, time, Command, Failure};

pub const COMMAND: Command = Command {
    name: "week",
    help: HELP,
    flags: &[
        &[Flag::Value("--from"), Flag::Value("--zone"), Flag::Value("--svg")],
        dialect::FLAGS,
        source::FLAGS,
    ],
    run: week,
};

const HELP: &str = concat!(
    "\
usage: sexton week CRONTAB ... [OPTION ...]
       sexton week EXPR [OPTION ...]

Shows when the jobs of crontabs, or an expression, are due in seven days from midnight on: how often
in each hour, all of them together and each job; the minute in which most is due; the clock changes
of the zone; and the minutes in which several jobs start, with what `H` in place of the minute would
make of them. Jobs that are due more than every ten minutes are left out of that.

               0     3     6     9     12    15    18    21
    Mon 11-23  · · · ██· · · · · ▒▒░░· · · · · · · · · · · · ·

On a terminal this is a picture, as wide as COLUMNS says (80 without it), in colours unless NO_COLOR
is set. Elsewhere it is a table with tabs: job, date, and 24 numbers; then come lines with `#`.
`@every` counts from the first midnight.

    --svg FILE        write a drawing for light and dark pages to this file instead; `-` is stdout
    --from TIME       the first day is the one of this time (default: today)
    --zone ZONE       the time zone of the days, and of jobs that name none (default: the local one)
    --system          each line has a user before the command, as in /etc/crontab and /etc/cron.d
",
    dialect::help!(),
    ", instead of the job's command

See `sexton next --help` for EXPR, TIME and ZONE.

Exit status: 0; 1 if the crontab, the expression, a time or the zone has a mistake; 2 if the command
line has one or a file cannot be read or written.
"
);

fn week(args: &Args) -> Result<(), Failure> {
    let reading = Reading::of(args)?;
    let (jobs, zone) = planned::of(args, &args.rest, &reading)?;
    let from = time::from(args, &zone, false)?;
    let week = Week::of(&jobs, &zone, from, &reading)
        .ok_or_else(|| Failure::Error(1, "the calendar has no seven days from that time on".into()))?;
    match args.value("--svg") {
        Some(path) => svg::write(path, &drawing::of(&week, true)),
        None if system::is_terminal() => {
            let width = env::var("COLUMNS").ok().and_then(|text| text.trim().parse().ok()).unwrap_or(80);
            let is_coloured = env::var_os("NO_COLOR").map_or(true, |value| value.is_empty());
            say(&picture::of(&week, width, is_coloured))
        }
        None => say(&table::of(&week)),
    }
}

/// The week from a time on as a drawing, and what there is to say about it. `None` at the end of the calendar.
pub fn drawn(
    jobs: &[Planned],
    zone: &Zone,
    from: SystemTime,
    reading: &Reading,
) -> Option<(String, Vec<String>)> {
    let week = Week::of(jobs, zone, from, reading)?;
    Some((drawing::of(&week, false), picture::notes(&week)))
}

/// How dark an hour is drawn: four levels of the number of runs. From one to the next the numbers grow by a factor, so that few
/// runs are seen beside very many.
struct Scale {
    /// One less than the smallest number that there is, apart from 0.
    below: u32,
    /// The largest number of each level.
    bounds: [u32; 4],
}

impl Scale {
    fn of(counts: impl Iterator<Item = u32> + Clone) -> Scale {
        let most = counts.clone().max().unwrap_or(0);
        let below = counts.filter(|count| *count > 0).min().map_or(0, |least| least - 1);
        let mut bounds = [most; 4];
        let factor = f64::from(most - below).sqrt().sqrt();
        for (i, exponent) in [(2, 3), (1, 2), (0, 1)] {
            let share = factor.powi(exponent).round() as u32;
            bounds[i] = (below + share).min(bounds[i + 1].saturating_sub(1)).max(below);
        }
        Scale { below, bounds }
    }

    /// From 0 for no run to 4.
    fn level(&self, count: u32) -> usize {
        match count {
            0 => 0,
            _ => 1 + self.bounds[..3].iter().filter(|bound| **bound < count).count(),
        }
    }

    /// The levels that numbers have, with these: `(2, "3-7")`.
    fn ranges(&self) -> impl Iterator<Item = (usize, String)> + '_ {
        (0..4).filter_map(move |i| {
            let (least, most) = (if i == 0 { self.below } else { self.bounds[i - 1] } + 1, self.bounds[i]);
            let range = if least == most { least.to_string() } else { format!("{least}-{most}") };
            (least <= most).then_some((i + 1, range))
        })
    }
}

/// `a`, `a, b` or `a, b, c and 5 more`
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 4;
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_has_no_more_levels_than_numbers() {
        let scale = |counts: &[u32]| Scale::of(counts.iter().copied());
        let of = |counts: &[u32]| {
            scale(counts).ranges().map(|(i, range)| format!("{i}: {range}")).collect::<Vec<_>>()
        };
        for none in [&[][..], &[0]] {
            assert_eq!((of(none), scale(none).level(0)), (Vec::new(), 0));
        }
        assert_eq!(of(&[0, 1]), ["4: 1"]);
        assert_eq!(of(&[7, 7]), ["4: 7"]);
        assert_eq!(of(&[1, 0, 2]), ["3: 1", "4: 2"]);
        assert_eq!(of(&[60, 1]), ["1: 1-3", "2: 4-8", "3: 9-22", "4: 23-60"]);
        // What is always the same does not hide what differs.
        assert_eq!(of(&[13, 16]), ["1: 13", "2: 14", "3: 15", "4: 16"]);
        assert_eq!(of(&[u32::MAX, 1]).len(), 4);
        let levels = [0, 1, 3, 4, 22, 23, 60].map(|count| scale(&[1, 60]).level(count));
        assert_eq!(levels, [0, 1, 1, 2, 3, 4, 4]);
        assert_eq!(scale(&[1]).level(1), 4);
    }
}
