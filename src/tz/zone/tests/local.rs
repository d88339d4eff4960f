//! Zones that are read again, on made-up machines whose settings and files change.

use std::fs::{self, File};
use std::path::Path;

use super::super::*;
use super::system::{tzif, Machine};

const PARIS: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

/// What a refresh said, and the zone's name and offset in January 1970 after it.
fn refreshed(
    local: &mut LocalZone,
    machine: &Machine,
    tz: Option<&str>,
) -> (Result<bool, String>, String, i32) {
    let told = local.refresh_on(&machine.system(tz)).map_err(|error| machine.shorten(&error.to_string()));
    let zone = local.zone();
    (told, zone.name().to_string(), zone.offset(UNIX_EPOCH).unwrap())
}

fn is(told: Result<bool, &str>, name: &str, hours: i32) -> (Result<bool, String>, String, i32) {
    (told.map_err(str::to_string), name.to_string(), hours * 3600)
}

/// Puts a new file in the place of another, as packages do.
fn replace(machine: &Machine, path: &str, bytes: &[u8]) {
    machine.file("new", bytes);
    fs::rename(machine.path("new"), machine.path(path)).unwrap();
}

/// Sets the time of a file's last change to that of another's.
fn date_like(path: &Path, model: &Path) {
    let modified = fs::metadata(model).unwrap().modified().unwrap();
    File::options().append(true).open(path).unwrap().set_modified(modified).unwrap();
}

#[test]
fn nothing_changed_is_no_change() {
    let machine = Machine::new();
    machine.file("etc/localtime", &tzif(PARIS));
    for tz in [None, Some("Europe/Paris"), Some("EST5EDT"), Some("<+03>-3"), Some(""), Some(":EST5EDT")] {
        let mut local = LocalZone::on(&machine.system(tz)).unwrap();
        let zone = local.zone().clone();
        for _ in 0..2 {
            assert_eq!(local.refresh_on(&machine.system(tz)), Ok(false), "{tz:?}");
        }
        assert!(Arc::ptr_eq(&zone.data, &local.zone().data), "{tz:?} was not read again");
    }
}

#[test]
fn the_tz_variable_comes_changes_and_goes() {
    let machine = Machine::new();
    machine.file("etc/localtime", &tzif(PARIS));
    let mut local = LocalZone::on(&machine.system(None)).unwrap();
    let new_york = Some("America/New_York");
    assert_eq!(refreshed(&mut local, &machine, new_york), is(Ok(true), "America/New_York", -5));
    assert_eq!(refreshed(&mut local, &machine, new_york), is(Ok(false), "America/New_York", -5));
    assert_eq!(refreshed(&mut local, &machine, Some("JST-9")), is(Ok(true), "JST-9", 9));
    assert_eq!(refreshed(&mut local, &machine, None), is(Ok(true), "localtime", 1));
    // The same zone by another way.
    assert_eq!(refreshed(&mut local, &machine, Some("JST-9")), is(Ok(true), "JST-9", 9));
    assert_eq!(refreshed(&mut local, &machine, Some("JST-9")), is(Ok(false), "JST-9", 9));
    let message = "zone `Nowhere`: not found in /zoneinfo, /more/zoneinfo";
    assert_eq!(refreshed(&mut local, &machine, Some(":Nowhere")), is(Err(message), "JST-9", 9));
}

#[test]
fn another_folder_may_hold_another_zone() {
    let machine = Machine::new();
    machine.file("mine/Europe/Paris", &tzif("XXX-2"));
    let tz = Some("Europe/Paris");
    let mut local = LocalZone::on(&machine.system(tz)).unwrap();
    let tzdir = System { folders: vec![machine.path("mine")], ..machine.system(tz) };
    assert_eq!(local.refresh_on(&tzdir), Ok(true));
    assert_eq!(local.zone().offset(UNIX_EPOCH), Some(7200));
    // A file that appears in an earlier folder counts too.
    let tz = Some("Asia/Tokyo");
    machine.file("more/zoneinfo/Asia/Tokyo", &tzif("XXX-8"));
    assert_eq!(refreshed(&mut local, &machine, tz), is(Ok(true), "Asia/Tokyo", 8));
    machine.file("zoneinfo/Asia/Tokyo", &tzif("JST-9"));
    assert_eq!(refreshed(&mut local, &machine, tz), is(Ok(true), "Asia/Tokyo", 9));
}

