//! `sexton week`.

use super::*;

/// The clocks of Paris change on the sixth day.
const FROM: [&str; 4] = ["--from", "2026-03-24 12:00", "--zone", PARIS];

const CRONTAB: &str =
    "# sexton: name=backup\n0 3 * * * pg_dump --all\n0 3 * * 1 report\n30 2 * * * nightly\n\
                       */5 * * * * poll\n@every 36h collect\n@reboot warm\n";

#[track_caller]
fn week(args: &[&str], crontab: &str) -> String {
    let (status, stdout, stderr) = call_with_input(&[&["week"], args, &FROM].concat(), crontab);
    assert_eq!((status, &*stderr), (0, ""));
    stdout
}

#[test]
fn a_table_has_the_hours_of_each_job_and_of_all() {
    let table = week(&["-"], CRONTAB);
    let lines: Vec<_> = table.lines().collect();
    // A head, seven days of all jobs and of each of six, and what there is to say.
    assert_eq!(lines.len(), 1 + 7 * 7 + 4, "{table}");
    assert!(lines[0].starts_with("job\tdate\t0\t1\t2") && lines[0].ends_with("\t22\t23"), "{table}");
    assert!(lines.iter().take(50).all(|line| line.split('\t').count() == 26), "{table}");
    let twelve = "\t12".repeat(20);
    // What the clocks skip is due at the end of the gap, together with what is due then.
    assert_eq!(lines[6], format!("all\t2026-03-29\t12\t12\t0\t14{twelve}"));
    assert_eq!(lines[7], format!("all\t2026-03-30\t12\t13\t13\t14{twelve}"));
    let counts =
        |line: &str| line.split('\t').skip(2).map(|count| count.parse::<u32>().unwrap()).sum::<u32>();
    let of = |job: &str| -> Vec<u32> {
        let lines = lines.iter().filter(|line| line.split('\t').next() == Some(job));
        lines.map(|line| counts(line)).collect()
    };
    assert_eq!(of("backup"), [1; 7]);
    assert_eq!(of("line 3"), [0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(of("line 5"), [288, 288, 288, 288, 288, 276, 288]);
    // Elapsed time, from the first midnight on.
    assert_eq!(of("line 6"), [0, 1, 0, 1, 1, 0, 1]);
    assert_eq!(of("line 7"), [0; 7]);
    assert_eq!(
        lines[50..],
        [
            "# clock change: 2026-03-29T02:00:00 becomes 2026-03-29T03:00:00",
            "# busiest minute: 2026-03-29T03:00:00+02:00 with 3 runs: backup, line 4, line 5",
            "# several jobs start in 2 minutes, up to 2 at once",
            "# with `H` for the minute of 3 jobs that would be 0 minutes",
        ]
    );
}

#[test]
fn an_expression_has_a_week_too() {
    let table = week(&["0 9 * * 1-5"], "");
    let days = table.lines().filter(|line| line.starts_with("0 9 * * 1-5\t")).count();
    assert_eq!((days, table.lines().count()), (7, 17));
    assert_eq!(
        table.lines().last(),
        Some("# busiest minute: 2026-03-24T09:00:00+01:00 with 1 run: 0 9 * * 1-5")
    );
    // In the zone that stands beside it.
    let (_, table, _) = call(&["week", "CRON_TZ=EST5 0 9 * * *", "--from", "2026-03-24T00:00-05:00"]);
    let busiest = "# busiest minute: 2026-03-24T09:00:00-05:00 with 1 run: 0 9 * * *\n";
    assert!(table.ends_with(busiest), "{table}");
    assert!(week(&["0 0 29 2 *"], "").lines().all(|line| !line.starts_with("# busiest")));
}

#[test]
fn jobs_that_do_not_meet_are_said_not_to() {
    let notes = |crontab: &str| {
        let table = week(&["-"], crontab);
        table.lines().filter(|line| line.starts_with("# ")).skip(2).map(String::from).collect::<Vec<_>>()
    };
    assert_eq!(notes("0 1 * * * a\n1 1 * * * b\n"), ["# no two jobs start in the same minute"]);
    // What is due every five minutes meets everything.
    assert_eq!(notes("0 1 * * * a\n*/5 * * * * b\n"), ["# no two jobs start in the same minute"]);
    // Nothing to replace.
    assert_eq!(
        notes("0-1 1 * * * a\n0-1 1 * * * b\n"),
        ["# several jobs start in 14 minutes, up to 2 at once"]
    );
}

#[test]
fn mistakes_are_reported() {
    let usage = "usage: sexton week CRONTAB ... [OPTION ...]\nsee `sexton week --help`\n";
    fails("week", 2, &format!("sexton: expected a cron expression\n{usage}"));
    fails("week|@daily|--svg", 2, &format!("sexton: `--svg` needs a value\n{usage}"));
    fails(
        "week|@daily|--svg|no/such/folder/x.svg",
        2,
        "sexton: could not write `no/such/folder/x.svg`: No such file or directory (os error 2)\n",
    );
    fails(
        "week|@daily|--from|9999-12-30T00:00Z",
        1,
        "sexton: the calendar has no seven days from that time on\n",
    );
    let every = "sexton: `@every` has no dates of its own: it counts from when `sexton run` starts\n";
    fails("week|@every 5m", 1, every);
    assert_eq!(call_with_input(&["week", "-"], "61 * * * * x\n").0, 1);
}

#[test]
fn a_drawing_is_for_light_and_dark_pages() {
    let drawing = week(&["-", "--svg", "-"], &CRONTAB.replace("name=backup", "name=back.up_1"));
    assert!(drawing.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"960\""), "{drawing}");
    assert!(drawing.trim_end().ends_with("</svg>") && drawing.contains("@media(prefers-color-scheme:dark)"));
    let texts =
        ["back.up_1", "clocks 02:00→03:00", "so many jobs start", "with `H` for the minute of 3 jobs"];
    for text in texts {
        assert!(drawing.contains(text), "{text}");
    }
    is_well_formed(&drawing);
    is_well_formed(&week(&["0 9 * * *", "--svg", "-"], ""));
}

/// Whether each element is closed in its order, and no character is left that must be escaped.
#[track_caller]
pub fn is_well_formed(xml: &str) {
    let mut open = Vec::new();
    for part in xml.trim().split('<').skip(1) {
        let (tag, text) = part.split_once('>').expect("a tag ends");
        assert!(!text.contains('>') || open.last() == Some(&"style"), "{part}");
        for (at, _) in text.match_indices('&') {
            assert!(["&amp;", "&lt;"].iter().any(|entity| text[at..].starts_with(entity)), "{part}");
        }
        let name = tag.split(' ').next().unwrap();
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "{part}"),
            None if tag.ends_with('/') => {}
            None => open.push(name),
        }
    }
    assert_eq!(open, [""; 0]);
}

