use proptest::prelude::*;
use sexton::cron::Dialect;

use super::*;

/// Zones by the rules that they are, so that no test reads the machine's.
fn read_as(reading: &Reading, text: impl AsRef<[u8]>) -> Result<Crontab, Vec<Mistake>> {
    let zone_of = |zone: &str| if zone == "UTC" { Ok(Zone::utc()) } else { Zone::from_posix(zone) };
    let (crontab, mistakes) = Crontab::read(text.as_ref(), reading, &zone_of);
    if mistakes.is_empty() {
        Ok(crontab)
    } else {
        Err(mistakes)
    }
}

fn read(text: impl AsRef<[u8]>) -> Result<Crontab, Vec<Mistake>> {
    read_as(&Reading::new(Dialect::DEFAULT, None), text)
}

#[track_caller]
fn job(line: &str) -> Job {
    let mut crontab = read(line).unwrap();
    assert_eq!(crontab.jobs.len(), 1);
    crontab.jobs.remove(0)
}

/// The mistakes of a text, as `line:column: message`.
#[track_caller]
fn mistakes(text: impl AsRef<[u8]>) -> Vec<String> {
    shown(read(text).unwrap_err())
}

#[track_caller]
fn mistakes_as(dialect: Dialect, text: impl AsRef<[u8]>) -> Vec<String> {
    shown(read_as(&Reading::new(dialect, None), text).unwrap_err())
}

fn shown_of(reading: &Reading, text: &str) -> Vec<String> {
    shown(read_as(reading, text).unwrap_err())
}

fn shown(mistakes: Vec<Mistake>) -> Vec<String> {
    let shown = |mistake: &Mistake| format!("{}:{}: {}", mistake.line, mistake.column(), mistake.message);
    mistakes.iter().map(shown).collect()
}

fn cron(text: &str) -> When {
    When::Cron(Arc::new(text.parse().unwrap()))
}

#[test]
fn a_line_is_a_schedule_and_a_command() {
    let job = job("  2 4 *\t* mon,fri \t report  --weekly # all \n");
    assert_eq!(*job.when, cron("2 4 * * mon,fri"));
    assert_eq!(job.command(), "report  --weekly # all ", "a `#` within a line begins no comment");
    assert_eq!((job.input(), job.line, job.zone), (None, 1, None));
}

#[test]
fn a_sixth_word_is_a_field_unless_it_can_be_the_command() {
    for (line, schedule, command) in [
        ("* * * * * echo tick", "* * * * *", "echo tick"),
        ("* * * * * * echo tick", "* * * * * *", "echo tick"),
        ("0 0 9 * * 1 report", "0 0 9 * * 1", "report"),
        ("0 0 9 * * mon-fri report", "0 0 9 * * mon-fri", "report"),
        ("0 0 9 * * fri#2 report", "0 0 9 * * fri#2", "report"),
        ("0 30 9 * * mon report", "0 30 9 * * mon", "report"),
        ("0 9 * * 1 mon", "0 9 * * 1", "mon"),
        ("0 9 * * 1 'mon' --check", "0 9 * * 1", "'mon' --check"),
        ("0 9 * * 1 7z a backup.7z .", "0 9 * * 1", "7z a backup.7z ."),
        ("0 9 * * 1 apt-get update", "0 9 * * 1", "apt-get update"),
        ("0 9 * * 1 /bin/true", "0 9 * * 1", "/bin/true"),
        ("0 9 * * 1 [ -f x ] && y", "0 9 * * 1", "[ -f x ] && y"),
        ("0 9 * * 1 . ./profile; y", "0 9 * * 1", ". ./profile; y"),
        ("0 0 9 * * 1 mon --check", "0 0 9 * * 1", "mon --check"),
        ("0 0 9 * * 1 7z a", "0 0 9 * * 1", "7z a"),
        ("@Daily * * * * * x", "@daily", "* * * * * x"),
        // The year, as supercronic has it.
        ("0 */5 * * * * * echo tick", "*/5 * * * *", "echo tick"),
        ("* * * * * * * echo tick", "* * * * * *", "echo tick"),
        ("0 0 9 * * mon-fri 2026 report", "0 0 9 * * mon-fri 2026", "report"),
    ] {
        let job = job(line);
        assert_eq!((&*job.when, &*job.command()), (&cron(schedule), command), "{line}");
    }
}