#[test]
fn a_file_that_is_replaced_is_read_again() {
    let machine = Machine::new();
    machine.file("etc/localtime", &tzif(PARIS));
    for (tz, path, name) in [
        (None, "etc/localtime", "localtime"),
        (Some("Europe/Paris"), "zoneinfo/Europe/Paris", "Europe/Paris"),
        (Some(":Europe/Paris"), "zoneinfo/Europe/Paris", "Europe/Paris"),
    ] {
        machine.file("zoneinfo/Europe/Paris", &tzif(PARIS));
        let mut local = LocalZone::on(&machine.system(tz)).unwrap();
        replace(&machine, path, &tzif("XXX-12:00"));
        assert_eq!(refreshed(&mut local, &machine, tz), is(Ok(true), name, 12), "{tz:?}");
        assert_eq!(refreshed(&mut local, &machine, tz), is(Ok(false), name, 12), "{tz:?}");
        replace(&machine, path, &tzif("XXX-12:00"));
        assert_eq!(refreshed(&mut local, &machine, tz), is(Ok(false), name, 12), "{tz:?}: the same again");
    }
}

#[cfg(unix)]
#[test]
fn a_file_of_the_same_length_and_time_is_told_by_its_inode() {
    let machine = Machine::new();
    machine.file("etc/localtime", &tzif("AAA-1"));
    let mut local = LocalZone::on(&machine.system(None)).unwrap();
    machine.file("new", &tzif("BBB-2"));
    date_like(&machine.path("new"), &machine.path("etc/localtime"));
    fs::rename(machine.path("new"), machine.path("etc/localtime")).unwrap();
    assert_eq!(refreshed(&mut local, &machine, None), is(Ok(true), "localtime", 2));
}

#[test]
fn a_file_of_the_same_length_in_the_same_place_is_told_by_its_time() {
    let machine = Machine::new();
    machine.file("etc/localtime", &tzif("AAA-1"));
    let file = File::options().append(true).open(machine.path("etc/localtime")).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_secs(1_000_000_000)).unwrap();
    let mut local = LocalZone::on(&machine.system(None)).unwrap();
    machine.file("etc/localtime", &tzif("BBB-2"));
    assert_eq!(refreshed(&mut local, &machine, None), is(Ok(true), "localtime", 2));
}

/// As rsync writes in place, or a file that takes the number of one that is gone where all files have the same time, as in
/// images of which each is to be like the other.
#[cfg(unix)]
#[test]
fn a_file_whose_time_was_put_back_is_told_by_when_that_was_done() {
    use std::os::unix::fs::MetadataExt;
    let machine = Machine::new();
    let path = machine.path("etc/localtime");
    let write = |rule| {
        machine.file("etc/localtime", &tzif(rule));
        let file = File::options().append(true).open(&path).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(1)).unwrap();
        let metadata = fs::metadata(&path).unwrap();
        (metadata.ctime(), metadata.ctime_nsec())
    };
    let first = write("AAA-1");
    let mut local = LocalZone::on(&machine.system(None)).unwrap();
    let named = machine.system(Some(path.to_str().unwrap())).local().unwrap();
    // The file system's clock moves on some hundred times a second.
    while write("BBB-2") == first {}
    assert_eq!(refreshed(&mut local, &machine, None), is(Ok(true), "localtime", 2));
    assert_eq!(named.reloaded().unwrap().unwrap().offset(UNIX_EPOCH), Some(7200));
}

