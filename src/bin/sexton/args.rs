//! Parses the arguments of a command: flags and other arguments, in any order.

use std::ffi::OsString;

use crate::Failure;

/// A flag that a command accepts.
pub enum Flag {
    /// `--previous`
    Switch(&'static str),
    /// `--count 3` or `--count=3`
    Value(&'static str),
    /// The same, as often as one likes.
    Values(&'static str),
}

pub struct Args {
    /// The flags and their values, in their order. The value of a switch is empty.
    flags: Vec<(&'static str, String)>,
    /// The arguments that are not flags.
    pub rest: Vec<OsString>,
}

/// The flags that every command accepts, each with its long name.
const EVERYWHERE: [(&str, &str); 4] =
    [("-h", "--help"), ("--help", "--help"), ("-V", "--version"), ("--version", "--version")];

impl Args {
    pub fn read(args: impl Iterator<Item = OsString>, known: &[&[Flag]]) -> Result<Args, Failure> {
        let mut args = args;
        let mut read = Args { flags: Vec::new(), rest: Vec::new() };
        while let Some(arg) = args.next() {
            let text = arg.to_string_lossy();
            if text == "--" {
                read.rest.extend(args);
                break;
            }
            // `-1` and `-*/5` begin an expression that has a mistake.
            let is_flag = |rest: &str| rest.starts_with(|c: char| c == '-' || c.is_alphabetic());
            if !text.strip_prefix('-').map_or(false, is_flag) {
                read.rest.push(arg);
                continue;
            }
            let (name, value) = match text.split_once('=') {
                Some((name, value)) => (name, Some(value.to_string())),
                None => (&*text, None),
            };
            let everywhere = EVERYWHERE.iter().find(|(short, _)| *short == name);
            let flag = known.iter().copied().flatten().find(|flag| flag.name() == name);
            let (name, value) = match (everywhere, flag, value) {
                (Some((_, long)), _, None) => (*long, String::new()),
                (None, Some(Flag::Switch(name)), None) => (*name, String::new()),
                (Some(_), ..) | (None, Some(Flag::Switch(_)), Some(_)) => {
                    return usage(format!("`{name}` takes no value"));
                }
                (None, Some(Flag::Value(name) | Flag::Values(name)), Some(value)) => (*name, value),
                (None, Some(Flag::Value(name) | Flag::Values(name)), None) => {
                    match args.next().map(OsString::into_string) {
                        Some(Ok(value)) if !value.starts_with("--") => (*name, value),
                        Some(Err(_)) => return usage(format!("the value of `{name}` is not UTF-8")),
                        _ => return usage(format!("`{name}` needs a value")),
                    }
                }
                (None, None, _) => return usage(format!("unknown option `{name}`")),
            };
            if read.has(name) && !matches!(flag, Some(Flag::Values(_))) {
                return usage(format!("`{name}` is given twice"));
            }
            read.flags.push((name, value));
        }
        Ok(read)
    }

    pub fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    pub fn value(&self, name: &str) -> Option<&str> {
        self.flags.iter().find(|(flag, _)| *flag == name).map(|(_, value)| &**value)
    }

    /// The values of a flag that may be given several times.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.flags.iter().filter(move |(flag, _)| *flag == name).map(|(_, value)| &**value)
    }
}

impl Flag {
    pub fn name(&self) -> &'static str {
        match self {
            Flag::Switch(name) | Flag::Value(name) | Flag::Values(name) => name,
        }
    }
}

fn usage<T>(problem: String) -> Result<T, Failure> {
    Err(Failure::Usage(problem))
}