/// The schedule of a line and its command, in a dialect.
#[track_caller]
fn job_as(dialect: Dialect, line: &str) -> (String, String) {
    let mut crontab = read_as(&Reading::new(dialect, None), line).unwrap();
    let job = crontab.jobs.remove(0);
    let cron = match &*job.when {
        When::Cron(cron) => cron,
        _ => panic!("{job:?}"),
    };
    let of_its_text = Reading::new(dialect, Some("x".into())).reader().parse(job.schedule_text()).unwrap();
    assert_eq!(**cron, of_its_text, "the span is the schedule's: {line}");
    (cron.to_string(), job.command())
}

#[test]
fn the_dialect_says_how_many_words_the_schedule_has() {
    let (croniter, quartz, cronie) = (Dialect::CRONITER, Dialect::QUARTZ, Dialect::CRONIE);
    for (dialect, line, schedule, command) in [
        (croniter, "0 9 * * 1 30 report", "30 0 9 * * mon", "report"),
        (croniter, "0 9 * * 1 mon --check", "0 9 * * mon", "mon --check"),
        (Dialect::DEFAULT.seconds_last(), "0 9 * * 1 30 report", "30 0 9 * * mon", "report"),
        (quartz, "0 0 9 ? * 2-6 report", "0 9 * * mon-fri", "report"),
        (quartz, "0 0 9 ? * 2-6 2026 report", "0 0 9 * * mon-fri 2026", "report"),
        (quartz, "0 0 9 ? * 2-6 7z a", "0 9 * * mon-fri", "7z a"),
        (quartz, "@daily report", "0 0 * * *", "report"),
        (cronie, "0 9 * * 1 1 report", "0 9 * * mon", "1 report"),
        (cronie, "0 9 * * 1 mon report", "0 9 * * mon", "mon report"),
        (cronie, "0 9 */2 * mon report", "days=and 0 9 */2 * mon", "report"),
        (cronie.seconds_first(), "30 0 9 * * 1 report", "30 0 9 * * mon", "report"),
        (Dialect::DEFAULT.days_and(), "0 0 13 * fri x", "days=and 0 0 13 * fri", "x"),
    ] {
        assert_eq!(job_as(dialect, line), (schedule.into(), command.into()), "{line}");
    }
    for (dialect, line, message) in [
        (
            croniter,
            "1 2 3 x",
            "1:1: found 4 fields, expected five, or six with the seconds last, and a command",
        ),
        (quartz, "0 9 * * x", "1:1: found 5 fields, expected six with the seconds first, and a command"),
        (cronie, "1 2 3 x", "1:1: found 4 fields, expected five and a command"),
        (
            cronie,
            "22-2 0 * * * x",
            "1:1: minute: backward range `22-2`, expected the smaller value first: cronie would never run it",
        ),
        (quartz, "0 0 9 ? * 2-6 12 x", "1:15: year: no such value `12`, expected 1970-2199"),
    ] {
        assert_eq!(mistakes_as(dialect, line), [message], "{line}");
    }
}

