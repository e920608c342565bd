//! What BBMSL tells by itself: notifications, and the rule by which they are its own (dossier, section
//! 12).
//!
//! A verified notification is a reason to ask, never news by itself: it has no currency, may be a
//! replay, and the text that is signed is not escaped. Nor does it name the merchant: all of an
//! environment have one key. This file must never settle anything.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::{Value, json};

use super::Bbmsl;
use super::account::is_id;
use super::cards;
use super::page::SESSION_PARAMETER;
use crate::providers::notice::{About, News, Notice, NoticeAnswer, Refusal, Told};
use crate::providers::rsa::PublicKey;

/// The largest body that is looked at, in bytes (section 12.4).
const BODY_BYTES_MAX: usize = 64 * 1024;
/// Fields of a notification; the published ones have eight.
const FIELDS_MAX: usize = 64;
/// The longest reference of ours.
const REFERENCE_CHARS_MAX: usize = 64;

/// Anything but a 2xx with this text is a failure, and sent again up to fifteen times (section 12.1).
const STORED: NoticeAnswer = NoticeAnswer { status: 200, content_type: "text/plain", body: "OK" };

/// What is refused is answered as the provider's own plugin does (section 12.4); only what we lack is ours.
pub(super) fn answer(judged: &Result<Told, Refusal>) -> NoticeAnswer {
    match judged {
        Ok(_) => STORED,
        Err(Refusal::NotExpected) => NoticeAnswer::usual(judged),
        Err(Refusal::Unsigned | Refusal::Forged | Refusal::Stale | Refusal::Malformed | Refusal::Foreign) => {
            NoticeAnswer::bare(403)
        }
    }
}

impl Bbmsl {
    pub(super) fn read_notification(&self, notice: &Notice<'_>) -> Result<Told, Refusal> {
        let fields = verified(notice, &self.account.provider_keys)?;
        match (fields.filled("orderId"), fields.filled("tokenId")) {
            (Some(order), _) => paid(&fields, order),
            (None, Some(token)) => stored(&fields, token, notice.url),
            (None, None) => {
                Ok(Told::new("unknown", fields.signed_text(None), About::default(), News::Unknown))
            }
        }
    }
}

/// The fields of a notification that one of the keys signed, and that can be read in one way only.
fn verified(notice: &Notice<'_>, keys: &[PublicKey]) -> Result<Flat, Refusal> {
    if keys.is_empty() {
        return Err(Refusal::NotExpected);
    }
    if notice.method != "POST" || notice.body.len() > BODY_BYTES_MAX {
        return Err(Refusal::Malformed);
    }
    let fields = Flat::read(notice.body).ok_or(Refusal::Malformed)?;
    let signature = fields.filled("signature").ok_or(Refusal::Unsigned)?;
    let signature = BASE64.decode(signature).map_err(|_| Refusal::Forged)?;
    // How a null is written is not published (A6): left out, empty, or as the word.
    let readings = [None, Some(""), Some("null")];
    let is_signed = readings.iter().any(|null| {
        let text = fields.signed_text(*null);
        keys.iter().any(|key| key.verifies(text.as_bytes(), &signature))
    });
    if !is_signed {
        return Err(Refusal::Forged);
    }
    // Nothing is escaped in what is signed, so a value with an ampersand could hold further fields.
    let is_folded = |(name, value): (&str, &str)| name.contains(['&', '=']) || value.contains('&');
    if fields.iter().any(is_folded) { Err(Refusal::Malformed) } else { Ok(fields) }
}

/// An order was paid: it is asked for. Only paid orders are promised a notification (section 12.1).
fn paid(fields: &Flat, order: &str) -> Result<Told, Refusal> {
    let mandatory = |name: &str| fields.filled(name).ok_or(Refusal::Malformed);
    let (reference, status) = (mandatory("merchantReference")?, mandatory("status")?);
    mandatory("amount")?;
    if !is_id(order) || !is_reference(reference) {
        return Err(Refusal::Malformed);
    }
    let about =
        About { reference: Some(reference.to_owned()), order: Some(order.to_owned()), ..About::default() };
    let key = json!(["order", order, reference, status]).to_string();
    Ok(Told::new(&format!("order {status}"), key, about, News::Hint))
}

