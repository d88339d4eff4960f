//! The processes of the jobs that run, each the first of its process group: who waits for them, and who ends them.

use std::io;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::log::{Level, Log, Value};
use crate::system::{self, Signal};

/// From TERM to KILL.
const KILL_AFTER: Duration = Duration::from_secs(5);

/// How long a killed group may take to vanish. One whose members nobody collects never does.
const VANISHES_IN: Duration = Duration::from_secs(1);

/// How often the processes of the system are looked through for those of a group that is to end.
const LOOK_EVERY: Duration = Duration::from_millis(200);

pub struct Running {
    log: Log,
    state: Mutex<State>,
    /// Notified when the program begins to stop.
    stopped: Condvar,
}

#[derive(Default)]
struct State {
    /// Once the program stops: until when jobs may run. None is started any more.
    stop_at: Option<Instant>,
    /// The strongest signal that was sent because the program stops.
    worst: Option<Signal>,
    next_id: u64,
    processes: Vec<Process>,
}

impl State {
    fn position(&self, id: u64) -> Option<usize> {
        self.processes.iter().position(|process| process.id == id)
    }
}

struct Process {
    id: u64,
    child: Child,
    job: String,
    /// When the next signal is sent.
    deadline: Option<Instant>,
    /// The last signal that was sent.
    sent: Option<Signal>,
}

/// A process that was started.
pub struct Started {
    id: u64,
    process: u32,
}

/// How a process ended.
pub struct End {
    pub status: ExitStatus,
    /// It got a signal to end, because of its time limit or because the program stops.
    pub was_signalled: bool,
}

impl Running {
    pub fn new(log: Log) -> Running {
        Running { log, state: Mutex::default(), stopped: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a process in a group of its own; `None` if the program stops. If `is_owed`, it also starts while the program
    /// stops, as long as the others may run. `prepared` gets the child at once.
    pub fn start(
        &self,
        command: &mut Command,
        job: &str,
        limit: Option<Duration>,
        is_owed: bool,
        prepared: impl FnOnce(&mut Child),
    ) -> io::Result<Option<Started>> {
        if self.state().stop_at.map_or(false, |at| !is_owed || at <= Instant::now()) {
            return Ok(None);
        }
        system::in_own_group(command);
        let mut child = command.spawn()?;
        prepared(&mut child);
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        let mut state = self.state();
        // The program may have begun to stop meanwhile.
        let deadline = deadline.into_iter().chain(state.stop_at).min();
        let started = Started { id: state.next_id, process: child.id() };
        state.next_id += 1;
        state.processes.push(Process { id: started.id, child, job: job.into(), deadline, sent: None });
        Ok(Some(started))
    }

    /// Waits until a process has ended; and if its group got a signal to end, until the group has.
    pub fn wait(&self, started: Started) -> io::Result<End> {
        loop {
            system::wait_until_ended(started.process);
            let mut state = self.state();
            let i = state.position(started.id).ok_or(io::ErrorKind::NotFound)?;
            // The child is collected with the lock held: until then its number is its own, and it can be signalled.
            let was_signalled = state.processes[i].sent.is_some();
            let status = match state.processes[i].child.try_wait() {
                Ok(None) => continue,
                Ok(Some(status)) if was_signalled => {
                    drop(state);
                    self.wait_for_group(started.id);
                    Ok(status)
                }
                Ok(Some(status)) => {
                    state.processes.swap_remove(i);
                    Ok(status)
                }
                Err(error) => {
                    state.processes.swap_remove(i);
                    Err(error)
                }
            };
            return Ok(End { status: status?, was_signalled });
        }
    }

    /// Waits for what a job started and its shell left behind when it got a signal. The number of a group is not given
    /// to another process as long as it has a member. One that has ended and is not collected is a member, too: under a
    /// process 1 that collects nothing it stays one.
    fn wait_for_group(&self, id: u64) {
        let (mut until, mut look_at, mut has_ended) = (None, Instant::now() + LOOK_EVERY, false);
        loop {
            let mut state = self.state();
            let i = match state.position(id) {
                Some(i) => i,
                None => return,
            };
            let process = &state.processes[i];
            if process.sent == Some(system::KILL) {
                until = until.or_else(|| Some(Instant::now() + VANISHES_IN));
            }
            let is_over = until.map_or(false, |until| until <= Instant::now());
            if has_ended || is_over || !system::has_group(&process.child) {
                state.processes.swap_remove(i);
                return;
            }
            let group = process.child.id();
            drop(state);
            thread::sleep(Duration::from_millis(20));
            if look_at <= Instant::now() {
                has_ended = system::has_only_ended(group);
                look_at = Instant::now() + LOOK_EVERY;
            }
        }
    }

    /// Sends the signals whose time has come. Returns when the next one's comes.
    pub fn enforce(&self, now: Instant) -> Option<Instant> {
        let mut guard = self.state();
        let state = &mut *guard;
        let is_stopping = state.stop_at.is_some();
        let why = if is_stopping { "stopping" } else { "time limit" };
        let is_due = |process: &&mut Process| process.deadline.map_or(false, |deadline| deadline <= now);
        for process in state.processes.iter_mut().filter(is_due) {
            let (number, event) = match process.sent {
                None => (system::TERM, "term"),
                Some(_) => (system::KILL, "kill"),
            };
            process.deadline = (number == system::TERM).then_some(now + KILL_AFTER);
            process.sent = Some(number);
            // Before the signal: the line about the end of the job comes after this one. The log keeps nobody waiting.
            self.log.line(Level::Warn, event, &[("why", Value::Text(why))], Some(&process.job));
            system::signal_group(&mut process.child, number);
            if is_stopping {
                // KILL has the smaller number.
                state.worst = Some(state.worst.map_or(number, |worst| worst.min(number)));
            }
        }
        state.processes.iter().filter_map(|process| process.deadline).min()
    }

    /// From now on no job starts. Those that run have until then.
    pub fn stop(&self, deadline: Instant) {
        let mut state = self.state();
        state.stop_at = Some(deadline);
        for process in &mut state.processes {
            process.deadline = Some(process.deadline.map_or(deadline, |own| own.min(deadline)));
        }
        self.stopped.notify_all();
    }

    pub fn is_stopping(&self) -> bool {
        self.state().stop_at.is_some()
    }

    /// The strongest signal that a job got because the program stops.
    pub fn worst(&self) -> Option<Signal> {
        self.state().worst
    }

    /// The labels of the jobs that run.
    pub fn jobs(&self) -> Vec<String> {
        self.state().processes.iter().map(|process| process.job.clone()).collect()
    }

    /// Waits for a time; false if the program stops.
    pub fn pause(&self, time: Duration) -> bool {
        let state = self.state();
        let stopped = self.stopped.wait_timeout_while(state, time, |state| state.stop_at.is_none());
        let (state, _) = stopped.unwrap_or_else(PoisonError::into_inner);
        state.stop_at.is_none()
    }
}
