//! The payment session and its charges as Pivot's answers show them (dossier, section 9; "Payment
//! session object", read 2026-02). Nearly everything may be missing, null or an empty text; a
//! status that the documentation does not have makes the whole answer unintelligible. What it all
//! comes to is decided elsewhere.

use jiff::Timestamp;
use serde_json::Value;

use super::account::Account;
use super::amount;
use crate::domain::card::{Authentication, CardSummary};
use crate::domain::money::Money;
use crate::providers::contract::Fault;
use crate::providers::json::Reading;

/// How many charges of one session are looked at: a customer tries a few times.
const CHARGES_MAX: usize = 100;

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    RequirePaymentMethod,
    RequireConfirmation,
    RequireAction,
    Processing,
    Paid,
    Cancelled,
    Expired,
    /// Of reusable numbers, which are never made here.
    Active,
    /// The same.
    Inactive,
}

/// Where a charge stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChargeStatus {
    WaitingForUserAction,
    WaitingForAuthentication,
    Processing,
    WaitingForCapture,
    Success,
    Failed,
    Expired,
}

/// Where a capture stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CaptureStatus {
    Pending,
    Success,
    Failed,
}

/// A session.
#[derive(Debug)]
pub(super) struct Session {
    pub id: String,
    pub reference: Option<String>,
    pub money: Option<Money>,
    pub mode: Option<String>,
    pub status: Status,
    pub payment_url: Option<String>,
    pub encryption_key: Option<String>,
    pub customer: Option<String>,
    /// Whether the payment method is to be saved.
    pub saves: Option<bool>,
    pub expires_at: Option<Timestamp>,
    pub cancellation: Option<String>,
    pub charges: Vec<Charge>,
    pub network_transaction_id: Option<String>,
}

/// A charge.
#[derive(Debug)]
pub(super) struct Charge {
    pub id: Option<String>,
    pub reference: Option<String>,
    pub money: Option<Money>,
    pub status: ChargeStatus,
    pub authorized: Option<Money>,
    pub captured: Option<Money>,
    pub created_at: Option<Timestamp>,
    pub paid_at: Option<Timestamp>,
    pub card: Option<CardSummary>,
    pub first_eight: Option<String>,
    pub issuer_code: Option<String>,
    pub failure_code: Option<String>,
    pub failure_message: Option<String>,
    pub captures: Vec<History>,
    /// Channel, number and name.
    pub virtual_account: Option<[Option<String>; 3]>,
    /// Content and picture.
    pub qr: Option<(String, Option<String>)>,
    pub wallet: Option<String>,
}

/// One capture of a charge.
#[derive(Debug)]
pub(super) struct History {
    pub id: String,
    pub money: Money,
    pub status: CaptureStatus,
    pub created_at: Option<Timestamp>,
}

impl Session {
    /// Reads a session.
    pub(super) fn read(account: &Account, data: &Value) -> Result<Self, Fault> {
        let id = data.text(&["id"]).ok_or_else(|| Fault::unintelligible("a session without an id"))?;
        let charges = data.list(&["chargeDetails"]);
        if charges.len() > CHARGES_MAX {
            return Err(Fault::unintelligible("a session of more charges than anybody tries"));
        }
        let pointers = &account.mit.network_id_pointers;
        Ok(Self {
            id,
            reference: data.text(&["clientReferenceId"]),
            money: amount::read(data, &["amount"])?,
            mode: data.text(&["mode"]),
            status: status(data)?,
            payment_url: data.text(&["paymentUrl"]),
            encryption_key: data.text(&["encryptionKey"]),
            customer: data.text(&["customerId"]),
            saves: data.flag(&["saveForFutureUse"]),
            expires_at: time(data, &["expiryAt"]),
            cancellation: data.words(&["cancellationReason"]),
            charges: charges.iter().map(Charge::read).collect::<Result<_, _>>()?,
            network_transaction_id: pointers.iter().find_map(|pointer| data.pointer(pointer)?.words(&[])),
        })
    }

