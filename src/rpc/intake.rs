//! Takes a request in: the checks that every request passes, and the one table of requests.
//!
//! The annotations are checked first, then no text may hold a card number. Looking for one costs a
//! single pass over the encoded request, which is made for the fingerprint anyway; only a request
//! with a suspicious run of digits is taken apart.

use std::sync::LazyLock;

use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value,
};
use zeroize::Zeroizing;

use crate::domain::ids::Fingerprint;
use crate::domain::pan::contains_card_number;
use crate::engine::error::FieldMistake;

use super::fingerprint::Fingerprinter;
use super::problems::Problems;
use super::proto as pb;
use super::validate::{self, Validate};

/// A request of one RPC.
pub trait Incoming: prost::Message + Validate {
    /// The RPC, such as `PaymentService/ChargeToken`.
    const RPC: &'static str;
}

/// A request that changes something.
pub trait Keyed: Incoming {
    /// The caller's id of it.
    fn request_id(&mut self) -> &mut String;
}

macro_rules! requests {
    (read { $($read:ident = $read_rpc:literal,)* } change { $($change:ident = $change_rpc:literal,)* }) => {
        /// Every RPC of the table.
        #[cfg(test)]
        const RPCS: &[&str] = &[$($read_rpc,)* $($change_rpc,)*];

        $(impl Incoming for pb::$read {
            const RPC: &'static str = $read_rpc;
        })*
        $(impl Incoming for pb::$change {
            const RPC: &'static str = $change_rpc;
        }
        impl Keyed for pb::$change {
            fn request_id(&mut self) -> &mut String {
                &mut self.request_id
            }
        })*
    };
}

requests! {
    read {
        GetSessionRequest = "SessionService/GetSession",
        GetPaymentRequest = "PaymentService/GetPayment",
        ListPaymentsRequest = "PaymentService/ListPayments",
        WatchPaymentRequest = "PaymentService/WatchPayment",
        ResolvePaymentRequest = "PaymentService/ResolvePayment",
        ListPaymentHistoryRequest = "PaymentService/ListPaymentHistory",
        ListDifferencesRequest = "PaymentService/ListDifferences",
        GetTokenRequest = "TokenService/GetToken",
        ListTokensRequest = "TokenService/ListTokens",
        GetScheduleRequest = "RecurringService/GetSchedule",
        ListSchedulesRequest = "RecurringService/ListSchedules",
        ListOccurrencesRequest = "RecurringService/ListOccurrences",
        PreviewOccurrencesRequest = "RecurringService/PreviewOccurrences",
        ListEventsRequest = "EventService/ListEvents",
        StreamEventsRequest = "EventService/StreamEvents",
        ListWebhookDeliveriesRequest = "EventService/ListWebhookDeliveries",
        ListWebhookEndpointsRequest = "EventService/ListWebhookEndpoints",
        ListAccountsRequest = "AccountService/ListAccounts",
        GetCapabilitiesRequest = "AccountService/GetCapabilities",
        ExplainRequestRequest = "AccountService/ExplainRequest",
        ArrangeScenarioRequest = "SandboxService/ArrangeScenario",
        ListExchangesRequest = "SandboxService/ListExchanges",
        AdvanceClockRequest = "SandboxService/AdvanceClock",
        GetClockRequest = "SandboxService/GetClock",
    }
    change {
        CreateSessionRequest = "SessionService/CreateSession",
        ConfirmSessionRequest = "SessionService/ConfirmSession",
        CancelSessionRequest = "SessionService/CancelSession",
        ChargeTokenRequest = "PaymentService/ChargeToken",
        CapturePaymentRequest = "PaymentService/CapturePayment",
        VoidPaymentRequest = "PaymentService/VoidPayment",
        RefundPaymentRequest = "PaymentService/RefundPayment",
        ImportTokenRequest = "TokenService/ImportToken",
        DeleteTokenRequest = "TokenService/DeleteToken",
        ScheduleRecurringRequest = "RecurringService/ScheduleRecurring",
        UpdateScheduleRequest = "RecurringService/UpdateSchedule",
        PauseScheduleRequest = "RecurringService/PauseSchedule",
        ResumeScheduleRequest = "RecurringService/ResumeSchedule",
        CancelScheduleRequest = "RecurringService/CancelSchedule",
        SkipOccurrenceRequest = "RecurringService/SkipOccurrence",
        RedeliverEventRequest = "EventService/RedeliverEvent",
    }
}

/// Checks a request that only reads.
pub fn check<M: Incoming>(message: &M) -> Problems {
    let mut problems = annotations(message);
    look_for_cards::<M>(&encode(message), &mut problems);
    problems
}

/// Checks a request that changes something, and makes its fingerprint.
pub fn check_keyed<M: Keyed>(
    message: &mut M,
    fingerprints: &Fingerprinter,
) -> (Problems, Fingerprint, String) {
    let mut problems = annotations(message);
    let request_id = std::mem::take(message.request_id());
    let encoded = encode(message);
    if contains_card_number(&request_id) {
        found("request_id", &mut problems);
    }
    look_for_cards::<M>(&encoded, &mut problems);
    (problems, fingerprints.of(M::RPC, &encoded), request_id)
}

