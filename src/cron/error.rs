//! Why a text is no cron expression. The message is put together in a `const fn`, so that [`cron!`](crate::cron!)
//! fails a build with the very text that [`Cron::parse`](super::Cron::parse) gives at run time.

use core::fmt;
use core::ops::Range;

use super::field::Field;
use crate::excerpt::Excerpt;

/// Why a text is no cron expression: which field, what stands there, at which byte, and what would be fine.
///
/// ```
/// use sexton::cron::Field;
/// use sexton::Cron;
///
/// let error = Cron::parse("0 9 * * mom-fri").unwrap_err();
/// assert_eq!(error.to_string(), "day of week: unknown name `mom` at byte 8, expected sun-sat or 0-7; did you mean `mon`?");
/// assert_eq!(error.field(), Some(Field::DayOfWeek));
/// assert_eq!(error.span(), 8..11);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ParseError {
    /// `None`: it is about the expression as a whole.
    field: Option<Field>,
    kind: ErrorKind,
    found: Found,
    start: usize,
    end: usize,
    expected: &'static str,
    suggestion: Option<&'static str>,
}

/// What kind of mistake a [`ParseError`] is about. There may be more of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// None of the numbers of fields that the dialect takes: [`Dialect::field_counts`](super::Dialect::field_counts).
    FieldCount,
    /// A name of neither a month nor a weekday.
    UnknownName,
    /// A word such as `weeks=odd` before the fields.
    UnknownSwitch,
    /// There is no dialect of this name.
    UnknownDialect,
    /// There is no nickname like this.
    UnknownNickname,
    /// A number that is too small or too large for the field.
    NoSuchValue,
    /// A number with too many digits.
    EndlessNumber,
    /// The last value is smaller than the first, and the dialect does not let a range wrap.
    BackwardRange,
    /// A step of 0.
    ZeroStep,
    /// Several crons read it differently, so this one does not guess.
    Ambiguous,
    /// An `H`, and there is no id to hash.
    NoHashId,
    /// An `R` or a `~`, and there is no seed to draw from.
    NoSeed,
    /// An `H`, which the dialect does not have.
    HashedValue,
    /// An `R`, which the dialect does not have.
    RandomValue,
    /// A `~`, which the dialect does not have.
    RandomRange,
    /// A zone, which an expression does not have: `CRON_TZ=Europe/Paris`, or `Europe/Paris` behind the fields.
    Zone,
    /// A period, which is no expression: `@every 5m`, `rate(5 minutes)`.
    Period,
    /// Anything else that cannot stand where it stands, or something is missing there.
    Unexpected,
}

impl ErrorKind {
    /// What the message says before what was found.
    const fn problem(self) -> &'static str {
        match self {
            ErrorKind::UnknownName => "unknown name",
            ErrorKind::UnknownSwitch => "unknown switch",
            ErrorKind::UnknownDialect => "unknown dialect",
            ErrorKind::UnknownNickname => "unknown nickname",
            ErrorKind::NoSuchValue => "no such value",
            ErrorKind::EndlessNumber => "endless number",
            ErrorKind::BackwardRange => "backward range",
            ErrorKind::ZeroStep => "step",
            ErrorKind::Ambiguous => "ambiguous",
            ErrorKind::HashedValue => "unsupported hashed value",
            ErrorKind::RandomValue => "unsupported random value",
            ErrorKind::RandomRange => "unsupported random range",
            ErrorKind::FieldCount
            | ErrorKind::NoHashId
            | ErrorKind::NoSeed
            | ErrorKind::Zone
            | ErrorKind::Period
            | ErrorKind::Unexpected => "found",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Text(Excerpt),
    Fields(usize),
}

impl ParseError {
    /// What kind of mistake it is.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The field that was being read, or `None` where the expression as a whole makes no sense.
    pub const fn field(&self) -> Option<Field> {
        self.field
    }

    /// The bytes of the text that make no sense; empty where something is missing.
    pub const fn span(&self) -> Range<usize> {
        self.start..self.end
    }

    /// What may stand in place of the [`span`](ParseError::span), where it looks like a slip.
    pub const fn suggestion(&self) -> Option<&'static str> {
        self.suggestion
    }

    /// "`field`: `kind` `text[start..end]` at byte `start`, expected `expected`".
    #[cold]
    #[inline(never)]
    pub(super) const fn new(
        field: Option<Field>,
        kind: ErrorKind,
        text: &str,
        start: usize,
        end: usize,
        expected: &'static str,
    ) -> ParseError {
        let found = Found::Text(Excerpt::of(text, start, end));
        ParseError { field, kind, found, start, end, expected, suggestion: None }
    }

    /// With what was probably meant, if that is known.
    pub(super) const fn suggest(self, suggestion: Option<&'static str>) -> ParseError {
        ParseError { suggestion, ..self }
    }

