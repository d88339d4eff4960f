use sexton::cron::Dialect;

use super::*;

/// The warnings of a crontab, as `line:column code`, in the order of the lines.
fn found(text: &str) -> Vec<String> {
    let reading = Reading::new(Dialect::DEFAULT, None);
    let zone_of = |zone: &str| Zone::from_posix(zone).or_else(|_| Ok(Zone::utc()));
    let (crontab, mistakes) = Crontab::read(text.as_bytes(), &reading, &zone_of);
    assert_eq!(mistakes.len(), 0, "{text}: {mistakes:?}");
    let mut all = of(&crontab, &reading);
    all.sort_by_key(|(line, _, warning)| (*line, warning.span.start));
    let shown = |(line, text, warning): (usize, &str, Warning)| {
        assert!(text.get(warning.span.clone()).is_some() && !warning.message.is_empty());
        let said = warning.message + &warning.suggestion.unwrap_or_default();
        assert!(!said.contains(char::is_control), "{said:?}");
        format!("{line}:{} {}", warning.span.start + 1, warning.code)
    };
    all.into_iter().map(shown).collect()
}

#[track_caller]
fn warns(rows: &[(&str, &str)]) {
    for (text, expected) in rows {
        assert_eq!(found(text).join(", "), *expected, "{text}");
    }
}

#[track_caller]
fn fine(rows: &[&str]) {
    rows.iter().for_each(|text| assert_eq!(found(text).join(", "), "", "{text}"));
}

#[test]
fn a_user_before_the_command_is_recognised() {
    warns(&[
        ("17 * * * * root cd / && run-parts --report /etc/cron.hourly", "1:12 user-column"),
        ("@reboot logcheck if [ -x /usr/sbin/logcheck ]; then nice -n10 logcheck -R; fi", "1:9 user-column"),
        ("@every 1h amavis /usr/sbin/amavisd-new-cronjob sa-clean", "1:11 user-column"),
        ("*/5 * * * * www-data php -f /srv/cloud/cron.php", "1:13 user-column"),
        ("5 0 * * * _apt test -x /usr/bin/thing && thing", "1:11 user-column"),
        ("5 0 * * * list [ -x /usr/bin/x ] && /usr/bin/x", "1:11 user-column"),
        ("0 1 * * * alice PATH=/opt/bin tidy\n0 2 * * * bob tidy all", "1:11 user-column"),
        ("0 1 * * * oracle . /srv/profile; dump", "1:11 user-column"),
        ("0 1 * * * ubuntu /home/ubuntu/tidy", "1:11 user-column"),
        ("0 1 * * * bob $HOME/bin/tidy", "1:11 user-column"),
        // Root is one in any company, but has no options.
        ("0 1 * * * /bin/a\n0 2 * * * root b", "2:11 user-column"),
        ("# m h dom mon dow user  command\n0 1 * * * alice tidy all\n0 2 * * * /bin/a", "2:11 user-column"),
        ("#minute\thour\tmday\tmonth\twday\twho\tcommand\n0 1 * * * operator tidy all", "2:11 user-column"),
        ("# *  *  *  *  * user-name command to be executed\n0 1 * * * alice tidy all", "2:11 user-column"),
    ]);
    fine(&[
        "0 3 * * * backup --all",
        "0 3 * * * backup /home",
        "0 3 * * * backup /home/backup ~/x",
        "0 3 * * * tidy . all",
        "0 3 * * * clamscan /usr/bin",
        "0 3 * * * mail ops%hi",
        "0 3 * * * root",
        "0 3 * * * root -b -q fit.C",
        "0 3 * * * postgres -D /srv/db",
        "0 3 * * * git gc",
        "0 3 * * * news && /usr/bin/b",
        "0 3 * * * sync > /dev/null",
        "0 3 * * * certbot renew",
        "0 3 * * * php /srv/cron.php",
        "0 3 * * * cronic /usr/local/bin/backup",
        "0 3 * * * docker exec app php artisan",
        "0 3 * * * npm test",
        // What holds for one job only, is a program.
        "0 3 * * * logcheck /usr/sbin/x\n0 4 * * * /usr/bin/y",
        "# the user command is run at three\n0 3 * * * tidy all",
    ]);
}

#[test]
fn a_job_in_the_value_of_a_variable_is_told() {
    warns(&[
        ("TZ=America/New_York 0 9 * * * /bin/report", "1:21 job-in-variable"),
        ("FOO = bar @daily report", "1:11 job-in-variable"),
        ("FOO=*/5 * * * * report", "1:5 job-in-variable"),
        ("FO\u{7}O=*/5 * * * * report", "1:6 job-in-variable"),
        ("MODE=fast 0 0 9 * * mon-fri report", "1:11 job-in-variable"),
    ]);
    fine(&[
        "KEEP=7 4 12 1 2",
        "KEEP=7 4 12 1 2 3",
        "KEEP=7 4 12 1 2 3 4 5",
        "KEEP=7 4 12 1 2 days",
        "PORTS=22 80 443 8080 9090 host",
        "GREETING=hello * world",
        "SCHEDULE=0 9 * * *",
        "TEXT='TZ 0 9 * * * report'",
        "CRON_TZ=America/New_York 0 9 * * * report",
    ]);
}