#[test]
fn a_line_may_have_switches_of_its_own() {
    for (line, schedule, command) in [
        ("days=and 0 0 13 * fri x", "days=and 0 0 13 * fri", "x"),
        ("\tdialect=quartz 0 0 9 ? * 2-6 x", "0 9 * * mon-fri", "x"),
        ("DIALECT=croniter seconds=first 30 0 9 * * 1 x", "30 0 9 * * mon", "x"),
        ("dialect=cronie 0 9 * * 1 1 x", "0 9 * * mon", "1 x"),
        ("days=and @daily x", "0 0 * * *", "x"),
    ] {
        assert_eq!(job_as(Dialect::DEFAULT, line), (schedule.into(), command.into()), "{line}");
    }
    assert_eq!(job("days=or H(0-29) 0 * * 1 x").command(), "x");
    for line in ["days=and nights", "days=and", "days = and 1", "dialect=", "dialect=quartz", "seconds=1 2 3"]
    {
        assert_eq!(read(line).unwrap().variables.len(), 1, "{line}");
    }
    assert_eq!(
        mistakes("dialect=vixie * * * * * x"),
        ["1:9: expression: unknown dialect `vixie`, expected default, croniter, quartz, cron, eventbridge or cronie"]
    );
    assert_eq!(
        mistakes("dialect=vixie @daily x"),
        ["1:9: expression: unknown dialect `vixie`, expected default, croniter, quartz, cron, eventbridge or cronie"]
    );
    assert_eq!(
        mistakes("days=and @every 5x y"),
        ["1:17: period: found `x`, expected a unit: y, mo, w, d, h, m, s or ms"]
    );
    assert_eq!(
        mistakes("days=and 61 25 13 * fri x"),
        ["1:10: minute: no such value `61`, expected 0-59", "1:13: hour: no such value `25`, expected 0-23"]
    );
}

#[test]
fn what_is_hashed_is_the_command_unless_an_id_is_given() {
    let minute = |line: &str, id: Option<&str>| {
        let reading = Reading::new(Dialect::DEFAULT, id.map(String::from));
        read_as(&reading, line).unwrap().jobs.remove(0).when
    };
    let hashed =
        |id: &str| Arc::new(When::Cron(Arc::new(Dialect::DEFAULT.hash_id(id).parse("H 4 * * *").unwrap())));
    assert_eq!(minute("H 4 * * * report --weekly ", None), hashed("report --weekly"));
    assert_eq!(minute("# moved\n\nH 4 * * *\treport --weekly%input", None), hashed("report --weekly"));
    assert_eq!(minute("H 4 * * * report --weekly", Some("web 1")), hashed("web 1"));
    assert_ne!(hashed("report --weekly"), hashed("web 1"));

    let croniter = |id: Option<&str>| {
        let reading = Reading::new(Dialect::CRONITER, id.map(String::from));
        read_as(&reading, "@daily x").unwrap().jobs.remove(0).when
    };
    assert_eq!(*croniter(None), cron("@daily"), "a job does not leave midnight for its command");
    assert_eq!(
        *croniter(Some("x")),
        When::Cron(Arc::new(Dialect::CRONITER.hash_id("x").parse("@daily").unwrap()))
    );

    for line in ["H=1", "H = 1", "r =", "R= 1"] {
        assert_eq!(read(line).unwrap().variables.len(), 1, "{line}");
    }
    for line in ["R 4 * * * x", "R/5 4 * * * x"] {
        assert!(read_as(&Reading::new(Dialect::CRONITER, None), line).is_ok(), "{line}");
    }
    assert!(read_as(&Reading::new(Dialect::CRONIE, None), "~ 4 * * * x").is_ok());
    assert_eq!(
        mistakes("R 4 * * * x"),
        ["1:1: minute: found `R`, expected `H`, which stays the same, or `--dialect croniter`, which draws it"]
    );
    assert!(read("dialect=cronie ~ 4 * * * x").is_ok());
}

#[test]
fn a_line_with_two_meanings_is_a_mistake() {
    assert_eq!(
        mistakes("0 0 9 * * mon backup"),
        ["1:11: `mon` may be a sixth field, or the command after five: write the field as a number, or the \
          command as `'mon'`"]
    );
    assert_eq!(
        mistakes("0 0 9 * * H report"),
        ["1:11: `H` may be a sixth field, or the command after five: write the field as a number, or the command \
          as `'H'`"]
    );
    assert_eq!(
        mistakes("61 * * * * 8 x"),
        [
            "1:1: second: no such value `61`, expected 0-59",
            "1:12: day of week: no such value `8`, expected sun-sat or 0-7"
        ]
    );
    assert_eq!(
        mistakes("* * * * * 8 x"),
        ["1:11: day of week: no such value `8`, expected sun-sat or 0-7; it can be read with `seconds=last` before it"]
    );
}

