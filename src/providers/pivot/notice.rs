//! What Pivot tells by itself: callbacks (dossier, section 18; "Callback", read 2026-02).
//!
//! A callback comes with a fixed key and is not signed, so whoever has seen one can write others. It is
//! a reason to read the session again, unless the account says `webhook_trust = "body"`; and about
//! refunds it is never more. This file must never look at a body before it has seen the key.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::Pivot;
use super::account::Trust;
use super::session::{Session, time};
use crate::domain::outcome::Outcome;
use crate::domain::payment::MovementKind;
use crate::domain::secret::Secret;
use crate::json::unambiguous;
use crate::providers::contract::{Fault, Inquiry};
use crate::providers::json::Reading;
use crate::providers::notice::{About, News, Notice, Refusal, Told};

/// The header with the key.
const KEY_HEADER: &str = "x-api-key";

impl Pivot {
    pub(super) fn read_callback(&self, notice: &Notice<'_>) -> Result<Told, Refusal> {
        authenticate(&self.account.callback_keys, notice)?;
        let callback = Callback::read(notice).ok_or(Refusal::Malformed)?;
        callback.told(self.account.webhook_trust)
    }

    /// Reads a callback about a session as the answer to an inquiry.
    pub(super) fn outcome_of_callback(
        &self,
        inquiry: &Inquiry,
        notice: &Notice<'_>,
    ) -> Result<Outcome, Fault> {
        let callback = Callback::read(notice)
            .filter(|callback| callback.subject() == Subject::Session)
            .filter(|_| self.account.webhook_trust == Trust::Body)
            .ok_or_else(|| Fault::unintelligible("a callback that proves nothing"))?;
        let session = Session::read(&self.account, &callback.data)?;
        Ok(Outcome::Payment(self.judged(inquiry, &session)?))
    }
}

/// Compares the key with every key of the account, each time with all of it: neither how much of a
/// wrong key is right nor how long the right one is can be measured.
fn authenticate(keys: &[Secret<String>], notice: &Notice<'_>) -> Result<(), Refusal> {
    if keys.is_empty() {
        return Err(Refusal::NotExpected);
    }
    let hash = |text: &str| digest(&SHA256, text.as_bytes());
    let sent = hash(notice.header(KEY_HEADER).ok_or(Refusal::Unsigned)?);
    let is_known = keys.iter().fold(false, |is_known, key| {
        is_known | verify_slices_are_equal(hash(key.expose()).as_ref(), sent.as_ref()).is_ok()
    });
    if is_known { Ok(()) } else { Err(Refusal::Forged) }
}

/// What a callback has in `data`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Session,
    Refund,
    /// Nothing: the address is tried out when it is registered.
    Test,
    /// Payouts, withdrawals, top-ups and sub-accounts may share the address.
    Other,
}

/// `{"event": …, "data": …}`
struct Callback {
    event: String,
    data: Value,
}

impl Callback {
    /// `None` for what is no callback.
    fn read(notice: &Notice<'_>) -> Option<Self> {
        let mut body = unambiguous(notice.body).ok().filter(|_| notice.method == "POST")?;
        let event = body.at(&["event"])?.as_str().filter(|event| !event.is_empty())?.to_owned();
        Some(Self { event, data: body.get_mut("data").map(Value::take).unwrap_or_default() })
    }

    /// The words of one family differ from page to page, and one is misspelt: `data.status` is what
    /// counts, so a new word is as good a reason to ask as any.
    fn subject(&self) -> Subject {
        match self.event.split_once('.').unwrap_or_default() {
            ("PAYMENT", "TEST") => Subject::Test,
            ("PAYMENT" | "CHARGE", _) => Subject::Session,
            ("REFUND", _) => Subject::Refund,
            (_, _) => Subject::Other,
        }
    }

