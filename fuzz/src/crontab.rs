//! In whatever file, each mistake and each warning lies inside its line, and each job's schedule too. Without the lines that have mistakes
//! the file has the same jobs and no mistake.
//!
//! The first byte chooses the dialect, and its second half the options. The reader is the program's own.

use std::ffi::OsString;

use sexton::tz::Zone;

use crate::probe::{check_message, check_span};
use crate::program::args::Args;
use crate::program::crontab::{warnings, Crontab};
use crate::program::dialect::{Reading, FLAGS};
use crate::program::mistake::Mistake;

const OPTIONS: [&[&str]; 9] = [
    &[],
    &["--dialect=croniter"],
    &["--dialect=quartz"],
    &["--dialect=cronie"],
    &["--days=and", "--hash-id=job"],
    &["--seconds=last"],
    &["--star-bit"],
    &["--dialect=quartz", "--seconds=last", "--days=or"],
    &["--seconds=none"],
];

pub fn law(data: &[u8]) {
    let Some((&choice, file)) = data.split_first() else { return };
    let options = OPTIONS[usize::from(choice.wrapping_sub(b'0')) % OPTIONS.len()];
    let Ok(args) = Args::read(options.iter().map(OsString::from), &[FLAGS]) else { panic!("{options:?}") };
    let Ok(reading) = Reading::of(&args) else { panic!("{options:?}") };
    let read = |file: &[u8]| Crontab::read(file, &reading, &Zone::from_posix);

    let (crontab, mistakes) = read(file);
    for mistake in &mistakes {
        check_span(&mistake.text, mistake.span.clone());
        check_message(&mistake.message);
        assert!(mistake.in_file("crontab").to_string().starts_with(&format!("crontab:{}:", mistake.line)));
    }
    let mut lines: Vec<&[u8]> = file.split(|&byte| byte == b'\n').collect();
    for job in &crontab.jobs {
        let line = lines[job.line as usize - 1];
        assert!(line.ends_with(job.text.as_bytes()) || line.ends_with(b"\r"));
        check_span(&job.text, job.schedule());
        check_message(job.name());
        assert!(crontab.variables_of(job).len() <= crontab.variables.len());
    }
    for (line, text, warning) in warnings::of(&crontab, &reading) {
        check_span(text, warning.span.clone());
        check_message(&warning.message);
        let shown = warning.in_line(line, text).in_file("crontab").to_string();
        assert!(shown.starts_with(&format!("crontab:{line}:")));
    }

    // That lines end as on Windows is a mistake of all lines.
    if file.contains(&b'\r') {
        return;
    }
    // Only the first line may begin with this mark.
    lines[0] = lines[0].strip_prefix(b"\xef\xbb\xbf").unwrap_or(lines[0]);
    let is_right = |line: usize| mistakes.iter().all(|mistake| mistake.line != line);
    let right: Vec<&[u8]> =
        (1..).zip(lines).filter(|(line, _)| is_right(*line)).map(|(_, line)| line).collect();
    let (rest, mistakes) = read(&right.join(&b'\n'));
    // A day that is drawn anew may be one that its month lacks.
    let is_drawn = |mistake: &Mistake| {
        mistake.message.starts_with("never due") && mistake.text.contains(['~', 'R', 'r'])
    };
    if mistakes.iter().any(is_drawn) {
        return;
    }
    assert!(mistakes.is_empty(), "{mistakes:?} in what had none");
    let jobs = |crontab: &Crontab| {
        let jobs = crontab.jobs.iter();
        let job = jobs.map(|job| (job.text.clone(), job.schedule(), job.command(), job.input()));
        job.collect::<Vec<_>>()
    };
    assert_eq!(jobs(&rest), jobs(&crontab));
    assert_eq!(rest.variables, crontab.variables);
}
