//! `sexton translate`: a schedule written for another cron.

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

The same schedule as the cron that --to names would write it, or why it cannot. Without --to, a
line for each that can, `NAME: EXPR`, and on stderr why the others cannot. The default dialect
always can; where it must, with switches before the fields: `days=and 0 0 13 * fri`.

    --to NAME         default, croniter, quartz or cronie
",
    dialect::help!(),
    "

Exit status: 0 if it has been written, or without --to; 1 if it cannot be, or if the expression has
a mistake; 2 if the command line has one.
"
);

fn translate(args: &Args) -> Result<(), Failure> {
    let reading = Reading::of(args)?;
    let to = args.value("--to").map(dialect::named).transpose()?;
    let text = expression::text(&args.rest)?;
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
