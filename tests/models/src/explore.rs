//! Runs a model in many orders of its threads.

use std::fmt;
use std::time::Duration;

use sexton_models::sync;

/// A program of a few threads, and what always holds in it. It panics, or is stuck, if that does not hold.
pub struct Model {
    pub name: &'static str,
    /// In seconds: timed waits run out up to there. The model is explored with each.
    pub horizons: &'static [u64],
    /// Whether one preemption less is to do for loom.
    #[allow(dead_code)]
    pub is_large: bool,
    pub run: fn(),
}

/// How much is tried.
#[allow(dead_code)] // One tool has the first, the other the second.
#[derive(Clone, Copy)]
pub enum Effort {
    /// Loom: all orders in which at most so many threads are interrupted where they could go on.
    Preemptions(usize),
    /// Shuttle: so many orders, half of them by chance, and half with priorities that change at three moments (PCT).
    Orders { count: usize, seed: u64 },
}

impl fmt::Display for Effort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Effort::Preemptions(most) => write!(f, "loom, at most {most} preemptions"),
            Effort::Orders { count, seed } => write!(f, "shuttle, {count} orders each from seed {seed}"),
        }
    }
}

#[cfg(feature = "loom")]
pub fn default_effort() -> Effort {
    Effort::Preemptions(2)
}

#[cfg(feature = "shuttle")]
pub fn default_effort() -> Effort {
    Effort::Orders { count: 1000, seed: 1 }
}

/// Tries a model. Returns in how many orders.
pub fn explore(model: &'static Model, horizon: u64, effort: Effort) -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::Arc;

    let count = Arc::new(AtomicU64::new(0));
    let counted = count.clone();
    let once = move || {
        counted.fetch_add(1, Ordering::Relaxed);
        sync::reset(Duration::from_secs(horizon));
        (model.run)();
    };
    match effort {
        #[cfg(feature = "loom")]
        Effort::Preemptions(most) => {
            let mut builder = loom::model::Builder::new();
            builder.preemption_bound = Some(most.saturating_sub(model.is_large.into()));
            // More is a loop that does not end.
            builder.max_branches = 5_000;
            builder.check(once);
        }
        #[cfg(feature = "shuttle")]
        Effort::Orders { count, seed } => {
            use shuttle::scheduler::{PctScheduler, RandomScheduler};
            let mut config = shuttle::Config::default();
            config.stack_size = 0x40000;
            config.max_steps = shuttle::MaxSteps::FailAfter(20_000);
            config.silence_warnings = true;
            config.ungraceful_shutdown_config.immediately_return_on_panic = true;
            let by_chance = RandomScheduler::new_from_seed(seed, count / 2);
            shuttle::Runner::new(by_chance, config.clone()).run(once.clone());
            let by_priority = PctScheduler::new_from_seed(seed, 3, count - count / 2);
            shuttle::Runner::new(by_priority, config).run(once);
        }
        _ => panic!("this effort is for the other tool"),
    }
    count.load(Ordering::Relaxed)
}
