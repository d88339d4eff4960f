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
line for each that can, `NAME: EXPR`, and on stderr why the others cannot.

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
    if let Some(dialect) = to {
        return match cron.in_dialect(dialect) {
            Ok(translated) => say(&translated.to_string()),
            Err(error) => Err(Failure::Error(1, error.to_string())),
        };
    }
    for dialect in Dialect::ALL {
        match cron.in_dialect(dialect) {
            Ok(translated) => say(&format!("{dialect}: {translated}"))?,
            Err(error) => tell(&format!("sexton: {error}")),
        }
    }
    Ok(())
}