    /// What a list of charges (`GET /v2/charges`) says of their session: money that was taken or
    /// reserved. Whatever else they say is not final, because the session decides.
    pub(super) fn of_charges(list: &[Value]) -> Result<Self, Fault> {
        let ids: Vec<String> = list.iter().filter_map(|item| item.text(&["paymentSessionId"])).collect();
        let Some(id) = ids.first().filter(|_| list.len() <= CHARGES_MAX) else {
            return Err(Fault::unintelligible("charges without a session, or too many of them"));
        };
        if ids.len() != list.len() || ids.iter().any(|other| other != id) {
            return Err(Fault::unintelligible("charges of several sessions"));
        }
        let charges = list.iter().map(Charge::read).collect::<Result<Vec<Charge>, Fault>>()?;
        let taken = charges.iter().any(|charge| charge.status == ChargeStatus::Success);
        Ok(Self {
            id: id.clone(),
            reference: charges.first().and_then(|charge| charge.reference.clone()),
            money: charges.first().and_then(|charge| charge.money),
            mode: None,
            status: if taken { Status::Paid } else { Status::Processing },
            payment_url: None,
            encryption_key: None,
            customer: None,
            saves: None,
            expires_at: None,
            cancellation: None,
            charges,
            network_transaction_id: None,
        })
    }

    /// The newest charge; the last of those without a time.
    pub(super) fn newest(&self) -> Option<&Charge> {
        self.charges.iter().max_by_key(|charge| charge.created_at)
    }
}

impl Charge {
    fn read(data: &Value) -> Result<Self, Fault> {
        let currency = data.text(&["amount", "currency"]);
        let account = data.at(&["virtualAccount"]).map(|account| {
            ["channel", "virtualAccountNumber", "virtualAccountName"].map(|name| account.words(&[name]))
        });
        let histories = data.list(&["captureHistories"]).iter();
        Ok(Self {
            id: data.text(&["id"]),
            reference: data.text(&["paymentSessionClientReferenceId"]),
            money: amount::read(data, &["amount"])?,
            status: charge_status(data)?,
            authorized: amount::read(data, &["authorizedAmount"])?,
            captured: amount::read(data, &["capturedAmount"])?,
            created_at: time(data, &["createdAt"]),
            paid_at: time(data, &["paidAt"]),
            card: data.at(&["card"]).map(card).filter(|card| *card != CardSummary::default()),
            first_eight: data.text(&["card", "first8"]),
            issuer_code: data.words(&["card", "authorizationResult", "issuerAuthorizationCode"]),
            failure_code: data.words(&["failureCode"]),
            failure_message: data.words(&["failureMessage"]),
            captures: histories
                .map(|history| History::read(history, currency.as_deref()))
                .collect::<Result<_, _>>()?,
            virtual_account: account.filter(|[_, number, _]| number.is_some()),
            qr: data.text(&["qr", "qrContent"]).map(|content| (content, data.text(&["qr", "qrUrl"]))),
            wallet: data.words(&["ewallet", "channel"]),
        })
    }
}

impl History {
    /// The table calls the amount `captureAmount`, the samples `capturedAmount`.
    fn read(data: &Value, currency: Option<&str>) -> Result<Self, Fault> {
        let lacks = || Fault::unintelligible("a capture without an id, an amount or a currency");
        let id = data.text(&["captureId"]).ok_or_else(lacks)?;
        let minor = data.text(&["capturedAmount"]).or_else(|| data.text(&["captureAmount"]));
        let own = data.text(&["currency"]);
        let code = own.as_deref().or(currency).ok_or_else(lacks)?;
        Ok(Self {
            id,
            money: amount::parse(&minor.ok_or_else(lacks)?, code)?,
            status: capture_status(data)?,
            created_at: time(data, &["createdAt"]),
        })
    }
}

/// A word of status, spelt as the documentation does and as a guide prints it: `REQUIRE ACTION`.
fn word(data: &Value) -> String {
    let text = data.text(&["status"]).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join("_")
}

