//! The rows that do not hold: which, why, and how many. All others do.

use sexton::cron::Dialect;

use super::asking::{has_no_file, has_other_times, makes_up_what_repeats, starts_at_end_of_gap, Question};
use super::{croner, croniter, cronos, quartz, robfig};
use crate::rows::Row;

const QUARTZ: Dialect = Dialect::QUARTZ;
const CRON: Dialect = Dialect::CRON;

/// Rows of a file that do not hold here. One that two sets have counts for the first.
pub struct LeftOut {
    pub file: &'static str,
    pub count: usize,
    pub why: &'static str,
    /// Among those that do not hold.
    pub has: fn(&Row) -> bool,
}

const OPTION: &str = "an option that is not of the language";
const NO_FILE: &str = "tzif-files.tsv has no such zone";
const OTHER_CHANGES: &str = "it has another rule for clock changes";
const MADE_UP: &str = "its oracle makes nothing up in a gap for what repeats in a fixed hour, the rule does";
const FULL_NAMES: &str = "full names are read here";
const WIDER_STEP: &str = "a step that leaves its range at once gives the first value here";
const WIDER: &str = "it is a part of the language here";
const OTHER_MARK: &str = "`?` stands only in the day fields here";
const NICKNAME: &str = "a nickname that is only its own";
const NO_YEARS: &str = "years are of 1970 to 2199 here";

