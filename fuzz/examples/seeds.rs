//! Writes seeds for the fuzz targets into `corpus/`: inputs made of rows of the main package's tables in `tests/data`.
//! They have the same names and contents each time.

use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    cron();
    posix();
    tzif();
    crontab();
    next();
    by_hand();
}

/// Of each table so many rows, evenly spread.
const ROWS: usize = 12;

fn cron() {
    let mut seeds = Vec::new();
    for (file, dialect) in [
        ("croniter-next", '1'),
        ("croniter-valid", '1'),
        ("croniter-hash", '1'),
        ("croniter-invalid", '1'),
        ("quartz-next", '2'),
        ("quartz-valid", '2'),
        ("quartz-invalid", '2'),
        ("zslayton-next", '2'),
        ("cronie-expand", '3'),
        ("cronie-invalid", '3'),
        ("croner-next", '0'),
        ("cronos-next", '0'),
        ("cronos-invalid", '0'),
        ("robfig-next", '0'),
        ("ocps", '0'),
    ] {
        seeds.extend(some(rows(file), ROWS).map(|row| format!("{dialect}{}", row[0]).into_bytes()));
    }
    // Steps that end one value before they would be those of the whole field.
    let steps = ["00 0 1-29/2 * *", "00 0 * * 0-4/2", "20 0 0 1-29/2 * ?", "30 0 * 2-12/2 2-6/2"];
    seeds.extend(steps.map(|text| text.as_bytes().to_vec()));
    write("cron", seeds);
}

fn posix() {
    let mut rules: Vec<String> = rows("posix-tz").map(|row| row[0].clone()).collect();
    rules.dedup();
    let invalid = some(rows("posix-tz-invalid"), 30).map(|row| row[0].clone());
    write("posix", some(rules.into_iter(), 90).chain(invalid).map(String::into_bytes));
}

fn tzif() {
    let zones = rows("tzif-files").filter(|row| row[1] == "slim").map(|row| bytes(&row[2]));
    let short = zones.filter(|bytes| bytes.len() < 1500);
    let odd = rows("tzif-corrupt").map(|row| bytes(&row[3])).filter(|bytes| bytes.len() < 1500);
    write("tzif", some(short, ROWS).chain(some(odd, 60)));
}

fn crontab() {
    let lines: Vec<String> =
        ["cronie-expand", "robfig-next", "croniter-valid", "cronos-invalid", "quartz-next"]
            .into_iter()
            .flat_map(|file| some(rows(file), 6))
            .map(|row| format!("{} echo %a\\%b", row[0].trim()))
            .collect();
    let mut files: Vec<String> = (0..8)
        .flat_map(|choice| lines.chunks(5).map(move |lines| format!("{choice}{}\n", lines.join("\n"))))
        .collect();
    for odd in [
        "0# a comment\nMAILTO=\"a b\"\nCRON_TZ=CET-1CEST,M3.5.0,M10.5.0/3\n@every 90s date\n@reboot start % in\n",
        "0CRON_TZ=nowhere\n@daily a\n* * * * mom b\nH 4 * * * c\nX = 'y\nseconds=last 0 9 * * * 30 d\n",
        "3\u{feff}0~30 4 * * * e\r\n*/7 22-2 * * * f\r\n",
    ] {
        files.push(odd.into());
    }
    write("crontab", files.into_iter().map(String::into_bytes));
}

fn next() {
    let rules = [
        "EST5EDT,M3.2.0,M11.1.0",
        "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
        "IST-1GMT0,M10.5.0,M3.5.0/1",
        "EET-2EEST,M4.5.5/0,M10.5.4/24",
        "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
        "A0B-24,J60/0,J62/0",
        "UTC0",
    ];
    let of_zones = some(rows("cron-dst"), 60).map(|row| (row[0].clone(), row[2].clone()));
    let marks = [
        "0 0 L * *",
        "0 12 15W * *",
        "30 1 LW,L-3 * *",
        "0 2 * * fri#2",
        "0 0 1 * sunL",
        "30 */2 29-31 2 *",
        "*/20 * 1 1 * *",
        "0 22-2/2 * 11-2 6-1",
    ];
    let of_marks = marks
        .iter()
        .flat_map(|text| [1_772_900_000_i64, 1_793_400_000].map(|from| (text.to_string(), from.to_string())));
    let seeds = of_zones.chain(of_marks).enumerate();
    write(
        "next",
        seeds.map(|(i, (text, from))| format!("{text}\n{}\n{from}", rules[i % rules.len()]).into_bytes()),
    );
}

