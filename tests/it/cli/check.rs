//! `sexton check`.

use super::*;

#[test]
fn check_lists_every_mistake_with_its_place() {
    let (status, stdout, stderr) = call_with_input(&["check", "-"], "61 9 * * mom x\n# fine\n@dialy y\n");
    assert_eq!(
        stdout,
        "<stdin>:1:1: minute: no such value `61`, expected 0-59\n    61 9 * * mom x\n    ^^\n\
         <stdin>:1:10: day of week: unknown name `mom`, expected sun-sat or 0-7; did you mean `mon`?\n    61 9 * * mom x\n             ^^^\n\
         <stdin>:3:1: unknown nickname `@dialy`, expected @yearly, @annually, @monthly, @weekly, @daily, @midnight, \
         @hourly, @reboot or @every and a period\n    @dialy y\n    ^^^^^^\n"
    );
    assert_eq!((status, &*stderr), (1, ""));
    let fine = |jobs: &str, input: &str| {
        assert_eq!(
            call_with_input(&["check", "-"], input),
            (0, format!("{jobs}, no mistakes\n"), String::new())
        );
    };
    fine("2 jobs", "A=1\n@daily x\n* * * * * * y");
    fine("1 job", "@daily x\n");
    fine("0 jobs", "");
}

#[test]
fn a_crontab_is_read_in_its_dialect() {
    let check = |dialect: &str, input: &str| call_with_input(&["check", "-", "--dialect", dialect], input);
    let fine = (0, "1 job, no mistakes\n".to_string(), String::new());
    assert_eq!(check("quartz", "0 0 9 ? * mon-fri report\n"), fine);
    assert_eq!(check("croniter", "0 9 * * mon-fri report\n"), fine);
    assert_eq!(check("cronie", "~ 9 * * mon-fri 7 report\n"), fine);
    assert_eq!(
        check("quartz", "0 9 * * mon report\n"),
        (
            1,
            "\
<stdin>:1:9: month: unknown name `mon`, expected jan-dec or 1-12
    0 9 * * mon report
            ^^^
<stdin>:1:13: day of week: unknown name `report`, expected sun-sat or 1-7, Sunday being 1
    0 9 * * mon report
                ^^^^^^
"
            .to_string(),
            String::new()
        )
    );
}

#[test]
fn a_likely_mistake_is_a_warning() {
    assert_eq!(
        call_with_input(&["check", "-"], "# every minute?\n  * 4 * * * backup\n@every 5m x\n@reboot y\n"),
        (
            1,
            "\
<stdin>:2:3: warning: fires 60 times from 04:00 to 04:59, in every minute of the hour (every-minute)
      * 4 * * * backup
      ^
    write `0` to fire in the first minute of the hour only
3 jobs, no mistakes, 1 warning
"
            .to_string(),
            String::new()
        )
    );
    // In the order of the lines, each in the dialect of its own.
    assert_eq!(
        call_with_input(
            &["check", "-", "--days", "and"],
            "0 0 13 * fri x\n61 * * * * x\ndays=or 0 0 13 * fri x\n@dialy x\n0 0 30 2 * x\n"
        ),
        (
            1,
            "\
<stdin>:2:1: minute: no such value `61`, expected 0-59
    61 * * * * x
    ^^
<stdin>:3:13: warning: fires on the 13th and on Fridays, not only where the two meet (either-day)
    days=or 0 0 13 * fri x
                ^^^^^^^^
    begin the text with `days=and` for the days that match both
<stdin>:4:1: unknown nickname `@dialy`, expected @yearly, @annually, @monthly, @weekly, @daily, @midnight, \
@hourly, @reboot or @every and a period
    @dialy x
    ^^^^^^
<stdin>:5:1: never due: no date matches it
    0 0 30 2 * x
    ^^^^^^^^^^
"
            .to_string(),
            String::new()
        )
    );
}

#[test]
fn warnings_about_clock_changes_use_the_zone_of_the_schedule() {
    let (status, stdout, stderr) =
        call_with_input(&["check", "-"], &format!("30 2 * * * a\nCRON_TZ={PARIS}\n*/30 2 * * * b\n"));
    let warnings: Vec<_> = stdout.lines().filter(|line| line.starts_with("<stdin>")).collect();
    assert!(warnings[0].starts_with("<stdin>:3:1: warning: on "), "{stdout}");
    assert!(warnings[0].ends_with(" (clock-skips-time)"), "{stdout}");
    assert!(warnings[1].ends_with(" fires both times (clock-repeats-time)"), "{stdout}");
    assert_eq!((warnings.len(), status, &*stderr), (2, 1, ""));
    assert!(stdout.ends_with("\n2 jobs, no mistakes, 2 warnings\n"), "{stdout}");
}

#[test]
fn at_most_twenty_warnings_are_printed_for_an_expression() {
    let (status, stdout, _) =
        call_with_input(&["check", "-"], &format!("{}1 * * * * x\n", "1,".repeat(20_000)));
    assert_eq!(status, 1);
    assert_eq!(stdout.matches(" adds nothing: ").count(), 20);
    assert!(stdout.contains("warning: and more of the kind"));
}