#[test]
fn while_the_file_is_damaged_the_zone_stays() {
    let machine = Machine::new();
    machine.file("etc/localtime", &tzif(PARIS));
    let mut local = LocalZone::on(&machine.system(None)).unwrap();

    // Read while it is written.
    let new = tzif("JST-9");
    machine.file("etc/localtime", &new[..70]);
    let message = "zone file `/etc/localtime`: header: found 16 bytes at byte 54, expected 44";
    assert_eq!(refreshed(&mut local, &machine, None), is(Err(message), "localtime", 1));
    assert_eq!(refreshed(&mut local, &machine, None), is(Ok(false), "localtime", 1), "told once");

    machine.file("etc/localtime", b"gone");
    let message = "zone file `/etc/localtime`: header: found `gone` at byte 0, \
                   expected `TZif`, with which every zone file begins";
    assert_eq!(refreshed(&mut local, &machine, None), is(Err(message), "localtime", 1), "another error");
    machine.file("etc/localtime", b"gone too");
    assert_eq!(refreshed(&mut local, &machine, None), is(Err(message), "localtime", 1), "another file");

    machine.file("etc/localtime", &new);
    assert_eq!(refreshed(&mut local, &machine, None), is(Ok(true), "localtime", 9));
    machine.file("etc/localtime", b"gone");
    assert_eq!(refreshed(&mut local, &machine, None), is(Err(message), "localtime", 9), "told anew");
    machine.file("etc/localtime", &new);
    assert_eq!(refreshed(&mut local, &machine, None), is(Ok(false), "localtime", 9), "back to what it was");
    assert_eq!(refreshed(&mut local, &machine, None), is(Ok(false), "localtime", 9));
}

/// As when the process had no file descriptor left, or two writes came within one tick of the file system's clock.
#[test]
fn a_failure_that_left_no_trace_passes() {
    let machine = Machine::new();
    let path = machine.path("etc/localtime");
    machine.file("etc/localtime", &tzif("AAA-1"));
    let mut local = LocalZone::on(&machine.system(None)).unwrap();
    let good = tzif("BBB-2");
    let damaged = [b"X", &good[1..]].concat();
    machine.file("etc/localtime", &damaged);
    machine.file("model", b"");
    date_like(&path, &machine.path("model"));
    assert!(refreshed(&mut local, &machine, None).0.is_err());
    machine.file("etc/localtime", &good);
    date_like(&path, &machine.path("model"));
    assert_eq!(refreshed(&mut local, &machine, None), is(Ok(true), "localtime", 2));
}

#[test]
fn while_the_file_is_missing_the_zone_stays() {
    let machine = Machine::new();
    machine.file("etc/localtime", &tzif(PARIS));
    let mut local = LocalZone::on(&machine.system(None)).unwrap();
    fs::remove_file(machine.path("etc/localtime")).unwrap();
    let message = "system zone: TZ is not set and there is no `/etc/localtime`; set TZ or name a zone";
    assert_eq!(refreshed(&mut local, &machine, None), is(Err(message), "localtime", 1));
    assert_eq!(refreshed(&mut local, &machine, None), is(Ok(false), "localtime", 1));
    machine.file("etc/localtime", &tzif("JST-9"));
    assert_eq!(refreshed(&mut local, &machine, None), is(Ok(true), "localtime", 9));
}

#[cfg(unix)]
mod links {
    use std::os::unix::fs::symlink;

    use super::*;

    /// Points the link elsewhere in one step, as `ln -sf` does.
    fn point(machine: &Machine, link: &str, target: &str) {
        machine.file("etc/.folder", b"");
        symlink(target, machine.path("link")).unwrap();
        fs::rename(machine.path("link"), machine.path(link)).unwrap();
    }

    #[test]
    fn a_link_that_leads_elsewhere_is_followed() {
        let machine = Machine::new();
        point(&machine, "etc/localtime", "../zoneinfo/Europe/Paris");
        let mut local = LocalZone::on(&machine.system(None)).unwrap();
        point(&machine, "etc/localtime", "../zoneinfo/America/New_York");
        assert_eq!(refreshed(&mut local, &machine, None), is(Ok(true), "America/New_York", -5));
        assert_eq!(refreshed(&mut local, &machine, None), is(Ok(false), "America/New_York", -5));
        point(&machine, "etc/localtime", "../zoneinfo/Broken");
        let message = "zone file `/etc/localtime`: header: found 5 bytes at byte 0, expected 44";
        assert_eq!(refreshed(&mut local, &machine, None), is(Err(message), "America/New_York", -5));
    }

    #[test]
    fn the_same_file_by_another_name_is_another_zone() {
        let machine = Machine::new();
        fs::hard_link(machine.path("zoneinfo/Europe/Paris"), machine.path("zoneinfo/Europe/Monaco")).unwrap();
        point(&machine, "etc/localtime", "../zoneinfo/Europe/Paris");
        let mut local = LocalZone::on(&machine.system(None)).unwrap();
        point(&machine, "etc/localtime", "../zoneinfo/Europe/Monaco");
        assert_eq!(refreshed(&mut local, &machine, None), is(Ok(true), "Europe/Monaco", 1));
    }