fn annotations<M: Validate>(message: &M) -> Problems {
    let mut problems = Problems::default();
    if let Err(violations) = validate::check(message) {
        for violation in violations {
            problems.add(&violation.field, violation.description);
        }
    }
    problems
}

/// The encoding may hold card data, so it is overwritten when it is dropped.
fn encode(message: &impl prost::Message) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(message.encode_to_vec())
}

/// The contract, for what is done without knowing a message's type.
pub static CONTRACT: LazyLock<DescriptorPool> = LazyLock::new(|| {
    // `build.rs` wrote the set with the same library, and every test reads it.
    DescriptorPool::decode(pb::DESCRIPTOR_SET).expect("the contract's descriptor set is well formed")
});

/// The request message of an RPC.
pub fn input_of(rpc: &str) -> Option<MessageDescriptor> {
    let (service, method) = rpc.split_once('/')?;
    let service = CONTRACT.get_service_by_name(&format!("turnpike.v1.{service}"))?;
    service.methods().find(|known| known.name() == method).map(|method| method.input())
}

/// Fields that are made for card data, and fields that hold numbers of another kind: one in ten
/// telephone numbers or bank references would be taken for a card. Etags are ours, random, and may
/// hold any run of digits; they are compared and not kept.
const NOT_SEARCHED: &[&str] = &[
    "turnpike.v1.ClearCard.number",
    "turnpike.v1.EncryptedCard.blob",
    "turnpike.v1.EncryptedCardFields.number",
    "turnpike.v1.EncryptedCardFields.expiry_month",
    "turnpike.v1.EncryptedCardFields.expiry_year",
    "turnpike.v1.EncryptedCardFields.cvc",
    "turnpike.v1.EncryptedCardFields.holder",
    "turnpike.v1.ProviderTokenValue.value",
    "turnpike.v1.ProviderTokenValue.provider_token_id",
    "turnpike.v1.ProviderToken.original_reference",
    "turnpike.v1.ProviderToken.network_transaction_id",
    "turnpike.v1.ProviderToken.provider_customer_id",
    "turnpike.v1.MerchantInitiated.original_reference",
    "turnpike.v1.MerchantInitiated.network_transaction_id",
    "turnpike.v1.Customer.phone_number",
    "turnpike.v1.Customer.tax_id",
    "turnpike.v1.Customer.provider_customer_id",
    "turnpike.v1.Address.phone_number",
    "turnpike.v1.BrowserReturn.query_parameters",
    "turnpike.v1.BrowserReturn.url",
    "turnpike.v1.CustomerPays.card_number",
    "turnpike.v1.UpdateScheduleRequest.etag",
    "turnpike.v1.PauseScheduleRequest.etag",
    "turnpike.v1.ResumeScheduleRequest.etag",
    "turnpike.v1.CancelScheduleRequest.etag",
];

/// Names of fields of options that hold the numbers of accounts and telephones.
const NOT_SEARCHED_IN_OPTIONS: &[&str] = &["account_number", "bank_merchant_id", "wallet_phone_number"];

fn look_for_cards<M: Incoming>(encoded: &[u8], problems: &mut Problems) {
    if !has_long_number(encoded) {
        return;
    }
    let message = input_of(M::RPC).map(|input| DynamicMessage::decode(input, encoded));
    match message {
        Some(Ok(message)) => search(&message, "", problems),
        // It was encoded from the same schema a moment ago.
        Some(Err(_)) | None => debug_assert!(false, "{} does not decode", M::RPC),
    }
}

/// Whether there are 13 digits in a row, separators between them allowed. Bytes that are not text
/// can only make a row longer, so no card number is overlooked.
fn has_long_number(bytes: &[u8]) -> bool {
    let mut digits = 0;
    for byte in bytes {
        match byte {
            b'0'..=b'9' => digits += 1,
            b' ' | b'-' => {}
            _ => digits = 0,
        }
        if digits == 13 {
            return true;
        }
    }
    false
}

fn search(message: &DynamicMessage, path: &str, problems: &mut Problems) {
    for (field, value) in message.fields() {
        if !is_searched(&field) {
            continue;
        }
        let path = match path {
            "" => field.name().to_owned(),
            path => format!("{path}.{}", field.name()),
        };
        search_value(value, &path, problems);
    }
}

fn search_value(value: &Value, path: &str, problems: &mut Problems) {
    match value {
        Value::String(text) if is_card_number(text) => found(path, problems),
        Value::Message(message) => search(message, path, problems),
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                search_value(item, &format!("{path}[{index}]"), problems);
            }
        }
        Value::Map(entries) => {
            for (key, item) in entries {
                // The key is not repeated: it may be the number.
                if matches!(key, MapKey::String(key) if is_card_number(key)) {
                    found(path, problems);
                }
                search_value(item, path, problems);
            }
        }
        _ => {}
    }
}