#[rustfmt::skip]
pub const LEFT_OUT: &[LeftOut] = &[
    LeftOut { file: "croner-next.tsv", count: 98, why: OPTION, has: has_other_option },
    LeftOut { file: "croner-next.tsv", count: 4, why: NO_FILE, has: has_no_file },
    LeftOut { file: "croner-next.tsv", count: 24, why: OTHER_MARK, has: has_question_mark_elsewhere },
    LeftOut { file: "croner-next.tsv", count: 2, why: NO_YEARS, has: |row| row.named("expr").contains("9999") },
    LeftOut { file: "croner-next.tsv", count: 2, why: "`0-sun` is every day there, Sunday here", has: |row| has_item(row, |item| item.eq_ignore_ascii_case("0-sun")) },
    LeftOut { file: "croner-next.tsv", count: 13, why: MADE_UP, has: |row| is_made_up(row, croner::question(row)) },

    LeftOut { file: "ocps.tsv", count: 3, why: NO_YEARS, has: |row| ["1", "9999"].contains(&last(row)) && fields(row).count() == 7 },

    LeftOut { file: "croner-match.tsv", count: 7, why: "a date and time is no expression here", has: |row| fields(row).count() == 1 },

    LeftOut { file: "croner-invalid.tsv", count: 9, why: OPTION, has: has_other_option },
    LeftOut { file: "croner-invalid.tsv", count: 8, why: "a value with a step goes on to the end of its field here", has: |row| has_item(row, |item| item.contains('/') && !item.contains(['*', '-'])) },
    LeftOut { file: "croner-invalid.tsv", count: 1, why: "a range may wrap here", has: |row| has_item(row, |item| item == "12-2") },
    LeftOut { file: "croner-invalid.tsv", count: 3, why: WIDER_STEP, has: has_wide_step },


    LeftOut { file: "croniter-zoned.tsv", count: 3, why: NO_FILE, has: has_no_file },
    LeftOut { file: "croniter-zoned.tsv", count: 9, why: "croniter breaks its own policy", has: |row| row.named("quirk") == "yes" },
    LeftOut { file: "croniter-zoned.tsv", count: 16, why: MADE_UP, has: |row| croniter::zoned_question(row).map_or(false, |question| makes_up_what_repeats(&question, croniter::by_the_rule(row))) },

    LeftOut { file: "croniter-extra-options.tsv", count: 13, why: OPTION, has: |_| true },

    LeftOut { file: "croniter-valid.tsv", count: 2, why: "there is no month and no day 0 here", has: |row| ["* * * 7-0 *", "* * 0-0 * *"].contains(&row.named("expr")) },

    LeftOut { file: "croniter-invalid.tsv", count: 2, why: "blanks may be round a nickname here", has: |row| is_nickname(row) && row.named("expr").starts_with(' ') != row.named("expr").ends_with(' ') },
    LeftOut { file: "croniter-invalid.tsv", count: 1, why: "it has Sundays in February", has: |row| row.named("expr") == "0 0 31 2 0" },
    LeftOut { file: "croniter-invalid.tsv", count: 1, why: FULL_NAMES, has: |row| has_item(row, |item| item == "sunday") },
    LeftOut { file: "croniter-invalid.tsv", count: 26, why: WIDER, has: is_wider_than_croniter },

    LeftOut { file: "cronie-expand.tsv", count: 1, why: "a `-` before the minutes is a switch of the table there", has: |row| row.named("expr").starts_with('-') },
    LeftOut { file: "cronie-next.tsv", count: 1, why: "a `-` before the minutes is a switch of the table there", has: |row| row.named("expr").starts_with('-') },
    LeftOut { file: "cronie-next.tsv", count: 2, why: "a backward range with a step is empty there, which the other day field hides; it is a mistake here", has: |row| has_item(row, |item| ["thu-sun/5", "4-sun/7"].contains(&item)) },
    LeftOut { file: "cronie-invalid.tsv", count: 1, why: FULL_NAMES, has: |row| has_item(row, has_full_name) },
    LeftOut { file: "cronie-invalid.tsv", count: 1, why: "nicknames may have any case here", has: |row| row.named("expr") == "@DAILY" },

    LeftOut { file: "cronos-next.tsv", count: 3, why: NICKNAME, has: |row| row.named("expr").contains("@every_") },
    LeftOut { file: "cronos-next.tsv", count: 34, why: OTHER_CHANGES, has: |row| row.named("agrees") == "no" },
    LeftOut { file: "cronos-next.tsv", count: 1, why: OTHER_MARK, has: has_question_mark_elsewhere },
    LeftOut { file: "cronos-next.tsv", count: 4, why: "asked at the end of a gap, it forgets what it makes up then", has: |row| cronos::question(row).map_or(false, |question| question.inclusive && starts_at_end_of_gap(&question)) },
    LeftOut { file: "cronos-next.tsv", count: 28, why: "backwards it has the second before a gap, or the day before a month", has: |row| row.named("direction") == "prev" && cronos::question(row).map_or(false, |question| has_other_times(&question, row.named("expected"))) },
    LeftOut { file: "cronos-next.tsv", count: 8, why: "it makes up in a gap for what comes every hour", has: |row| cronos::question(row).map_or(false, |question| !question.cron.is_made_up_in_gap() && has_other_times(&question, row.named("expected"))) },
    LeftOut { file: "cronos-next.tsv", count: 5, why: "a weekday with a step goes on to 7, Sunday, there, to 6 here", has: |row| has_open_step(last(row)) },

    LeftOut { file: "cronos-invalid.tsv", count: 1, why: FULL_NAMES, has: |row| has_item(row, has_full_name) },
    LeftOut { file: "cronos-invalid.tsv", count: 6, why: WIDER_STEP, has: has_wide_step },
    LeftOut { file: "cronos-invalid.tsv", count: 2, why: "a `W` may be in a list here", has: |row| has_item(row, |item| item == "2w") },
    LeftOut { file: "cronos-invalid.tsv", count: 2, why: "there are years here", has: |row| fields(row).count() == 7 },

    LeftOut { file: "quartz-next.tsv", count: 60, why: OTHER_CHANGES, has: |row| row.named("agrees") == "no" },
    LeftOut { file: "quartz-next.tsv", count: 15, why: MADE_UP, has: |row| is_made_up(row, quartz::question(row, QUARTZ)) },
    LeftOut { file: "quartz-valid.tsv", count: 5, why: "a slip of its parser", has: |row| has_item(row, |item| ["0w", "1-5w", "*/0", "1-2-3", "5c"].contains(&item)) },
    LeftOut { file: "quartz-valid.tsv", count: 1, why: "the step of a name is forgotten there, is a mistake here", has: |row| has_item(row, |item| item == "mon/2") },
    LeftOut { file: "quartz-valid.tsv", count: 1, why: NO_YEARS, has: |row| last(row) == "2200" },
    LeftOut { file: "quartz-invalid.tsv", count: 51, why: "a range may go from a name to a number here", has: |row| has_item(row, is_mixed_range) },
    LeftOut { file: "quartz-invalid.tsv", count: 2, why: "neither or both of the day fields may be `?` here", has: |row| ["* * * ? * ?", "* * * * * 2"].contains(&row.named("expr")) },

    LeftOut { file: "zslayton-next.tsv", count: 18, why: "its times are not in order", has: |row| row.named("quirk") == "yes" },
    LeftOut { file: "zslayton-next.tsv", count: 34, why: OTHER_CHANGES, has: |row| row.named("agrees") == "no" || has_both_passes(row, quartz::question(row, CRON)) },
    LeftOut { file: "zslayton-next.tsv", count: 1, why: "backwards over years that it skips, it begins in the start's month", has: |row| row.named("direction") == "prev" && fields(row).nth(6).map_or(false, |years| years.contains("/")) },
    LeftOut { file: "zslayton-next.tsv", count: 10, why: MADE_UP, has: |row| is_made_up(row, quartz::question(row, CRON)) },
    LeftOut { file: "zslayton-invalid.tsv", count: 3, why: WIDER_STEP, has: has_wide_step },
    LeftOut { file: "zslayton-invalid.tsv", count: 20, why: "a range may go from a name to a number here", has: |row| has_item(row, is_mixed_range) },
    LeftOut { file: "zslayton-invalid.tsv", count: 4, why: "it has fewer nicknames, and in small letters", has: |row| ["@annually", "@midnight", "@Hourly", "@HOURLY"].contains(&row.named("expr")) },

    LeftOut { file: "robfig-next.tsv", count: 23, why: "a period is no expression here", has: |row| row.named("expr").starts_with("@every") },
    LeftOut { file: "robfig-next.tsv", count: 50, why: OTHER_CHANGES, has: |row| row.named("agrees") == "no" || row.named("expr") == "@weekly" && row.named("expected").starts_with("2012-10-28") },
    LeftOut { file: "robfig-next.tsv", count: 14, why: MADE_UP, has: |row| is_made_up(row, robfig::question(row)) },
    LeftOut { file: "robfig-valid.tsv", count: 2, why: "a period is no expression here", has: |row| row.named("expr").starts_with("@every") },
    LeftOut { file: "robfig-valid.tsv", count: 1, why: OTHER_MARK, has: has_question_mark_elsewhere },
    LeftOut { file: "robfig-valid.tsv", count: 4, why: "a slip of its parser", has: |row| has_item(row, |item| ["*-5", "", "+1"].contains(&item)) },
    LeftOut { file: "robfig-invalid.tsv", count: 2, why: FULL_NAMES, has: |row| has_item(row, has_full_name) },
    LeftOut { file: "robfig-invalid.tsv", count: 2, why: "Sunday is also 7 here", has: |row| last(row).ends_with('7') },
    LeftOut { file: "robfig-invalid.tsv", count: 2, why: "a range may wrap here", has: |row| has_item(row, |item| ["5-1", "22-2"].contains(&item)) },
    LeftOut { file: "robfig-invalid.tsv", count: 3, why: "marks are a part of the language here", has: |row| has_item(row, |item| ["5l", "1#2", "lw"].contains(&item)) },
    LeftOut { file: "robfig-invalid.tsv", count: 1, why: "five fields need no leave here", has: |row| row.named("format") == "seconds" },
];

