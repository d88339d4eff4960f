//! A request is read the same in whatever pieces it comes. What is read is printed and read back as an equal one, and what is refused
//! has a status code for that. No more is kept than the limits say.
//!
//! The first byte says how long the pieces are.

use crate::program::status::http::{encoded, reason, Head, Method, Refusal, Request};

/// What is read of bytes in pieces of a length.
fn read(bytes: &[u8], len: usize) -> Result<Option<Request>, Refusal> {
    let mut head = Head::default();
    for piece in bytes.chunks(len) {
        if let Some(request) = head.push(piece)? {
            return Ok(Some(request));
        }
    }
    Ok(None)
}

pub fn law(data: &[u8]) {
    let Some((&len, bytes)) = data.split_first() else { return };
    let whole = read(bytes, usize::MAX);
    assert_eq!(read(bytes, usize::from(len) + 1), whole);
    match whole {
        // More may come, but not for ever.
        Ok(None) => {
            let endless = [bytes, &[b'a'; 8193]].concat();
            assert!(read(&endless, usize::MAX).is_err());
        }
        Ok(Some(request)) => {
            let Request { method, path, .. } = &request;
            assert!(path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic()));
            let word = match method {
                Method::Get => "GET",
                Method::Head => "HEAD",
                Method::Post => "POST",
                Method::Other => "BREW",
            };
            for name in ["job", "from"] {
                let value = request.parameter(name);
                let query =
                    value.iter().map(|value| format!("?{name}={}", encoded(value))).collect::<String>();
                let text = format!("{word} {path}{query} HTTP/1.1\r\nHost: a\r\n\r\n");
                // A character that was replaced is longer than the byte that was there.
                if text.len() < 2048 {
                    let again =
                        read(text.as_bytes(), usize::MAX).expect("it is a request").expect("it has ended");
                    assert_eq!((&again.method, &again.path), (method, path));
                    assert_eq!(again.parameter(name), value);
                }
            }
        }
        Err(refusal) => {
            assert!([400, 413, 414, 431, 505].contains(&refusal.status) && !refusal.message.is_empty());
            assert_ne!(reason(refusal.status), reason(503));
        }
    }
}
