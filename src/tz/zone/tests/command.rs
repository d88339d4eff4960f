//! Asking programs of the system.

use std::path::Path;

use super::super::system::no_answer;
use super::super::TzError;
use crate::platform::command;

fn output_of(program: &Path, arguments: &[&str]) -> Result<Vec<u8>, TzError> {
    command::output_of(program, arguments).map_err(no_answer)
}

#[cfg(unix)]
#[test]
fn a_program_that_fails_is_told_with_what_it_said() {
    let shell = |script| output_of(Path::new("/bin/sh"), &["-c", script]);
    assert_eq!(shell("echo told").unwrap(), b"told\n");
    for (script, problem) in [
        ("echo so far; echo why not >&2; exit 3", "exit status: 3: why not"),
        ("exit 4", "exit status: 4"),
        ("echo", "it printed nothing"),
    ] {
        let message = format!(
            "system zone: TZ is not set and `/bin/sh -c {script}` failed: {problem}; set TZ or name a zone"
        );
        assert_eq!(shell(script).unwrap_err().to_string(), message);
    }
}

#[test]
fn a_program_that_is_not_there_is_told() {
    let error = output_of(Path::new("/no/such/getprop"), &["persist.sys.timezone"]).unwrap_err();
    let missing = std::fs::metadata("/no/such/getprop").unwrap_err();
    let message = format!(
        "system zone: TZ is not set and `/no/such/getprop persist.sys.timezone` failed: {missing}; \
         set TZ or name a zone"
    );
    assert_eq!(error.to_string(), message);
}

#[cfg(not(windows))]
#[test]
fn elsewhere_there_is_no_registry_to_ask() {
    let error = command::registry().unwrap_err().to_string();
    assert!(error.contains("`reg.exe` failed: SystemRoot is not set"), "{error}");
}
