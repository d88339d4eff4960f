//! What only Windows and Android need: where they keep the local zone, which other systems have in files that need no
//! explanation. Text and bytes in, text and bytes out. It compiles everywhere, so that its tests run everywhere.

pub(crate) mod android;
pub(crate) mod command;
pub(crate) mod windows;
