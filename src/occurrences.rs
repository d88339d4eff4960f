//! When a cron expression or a period is due in a zone: the arithmetic under every schedule. Pure: no threads, no clock,
//! and no `std`.

pub(crate) mod days;
pub(crate) mod fires;
