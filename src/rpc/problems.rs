//! Everything that is wrong with one request, gathered before it is refused.

use crate::engine::error::{Error, FieldError, FieldMistake, Thing};

/// How many wrong fields one answer names.
const PROBLEMS_MAX: usize = 100;

/// The wrong fields of one request, in the order in which they were found.
#[derive(Debug, Default)]
pub struct Problems {
    list: Vec<FieldError>,
    /// What stands before each path, for a request inside a request.
    prefix: &'static str,
    /// What has a name in the right form that nothing of ours can have.
    absent: Option<Thing>,
}

impl Problems {
    /// From here on, paths are those of a message inside the request. The prefix ends in a dot.
    pub fn inside(&mut self, prefix: &'static str) {
        self.prefix = prefix;
    }

    /// A field is wrong, in no particular way.
    pub fn add(&mut self, field: &str, problem: impl Into<String>) {
        self.add_kind(field, problem, FieldMistake::Invalid);
    }

    /// A field is wrong in a way that has a reason of its own.
    pub fn add_kind(&mut self, field: &str, problem: impl Into<String>, kind: FieldMistake) {
        let field = format!("{}{field}", self.prefix);
        // The same field may break an annotation and a rule; the first says enough.
        if self.list.len() < PROBLEMS_MAX && !self.list.iter().any(|known| known.field == field) {
            self.list.push(FieldError { field, problem: problem.into(), kind });
        }
    }

    /// An id has the form that the contract allows and cannot be one of ours. Ids are opaque to
    /// callers, so that is not a wrong field: the thing is not found.
    pub fn absent(&mut self, thing: Thing) {
        self.absent = self.absent.or(Some(thing));
    }

    /// Whether nothing is wrong so far.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty() && self.absent.is_none()
    }

    /// The value, if nothing was wrong with what it was made of.
    ///
    /// # Errors
    /// [`Error::Invalid`] with all that is wrong; [`Error::NotFound`] when only an id is.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Error> {
        match (value, self.absent) {
            _ if !self.list.is_empty() => Err(Error::Invalid(self.list)),
            (_, Some(thing)) => Err(Error::NotFound(thing)),
            (Some(value), None) => Ok(value),
            (None, None) => {
                Err(Error::Internal { what: "a request came to nothing for no reason".into(), payment: None })
            }
        }
    }
}