    #[test]
    fn a_link_behind_the_link_and_the_file_behind_both_are_followed() {
        let machine = Machine::new();
        point(&machine, "etc/zone", "../zoneinfo/Europe/Paris");
        point(&machine, "etc/localtime", "zone");
        let mut local = LocalZone::on(&machine.system(None)).unwrap();
        point(&machine, "etc/zone", "../zoneinfo/America/New_York");
        assert_eq!(refreshed(&mut local, &machine, None), is(Ok(true), "America/New_York", -5));
        replace(&machine, "zoneinfo/America/New_York", &tzif("EST6"));
        assert_eq!(refreshed(&mut local, &machine, None), is(Ok(true), "America/New_York", -6));
    }

    #[test]
    fn a_name_that_is_told_late_is_heard() {
        let machine = Machine::new();
        machine.file("etc/localtime", &tzif(PARIS));
        let mut local = LocalZone::on(&machine.system(None)).unwrap();
        assert_eq!(local.zone().name(), "localtime");
        machine.file("etc/timezone", b"Europe/Paris\n");
        assert_eq!(refreshed(&mut local, &machine, None), is(Ok(true), "Europe/Paris", 1));
    }
}

#[test]
fn a_named_zone_is_read_again_where_its_file_is_another() {
    let machine = Machine::new();
    let zone = machine.system(None).named("Europe/Paris").unwrap();
    assert_eq!(zone.reloaded(), Ok(None));

    replace(&machine, "zoneinfo/Europe/Paris", &tzif(PARIS));
    assert_eq!(zone.reloaded(), Ok(None), "the same data");

    replace(&machine, "zoneinfo/Europe/Paris", &tzif("JST-9"));
    let new = zone.reloaded().unwrap().unwrap();
    assert_eq!((new.name(), new.offset(UNIX_EPOCH)), ("Europe/Paris", Some(9 * 3600)));
    assert_eq!(zone.offset(UNIX_EPOCH), Some(3600));
    assert_eq!(new.reloaded(), Ok(None));

    let told = |zone: &Zone| zone.reloaded().map_err(|error| machine.shorten(&error.to_string()));
    machine.file("zoneinfo/Europe/Paris", &tzif(PARIS)[..20]);
    let message = "zone file `/zoneinfo/Europe/Paris`: header: found 20 bytes at byte 0, expected 44";
    assert_eq!(told(&new), Err(message.to_string()));
    assert_eq!(told(&new), Err(message.to_string()), "at each call");
    fs::remove_file(machine.path("zoneinfo/Europe/Paris")).unwrap();
    let missing = fs::metadata("/no/such/file").unwrap_err();
    assert_eq!(told(&new), Err(format!("zone file `/zoneinfo/Europe/Paris`: {missing}")));
    machine.file("zoneinfo/Europe/Paris", &tzif("JST-9"));
    assert_eq!(told(&new), Ok(None));
    assert_eq!(told(&zone), Ok(Some(new)));
}

#[test]
fn only_zones_of_the_database_have_a_file_to_be_read_again() {
    let machine = Machine::new();
    let path = machine.path("zoneinfo/Europe/Paris").display().to_string();
    machine.file("etc/localtime", &tzif(PARIS));
    let by_name = machine.system(Some("Europe/Paris")).local().unwrap();
    let by_path = machine.system(Some(&path)).local().unwrap();
    let of_system = machine.system(None).local().unwrap();
    let by_bytes = Zone::from_tzif("Europe/Paris", &tzif(PARIS)).unwrap();
    // Where it comes from is no part of what it is.
    assert_eq!((&by_name, &by_name), (&by_path, &by_bytes));
    for path in ["etc/localtime", "zoneinfo/Europe/Paris"] {
        replace(&machine, path, &tzif("JST-9"));
    }
    for zone in [by_name, by_path] {
        assert!(zone.reloaded().unwrap().is_some());
    }
    for zone in [of_system, by_bytes, Zone::utc(), Zone::from_posix(PARIS).unwrap()] {
        assert_eq!(zone.reloaded(), Ok(None));
    }
}