    fn told(&self, trust: Trust) -> Result<Told, Refusal> {
        let word = |path: &[&str]| self.data.words(path);
        let (about, news) = match self.subject() {
            Subject::Test => (About::default(), News::Nothing),
            Subject::Other => (About::default(), News::Unknown),
            Subject::Session => {
                let about = About {
                    reference: word(&["clientReferenceId"]),
                    session: Some(word(&["id"]).ok_or(Refusal::Malformed)?),
                    transaction: self.newest_charge().and_then(|charge| charge.words(&["id"])),
                    ..About::default()
                };
                let news = match trust {
                    Trust::Reread => News::Hint,
                    Trust::Body => News::Trusted,
                };
                (about, news)
            }
            Subject::Refund => {
                let about = About {
                    // The refund's own.
                    reference: Some(word(&["clientReferenceId"]).ok_or(Refusal::Malformed)?),
                    session: word(&["paymentSessionId"]),
                    transaction: word(&["chargeId"]),
                    // A session stays PAID after a refund (section 15) and never shows one made in the
                    // dashboard: the refund itself has to be asked for.
                    movement: word(&["id"]).map(|id| (MovementKind::Refund, id)),
                    ..About::default()
                };
                (about, News::Hint)
            }
        };
        Ok(Told::new(&self.event, self.key(), about, news))
    }

    /// There is no id of a delivery. Of what is not known here, all counts.
    fn key(&self) -> String {
        let text = |name: &str| self.data.text(&[name]);
        let charge = self.newest_charge().map(|charge| [charge.text(&["id"]), charge.text(&["status"])]);
        match self.subject() {
            Subject::Session | Subject::Refund => {
                json!([self.event, text("id"), text("status"), text("updatedAt"), charge]).to_string()
            }
            Subject::Test | Subject::Other => json!([self.event, self.data]).to_string(),
        }
    }

