//! Test cards and test amounts: how to make things happen.
//!
//! The cards are the provider's own (§16). The amounts are this simulator's: an amount whose last
//! six digits are `99NNNN` gets outcome `NNNN` of [`OUTCOMES`], whatever the card. 9 900.51 kr
//! (`990051`) is declined for insufficient funds, say; `64900` does as the card says.

use serde_json::{Value, json};

use crate::simulator::card::outcome_asked_by;
use crate::simulator::clock::{iso, later};

/// What a test card does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trick {
    /// Approved without a challenge.
    Approve,
    /// 3-D Secure challenge; approved when passed.
    Challenge,
    /// Authentication was attempted only (ECI 6 / 1); approved.
    Attempted,
    /// 3-D Secure fails without asking anybody.
    VerificationFails,
    /// Approved with the customer present; without, declined with `1A`.
    NeedsAuthentication,
    /// The authorization times out.
    AuthorizationTimesOut,
    /// Captures time out.
    CaptureTimesOut,
    /// Refunds time out.
    RefundTimesOut,
    /// Automatic captures time out; captures by hand work.
    AutoCaptureTimesOut,
    /// Voids time out.
    VoidTimesOut,
    /// Paying works, but no token is made.
    TokenTimesOut,
}

/// Number, behaviour and explanation of every test card (§16).
pub const TEST_CARDS: &[(&str, Trick, &str)] = &[
    ("4000000000000002", Trick::Approve, "success, no 3-D Secure challenge"),
    ("5200000000000007", Trick::Approve, "success, no 3-D Secure challenge"),
    ("4000100000000000", Trick::Challenge, "3-D Secure challenge, success"),
    ("5200000000000015", Trick::Challenge, "3-D Secure challenge, success"),
    ("4000200000000008", Trick::Attempted, "attempted authentication"),
    ("5200000000000023", Trick::Attempted, "attempted authentication"),
    ("4000300000000006", Trick::VerificationFails, "3-D Secure verification fails"),
    ("5200000000000031", Trick::VerificationFails, "3-D Secure verification fails"),
    ("4100000000000076", Trick::NeedsAuthentication, "soft decline 1A without the customer"),
    ("4100000000000001", Trick::AuthorizationTimesOut, "authorization times out"),
    ("5100000000000008", Trick::AuthorizationTimesOut, "authorization times out"),
    ("4100000000000019", Trick::CaptureTimesOut, "capture times out"),
    ("5100000000000016", Trick::CaptureTimesOut, "capture times out"),
    ("4100000000000027", Trick::RefundTimesOut, "refund times out"),
    ("5100000000000024", Trick::RefundTimesOut, "refund times out"),
    ("4100000000000035", Trick::AutoCaptureTimesOut, "auto-capture times out"),
    ("5100000000000032", Trick::AutoCaptureTimesOut, "auto-capture times out"),
    ("4100000000000043", Trick::VoidTimesOut, "cancel times out"),
    ("5100000000000040", Trick::VoidTimesOut, "cancel times out"),
    ("4100000000000050", Trick::TokenTimesOut, "token provisioning times out"),
    ("5100000000000057", Trick::TokenTimesOut, "token provisioning times out"),
];

/// What a card number does; `None` for anything that is not a test card.
pub fn trick(number: &str) -> Option<Trick> {
    let mut cards = TEST_CARDS.iter();
    cards.find(|(card, ..)| *card == number).map(|(_, trick, _)| *trick)
}

/// Why an authorization was refused.
#[derive(Debug, PartialEq, Eq)]
pub struct Decline {
    /// `error.type` of the event (§10), in the form given by `form`.
    pub kind: &'static str,
    /// The scheme's response; empty for none.
    pub result_code: &'static str,
    /// What the provider says about another try.
    pub retry: Retry,
    /// How the type is written.
    pub form: Form,
}

/// `retry_policy` of a decline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// No policy at all: the class of the type decides.
    Absent,
    /// A policy without a code (sample 58).
    Unsaid,
    /// Now.
    Immediately,
    /// After a day.
    AfterDelay,
    /// Never; the card is blocked from then on.
    Never,
    /// Two codes that contradict each other; never wins (§10).
    NeverAmongOthers,
}

