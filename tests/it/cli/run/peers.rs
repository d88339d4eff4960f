//! What the documents of supercronic, yacron and cronie say that each does, and what this program does instead or as well.
//! The rows with a crontab are run. The others name tests that show it.

use std::fs;
use std::path::Path;

use super::super::call_with_input;

struct Row {
    /// Whose document, and what it says.
    peer: &'static str,
    /// A crontab that ends by itself, and the options.
    crontab: &'static str,
    options: &'static [&'static str],
    /// What stdout and the log have in them then, in this order; without a crontab, the tests.
    shows: &'static [&'static str],
    hides: &'static [&'static str],
}

const fn tested(peer: &'static str, tests: &'static [&'static str]) -> Row {
    Row { peer, crontab: "", options: &[], shows: tests, hides: &[] }
}

const ROWS: &[Row] = &[
    Row {
        peer: "supercronic: logs to stderr, with the job's exit status",
        crontab: "@reboot exit 3\n",
        options: &[],
        shows: &[" fail status=3 "],
        hides: &[" end "],
    },
    Row {
        peer: "supercronic: -json logs JSON, an object a line",
        crontab: "@reboot true\n",
        options: &["--log", "json"],
        shows: &["\"event\":\"start\"", "\"event\":\"end\""],
        hides: &[" start "],
    },
    Row {
        peer:
            "supercronic: -passthrough-logs leaves the output as it is (here: unless --output says otherwise)",
        crontab: "@reboot echo as it is\n",
        options: &[],
        shows: &["as it is\n"],
        hides: &["] as it is"],
    },
    Row {
        peer: "supercronic: -quiet logs failures only",
        crontab: "@reboot true\n@reboot false\n",
        options: &["--quiet"],
        shows: &[" fail status=1 "],
        hides: &[" start ", " end "],
    },
    Row {
        peer: "supercronic: the environment of the container reaches jobs (yacron, too)",
        crontab: "@reboot echo zone $TZ\n",
        options: &[],
        shows: &["zone UTC0\n"],
        hides: &[],
    },
    Row {
        peer: "supercronic: CRON_TZ is the zone of the schedules, and TZ that of the jobs",
        crontab: "CRON_TZ=XXX5\nTZ=YYY-7\n@reboot echo $TZ\n",
        options: &[],
        shows: &["YYY-7\n"],
        hides: &[],
    },
    Row {
        peer: "supercronic: a sixth field is that of the seconds",
        crontab: "* * * * * * echo tick; kill $PPID\n",
        options: &[],
        shows: &["tick\n", " end status=0 "],
        hides: &[],
    },
    Row {
        peer: "supercronic: a job that still runs is not started again, which is logged (yacron: Forbid)",
        crontab: "@every 100ms sleep 2\n@reboot sleep 1; kill $PPID\n",
        options: &[],
        shows: &[" missed count=1 why=\"still running\" "],
        hides: &[],
    },
    Row {
        peer: "supercronic: at SIGTERM it waits for the jobs that run (here: for --grace)",
        crontab: "@reboot sleep 0.3; kill $PPID; sleep 0.3; echo done\n",
        options: &[],
        shows: &["done\n", " stop running=1 ", "all jobs ended by themselves"],
        hides: &[" term "],
    },
    Row {
        peer: "supercronic: variables of the crontab are taken as they are (cronie, too)",
        crontab: "A=1\nB=$A\n@reboot echo \"B is $B\"\n",
        options: &[],
        shows: &["B is $A\n"],
        hides: &[],
    },
    tested(
        "supercronic: SIGUSR2 and -inotify read the crontab again (cronie: a change and SIGHUP)",
        &["each_way_to_ask_for_it_reads_the_crontab_again", "a_new_version_of_a_config_map_is_noticed"],
    ),
    tested(
        "supercronic: -test reads the crontab and runs nothing (here: check)",
        &["a_likely_mistake_is_a_warning"],
    ),
    tested("supercronic: as process 1 it collects orphans", &["process_1_collects_orphans"]),
    tested(
        "supercronic: -overlapping lets jobs overlap themselves (yacron: Allow; Replace is not there)",
        &["overlapping_runs_are_skipped_queued_or_allowed"],
    ),
    tested(
        "yacron: schedules are in UTC unless they say otherwise (here: local; UTC if there is no local zone)",
        &["without_any_local_zone_jobs_go_by_utc_and_the_first_line_says_so"],
    ),
    tested(
        "yacron: killTimeout is from TERM to KILL (here: five seconds)",
        &["a_second_signal_ends_the_grace_and_a_third_kills"],
    ),
    Row {
        peer: "yacron: failsWhen makes output a failure (here: the exit status alone does)",
        crontab: "@reboot echo out; echo err >&2\n",
        options: &[],
        shows: &["out\n", " end status=0 "],
        hides: &[" fail "],
    },
    Row {
        peer: "yacron: onFailure.retry tries again with growing pauses",
        crontab: "@reboot exit 1\n",
        options: &["--retry", "1"],
        shows: &[" fail status=1 ", "attempt=1", " retry in=1.000s ", " fail status=1 ", "attempt=2"],
        hides: &["attempt=3"],
    },
    Row {
        peer: "yacron: executionTimeout ends a job that takes too long, TERM first",
        crontab: "# sexton: time-limit=100ms\n@reboot exec sleep 100\n",
        options: &[],
        shows: &[" term why=\"time limit\" ", " fail signal=15 "],
        hides: &[" kill "],
    },
    Row {
        peer: "yacron: output is captured with the job's name before each line",
        crontab: "# sexton: name=hello\n@reboot echo there\n",
        options: &["--output", "prefix"],
        shows: &["[hello] there\n"],
        hides: &[],
    },
    Row {
        peer: "cronie: the text after % is the job's stdin, and SHELL its shell",
        crontab: "SHELL=/bin/sh\n@reboot cat%one%two\n",
        options: &[],
        shows: &["one\ntwo\n"],
        hides: &[],
    },
    Row {
        peer: "cronie: a line that begins with `-` is not logged (here: unless it fails)",
        crontab: "-@reboot true\n-@reboot exit 5\n",
        options: &[],
        shows: &[" fail status=5 "],
        hides: &[" start ", " end "],
    },
    Row {
        peer: "cronie: a job has no terminal to read from (here: nothing at all)",
        crontab: "@reboot read x || echo nothing\n",
        options: &[],
        shows: &["nothing\n"],
        hides: &[],
    },
    Row {
        peer: "cronie: jobs begin in HOME (here: where the program is, or in dir=)",
        crontab: "HOME=/tmp\n# sexton: dir=/\n@reboot pwd; echo at home in $HOME\n",
        options: &[],
        shows: &["/\nat home in /tmp\n"],
        hides: &[],
    },
    Row {
        peer: "cronie: what jobs write is mailed to MAILTO (here: it stays where it is)",
        crontab: "MAILTO=ops\n@reboot echo written\n",
        options: &[],
        shows: &["written\n", " end status=0 "],
        hides: &[],
    },
    tested("cronie: @reboot jobs are run once a boot", &["reboot_jobs_are_run_once_a_boot_with_a_journal"]),
    tested(
        "cronie: /etc/cron.d has crontabs (here: with the names of run-parts)",
        &["a_folder_is_one_crontab_without_the_files_that_run_parts_would_not_run"],
    ),
    Row {
        peer: "cronie: jobs overlap themselves (here: --overlap allow; see jobs.rs)",
        crontab: "@reboot true\n",
        options: &["--overlap", "allow"],
        shows: &[" end status=0 "],
        hides: &[],
    },
];

/// The text of all tests in a folder.
fn sources(folder: &Path) -> String {
    let text = |path: &Path| match path.is_dir() {
        true => sources(path),
        false => fs::read_to_string(path).unwrap(),
    };
    fs::read_dir(folder).unwrap().map(|entry| text(&entry.unwrap().path())).collect()
}

#[test]
fn what_the_peers_document_is_done_or_said() {
    let tests = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/cli"));
    for Row { peer, crontab, options, shows, hides } in ROWS {
        if crontab.is_empty() {
            let is_there = |test: &&str| tests.contains(&format!("\nfn {test}()"));
            assert!(shows.iter().all(is_there), "{peer}: no test {shows:?}");
            continue;
        }
        let (status, stdout, stderr) = call_with_input(&[&["run", "-"], *options].concat(), crontab);
        assert_eq!(status, 0, "{peer}: {stderr}");
        let all = format!("{stdout}{stderr}");
        let mut rest = &*all;
        for shown in *shows {
            rest = rest.split_once(shown).unwrap_or_else(|| panic!("{peer}: no `{shown}` in\n{all}")).1;
        }
        hides.iter().for_each(|hidden| assert!(!all.contains(hidden), "{peer}: `{hidden}` in\n{all}"));
    }
}
