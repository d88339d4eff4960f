use super::*;

/// What is read of bytes that come in these pieces.
fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Option<Request>, Refusal> {
    let mut head = Head::default();
    for piece in pieces {
        match head.push(piece) {
            Ok(None) => {}
            ended => return ended,
        }
    }
    Ok(None)
}

/// The same, and in whatever pieces they come.
#[track_caller]
fn read_all(bytes: &[u8]) -> Result<Option<Request>, Refusal> {
    let whole = read([bytes]);
    for at in 0..=bytes.len() {
        let (a, b) = bytes.split_at(at);
        assert_eq!(read([a, b]), whole, "in two pieces at {at}: {:?}", String::from_utf8_lossy(bytes));
    }
    assert_eq!(read(bytes.chunks(1)), whole);
    whole
}

#[test]
fn what_is_a_request_is_read_as_one() {
    let rows: [(&str, Method, &str, &str); 12] = [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", Method::Get, "/", ""),
        ("GET / HTTP/1.1\nHost: a\n\n", Method::Get, "/", ""),
        ("\r\n\nGET / HTTP/1.0\r\n\r\n", Method::Get, "/", ""),
        ("HEAD /metrics HTTP/1.0\r\n\r\n", Method::Head, "/metrics", ""),
        ("POST /run?job=a HTTP/1.1\r\nhOST:\r\nContent-Length: 0\r\n\r\n", Method::Post, "/run", "job=a"),
        ("PUT /a HTTP/1.1\r\nHost: a\r\n\r\n", Method::Other, "/a", ""),
        ("get /a HTTP/1.1\r\nHost: a\r\n\r\n", Method::Other, "/a", ""),
        ("GET http://a:9100/jobs?from=3 HTTP/1.1\r\nHost: a\r\n\r\n", Method::Get, "/jobs", "from=3"),
        ("GET https://a HTTP/1.1\r\nHost: a\r\n\r\n", Method::Get, "/", ""),
        ("GET /a?b?c&d HTTP/1.1\r\nHost: a\r\nX: \u{e9}\t\"\r\n\r\n", Method::Get, "/a", "b?c&d"),
        // A second request, and what is none.
        ("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\n\r\n", Method::Get, "/a", ""),
        ("GET /a HTTP/1.1\r\nHost: a\r\n\r\n\0\0\0", Method::Get, "/a", ""),
    ];
    for (text, method, path, query) in rows {
        let request = Request { method, path: path.into(), query: query.into() };
        assert_eq!(read_all(text.as_bytes()), Ok(Some(request)), "{text}");
    }
}

#[test]
fn what_is_none_is_refused_with_the_reason() {
    const WORDS: &str = "expected a method, a path and a version, with a blank between them";
    const PATH: &str = "expected a path that begins with `/`";
    const FIELD: &str = "expected a field: a name, a colon and a value";
    const HOST: &str = "expected one field `Host`";
    const BODY: &str = "expected a request without a body";
    const BYTE: &str = "found a byte that no head of a request has";
    let rows: [(&[u8], u16, &str); 30] = [
        (b"GET /\r\n\r\n", 400, WORDS),
        (b"GET  / HTTP/1.1\r\n\r\n", 400, WORDS),
        (b"GET / HTTP/1.1 \r\n\r\n", 400, WORDS),
        (b" GET / HTTP/1.1\r\n\r\n", 400, WORDS),
        (b"hello\n\n", 400, WORDS),
        (b"G(T / HTTP/1.1\r\n\r\n", 400, "the method is not a word"),
        (b"GET / HTTP/2.0\r\n\r\n", 505, "expected HTTP/1.1 or HTTP/1.0"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "expected HTTP/1.1 or HTTP/1.0"),
        (b"GET / HTTPS\r\n\r\n", 400, "expected `HTTP/1.1` after the path"),
        (b"GET / http/1.1\r\n\r\n", 400, "expected `HTTP/1.1` after the path"),
        (b"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400, PATH),
        (b"GET jobs HTTP/1.1\r\nHost: a\r\n\r\n", 400, PATH),
        (b"GET /#a HTTP/1.1\r\nHost: a\r\n\r\n", 400, PATH),
        (b"GET http://a?b HTTP/1.1\r\nHost: a\r\n\r\nrest", 200, ""),
        (b"GET / HTTP/1.1\r\n\r\n", 400, HOST),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, HOST),
        (b"GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n", 400, HOST),
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400, FIELD),
        (b"GET / HTTP/1.1\r\n: a\r\n\r\n", 400, FIELD),
        (b"GET / HTTP/1.1\r\nHost: a\r\n  b\r\n\r\n", 400, FIELD),
        (b"GET / HTTP/1.1\r\nHost\r\n\r\n", 400, FIELD),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", 413, BODY),
        (b"GET / HTTP/1.1\r\nHost: a\r\ncontent-length:99999999999999999999\r\n\r\n", 413, BODY),
        (b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 413, BODY),
        (b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400, "the value of `Content-Length` is no number"),
        (b"GET / HTTP/1.1\r\nContent-Length:\r\n\r\n", 400, "the value of `Content-Length` is no number"),
        (b"GET /\rHTTP/1.1\r\n\r\n", 400, "found CR without LF"),
        (b"GET /\0 HTTP/1.1\r\n\r\n", 400, BYTE),
        (b"GET /\xe9 HTTP/1.1\r\n\r\n", 400, BYTE),
        // The beginning of a TLS connection: it would wait for an answer.
        (b"\x16\x03\x01", 400, BYTE),
    ];
    for (bytes, status, message) in rows {
        let read = read_all(bytes);
        let text = String::from_utf8_lossy(bytes);
        match status {
            // A host without a path has no query either.
            200 => assert!(matches!(read, Ok(Some(_))), "{text}"),
            _ => assert_eq!(read, Err(Refusal { status, message }), "{text}"),
        }
    }
}