fn status(data: &Value) -> Result<Status, Fault> {
    Ok(match word(data).as_str() {
        "REQUIRE_PAYMENT_METHOD" => Status::RequirePaymentMethod,
        "REQUIRE_CONFIRMATION" => Status::RequireConfirmation,
        "REQUIRE_ACTION" => Status::RequireAction,
        "PROCESSING" => Status::Processing,
        "PAID" => Status::Paid,
        "CANCELLED" => Status::Cancelled,
        "EXPIRED" => Status::Expired,
        "ACTIVE" => Status::Active,
        "INACTIVE" => Status::Inactive,
        _ => return Err(Fault::unintelligible("a session of an unknown status")),
    })
}

fn charge_status(data: &Value) -> Result<ChargeStatus, Fault> {
    Ok(match word(data).as_str() {
        "WAITING_FOR_USER_ACTION" => ChargeStatus::WaitingForUserAction,
        "WAITING_FOR_AUTHENTICATION" => ChargeStatus::WaitingForAuthentication,
        "PROCESSING" => ChargeStatus::Processing,
        "WAITING_FOR_CAPTURE" => ChargeStatus::WaitingForCapture,
        "SUCCESS" => ChargeStatus::Success,
        "FAILED" => ChargeStatus::Failed,
        "EXPIRED" => ChargeStatus::Expired,
        _ => return Err(Fault::unintelligible("a charge of an unknown status")),
    })
}

pub(super) fn capture_status(data: &Value) -> Result<CaptureStatus, Fault> {
    Ok(match word(data).as_str() {
        "PENDING" => CaptureStatus::Pending,
        "SUCCESS" => CaptureStatus::Success,
        "FAILED" => CaptureStatus::Failed,
        _ => return Err(Fault::unintelligible("a capture of an unknown status")),
    })
}

/// A time; the first moment of the calendar means none.
pub(super) fn time(data: &Value, path: &[&str]) -> Option<Timestamp> {
    data.time(path).filter(|time| *time > Timestamp::UNIX_EPOCH)
}

/// What may be shown of a charge's card.
fn card(data: &Value) -> CardSummary {
    let lower = |path: &[&str]| data.words(path).map(|text| text.to_ascii_lowercase());
    CardSummary {
        brand: lower(&["binInformations", "brand"]),
        funding: lower(&["binInformations", "type"]),
        issuer_country: data.words(&["binInformations", "country"]),
        authentication: data
            .at(&["authenticationResult"])
            .map(authentication)
            .filter(|found| found.status.is_some() || found.eci.is_some()),
        ..face(data)
    }
}

/// What a charge's card and a stored one have in common.
pub(super) fn face(data: &Value) -> CardSummary {
    CardSummary {
        last_four: data.text(&["last4"]),
        bin: data.text(&["first8"]).or_else(|| data.text(&["first6"])),
        expiry_month: data.integer_text(&["expMonth"]).filter(|month| (1..=12).contains(month)),
        expiry_year: data
            .integer_text(&["expYear"])
            .map(|year: u16| if year < 100 { 2_000 + year } else { year }),
        fingerprint: data.words(&["fingerprint"]),
        ..CardSummary::default()
    }
}

trait Digits {
    /// A small number that is written as a text, with zeros in front.
    fn integer_text<T: std::str::FromStr>(&self, path: &[&str]) -> Option<T>;
}

impl Digits for Value {
    fn integer_text<T: std::str::FromStr>(&self, path: &[&str]) -> Option<T> {
        self.text(path)?.parse().ok()
    }
}

/// `threeDsResult` is printed with and without a word in front ("AUTHENTICATION_SUCCESSFUL").
fn authentication(data: &Value) -> Authentication {
    let said = data.text(&["threeDsResult"]).unwrap_or_default();
    let status = [
        ("UNSUCCESSFUL", "N"),
        ("SUCCESSFUL", "Y"),
        ("ATTEMPTED", "A"),
        ("FAILED", "N"),
        ("NOT_AVAILABLE", "U"),
        ("PROCESSING_ERROR", "U"),
    ];
    let letter = status.iter().find(|(word, _)| said.contains(word)).map(|(_, letter)| (*letter).to_owned());
    Authentication { status: letter, eci: data.words(&["eciCode"]), version: data.words(&["threeDsVersion"]) }
}
