//! Where the status is served.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use super::stream::Listener;
use crate::system;

pub const EXPECTED: &str =
    "expected ADDRESS:PORT such as 127.0.0.1:9100, :PORT for this machine only, or the absolute \
                            path of a Unix socket";

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// With the text of its host.
    Tcp(SocketAddr, String),
    Unix(PathBuf),
}

/// An address that is open. Dropping it removes the file of a Unix socket.
pub struct Listening {
    /// `None` once it is served.
    pub listener: Option<Box<dyn Listener>>,
    pub name: String,
    /// Its connections may change something.
    pub is_control: bool,
    file: Option<(PathBuf, Option<u64>)>,
}

impl Address {
    /// `127.0.0.1:9100`, `:9100`, `localhost:9100`, `unix:/run/sexton.sock`, `/run/sexton.sock`
    pub fn read(text: &str) -> Result<Address, String> {
        let mistaken = || format!("found `{text}`, {EXPECTED}");
        let path = text.strip_prefix("unix:").unwrap_or(text);
        if path.starts_with('/') {
            return Ok(Address::Unix(path.into()));
        }
        let (host, port) = text.rsplit_once(':').ok_or_else(mistaken)?;
        let host = if matches!(host, "" | "localhost") { "127.0.0.1" } else { host };
        // The parser of both together reads brackets, too.
        let address = format!("{host}:{port}").parse().map_err(|_| mistaken())?;
        Ok(Address::Tcp(address, host.into()))
    }

    pub fn open(&self) -> Result<Listening, String> {
        match self {
            Address::Tcp(address, host) => {
                let name = |port: u16| format!("{host}:{port}");
                let listener = TcpListener::bind(address)
                    .map_err(|error| format!("could not listen at `{}`: {error}", name(address.port())))?;
                // The port may have been chosen by the system.
                let name = name(listener.local_addr().unwrap_or(*address).port());
                Ok(Listening { listener: Some(Box::new(listener)), name, is_control: false, file: None })
            }
            Address::Unix(path) => {
                let name = path.display().to_string();
                let failed = |error| format!("could not listen at `{name}`: {error}");
                remove_stale(path).map_err(failed)?;
                let listener = system::listen_at(path).map_err(|error| failed(error.to_string()))?;
                let file = Some((path.clone(), system::file_id(path)));
                Ok(Listening { listener: Some(listener), name, is_control: true, file })
            }
        }
    }
}

/// Removes the file of a socket that nobody serves any more.
fn remove_stale(path: &Path) -> Result<(), String> {
    if fs::symlink_metadata(path).is_err() {
        return Ok(());
    }
    match system::connect_to(path) {
        Ok(_) => Err("another process answers there".into()),
        // As of a file that is no socket; that is not ours to remove.
        Err(_) if !system::is_socket(path) => Err("the file is no socket".into()),
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(|error| error.to_string())
        }
        Err(error) => Err(error.to_string()),
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some((path, id)) = &self.file {
            // Another process may have put its own there.
            if id.is_some() && system::file_id(path) == *id {
                let _ = fs::remove_file(path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_host_is_of_this_machine_only() {
        let of = |text: &str| match Address::read(text) {
            Ok(Address::Tcp(address, host)) => {
                assert_eq!(address.to_string(), format!("{host}:{}", address.port()));
                address.to_string()
            }
            Ok(Address::Unix(path)) => path.display().to_string(),
            Err(error) => error,
        };
        assert_eq!(of(":9100"), "127.0.0.1:9100");
        assert_eq!(of("localhost:9100"), "127.0.0.1:9100");
        assert_eq!(of("0.0.0.0:9100"), "0.0.0.0:9100");
        assert_eq!(of("[::1]:80"), "[::1]:80");
        assert_eq!(of("/run/sexton.sock"), "/run/sexton.sock");
        assert_eq!(of("unix:/run/sexton.sock"), "/run/sexton.sock");
        let wrong = [
            "",
            "9100",
            ":",
            ":x",
            ":65536",
            "host:80",
            "127.0.0.1",
            "unix:",
            "unix:sock",
            "::1:80x",
            "sock",
        ];
        for text in wrong {
            assert_eq!(of(text), format!("found `{text}`, {EXPECTED}"));
        }
    }
}
