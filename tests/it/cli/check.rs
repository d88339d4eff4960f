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
    fine("2 jobs", "A=1\n@daily x\nseconds=first * * * * * * y");
    fine("1 job", "@daily x\n");
    for empty in ["", "# no job\n", "A=1\n"] {
        // As `run` has it.
        let problem = "sexton: `<stdin>` has no jobs: there is nothing to run\n";
        assert_eq!(call_with_input(&["check", "-"], empty), (1, String::new(), problem.into()), "{empty}");
        assert_eq!(call_with_input(&["run", "-"], empty), (1, String::new(), problem.into()), "{empty}");
    }
}

/// What `check` says of a crontab: its exit status, and the places and codes of its warnings.
fn warnings(args: &[&str], input: &str) -> (i32, String) {
    let (status, stdout, stderr) = call_with_input(&[&["check", "-"], args].concat(), input);
    let shown = |line: &str| {
        let (place, message) = line.strip_prefix("<stdin>:")?.split_once(": warning: ")?;
        let code = message.strip_suffix(')')?.rsplit_once('(')?.1;
        Some(format!("{place} {code}"))
    };
    let found = stdout.lines().filter_map(shown).collect::<Vec<_>>().join(", ");
    (status, found + if stderr.contains("nothing to run") { "nothing to run" } else { "" })
}

#[test]
fn a_code_that_no_warning_has_is_a_mistake() {
    let (status, stdout, stderr) = call(&["check", "-", "--allow", "duplicate,nonsense"]);
    let problem = "sexton: `--allow`: found `nonsense`, expected the code of a warning: clock-repeats-time, ";
    assert!(status == 2 && stdout.is_empty() && stderr.starts_with(problem), "{stderr}");
    let (status, stdout, _) = call_with_input(&["check", "-"], "# sexton: allow nonsense\n@daily x\n");
    let problem = "<stdin>:1:17: found `nonsense`, expected the code of a warning: clock-repeats-time, ";
    assert!(status == 1 && stdout.starts_with(problem), "{stdout}");
}

#[test]
fn warnings_are_errors_if_one_wants_it_and_silent_if_one_allows_it() {
    const TEXT: &str = "MAILTO=ops\n17 * * * * root x\n";
    let both = "1:8 without-effect, 2:12 user-column";
    assert_eq!(warnings(&[], TEXT), (0, both.into()));
    assert_eq!(warnings(&["--strict"], TEXT), (1, both.into()));
    assert_eq!(warnings(&["--allow", "without-effect"], TEXT), (0, "2:12 user-column".into()));
    assert_eq!(
        warnings(&["--strict", "--allow", "without-effect", "--allow=user-column"], TEXT),
        (0, "".into())
    );
    assert_eq!(
        warnings(&["--strict", "--allow", "duplicate,user-column, without-effect"], TEXT),
        (0, "".into())
    );
    let commented = TEXT.replace("17", "# sexton: allow user-column\n\n17");
    assert_eq!(warnings(&[], &commented), (0, "1:8 without-effect".into()));
    assert_eq!(
        warnings(&[], "# sexton: allow either-day\n0 0 13 * 5 x\n0 1 13 * 5 y\n"),
        (0, "3:5 either-day".into())
    );
}

#[cfg(unix)]
#[test]
fn the_system_s_crontab_is_run_for_its_users() {
    let run = |user: &str| call_with_input(&["run", "--system", "-"], &format!("@reboot {user} echo hi\n"));
    let (status, stdout, _) = run(&own_user());
    assert_eq!((status, &*stdout), (0, "hi\n"));
    let (status, stdout, stderr) = run("no-such-user");
    assert_eq!((status, &*stdout), (1, ""));
    assert!(stderr.starts_with("<stdin>:1:9: there is no user `no-such-user` here\n"), "{stderr}");
    // To be checked on another machine.
    assert_eq!(warnings(&["--system"], "@reboot no-such-user x\n"), (0, "1:9 other-user".into()));
}

#[test]
fn the_sample_in_the_help_passes() {
    let (_, help, _) = call(&["run", "--help"]);
    let sample =
        help.lines().filter(|line| line.starts_with("    ")).take_while(|line| !line.contains("--dialect"));
    let sample = sample.map(|line| format!("{line}\n")).collect::<String>();
    // Which shells there are depends on the machine.
    assert_eq!(warnings(&["--strict", "--allow", "no-such-shell"], &sample), (0, String::new()), "{sample}");
}

#[test]
fn what_is_said_of_debian_s_crontabs() {
    let data = include_str!("../../data/debian-crontabs.txt");
    let (mut name, mut crontab, mut count) = ("", String::new(), 0);
    for line in data.lines().skip_while(|line| !line.starts_with("===")) {
        if line.starts_with("=== ") {
            (name, crontab, count) = (line, String::new(), count + 1);
        } else if let Some(expected) = line.strip_prefix("check:") {
            assert_eq!(warnings(&[], &crontab).1, expected.trim(), "{name}");
        } else if let Some(expected) = line.strip_prefix("system:") {
            assert_eq!(
                warnings(&["--system", "--allow", "other-user"], &crontab).1,
                expected.trim(),
                "{name}"
            );
        } else {
            crontab += &format!("{line}\n");
        }
    }
    assert_eq!(count, 21);
}

#[test]
fn bytes_in_comments_do_not_matter() {
    let input = [&b"# \xe1rv\xedz \0 "[..], &[b'x'; 100_000], b"\n@daily x\n@daily \xff\n"].concat();
    let mut child = sexton(&["check", "-"]).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&input).unwrap();
    let (status, stdout, stderr) = outcome(child.wait_with_output().unwrap());
    let message = "<stdin>:3:8: found a byte that is not UTF-8\n    @daily \u{fffd}\n           ^\n";
    assert_eq!((status, &*stdout, &*stderr), (1, message, ""));
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
            0,
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
    assert_eq!((warnings.len(), status, &*stderr), (2, 0, ""));
    assert!(stdout.ends_with("\n2 jobs, no mistakes, 2 warnings\n"), "{stdout}");
}

#[test]
fn at_most_twenty_warnings_are_printed_for_an_expression() {
    let (status, stdout, _) =
        call_with_input(&["check", "-"], &format!("{}1 * * * * x\n", "1,".repeat(20_000)));
    assert_eq!(status, 0);
    assert_eq!(stdout.matches(" adds nothing: ").count(), 20);
    assert!(stdout.contains("warning: and more of the kind"));
}
