//! What moves the clocks of this machine.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use crate::wall::{nanos, Moved, Nanos, SECOND};

/// Both clocks, read one after the other.
#[derive(Clone, Copy)]
pub struct Hands {
    pub wall: Nanos,
    pub mono: Nanos,
}

impl Hands {
    pub fn read(began: Instant) -> Hands {
        Hands { wall: nanos(SystemTime::now()), mono: began.elapsed().as_nanos() as Nanos }
    }

    /// What the wall clock shows beyond the monotonic one.
    pub fn offset(self) -> Nanos {
        self.wall - self.mono
    }
}

/// The wall clock was moved between two readings.
pub struct Move {
    pub before: Hands,
    pub after: Hands,
    /// So long after the first reading, and before the second one, it may still have gone on as before.
    slack: Nanos,
}

impl Move {
    pub fn by(&self) -> Nanos {
        self.after.offset() - self.before.offset()
    }

    /// When it was moved, by the monotonic clock, and what the wall clock was ahead of that before and after.
    pub fn of_judge(&self) -> (Moved, Nanos, Nanos) {
        let moved = match self.slack {
            // By a program that took a moment.
            0 => Moved { earliest: self.before.mono, latest: self.after.mono },
            slack => Moved { earliest: self.after.mono - slack, latest: self.before.mono + slack },
        };
        (moved, self.before.offset(), self.after.offset())
    }

    /// From and to: what is due in here passed while nobody could see it.
    pub fn skipped(&self) -> (Nanos, Nanos) {
        (self.before.wall + SECOND, self.after.wall - SECOND)
    }
}

/// Sets the wall clock to a full second, as `date -s` does.
pub fn set(to: &str, began: Instant) -> Move {
    let before = Hands::read(began);
    let status = Command::new("/bin/busybox").args(["date", "-u", "-s", to]).output();
    let output = status.expect("busybox is in the image");
    assert!(output.status.success(), "date -s: {output:?}");
    Move { before, after: Hands::read(began), slack: 0 }
}

/// Suspends the machine to memory. Its real-time clock wakes it.
pub fn sleep(seconds: u32, began: Instant) -> Move {
    let alarm = "/sys/class/rtc/rtc0/wakealarm";
    fs::write(alarm, "0").expect("the alarm can be cleared");
    fs::write(alarm, format!("+{seconds}")).expect("the alarm can be set");
    let before = Hands::read(began);
    fs::write("/sys/power/state", "mem").expect("the machine can be suspended");
    Move { before, after: Hands::read(began), slack: SECOND }
}

/// What is to happen at the end of the day.
#[derive(Clone, Copy)]
pub enum Leap {
    /// Its last second comes twice.
    Insert,
    /// Its last second is left out.
    Delete,
}

/// Asks the kernel for it.
pub fn announce(leap: Leap) {
    adjust(match leap {
        Leap::Insert => libc::STA_INS,
        Leap::Delete => libc::STA_DEL,
    });
}

/// After a leap, the kernel is ready for another one when it has seen a second begin without a request.
pub fn forget_leap() {
    adjust(0);
    std::thread::sleep(Duration::from_millis(2100));
}

fn adjust(status: i32) {
    // SAFETY: all fields are numbers, for which zero is a value.
    let mut request: libc::timex = unsafe { std::mem::zeroed() };
    request.modes = libc::ADJ_STATUS;
    request.status = status;
    // SAFETY: the request is valid for reading and writing.
    let state = unsafe { libc::adjtimex(&mut request) };
    assert!(state >= 0, "adjtimex: {}", std::io::Error::last_os_error());
}