#[test]
fn every_mistake_has_its_place() {
    for (line, message) in [
        ("1 2 3 echo", "1:1: found 4 fields, expected five, or six with the seconds first, and a command"),
        ("*", "1:1: found 1 field, expected five, or six with the seconds first, and a command"),
        ("  0 9 * * *  ", "1:12: expected a command after the schedule"),
        ("* * * * * *", "1:12: expected a command after the schedule"),
        ("0 9 * * * %input", "1:17: expected a command after the schedule"),
        ("@daily", "1:7: expected a command after the schedule"),
        ("0 0 30 2 * x", "1:1: never due: no date matches it"),
        ("@every", "1:7: expected a period, as in `@every 1h30m`"),
        ("@every 1q x", "1:8: period: found `q`, expected a unit: y, mo, w, d, h, m, s or ms"),
        ("@every 1h", "1:10: expected a command after the schedule"),
        (
            "@dayly x",
            "1:1: unknown nickname `@dayly`, expected @yearly, @annually, @monthly, @weekly, @daily, @midnight, \
             @hourly, @reboot or @every and a period",
        ),
        ("echo tick", "1:1: found `echo`, expected a schedule, `NAME = value`, or `#` and a comment"),
        ("mon * * * * x", "1:1: found `mon`, expected a schedule, `NAME = value`, or `#` and a comment"),
        ("- * * * * x", "1:1: minute: found `-`, expected 0-59"),
        ("é * * * * x", "1:1: found `é`, expected a schedule, `NAME = value`, or `#` and a comment"),
        ("A = 'x", "1:5: the quotes are not closed"),
        ("A = 'x' y", "1:9: expected nothing after the quotes"),
        ("'A=' = x", "1:1: expected a name without `=`"),
        ("'' = x", "1:1: expected a name without `=`"),
        ("CRON_TZ = Mars", "1:1: time zone rule `Mars`: offset: found nothing at byte 4, expected hours 0-24, such as `5` or `-5:30`"),
    ] {
        assert_eq!(mistakes(line), [message], "{line}");
    }
}

#[test]
fn a_control_character_of_a_crontab_does_not_reach_the_terminal() {
    let expected = "expected a schedule, `NAME = value`, or `#` and a comment";
    assert_eq!(mistakes("x\x1b[2J y"), [format!("1:1: found `x\u{fffd}[2J`, {expected}")]);
    let nickname = mistakes("@dail\x1e x").concat();
    assert!(nickname.starts_with("1:1: unknown nickname `@dail\u{fffd}`, expected "), "{nickname:?}");
}

#[test]
fn all_mistakes_are_reported() {
    assert_eq!(
        mistakes("61 25 * * mom x\n# fine\n\n* * * * * fine\n\t* * * 13 8  x"),
        [
            "1:1: minute: no such value `61`, expected 0-59",
            "1:4: hour: no such value `25`, expected 0-23",
            "1:11: day of week: unknown name `mom`, expected sun-sat or 0-7; did you mean `mon`?",
            "5:8: month: no such value `13`, expected jan-dec or 1-12",
            "5:11: day of week: no such value `8`, expected sun-sat or 0-7",
        ]
    );
}

