//! Zones of made-up machines, each a temporary folder.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use super::super::*;
use super::android::tzdata;
use crate::excerpt::Excerpt;

/// A machine with a time zone database of its own; it is gone when dropped.
pub(super) struct Machine {
    root: PathBuf,
}

impl Machine {
    /// A machine without anything.
    pub(super) fn bare() -> Machine {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("sexton-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let root = std::env::temp_dir().join(name);
        fs::create_dir_all(&root).unwrap();
        Machine { root }
    }

    /// A machine with a few zones.
    pub(super) fn new() -> Machine {
        let machine = Machine::bare();
        machine.file("zoneinfo/Europe/Paris", &tzif("CET-1CEST,M3.5.0,M10.5.0/3"));
        machine.file("zoneinfo/America/New_York", &tzif("EST5EDT,M3.2.0,M11.1.0"));
        machine.file("zoneinfo/EST5EDT", &tzif("EST4EDT,M3.2.0,M11.1.0")); // not what the rule would say
        machine.file("zoneinfo/Broken", b"TZif2");
        machine.file("zoneinfo/zone.tab", b"# a text file");
        machine
    }

    pub(super) fn file(&self, path: &str, bytes: &[u8]) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub(super) fn system(&self, tz: Option<&str>) -> System {
        System {
            tz: tz.map(OsString::from),
            folders: vec![self.path("zoneinfo"), self.path("more/zoneinfo")],
            tzdata: Vec::new(),
            embedded: None,
            allow_paths: true,
            localtime: self.path("etc/localtime"),
            timezone: self.path("etc/timezone"),
        }
    }

    /// The name of the zone and its offset in January 1970, or what went wrong, with `/` for the machine's root.
    fn local(&self, tz: Option<&str>) -> Result<(String, i32), String> {
        self.told(self.system(tz).local())
    }

    fn told(&self, zone: Result<Zone, TzError>) -> Result<(String, i32), String> {
        match zone {
            Ok(zone) => Ok((self.shorten(zone.name()), zone.offset(UNIX_EPOCH).unwrap())),
            Err(error) => Err(self.shorten(&error.to_string())),
        }
    }

    /// A text with `/` for the machine's root.
    pub(super) fn shorten(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.root.display()), "/")
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // A folder that stays behind in the place for temporary ones is no reason to fail.
        let _ = fs::remove_dir_all(&self.root);
    }
}

/// A zone file without transitions.
pub(super) fn tzif(rule: &str) -> Vec<u8> {
    let mut header = b"TZif2".to_vec();
    header.resize(20, 0);
    for count in [0_u32, 0, 0, 0, 1, 4] {
        header.extend(count.to_be_bytes());
    }
    header.extend(b"\0\0\0\0\0\0ABC\0");
    [&header[..], &header, b"\n", rule.as_bytes(), b"\n"].concat()
}

fn zone(name: &str, offset: i32) -> Result<(String, i32), String> {
    Ok((name.to_string(), offset))
}

fn error(message: &str) -> Result<(String, i32), String> {
    Err(message.to_string())
}

