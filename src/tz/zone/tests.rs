mod android;
mod command;
mod laws;
mod local;
mod system;
mod windows;