#[test]
fn bytes_that_are_not_text_are_mistakes() {
    assert_eq!(mistakes(b"* * * * * \xc3\xa9\xff x"), ["1:12: found a byte that is not UTF-8"]);
    assert_eq!(
        mistakes("* * * * * a\0b"),
        ["1:12: found a NUL byte, which neither a command nor a variable can hold"]
    );
    assert_eq!(
        mistakes("* * * * * a\r\n"),
        ["1:12: found CR LF at the end of this line, expected LF alone (`tr -d '\\r'` mends it)"]
    );
    assert_eq!(
        mistakes("# fine\n\r\n* * * * * a\r\n61 * * * * b\r\n"),
        [
            "2:1: found CR LF at the end of this line and of 2 more, expected LF alone (`tr -d '\\r'` mends it)",
            "4:1: minute: no such value `61`, expected 0-59",
        ]
    );
    assert_eq!(
        mistakes(b"\xff * * * * a\r\n"),
        [
            "1:12: found CR LF at the end of this line, expected LF alone (`tr -d '\\r'` mends it)",
            "1:1: found a byte that is not UTF-8",
        ]
    );
    let comments =
        [b"# \xe1rv\xedz\n \t#\0\r\n#".to_vec(), vec![b'x'; MAX_LINE + 1], b"\n@daily x".to_vec()].concat();
    assert_eq!(read(comments).unwrap().jobs.len(), 1, "comments may be any bytes");
    let long = format!("* * * * * {}", "x".repeat(MAX_LINE));
    assert_eq!(mistakes(&long), ["1:1: the line has 65546 bytes, more than 65536"]);
    assert!(read(&long[..MAX_LINE]).is_ok());
    let long = format!("# sexton:{}\n@daily x", " retry=1".repeat(MAX_LINE));
    assert_eq!(mistakes(&long), ["1:1: the line has 524297 bytes, more than 65536"]);
    let many = mistakes(format!("# sexton:{}\n@daily x", " retry=1".repeat(100)));
    assert_eq!(many.len(), 9);
    assert_eq!(many[0], "1:19: `retry` is given twice");
    assert_eq!(many[8], "1:83: 91 more settings are wrong from here on");
}

#[test]
fn the_end_and_the_beginning_of_a_file_may_be_bare() {
    assert_eq!(read("* * * * * a\n* * * * * b").unwrap().jobs.len(), 2, "no line feed at the end");
    assert_eq!(read("\u{feff}* * * * * a").unwrap().jobs.len(), 1, "a byte order mark");
    assert_eq!(read("").unwrap().jobs.len(), 0);
    assert_eq!(read("\n \t\n  # comment\n").unwrap().jobs.len(), 0);
}

#[test]
fn variables_apply_to_the_jobs_below_them() {
    let text =
        "A=1\n* * * * * one\n  B = two words  \nA = \"  2 \"\n'C d'='x\"y'\n_E=\n* * * * * two\nF=$A\n";
    let crontab = read(text).unwrap();
    let variables = |job: usize| -> Vec<String> {
        let variables = crontab.variables_of(&crontab.jobs[job]).iter();
        variables.map(|(name, value)| format!("{name}={value}")).collect()
    };
    assert_eq!(variables(0), ["A=1"]);
    assert_eq!(variables(1), ["A=1", "B=two words", "A=  2 ", "C d=x\"y", "_E="]);
}

#[test]
fn cron_tz_is_the_zone_of_the_schedules_below_it() {
    let crontab =
        read("@daily a\nCRON_TZ=CET-1\n@daily b\nTZ=EST5\n@daily c\nCRON_TZ=EST5\n@daily d").unwrap();
    let zones: Vec<_> = crontab.jobs.iter().map(|job| job.zone.as_ref().map(Zone::name)).collect();
    assert_eq!(zones, [None, Some("CET-1"), Some("CET-1"), Some("EST5")]);
    assert_eq!(crontab.variables_of(&crontab.jobs[1]), [("CRON_TZ".into(), "CET-1".into())]);
}