#[test]
fn every_kind_of_tz_value_has_its_meaning() {
    let machine = Machine::new();
    let paris = machine.path("zoneinfo/Europe/Paris").display().to_string();
    machine.file("elsewhere/zone", &tzif("EAT-3"));
    let elsewhere = machine.path("elsewhere/zone").display().to_string();
    let too_long = error(&format!("TZ `{}…`: expected at most 1024 bytes", "x".repeat(32)));
    for (value, expected) in [
        ("", zone("UTC", 0)),
        (":", zone("UTC", 0)),
        ("UTC", zone("UTC", 0)),
        ("Europe/Paris", zone("Europe/Paris", 3600)),
        (":Europe/Paris", zone("Europe/Paris", 3600)),
        (&paris, zone("Europe/Paris", 3600)),
        (&format!(":{paris}"), zone("Europe/Paris", 3600)),
        (&elsewhere, zone("/elsewhere/zone", 10_800)),
        // A name before a rule, but only where there is such a zone.
        ("EST5EDT", zone("EST5EDT", -4 * 3600)),
        ("PST8PDT", zone("PST8PDT", -8 * 3600)),
        ("UTC0", zone("UTC0", 0)),
        ("<+0330>-3:30", zone("<+0330>-3:30", 12_600)),
        ("IST-24", zone("IST-24", 86_400)),
        // A file that is there and damaged is no reason to go on looking.
        ("Broken", error("zone file `/zoneinfo/Broken`: header: found 5 bytes at byte 0, expected 44")),
        (
            "zone.tab",
            error("zone file `/zoneinfo/zone.tab`: header: found `# a ` at byte 0, expected `TZif`, with which every zone file begins"),
        ),
        (":EST5", error("zone `EST5`: not found in /zoneinfo, /more/zoneinfo")),
        (
            "Nowhere/City",
            // No rule has a slash there: nobody has to read why it is none.
            error("zone `Nowhere/City`: not found in /zoneinfo, /more/zoneinfo"),
        ),
        (
            "Nowhere,City/2",
            error(
                "TZ `Nowhere,City/2` is neither a zone (zone name `Nowhere,City/2`: found `,` at byte 7, \
                 expected letters, digits, `.`, `_`, `+`, `-` or `/`) \
                 nor a rule (offset: found `,` at byte 7, expected hours 0-24, such as `5` or `-5:30`)",
            ),
        ),
        (
            "Europe/Paris\n",
            error(
                "zone name `Europe/Paris\\n`: found `\\n` at byte 12, \
                 expected letters, digits, `.`, `_`, `+`, `-` or `/`",
            ),
        ),
        (":../x", error("zone name `../x`: found `..` at byte 0, expected a letter, digit, `_` or `+` first")),
        ("/", error("zone file `/`: not a regular file")),
        ("/dev/null", error("zone file `/dev/null`: not a regular file")),
        ("/no/such/file", error("zone file `/no/such/file`: No such file or directory (os error 2)")),
        ("/dev/null/file", error("zone file `/dev/null/file`: Not a directory (os error 20)")),
        (&"x".repeat(1025), too_long.clone()),
    ] {
        assert_eq!(machine.local(Some(value)), expected, "{value:?}");
    }
    assert_ne!(machine.local(Some(&"x".repeat(1024))), too_long);
}

#[test]
fn without_paths_a_path_is_an_error() {
    let machine = Machine::new();
    let system = System { allow_paths: false, ..machine.system(Some("/dev/tty")) };
    let message = "TZ `/dev/tty`: expected a zone or a rule, since paths are not allowed here";
    assert_eq!(machine.told(system.local()), error(message));
    assert_eq!(machine.told(system.meant_by("Europe/Paris")), zone("Europe/Paris", 3600));
}

#[cfg(unix)]
#[test]
fn a_tz_value_that_is_no_text_is_an_error() {
    use std::os::unix::ffi::OsStringExt;
    let machine = Machine::new();
    let system =
        System { tz: Some(OsString::from_vec(b"Europe/\xffParis".to_vec())), ..machine.system(None) };
    assert_eq!(machine.told(system.local()), error("TZ `Europe/\u{fffd}Paris`: expected UTF-8"));
}

