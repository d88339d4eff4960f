//! Connections, be they of TCP or of a Unix socket.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;

pub trait Listener: Send {
    /// Waits for a connection.
    fn next(&self) -> io::Result<Box<dyn Stream>>;
}

/// Not `Read` and `Write`, whose many other methods would be in the program for each type.
pub trait Stream: Send {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize>;

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// How long reading and writing may wait; `None` is for ever.
    fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()>;

    fn set_nonblocking(&self) -> io::Result<()>;

    /// The other side reads to an end.
    fn end_writing(&self) -> io::Result<()>;

    /// The same connection, for another thread.
    fn another(&self) -> io::Result<Box<dyn Stream>>;
}

/// Writes all bytes. `before_each` is called before each attempt.
pub fn write_all(
    stream: &mut dyn Stream,
    mut bytes: &[u8],
    before_each: &dyn Fn(&dyn Stream) -> io::Result<()>,
) -> io::Result<()> {
    while !bytes.is_empty() {
        before_each(stream)?;
        match stream.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(len) => bytes = &bytes[len..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Implements both for types of `std`.
macro_rules! implement {
    ($listener:ty, $stream:ty) => {
        impl Listener for $listener {
            fn next(&self) -> io::Result<Box<dyn Stream>> {
                let (stream, _) = self.accept()?;
                Ok(Box::new(stream))
            }
        }

        impl Stream for $stream {
            fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
                Read::read(self, bytes)
            }

            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                Write::write(self, bytes)
            }

            fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
                // Zero is an error.
                let timeout = timeout.map(|timeout| timeout.max(Duration::from_millis(1)));
                self.set_read_timeout(timeout)?;
                self.set_write_timeout(timeout)
            }

            fn set_nonblocking(&self) -> io::Result<()> {
                <$stream>::set_nonblocking(self, true)
            }

            fn end_writing(&self) -> io::Result<()> {
                self.shutdown(Shutdown::Write)
            }

            fn another(&self) -> io::Result<Box<dyn Stream>> {
                let stream = self.try_clone()?;
                Ok(Box::new(stream))
            }
        }
    };
}

implement!(TcpListener, TcpStream);
#[cfg(unix)]
implement!(std::os::unix::net::UnixListener, std::os::unix::net::UnixStream);
