//! What only Windows and Android need: where they keep the local zone, which other systems have in files that need no
//! explanation. Text and bytes in, text and bytes out. It compiles everywhere, so that its tests run everywhere.
//! And whether there is a clock, which only WebAssembly without a system has not.

pub(crate) mod android;
pub(crate) mod command;
pub(crate) mod windows;

/// Where this is false `Instant::now` and `SystemTime::now` panic, and no thread can be started.
const HAS_CLOCK: bool = !cfg!(all(target_family = "wasm", target_os = "unknown"));

/// For whatever reads a clock and can fail.
pub(crate) fn needs_clock() -> Result<(), &'static str> {
    match HAS_CLOCK {
        true => Ok(()),
        false => Err("std has no clock on this platform; `Cron::next_in` needs none"),
    }
}