/// What a terminal is shown, if there is `script`, which makes one.
#[cfg(target_os = "linux")]
fn on_a_terminal(variables: &[(&str, &str)], args: &str) -> Option<String> {
    let program = sexton(&[]).get_program().to_string_lossy().into_owned();
    let mut command = Command::new("script");
    command
        .args(["-qec", &format!("'{program}' {args}"), "/dev/null"])
        .env("TZ", "UTC0")
        .stdin(Stdio::null());
    command.env_remove("COLUMNS").env_remove("NO_COLOR").envs(variables.iter().copied());
    let output = command.output().ok()?;
    Some(String::from_utf8(output.stdout).unwrap().replace("\r\n", "\n"))
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_is_shown_a_picture() {
    let args = "week '0 9 * * 1-5' --from 2026-11-22";
    let plain = match on_a_terminal(&[("NO_COLOR", "1")], args) {
        Some(plain) => plain,
        None => return eprintln!("left out: there is no `script` here"),
    };
    let day = |day: &str, is_due: bool| {
        let hours: String = (0..24).map(|hour| if is_due && hour == 9 { "██" } else { "· " }).collect();
        format!("{day}  {}\n", hours.trim_end())
    };
    let days = ["Sun 11-22", "Mon 11-23", "Tue 11-24", "Wed 11-25", "Thu 11-26", "Fri 11-27", "Sat 11-28"];
    let days: String = days.iter().map(|name| day(name, !name.starts_with('S'))).collect();
    let hours = "           0     3     6     9     12    15    18    21\n";
    let title = "2026-11-22 to 2026-11-28, UTC0: 1 job, 5 runs\n\n";
    let end = "runs an hour:  █ 1\n\nbusiest minute: 2026-11-23T09:00:00Z with 1 run: 0 9 * * 1-5\n";
    assert_eq!(plain, format!("{title}{hours}{days}{end}"));
    let coloured = on_a_terminal(&[], args).unwrap();
    assert!(coloured.contains("\x1b[31m██\x1b[0m") && !plain.contains('\x1b'), "{coloured}");
    assert_eq!(on_a_terminal(&[("NO_COLOR", "")], args).unwrap(), coloured);
    let narrow = on_a_terminal(&[("NO_COLOR", "1"), ("COLUMNS", "24")], args).unwrap();
    assert!(narrow.contains("\nMon 11-23  ····█·······\n"), "{narrow}");
}