#[test]
fn a_line_may_have_a_zone_of_its_own() {
    let crontab = read(
        "CRON_TZ=CET-1\nCRON_TZ=EST5 0 9 * * * a\n  CRON_TZ = EST5 @daily b\n-CRON_TZ=EST5 0 9 * * * c\n\
         0 9 * * * UTC d\n0 9 * * * e\n# sexton: zone=CET-1\nCRON_TZ=EST5 0 9 * * * f\n",
    );
    let crontab = crontab.unwrap();
    let zone = |job: &Job| job.zone.as_ref().map(Zone::name).unwrap_or_default().to_string();
    let jobs: Vec<_> = crontab.jobs.iter().map(|job| format!("{} {}", zone(job), job.command())).collect();
    assert_eq!(jobs, ["EST5 a", "EST5 b", "EST5 c", "UTC d", "CET-1 e", "EST5 f"]);
    let hashed = |line: &str| job(line).when;
    assert_eq!(hashed("H 4 * * * UTC x"), hashed("H 4 * * * x"));
    assert_eq!(read("CRON_TZ=\"EST5\" 0 9 * * * a").unwrap().jobs[0].zone.as_ref().unwrap().name(), "EST5");
    assert_eq!(mistakes("CRON_TZ= 0 9 * * * a"), [format!("1:10: {EMPTY_ZONE}")]);
    let own_line = ["1:11: expected nothing after the quotes: a job needs a line of its own"];
    assert_eq!(mistakes("TZ='EST5' 0 9 * * * a"), own_line);
    assert_eq!(mistakes("CRON_TZ=Mars 0 9 * * * x")[0].split(": ").next(), Some("1:9"));
    assert_eq!(mistakes("CRON_TZ=EST5 61 9 * * * x"), ["1:14: minute: no such value `61`, expected 0-59"]);
    assert_eq!(mistakes("0 9 * * * UTC"), ["1:14: expected a command after the schedule"]);
    assert_eq!(mistakes("CRON_TZ=\n"), [format!("1:1: {EMPTY_ZONE}")]);
    // None of these is a zone.
    assert_eq!(job("0 9 * * * Europe/x").command(), "Europe/x");
    assert_eq!(job("0 9 * * * Scripts/Backup").command(), "Scripts/Backup");
}

#[test]
fn the_system_s_crontab_has_a_user_before_the_command() {
    let mut reading = Reading::new(Dialect::DEFAULT, None);
    reading.is_system = true;
    let text = "17 * * * * root cd / && x\n@reboot www-data UTC\n0 9 * * * EST5 x\n0 9 * * * UTC bob x%y\n@every 1h bob x";
    let jobs = read_as(&reading, text).unwrap().jobs;
    let shown = |job: &Job| format!("{}: {}", &job.text[job.user_at().unwrap()], job.command());
    let jobs: Vec<_> = jobs.iter().map(shown).collect();
    assert_eq!(jobs, ["root: cd / && x", "www-data: UTC", "EST5: x", "bob: x", "bob: x"]);
    let expected = ["1:15: expected a user and a command after the schedule"];
    assert_eq!(shown_of(&reading, "17 * * * * bob"), expected);
}

#[test]
fn periods_and_the_start_are_schedules_of_a_crontab() {
    assert_eq!(*job("@every 1h30m x").when, When::Every("90m".parse().unwrap()));
    for (line, from, command) in [
        ("@every 2w from 2026-11-23 09:00 x", "2026-11-23 09:00", "x"),
        ("@every 2w from 2026-11-23T09:00:30 x y", "2026-11-23 09:00:30", "x y"),
        ("@every 2w from 2026-11-23 x", "2026-11-23 00:00", "x"),
    ] {
        let job = job(line);
        assert_eq!(*job.when, When::EveryFrom("2w".parse().unwrap(), from.parse().unwrap()));
        assert_eq!(
            (&*job.command(), job.schedule_text()),
            (command, line[..line.len() - command.len()].trim())
        );
    }
    assert_eq!(job("@every 2w from ops").command(), "from ops");
    let job = job("@reboot  warm up");
    assert_eq!((&*job.when, &*job.command()), (&When::Start, "warm up"));
}