#[test]
fn names_never_lead_out_of_the_folder() {
    let machine = Machine::new();
    machine.file("secret", &tzif("UTC0"));
    let system = machine.system(None);
    for (name, found, at, expected) in [
        ("", "nothing", 0, "a name such as `Europe/Paris`"),
        ("/etc/passwd", "`/`", 0, "a name such as `Europe/Paris`"),
        ("Europe//Paris", "`/`", 7, "a name such as `Europe/Paris`"),
        ("Europe/", "nothing", 7, "a name such as `Europe/Paris`"),
        ("../secret", "`..`", 0, "a letter, digit, `_` or `+` first"),
        ("Europe/../../secret", "`..`", 7, "a letter, digit, `_` or `+` first"),
        (".", "`.`", 0, "a letter, digit, `_` or `+` first"),
        ("Europe/.hidden", "`.hidden`", 7, "a letter, digit, `_` or `+` first"),
        ("-x", "`-x`", 0, "a letter, digit, `_` or `+` first"),
        ("Europe/Paris\n", "`\\n`", 12, "letters, digits, `.`, `_`, `+`, `-` or `/`"),
        ("Europe/Paris\0", "`\\u{0}`", 12, "letters, digits, `.`, `_`, `+`, `-` or `/`"),
        ("Europe\\Paris", "`\\`", 6, "letters, digits, `.`, `_`, `+`, `-` or `/`"),
        ("Europe Paris", "` `", 6, "letters, digits, `.`, `_`, `+`, `-` or `/`"),
        ("Zürich", "`ü`", 1, "letters, digits, `.`, `_`, `+`, `-` or `/`"),
        (":UTC", "`:`", 0, "letters, digits, `.`, `_`, `+`, `-` or `/`"),
        (
            "right/Europe/Paris",
            "`right/`",
            0,
            "a zone without leap seconds, which system time does not count",
        ),
    ] {
        let error = system.named(name).unwrap_err();
        let shown =
            if name.is_empty() { String::new() } else { format!(" {}", Excerpt::of(name, 0, name.len())) };
        let message = format!("zone name{shown}: found {found} at byte {at}, expected {expected}");
        assert_eq!((error.to_string(), error.at()), (message, Some(at)));
    }
    let longest = "x".repeat(96);
    let message = format!("zone `{longest}`: not found in /zoneinfo, /more/zoneinfo");
    assert_eq!(machine.told(system.named(&longest)), error(&message));
    let message = format!("zone name `{}…`: found `x` at byte 96, expected at most 96 bytes", "x".repeat(32));
    assert_eq!(machine.told(system.named(&"x".repeat(97))), error(&message));
}

#[test]
fn some_names_need_no_files() {
    let machine = Machine::bare();
    for name in ["UTC", "Etc/UTC", "Etc/GMT", "GMT", "Z"] {
        assert_eq!(machine.told(machine.system(None).named(name)), zone(name, 0));
    }
    assert_eq!(machine.system(None).named("GMT").unwrap().abbreviation(UNIX_EPOCH), Some("GMT"));
}

#[test]
fn a_machine_without_database_says_what_to_do() {
    let machine = Machine::bare();
    let message =
        "zone `Europe/Paris`: no time zone database on this machine (looked in /zoneinfo, /more/zoneinfo). \
         Install the `tzdata` package, set TZDIR, embed a file with `Zone::from_tzif`, or enable the `embedded-tz` feature.";
    assert_eq!(machine.told(machine.system(None).named("Europe/Paris")), error(message));
    assert_eq!(machine.local(Some("EST5EDT")), zone("EST5EDT", -5 * 3600));
    assert_eq!(machine.local(Some("Europe/Paris")), error(message));
    assert_eq!(
        machine.local(Some(":Europe/Paris")),
        machine.told(machine.system(None).named("Europe/Paris"))
    );
    // A folder without a single zone is a database all the same.
    machine.file("more/zoneinfo/README", b"");
    let message = "zone `Europe/Paris`: not found in /zoneinfo, /more/zoneinfo";
    assert_eq!(machine.told(machine.system(None).named("Europe/Paris")), error(message));
}

#[test]
fn a_name_in_the_wrong_case_is_answered_with_the_right_one() {
    let machine = Machine::new();
    let named = |name| machine.told(machine.system(None).named(name));
    let message = "zone `europe/PARIS`: not found in /zoneinfo, /more/zoneinfo, but there is `Europe/Paris`";
    // Where the file system itself does not tell upper from lower case, the file is simply found.
    assert!(named("europe/PARIS") == error(message) || named("europe/PARIS") == zone("europe/PARIS", 3600));
    assert_eq!(named("Europe/Pari"), error("zone `Europe/Pari`: not found in /zoneinfo, /more/zoneinfo"));
}

#[test]
fn the_first_file_decides() {
    let machine = Machine::new();
    machine.file("more/zoneinfo/Europe/Paris", &tzif("XXX-9"));
    machine.file("more/zoneinfo/Broken", &tzif("XXX-9"));
    machine.file("more/zoneinfo/America", &tzif("XXX-9"));
    let named = |name| machine.told(machine.system(None).named(name));
    assert_eq!(named("Europe/Paris"), zone("Europe/Paris", 3600));
    assert_eq!(
        named("Broken"),
        error("zone file `/zoneinfo/Broken`: header: found 5 bytes at byte 0, expected 44")
    );
    assert_eq!(named("America"), zone("America", 9 * 3600), "a folder is no file");
    assert_eq!(named("Europe"), error("zone `Europe`: not found in /zoneinfo, /more/zoneinfo"));
}

