//! What Dintero tells by itself, and how it proves that it was Dintero: callbacks (dossier §11, §12)
//! here, webhooks of the account (§13) in `hook`.
//!
//! A callback's signature covers its address and not its body; a webhook's covers a body in which
//! amount and currency need not stand. Both are reasons to ask. This file must never look at the body
//! of a callback.

use aws_lc_rs::hmac;
use jiff::Timestamp;
use serde_json::json;
use url::{Url, form_urlencoded};

use super::account::{Account, is_path_word};
use super::{Dintero, hook};
use crate::providers::notice::{About, News, Notice, NoticeAnswer, Refusal, Told};

/// The header with the signature of a callback.
const CALLBACK_SIGNATURE: &str = "dintero-signature";
/// The header with the signature of a webhook.
const HOOK_SIGNATURE: &str = "event-signature";
/// Parts of a callback's signature: a time, and one for each scheme.
const SIGNATURE_PARTS_MAX: usize = 8;
/// Parameters of a callback's address; those of the samples have eleven.
const PARAMETERS_MAX: usize = 64;
/// Digits of a time in seconds.
const TIME_DIGITS_MAX: usize = 12;

impl Dintero {
    pub(super) fn read_call(&self, notice: &Notice<'_>, now: Timestamp) -> Result<Told, Refusal> {
        let account = &self.account;
        if account.callback_secrets.is_empty() && account.hook_secrets.is_empty() {
            return Err(Refusal::NotExpected);
        }
        match (notice.header(CALLBACK_SIGNATURE), notice.header(HOOK_SIGNATURE)) {
            (Some(signature), None) => callback(account, notice, signature, now),
            (None, Some(signature)) => hook::read(account, notice, signature),
            // Of two that prove different things neither is chosen.
            (None, None) | (Some(_), Some(_)) => Err(Refusal::Unsigned),
        }
    }
}

/// Any 4xx is final, 401 is for a bad signature and 500 for a secret that is missing (§11, §12). A callback
/// whose time is too old has a good signature: it was long under way, or our clock is wrong, and it is to
/// come again, signed anew. A replay is sent by somebody to whom the answer means nothing.
pub(super) fn answer(judged: &Result<Told, Refusal>) -> NoticeAnswer {
    match judged {
        Err(Refusal::Stale) => NoticeAnswer::bare(500),
        Ok(_)
        | Err(
            Refusal::NotExpected
            | Refusal::Unsigned
            | Refusal::Forged
            | Refusal::Malformed
            | Refusal::Foreign,
        ) => NoticeAnswer::usual(judged),
    }
}

/// Refuses an id that cannot be this account's.
pub(super) fn check_id(account: &Account, id: Option<&String>) -> Result<(), Refusal> {
    let Some(id) = id else { return Ok(()) };
    if !is_path_word(id) {
        return Err(Refusal::Malformed);
    }
    account.owns(id).map_err(|_| Refusal::Foreign)
}