#[test]
fn a_percent_sign_begins_the_input() {
    for (line, command, input) in [
        ("@daily mail%one%two", "mail", Some("one\ntwo\n")),
        ("@daily mail %one%", "mail ", Some("one\n")),
        ("@daily mail%", "mail", Some("")),
        ("@daily mail%%", "mail", Some("\n")),
        (r"@daily date +\%F", "date +%F", None),
        (r"@daily a\\%b", r"a\\", Some("b\n")),
        (r"@daily a\\\%b", r"a\\%b", None),
        (r"@daily a\nb%c\nd\%e\\%f", r"a\nb", Some("c\\nd%e\\%f\n")),
        (r"@daily a%\", "a", Some("\\\n")),
    ] {
        let job = job(line);
        assert_eq!((&*job.command(), job.input().as_deref()), (command, input), "{line}");
    }
}

#[test]
fn a_label_is_one_short_line_and_unique() {
    let tick = job("\n@daily\techo \ttick ");
    assert_eq!((&*tick.label(true), &*tick.label(false)), ("line 2: echo  tick", "line 2: echo …"));
    let long = job(&format!("@daily {}", "é".repeat(61)));
    assert_eq!(long.label(true), format!("line 1: {}…", "é".repeat(60)));
    assert_eq!(job("@daily A=1 B=2 /bin/x -p secret").label(false), "line 1: /bin/x …");
    assert_eq!(job("@daily x").label(false), "line 1: x");
    let named = job("# sexton: name=tick\n@daily echo secret");
    assert_eq!((&*named.label(true), &*named.label(false)), ("tick: echo secret", "tick"));
}

#[test]
fn settings_are_those_of_the_next_job() {
    let text =
        "# sexton: name=a retry=1\n# a comment\n#sexton: zone=UTC0\nCRON_TZ=EST5\n@daily x\n@daily y\n";
    let jobs = read(text).unwrap().jobs;
    let of =
        |job: &Job| (job.name(), job.settings().retries(), job.zone.as_ref().unwrap().name().to_string());
    assert_eq!(of(&jobs[0]), ("a".into(), 1, "UTC0".into()));
    assert_eq!(of(&jobs[1]), ("line 6".into(), 0, "EST5".into()));
    assert_eq!(
        mistakes("# sexton: retry=1 retry=2 x\n@daily a\n  # sexton:\n"),
        [
            "1:19: `retry` is given twice",
            "1:27: found `x`, expected name, zone, time-limit, retry, overlap, at-most, output, dir or claim, as in `retry=3`",
            "3:1: expected a job below these settings",
        ]
    );
    let allowed =
        read("# sexton: allow duplicate, star-bit\n# c\n\nA=1\n@daily x\n#sexton: allow star-bit").unwrap();
    assert!(allowed.allows(4, "duplicate") && allowed.allows(4, "star-bit"));
    assert!(!allowed.allows(4, "zone-sign") && !allowed.allows(5, "duplicate"));
    assert_eq!(mistakes("# sexton: allow\n@daily x"), ["1:11: expected the code of a warning after `allow`"]);
    let unknown = mistakes("# sexton: allow duplicate,star-bit duplicates\n@daily x");
    let near = "1:36: found `duplicates`, expected the code of a warning; did you mean `duplicate`?";
    assert_eq!(unknown, [near]);
    let unknown = mistakes("# sexton: allow nonsense\n@daily x");
    let expected =
        "1:17: found `nonsense`, expected the code of a warning: clock-repeats-time, clock-skips-time, ";
    assert!(unknown.len() == 1 && unknown[0].starts_with(expected), "{unknown:?}");
    let many = mistakes(format!("# sexton: allow{}\n@daily x", " nonsense".repeat(7000)));
    assert!(many.len() == 9 && many[8].ends_with("6992 more codes are wrong from here on"), "{}", many.len());
}

#[test]
fn a_line_may_begin_with_a_minus() {
    let quiet = job("-5 4 * * * x");
    assert_eq!(
        (&*quiet.when, quiet.is_quiet, quiet.schedule_text()),
        (&cron("5 4 * * *"), true, "5 4 * * *")
    );
    assert!(job("-@daily x").is_quiet && !job("@daily x").is_quiet);
    assert_eq!(mistakes("- 5 4 * * * x").len(), 1, "the minus alone is no field");
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        check(&bytes)?;
    }

    #[test]
    fn no_text_that_looks_like_a_crontab_panics(
        lines in proptest::collection::vec("(days=and |H )?([0-9*?/,LW#@=%'\"\\\\ \t\r\0\u{b}éa-z-]{1,3} ?){0,10}|@every .*|\\PC*", 0..5),
        others in proptest::collection::vec("(A|TZ|CRON_TZ|SHELL|MAILTO) ?= ?[$`{UTC+é2\"' *0a\\\\]{0,12}|@daily (root |é|-)?[%+`'\"$(){}|&# if;doné\\\\]{1,12}", 0..5),
    ) {
        check(lines.join("\n").as_bytes())?;
        check(others.join("\n").as_bytes())?;
    }
}

