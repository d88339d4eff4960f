//! Writes JSON: objects of one line. Pure.

use std::fmt::{self, Write};

/// An object with its members in the order in which they are put in.
#[derive(Default)]
pub struct Object(String);

impl Object {
    /// With its first member.
    pub fn of(name: &str, value: &str) -> Object {
        let mut object = Object::default();
        object.text(name, value);
        object
    }

    pub fn text(&mut self, name: &str, value: &str) {
        self.raw(name, &Text(value).to_string());
    }

    /// A value that is JSON already, such as a number.
    pub fn raw(&mut self, name: &str, value: &str) {
        let comma = if self.0.is_empty() { "" } else { "," };
        // A `String` accepts everything.
        let _ = write!(self.0, "{comma}{}:{value}", Text(name));
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}", self.0)
    }
}

struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '\t' => f.write_str("\\t")?,
                c if c < ' ' || c == '\x7f' => write!(f, "\\u{:04x}", c as u32)?,
                c => f.write_char(c)?,
            }
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_json_does_not_allow_in_a_text_is_escaped() {
        let mut object = Object::default();
        object.text("a\"b", "tab\t, line\n, bell\x07, \\ and é");
        object.raw("count", "3");
        let expected = r#"{"a\"b":"tab\t, line\n, bell\u0007, \\ and é","count":3}"#;
        assert_eq!(object.to_string(), expected);
        assert_eq!(Object::default().to_string(), "{}");
    }
}
