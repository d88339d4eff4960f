//! Replicas that share the jobs of a crontab through a real engine: `README.md` says what is played, and what must hold.
//!
//! ```text
//! sexton-fleet SERVERS SEXTON SCRIPTS [SEED [JOBS]]     plays, and tests the scripts with that `sexton`
//! ```
//!
//! `SERVERS` is a folder with Debian's packages unpacked, `SCRIPTS` is examples/claim.

mod books;
mod claims;
mod play;
mod replica;
mod scripts;
mod servers;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;
use std::{env, fs};

use play::{Mode, Play};
use servers::Server;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    if args.first().map(String::as_str) == Some("replica") {
        replica::main(&args[1..]);
        return ExitCode::SUCCESS;
    }
    let [servers, sexton, scripts, rest @ ..] = &args[..] else {
        eprintln!("expected SERVERS SEXTON SCRIPTS [SEED [JOBS]]");
        return ExitCode::from(2);
    };
    let seed = rest.first().map_or(1, |seed| seed.parse().expect("a seed is a number"));
    let jobs = rest.get(1).map_or(2500, |jobs| jobs.parse().expect("a number of jobs"));
    let absolute = |path: &String| fs::canonicalize(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    match all(&absolute(servers), &absolute(sexton), &absolute(scripts), seed, jobs) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn all(packages: &Path, sexton: &Path, script_folder: &Path, seed: u64, jobs: usize) -> Result<(), String> {
    let folder = Folder::new();
    println!("seed {seed}: {jobs} daily jobs, {} days, {} replicas", play::DAYS, play::REPLICAS);
    let mut plays = 0;
    for engine in ["postgres", "redis"] {
        for mode in [Mode::Calm, Mode::AtMostOnce, Mode::AtLeastOnce, Mode::Retry] {
            let begin = Instant::now();
            let server = Server::start(engine, packages, &folder.0.join(format!("{engine}-{mode:?}")));
            let play = Play { engine, mode, seed, jobs, folder: server.folder.join("replicas") };
            let books = play.perform(server)?;
            let (skews, took) = (mode.skews(), begin.elapsed().as_secs_f64());
            println!("{engine} {mode:?}, clocks ahead by {skews:?} s: {books} ({took:.1} s)");
            books.check(mode).map_err(|problem| format!("{engine} {mode:?}, seed {seed}: {problem}"))?;
            plays += 1;
        }
    }
    scripts::test(packages, sexton, script_folder, &folder.0)?;
    let due_times = jobs as u64 * play::DAYS;
    println!(
        "{plays} plays of {due_times} due times: each ran as its policy says; the scripts claim as they say"
    );
    Ok(())
}

/// A folder that goes with the test. A short path, as it has sockets in it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        let folder = env::temp_dir().join(format!("sexton-fleet-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a temporary folder");
        Folder(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if env::var_os("SEXTON_KEEP").is_none() {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}
