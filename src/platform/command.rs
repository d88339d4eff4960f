//! The system zone where it takes a program of the system to tell: what std cannot ask for without `unsafe`.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::windows;

/// What the registry of Windows says of the zone. Starts a process, which takes tens of milliseconds.
pub(crate) fn registry() -> Result<Vec<u8>, Failed> {
    let root = env::var_os("SystemRoot").map(PathBuf::from).filter(|root| root.is_absolute());
    let reg = root.map(|root| root.join("System32").join("reg.exe"));
    let reg = reg.ok_or_else(|| failed("reg.exe", "SystemRoot is not set to an absolute path"))?;
    output_of(&reg, &["query", windows::KEY])
}

/// The name of Android's zone.
pub(crate) fn property() -> Result<String, Failed> {
    let output = output_of(Path::new("/system/bin/getprop"), &["persist.sys.timezone"])?;
    Ok(String::from_utf8_lossy(&output).trim().to_string())
}

/// What a program prints. No shell is involved, and no search for the program.
pub(crate) fn output_of(program: &Path, arguments: &[&str]) -> Result<Vec<u8>, Failed> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    #[cfg(windows)]
    {
        const CREATE_NO_WINDOW: u32 = 0x0800_0000;
        std::os::windows::process::CommandExt::creation_flags(&mut command, CREATE_NO_WINDOW);
    }
    let called = [&[&*program.to_string_lossy()], arguments].concat().join(" ");
    let output = command.output().map_err(|error| failed(&called, &error.to_string()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(failed(&called, format!("{}: {}", output.status, said.trim()).trim_end_matches(": ")));
    }
    if output.stdout.iter().all(u8::is_ascii_whitespace) {
        return Err(failed(&called, "it printed nothing"));
    }
    Ok(output.stdout)
}

fn failed(command: &str, problem: &str) -> Failed {
    Failed { command: command.into(), problem: problem.into() }
}

/// A program of the system could not tell the system zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    command: String,
    problem: String,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` failed: {}", self.command, self.problem)
    }
}
