//! The zone of the jobs that name none.

use std::env;
use std::fs;

use sexton::tz::Zone;

use crate::args::Args;
use crate::crontab::{Crontab, When, EMPTY_ZONE};
use crate::{time, Failure};

/// The zone that a crontab's jobs go by if they name none.
pub struct Default {
    pub zone: Zone,
    /// It is the machine's, and changes when that does.
    pub is_local: bool,
    /// What to say first, if it is not what one would expect.
    pub warning: Option<String>,
}

/// The zone of `--zone`, or else the local one. UTC if the machine has none, as in many images of containers, or if no job
/// needs one. A local zone that is there and cannot be read is an error.
pub fn of_jobs(args: &Args, crontab: &Crontab) -> Result<Default, Failure> {
    let fixed = |zone| Default { zone, is_local: false, warning: None };
    if args.has("--zone") {
        return time::zone(args, None).map(fixed);
    }
    if env::var_os("TZ").map_or(false, |value| value.is_empty()) {
        return Err(Failure::Error(1, format!("TZ: {EMPTY_ZONE}")));
    }
    let (zone, error) = Zone::local_or_utc();
    let is_needed = crontab.jobs.iter().any(|job| job.zone.is_none() && *job.when != When::Start);
    match error {
        None => Ok(Default { is_local: true, ..fixed(zone) }),
        Some(_) if !is_needed => Ok(fixed(zone)),
        Some(_) if is_absent() => {
            let warning =
                "neither TZ nor /etc/localtime says which zone this is: the jobs that name none go by UTC";
            Ok(Default { warning: Some(warning.into()), ..fixed(zone) })
        }
        Some(error) => Err(Failure::Error(1, error.to_string())),
    }
}

/// Whether nothing says which zone the machine is in. A link to a file that is missing says something.
fn is_absent() -> bool {
    env::var_os("TZ").is_none() && cfg!(unix) && fs::symlink_metadata("/etc/localtime").is_err()
}