/// A card was stored: its owner's cards are asked for. It names the owner and no reference of ours, so
/// the address that the session was given says which session it is; that part is not signed, which
/// matters little, since a session that nobody added a card to has no new card.
fn stored(fields: &Flat, token: &str, url: &str) -> Result<Told, Refusal> {
    let user = fields.filled("userId").ok_or(Refusal::Malformed)?;
    if !is_id(token) {
        return Err(Refusal::Malformed);
    }
    let session = session_of(url);
    // The same card may be added in another session (A9).
    let key = json!(["token", cards::digest(user, token), session]).to_string();
    Ok(Told::new("token", key, About { reference: session, ..About::default() }, News::Hint))
}

/// The session that an address names, if it names one.
fn session_of(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    let mut named = url.query_pairs().filter(|(name, _)| name == SESSION_PARAMETER);
    match (named.next(), named.next()) {
        (Some((_, reference)), None) => Some(reference.into_owned()).filter(|text| is_reference(text)),
        (None | Some(_), _) => None,
    }
}

/// The fields of a flat object in the order of their names.
struct Flat(Vec<(String, Option<String>)>);

impl Flat {
    /// `None` for what is no flat object: nested values and duplicate names are refused.
    fn read(body: &[u8]) -> Option<Self> {
        let Pairs(mut pairs) = serde_json::from_slice(body).ok()?;
        pairs.sort_by(|(one, _), (other, _)| one.as_bytes().cmp(other.as_bytes()));
        if pairs.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return None;
        }
        let spelled = |(name, value): (String, Value)| match value {
            Value::Null => Some((name, None)),
            Value::String(text) => Some((name, Some(text))),
            // The original text of a number: `15.00` stays `15.00`.
            Value::Number(number) => Some((name, Some(number.to_string()))),
            Value::Bool(flag) => Some((name, Some(flag.to_string()))),
            Value::Array(_) | Value::Object(_) => None,
        };
        pairs.into_iter().map(spelled).collect::<Option<Vec<_>>>().map(Self)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name)?.1.as_deref()
    }

    /// A text that is not empty.
    fn filled(&self, name: &str) -> Option<&str> {
        self.text(name).filter(|text| !text.is_empty())
    }

    fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_deref().unwrap_or_default()))
    }

    /// What is signed: `name=value` of every field but the signature, joined by ampersands.
    fn signed_text(&self, null: Option<&str>) -> String {
        let pairs = self.0.iter().filter(|(name, _)| name != "signature").filter_map(|(name, value)| {
            let value = value.as_deref().or(null)?;
            Some(format!("{name}={value}"))
        });
        pairs.collect::<Vec<_>>().join("&")
    }
}

