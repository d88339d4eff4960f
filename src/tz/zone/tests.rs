mod laws;
mod local;
mod system;
