mod laws;
mod system;