fn fields(row: &Row) -> impl Iterator<Item = &str> {
    row.named("expr").split_ascii_whitespace()
}

fn last(row: &Row) -> &str {
    fields(row).last().unwrap_or_default()
}

/// Whether an item of a field's list is one of these, in small letters.
fn has_item(row: &Row, is: fn(&str) -> bool) -> bool {
    row.named("expr").to_ascii_lowercase().split(|c: char| c == ',' || c.is_ascii_whitespace()).any(is)
}

fn is_nickname(row: &Row) -> bool {
    row.named("expr").trim().starts_with('@')
}

fn has_other_option(row: &Row) -> bool {
    !["-", "and"].contains(&row.named("options"))
}

/// In a field that is none of days: of five to seven fields, these are the third, or the fourth, and the one but next.
fn has_question_mark_elsewhere(row: &Row) -> bool {
    let days = if fields(row).count() == 5 { [2, 4] } else { [3, 5] };
    fields(row).enumerate().any(|(i, field)| field.contains('?') && !days.contains(&i))
}

fn is_made_up(row: &Row, question: Result<Question, String>) -> bool {
    question.map_or(false, |question| makes_up_what_repeats(&question, row.named("expected")))
}

/// Whether a time fires in both passes of a repeated hour, though the cron only lists times of day.
fn has_both_passes(row: &Row, question: Result<Question, String>) -> bool {
    let times: Vec<&str> =
        row.named("expected").split(',').map(|time| time.get(..19).unwrap_or(time)).collect();
    times.windows(2).any(|pair| pair[0] == pair[1])
        && question.map_or(false, |question| !question.cron.is_interval_like())
}

