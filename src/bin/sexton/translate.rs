//! `sexton translate`: writes an expression for another cron.

use sexton::cron::Dialect;

use crate::args::{Args, Flag};
use crate::dialect::{self, Reading};
use crate::{expression, say, tell, Command, Failure};

pub const COMMAND: Command = Command {
    name: "translate",
    help: HELP,
    flags: &[&[Flag::Value("--to")], dialect::FLAGS],
    run: translate,
};

const HELP: &str = concat!(
    "\
usage: sexton translate EXPR [OPTION ...]

Writes an expression with the same meaning in the dialect that --to names, or says why this is not
possible. Without --to, prints a line for each dialect, `NAME: EXPR`, and on stderr the reasons for
those that are not possible. The default dialect is always possible, if necessary with switches
before the fields: `days=and 0 0 13 * fri`.

    --to NAME         default, croniter, quartz, cron, eventbridge or cronie
",
    dialect::help!(),
    "

Exit status: 0 if a translation was printed; 1 if there is none in the dialect of --to, or if the
expression has a mistake; 2 if the command line has one.
"
);

fn translate(args: &Args) -> Result<(), Failure> {
    let reading = Reading::of(args)?;
    let to = args.value("--to").map(dialect::named).transpose()?;
    let (text, zone) = expression::with_zone(&args.rest)?;
    if let Some(zone) = zone {
        let problem = format!("found the zone `{zone}`, expected the fields alone: zones are not translated");
        return Err(Failure::Error(1, problem));
    }
    let cron = reading.parse(&text)?;
    let written = |dialect: Dialect| match cron.in_dialect(dialect) {
        Err(_) if dialect == Dialect::DEFAULT => Ok(cron.to_string()),
        written => written.map(|translated| translated.to_string()),
    };
    let say_written = |dialect: Dialect, text: &str, line: &str| {
        say(line)?;
        let findings = dialect.lint(text).filter(|finding| finding.code() == "quartz-needs-question-mark");
        findings.for_each(|finding| tell(&format!("sexton: warning: {finding}")));
        Ok(())
    };
    if let Some(dialect) = to {
        return match written(dialect) {
            Ok(translated) => say_written(dialect, &translated, &translated),
            Err(error) => Err(Failure::Error(1, error.to_string())),
        };
    }
    for dialect in Dialect::ALL {
        match written(dialect) {
            Ok(translated) => say_written(dialect, &translated, &format!("{dialect}: {translated}"))?,
            Err(error) => tell(&format!("sexton: {error}")),
        }
    }
    Ok(())
}
