mod embedded;
mod laws;
mod local;
mod system;
