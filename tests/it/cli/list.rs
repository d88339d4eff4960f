//! `sexton list`, and `sexton next` with a crontab.

use super::*;

const CRONTAB: &str =
    "# sexton: name=monday\n0 3 * * 1 a\n*/20 * * * * b --secret\n@every 90m c\n@reboot d\n";

fn list(args: &[&str]) -> (i32, String, String) {
    call_with_input(&[args, &["--from", "2026-11-29 12:00"]].concat(), CRONTAB)
}

#[test]
fn jobs_are_listed_in_the_order_in_which_they_are_due() {
    let lines = [
        "2026-11-29T12:20:00Z 2026-11-29T12:00:00Z line 3: every 20 minutes\n",
        "2026-11-29T13:30:00Z - line 4: every 1h30m\n",
        "2026-11-30T03:00:00Z 2026-11-23T03:00:00Z monday: at 03:00 on Mondays\n",
        "- - line 5: once, when `sexton run` starts\n",
    ];
    assert_eq!(list(&["list", "-"]), (0, lines.concat(), String::new()));
    assert_eq!(list(&["list", "-", "--until", "2026-11-29 14:00"]).1, lines[..2].concat());
    let json = list(&["list", "-", "--json"]).1;
    let monday = "{\"job\":\"monday\",\"line\":2,\"next\":\"2026-11-30T03:00:00Z\",\"previous\":\"2026-11-23T03:00:00Z\",\
                  \"schedule\":\"0 3 * * 1\",\"words\":\"at 03:00 on Mondays\"}";
    assert_eq!(json.lines().nth(2), Some(monday));
    assert!(json.lines().nth(3).unwrap().contains("\"next\":null,\"previous\":null"), "{json}");
}

#[test]
fn a_grid_has_a_previous_time_once_it_has_begun() {
    let list = |from: &str| {
        let crontab = "@every 2w from 2026-11-23 09:00 a\n";
        call_with_input(&["list", "-", "--zone", "CET-1CEST,M3.5.0,M10.5.0/3", "--from", from], crontab).1
    };
    let words = "line 1: every 2w from 2026-11-23T09:00:00 on";
    let [before, begin, second, third] =
        ["-", "2026-11-23T09:00:00+01:00", "2026-12-07T09:00:00+01:00", "2026-12-21T09:00:00+01:00"];
    assert_eq!(list("2026-11-23 08:59"), format!("{begin} {before} {words}\n"));
    assert_eq!(list("2026-11-23 09:00"), format!("{second} {begin} {words}\n"));
    assert_eq!(list("2026-12-20 00:00"), format!("{third} {second} {words}\n"));
}

#[test]
fn a_crontab_has_a_time_line() {
    let tonight = "2026-11-29T12:20:00Z line 3: b …\n2026-11-29T12:40:00Z line 3: b …\n2026-11-29T13:00:00Z line 3: b …\n\
                   2026-11-29T13:20:00Z line 3: b …\n2026-11-29T13:30:00Z line 4: c\n";
    assert_eq!(list(&["next", "-"]), (0, tonight.into(), String::new()));
    let until = list(&["next", "-", "--until", "2026-11-29 12:59:59", "--format", "civil"]).1;
    assert_eq!(until, "2026-11-29T12:20:00 line 3: b …\n2026-11-29T12:40:00 line 3: b …\n");
    for command in ["next", "list"] {
        let (status, stdout, stderr) = list(&[command, "-", "--until", "2026-11-28"]);
        let reversed = "--until `2026-11-28` is before --from `2026-11-29 12:00`: expected a later time";
        assert!(status == 2 && stdout.is_empty() && stderr.contains(reversed), "{command}: {stderr}");
    }
    assert_eq!(call_with_input(&["next", "-"], "61 * * * * x\n").0, 1);
    let json = list(&["next", "-", "--json", "--count", "5"]).1;
    assert_eq!(json.lines().last(), Some("{\"due\":\"2026-11-29T13:30:00Z\",\"job\":\"line 4\",\"line\":4}"));
    let expression =
        call(&["next", "0 * * * *", "--from", "2026-11-29 12:00", "--until", "2026-11-29 14:00"]);
    assert_eq!(expression.1, "2026-11-29T13:00:00Z\n2026-11-29T14:00:00Z\n");
}
