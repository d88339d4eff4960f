//! What a library is asked for.

use std::time::{Duration, Instant};

/// A callback that all libraries take.
pub trait Callback: Fn() + Send + Sync + Clone + 'static {}

impl<T: Fn() + Send + Sync + Clone + 'static> Callback for T {}

pub trait Peer: Sized {
    const NAME: &'static str;
    /// Works that it cannot do, each with the reason.
    const CANNOT: &'static [(&'static str, &'static str)] = &[];
    /// The shortest period that makes sense.
    const TICK: Duration = Duration::from_millis(20);
    type Id;

    fn new(threads: usize) -> Self;

    fn once(&mut self, at: Instant, callback: impl Callback) -> Self::Id;

    /// The first time at `first`, if the library takes one.
    fn every(&mut self, first: Instant, period: Duration, callback: impl Callback) -> Self::Id;

    /// At half past two every day.
    fn daily(&mut self, _callback: impl Callback) -> Option<Self::Id> {
        None
    }

    fn cancel(&mut self, id: Self::Id);

    /// Called when all is scheduled, for libraries that take no tasks from then on.
    fn start(&mut self) {}

    /// Waits until all that was asked for has reached the scheduler.
    fn settle(&mut self) {}

    fn shutdown(self) {
        drop(self);
    }
}

/// The name of a task, made without an allocation: making it is the caller's work.
pub struct Name([u8; 12]);

impl Name {
    pub fn of(number: u32) -> Name {
        let mut text = *b"task-0000000";
        let mut rest = number;
        for place in text[5..].iter_mut().rev() {
            *place += (rest % 10) as u8;
            rest /= 10;
        }
        Name(text)
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("letters and digits")
    }
}