    /// With the number of fields that were found, in place of the text.
    pub(super) const fn counting(self, count: usize) -> ParseError {
        ParseError { found: Found::Fields(count), ..self }
    }

    /// The whole message, or all but the byte.
    pub(super) const fn message(&self, has_position: bool) -> Message {
        let subject = match self.field {
            Some(field) => field.name(),
            None => "expression",
        };
        let message = Message::EMPTY.with(subject).with(": ").with(self.kind.problem()).with(" ");
        let message = match self.found {
            Found::Text(excerpt) if has_position => {
                message.with_excerpt(&excerpt).with(" at byte ").with_number(self.start, 10)
            }
            Found::Text(excerpt) => message.with_excerpt(&excerpt),
            Found::Fields(1) => message.with("1 field"),
            Found::Fields(count) => message.with_number(count, 10).with(" fields"),
        };
        let message = message.with(", expected ").with(self.expected);
        match self.suggestion {
            Some(suggestion) => message.with("; did you mean `").with(suggestion).with("`?"),
            None => message,
        }
    }
}

/// One line; with `{:#}` it leaves out the byte, for when the place is shown in another way.
impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.message(!f.alternate()).as_str())
    }
}

impl fmt::Debug for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ParseError({self})")
    }
}

#[cfg(feature = "std")]
impl std::error::Error for ParseError {}

/// Room for the longest message: 32 bytes of control characters, six bytes each when escaped, and the words round them.
const CAPACITY: usize = 400;

/// A text that can be built in a `const fn`.
#[derive(Clone, Copy)]
pub(super) struct Message {
    bytes: [u8; CAPACITY],
    len: usize,
}

impl Message {
    const EMPTY: Message = Message { bytes: [0; CAPACITY], len: 0 };

    pub(super) const fn as_str(&self) -> &str {
        // Slicing by a range is not const in Rust 1.63, a slice pattern is.
        let mut bytes: &[u8] = &self.bytes;
        while bytes.len() > self.len {
            match bytes {
                [kept @ .., _] => bytes = kept,
                [] => break,
            }
        }
        match core::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(_) => panic!("a message is made of whole texts"),
        }
    }

    #[inline(never)]
    const fn with(self, text: &str) -> Message {
        let mut message = self;
        let mut i = 0;
        while i < text.len() {
            message = message.with_byte(text.as_bytes()[i]);
            i += 1;
        }
        message
    }

    const fn with_byte(mut self, byte: u8) -> Message {
        self.bytes[self.len] = byte;
        self.len += 1;
        self
    }

    const fn with_number(self, number: usize, base: usize) -> Message {
        let message = if number >= base { self.with_number(number / base, base) } else { self };
        message.with_byte(b"0123456789abcdef"[number % base])
    }

    /// As `Excerpt` displays itself.
    const fn with_excerpt(self, excerpt: &Excerpt) -> Message {
        if excerpt.len == 0 {
            return self.with("nothing");
        }
        let mut message = self.with("`");
        let mut i = 0;
        while i < excerpt.len as usize {
            // The control characters beyond ASCII, U+0080 to U+009F, are a byte C2 and their own number.
            let is_wide_control = excerpt.bytes[i] == 0xC2 && excerpt.bytes[i + 1] < 0xA0;
            i += is_wide_control as usize;
            message = match excerpt.bytes[i] {
                b'\t' => message.with("\\t"),
                b'\n' => message.with("\\n"),
                b'\r' => message.with("\\r"),
                byte if is_wide_control || byte.is_ascii_control() => {
                    message.with("\\u{").with_number(byte as usize, 16).with("}")
                }
                byte => message.with_byte(byte),
            };
            i += 1;
        }
        message.with(if excerpt.is_cut { "…`" } else { "`" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_looks_the_same_built_at_compile_time() {
        let controls: String = (0..=0xA5u8).map(char::from).collect();
        for start in (0..controls.len()).step_by(7) {
            for end in [start, start + 5, start + 60] {
                let excerpt = Excerpt::of(&controls, start, end.min(controls.len()));
                assert_eq!(Message::EMPTY.with_excerpt(&excerpt).as_str(), excerpt.to_string());
            }
        }
    }

    #[test]
    fn the_longest_message_has_room() {
        const LONGEST: &str =
            "a nickname: @yearly, @annually, @monthly, @weekly, @daily, @midnight or @hourly";
        let text = "\u{7f}".repeat(40);
        let error = ParseError {
            start: usize::MAX,
            ..ParseError::new(Some(Field::DayOfMonth), ErrorKind::RandomValue, &text, 0, 40, LONGEST)
        };
        assert!(error.to_string().len() < CAPACITY, "{}", error.to_string().len());
    }
}
