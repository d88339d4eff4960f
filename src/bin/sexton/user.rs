//! The users whose jobs a crontab runs, if it has a column for them.

use std::fs;
use std::process::Command as Process;

use crate::crontab::{Crontab, Job};
use crate::mistake::Warning;
use crate::system;

/// A line of /etc/passwd.
struct User {
    id: u32,
    group: u32,
    home: String,
}

fn named(name: &str) -> Option<User> {
    let users = fs::read_to_string("/etc/passwd").ok()?;
    let mut lines = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let line = lines.find(|line| line.first() == Some(&name))?;
    Some(User {
        id: line.get(2)?.parse().ok()?,
        group: line.get(3)?.parse().ok()?,
        home: line.get(5)?.to_string(),
    })
}

/// The jobs that this process cannot run: those of users that do not exist, and unless it is root's, those of others.
pub fn refused(crontab: &Crontab) -> Vec<(&Job, Warning)> {
    let warning = |job: &Job| {
        let (name, span) = (job.user()?, job.user_at()?);
        let message = match named(name) {
            None => format!("there is no user `{name}` here"),
            Some(user) if system::user_id().map_or(true, |own| own != 0 && own != user.id) => {
                format!("this process may not run the jobs of `{name}`: only root runs those of others")
            }
            Some(_) => return None,
        };
        Some(Warning { code: "other-user", span, message, suggestion: None })
    };
    crontab.jobs.iter().filter_map(|job| Some((job, warning(job)?))).collect()
}

/// Has a process run as the user of its job, in that one's group alone. If the user is not found, the process must not be
/// started: it would run as the user of this one.
pub fn switch(process: &mut Process, user: Option<&str>) -> Result<(), String> {
    let name = match user {
        Some(name) => name,
        None => return Ok(()),
    };
    let user = named(name).ok_or_else(|| format!("there is no user `{name}` here"))?;
    if system::user_id() != Some(user.id) {
        process.env("HOME", &user.home).env("USER", name).env("LOGNAME", name);
        system::as_user(process, user.id, user.group);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_of_a_user_that_is_gone_is_not_run_as_another() {
        let mut process = Process::new("id");
        assert_eq!(switch(&mut process, None), Ok(()));
        let gone = switch(&mut process, Some("no-such-user"));
        assert_eq!(gone, Err("there is no user `no-such-user` here".into()));
    }
}
