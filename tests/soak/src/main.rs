//! `soak SECONDS SEED`: real load on a real scheduler, with books. README.md says what must hold.

mod books;
mod chance;
#[allow(dead_code)] // There, more is asked.
#[path = "../../it/simulation/civil.rs"]
mod civil;
mod mortal;
mod parts;
mod process;
#[allow(dead_code)]
#[path = "../../it/rows.rs"]
mod rows;
mod scarce;
mod steady;
mod years;
#[allow(dead_code)]
#[path = "../../it/zones.rs"]
mod zones;

/// What `civil` needs.
mod world {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    pub const SECOND: i128 = 1_000_000_000;

    pub fn instant(nanos: i128) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs((nanos / SECOND) as u64)
    }
}

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<u64>().expect("a number");
    let is_well = match args[..] {
        ["steady", seconds, seed, folder] => {
            // Most panics here are meant.
            std::panic::set_hook(Box::new(|info| {
                if std::thread::current().name() != Some("sexton-worker") {
                    eprintln!("{info}");
                }
            }));
            steady::run(number(seconds), number(seed), Path::new(folder))
        }
        ["life", folder] => mortal::life(Path::new(folder), false),
        ["hungry-life", folder] => mortal::life(Path::new(folder), true),
        ["years", years] => years::play(number(years) as i64),
        ["mortal", seconds, seed] => {
            part("mortal", |folder| mortal::play(number(seconds), number(seed), folder))
        }
        ["scarce", "threads", limit] => scarce::threads(number(limit)),
        ["scarce", "descriptors", folder] => scarce::descriptors(Path::new(folder)),
        ["scarce", "disk", folder] => scarce::disk(Path::new(folder)),
        [seconds, seed] => soak(number(seconds), number(seed)),
        _ => {
            eprintln!("expected how many seconds it is to take, and a seed");
            return ExitCode::from(2);
        }
    };
    ExitCode::from(u8::from(!is_well))
}

/// A folder of this process.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("sexton-soak-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// This program as another process.
fn other(args: &[&str]) -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.args(args).env("RUST_BACKTRACE", "0");
    command
}

/// All of it: `steady` and `mortal` at the same time.
fn soak(seconds: u64, seed: u64) -> bool {
    let is_scarce_well = match scarce::is_possible() {
        true => part("scarce", scarce::play),
        false => {
            println!("scarce: left out, as it needs root and `unshare`");
            true
        }
    };
    let mortal = std::thread::spawn(move || part("mortal", |folder| mortal::play(seconds, seed, folder)));
    let is_steady_well = part("steady", |folder| steady(seconds, seed, folder));
    let is_mortal_well = mortal.join().unwrap_or(false);
    is_scarce_well && is_steady_well && is_mortal_well
}

fn part(name: &str, play: impl FnOnce(&Path) -> bool) -> bool {
    let folder = folder(name);
    let is_well = play(&folder);
    let _ = std::fs::remove_dir_all(&folder);
    println!("{name}: {}\n", if is_well { "well" } else { "NOT WELL" });
    is_well
}

fn steady(seconds: u64, seed: u64, folder: &Path) -> bool {
    let path = folder.to_string_lossy().into_owned();
    let mut command = other(&["steady", &seconds.to_string(), &seed.to_string(), &path]);
    match std::env::var_os("SEXTON_LIBFAKETIME") {
        Some(library) => {
            let dial = folder.join("dial");
            steady::set_dial(&dial, 0);
            command
                .env("LD_PRELOAD", library)
                .env("FAKETIME_TIMESTAMP_FILE", dial)
                .env("FAKETIME_NO_CACHE", "1");
            // A timed wait on a clock that the library only pretends to have would never end.
            command.env("DONT_FAKE_MONOTONIC", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        None => println!("without SEXTON_LIBFAKETIME the clock is not moved"),
    }
    println!("{seconds} seconds, seed {seed}");
    command.status().expect("this program starts").success()
}
