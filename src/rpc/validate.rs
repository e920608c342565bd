//! The checks that the annotations in `proto/` state. `build.rs` writes one impl per message; this is
//! what they need at run time.
//!
//! All wrong fields are found at once, and a description never repeats a value: what a caller sent
//! may be a card number. Rules that take more than one field, the clock, the account or the state
//! are not here but where those are known.

use std::fmt;
use std::sync::LazyLock;

use crate::rpc::proto;

pub mod formats;

/// A message that can check itself against the annotations of the schema.
pub trait Validate {
    /// Adds what is wrong with this message, which is found at `path`, to `out`.
    fn validate(&self, path: &Path<'_>, out: &mut Violations);
}

/// Checks a whole request. The error holds every wrong field, up to [`Violations::MAX`].
pub fn check<M: Validate>(message: &M) -> Result<(), Vec<Violation>> {
    let mut out = Violations::default();
    message.validate(&Path::Root, &mut out);
    match out.list.is_empty() {
        true => Ok(()),
        false => Err(out.list),
    }
}

/// One wrong field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where it is, such as `order.lines[3].quantity` or `metadata["size"]`.
    pub field: String,
    /// The rule, by its protovalidate name, such as `string.max_len`.
    pub rule: &'static str,
    /// What the field must be, without the value that it has.
    pub description: &'static str,
}

/// The wrong fields of one request, in the order of the schema.
#[derive(Debug, Default)]
pub struct Violations {
    list: Vec<Violation>,
}

impl Violations {
    /// How many are kept. A request with more wrong fields learns of the others when it comes back.
    pub const MAX: usize = 100;

    /// Adds one, unless there are enough.
    pub fn add(&mut self, path: &Path<'_>, rule: &'static str, description: &'static str) {
        if !self.is_full() {
            self.list.push(Violation { field: path.to_string(), rule, description });
        }
    }

    /// Whether there are enough, so that no more need be looked for.
    pub fn is_full(&self) -> bool {
        self.list.len() >= Self::MAX
    }
}

/// Where in a request a check is. It lives on the stack and becomes text only when something is wrong.
#[derive(Clone, Copy, Debug)]
pub enum Path<'a> {
    /// The request itself.
    Root,
    /// A field of a message.
    Field(&'a Path<'a>, &'static str),
    /// An item of a list.
    Index(&'a Path<'a>, usize),
    /// A value of a map.
    Key(&'a Path<'a>, &'a str),
}

impl<'a> Path<'a> {
    /// The longest key that is repeated in a path, in bytes.
    const KEY_LENGTH_MAX: usize = 64;
    /// A key with this many digits may be a card number and is not repeated.
    const KEY_DIGITS_MAX: usize = 11;

    /// A field of the message at this path.
    pub fn field(&'a self, name: &'static str) -> Self {
        Self::Field(self, name)
    }

    /// An item of the list at this path.
    pub fn index(&'a self, index: usize) -> Self {
        Self::Index(self, index)
    }

    /// A value of the map at this path.
    pub fn key(&'a self, key: &'a str) -> Self {
        Self::Key(self, key)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Field(Path::Root, name) => f.write_str(name),
            Self::Field(parent, name) => write!(f, "{parent}.{name}"),
            Self::Index(parent, index) => write!(f, "{parent}[{index}]"),
            // Keys come from the caller: only harmless ones are repeated.
            Self::Key(parent, key) => {
                let digits = key.bytes().filter(u8::is_ascii_digit).count();
                let harmless = key.len() <= Self::KEY_LENGTH_MAX
                    && digits <= Self::KEY_DIGITS_MAX
                    && key.bytes().all(|byte| matches!(byte, b' '..=b'~'));
                match harmless {
                    true => write!(f, "{parent}[{key:?}]"),
                    false => write!(f, "{parent}[…]"),
                }
            }
        }
    }
}

/// A pattern that is compiled when it is first needed.
type Pattern = LazyLock<regex::Regex>;

fn pattern(pattern: &str) -> regex::Regex {
    regex::Regex::new(pattern).expect("build.rs has compiled this pattern before")
}

/// Whether the text has fewer characters; every character has at least one byte and at most four.
fn shorter_than(text: &str, characters: usize) -> bool {
    text.len() < characters
        || (text.len() < characters.saturating_mul(4) && text.chars().count() < characters)
}

/// Whether the text has more characters; only text with more bytes than that needs counting.
fn longer_than(text: &str, characters: usize) -> bool {
    text.len() > characters && text.chars().count() > characters
}

mod generated {
    #![allow(clippy::all)]

    use super::*;

    include!(concat!(env!("OUT_DIR"), "/validation.rs"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_as_the_schema_does() {
        let (order, key) = (Path::Root.field("order"), Path::Root.field("metadata"));
        let (lines, key) = (order.field("lines"), key.key("a \"b\""));
        let line = lines.index(3);
        assert_eq!(line.field("quantity").to_string(), "order.lines[3].quantity");
        assert_eq!(key.to_string(), r#"metadata["a \"b\""]"#);
    }

    #[test]
    fn a_key_that_may_be_a_card_number_is_not_repeated() {
        let metadata = Path::Root.field("metadata");
        for key in ["4111 1111 1111 1111", "4111-1111-1111-1111", &"k".repeat(65), "\n", "ключ"] {
            assert_eq!(metadata.key(key).to_string(), "metadata[…]");
        }
    }

    #[test]
    fn characters_are_counted_and_not_bytes() {
        assert!(!longer_than("ééé", 3) && longer_than("éééé", 3));
        assert!(!shorter_than("ééé", 3) && shorter_than("éé", 3));
        assert!(shorter_than("", 1) && !shorter_than("", 0) && !longer_than("", 0));
    }
}
