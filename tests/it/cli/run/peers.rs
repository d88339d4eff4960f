//! What the documents of supercronic, yacron and cronie say that each does, and what this program does instead or as well.
//! The rows with a crontab are run; the others are what the tests next to this one show.

use super::super::call_with_input;

struct Row {
    /// Whose document, and what it says.
    peer: &'static str,
    /// A crontab of `@reboot` jobs, and the options.
    crontab: &'static str,
    options: &'static [&'static str],
    /// What stdout and the log have in them then, in this order.
    shows: &'static [&'static str],
    hides: &'static [&'static str],
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
        peer: "cronie: jobs overlap themselves (here: --overlap allow; see jobs.rs)",
        crontab: "@reboot true\n",
        options: &["--overlap", "allow"],
        shows: &[" end status=0 "],
        hides: &[],
    },
];

#[test]
fn what_the_peers_document_is_done_or_said() {
    for Row { peer, crontab, options, shows, hides } in ROWS {
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