#[test]
fn a_request_that_has_not_ended_is_waited_for_within_limits() {
    for text in ["", "\r\n", "GET / HTTP/1.1\r\nHost: a\r\n", "GET / HTTP/1.1\r\n\r", "G"] {
        assert_eq!(read_all(text.as_bytes()), Ok(None), "{text:?}");
    }
    let line = |len: usize| format!("GET /{} HTTP/1.0\r\n\r\n", "a".repeat(len - "GET / HTTP/1.0\r".len()));
    assert!(matches!(read_all(line(MAX_LINE).as_bytes()), Ok(Some(_))));
    let status = |text: &str| read([text.as_bytes()]).unwrap_err().status;
    assert_eq!(status(&line(MAX_LINE + 1)), 414);
    let fields = |count: usize| format!("GET / HTTP/1.0\r\n{}\r\n", "a: b\r\n".repeat(count));
    assert!(matches!(read([fields(MAX_FIELDS).as_bytes()]), Ok(Some(_))));
    assert_eq!(status(&fields(MAX_FIELDS + 1)), 431);
    let head = |len: usize| {
        let text = "GET / HTTP/1.0\r\na: ";
        format!("{text}{}\r\n\r\n", "b".repeat(len - text.len() - 4))
    };
    assert!(matches!(read([head(MAX_HEAD).as_bytes()]), Ok(Some(_))));
    assert_eq!(status(&head(MAX_HEAD + 1)), 431);
    assert_eq!(status(&"\r\n".repeat(MAX_HEAD)), 431, "blank lines have an end");
    // It is refused as soon as it is too long, and not kept beyond that.
    let mut endless = Head::default();
    let refused = (0..1_000_000).find_map(|_| endless.push(b"a").err()).unwrap();
    assert!(refused.status == 414 && endless.bytes.len() == MAX_LINE);
}

#[test]
fn a_parameter_is_read_without_its_escapes() {
    let of = |query: &str| {
        let request = Request { method: Method::Get, path: "/".into(), query: query.into() };
        request.parameter("job")
    };
    let rows = [
        ("job=backup", "backup"),
        ("a=b&job=line%203&job=c", "line 3"),
        ("job=line+3", "line 3"),
        ("job=%2Fetc%2fcron.d/a%3a4", "/etc/cron.d/a:4"),
        ("job=%", "%"),
        ("job=%g1%4", "%g1%4"),
        ("job=%C3%A9%ff", "é\u{fffd}"),
        ("job", ""),
    ];
    for (query, value) in rows {
        assert_eq!(of(query).as_deref(), Some(value), "{query}");
    }
    assert_eq!([of(""), of("jobs=a"), of("job2=a&x")], [None, None, None]);
    for text in ["line 3", "/etc/cron.d/a b+c%20:4", "é\n\0&=", ""] {
        assert_eq!(of(&format!("job={}", encoded(text))).as_deref(), Some(text));
    }
}