fn is_searched(field: &FieldDescriptor) -> bool {
    let holds_text = matches!(field.kind(), Kind::String | Kind::Message(_));
    holds_text
        && !NOT_SEARCHED.contains(&field.full_name())
        && !NOT_SEARCHED_IN_OPTIONS.contains(&field.name())
}

fn is_card_number(text: &str) -> bool {
    contains_card_number(text) && !is_id_of_ours(text)
}

/// Our own ids are random and may hold any run of digits.
fn is_id_of_ours(text: &str) -> bool {
    let (prefix, body) = text.split_at_checked(4).unwrap_or_default();
    ["ses_", "pay_", "cap_", "ref_", "tok_", "sch_", "evt_"].contains(&prefix)
        && body.len() == 26
        && body.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase())
}

fn found(path: &str, problems: &mut Problems) {
    problems.add_kind(path, "holds what looks like a card number", FieldMistake::CardNumber);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::secret::Secret;
    use crate::engine::error::Error;

    const CARD: &str = "4111111111111111";

    fn fields(problems: Problems) -> Vec<String> {
        match problems.finish::<()>(None) {
            Err(Error::Invalid(fields)) => fields
                .into_iter()
                .filter(|field| field.kind == FieldMistake::CardNumber)
                .map(|field| field.field)
                .collect(),
            _ => Vec::new(),
        }
    }

    fn charge() -> pb::ChargeTokenRequest {
        pb::ChargeTokenRequest { request_id: "r-1".to_owned(), ..Default::default() }
    }

    fn checked(mut charge: pb::ChargeTokenRequest) -> Vec<String> {
        let fingerprints = Fingerprinter::new(&Secret::new(vec![1; 32]));
        fields(check_keyed(&mut charge, &fingerprints).0)
    }

    #[test]
    fn a_card_number_is_found_in_every_corner_and_never_repeated() {
        let mut request = charge();
        request.request_id = CARD.to_owned();
        request.description = format!("paid with {CARD}");
        request.metadata.insert("note".to_owned(), "4111 1111 1111 1111".to_owned());
        request.order = Some(pb::Order {
            lines: vec![
                pb::OrderLine::default(),
                pb::OrderLine { name: CARD.to_owned(), ..Default::default() },
            ],
            ..Default::default()
        });
        assert_eq!(checked(request), ["request_id", "order.lines[1].name", "description", "metadata"]);
        let mut request = charge();
        request.metadata.insert(CARD.to_owned(), String::new());
        assert_eq!(checked(request), ["metadata"]);
    }

    #[test]
    fn numbers_of_other_kinds_are_left_alone() {
        let mut request = charge();
        request.request_id = "550e8400-e29b-4411-1111-111111111111".to_owned();
        request.customer = Some(pb::Customer {
            phone_number: format!("+{CARD}"),
            tax_id: CARD.to_owned(),
            ..Default::default()
        });
        request.token = Some(pb::charge_token_request::Token::ProviderToken(pb::ProviderToken {
            values: vec![pb::ProviderTokenValue { value: CARD.to_owned(), ..Default::default() }],
            network_transaction_id: CARD.to_owned(),
            ..Default::default()
        }));
        assert_eq!(checked(request), Vec::<String>::new());
        let mut request = charge();
        request.token = Some(pb::charge_token_request::Token::TokenId(format!("tok_0123456789{CARD}")));
        assert_eq!(checked(request), Vec::<String>::new());
    }

    #[test]
    fn the_request_id_is_not_part_of_the_fingerprint_and_the_rest_is() {
        let fingerprints = Fingerprinter::new(&Secret::new(vec![1; 32]));
        let made = |mut request: pb::ChargeTokenRequest| check_keyed(&mut request, &fingerprints).1;
        let first = made(charge());
        assert_eq!(first, made(pb::ChargeTokenRequest { request_id: "r-2".to_owned(), ..charge() }));
        assert_ne!(first, made(pb::ChargeTokenRequest { account: "other".to_owned(), ..charge() }));
    }

    #[test]
    fn fields_that_are_not_searched_exist() {
        for name in NOT_SEARCHED {
            let (message, field) = name.rsplit_once('.').expect("a full name");
            let message = CONTRACT.get_message_by_name(message).expect(name);
            assert!(message.get_field_by_name(field).is_some(), "{name}");
        }
    }

    #[test]
    fn every_rpc_of_the_contract_has_its_request() {
        let services = CONTRACT.services().filter(|service| service.package_name() == "turnpike.v1");
        let methods = services.flat_map(|service| service.methods().collect::<Vec<_>>());
        let all: BTreeSet<String> =
            methods.map(|method| format!("{}/{}", method.parent_service().name(), method.name())).collect();
        let known: BTreeSet<String> = RPCS.iter().map(|rpc| (*rpc).to_owned()).collect();
        assert_eq!(all, known);
        assert!(RPCS.iter().all(|rpc| input_of(rpc).is_some()));
    }
}