#[test]
fn androids_files_come_after_the_folders() {
    let machine = Machine::bare();
    let named = |name| {
        let tzdata = vec![machine.path("apex/tzdata"), machine.path("system/tzdata")];
        machine.told(System { tzdata, ..machine.system(None) }.named(name))
    };
    let message = named("Europe/Paris").unwrap_err();
    assert!(
        message.contains("(looked in /zoneinfo, /more/zoneinfo, /apex/tzdata, /system/tzdata)"),
        "{message}"
    );
    let (paris, kyiv) = (tzif("CET-1CEST,M3.5.0,M10.5.0/3"), tzif("EET-2"));
    machine.file(
        "system/tzdata",
        &tzdata(&[("Europe/Paris", &paris), ("Europe/Kyiv", &kyiv), ("Broken", b"TZif2")]),
    );
    assert_eq!(named("Europe/Paris"), zone("Europe/Paris", 3600));
    let message =
        "zone `Europe/Nowhere`: not found in /zoneinfo, /more/zoneinfo, /apex/tzdata, /system/tzdata";
    assert_eq!(named("Europe/Nowhere"), error(message));
    let message = "zone file `/system/tzdata/Broken`: header: found 5 bytes at byte 0, expected 44";
    assert_eq!(named("Broken"), error(message));

    machine.file("apex/tzdata", &tzdata(&[("Europe/Kyiv", &tzif("XXX-9"))]));
    assert_eq!(named("Europe/Kyiv"), zone("Europe/Kyiv", 9 * 3600));
    assert!(named("Europe/Paris").is_err(), "the first file decides");
    machine.file("zoneinfo/Europe/Kyiv", &kyiv);
    assert_eq!(named("Europe/Kyiv"), zone("Europe/Kyiv", 2 * 3600));
    machine.file("apex/tzdata", b"");
    let message = "zone file `/apex/tzdata`: header: found nothing at byte 0, expected `tzdata` and what begins where, in 24 bytes";
    assert_eq!(named("Europe/Paris"), error(message));
}

#[test]
fn where_there_is_nowhere_to_look_the_error_says_so() {
    let machine = Machine::bare();
    let system = System { folders: Vec::new(), ..machine.system(None) };
    let message = system.named("Europe/Paris").unwrap_err().to_string();
    assert!(message.contains("no time zone database on this machine (looked in no folder). "), "{message}");
}

#[test]
fn a_file_that_is_too_long_is_not_read_to_its_end() {
    let machine = Machine::bare();
    let mut bytes = tzif("UTC0");
    bytes.resize(256 * 1024, b'x');
    machine.file("zoneinfo/Long", &bytes);
    assert_eq!(machine.told(machine.system(None).named("Long")), zone("Long", 0));
    bytes.push(b'x');
    machine.file("zoneinfo/Longer", &bytes);
    let message = "zone file `/zoneinfo/Longer`: file: found more than 262144 bytes at byte 262144, expected a zone file";
    assert_eq!(machine.told(machine.system(None).named("Longer")), error(message));
}

#[cfg(unix)]
#[test]
fn a_pipe_is_not_opened() {
    let machine = Machine::new();
    let pipe = machine.path("zoneinfo/Pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    if !made.map_or(false, |status| status.success()) {
        return; // nothing to make one with
    }
    let named = machine.told(machine.system(None).named("Pipe"));
    assert_eq!(named, error("zone `Pipe`: not found in /zoneinfo, /more/zoneinfo"));
    let path = pipe.display().to_string();
    assert_eq!(machine.local(Some(&path)), error("zone file `/zoneinfo/Pipe`: not a regular file"));
}

#[cfg(unix)]
mod localtime {
    use std::os::unix::fs::symlink;

    use super::*;

    fn link(machine: &Machine, target: &str, link: &str) {
        let link = machine.path(link);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(target, link).unwrap();
    }

    #[test]
    fn a_link_tells_the_name() {
        let machine = Machine::new();
        link(&machine, "../zoneinfo/Europe/Paris", "etc/localtime");
        assert_eq!(machine.local(None), zone("Europe/Paris", 3600));
    }

