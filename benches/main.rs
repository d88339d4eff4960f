//! All benchmarks: `cargo bench`. Each subject is a file, and checks its answers before it is timed.

mod cron;
mod machine;

criterion::criterion_group!(
    all,
    cron::parse,
    cron::questions,
    cron::next,
    cron::next_in_a_zone,
    machine::schedule_and_cancel,
    machine::fire
);
criterion::criterion_main!(all);
