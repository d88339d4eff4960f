//! What drawings are made of: SVG with its colours for light and dark pages.

use std::fmt::{self, Write};
use std::fs;

use crate::{say, Failure};

/// Colours by class. Classes and no variables, which some programs do not know.
const STYLE: &str = "\
text{font:12px system-ui,sans-serif;fill:#1f2328}.h{font-size:16px;font-weight:600}.d{fill:#656d76}.e{text-anchor:end}\
.m{text-anchor:middle}.s{font-size:10px}.bg{fill:#fff}.g{fill:#eef1f4}.c1{fill:#bfd7ea}.c2{fill:#6aaed6}.c3{fill:#2474b7}\
.c4{fill:#08306b}.w{fill:#fff}.b{fill:none;stroke:#d1242f;stroke-width:1.5}.r{fill:#d1242f}.a{fill:#1a7f37}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.d{fill:#8b949e}.bg{fill:#0d1117}.g{fill:#1c222a}.c1{fill:#1d4a73}\
.c2{fill:#2a7abb}.c3{fill:#62b0ea}.c4{fill:#c2e2ff}.w{fill:#0d1117}.b{stroke:#ff7b72}.r{fill:#ff7b72}.a{fill:#3fb950}}";

pub struct Svg {
    body: String,
    width: u32,
}

impl Svg {
    pub fn new(width: u32) -> Svg {
        Svg { body: String::new(), width }
    }

    pub fn rect(&mut self, class: &str, (x, y): (f64, f64), (width, height): (f64, f64)) {
        let (x, y, width, height) = (Number(x), Number(y), Number(width), Number(height));
        // A `String` accepts everything.
        let _ = writeln!(
            self.body,
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>"
        );
    }

    pub fn text(&mut self, class: &str, (x, y): (f64, f64), text: &str) {
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        let _ = writeln!(
            self.body,
            "<text{class} x=\"{}\" y=\"{}\">{}</text>",
            Number(x),
            Number(y),
            escaped(text)
        );
    }

    /// The whole drawing, with a title for those who cannot see it.
    pub fn finish(self, height: f64, title: &str) -> String {
        let (width, height, title) = (self.width, Number(height), escaped(title));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             role=\"img\">\n<title>{title}</title>\n<style>{STYLE}</style>\n\
             <rect class=\"bg\" width=\"{width}\" height=\"{height}\"/>\n{}</svg>",
            self.body
        )
    }
}

/// With a digit at most after the point.
struct Number(f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = (self.0 * 10.0).round() as u32;
        match tenths % 10 {
            0 => write!(f, "{}", tenths / 10),
            tenth => write!(f, "{}.{tenth}", tenths / 10),
        }
    }
}

/// A text inside an element.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            // XML has no such characters, escaped or not.
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                escaped.push(char::REPLACEMENT_CHARACTER)
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// Writes a drawing to a file; `-` is stdout.
pub fn write(path: &str, drawing: &str) -> Result<(), Failure> {
    if path == "-" {
        return say(drawing);
    }
    fs::write(path, format!("{drawing}\n"))
        .map_err(|error| Failure::Error(2, format!("could not write `{path}`: {error}")))
}

/// The beginning of a name, with `…` if it is longer.
pub fn shortened(name: &str, most: usize) -> String {
    let name = name.replace(char::is_control, " ");
    match name.chars().count() > most {
        true => name.chars().take(most.saturating_sub(1)).chain(Some('…')).collect(),
        false => name,
    }
}