/// How `error.type` is written: the schema says a list, others were seen (§10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A list of one.
    List,
    /// The bare text.
    Bare,
    /// Not at all.
    Missing,
}

/// What an amount asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The authorization is refused.
    Decline(Decline),
    /// Status `ON_HOLD`: somebody has to look at it.
    OnHold,
    /// Status `UNKNOWN`: the processor never answered.
    Unknown,
    /// Status `INITIATED`: nothing is decided yet.
    Initiated,
    /// Authorized; captures are refused by the processor (200, status unchanged).
    CaptureFails,
    /// Authorized; captures time out (503).
    CaptureTimesOut,
    /// Refunds are refused by the processor.
    RefundFails,
    /// Refunds time out.
    RefundTimesOut,
    /// Voids are refused by the processor.
    VoidFails,
    /// Voids time out.
    VoidTimesOut,
    /// An automatic capture is not done within the answer but a minute later.
    AutoCaptureLate,
}

const fn decline(kind: &'static str, result_code: &'static str, retry: Retry) -> Outcome {
    Outcome::Decline(Decline { kind, result_code, retry, form: Form::List })
}

const fn odd(kind: &'static str, form: Form) -> Outcome {
    Outcome::Decline(Decline { kind, result_code: "", retry: Retry::Absent, form })
}

/// Every outcome an amount `…99NNNN` can ask for, by `NNNN`.
pub const OUTCOMES: &[(u16, Outcome)] = &[
    (3, decline("INVALID_MERCHANT", "03", Retry::Absent)),
    (5, decline("DECLINED", "05", Retry::Absent)),
    (6, decline("UNKNOWN", "06", Retry::Absent)),
    (12, decline("INVALID_TRANSACTION", "12", Retry::Absent)),
    (13, decline("INVALID_AMOUNT", "13", Retry::Absent)),
    (41, decline("PICK_UP_CARD", "41", Retry::Never)),
    (43, decline("PICK_UP_CARD", "43", Retry::Never)),
    (46, decline("CLOSED_ACCOUNT", "46", Retry::Never)),
    (51, decline("INSUFFICIENT_FUNDS", "51", Retry::AfterDelay)),
    (54, decline("EXPIRED_CARD", "54", Retry::Absent)),
    (55, decline("PIN_REQUIRED", "55", Retry::Absent)),
    (61, decline("EXCEEDS_APPROVAL_LIMIT", "61", Retry::AfterDelay)),
    (62, decline("RESTRICTED_CARD", "62", Retry::Absent)),
    (65, decline("EXCEEDS_WITHDRAWAL_FREQUENCY_LIMIT", "65", Retry::AfterDelay)),
    (70, decline("ADDITIONAL_VERIFICATION_REQUIRED", "1A", Retry::Unsaid)),
    (82, decline("FAILED_VERIFICATION", "82", Retry::Absent)),
    (91, decline("ISSUER_ERROR", "91", Retry::Immediately)),
    (96, decline("ERROR", "96", Retry::Absent)),
    (97, decline("DECLINED", "05", Retry::NeverAmongOthers)),
    (98, odd("DECLINED", Form::Bare)),
    (99, odd("", Form::Missing)),
    (201, Outcome::OnHold),
    (202, Outcome::Unknown),
    (203, Outcome::Initiated),
    (301, Outcome::CaptureFails),
    (302, Outcome::CaptureTimesOut),
    (303, Outcome::RefundFails),
    (304, Outcome::RefundTimesOut),
    (305, Outcome::VoidFails),
    (306, Outcome::VoidTimesOut),
    (307, Outcome::AutoCaptureLate),
];

/// One line for the hosted page.
pub const AMOUNT_RULE: &str = "An amount whose last six digits are 99NNNN asks for outcome NNNN: \
    990051 insufficient funds, 990046 closed account (never again), 990054 expired card, \
    990070 authentication required, 990091 issuer error, 990201 on hold, 990202 unknown, \
    990301 capture fails, 990302 capture times out. The whole table is in the simulator's \
    source, dintero/outcomes.rs.";