/// The bytes that so many hexadecimal digits stand for, and no others.
pub(super) fn bytes<const N: usize>(digits: &str) -> Option<[u8; N]> {
    if digits.len() != 2 * N || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(digits.get(pair..pair + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// `t=<seconds>,v0-hmac-sha256=<hex>`, with white space around the comma in the documentation.
struct Stamp<'a> {
    /// The digits as they are signed.
    time: &'a str,
    seconds: i64,
    tag: [u8; 32],
}

impl<'a> Stamp<'a> {
    /// `None` for anything else. Schemes that are not known are passed over.
    fn read(header: &'a str) -> Option<Self> {
        let (mut time, mut tag) = (None, None);
        for (count, part) in header.split(',').enumerate() {
            let (name, value) = part.trim().split_once('=').filter(|_| count < SIGNATURE_PARTS_MAX)?;
            let earlier = match name {
                "t" => time.replace(value),
                "v0-hmac-sha256" => tag.replace(value),
                _ => None,
            };
            if earlier.is_some() {
                return None;
            }
        }
        let is_time =
            |text: &&str| text.len() <= TIME_DIGITS_MAX && text.bytes().all(|byte| byte.is_ascii_digit());
        let time = time.filter(is_time)?;
        Some(Self { time, seconds: time.parse().ok()?, tag: bytes(tag?)? })
    }

    /// Whether the account signed this method and address at that time (dossier §12).
    fn verifies(&self, account: &Account, method: &str, url: &Url, parameters: &Parameters) -> bool {
        let (id, host, path) = (&account.id, url.host_str().unwrap_or_default(), url.path());
        let before = format!("{}\n{id}\n{method}\n{host}\n{path}\n", self.time);
        let texts = parameters.canonical().map(|query| format!("{before}{query}"));
        account.callback_secrets.iter().any(|secret| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
            texts.iter().any(|text| hmac::verify(&key, text.as_bytes(), &self.tag).is_ok())
        })
    }
}

/// The parameters of an address, decoded, in their order.
struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// The forms that may be signed: sorted by name, where parameters of one name keep their order;
    /// and sorted by value too, as a third party has it (dossier §18).
    fn canonical(&self) -> [String; 2] {
        let text = |pairs: &[(String, String)]| {
            form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
        };
        let (mut by_name, mut by_value) = (self.0.clone(), self.0.clone());
        by_name.sort_by(|(one, _), (other, _)| one.cmp(other));
        by_value.sort();
        [text(&by_name), text(&by_value)]
    }

    /// What the only parameter of a name says. Sorting makes the order of two a matter of opinion.
    fn only(&self, name: &str) -> Result<Option<String>, Refusal> {
        let mut named = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value);
        match (named.next(), named.next()) {
            (_, Some(_)) => Err(Refusal::Malformed),
            (value, None) => Ok(value.filter(|value| !value.is_empty()).cloned()),
        }
    }
}

fn callback(
    account: &Account,
    notice: &Notice<'_>,
    signature: &str,
    now: Timestamp,
) -> Result<Told, Refusal> {
    if account.callback_secrets.is_empty() {
        return Err(Refusal::NotExpected);
    }
    let stamp = Stamp::read(signature).ok_or(Refusal::Forged)?;
    let url = Url::parse(notice.url).map_err(|_| Refusal::Malformed)?;
    let parameters = Parameters(url.query_pairs().into_owned().collect());
    if parameters.0.len() > PARAMETERS_MAX {
        return Err(Refusal::Malformed);
    }
    if !stamp.verifies(account, notice.method, &url, &parameters) {
        return Err(Refusal::Forged);
    }
    if now.as_second().abs_diff(stamp.seconds) > account.callback_tolerance_seconds {
        return Err(Refusal::Stale);
    }
    told(account, &parameters, &stamp)
}

