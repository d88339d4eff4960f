//! A play: three replicas, a fast clock, and what happens to them and to the engine.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use sexton::ClaimFailure;

use crate::books::Books;
use crate::replica::Orders;
use crate::servers::Server;

/// How many days of the crontab are played.
pub const DAYS: u64 = 4;

/// How many replicas there are.
pub const REPLICAS: usize = 3;

/// When the play begins, in seconds: 2026-11-22T00:00:00Z.
const START: u64 = 1_795_305_600;

/// From the start to the first due time that counts, and from the last one to the end: no clock is further off.
const MARGIN: u64 = 3600;

const DAY: u64 = 86_400;

/// How long a play takes if nobody is late.
const TAKES: Duration = Duration::from_secs(6);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nothing is killed.
    Calm,
    /// Replicas and the engine are killed. What cannot be claimed is skipped; a process has what it claimed, and no later one.
    AtMostOnce,
    /// The same. What cannot be claimed is run, and a replica has what its earlier processes claimed.
    AtLeastOnce,
    /// The engine is killed. What cannot be claimed is claimed again.
    Retry,
}

pub struct Play {
    pub engine: &'static str,
    pub mode: Mode,
    pub seed: u64,
    pub jobs: usize,
    pub folder: PathBuf,
}

/// Numbers that look random: SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }

    fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.below(to - from))
    }
}

/// A replica, while it lives, or when it starts again.
enum Replica {
    Alive(Child),
    Dead { until: Instant },
    Over,
}

