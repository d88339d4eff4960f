//! `sexton diff`.

use std::fs;

use super::week::is_well_formed;
use super::*;
use crate::journal::Folder;

const OLD: &str =
    "# sexton: name=backup\n0 3 * * * pg_dump --all\n@daily rotate\n*/20 9-10 * * * poll --secret\n";

/// The program with two crontabs, from a Sunday on.
fn diff(old: &str, new: &str, options: &[&str]) -> (i32, String, String) {
    let folder = Folder::new();
    let path = |name: &str| folder.journal().with_file_name(name);
    fs::write(path("old"), old).unwrap();
    fs::write(path("new"), new).unwrap();
    let (old, new) = (path("old"), path("new"));
    let args = ["diff", old.to_str().unwrap(), new.to_str().unwrap(), "--from", "2026-11-22 12:00"];
    call(&[&args, options].concat())
}

#[track_caller]
fn differs(new: &str, options: &[&str], expected: &str) {
    assert_eq!(diff(OLD, new, options), (1, expected.into(), String::new()));
}

#[test]
fn jobs_are_added_removed_and_changed() {
    differs(
        &OLD.replace("0 3 *", "0 4 *"),
        &["--count", "3"],
        "changed backup: at 03:00 every day -> at 04:00 every day\n    - 2026-11-23T03:00:00Z\n    + 2026-11-23T04:00:00Z\n    \
         - 2026-11-24T03:00:00Z\n    and 11 more\n1 job changed, 2 jobs the same\n",
    );
    differs(
        &OLD.replace("@daily rotate", "0 9 * * 1 report"),
        &["--until", "2026-11-25"],
        "added report: at 09:00 on Mondays\n    + 2026-11-23T09:00:00Z\nremoved rotate: at 00:00 every day\n    \
         - 2026-11-23T00:00:00Z\n    - 2026-11-24T00:00:00Z\n1 job added, 1 job removed, 2 jobs the same\n",
    );
    differs(
        &OLD.replace("pg_dump --all", "pg_dump"),
        &[],
        "changed backup: another command\n1 job changed, 2 jobs the same\n",
    );
    differs("@reboot x\n", &["--count", "0"], "added x: once, when `sexton run` starts\n\
        removed backup: at 03:00 every day\n    and 7 more\nremoved rotate: at 00:00 every day\n    and 7 more\n\
        removed poll …: every 20 minutes from 09:00 to 10:40\n    and 42 more\n1 job added, 3 jobs removed\n");
    // Of several jobs with the same command each is compared with one.
    let twice = diff("0 1 * * * a\n0 2 * * * a\n", "0 1 * * * a\n", &["--until", "2026-11-23 12:00"]);
    let gone = "removed a: at 02:00 every day\n    - 2026-11-23T02:00:00Z\n1 job removed, 1 job the same\n";
    assert_eq!(twice, (1, gone.into(), String::new()));
    // With one that is due at the same times, if there is one.
    let (old, new) = ("0 1 * * * a\n0 2 * * * a\n", "0 3 * * * a\n0 2 * * * a\n0 4 * * * a\n0 1 * * * a\n");
    let added = diff(old, new, &["--until", "2026-11-23 12:00"]);
    let come = "added a: at 03:00 every day\n    + 2026-11-23T03:00:00Z\nadded a: at 04:00 every day\n    \
                + 2026-11-23T04:00:00Z\n2 jobs added, 2 jobs the same\n";
    assert_eq!(added, (1, come.into(), String::new()));
}