    /// The newest charge; the last of those without a time.
    fn newest_charge(&self) -> Option<&Value> {
        self.data.list(&["chargeDetails"]).iter().max_by_key(|charge| time(charge, &["createdAt"]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::outcome::{SeenTotals, Standing};
    use crate::providers::contract::{Operation, OperationKind, Provider};
    use crate::providers::notice::KIND_CHARS_MAX;
    use crate::providers::pivot::tests::{idr, now, pivot};
    use crate::providers::sample::{self, Overrides};
    use crate::providers::settings::Setting;

    /// The key of the samples.
    const KEY: &str = "cbk_EXAMPLE_0000000000000000000000000000";

    fn account(changes: &[(&str, &str)]) -> Pivot {
        let text = |text: &str| Setting::Text(text.to_owned());
        let changes: Vec<_> = changes.iter().map(|(name, value)| (*name, text(value))).collect();
        pivot(&changes)
    }

    fn trusting() -> Pivot {
        account(&[("callback_api_key", KEY), ("webhook_trust", "body")])
    }

    /// Headers, as they arrive, and body of a sample.
    fn sample(name: &str) -> (Vec<(String, String)>, Value) {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/simulator_samples/pivot");
        let text = std::fs::read_to_string(format!("{root}/{name}.json")).expect("a sample");
        let sample: Value = serde_json::from_str(&text).expect("JSON");
        let headers = sample["_http"]["headers"].as_object().expect("headers").iter();
        let headers = headers
            .map(|(name, value)| (name.to_ascii_lowercase(), value.as_str().expect("a text").to_owned()));
        (headers.collect(), sample["body"].clone())
    }

    fn notice<'a>(headers: &'a [(String, String)], body: &'a str) -> Notice<'a> {
        Notice { method: "POST", url: "https://pay.example/in/pivot", headers, body: body.as_bytes() }
    }

    fn read(pivot: &Pivot, headers: &[(String, String)], body: &str) -> Result<Told, Refusal> {
        pivot.read_callback(&notice(headers, body))
    }

    fn with_key(key: &str) -> Vec<(String, String)> {
        vec![(KEY_HEADER.to_owned(), key.to_owned())]
    }

    fn about(ids: [&str; 3]) -> About {
        let [reference, session, transaction] = ids.map(|id| Some(id.to_owned()).filter(|id| !id.is_empty()));
        About { reference, session, transaction, ..About::default() }
    }

    #[test]
    fn every_sample_is_judged_right() {
        let pivot = account(&[("callback_api_key", KEY)]);
        let second =
            ["PAY0002", "7d0f2a10-2222-4a1a-8a01-000000000002", "7d0f2a10-2222-4c1c-8a01-0000000000c2"];
        let third =
            ["PAY0003", "7d0f2a10-3333-4a1a-8a01-000000000003", "7d0f2a10-3333-4c1c-8a01-0000000000c3"];
        let reusable =
            ["VA0001", "7d0f2a10-8888-4a1a-8a01-000000000008", "0199aa06-0000-7000-8000-000000000006"];
        let refund =
            ["RFD0001", "7d0f2a10-4444-4a1a-8a01-000000000004", "7d0f2a10-4444-4c1c-8a01-0000000000c4"];
        let by_id = (MovementKind::Refund, "0199aa05-0000-7000-8000-000000000005".to_owned());
        let mut keys = Vec::new();
        for (name, kind, ids, news) in [
            ("80_callback_payment_processing", "PAYMENT.PROCESSING", second, News::Hint),
            ("81_callback_payment_paid", "PAYMENT.PAID", second, News::Hint),
            ("82_callback_payment_cancelled_charge_failed", "PAYMENT.CANCELLED", third, News::Hint),
            (
                "83_callback_payment_cancelled_timeout",
                "PAYMENT.CANCELLED",
                ["PAY0001", "7d0f2a10-1111-4a1a-8a01-000000000001", ""],
                News::Hint,
            ),
            ("84_callback_charge_success_multiple", "CHARGE.SUCCESS", reusable, News::Hint),
            ("85_callback_registration_test", "PAYMENT.TEST", ["", "", ""], News::Nothing),
            ("86_callback_refund_success", "REFUND.SUCCESS", refund, News::Hint),
            ("87_callback_refund_waiting_bank_transfer", "REFUND.WAITING_BANK_TRANFER", refund, News::Hint),
            ("88_callback_refund_failed", "REFUND.FAILED", refund, News::Hint),
        ] {
            let (headers, body) = sample(name);
            let told =
                read(&pivot, &headers, &body.to_string()).unwrap_or_else(|why| panic!("{name}: {why:?}"));
            let movement = Some(by_id.clone()).filter(|_| kind.starts_with("REFUND"));
            let about = About { movement, ..about(ids) };
            assert_eq!((told.kind.as_str(), &told.about, &told.news), (kind, &about, &news), "{name}");
            let again = read(&pivot, &headers, &format!("{body:#}")).expect("the same, written otherwise");
            assert_eq!(told.key, again.key, "{name}");
            keys.push(told.key);
        }
        let count = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), count, "each is news of its own");
    }

    #[test]
    fn only_the_keys_of_the_account_open() {
        let (_, body) = sample("81_callback_payment_paid");
        let body = body.to_string();
        let rotating = account(&[("callback_api_key", "cbk_new"), ("callback_api_key_previous", KEY)]);
        for key in ["cbk_new", KEY] {
            assert!(read(&rotating, &with_key(key), &body).is_ok(), "{key}");
        }
        let longer = format!("{KEY}0");
        for key in ["", "cbk_ne", &KEY[1..], longer.as_str(), "Cbk_new", "cbk_new cbk_new"] {
            assert_eq!(read(&rotating, &with_key(key), &body), Err(Refusal::Forged), "{key}");
        }
        let twice = [with_key(KEY), with_key(KEY)].concat();
        assert_eq!(read(&rotating, &twice, &body), Err(Refusal::Unsigned));
        let elsewhere = [("authorization".to_owned(), KEY.to_owned())];
        assert_eq!(read(&rotating, &elsewhere, &body), Err(Refusal::Unsigned));
        assert_eq!(read(&account(&[]), &with_key(KEY), &body), Err(Refusal::NotExpected));
        // Another merchant's callbacks come with another key; nothing else tells whose they are.
        let other = account(&[("callback_api_key", "cbk_of_another_account")]);
        assert_eq!(read(&other, &with_key(KEY), &body), Err(Refusal::Forged));
    }

    #[test]
    fn what_is_no_callback_is_refused() {
        let (headers, body) = sample("81_callback_payment_paid");
        let pivot = trusting();
        let good = body.to_string();
        for wrong in [
            good[..good.len() - 2].to_owned(),
            String::new(),
            "[]".to_owned(),
            r#"{"data":{"id":"7d0f2a10"}}"#.to_owned(),
            r#"{"event":17,"data":{"id":"7d0f2a10"}}"#.to_owned(),
            r#"{"event":"PAYMENT.PAID"}"#.to_owned(),
            r#"{"event":"PAYMENT.PAID","data":{"clientReferenceId":"PAY0002"}}"#.to_owned(),
            r#"{"event":"REFUND.SUCCESS","data":{"id":"0199aa05"}}"#.to_owned(),
            good.replacen(r#""event":"#, r#""event":"PAYMENT.TEST","event":"#, 1),
            good.replacen(r#""status":"#, r#""status":"CANCELLED","status":"#, 1),
        ] {
            assert_ne!(wrong, good);
            assert_eq!(read(&pivot, &headers, &wrong), Err(Refusal::Malformed), "{wrong}");
        }
        let asked = Notice { method: "GET", ..notice(&headers, &good) };
        assert_eq!(pivot.read_callback(&asked), Err(Refusal::Malformed));
    }

    #[test]
    fn what_is_not_about_paying_is_kept_and_shown() {
        let told = read(&trusting(), &with_key(KEY), r#"{"event":"PAYOUT.SUCCESS","data":{"id":"po-1"}}"#);
        let told = told.expect("genuine");
        assert_eq!(
            (told.kind.as_str(), told.about, told.news),
            ("PAYOUT.SUCCESS", about(["", "", ""]), News::Unknown)
        );
        let long = format!(r#"{{"event":"{}","data":{{}}}}"#, "X".repeat(1_000));
        assert_eq!(read(&trusting(), &with_key(KEY), &long).expect("genuine").kind.len(), KIND_CHARS_MAX);
    }

    fn inquiry() -> Inquiry {
        let asked = crate::domain::outcome::Asked { money: idr(18_500_000), reference: "PAY0002".to_owned() };
        match sample::operation(OperationKind::InquirePayment, &asked, &Overrides::default(), now()) {
            Operation::InquirePayment(inquiry) => inquiry,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_body_is_an_answer_only_where_the_account_says_so() {
        let (headers, body) = sample("81_callback_payment_paid");
        let good = body.to_string();
        let outcome = |pivot: &Pivot, body: &str| {
            let access = None;
            let cx = crate::providers::contract::Context { now: now(), entropy: [7; 32], access };
            Provider::outcome_told(pivot, &inquiry(), &notice(&headers, body), &cx)
        };
        assert_eq!(read(&trusting(), &headers, &good).map(|told| told.news), Ok(News::Trusted));
        let Ok(Outcome::Payment(report)) = outcome(&trusting(), &good) else { panic!("no payment") };
        assert_eq!((&report.standing, report.seen.money), (&Standing::Captured, Some(idr(18_500_000))));
        assert_eq!(report.seen.reference.as_deref(), Some("PAY0002"));
        // Another amount, or another payment, is seen as such, for the comparison to find.
        let Ok(Outcome::Payment(report)) = outcome(&trusting(), &good.replace("185000", "1850")) else {
            panic!("no payment")
        };
        assert_eq!(report.seen.money, Some(idr(185_000)));
        assert_eq!(
            report.totals,
            SeenTotals { authorized: Some(185_000), captured: Some(185_000), refunded: None }
        );
        let Ok(Outcome::Payment(report)) = outcome(&trusting(), &good.replace("PAY0002", "PAY0009")) else {
            panic!("no payment")
        };
        assert_eq!(report.seen.reference.as_deref(), Some("PAY0009"));
        // So it is where the session alone says another than its charges.
        let mut torn = body.clone();
        torn["data"]["amount"]["value"] = json!(1);
        torn["data"]["clientReferenceId"] = json!("PAY0009");
        let Ok(Outcome::Payment(report)) = outcome(&trusting(), &torn.to_string()) else {
            panic!("no payment")
        };
        assert_eq!((report.seen.money, report.seen.reference.as_deref()), (Some(idr(100)), Some("PAY0009")));

        assert!(outcome(&account(&[("callback_api_key", KEY)]), &good).is_err());
        assert!(outcome(&trusting(), &good.replace(r#""PAID""#, r#""PAYED""#)).is_err(), "an unknown word");
        for other in [
            "84_callback_charge_success_multiple",
            "85_callback_registration_test",
            "86_callback_refund_success",
        ] {
            assert!(outcome(&trusting(), &sample(other).1.to_string()).is_err(), "{other}");
        }
        let refund = sample("86_callback_refund_success").1.to_string();
        assert_eq!(read(&trusting(), &headers, &refund).map(|told| told.news), Ok(News::Hint));
    }
}