/// What the address says. Whose callback it is stands under the signature as well.
fn told(account: &Account, parameters: &Parameters, stamp: &Stamp<'_>) -> Result<Told, Refusal> {
    let only = |name: &str| parameters.only(name);
    let session = only("sid_parameter_name")?.unwrap_or_else(|| "session_id".to_owned());
    let about = About {
        reference: only("merchant_reference")?,
        session: only(&session)?,
        transaction: only("transaction_id")?,
        ..About::default()
    };
    if about == About::default() {
        return Err(Refusal::Malformed);
    }
    check_id(account, about.session.as_ref())?;
    check_id(account, about.transaction.as_ref())?;
    let (error, event, event_id) = (only("error")?, only("event")?, only("event_id")?);
    let kind = match (&error, &event) {
        (Some(error), _) => format!("error {error}"),
        (None, Some(event)) => event.clone(),
        (None, None) => "authorization".to_owned(),
    };
    // Without an event nothing under the signature but its time tells "on hold" from what came of it.
    // A retry that is signed anew costs an inquiry; news taken for a repeat would be lost.
    let which = event_id.unwrap_or_else(|| format!("t={}", stamp.time));
    let key = json!([about.transaction, about.session, about.reference, error, event, which]);
    Ok(Told::new(&kind, key.to_string(), about, News::Hint))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::providers::dintero::tests::{at, dintero, sample};

    const SECRET: &str = "sample-callback-secret";
    /// When the samples were signed.
    const T: i64 = 1_795_255_285;

    fn example() -> Dintero {
        dintero(&[("callback_secret", SECRET)])
    }

    fn headers(signature: &str) -> Vec<(String, String)> {
        vec![(CALLBACK_SIGNATURE.to_owned(), signature.to_owned())]
    }

    fn read_at(dintero: &Dintero, method: &str, url: &str, signature: &str, t: i64) -> Result<Told, Refusal> {
        let headers = headers(signature);
        dintero.read_call(&Notice { method, url, headers: &headers, body: b"" }, at(t))
    }

    fn read(method: &str, url: &str, signature: &str) -> Result<Told, Refusal> {
        read_at(&example(), method, url, signature, T)
    }

    /// Method, address and signature of a sample.
    fn call(name: &str) -> [String; 3] {
        let request = &sample(name)["request"];
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        [&request["method"], &request["url"], &request["headers"]["Dintero-Signature"]].map(text)
    }

    /// A genuine signature over a text that is spelled out, so that it shares nothing with the adapter.
    fn signed(secret: &str, text: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, text.as_bytes());
        let digits: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let time = text.split('\n').next().unwrap_or_default();
        format!("t={time},v0-hmac-sha256={digits}")
    }

    const GET: &str = "70_callback_get_authorized";

    #[test]
    fn every_sample_is_a_reason_to_ask() {
        let transaction = Some("T11223344.5cyXA9nQwUu4mJc7T2hRBB");
        let mut keys = Vec::new();
        for (name, kind, transaction) in [
            (GET, "authorization", transaction),
            ("71_callback_get_report_event_capture", "CAPTURE", transaction),
            ("72_callback_get_error_cancelled_without_transaction", "error cancelled", None),
            ("73_callback_get_error_authorization", "error authorization", transaction),
            ("74_callback_post_authorized", "authorization", transaction),
        ] {
            let [method, url, signature] = call(name);
            let told = read(&method, &url, &signature).unwrap_or_else(|why| panic!("{name}: {why:?}"));
            let about = About {
                reference: Some("order-7001".to_owned()),
                session: Some("T11223344.5cyWnV68vzJ1kYjZPrKQAA".to_owned()),
                transaction: transaction.map(str::to_owned),
                ..About::default()
            };
            assert_eq!((told.kind.as_str(), told.about, told.news), (kind, about, News::Hint), "{name}");
            assert_eq!(read(&method, &url, &signature).expect("again").key, told.key, "{name}");
            keys.push((name, told.key));
        }
        // The first and the last tell the same, once by GET and once by POST.
        let last = keys.pop().expect("five");
        assert_eq!(last.1, keys[0].1);
        keys.sort_by(|(_, one), (_, other)| one.cmp(other));
        assert!(keys.windows(2).all(|pair| pair[0].1 != pair[1].1), "{keys:?}");
    }

    /// The dossier's worked example, with and without the white space of the documentation.
    #[test]
    fn the_worked_example() {
        let dintero = dintero(&[("callback_secret", "worked-example-secret")]);
        let url = "https://merchant.example/hooks/dintero?report_event=CAPTURE&report_event=REFUND\
                   &merchant_reference=order+77&transaction_id=T11223344.abc&time=2026-11-21T10%3A00%3A50.175Z";
        let tag = "04896cef5819ae4844a2dee1a060acf2ca027dcb69d0e61a68354d8574076223";
        for header in [
            format!("t=1795255200,v0-hmac-sha256={tag}"),
            format!("t=1795255200,\n  v0-hmac-sha256={tag}"),
            format!("v1-future=x, v0-hmac-sha256={}, t=1795255200", tag.to_uppercase()),
        ] {
            let told = read_at(&dintero, "GET", url, &header, 1_795_255_200).expect("genuine");
            assert_eq!(told.about.reference.as_deref(), Some("order 77"), "{header}");
        }
        let other_port = url.replace("merchant.example/", "merchant.example:8443/");
        let header = format!("t=1795255200,v0-hmac-sha256={tag}");
        assert!(
            read_at(&dintero, "GET", &other_port, &header, 1_795_255_200).is_ok(),
            "the port is not signed"
        );
    }

    #[test]
    fn equal_names_may_be_sorted_by_value_too() {
        let text = |query: &str| format!("{T}\nT11223344\nGET\npay.example\n/in\n{query}");
        let url =
            "https://pay.example/in?report_event=VOID&report_event=CAPTURE&merchant_reference=a~b%20c*d";
        for query in [
            "merchant_reference=a%7Eb+c*d&report_event=VOID&report_event=CAPTURE",
            "merchant_reference=a%7Eb+c*d&report_event=CAPTURE&report_event=VOID",
        ] {
            assert!(read("GET", url, &signed(SECRET, &text(query))).is_ok(), "{query}");
        }
        let unsorted = "report_event=VOID&report_event=CAPTURE&merchant_reference=a%7Eb+c*d";
        assert_eq!(read("GET", url, &signed(SECRET, &text(unsorted))), Err(Refusal::Forged));
    }

    #[test]
    fn nothing_that_is_signed_can_be_changed() {
        let [method, url, signature] = call(GET);
        let (time, tag) = signature.split_once(",v0-hmac-sha256=").expect("two parts");
        let forged = |method: &str, url: &str, signature: &str| {
            assert_eq!(read(method, url, signature), Err(Refusal::Forged), "{method} {url} {signature}");
        };
        forged("POST", &url, &signature);
        for (from, to) in [
            ("gateway.example", "other.example"),
            ("/webhooks/dintero", "/webhooks/other"),
            ("order-7001", "order-7002"),
            ("5cyXA9nQwUu4mJc7T2hRBB", "5cyXA9nQwUu4mJc7T2hRBC"),
            ("report_error=true", "report_error=false"),
            ("&time=", "&event=CAPTURE&event_id=3&time="),
        ] {
            let changed = url.replace(from, to);
            assert_ne!(changed, url);
            forged(&method, &changed, &signature);
        }
        // A parameter folded into another stays inside it, because what is signed is escaped.
        let folded =
            url.replace("&report_error=true", "").replace("order-7001", "order-7001%26report_error%3Dtrue");
        forged(&method, &folded, &signature);
        for header in [
            format!("t=1795255286,v0-hmac-sha256={tag}"),
            format!("t=+1795255285,v0-hmac-sha256={tag}"),
            format!("{time},v0-hmac-sha256={}", &tag[..62]),
            format!("{time},v0-hmac-sha256={tag}00"),
            format!("{time},v0-hmac-sha256={}", "g".repeat(64)),
            format!("{time},v0-hmac-sha256="),
            format!("{signature},v0-hmac-sha256={tag}"),
            format!("{time},{signature}"),
            format!("{signature}{}", ",x=y".repeat(SIGNATURE_PARTS_MAX)),
            time.to_owned(),
            format!("v0-hmac-sha256={tag}"),
            String::new(),
        ] {
            forged(&method, &url, &header);
        }
    }

    #[test]
    fn an_old_one_is_refused() {
        let [method, url, signature] = call(GET);
        let at = |t: i64| read_at(&example(), &method, &url, &signature, t);
        for t in [T - 300, T + 300] {
            assert!(at(t).is_ok());
        }
        for t in [T - 301, T + 301, 0] {
            assert_eq!(at(t), Err(Refusal::Stale));
            assert_eq!(answer(&at(t)).status, 500, "it may come again, signed anew");
            let forged = url.replace("order-7001", "order-7002");
            assert_eq!(read_at(&example(), &method, &forged, &signature, t), Err(Refusal::Forged));
        }
        let patient = dintero(&[("callback_secret", SECRET), ("callback_tolerance_seconds", "3600")]);
        assert!(read_at(&patient, &method, &url, &signature, T + 3_600).is_ok());
    }

    #[test]
    fn only_this_account_s_secrets_open() {
        let [method, url, signature] = call(GET);
        let read = |changes: &[(&str, &str)]| read_at(&dintero(changes), &method, &url, &signature, T);
        assert!(read(&[("callback_secret", "new"), ("callback_secret_previous", SECRET)]).is_ok());
        assert_eq!(read(&[("callback_secret", "new")]), Err(Refusal::Forged));
        assert_eq!(read(&[]), Err(Refusal::NotExpected));
        assert_eq!(read(&[("hook_secret", SECRET)]), Err(Refusal::NotExpected));
        let other = [("callback_secret", SECRET), ("account_id", "T99999999")];
        assert_eq!(read(&other), Err(Refusal::Forged), "the account is signed");
        // A genuine one that names what another account has.
        let url = "https://pay.example/in?merchant_reference=a&transaction_id=T99999999.abc";
        let text = format!("{T}\nT11223344\nGET\npay.example\n/in\n{}", &url[23..]);
        assert_eq!(super::tests::read("GET", url, &signed(SECRET, &text)), Err(Refusal::Foreign));
    }

    #[test]
    fn a_signature_that_is_missing_or_one_of_two_counts_for_nothing() {
        let [method, url, signature] = call(GET);
        let one = headers(&signature);
        let hook = vec![(HOOK_SIGNATURE.to_owned(), "00".repeat(20))];
        for headers in [vec![], [one.clone(), one.clone()].concat(), [one, hook].concat()] {
            let notice = Notice { method: &method, url: &url, headers: &headers, body: b"" };
            assert_eq!(example().read_call(&notice, at(T)), Err(Refusal::Unsigned), "{}", headers.len());
        }
    }

    #[test]
    fn what_is_genuine_and_says_nothing_clear_is_refused() {
        let signed_query = |query: &str| {
            let text = format!("{T}\nT11223344\nGET\npay.example\n/in\n{query}");
            read("GET", &format!("https://pay.example/in?{query}"), &signed(SECRET, &text))
        };
        for query in [
            "",
            "merchant_reference=a&merchant_reference=b",
            "merchant_reference=a&transaction_id=..%2F..",
            "event=CAPTURE&event=VOID&merchant_reference=a",
        ] {
            assert_eq!(signed_query(query), Err(Refusal::Malformed), "{query}");
        }
        let many = (0..=PARAMETERS_MAX).map(|_| "a=b").collect::<Vec<_>>().join("&");
        assert_eq!(signed_query(&many), Err(Refusal::Malformed));
        let renamed = signed_query("merchant_reference=a&sid=T11223344.abc&sid_parameter_name=sid");
        assert_eq!(renamed.expect("genuine").about.session.as_deref(), Some("T11223344.abc"));
    }

    /// The body is not signed: whatever it says, the same is told.
    #[test]
    fn the_body_of_a_callback_counts_for_nothing() {
        let [method, url, signature] = call("74_callback_post_authorized");
        let headers = headers(&signature);
        let body = sample("74_callback_post_authorized")["request"]["body"].to_string();
        let told = |body: &[u8]| {
            example().read_call(&Notice { method: &method, url: &url, headers: &headers, body }, at(T))
        };
        let genuine = told(body.as_bytes());
        assert!(genuine.is_ok());
        for other in [body.replace("64900", "1"), body.replace("order-7001", "order-7002"), "{".to_owned()] {
            assert_ne!(other, body);
            assert_eq!(told(other.as_bytes()), genuine, "{other}");
        }
    }
}