/// What is true of every file, and of what is shown of its mistakes.
fn check(bytes: &[u8]) -> Result<(), TestCaseError> {
    let lines = bytes.iter().filter(|&&byte| byte == b'\n').count() + 1;
    for dialect in Dialect::ALL {
        let reading = Reading::new(dialect, None);
        let (crontab, mistakes) = Crontab::read(bytes, &reading, &Zone::from_posix);
        for (line, text, warning) in warnings::of(&crontab, &reading) {
            prop_assert!((1..=lines).contains(&line) && text.get(warning.span.clone()).is_some());
            let shown = warning.in_line(line, text).in_file("f").to_string();
            prop_assert!((3..=4).contains(&shown.lines().count()), "{}", shown);
        }
        for job in &crontab.jobs {
            prop_assert!(!job.command().trim().is_empty() && !job.name().contains('\n'));
            prop_assert!(crontab.variables_of(job).len() <= crontab.variables.len());
            prop_assert!(job.text.get(job.schedule()).is_some());
        }
        for mistake in mistakes {
            prop_assert!((1..=lines).contains(&mistake.line));
            let shown = mistake.in_file("f").to_string();
            prop_assert_eq!(shown.lines().count(), 3, "{}", shown);
        }
    }
    Ok(())
}

#[test]
fn each_zone_is_read_once_however_many_lines_name_it() {
    use std::cell::RefCell;

    let read = RefCell::new(Vec::new());
    let zone_of = |value: &str| {
        read.borrow_mut().push(value.to_string());
        Zone::from_posix(value)
    };
    let text = "CRON_TZ=CET-1\n@daily a\nCRON_TZ=Mars\nCRON_TZ=EST5\n@daily b\nCRON_TZ=CET-1\n@daily c\nCRON_TZ=Mars\n";
    let (crontab, mistakes) = Crontab::read(text.as_bytes(), &Reading::new(Dialect::DEFAULT, None), &zone_of);
    assert_eq!(read.into_inner(), ["CET-1", "Mars", "EST5"]);
    let zones: Vec<_> = crontab.jobs.iter().map(|job| job.zone.as_ref().unwrap().name()).collect();
    assert_eq!(zones, ["CET-1", "EST5", "CET-1"]);
    let mistaken: Vec<_> = mistakes.iter().map(|mistake| (mistake.line, &*mistake.message)).collect();
    let message =
        "time zone rule `Mars`: offset: found nothing at byte 4, expected hours 0-24, such as `5` or `-5:30`";
    assert_eq!(mistaken, [(3, message), (8, message)], "at each line");
}

#[test]
fn a_crontab_with_more_zones_than_the_world_has_is_a_mistake() {
    let rule = |n: usize| format!("CRON_TZ=<{n:+04}>0\n");
    let thousand: String = (0..1000).map(rule).collect();
    assert!(read(format!("{thousand}{}", rule(7))).is_ok());
    assert_eq!(
        mistakes(format!("{thousand}{}{}{}", rule(1000), rule(7), rule(1001))),
        [
            "1001:1: found a time zone after 1000 others, expected at most 1000 in a crontab",
            "1003:1: found a time zone after 1000 others, expected at most 1000 in a crontab"
        ]
    );
}
