//! Finds out whether a crontab was written for /etc/crontab or /etc/cron.d, whose lines have a user before the command.

use super::fields::words;
use super::warnings::Found;
use super::{Crontab, Job};

/// Users of services, which are no programs.
const SERVICES: &str =
    "root www-data nobody postgres amavis munin smmsp nagios zabbix jenkins apache _apt uucp";

/// Programs that a command often begins with, or that run another one, and are no users.
const PROGRAMS: &str = "ansible ansible-playbook apt apt-get awk aws bash borg bundle bzip2 cargo cat certbot chgrp chmod \
    chown chpst chronic chroot chrt composer cp cronic cronlog curl dash date dd df docker docker-compose doas drush du echo \
    env envdir exec export faketime find firejail flock go gosu grep gzip hg ionice java kill killall ksh kubectl lckdo ln \
    lockrun logger logrotate ls make mkdir mv mysql mysqldump nice node nohup npm npx openssl parallel perl pg_dump \
    pg_dumpall php php-cgi pip pip3 pipenv pkill podman poetry printf proxychains psql python python2 python3 rclone restic \
    rm rsnapshot rsync ruby run-one run-parts runuser sed sem service setlock setuidgid sh sleep solo ssh stdbuf su su-exec \
    sudo svn systemctl systemd-cat systemd-run tar taskset tee time timeout torsocks touch truncate ts unshare uv watch wget which \
    wp xargs xvfb-run xz yarn zsh";

/// What begins a command in a shell and no argument.
const SHELL_WORDS: [&str; 7] = ["[", "[[", "if", "cd", "for", "while", "command"];

fn is_one_of(words: &str, word: &str) -> bool {
    words.split_whitespace().any(|other| other == word)
}

/// The first job that begins with what must be a user: `root`, or any name if a comment heads a column of users, or if the
/// commands of all jobs begin with a name and what may follow a user.
pub fn user_column(crontab: &Crontab) -> Option<(&Job, Found)> {
    let named = |job: &'_ Job| -> Option<(String, bool)> {
        let mut words = words(&job.text, job.command_at as usize).map(|word| &job.text[word]);
        let (name, next) = (words.next()?, words.next()?);
        let is_at_home = next.starts_with("/home/") && next[6..].starts_with(&format!("{name}/"));
        let is_certain = is_at_home || is_one_of(SERVICES, name) || begins_command(next, words.next());
        (is_user_name(name) && may_begin_command(next)).then(|| (name.to_string(), is_certain))
    };
    let of_jobs: Vec<_> = crontab.jobs.iter().map(named).collect();
    let is_all =
        of_jobs.iter().all(Option::is_some) && of_jobs.iter().flatten().any(|(_, is_certain)| *is_certain);
    let is_user = |found: &Option<(String, bool)>| {
        found.as_ref().map_or(false, |(name, _)| is_all || crontab.has_user_column || name == "root")
    };
    let first = of_jobs.iter().position(is_user)?;
    let (job, (name, _)) = (&crontab.jobs[first], of_jobs[first].as_ref()?);
    let at = job.command_at as usize;
    let others = match of_jobs.iter().filter(|found| is_user(found)).count() {
        1 => String::new(),
        2 => " here and in another job".into(),
        count => format!(" here and in {} other jobs", count - 1),
    };
    let message =
        format!("`{name}` is run as the command{others}: this looks like a user, as in /etc/crontab");
    let suggestion = "leave the user out, or read the column with `--system`";
    Some((job, (at..at + name.len(), message, suggestion.into())))
}

fn is_user_name(word: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    let is_name = word.len() <= 32 && word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    is_name && word.bytes().all(is_part) && !is_one_of(PROGRAMS, word) && !SHELL_WORDS.contains(&word)
}

/// Options and operators belong to the word before them.
fn may_begin_command(word: &str) -> bool {
    !word.starts_with(&['-', '&', '|', ';', '<', '>', '%', '#'][..]) && !word.contains(&['<', '>'][..])
}

/// Whether a word, with the next one after it, begins a command rather than being an argument.
fn begins_command(word: &str, next: Option<&str>) -> bool {
    let is_program = |path: &str| {
        let mut folders = path.split('/').rev().skip(1);
        let is_script = [".sh", ".pl", ".py", ".php", ".rb"].iter().any(|end| path.ends_with(end));
        is_script || folders.any(|folder| matches!(folder, "bin" | "sbin" | "lib" | "libexec" | "init.d"))
    };
    let is_assignment = |name: &str| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    match word.split_once('=') {
        Some((name, _)) => !name.is_empty() && is_assignment(name),
        None if word == "test" => next.map_or(false, |next| next.len() == 2 && next.starts_with('-')),
        None if word == "." => next.map_or(false, |next| next.starts_with(&['/', '~', '$'][..])),
        None => {
            SHELL_WORDS.contains(&word)
                || is_one_of(PROGRAMS, word)
                || word.starts_with('(')
                || word.starts_with(&['/', '~', '$'][..]) && is_program(word)
        }
    }
}

/// Whether a comment is the head of a table with a column for users: `# m h dom mon dow user command`.
pub fn is_head(comment: &str) -> bool {
    let comment = comment.to_ascii_lowercase();
    let words: Vec<_> = comment.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '*').collect();
    let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let is_user = |word: &str| matches!(word, "user" | "username" | "user-name" | "who");
    let is_field =
        |word: &&str| matches!(*word, "m" | "min" | "minute" | "mi" | "h" | "hour" | "dow" | "wday" | "*");
    words.windows(2).any(|pair| is_user(pair[0]) && matches!(pair[1], "command" | "cmd"))
        && words.iter().any(is_field)
}