#[test]
fn what_fires_at_the_same_times_is_the_same() {
    let same = |old: &str, new: &str, options: &[&str], jobs: &str| {
        assert_eq!(diff(old, new, options), (0, format!("{jobs} the same\n"), String::new()));
    };
    same(OLD, OLD, &[], "3 jobs");
    // In another order, with other comments, and written otherwise.
    let other = "# moved\n0,20,40 9,10 * * * poll --secret\n0 0 * * * rotate\n# sexton: name=backup\n0 3 * * * pg_dump --all\n";
    same(OLD, other, &[], "3 jobs");
    same("0 3 * * * a\n0 4 * * * a\n", "0 4 * * * a\n0 3 * * * a\n", &[], "2 jobs");
    // It differs later.
    same("0 3 * * * a\n", "0 3 * 1-11 * a\n", &[], "1 job");
    same("@every 1h a\n", "@every 60m a\n", &[], "1 job");
}

#[test]
fn expressions_and_zones_are_compared_too() {
    let from = "--from|2026-11-22T12:00Z|--until|2026-11-24T00:00Z";
    let call = |args: &str| call(&format!("{args}|{from}").split('|').collect::<Vec<_>>());
    assert_eq!(call("diff|0 9 * * 1|0 9 * * mon"), (0, "1 job the same\n".into(), String::new()));
    let zones = "changed 0 9 * * *: UTC -> EST5\n    + 2026-11-22T09:00:00-05:00\n    - 2026-11-23T04:00:00-05:00\n    \
                 + 2026-11-23T09:00:00-05:00\n1 job changed\n";
    assert_eq!(call("diff|0 9 * * * UTC|CRON_TZ=EST5 0 9 * * *"), (1, zones.into(), String::new()));
}

#[test]
fn mistakes_are_trouble() {
    let usage = "usage: sexton diff OLD NEW [OPTION ...]\nsee `sexton diff --help`\n";
    let two = "sexton: expected two crontabs, or two expressions in quotes\n";
    fails("diff|@daily", 2, &format!("{two}{usage}"));
    fails("diff|@daily|@daily|@daily", 2, &format!("{two}{usage}"));
    fails(
        "diff|@daily|@daily|--count|x",
        2,
        &format!("sexton: `--count`: found `x`, expected a number\n{usage}"),
    );
    let (status, _, stderr) = diff(OLD, "61 * * * * x\n", &[]);
    assert!(status == 2 && stderr.contains("new:1:1: minute: no such value `61`"), "{stderr}");
    assert_eq!(call(&["diff", "@daily", "0 9 * *"]).0, 2);
    assert_eq!(diff(OLD, OLD, &["--until", "never"]).0, 2);
    assert_eq!(diff(OLD, OLD, &["--svg", "no/such/folder/x"]).0, 2);
    // A span without a length is one, and one that ends before it begins is none.
    assert_eq!(diff(OLD, "@daily x\n", &["--until", "2026-11-22 12:00"]).0, 1);
    let reversed = "--until `2026-11-01` is before --from `2026-11-22 12:00`: expected a later time";
    let (status, stdout, stderr) = diff(OLD, OLD, &["--until", "2026-11-01"]);
    assert_eq!((status, &*stdout, stderr), (2, "", format!("sexton: {reversed}\n{usage}")));
    let past = "--until `2000-01-01` is before now: expected a later time";
    fails("diff|@daily|@hourly|--until|2000-01-01", 2, &format!("sexton: {past}\n{usage}"));
}

#[test]
fn a_drawing_shows_what_goes_and_what_comes() {
    let (status, drawing, _) = diff(OLD, &OLD.replace("@daily", "@hourly"), &["--svg", "-"]);
    assert_eq!(status, 1);
    is_well_formed(&drawing);
    for text in [
        "1 job changed, 2 jobs the same",
        "@media(prefers-color-scheme:dark)",
        ">rotate<",
        ">+161<",
        ">11-23<",
    ] {
        assert!(drawing.contains(text), "{text}: {drawing}");
    }
    let (status, drawing, _) = diff(OLD, OLD, &["--svg", "-", "--until", "2026-11-22 12:05"]);
    assert!(
        status == 0 && drawing.contains("nothing fires differently") && drawing.contains(">12:01<"),
        "{drawing}"
    );
    is_well_formed(&drawing);
}
