//! Reads what Prometheus reads, more strictly than it does.

use std::collections::{BTreeMap, BTreeSet};

/// A series, with its name and its labels as they are written, and its value.
pub type Series = BTreeMap<String, f64>;

/// Reads a page of metrics. It panics if something is not as it ought to be.
#[track_caller]
pub fn series_of(page: &str) -> Series {
    read(page).unwrap_or_else(|problem| panic!("{problem}\n{page}"))
}

fn read(page: &str) -> Result<Series, String> {
    let mut series = Series::new();
    let mut families = BTreeSet::new();
    // The current family: its name and type.
    let mut family: Option<(String, String)> = None;
    let mut described: Option<String> = None;
    if !page.ends_with('\n') || page.contains(|c: char| c.is_control() && c != '\n') {
        return Err("expected lines without control characters".into());
    }
    for line in page.lines() {
        let wrong = |what: &str| Err(format!("{what}: {line}"));
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').ok_or("no help")?;
            if !help.ends_with('.') || !families.insert(name.to_string()) {
                return wrong("a second family, or no sentence");
            }
            described = Some(name.into());
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').ok_or("no type")?;
            if described.as_deref() != Some(name) || !["counter", "gauge", "histogram"].contains(&kind) {
                return wrong("a type without help, or none");
            }
            if (kind == "counter") != name.ends_with("_total") {
                return wrong("counters end with `_total`, and they alone");
            }
            family = Some((name.into(), kind.into()));
        } else {
            let (name, kind) = family.as_ref().ok_or("a series before its family")?;
            let (written, value) = line.rsplit_once(' ').ok_or("no value")?;
            let own = written.split('{').next().unwrap_or_default();
            let parts: &[&str] = if kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
            if !own.strip_prefix(&**name).map_or(false, |part| parts.contains(&part)) || !is_name(own, true) {
                return wrong("a series outside of its family");
            }
            let labels = labels(&written[own.len()..]).ok_or_else(|| format!("labels: {line}"))?;
            if labels.contains_key("le") != own.ends_with("_bucket") || labels.contains_key("job") {
                return wrong("a label that it may not have, or not lack");
            }
            let number: f64 = value.parse().map_err(|_| format!("no number: {line}"))?;
            if !number.is_finite() || kind != "gauge" && number < 0.0 {
                return wrong("no such number");
            }
            if series.insert(written.into(), number).is_some() {
                return wrong("a series that there is already");
            }
        }
    }
    check_histograms(page, &series)?;
    Ok(series)
}

fn is_name(text: &str, with_colon: bool) -> bool {
    let is_fine = |c: char| c.is_ascii_alphanumeric() || c == '_' || with_colon && c == ':';
    text.starts_with(|c: char| !c.is_ascii_digit()) && text.chars().all(is_fine)
}

/// `{a="b",c="d"}`, with escapes in the values.
fn labels(text: &str) -> Option<BTreeMap<String, String>> {
    let mut labels = BTreeMap::new();
    if text.is_empty() {
        return Some(labels);
    }
    let mut rest = text.strip_prefix('{')?.strip_suffix('}')?;
    loop {
        let (name, after) = rest.split_once("=\"")?;
        let mut value = String::new();
        let mut chars = after.char_indices();
        let end = loop {
            match chars.next()? {
                (at, '"') => break at,
                (_, '\\') => value.push(match chars.next()?.1 {
                    'n' => '\n',
                    c @ ('\\' | '"') => c,
                    _ => return None,
                }),
                (_, c) => value.push(c),
            }
        };
        if !is_name(name, false) || labels.insert(name.into(), value).is_some() {
            return None;
        }
        match &after[end + 1..] {
            "" => return Some(labels),
            more => rest = more.strip_prefix(',')?,
        }
    }
}

/// Buckets come in their order and do not fall; the last one is that of all, and as large as the count.
fn check_histograms(page: &str, series: &Series) -> Result<(), String> {
    let mut before: Option<(String, f64, f64)> = None;
    for line in page.lines().filter(|line| !line.starts_with('#') && line.contains("_bucket{")) {
        let written = line.rsplit_once(' ').unwrap().0;
        let (start, rest) = written.split_once("le=\"").unwrap();
        let bound = rest.strip_suffix("\"}").ok_or("`le` is the last label")?;
        let (bound, count): (f64, f64) = (bound.parse().map_err(|_| "no bound")?, series[written]);
        if let Some((other, lower, fewer)) = &before {
            let is_same = other == start;
            if is_same && (bound <= *lower || count < *fewer) {
                return Err(format!("buckets that fall: {line}"));
            }
            if !is_same && *lower != f64::INFINITY {
                return Err(format!("buckets without the last one, before: {line}"));
            }
        }
        if bound == f64::INFINITY {
            let all = start.replace("_bucket{", "_count{").replace(",}", "}");
            let all =
                all.trim_end_matches([',', '{']).to_string() + if start.ends_with('{') { "" } else { "}" };
            if series.get(&all) != Some(&count) || !series.contains_key(&all.replace("_count", "_sum")) {
                return Err(format!("another count, or no sum: {line}, {all}"));
            }
        }
        before = Some((start.into(), bound, count));
    }
    match before {
        Some((_, bound, _)) if bound != f64::INFINITY => Err("the last buckets are not all".into()),
        _ => Ok(()),
    }
}

#[test]
fn the_reader_of_metrics_can_fail() {
    let good = "# HELP a_total A.\n# TYPE a_total counter\na_total{x=\"\\\"\\\\\\n\"} 1\n# HELP h H.\n# TYPE h histogram\n\
                h_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3.5\nh_count 2\n\
                h_bucket{x=\"y\",le=\"+Inf\"} 0\nh_sum{x=\"y\"} 0\nh_count{x=\"y\"} 0\n";
    assert_eq!(series_of(good).len(), 8);
    for (from, to) in [
        ("# HELP a_total A.\n", ""),
        ("# TYPE a_total counter\n", ""),
        ("counter", "count"),
        ("a_total", "a"),
        ("a_total{", "b_total{"),
        ("a_total{x", "a_total{1x"),
        ("\\n\"}", "\\t\"}"),
        ("\\n\"}", "\""),
        ("} 1\n#", "} one\n#"),
        ("} 1\n#", "} NaN\n#"),
        ("} 1\n#", "} -1\n#"),
        ("} 1\n#", "} 1\na_total{x=\"\\\"\\\\\\n\"} 2\n#"),
        ("# HELP h", "# HELP a_total"),
        ("h_bucket{le=\"1\"} 1", "h_bucket{le=\"1\"} 3"),
        ("h_bucket{le=\"+Inf\"} 2\n", ""),
        ("h_count 2", "h_count 1"),
        ("h_sum 3.5\n", ""),
        ("h_sum{x=\"y\"} 0\n", ""),
        ("h_count{x=\"y\"} 0\n", "h_count{x=\"y\"} 0"),
        ("{x=\"\\\"", "{job=\"\\\""),
    ] {
        assert!(good.contains(from));
        assert!(read(&good.replacen(from, to, 1)).is_err(), "{from} {to}");
    }
}