/// The outcome an order's amount asks for.
pub fn asked_by(amount_minor: i64) -> Option<&'static Outcome> {
    let asked = outcome_asked_by(amount_minor)?;
    let mut outcomes = OUTCOMES.iter();
    outcomes.find(|(code, _)| *code == asked).map(|(_, outcome)| outcome)
}

/// The decline of a card after a do-not-retry answer (§10: the card is blocked at once).
pub const BLOCKED_CARD: Decline =
    Decline { kind: "RESTRICTED_CARD", result_code: "62", retry: Retry::Never, form: Form::List };

/// The decline of a merchant-initiated charge that wants the customer (sample 58).
pub const AUTHENTICATION_REQUIRED: Decline = Decline {
    kind: "ADDITIONAL_VERIFICATION_REQUIRED",
    result_code: "1A",
    retry: Retry::Unsaid,
    form: Form::List,
};

/// The decline of a card past its date.
pub const EXPIRED_CARD: Decline =
    Decline { kind: "EXPIRED_CARD", result_code: "54", retry: Retry::Absent, form: Form::List };

/// The decline of a number that is no test card: nothing else is known to this issuer.
pub const NO_TEST_CARD: Decline =
    Decline { kind: "INVALID_TRANSACTION", result_code: "14", retry: Retry::Absent, form: Form::List };

impl Decline {
    /// Whether no charge of this card will ever be tried again.
    pub fn blocks_card(&self) -> bool {
        matches!(self.retry, Retry::Never | Retry::NeverAmongOthers)
    }

    /// The event's `error` (samples 55 to 58).
    pub fn error(&self, now: jiff::Timestamp) -> Value {
        const A_DAY_MS: u64 = 24 * 60 * 60 * 1_000;
        let mut error = json!({
            "code": "authorization_failed",
            "message": "Authorization was declined by the issuer",
        });
        match self.form {
            Form::List => error["type"] = json!([self.kind]),
            Form::Bare => error["type"] = json!(self.kind),
            Form::Missing => {}
        }
        if !self.result_code.is_empty() {
            error["result_code"] = json!(self.result_code);
        }
        let codes: &[&str] = match self.retry {
            Retry::Absent => return error,
            Retry::Unsaid => &[],
            Retry::Immediately => &["RETRY_IMMEDIATELY"],
            Retry::AfterDelay => &["RETRY_AFTER_DELAY"],
            Retry::Never => &["DO_NOT_RETRY"],
            Retry::NeverAmongOthers => &["RETRY_AFTER_DELAY", "DO_NOT_RETRY"],
        };
        error["retry_policy"] = json!({ "retry_codes": codes });
        if self.retry == Retry::AfterDelay {
            error["retry_policy"]["retry_after"] = json!(iso(later(now, A_DAY_MS)));
        }
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_the_dossier_can_be_provoked() {
        let documented = [
            "INSUFFICIENT_FUNDS",
            "EXPIRED_CARD",
            "CLOSED_ACCOUNT",
            "PICK_UP_CARD",
            "RESTRICTED_CARD",
            "DECLINED",
            "ISSUER_ERROR",
            "EXCEEDS_APPROVAL_LIMIT",
            "EXCEEDS_WITHDRAWAL_FREQUENCY_LIMIT",
            "PIN_REQUIRED",
            "ADDITIONAL_VERIFICATION_REQUIRED",
            "FAILED_VERIFICATION",
            "INVALID_AMOUNT",
            "INVALID_MERCHANT",
            "INVALID_TRANSACTION",
            "ERROR",
            "UNKNOWN",
        ];
        for kind in documented {
            let is_kind = |outcome: &Outcome| match outcome {
                Outcome::Decline(decline) => decline.kind == kind,
                _ => false,
            };
            let found = OUTCOMES.iter().any(|(_, outcome)| is_kind(outcome));
            assert!(found, "no amount provokes {kind}");
        }
    }
}
