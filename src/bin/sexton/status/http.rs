//! Reads requests of HTTP/1.1, strictly and within limits. Pure: the caller reads the bytes and keeps the time.
//!
//! A request has no body here. Bytes after its head are not looked at, so of several requests in a row only the first is read.

/// The longest request line, in bytes.
const MAX_LINE: usize = 2048;

/// The longest head: the request line and all fields, in bytes.
const MAX_HEAD: usize = 8192;

const MAX_FIELDS: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Head,
    Post,
    /// Any other, which no page accepts.
    Other,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Request {
    pub method: Method,
    /// The path as it stands in the request.
    pub path: String,
    /// What comes after the `?`.
    query: String,
}

/// Why a request is not answered: the status code, and a message.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    pub message: &'static str,
}

fn refuse<T>(status: u16, message: &'static str) -> Result<T, Refusal> {
    Err(Refusal { status, message })
}

/// The head of a request, as far as it has come.
#[derive(Default)]
pub struct Head {
    bytes: Vec<u8>,
    /// Where the current line begins.
    line: usize,
    /// With the blank lines before the request line, which are not kept.
    len: usize,
}

impl Head {
    /// Takes more bytes. Returns the request once its head has ended. What is wrong in any case is refused at once.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Option<Request>, Refusal> {
        for &byte in bytes {
            self.len += 1;
            if self.len > MAX_HEAD {
                return refuse(431, "the head of the request is longer than 8192 bytes");
            }
            let is_first = self.line == 0;
            if byte == b'\n' {
                let line = &self.bytes[self.line..];
                let is_blank = matches!(line, b"" | b"\r");
                match (is_blank, is_first) {
                    (true, true) => self.bytes.clear(),
                    (true, false) => return request(&self.bytes[..self.line]).map(Some),
                    (false, _) => {
                        self.bytes.push(byte);
                        self.line = self.bytes.len();
                    }
                }
                continue;
            }
            if self.bytes.last() == Some(&b'\r') {
                return refuse(400, "found CR without LF");
            }
            if is_first && self.bytes.len() == MAX_LINE {
                return refuse(414, "the request line is longer than 2048 bytes");
            }
            match byte {
                b' '..=b'~' | b'\r' => {}
                b'\t' | 0x80..=0xff if !is_first => {}
                _ => return refuse(400, "found a byte that no head of a request has"),
            }
            self.bytes.push(byte);
        }
        Ok(None)
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// Reads a head: each line ends with LF, and maybe with CR before it.
fn request(head: &[u8]) -> Result<Request, Refusal> {
    // Only the values of fields may have other bytes, and of these only numbers matter.
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let words: Vec<_> = lines.next().unwrap_or_default().split(' ').collect();
    let (method, target, version) = match words[..] {
        [method, target, version] => (method, target, version),
        _ => return refuse(400, "expected a method, a path and a version, with a blank between them"),
    };
    if !is_token(method) {
        return refuse(400, "the method is not a word");
    }
    let is_newest = match version {
        "HTTP/1.1" => true,
        "HTTP/1.0" => false,
        _ if version.starts_with("HTTP/") => return refuse(505, "expected HTTP/1.1 or HTTP/1.0"),
        _ => return refuse(400, "expected `HTTP/1.1` after the path"),
    };
    let (path, query) = target_of(target)?;
    let hosts = read_fields(lines)?;
    if hosts > 1 || is_newest && hosts == 0 {
        return refuse(400, "expected one field `Host`");
    }
    let method = match method {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        _ => Method::Other,
    };
    Ok(Request { method, path: path.into(), query: query.into() })
}

/// The path and the query. A proxy names the host before the path.
fn target_of(target: &str) -> Result<(&str, &str), Refusal> {
    let authority = target.strip_prefix("http://").or_else(|| target.strip_prefix("https://"));
    let origin = authority.map_or(target, |rest| rest.find('/').map_or("/", |at| &rest[at..]));
    if !origin.starts_with('/') || origin.contains('#') {
        return refuse(400, "expected a path that begins with `/`");
    }
    Ok(origin.split_once('?').unwrap_or((origin, "")))
}

/// Checks the fields. Returns how often there is a `Host`.
fn read_fields<'a>(lines: impl Iterator<Item = &'a str>) -> Result<usize, Refusal> {
    let mut hosts = 0;
    for (i, line) in lines.enumerate() {
        if i == MAX_FIELDS {
            return refuse(431, "expected at most 64 fields");
        }
        let (name, value) = match line.split_once(':') {
            Some((name, value)) if is_token(name) => (name, value.trim_matches(&[' ', '\t'][..])),
            _ => return refuse(400, "expected a field: a name, a colon and a value"),
        };
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        if is("host") {
            hosts += 1;
        }
        let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        if is("content-length") && !is_number {
            return refuse(400, "the value of `Content-Length` is no number");
        }
        if is("transfer-encoding") || is("content-length") && value.bytes().any(|byte| byte != b'0') {
            return refuse(413, "expected a request without a body");
        }
    }
    Ok(hosts)
}

/// Whether a text may be a method or the name of a field.
fn is_token(text: &str) -> bool {
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_fine)
}

impl Request {
    /// The value of a parameter, if the query has it: `?job=line%203`.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let pairs = self.query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.filter(|(other, _)| *other == name).map(|(_, value)| decoded(value)).next()
    }
}

/// A value without its escapes. What is none stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digit = |at: usize| after.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        let (byte, len) = match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => ((high << 4 | low) as u8, 3),
            (b'+', ..) => (b' ', 1),
            _ => (*first, 1),
        };
        bytes.push(byte);
        rest = &rest[len..];
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A value with escapes, for a query.
pub fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'/' => encoded.push(byte.into()),
            _ => {
                let digit = |value: u8| char::from(b"0123456789ABCDEF"[usize::from(value)]);
                encoded.extend(['%', digit(byte >> 4), digit(byte & 15)]);
            }
        }
    }
    encoded
}

/// The words for a status code.
pub fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        202 => "Accepted",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        413 => "Content Too Large",
        414 => "URI Too Long",
        431 => "Request Header Fields Too Large",
        505 => "HTTP Version Not Supported",
        _ => "Service Unavailable",
    }
}

#[cfg(test)]
mod tests;