#[test]
fn a_command_that_a_percent_sign_cuts_is_told() {
    warns(&[
        ("@daily date +%F", "1:14 command-cut"),
        ("@daily tar cf /b/`date +%Y`.tar /x", "1:25 command-cut"),
        ("@daily cp a \"$(date '+%F')\"", "1:23 command-cut"),
        ("@daily echo 'it is 5%'", "1:21 command-cut"),
        ("@daily sleep $((RANDOM % 600)) && x", "1:24 command-cut"),
        ("@daily x || %y", "1:13 command-cut"),
        ("@daily while true; do echo 5%; done", "1:29 command-cut"),
        ("@daily if [ -d x ]; then ls%a; fi", "1:28 command-cut"),
    ]);
    fine(&[
        "@daily mail ops%hi",
        "@daily mail -s \"it's (here\" ops%it's `open",
        "@daily echo $(date) `x` ${y}%z",
        "@daily date +\\%F",
        "@daily x & %y",
        "@daily if x; then y; fi%z",
        "@daily echo if do case%z",
        "@daily for f in a b; do x; done%z",
        "@daily x # it's%y",
    ]);
}

#[test]
fn what_a_crontab_does_not_do_is_told() {
    warns(&[
        ("@daily x && \\\n  Y=1\n@daily z", "1:13 line-continued, 2:3 line-continued"),
        ("A=b \\\n@daily z", "1:5 line-continued"),
        ("PATH=$HOME/bin:$PATH", "1:6 not-expanded"),
        ("DIR=\"/srv/${NAME}\"", "1:11 not-expanded"),
        ("DAY=`date`", "1:5 not-expanded"),
        ("MAILTO=root", "1:8 without-effect"),
        ("RANDOM_DELAY=30\nSTART_HOURS_RANGE=3-22", "1:14 without-effect, 2:19 without-effect"),
        ("SHELL=/no/such/shell", "1:7 no-such-shell"),
        ("TZ=Europe/Berlin\n0 9 * * * x", "1:4 tz-of-jobs"),
        ("@every 1h 30m backup", "1:11 period-in-command"),
        ("0 9 * * * -ns backup", "1:11 flag-as-command"),
    ]);
    fine(&[
        "@daily x \\\\",
        "# a comment \\\n@daily x",
        "MAILTO=\"\"",
        "RANDOM_DELAY=0",
        "PASS='pa$WORD'",
        "PRICE=5$",
        "COST=$5",
        "SHELL=/bin/sh",
        "SHELL=sh",
        "TZ=Europe/Berlin\n*/5 * * * * x\n@reboot y",
        "TZ=Europe/Berlin\nCRON_TZ=Europe/Berlin\n0 9 * * * x",
        "0 9 * * * x\nTZ=Europe/Berlin\n0 9 * * * UTC x",
        "@every 1h30m backup",
        "@every 2w from 2026-11-23 backup",
        "@daily 30m backup",
        "-0 9 * * * backup",
    ]);
}

#[test]
fn the_same_job_twice_is_told() {
    warns(&[
        ("0 9 * * * x\n# once more\n0 9 * * *  x", "3:1 same-line-twice"),
        ("0 9 * * * x\n-0 9 * * * x", "2:2 same-line-twice"),
        ("0 9 * * * x\n0 9 * * * x\n0 9 * * * x", "2:1 same-line-twice, 3:1 same-line-twice"),
    ]);
    fine(&[
        "0 9 * * * x\n0 10 * * * x",
        "A=1\n0 9 * * * x\nA=2\n0 9 * * * x",
        "CRON_TZ=EST5\n0 9 * * * x\nCRON_TZ=CET-1\n0 9 * * * x",
        "# sexton: name=a\n0 9 * * * x\n# sexton: name=b\n0 9 * * * x",
        "# sexton: dir=/a\n0 9 * * * x\n# sexton: dir=/b\n0 9 * * * x",
    ]);
}

#[test]
fn a_sign_that_means_the_opposite_is_told() {
    warns(&[
        ("CRON_TZ=UTC+2\n0 9 * * * x", "1:9 zone-sign"),
        ("CRON_TZ=GMT-5:30\n0 9 * * * x", "1:9 zone-sign"),
        ("CRON_TZ=CET+1CEST\n0 9 * * * x", "1:9 zone-sign"),
        ("CRON_TZ=<+02>+2\n0 9 * * * x", "1:9 zone-sign"),
        ("# sexton: zone=UTC+2\n0 9 * * * x", "2:1 zone-sign"),
        ("CRON_TZ=UTC+2 0 9 * * * x", "1:9 zone-sign"),
    ]);
    fine(&[
        "CRON_TZ=UTC0\n0 9 * * * x",
        "CRON_TZ=UTC+0\n0 9 * * * x",
        "CRON_TZ=EST5EDT\n0 9 * * * x",
        "CRON_TZ=EST+5\n0 9 * * * x",
        "CRON_TZ=EST-10\n0 9 * * * x",
        "CRON_TZ=CET-1CEST,M3.5.0,M10.5.0/3\n0 9 * * * x",
        "CRON_TZ=<+02>-2\n0 9 * * * x",
        "CRON_TZ=<-0330>3:30\n0 9 * * * x",
    ]);
    let said = |zone| sign::opposite(zone).unwrap();
    assert_eq!(said("UTC+2").0, "`UTC+2` is -02:00, behind UTC: POSIX counts from a zone to UTC");
    assert_eq!(said("GMT-5:30").0, "`GMT-5:30` is +05:30, ahead of UTC: POSIX counts from a zone to UTC");
    assert_eq!(said("UTC+2").1, "write `UTC-2` for +02:00, or the name of a place");
    assert_eq!(said("GMT-5:30").1, "write `GMT+5:30` for -05:30, or the name of a place");
}