/// An object's members as they stand, so that a name that stands twice is seen.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a flat object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                    if pairs.len() > FIELDS_MAX {
                        return Err(A::Error::custom("too many fields"));
                    }
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// Our references hold nothing else, so that what is signed cannot be read in two ways.
fn is_reference(text: &str) -> bool {
    (1..=REFERENCE_CHARS_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};

    use super::*;
    use crate::providers::bbmsl::tests::account;
    use crate::providers::settings::Setting;

    const URL: &str = "https://pay.example/in/bbmsl?session=save-1";

    fn sample(name: &str) -> Value {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/simulator_samples/bbmsl")
            .join(format!("{name}.json"));
        serde_json::from_str(&std::fs::read_to_string(path).expect("a sample")).expect("JSON")
    }

    /// The adapter with the public half of the samples' key, and others before it.
    fn bbmsl(before: &[&str]) -> Bbmsl {
        let keys = sample("00_sample_keys");
        let own = keys["provider"]["public_key_spki_base64_der"].as_str().expect("a key");
        let keys = before.iter().chain(&[own]).map(|key| (*key).to_owned()).collect();
        Bbmsl { account: account(&[("provider_public_keys", Setting::List(keys))]) }
    }

    fn raw(name: &str) -> String {
        sample(name)["raw_body"].as_str().expect("a body").to_owned()
    }

    fn notice<'a>(body: &'a str, url: &'a str) -> Notice<'a> {
        Notice { method: "POST", url, headers: &[], body: body.as_bytes() }
    }

    fn read(bbmsl: &Bbmsl, body: &str) -> Result<Told, Refusal> {
        bbmsl.read_notification(&notice(body, URL))
    }

    /// A body with a genuine signature over the text of its fields.
    fn signed(fields: &Value) -> String {
        let text = Flat::read(fields.to_string().as_bytes()).expect("flat").signed_text(None);
        let keys = sample("00_sample_keys");
        let key = keys["provider"]["private_key_pkcs8_base64_der"].as_str().expect("a key");
        let key = RsaKeyPair::from_pkcs8(&BASE64.decode(key).expect("base64")).expect("a key");
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).expect("signs");
        let mut fields = fields.clone();
        fields["signature"] = BASE64.encode(signature).into();
        fields.to_string()
    }

    #[test]
    fn the_samples_are_signed_over_the_text_that_they_name() {
        for name in ["03_token_notification", "37_payment_notification"] {
            let flat = Flat::read(raw(name).as_bytes()).expect("flat");
            assert_eq!(flat.signed_text(None), sample(name)["signed_string"], "{name}");
            let expected = &sample(name)["expected_reply"];
            let NoticeAnswer { status, content_type, body } = answer(&read(&bbmsl(&[]), &raw(name)));
            assert_eq!(
                (&expected["status"], &expected["content_type"], &expected["body"]),
                (&json!(status), &json!(content_type), &json!(body)),
                "{name}"
            );
        }
    }

    #[test]
    fn every_sample_is_a_reason_to_ask() {
        let told = read(&bbmsl(&[]), &raw("37_payment_notification")).expect("genuine");
        let about = About {
            reference: Some("pay-01hx7n0b2c3d4e5f".to_owned()),
            order: Some("91101".to_owned()),
            ..About::default()
        };
        assert_eq!((told.kind.as_str(), told.about, told.news), ("order SUCCESS", about, News::Hint));
        let told = read(&bbmsl(&[]), &raw("03_token_notification")).expect("genuine");
        let about = About { reference: Some("save-1".to_owned()), ..About::default() };
        assert_eq!((told.kind.as_str(), told.about, told.news), ("token", about, News::Hint));
        assert!(!told.key.contains("5127"), "the token is not in it");
    }

    #[test]
    fn a_card_s_session_is_named_by_the_address_alone() {
        let body = raw("03_token_notification");
        let about = |url: &str| bbmsl(&[]).read_notification(&notice(&body, url)).expect("genuine").about;
        for url in [
            "https://pay.example/in/bbmsl",
            "https://pay.example/in/bbmsl?session=",
            "https://pay.example/in/bbmsl?session=one&session=two",
            "https://pay.example/in/bbmsl?session=a%26b",
            "nowhere",
        ] {
            assert_eq!(about(url), About::default(), "{url}");
        }
        let key = |url: &str| bbmsl(&[]).read_notification(&notice(&body, url)).expect("genuine").key;
        assert_eq!(key(URL), key(URL));
        assert_ne!(key(URL), key("https://pay.example/in/bbmsl?session=save-2"));
    }

    #[test]
    fn forged_and_mangled_ones_are_refused() {
        let good = raw("37_payment_notification");
        let signature = sample("37_payment_notification")["body"]["signature"].clone();
        let signature = signature.as_str().expect("a text");
        for (wrong, refusal) in [
            (good.replace("450.00", "451.00"), Refusal::Forged),
            (good.replace("SUCCESS", "SETTLED"), Refusal::Forged),
            (good.replace("91101", "91102"), Refusal::Forged),
            (good.replace("\"amount\":\"450.00\",", ""), Refusal::Forged),
            (good.replacen('{', "{\"currency\":\"HKD\",", 1), Refusal::Forged),
            (good.replace(&signature[..4], "AAAA"), Refusal::Forged),
            (good.replace(signature, &signature[..340]), Refusal::Forged),
            (good.replace(signature, "!"), Refusal::Forged),
            (good.replace(signature, ""), Refusal::Unsigned),
            (good.replace("\"signature\"", "\"Signature\""), Refusal::Unsigned),
            (good.replacen('{', "{\"status\":\"SUCCESS\",", 1), Refusal::Malformed),
            (good.replacen('{', "{\"st\\u0061tus\":\"SUCCESS\",", 1), Refusal::Malformed),
            (good.replace("\"450.00\"", "[\"450.00\"]"), Refusal::Malformed),
            (good[..good.len() - 1].to_owned(), Refusal::Malformed),
            (format!("{good}{}", " ".repeat(BODY_BYTES_MAX)), Refusal::Malformed),
            ("[]".to_owned(), Refusal::Malformed),
            ("null".to_owned(), Refusal::Malformed),
            (String::new(), Refusal::Malformed),
        ] {
            assert_ne!(wrong, good);
            assert_eq!(read(&bbmsl(&[]), &wrong), Err(refusal), "{wrong}");
        }
        let asked = Notice { method: "GET", ..notice(&good, URL) };
        assert_eq!(bbmsl(&[]).read_notification(&asked), Err(Refusal::Malformed));
    }

    /// The ambiguity of section 12.2: the text under the signature stays the same.
    #[test]
    fn a_field_that_is_folded_into_another_is_refused() {
        let good = raw("37_payment_notification");
        let text = |body: &str| Flat::read(body.as_bytes()).expect("flat").signed_text(None);
        for folded in [
            good.replace("\"orderId\":\"91101\"", "\"orderId\":\"91101&status=SUCCESS\"")
                .replace(",\"status\":\"SUCCESS\"", ""),
            good.replace("\"cardType\":\"VISA\",", "").replace("\"450.00\"", "\"450.00&cardType=VISA\""),
            good.replace("\"cardType\":\"VISA\",", "")
                .replace("\"amount\":\"450.00\"", "\"amount=450.00&cardType\":\"VISA\""),
        ] {
            assert_eq!(text(&folded), text(&good), "the same is signed");
            assert_eq!(read(&bbmsl(&[]), &folded), Err(Refusal::Malformed), "{folded}");
        }
    }

    #[test]
    fn what_is_signed_must_be_whole_as_well() {
        let whole = json!({
            "amount": "1.00", "merchantReference": "pay-1", "orderId": "7", "status": "SUCCESS",
        });
        assert!(read(&bbmsl(&[]), &signed(&whole)).is_ok());
        for (name, value) in [
            ("amount", json!("")),
            ("status", Value::Null),
            ("merchantReference", json!("pay 1")),
            ("merchantReference", json!("pay=1")),
            ("orderId", json!("7x")),
        ] {
            let mut fields = whole.clone();
            fields[name] = value;
            assert_eq!(read(&bbmsl(&[]), &signed(&fields)), Err(Refusal::Malformed), "{fields}");
        }
        let token = json!({ "tokenId": "5127", "maskedPan": "4111********1111" });
        assert_eq!(read(&bbmsl(&[]), &signed(&token)), Err(Refusal::Malformed), "nobody's card");
        let other = read(&bbmsl(&[]), &signed(&json!({ "settlementId": "9" }))).expect("genuine");
        assert_eq!((other.about, other.news), (About::default(), News::Unknown));
    }

    #[test]
    fn only_the_environment_s_keys_open() {
        let good = raw("37_payment_notification");
        let environment = include_str!("provider_key_sit.txt");
        assert!(read(&bbmsl(&[environment]), &good).is_ok(), "while it rotates there are two");
        let other = Bbmsl { account: account(&[]) };
        assert_eq!(read(&other, &good), Err(Refusal::Forged), "another environment's key");
        let mut none = Bbmsl { account: account(&[]) };
        none.account.provider_keys.clear();
        assert_eq!(read(&none, &good), Err(Refusal::NotExpected));
    }

    #[test]
    fn a_repeat_is_known_and_later_news_is_not_taken_for_one() {
        let of = |status: &str| {
            let fields = json!({
                "amount": "1.00", "merchantReference": "pay-1", "orderId": "7", "status": status,
                "updateTime": "2026-03-02 16:31:07",
            });
            read(&bbmsl(&[]), &signed(&fields)).expect("genuine").key
        };
        assert_eq!(of("SUCCESS"), of("SUCCESS"));
        assert_ne!(of("SUCCESS"), of("SETTLED"));
    }

    #[test]
    fn numbers_are_signed_as_they_are_written() {
        let flat = Flat::read(br#"{"b":15.00,"a":null,"Z":"1","signature":"x"}"#).expect("flat");
        assert_eq!(flat.signed_text(None), "Z=1&b=15.00");
        assert_eq!(flat.signed_text(Some("")), "Z=1&a=&b=15.00");
        assert_eq!(flat.signed_text(Some("null")), "Z=1&a=null&b=15.00");
    }
}