/// `mon/2`
fn has_open_step(field: &str) -> bool {
    field.split(',').any(|item| item.contains('/') && !item.contains(['*', '-']))
}

fn has_full_name(item: &str) -> bool {
    !item.starts_with('@') && item.split(|c: char| !c.is_ascii_alphabetic()).any(|word| word.len() > 3)
}

/// `1-mar`
fn is_mixed_range(item: &str) -> bool {
    let is_name = |text: &str| text.starts_with(|c: char| c.is_ascii_alphabetic());
    item.split_once('-').map_or(false, |(from, to)| is_name(from) != is_name(to))
}

/// Whether a step is as wide as its range, or as the field where it has none. The seconds come first, if there are any.
fn has_wide_step(row: &Row) -> bool {
    let sizes = [60, 60, 24, 31, 12, 7];
    let skipped = if fields(row).count() == 5 { 1 } else { 0 };
    fields(row).zip(&sizes[skipped..]).any(|(field, &size)| {
        field.split(',').filter_map(|item| item.split_once('/')).any(|(range, step)| {
            let bounds = range.split_once('-').and_then(|(from, to)| from.parse().ok().zip(to.parse().ok()));
            let width = bounds.map_or(size, |(from, to): (u32, u32)| (to + 1).saturating_sub(from));
            step.parse().map_or(false, |step: u32| step >= width)
        })
    })
}

/// Whether a day field has a mark that croniter lacks, or a mark in a list of others.
fn is_wider_than_croniter(row: &Row) -> bool {
    let text = row.named("expr").to_ascii_lowercase();
    let is_day = |i: usize| i == 2 || i == 4;
    let mut fields = text.split_ascii_whitespace().enumerate().filter(|&(i, _)| is_day(i));
    fields.any(|(_, field)| {
        let is_name = |text: &str| text.len() == 3 && text.chars().all(|c| c.is_ascii_alphabetic());
        let has_mark = field.contains(['l', 'w', '#']);
        let weekday = field.strip_suffix('l').or_else(|| field.strip_prefix('l'));
        field == "lw"
            || field.starts_with("l-")
            || field == "5l"
            || weekday.map_or(false, is_name)
            || field.contains(',') && has_mark
            || field.contains('-') && field.contains('#')
    })
}
