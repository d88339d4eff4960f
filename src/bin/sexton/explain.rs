//! `sexton explain`: what an expression says.

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

What an expression says: in words, then as lines of a name and a value.

    expression        how it was read: the usual form in the default dialect
    dialect           as what it was read
    second ... year   each field of that form; of a step, with the values that it comes to.
                      Without a second it is due at second 0, without a year in any
    clock changes     what becomes of times that clocks skip in spring or show twice in autumn
    apart             the shortest time between two fires and the longest, without clock changes
    a year            how often it fires, at the least and at the most; `in all` if it names years
    next              the next three fires

Then what is legal in it and likely wrong, as `warning: MESSAGE (CODE)`, with carets under it and a
line on what to write instead.

    --from TIME       the next fires strictly after this time (now)
    --zone ZONE       whose clocks it goes by (the local ones)
",
    dialect::help!(),
    "

`sexton next --help` shows what TIME and ZONE may be.

Exit status: 0, also with warnings; 1 if the expression, the time or the zone has a mistake; 2 if
the command line has one.
"
);

fn explain(args: &Args) -> Result<(), Failure> {
    let reading = Reading::of(args)?;
    let text = expression::text(&args.rest)?;
    let cron = reading.parse(&text)?;
    let zone = time::zone(args)?;
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
    let dues = next::dues(cron, &zone, from, false)?.take(3).map(|due| time::rfc3339(due, &zone));
    let dues = dues.collect::<Vec<_>>();
    if dues.is_empty() {
        line("next", "never")?;
    }
    dues.iter().try_for_each(|due| line("next", due))?;

    for (message, span, suggestion) in reading.warnings(&text, &zone, from) {
        say(&format!("\n{message}\n{}", Carets::new(&text, span)))?;
        suggestion.map_or(Ok(()), |suggestion| say(&format!("    {suggestion}")))?;
    }
    Ok(())
}

/// The fields, each with its text in the usual form.
fn fields(cron: &Cron) -> Vec<(&'static str, String)> {
    const NAMES: [&str; 7] = ["second", "minute", "hour", "day of month", "month", "day of week", "year"];
    let text = cron.to_string();
    let (switches, mut words): (Vec<&str>, Vec<&str>) = text.split(' ').partition(|word| word.contains('='));
    if words.len() > 5 && switches.contains(&"dialect=croniter") {
        // There they are last.
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
    // An expression that is due once for each value, and where its times differ.
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
    // 1978 begins with a Sunday.
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

/// A name for the line, and how often it fires.
fn how_often(cron: &Cron) -> (&'static str, String) {
    let in_years = |first: i16, until: i16| {
        let start = |year| Some(Date::new(year, 1, 1)?.at(Time::new(0, 0, 0)?));
        start(first).zip(start(until)).map_or(0, |(first, until)| cron.count(first..until))
    };
    let times = |count: u64| if count == 1 { "1 time".into() } else { format!("{count} times") };
    // No text can name a later year than 2199.
    if in_years(2200, 2600) == 0 {
        return ("in all", times(in_years(1970, 2200)));
    }
    // After 400 years the calendar repeats.
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
