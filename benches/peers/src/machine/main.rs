//! Times schedulers side by side: see README.md.
//!
//! ```text
//! machine rounds BUILD [WORK]     TSV of all works, or those with this in their name; ROUNDS=9 for more rounds than 5
//! machine measure WORK LIBRARY    one measurement
//! ```
//!
//! Each measurement is a process of its own. A round measures every library at every work, in an order of its own, so that
//! noise from other programs falls on all alike; the median over rounds is what counts.

#[path = "../counting.rs"]
mod counting;
#[path = "../random.rs"]
mod random;
#[path = "../times.rs"]
mod times;

mod behaviour;
mod limit;
mod ours;
mod peer;
mod peers;
mod rounds;
mod row;
mod system;
mod works;

use peer::Peer;
use row::Row;

/// What a process measures. A name that ends in "bytes" has all allocations counted.
pub const WORKS: &[&str] = &[
    "period",
    "schedule 1000",
    "schedule 100000",
    "schedule 1000000",
    "cron",
    "bytes",
    "after runs bytes",
    "burst 200000",
    "burst 1000",
    "overdue",
    "every second",
    "idle",
    "idle cron",
    "worst",
    "waits",
    "week",
    "zone",
    "zone bytes",
    "overlong",
    "panic",
    "shutdown",
];

pub const LIBRARIES: &[(&str, fn(&str) -> Result<Vec<Row>, &'static str>)] = &[
    ("(limit) bare threads", bare),
    (peers::Proto::NAME, measure::<peers::Proto>),
    (peers::Pool::NAME, measure::<peers::Pool>),
    (peers::Timer::NAME, measure::<peers::Timer>),
    (peers::AsyncIo::NAME, measure::<peers::AsyncIo>),
    (peers::DelayQueue::NAME, measure::<peers::DelayQueue>),
    (peers::TokioCron::NAME, measure::<peers::TokioCron>),
    (peers::DelayTimer::NAME, measure::<peers::DelayTimer>),
    (peers::Clokwerk::NAME, measure::<peers::Clokwerk>),
    (peers::Sexton::NAME, measure::<peers::Sexton>),
];

fn bare(work: &str) -> Result<Vec<Row>, &'static str> {
    match work {
        "period" => Ok(limit::period()),
        "burst 200000" => Ok(limit::burst(200_000, 2)),
        _ => Ok(Vec::new()),
    }
}

fn measure<P: Peer>(work: &str) -> Result<Vec<Row>, &'static str> {
    if let Some((_, why)) = P::CANNOT.iter().find(|(cannot, _)| work.starts_with(cannot)) {
        return Err(why);
    }
    let is_ours = P::NAME == peers::Sexton::NAME;
    Ok(match work {
        "period" => works::period::<P>(),
        "schedule 1000" => works::schedule::<P>(1000),
        "schedule 100000" => works::schedule::<P>(100_000),
        "schedule 1000000" => works::schedule::<P>(1_000_000),
        "cron" => return works::schedule_cron::<P>(100_000),
        "bytes" => works::bytes::<P>(),
        "after runs bytes" => works::bytes_after_runs::<P>(),
        "burst 200000" => works::burst::<P>(200_000, 2),
        "burst 1000" => works::burst::<P>(1000, 2),
        "overdue" => works::overdue::<P>(200_000, 2),
        "every second" => works::every_second::<P>(100_000, 2),
        "idle" => works::idle::<P>(),
        "idle cron" => return works::idle_with_cron::<P>(),
        "worst" => works::worst::<P>(1_000_000),
        "overlong" => behaviour::overlong::<P>(),
        "panic" => behaviour::panic::<P>(),
        "shutdown" => behaviour::shutdown::<P>(),
        "waits" if is_ours => ours::waits(1_000_000),
        "week" if is_ours => ours::week(100_000),
        "zone" if is_ours => ours::zone(false),
        "zone bytes" if is_ours => ours::zone(true),
        _ => return Ok(Vec::new()),
    })
}

fn main() {
    row::epoch();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["rounds", build] => rounds::run(build, ""),
        ["rounds", build, work] => rounds::run(build, work),
        ["measure", work, library] => {
            if work.ends_with("bytes") {
                counting::start();
            }
            let (_, measure) =
                LIBRARIES.iter().find(|(name, _)| *name == library).expect("the name of a library");
            rounds::print(measure(work));
            // Not every scheduler can be stopped.
            std::process::exit(0);
        }
        _ => eprintln!("usage: machine rounds BUILD [WORK] | machine measure WORK LIBRARY"),
    }
}
