mod android;
mod command;
mod embedded;
mod laws;
mod local;
mod system;
mod windows;
