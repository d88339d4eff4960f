//! Tasks whose futures run on tokio. sexton polls futures on its own workers and starts no runtime. A future that needs
//! tokio's sockets or timers is spawned on tokio, and the task waits for it.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use sexton::{Scheduler, Stop};
use tokio::task::{JoinError, JoinHandle};

/// A task of tokio that ends when this is dropped. A `JoinHandle` that is dropped lets it go on.
///
/// `tokio_util::task::AbortOnDropHandle` is the same.
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Future for AbortOnDrop<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context)
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

static FETCHED: AtomicUsize = AtomicUsize::new(0);
static ABORTED: AtomicUsize = AtomicUsize::new(0);
static FLUSHED: AtomicUsize = AtomicUsize::new(0);

/// Needs tokio, as what talks to a network does.
async fn fetch() -> Result<(), std::io::Error> {
    tokio::time::sleep(Duration::from_millis(10)).await;
    FETCHED.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

/// Never ends.
async fn hang() {
    struct Counts;
    impl Drop for Counts {
        fn drop(&mut self) {
            ABORTED.fetch_add(1, Ordering::Relaxed);
        }
    }
    let _counts = Counts;
    std::future::pending::<()>().await;
}

/// Goes on until it is asked to stop, and then puts its work away.
async fn follow(stop: Stop) {
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    tokio::pin!(stop);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = &mut stop => break,
        }
    }
    FLUSHED.fetch_add(1, Ordering::Relaxed);
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scheduler = Scheduler::builder().zone("UTC").build()?;
    let handle = tokio::runtime::Handle::current();

    // A `JoinHandle` gives a `Result`, and so does `fetch`: an error of either is a failure of the run.
    let on_tokio = handle.clone();
    scheduler.task("feed").every("30ms").run_async(move |_| AbortOnDrop(on_tokio.spawn(fetch())))?;

    let on_tokio = handle.clone();
    let hangs =
        scheduler.task("hangs").every("1h").run_async(move |_| AbortOnDrop(on_tokio.spawn(hang())))?;

    let limit = Duration::from_millis(50);
    let on_tokio = handle.clone();
    let follows = scheduler.task("follow").every("1h").time_limit(limit);
    let follows = follows.run_async(move |run| AbortOnDrop(on_tokio.spawn(follow(run.stop()))))?;

    while FETCHED.load(Ordering::Relaxed) < 2 || follows.stats().timed_out == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }

    // `cancel_timeout`, `wait` and `shutdown` block the thread that calls them: no worker of tokio's is to do that.
    let timeout = Duration::from_millis(100);
    let cancelled = tokio::task::spawn_blocking(move || hangs.cancel_timeout(timeout)).await?;
    println!("{}", cancelled.expect_err("it has not ended by itself"));

    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = tokio::time::sleep(Duration::from_millis(100)) => {} // a service has no such line
    }
    tokio::task::spawn_blocking(move || scheduler.shutdown_timeout(Duration::from_secs(10))).await??;

    assert_eq!(FLUSHED.load(Ordering::Relaxed), 1, "the time limit was a request to stop");
    while ABORTED.load(Ordering::Relaxed) == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await; // tokio drops what was aborted a little later
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use sexton::RunOutcome;

    use super::*;

    fn outcome_of<F>(callback: impl FnMut(sexton::Run) -> F + Send + 'static) -> RunOutcome
    where
        F: Future<Output = Result<(), Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
    {
        let scheduler = Scheduler::builder().zone("UTC").build().unwrap();
        scheduler.observe(|_| {}); // else the panic is printed
        let task = scheduler.task("feed").after(Duration::ZERO).run_async(callback).unwrap();
        scheduler.wait();
        task.stats().last.unwrap().outcome
    }

    /// The first error that one meets: the future is polled by sexton, which is not in tokio's context.
    #[test]
    fn a_future_that_needs_tokio_panics_outside_it() {
        let outcome = outcome_of(|_| async { Ok(fetch().await?) });
        assert!(outcome.to_string().contains("there is no reactor running"), "{outcome}");
        assert!(matches!(outcome, RunOutcome::Panicked(_)), "{outcome}");
    }

    /// The way out.
    #[test]
    fn spawned_on_tokio_it_runs() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let handle = runtime.handle().clone();
        let outcome = outcome_of(move |_| {
            let fetched = AbortOnDrop(handle.spawn(fetch()));
            async { Ok(fetched.await??) }
        });
        assert_eq!(outcome, RunOutcome::Finished);
    }

    /// This runtime has one thread, that of the test. On it `scheduler.wait()` would hang, as nobody polls `fetch`.
    #[tokio::test]
    async fn on_a_runtime_of_one_thread_nothing_blocks_it() {
        let handle = tokio::runtime::Handle::current();
        let scheduler = Scheduler::builder().zone("UTC").build().unwrap();
        let feed = scheduler.task("feed").after(Duration::ZERO).run_async(move |_| handle.spawn(fetch()));
        tokio::task::spawn_blocking(move || scheduler.wait()).await.unwrap();
        assert_eq!(feed.unwrap().stats().finished, 1);
    }

    /// A runtime that has shut down takes no futures: the run fails, and says so.
    #[test]
    fn a_runtime_that_is_gone_is_a_failure() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let handle = runtime.handle().clone();
        drop(runtime);
        let outcome = outcome_of(move |_| {
            let fetched = AbortOnDrop(handle.spawn(fetch()));
            async { Ok(fetched.await??) }
        });
        assert!(outcome.to_string().starts_with("failed: task "), "{outcome}");
    }
}