/// What no table has.
fn by_hand() {
    let texts = [
        "2026-11-22",
        "0001-01-01",
        "9999-12-31",
        "23:59:59",
        "00:00",
        "2026-02-29",
        "2026-11-22 12:00:30",
        "2026-11-22T12:00",
        "2026-12-31T23:59:30.25+01:00",
        "1969-12-31T23:59:59.999999999Z",
        "2026-01-01T00:00:00-23:59",
        "90s",
        "1h30m",
        "2w",
        "1d12h",
        "1.5s",
        "250ms",
        "1us",
        "1ns",
        "0s",
        "3 days",
        "1 month",
        "-5m",
        "10000000000h",
    ];
    write("text", texts.map(|text| text.as_bytes().to_vec()));
    let journals = [
        "began 1795392000.000000000 report\nended 1795392000.000000000 report\npassed 1795395600.500000000 report\nbeg",
        "last -1.000000001 a b\nasked 5.000000000 a b\nforgot - a b\nlast 7.000000000 \\n\\u{7f}\\\\\n!b1e905c1 ended 0.000000000 x\n",
        "began 1.000000000 a\nbegan 2.000000000 a\nended 1.000000000 a\nbegan 1.0 a\nbegan x\n?passed 3.000000000 a\n?forgot - last\n!\n\n!sexton journal 1\n",
    ];
    write("journal", journals.map(|text| text.as_bytes().to_vec()));
    let requests = [
        "zGET / HTTP/1.1\r\nHost: a\r\nUser-Agent: b\r\nAccept: */*\r\n\r\n",
        "0HEAD /metrics HTTP/1.0\r\n\r\n",
        "7POST /run?job=line%203&from=a+b%ff HTTP/1.1\r\nHost: sexton\r\nContent-Length: 0\r\n\r\n",
        " GET http://a:9100/jobs?from=1000 HTTP/1.1\nhost:\n\nGET / HTTP/1.1\n\n",
        "\u{1}\r\n\r\nOPTIONS /? HTTP/1.1\r\nHost: \u{e9}\t\r\n\r\n",
        "zGET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        "zGET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
        "zPRI * HTTP/2.0\r\n\r\n",
        "z\u{16}\u{3}\u{1}\u{2}",
    ];
    write("http", requests.map(|text| text.as_bytes().to_vec()));
    // Orders are read from whatever bytes there are.
    let mut state = 1_u32;
    let mut byte = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    write("agenda", (1..13).map(|size| (0..size * 60).map(|_| byte()).collect()).collect::<Vec<_>>());
    write("play", (0..12).map(|_| (0..95).map(|_| byte()).collect()).collect::<Vec<_>>());
}

/// The cells of each row of a table, whose README tells the format.
fn rows(file: &str) -> impl Iterator<Item = Vec<String>> {
    let path = root().join("../tests/data").join(file).with_extension("tsv");
    let text = fs::read_to_string(&path).expect("the main package has this table");
    let lines: Vec<String> = text.lines().filter(|line| !line.starts_with('#')).map(String::from).collect();
    lines.into_iter().map(|line| line.split('\t').map(unescape).collect())
}

fn unescape(cell: &str) -> String {
    let escapes =
        [("\\t", "\t"), ("\\n", "\n"), ("\\r", "\r"), ("\\x0b", "\x0b"), ("\\x0c", "\x0c"), ("\\\\", "\\")];
    escapes.iter().fold(cell.to_string(), |cell, (escape, text)| cell.replace(escape, text))
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = (0..hex.len() / 2).map(|i| &hex[2 * i..2 * i + 2]);
    digits.map(|digits| u8::from_str_radix(digits, 16).expect("the table is in hex")).collect()
}

fn some<T>(rows: impl Iterator<Item = T>, count: usize) -> impl Iterator<Item = T> {
    let rows: Vec<T> = rows.collect();
    let step = rows.len().div_ceil(count).max(1);
    rows.into_iter().step_by(step)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).into()
}

fn write(target: &str, seeds: impl IntoIterator<Item = Vec<u8>>) {
    let folder = root().join("corpus").join(target);
    fs::create_dir_all(&folder).expect("the corpus can be written");
    let mut seeds: Vec<Vec<u8>> = seeds.into_iter().collect();
    seeds.sort();
    seeds.dedup();
    for (i, seed) in seeds.iter().enumerate() {
        fs::write(folder.join(format!("row-{i:03}")), seed).expect("the corpus can be written");
    }
}
