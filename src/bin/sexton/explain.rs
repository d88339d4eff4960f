//! `sexton explain`: explains a cron expression.

use std::time::Duration;

use sexton::civil::{Date, DateTime, Time};
use sexton::tools::Carets;
use sexton::Cron;

use crate::args::{Args, Flag};
use crate::dialect::{self, Reading};
use crate::{expression, next, say, time, Command, Failure};

pub const COMMAND: Command = Command {
    name: "explain",
    help: HELP,
    flags: &[&[Flag::Value("--from"), Flag::Value("--zone")], dialect::FLAGS],
    run: explain,
};

const HELP: &str = concat!(
    "\
usage: sexton explain EXPR [OPTION ...]

Explains a cron expression: first in words, then in lines with a name and a value.

    expression        the usual form in the default dialect
    dialect           the dialect in which it was read
    second ... year   each field of the usual form; for a step, also its values.
                      Without a second it is due at second 0, without a year in every year
    clock changes     what it does at times that clocks skip in spring or repeat in autumn
    apart             the shortest and the longest time from one due time to the next, without
                      clock changes
    a year            the number of due times in a year, minimum and maximum; `in all` if it
                      names years
    next              the next three due times

Then come likely mistakes, as `warning: MESSAGE (CODE)`, with carets under the text and a
suggestion.

    --from TIME       print the next due times strictly after this time (default: now)
    --zone ZONE       the time zone (default: the local one)
",
    dialect::help!(),
    "

See `sexton next --help` for TIME and ZONE.

Exit status: 0, also with warnings; 1 if the expression, the time or the zone has a mistake; 2 if
the command line has one.
"
);

fn explain(args: &Args) -> Result<(), Failure> {
    let reading = Reading::of(args)?;
    let (text, named) = expression::with_zone(&args.rest)?;
    let cron = reading.parse(&text)?;
    let zone = time::zone(args, named.as_deref())?;
    let from = time::from(args, &zone, false)?;

    say(&format!("{}\n", cron.describe()))?;
    let line = |name: &str, value: &str| say(&format!("{:<15}{value}", format!("{name}:")));
    line("expression", &cron.to_string())?;
    line("dialect", &reading.dialect.of_text(&text).to_string())?;
    for (name, value) in fields(&cron) {
        line(name, &value)?;
    }
    if !cron.never_fires() {
        line("clock changes", clock_changes(&cron))?;
        if let Some(gaps) = cron.gaps() {
            let (smallest, largest) = (in_words(gaps.smallest), in_words(gaps.largest));
            line("apart", &if smallest == largest { smallest } else { format!("{smallest} to {largest}") })?;
        }
        let (name, count) = how_often(&cron);
        line(name, &count)?;
    }
    let due_times = next::due_times(cron, &zone, from, false)?.take(3).map(|due| time::rfc3339(due, &zone));
    let due_times = due_times.collect::<Vec<_>>();
    if due_times.is_empty() {
        line("next", "never")?;
    }
    due_times.iter().try_for_each(|due| line("next", due))?;

    for warning in reading.warnings(&text, &zone, from) {
        say(&format!("\n{warning}\n{}", Carets::new(&text, warning.span.clone())))?;
        warning.suggestion.map_or(Ok(()), |suggestion| say(&format!("    {suggestion}")))?;
    }
    Ok(())
}

/// The name of each field and its text in the usual form.
fn fields(cron: &Cron) -> Vec<(&'static str, String)> {
    const NAMES: [&str; 7] = ["second", "minute", "hour", "day of month", "month", "day of week", "year"];
    let text = cron.to_string();
    let (switches, mut words): (Vec<&str>, Vec<&str>) = text.split(' ').partition(|word| word.contains('='));
    if words.len() > 5 && switches.contains(&"dialect=croniter") {
        // In this dialect the seconds are last.
        words[..6].rotate_right(1);
    }
    let names = if words.len() == 5 { &NAMES[1..] } else { &NAMES[..] };
    let spelled_out = |(name, word): (&&'static str, &str)| match values(name, word) {
        Some(values) => (*name, format!("{word} ({values})")),
        None => (*name, word.to_string()),
    };
    names.iter().zip(words).map(spelled_out).collect()
}

/// The values of a field that has a step.
fn values(name: &str, word: &str) -> Option<String> {
    // An expression that is due once for each value, and the part of its times that holds the value.
    type Part = fn(DateTime) -> String;
    let (expression, part): (_, Part) = match name {
        "second" => (format!("{word} 0 0 1 1 *"), |at| at.time().second().to_string()),
        "minute" => (format!("{word} 0 1 1 *"), |at| at.time().minute().to_string()),
        "hour" => (format!("0 {word} 1 1 *"), |at| at.time().hour().to_string()),
        "day of month" => (format!("0 0 {word} 1 *"), |at| at.date().day().to_string()),
        "month" => (format!("0 0 1 {word} *"), |at| at.date().month().to_string()),
        "day of week" => (format!("0 0 * * {word}"), |at| at.date().weekday().to_string()),
        _ => return None,
    };
    // 1 January 1978 is a Sunday.
    let start = Date::new(1978, 1, 1)?.at(Time::new(0, 0, 0)?);
    let end = start.date().checked_add_days(if name == "day of week" { 7 } else { 365 })?.at(start.time());
    let cron = Cron::parse(&expression).ok().filter(|_| word.contains('/'))?;
    Some(cron.between(start..end).map(part).collect::<Vec<_>>().join(", "))
}

fn clock_changes(cron: &Cron) -> &'static str {
    match (cron.is_made_up_in_gap(), cron.is_interval_like()) {
        (true, false) => "a skipped time fires at the end of the gap, a repeated one the first time",
        (true, true) => "a skipped time fires at the end of the gap, a repeated one both times",
        (false, _) => "a skipped time does not fire, a repeated one fires both times",
    }
}

/// The name of the line, and how often the expression is due.
fn how_often(cron: &Cron) -> (&'static str, String) {
    let in_years = |first: i16, until: i16| {
        let start = |year| Some(Date::new(year, 1, 1)?.at(Time::new(0, 0, 0)?));
        start(first).zip(start(until)).map_or(0, |(first, until)| cron.count(first..until))
    };
    let times = |count: u64| if count == 1 { "1 time".into() } else { format!("{count} times") };
    // The last year that an expression can name is 2199.
    if in_years(2200, 2600) == 0 {
        return ("in all", times(in_years(1970, 2200)));
    }
    // The calendar repeats every 400 years.
    let counts = || (2000..2400).map(|year| in_years(year, year + 1));
    let (least, most) = (counts().min().unwrap_or(0), counts().max().unwrap_or(0));
    ("a year", if least == most { times(most) } else { format!("{least} to {most} times") })
}

/// `2 days 16 hours`
fn in_words(duration: Duration) -> String {
    let mut rest = duration.as_secs();
    let mut words = Vec::new();
    for (unit, seconds) in [("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)] {
        match rest / seconds {
            0 => {}
            1 => words.push(format!("1 {unit}")),
            count => words.push(format!("{count} {unit}s")),
        }
        rest %= seconds;
    }
    words.join(" ")
}