    #[test]
    fn a_link_to_a_link_tells_the_name_too() {
        let machine = Machine::new();
        link(&machine, "../state/localtime", "etc/localtime");
        link(&machine, "../zoneinfo/America/New_York", "state/localtime");
        assert_eq!(machine.local(None), zone("America/New_York", -5 * 3600));
    }

    #[test]
    fn links_that_go_round_in_circles_end() {
        let machine = Machine::new();
        link(&machine, "other", "etc/localtime");
        link(&machine, "localtime", "etc/other");
        assert!(machine.local(None).is_err());
    }

    #[test]
    fn a_link_to_nowhere_is_a_missing_system_zone() {
        let machine = Machine::new();
        link(&machine, "../zoneinfo/Europe/Atlantis", "etc/localtime");
        let message = "system zone: TZ is not set and `/etc/localtime` leads to `/etc/../zoneinfo/Europe/Atlantis`, which is not there; \
                       install the `tzdata` package, set TZ or name a zone";
        assert_eq!(machine.local(None), error(message));
        let message = "system zone: TZ is not set and there is no `/etc/localtime`; set TZ or name a zone";
        assert_eq!(Machine::bare().local(None), error(message));
    }

    #[test]
    fn a_link_to_nowhere_may_name_a_zone_that_needs_no_file() {
        let machine = Machine::bare();
        link(&machine, "/usr/share/no/zoneinfo/Etc/UTC", "etc/localtime");
        assert_eq!(machine.local(None), zone("Etc/UTC", 0));
    }

    #[test]
    fn a_link_elsewhere_tells_no_name() {
        let machine = Machine::new();
        machine.file("elsewhere/zone", &tzif("EAT-3"));
        link(&machine, "../elsewhere/zone", "etc/localtime");
        assert_eq!(machine.local(None), zone("localtime", 10_800));
    }

    #[test]
    fn a_file_has_the_name_in_the_text_beside_it_only_if_that_zone_is_the_same() {
        let machine = Machine::new();
        machine.file("etc/localtime", &tzif("CET-1CEST,M3.5.0,M10.5.0/3"));
        assert_eq!(machine.local(None), zone("localtime", 3600));
        machine.file("etc/timezone", b"Europe/Paris\n");
        assert_eq!(machine.local(None), zone("Europe/Paris", 3600));
        machine.file("etc/timezone", b"America/New_York\n");
        assert_eq!(machine.local(None), zone("localtime", 3600));
        machine.file("etc/timezone", b"../etc/localtime\n");
        assert_eq!(machine.local(None), zone("localtime", 3600));
    }

    #[test]
    fn what_is_no_file_is_an_error() {
        let machine = Machine::new();
        fs::create_dir_all(machine.path("etc/localtime")).unwrap();
        assert_eq!(machine.local(None), error("zone file `/etc/localtime`: not a regular file"));
        link(&machine, "../zoneinfo/Broken/Paris", "other/localtime");
        let system = System { localtime: machine.path("other/localtime"), ..machine.system(None) };
        let message = "zone file `/other/localtime`: Not a directory (os error 20)";
        assert_eq!(machine.told(system.local()), error(message));
    }

    #[test]
    fn a_damaged_file_is_an_error() {
        let machine = Machine::new();
        machine.file("etc/localtime", b"");
        let message = "zone file `/etc/localtime`: header: found nothing at byte 0, \
                       expected `TZif`, with which every zone file begins";
        assert_eq!(machine.local(None), error(message));
    }
}

#[cfg(unix)]
#[test]
fn an_error_says_what_the_system_says_and_is_the_same_as_another_of_its_kind() {
    let system = std::io::Error::from_raw_os_error;
    let error = |code: i32| TzError::io("/zoneinfo/Paris".as_ref(), &system(code));
    let (too_many_files, in_all_processes) = (24, 23);
    // Each C library has its own words.
    let expected = format!("zone file `/zoneinfo/Paris`: {}", system(too_many_files));
    assert_eq!(error(too_many_files).to_string(), expected);
    assert_eq!(error(too_many_files), error(too_many_files));
    assert_ne!(error(too_many_files), error(in_all_processes), "both are of no `io::ErrorKind`");
}
