//! The man page and the completions for shells are written here, from the help texts and the tables of options. The tests
//! compare them with the files. To write these anew: `SEXTON_WRITE=1 cargo test --bins`.

use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs};

use super::*;

/// What else than a file may follow an option.
const VALUES: [(&str, &str); 9] = [
    ("--claim-failure", "skip run retry"),
    ("--dialect", "default croniter quartz cron eventbridge cronie"),
    ("--to", "default croniter quartz cron eventbridge cronie"),
    ("--days", "and or"),
    ("--seconds", "first last none"),
    ("--format", "rfc3339 civil unix"),
    ("--log", "text json"),
    ("--output", "plain prefix json"),
    ("--overlap", "skip queue allow"),
];

fn options(command: &Command) -> Vec<&'static str> {
    let flags = command.flags.iter().copied().flatten().map(Flag::name);
    flags.chain(["--help", "--version"]).collect()
}

#[track_caller]
fn is_in_file(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    if env::var_os("SEXTON_WRITE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == text, "docs/{name} is out of date: `SEXTON_WRITE=1 cargo test --bins` writes it");
}

#[test]
fn each_option_is_in_the_help_text_and_each_in_there_is_an_option() {
    for command in COMMANDS {
        let known = options(&command);
        for option in known.iter().filter(|option| !["--help", "--version"].contains(option)) {
            assert!(command.help.contains(option), "{} {option}", command.name);
        }
        // A line of the table of options begins with one, or with two.
        let described = command.help.lines().filter_map(|line| line.strip_prefix("    --"));
        for line in described {
            let words = line.split("  ").next().unwrap().split(' ');
            for word in std::iter::once(line.split(' ').next().unwrap())
                .chain(words.filter_map(|word| word.strip_prefix("--")))
            {
                assert!(known.contains(&&*format!("--{word}")), "{}: --{word}", command.name);
            }
        }
    }
    for (option, _) in VALUES {
        assert!(COMMANDS.iter().any(|command| options(command).contains(&option)), "{option}");
    }
}

#[test]
fn the_values_that_are_completed_are_those_that_an_option_takes() {
    for (option, values) in VALUES {
        let command = COMMANDS.iter().find(|command| options(command).contains(&option)).unwrap();
        // Without `--claim`, the others of it are a mistake.
        let claim = option.starts_with("--claim").then_some("--claim=x");
        let wrong = format!("{option}=?");
        let args = [&wrong, "@daily"].into_iter().chain(claim).map(OsString::from);
        let problem = match run_command(command, args) {
            Err(Failure::Usage(problem)) => problem,
            _ => panic!("`{wrong}` is no mistake"),
        };
        let expected = problem.split_once("expected ").unwrap().1;
        assert_eq!(expected.replace(" or ", " ").replace(&[',', '`'][..], ""), values, "{option}");
    }
}

/// A text as it is, for `man`.
fn verbatim(text: &str) -> String {
    let line = |line: &str| {
        let line = line.replace('\\', "\\e").replace('-', "\\-").replace('`', "\\(ga").replace('\'', "\\(aq");
        if line.starts_with('.') {
            return format!("\\&{line}\n");
        }
        format!("{line}\n")
    };
    format!(".nf\n{}.fi\n", text.trim_end().lines().map(line).collect::<String>())
}

#[test]
fn the_man_page_has_the_help_texts() {
    let version = env!("CARGO_PKG_VERSION");
    let mut page = format!(
        ".TH SEXTON 1 \"\" \"sexton {version}\"\n.SH NAME\nsexton \\- runs crontabs, and explains and checks cron \
         expressions\n.SH DESCRIPTION\n"
    );
    page += &verbatim(HELP);
    for command in COMMANDS {
        page += &format!(".SH {}\n", command.name.to_uppercase());
        page += &verbatim(command.help);
    }
    is_in_file("sexton.1", &page);
}

fn names() -> String {
    let names = COMMANDS.iter().map(|command| command.name);
    names.chain(["--help", "--version"]).collect::<Vec<_>>().join(" ")
}

/// `run) options='--journal …' ;;` for each command.
fn options_by_command() -> String {
    let line =
        |command: &Command| format!("    {}) options='{}' ;;\n", command.name, options(command).join(" "));
    COMMANDS.iter().map(line).collect()
}

/// `--log) values='text json' ;;` for each option that has some.
fn values_by_option() -> String {
    VALUES.iter().map(|(option, values)| format!("    {option}) values='{values}' ;;\n")).collect()
}

#[test]
fn bash_completes_what_there_is() {
    let text = format!(
        "# Completions of sexton for bash. Written by its tests.\n\
         _sexton() {{\n    local word=${{COMP_WORDS[COMP_CWORD]}} options values\n    \
         if [ \"$COMP_CWORD\" = 1 ]; then\n        mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$word\")\n        \
         return\n    fi\n    case ${{COMP_WORDS[1]}} in\n{}    esac\n    case ${{COMP_WORDS[COMP_CWORD-1]}} in\n{}    \
         esac\n    if [ -n \"$values\" ]; then\n        options=$values\n    elif [[ $word != -* ]]; then\n        \
         options=\n    fi\n    mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n}}\n\
         complete -o default -F _sexton sexton\n",
        names(),
        options_by_command(),
        values_by_option()
    );
    is_in_file("completions/sexton.bash", &text);
}

#[test]
fn zsh_completes_what_there_is() {
    let text = format!(
        "#compdef sexton\n# Completions of sexton for zsh. Written by its tests.\nlocal options values\n\
         if (( CURRENT == 2 )); then\n    compadd -- {}\n    return\nfi\ncase $words[2] in\n{}esac\n\
         case $words[CURRENT-1] in\n{}esac\nif [[ -n $values ]]; then\n    compadd -- ${{=values}}\n\
         elif [[ $words[CURRENT] == -* ]]; then\n    compadd -- ${{=options}}\nelse\n    _files\nfi\n",
        names(),
        options_by_command(),
        values_by_option()
    );
    is_in_file("completions/_sexton", &text);
}

#[test]
fn fish_completes_what_there_is() {
    let mut text = "# Completions of sexton for fish. Written by its tests.\n".to_string();
    for command in COMMANDS {
        let summary =
            HELP.lines().find_map(|line| line.strip_prefix(&*format!("    sexton {} ", command.name)));
        let summary = summary.unwrap().split_once("  ").unwrap().1.trim().replace('\'', "\\'");
        text +=
            &format!("complete -c sexton -n __fish_use_subcommand -f -a {} -d '{summary}'\n", command.name);
        let here = format!("complete -c sexton -n '__fish_seen_subcommand_from {}'", command.name);
        for flag in command.flags.iter().copied().flatten() {
            let name = flag.name();
            let values = VALUES.iter().find(|(option, _)| *option == name);
            let values = match (flag, values) {
                (_, Some((_, values))) => format!(" -x -a '{values}'"),
                (Flag::Value(_) | Flag::Values(_), None) => " -r".into(),
                (Flag::Switch(_), None) => String::new(),
            };
            text += &format!("{here} -l {}{values}\n", &name[2..]);
        }
    }
    text += "complete -c sexton -l help\ncomplete -c sexton -l version\n";
    is_in_file("completions/sexton.fish", &text);
}

/// The names in the code: the text after a level, or after a signal that is sent.
fn events() -> BTreeSet<String> {
    let mut events = BTreeSet::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin/sexton");
    let entries = [folder.join("status"), folder].map(|folder| fs::read_dir(folder).unwrap());
    for entry in entries.into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() || path.ends_with("tests.rs") {
            continue;
        }
        let text = fs::read_to_string(path).unwrap();
        for mark in [
            "Level::Debug",
            "Level::Info",
            "Level::Warn",
            "Level::Error",
            "(usual",
            "system::TERM",
            "Some(_) =>",
        ] {
            for after in text.split(mark).skip(1) {
                let after = after.trim_start_matches(&[',', '(', ' ', '\n'][..]);
                let after = after.strip_prefix("system::KILL, ").unwrap_or(after);
                let name = after.strip_prefix('"').and_then(|rest| Some(rest.split_once('"')?.0));
                events.extend(name.map(String::from));
            }
        }
    }
    events
}

#[test]
fn the_documents_list_each_event_of_the_log() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/program.md")).unwrap();
    let table = page.split_once("| Event | Level |").unwrap().1.split_once("\n\n").unwrap().0;
    let rows = table.lines().skip(2).map(|row| row.split('|').nth(1).unwrap());
    let names =
        rows.flat_map(|cell| cell.split('`').skip(1).step_by(2).map(String::from).collect::<Vec<_>>());
    assert_eq!(names.collect::<BTreeSet<_>>(), events());
}

#[test]
fn the_codes_of_warnings_are_those_that_the_documents_list() {
    let read = |path: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let page = read("docs/program.md");
    let table = page.split_once("| Code | What it finds |").unwrap().1.split_once("\n\n").unwrap().0;
    let texts = [table.to_string(), read("src/tools/lint.rs"), read("src/tools/lint/clocks.rs")];
    let rows = texts.iter().flat_map(|text| text.lines());
    let cells = rows.filter_map(|row| row.trim_start_matches(&[' ', '/'][..]).strip_prefix("| `"));
    let mut listed: Vec<_> = cells.map(|cell| cell.split_once('`').unwrap().0).collect();
    listed.sort_unstable();
    assert_eq!(listed, crate::crontab::warnings::CODES);
}
