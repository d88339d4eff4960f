mod android;
mod command;
mod laws;
mod system;
mod windows;