impl Drop for Replica {
    fn drop(&mut self) {
        if let Replica::Alive(child) = self {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Mode {
    /// By how many seconds the clock of each replica is ahead. Two claim at the same times, and the third before or after them.
    pub fn skews(self) -> [i64; REPLICAS] {
        match self {
            Mode::Calm => [0, 0, -600],
            Mode::AtMostOnce | Mode::AtLeastOnce => [0, 0, 600],
            Mode::Retry => [-90, 0, 0],
        }
    }
}

impl Play {
    /// The seconds in which due times count.
    fn span(&self) -> std::ops::Range<u64> {
        START + MARGIN..START + MARGIN + DAYS * DAY
    }

    fn end(&self) -> u64 {
        self.span().end + MARGIN
    }

    /// Writes the crontab. Returns the keys of all runs that must be.
    fn write_crontab(&self, random: &mut Random) -> Vec<String> {
        let (mut lines, mut keys) = (String::new(), Vec::new());
        for job in 0..self.jobs {
            let (hour, minute) = (random.below(24), random.below(60));
            lines += &format!("{minute} {hour} * * * job-{job}\n");
            let first = START + hour * 3600 + minute * 60;
            let due_times = (0..=DAYS).map(|day| first + day * DAY).filter(|due| self.span().contains(due));
            keys.extend(due_times.map(|due| format!("job-{job} {due}")));
        }
        fs::write(self.folder.join("crontab"), lines).expect("a crontab");
        keys
    }

    fn start(&self, number: usize, process: usize, url: &str) -> Child {
        let lasts = self.mode == Mode::AtLeastOnce;
        let orders = Orders {
            folder: self.folder.display().to_string(),
            number,
            process,
            engine: self.engine.into(),
            url: url.into(),
            holder: if lasts { format!("replica-{number}") } else { format!("process-{process}") },
            on_failure: match self.mode {
                Mode::Calm | Mode::AtMostOnce => ClaimFailure::Skip,
                Mode::AtLeastOnce => ClaimFailure::Run,
                Mode::Retry => ClaimFailure::Retry,
            },
            skew: self.mode.skews()[number],
            end: self.end(),
        };
        let program = std::env::current_exe().expect("this program");
        let mut command = Command::new(program);
        command.arg("replica").args(orders.to_args()).stdin(Stdio::piped());
        command.spawn().expect("a replica starts")
    }

    fn has_line(&self, process: usize, line: &str) -> bool {
        let ledger = fs::read_to_string(self.folder.join(format!("ledger-{process}"))).unwrap_or_default();
        ledger.lines().any(|one| one == line)
    }

    pub fn perform(&self, mut server: Server) -> Result<Books, String> {
        fs::create_dir_all(&self.folder).expect("a folder for the replicas");
        let mut random = Random(self.seed);
        let keys = self.write_crontab(&mut random);
        let set_clock = |nanos: u64| {
            // Readers see all of it or the one before.
            let (new, now) = (self.folder.join("now.new"), self.folder.join("now"));
            fs::write(&new, nanos.to_le_bytes()).and_then(|()| fs::rename(new, now)).expect("a clock");
        };
        set_clock(START * 1_000_000_000);
        let url = server.url();
        let mut killed = Vec::new();
        let mut processes = 0;
        let start = |number: usize, processes: &mut usize| {
            *processes += 1;
            (Replica::Alive(self.start(number, *processes - 1, &url)), *processes - 1)
        };
        let mut replicas: Vec<_> = (0..REPLICAS).map(|number| start(number, &mut processes)).collect();
        let begin = Instant::now();
        while !(0..REPLICAS).all(|process| self.has_line(process, "ready")) {
            if begin.elapsed() > Duration::from_secs(30) {
                return Err("the replicas do not start".into());
            }
            sleep(Duration::from_millis(5));
        }
        let (kills_replicas, kills_engine) = match self.mode {
            Mode::Calm => (false, false),
            Mode::AtMostOnce | Mode::AtLeastOnce => (true, true),
            Mode::Retry => (false, true),
        };
        let begin = Instant::now();
        let mut next_kill = begin + random.millis(100, 300);
        let mut engine_event = begin + random.millis(500, 1500);
        let (mut engine_is_up, mut restarts) = (true, 0);
        let speed = ((self.end() - START + 1000) * 1_000_000_000) as f64 / TAKES.as_nanos() as f64;
        while replicas.iter().any(|(replica, _)| !matches!(replica, Replica::Over)) {
            let passed = begin.elapsed();
            if passed > Duration::from_secs(90) {
                return Err("the play does not come to an end".into());
            }
            set_clock(START * 1_000_000_000 + (passed.as_nanos() as f64 * speed) as u64);
            let (now, is_ending) = (Instant::now(), passed > TAKES);
            for (number, slot) in replicas.iter_mut().enumerate() {
                match &mut slot.0 {
                    Replica::Alive(child) => {
                        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
                            if !status.success() {
                                return Err(format!("replica {number} has ended with {status}"));
                            }
                            slot.0 = Replica::Over;
                        }
                    }
                    Replica::Dead { until } if *until <= now || is_ending => {
                        *slot = start(number, &mut processes);
                    }
                    Replica::Dead { .. } | Replica::Over => {}
                }
            }
            if kills_replicas && next_kill <= now && !is_ending {
                next_kill = now + random.millis(20, 300);
                let (replica, process) = &mut replicas[random.below(REPLICAS as u64) as usize];
                if let Replica::Alive(child) = replica {
                    child.kill().and_then(|()| child.wait()).map_err(|error| error.to_string())?;
                    killed.push(*process);
                    // Now and then all of them are down.
                    *replica = Replica::Dead { until: now + random.millis(1, 500) };
                }
            }
            if kills_engine && (engine_event <= now || is_ending && !engine_is_up) {
                match engine_is_up {
                    true if is_ending => {}
                    true => {
                        server.kill();
                        engine_event = now + random.millis(1, 250);
                        engine_is_up = false;
                        restarts += 1;
                    }
                    false => {
                        server.restart();
                        engine_event = now + random.millis(1200, 2500);
                        engine_is_up = true;
                    }
                }
            }
            sleep(Duration::from_millis(1));
        }
        let ledgers = (0..processes).map(|process| {
            fs::read_to_string(self.folder.join(format!("ledger-{process}"))).unwrap_or_default()
        });
        Ok(Books::of(keys, server.claims(), ledgers.collect(), killed, restarts))
    }
}
