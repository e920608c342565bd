//! How each provider delivers: what it takes for a receipt, when it tries again, how a call looks.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One HTTP call to the merchant, sealed and ready to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The full URL.
    pub url: String,
    /// Its headers, the seal among them.
    pub headers: Vec<(String, String)>,
    /// The exact bytes.
    pub body: String,
}

impl Call {
    /// Replaces a header that is there.
    pub fn with_header(mut self, name: &str, value: String) -> Call {
        for (known, old) in &mut self.headers {
            if known.eq_ignore_ascii_case(name) {
                old.clone_from(&value);
            }
        }
        self
    }

    /// The same with another JSON body; none when its body is no JSON or `change` finds nothing.
    pub fn with_changed_json(self, change: impl FnOnce(&mut Value) -> Option<()>) -> Option<Call> {
        let mut value = serde_json::from_str(&self.body).ok()?;
        change(&mut value)?;
        Some(Call { body: value.to_string(), ..self })
    }

    /// The same with half of its body; none without one.
    pub fn with_half_body(mut self) -> Option<Call> {
        let half = (0..=self.body.len() / 2).rev().find(|place| self.body.is_char_boundary(*place))?;
        let is_cut = half < self.body.len();
        self.body.truncate(half);
        is_cut.then_some(self)
    }

    /// The same with the first member `name` of its JSON named twice, `value` first. Readers that take
    /// the first and readers that take the last see different things.
    pub fn with_name_twice(self, name: &str, value: &Value) -> Option<Call> {
        let quoted = format!("\"{name}\":");
        let place = self.body.find(&quoted)?;
        let body = format!("{}{quoted}{value},{}", &self.body[..place], &self.body[place..]);
        Some(Call { body, ..self })
    }
}

/// What the provider makes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is a receipt.
    Accepted,
    /// The provider will try again, as long as it has attempts left.
    Again,
    /// The provider never tries again.
    Refused,
}

/// A provider's rules, of one of its senders.
#[derive(Debug, Clone, Copy)]
pub struct DeliveryRules {
    /// How long the merchant has to answer, in real time.
    pub timeout: Duration,
    /// What an answer counts as: its status (none when there was no answer) and the beginning of its
    /// text.
    pub judge: fn(Option<u16>, &str) -> Verdict,
    /// The pause before retry *n*, counted from 1; none when there is no such retry. The second number
    /// is drawn anew each time, for providers that scatter their retries.
    pub pause: fn(u32, u64) -> Option<Duration>,
}

/// The pause before retry *n* out of a published list of seconds.
pub fn listed(seconds: &[u64], retry: u32) -> Option<Duration> {
    let place = usize::try_from(retry).ok()?.checked_sub(1)?;
    seconds.get(place).copied().map(Duration::from_secs)
}

/// For providers who take any 2xx, and try again after everything else.
pub fn wants_2xx(status: Option<u16>, _text: &str) -> Verdict {
    match status {
        Some(200..=299) => Verdict::Accepted,
        _ => Verdict::Again,
    }
}

/// What an employee of the merchant does by hand in the provider's back office.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum BackOffice {
    /// Gives money back.
    Refund {
        /// In minor units of the payment's currency.
        amount_minor: i64,
    },
    /// Takes what is reserved, or a part of it.
    Capture {
        /// In minor units of the payment's currency.
        amount_minor: i64,
    },
    /// Gives a reservation back, or cancels the payment before it is settled.
    Void,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(body: &str) -> Call {
        let headers = vec![("X-Seal".to_owned(), "genuine".to_owned())];
        Call { method: "POST", url: String::new(), headers, body: body.to_owned() }
    }

    #[test]
    fn a_name_stands_twice_and_the_rest_as_it_was() {
        let twice = call(r#"{"id":1,"status":"failed"}"#).with_name_twice("status", &json!("paid"));
        assert_eq!(twice.expect("has it").body, r#"{"id":1,"status":"paid","status":"failed"}"#);
        assert_eq!(call("{}").with_name_twice("status", &json!("paid")), None);
    }

    #[test]
    fn bodies_are_cut_between_characters() {
        assert_eq!(call("aäb").with_half_body().expect("has one").body, "a");
        assert_eq!(call("").with_half_body(), None);
    }

    #[test]
    fn a_list_of_pauses_ends() {
        assert_eq!(listed(&[15, 30], 2), Some(Duration::from_secs(30)));
        assert_eq!((listed(&[15, 30], 3), listed(&[15], 0)), (None, None));
    }
}
