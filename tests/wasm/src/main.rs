//! Asks the module of WebAssembly that src/lib.rs is, given as the argument, and compares what it answers: the calendar is as
//! everywhere, and what needs threads or a clock is an error there and no trap. `.ci/wasm` builds and runs both.

use std::error::Error;

use wasmi::{Engine, Linker, Module, Store};

const NO_CLOCK: &str = "error: std has no clock on this platform; `Cron::next_in` needs none";

/// What is asked, and the answer.
const ANSWERS: [(&str, &str); 10] = [
    ("next_fire", "1774746000 1774830600"),
    ("words", "at 04:02 on Mondays and Fridays"),
    (
        "mistake",
        "error: day of week: unknown name `mom` at byte 8, expected sun-sat or 0-7; did you mean `mon`?",
    ),
    ("shown_by_clocks", "2026-03-28T13:13:20"),
    ("shown_twice", "Some(\"1792888200\")"),
    (
        "zone_by_name",
        "error: zone `Europe/Paris`: no time zone database on this machine (looked in /usr/share/zoneinfo, \
         /usr/share/lib/zoneinfo, /usr/lib/zoneinfo, /etc/zoneinfo, /var/db/timezone/zoneinfo). Install the `tzdata` package, \
         set TZDIR, embed a file with `Zone::from_tzif`, or enable the `embedded-tz` feature.",
    ),
    ("upcoming", NO_CLOCK),
    ("local_scheduler", NO_CLOCK),
    ("scheduler", NO_CLOCK),
    ("scheduler_without_threads", NO_CLOCK),
];

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("expected the path of the module")?;
    let module = Module::new(&Engine::default(), std::fs::read(path)?)?;
    let wrong = ANSWERS.iter().filter(|(question, expected)| {
        let answer = ask(&module, question).unwrap_or_else(|trap| format!("trap: {trap}"));
        let is_wrong = answer != *expected;
        if is_wrong {
            println!("{question}: expected\n{expected}\nfound\n{answer}");
        }
        is_wrong
    });
    if wrong.count() > 0 {
        return Err("wrong answers".into());
    }
    println!("WebAssembly: {} answers are right", ANSWERS.len());
    Ok(())
}

/// Each question has a machine to itself, as a trap leaves one unusable.
fn ask(module: &Module, question: &str) -> Result<String, Box<dyn Error>> {
    let mut store = Store::new(module.engine(), ());
    let machine = Linker::new(module.engine()).instantiate_and_start(&mut store, module)?;
    let answer = machine.get_typed_func::<(), u64>(&store, question)?.call(&mut store, ())?;
    let memory = machine.get_memory(&store, "memory").ok_or("no memory")?.data(&store);
    let [place, length] = [answer >> 32, answer & u64::from(u32::MAX)].map(|half| half as usize);
    Ok(String::from_utf8(memory[place..][..length].to_vec())?)
}
