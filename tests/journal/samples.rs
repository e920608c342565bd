//! Payments, sessions and tokens to store: plain ones, and any that there can be.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use turnpike::domain::card::{
    Authentication, CardSummary, MerchantReason, StoredToken, Token, TokenStatus, TokenUses, Unscheduled,
};
use turnpike::domain::ids::*;
use turnpike::domain::money::{Currency, Money};
use turnpike::domain::occurrence::OccurrenceTry;
use turnpike::domain::order::*;
use turnpike::domain::outcome::{
    Decline, DeclineReason, Failure, FailureReason, Mismatch, NextAction, RetryAdvice, Trace,
};
use turnpike::domain::payment::{
    FollowUp, MovementId, MovementRecord, MovementStatus, Payment, PaymentState,
};
use turnpike::domain::secret::Secret;
use turnpike::domain::session::Session;
use turnpike::journal::seal::{Key, Keys};
use turnpike::journal::seam::{Claim, HistoryKind, HistoryNote, Subject};
use turnpike::journal::sqlite::{self, Config, SqliteJournal};

pub fn key(number: u32) -> Key {
    Key::new(number, &Secret::new([number as u8; 32]))
}

pub fn keys() -> Keys {
    Keys::new(key(1), vec![]).expect("one key")
}

pub fn open(directory: &Path) -> SqliteJournal {
    sqlite::open(Config::new(directory, keys())).expect("opens")
}

pub fn time(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).expect("a time")
}

/// The id of the n-th payment.
pub fn payment_id(n: u32) -> PaymentId {
    PaymentId::mint(time(i64::from(n)), [0; 10])
}

pub fn merchant() -> MerchantName {
    MerchantName("shop".to_owned())
}

pub fn account() -> AccountName {
    AccountName("nordic".to_owned())
}

pub fn nok(minor: i64) -> Money {
    Money::new(minor, Currency::parse("NOK").expect("active")).expect("not negative")
}

/// The n-th payment, as it is recorded first.
pub fn payment(n: u32) -> Payment {
    Payment {
        id: payment_id(n),
        merchant: merchant(),
        account: account(),
        merchant_reference: format!("order-{n}"),
        reference: payment_id(n).alphanumeric(),
        asked: nok(10_000),
        capture: CaptureMode::Automatic,
        state: PaymentState::Created,
        authorized: 0,
        captured_seen: 0,
        refunded_seen: 0,
        undone: false,
        trace: Trace::by_reference(payment_id(n).alphanumeric()),
        token: None,
        session: None,
        occurrence: None,
        merchant_initiated: None,
        decline: None,
        failure: None,
        next_action: None,
        mismatch: None,
        card: None,
        network_transaction_id: None,
        approval_code: None,
        descriptor: None,
        customer: None,
        description: None,
        metadata: BTreeMap::new(),
        saved_tokens: vec![],
        saved_awaited_until: None,
        movements: vec![],
        follow_up: None,
        sent_at: None,
        expires_at: None,
        request_id: format!("request-{n}"),
        created_at: time(i64::from(n)),
        updated_at: time(i64::from(n)),
        version: 0,
        history_hash: [0; 32],
    }
}

/// The n-th token.
pub fn token(n: u32) -> Token {
    Token {
        id: TokenId::mint(time(i64::from(n)), [1; 10]),
        merchant: merchant(),
        account: account(),
        stored: stored(&format!("value-{n}")),
        card: CardSummary { last_four: Some("1111".to_owned()), ..CardSummary::default() },
        uses: TokenUses { recurring: true, ..TokenUses::default() },
        status: TokenStatus::Active,
        deleted_at_provider: false,
        customer: None,
        session: None,
        payment: None,
        metadata: BTreeMap::new(),
        created_at: time(i64::from(n)),
        updated_at: time(i64::from(n)),
        last_used_at: None,
        version: 0,
    }
}

pub fn stored(value: &str) -> StoredToken {
    StoredToken {
        values: BTreeMap::from([("payment_token".to_owned(), Secret::from(value))]),
        ..StoredToken::default()
    }
}

pub fn session(n: u32) -> Session {
    Session {
        id: SessionId::mint(time(i64::from(n)), [2; 10]),
        merchant: merchant(),
        account: account(),
        order: SessionOrder {
            purchase: purchase_of(n),
            purpose: Purpose::Pay,
            mode: SessionMode::Redirect,
            return_urls: ReturnUrls {
                success: "https://shop.example/thanks".to_owned(),
                ..Default::default()
            },
            offered: vec![],
            saved_for: TokenUses::default(),
            ask_before_saving: false,
            attempts: 3,
            method_kinds: vec![],
            methods: vec![],
            expires_at: time(3_600),
        },
        payment: payment_id(n),
        request_id: format!("request-{n}"),
        created_at: time(i64::from(n)),
    }
}

/// What the n-th order buys.
pub fn purchase_of(n: u32) -> Purchase {
    Purchase {
        reference: payment_id(n).alphanumeric(),
        merchant_reference: format!("order-{n}"),
        money: nok(10_000),
        capture: CaptureMode::Manual,
        description: None,
        descriptor: None,
        customer: Customer::default(),
        lines: vec![],
        billing: None,
        shipping: None,
        delivery: None,
        tax_minor: None,
        locale: None,
        three_d_secure: ThreeDSecure::Automatic,
        metadata: BTreeMap::new(),
        notify_url: None,
        options: Options::default(),
    }
}

pub fn idempotency_key(request_id: &str) -> IdempotencyKey {
    IdempotencyKey { merchant: merchant(), request_id: request_id.to_owned() }
}

pub fn claim(request_id: &str, subject: Subject) -> Claim {
    Claim { key: idempotency_key(request_id), fingerprint: Fingerprint([7; 32]), subject, at: time(0) }
}

pub fn note(kind: HistoryKind) -> HistoryNote {
    HistoryNote {
        at: time(1),
        kind,
        caller: "till".into(),
        summary: "something happened".to_owned(),
        exchange: None,
        state: PaymentState::Created,
    }
}

pub fn text() -> impl Strategy<Value = String> {
    // Anything that a caller or provider may write, quotes and other scripts included.
    "\\PC{0,12}"
}

pub fn timestamp() -> impl Strategy<Value = Timestamp> {
    // 1970 to 2242, to the nanosecond.
    (0i64..8_600_000_000_000_000_000)
        .prop_map(|nanos| Timestamp::from_nanosecond(i128::from(nanos)).expect("in range"))
}

pub fn money() -> impl Strategy<Value = Money> {
    (0i64.., select(Currency::all().collect::<Vec<_>>()))
        .prop_map(|(minor, currency)| Money::new(minor, currency).expect("not negative"))
}

fn texts() -> impl Strategy<Value = BTreeMap<String, String>> {
    btree_map(text(), text(), 0..3)
}

fn options() -> impl Strategy<Value = Options> {
    let leaf = prop_oneof![
        text().prop_map(OptionValue::Text),
        any::<i64>().prop_map(OptionValue::Integer),
        any::<bool>().prop_map(OptionValue::Flag),
    ];
    let value = leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(OptionValue::List),
            btree_map(text(), inner, 0..3).prop_map(OptionValue::Group),
        ]
    });
    (text(), btree_map(text(), value, 0..3)).prop_map(|(provider, values)| Options { provider, values })
}

fn trace() -> impl Strategy<Value = Trace> {
    (text(), of(text()), of(text()), of(text()), of(text()), of(text()), texts()).prop_map(
        |(reference, session, session_key, transaction, order, customer, more)| Trace {
            reference,
            session,
            session_key: session_key.map(Secret::new),
            transaction,
            order,
            customer,
            more,
        },
    )
}

fn decline() -> impl Strategy<Value = Decline> {
    let advice =
        [RetryAdvice::Never, RetryAdvice::Later, RetryAdvice::WithCustomer, RetryAdvice::CorrectData];
    (
        select(DeclineReason::ALL),
        select(advice.to_vec()),
        of(timestamp()),
        of(text()),
        of(text()),
        of(text()),
        of(text()),
    )
        .prop_map(
            |(reason, advice, retry_after, provider_code, provider_message, network_code, network_advice)| {
                Decline {
                    reason,
                    advice,
                    retry_after,
                    provider_code,
                    provider_message,
                    network_code,
                    network_advice,
                }
            },
        )
}

fn failure() -> impl Strategy<Value = Failure> {
    let reasons = [
        FailureReason::Rejected,
        FailureReason::CredentialsRejected,
        FailureReason::NotSent,
        FailureReason::NotFound,
        FailureReason::ProviderError,
        FailureReason::Unsupported,
    ];
    (select(reasons.to_vec()), of(text()), of(text())).prop_map(
        |(reason, provider_code, provider_message)| Failure { reason, provider_code, provider_message },
    )
}

fn next_action() -> impl Strategy<Value = NextAction> {
    prop_oneof![
        text().prop_map(|url| NextAction::Redirect { url }),
        (text(), of(text()), text(), of(timestamp())).prop_map(
            |(public_key, key_id, algorithm, expires_at)| NextAction::CollectCard {
                public_key,
                key_id,
                algorithm,
                expires_at
            }
        ),
        texts().prop_map(|details| NextAction::Instructions { details }),
    ]
}

fn card() -> impl Strategy<Value = CardSummary> {
    let authentication = (of(text()), of(text()), of(text()))
        .prop_map(|(status, eci, version)| Authentication { status, eci, version });
    (
        (of(text()), of(text()), of(text()), of(any::<u8>()), of(any::<u16>())),
        (of(text()), of(text()), of(text()), of(authentication)),
    )
        .prop_map(
            |(
                (brand, last_four, bin, expiry_month, expiry_year),
                (funding, issuer_country, fingerprint, authentication),
            )| CardSummary {
                brand,
                last_four,
                bin,
                expiry_month,
                expiry_year,
                funding,
                issuer_country,
                fingerprint,
                authentication,
            },
        )
}

fn uses() -> impl Strategy<Value = TokenUses> {
    any::<(bool, bool, bool)>().prop_map(|(customer_present, recurring, unscheduled)| TokenUses {
        customer_present,
        recurring,
        unscheduled,
    })
}

fn any_stored() -> impl Strategy<Value = StoredToken> {
    let values = btree_map(text(), text().prop_map(Secret::new), 0..3);
    let currencies = of(select(Currency::all().collect::<Vec<_>>()));
    let original = (of(text()), currencies, of(text()));
    (of(text()), values, of(text()), of(text()), original).prop_map(
        |(product, values, handle, customer, (original, original_currency, network_transaction_id))| {
            StoredToken {
                product,
                values,
                handle,
                customer,
                original,
                original_currency,
                network_transaction_id,
            }
        },
    )
}

fn merchant_reason() -> impl Strategy<Value = MerchantReason> {
    let kinds = [
        Unscheduled::Other,
        Unscheduled::DelayedCharge,
        Unscheduled::Increment,
        Unscheduled::Resubmission,
        Unscheduled::Reauthorization,
        Unscheduled::NoShow,
    ];
    let mut reasons = vec![MerchantReason::Recurring, MerchantReason::Installment];
    reasons.extend(kinds.map(MerchantReason::Unscheduled));
    select(reasons)
}

fn mismatch() -> impl Strategy<Value = Mismatch> {
    (select(vec!["amount", "currency", "reference"]), text(), text())
        .prop_map(|(what, asked, seen)| Mismatch { what, asked, seen })
}

fn movement() -> impl Strategy<Value = MovementRecord> {
    let id = (0..3u8, any::<[u8; 16]>()).prop_map(|(kind, bytes)| match kind {
        0 => MovementId::Capture(CaptureId::from_bytes(bytes)),
        1 => MovementId::Void(VoidId::from_bytes(bytes)),
        _ => MovementId::Refund(RefundId::from_bytes(bytes)),
    });
    let line = (text(), text(), any::<i64>()).prop_map(|(id, quantity, amount_minor)| LinePart {
        id,
        quantity,
        amount_minor,
    });
    (
        (id, money(), select(MovementStatus::ALL), of(text()), of(decline()), of(failure())),
        (of(text()), of(text()), any::<bool>(), vec(line, 0..2), any::<(i64, i64)>(), options()),
        (of(timestamp()), text(), timestamp(), timestamp(), of(any::<[u8; 16]>()), texts()),
    )
        .prop_map(
            |(
                (id, amount, status, provider_id, decline, failure),
                (reason, reason_word, final_capture, lines, before, options),
                (sent_at, request_id, created_at, updated_at, of_capture, metadata),
            )| MovementRecord {
                id,
                amount,
                status,
                provider_id,
                decline,
                failure,
                reason,
                reason_word,
                final_capture,
                lines,
                of_capture: of_capture.map(CaptureId::from_bytes),
                metadata,
                before,
                options,
                sent_at,
                request_id,
                created_at,
                updated_at,
            },
        )
}

pub fn occurrence_try() -> impl Strategy<Value = OccurrenceTry> {
    any::<([u8; 16], u32, u32)>().prop_map(|(schedule, number, attempt)| OccurrenceTry {
        schedule: ScheduleId::from_bytes(schedule),
        number,
        attempt,
    })
}

/// Any payment that there can be, as it is recorded first. The id is new each time.
pub fn any_payment() -> impl Strategy<Value = Payment> {
    let follow_up = (timestamp(), any::<u32>(), of(timestamp()), timestamp())
        .prop_map(|(since, inquiries, last_at, next_at)| FollowUp { since, inquiries, last_at, next_at });
    let capture = select(vec![CaptureMode::Automatic, CaptureMode::Manual]);
    let bytes = any::<[u8; 16]>;
    (
        (bytes(), text(), text(), text(), text(), money(), capture, select(PaymentState::ALL)),
        (
            any::<(i64, i64, i64)>(),
            trace(),
            of(bytes()),
            of(bytes()),
            of(merchant_reason()),
            of(decline()),
            of(occurrence_try()),
        ),
        (of(failure()), of(next_action()), of(mismatch()), of(card()), of(text()), of(text()), of(text())),
        (texts(), vec(bytes(), 0..3), vec(movement(), 0..3), of(follow_up), of(timestamp()), of(timestamp())),
        (
            (text(), any::<[u8; 32]>()),
            timestamp(),
            timestamp(),
            of(text()),
            of(text()),
            of(timestamp()),
            any::<bool>(),
        ),
    )
        .prop_map(
            |(
                (id, merchant, account, merchant_reference, reference, asked, capture, state),
                (totals, trace, token, session, merchant_initiated, decline, occurrence),
                (failure, next_action, mismatch, card, network_transaction_id, approval_code, descriptor),
                (metadata, saved_tokens, movements, follow_up, sent_at, expires_at),
                (
                    (request_id, history_hash),
                    created_at,
                    updated_at,
                    customer,
                    description,
                    saved_awaited_until,
                    undone,
                ),
            )| Payment {
                id: PaymentId::from_bytes(id),
                merchant: MerchantName(merchant),
                account: AccountName(account),
                merchant_reference,
                reference,
                asked,
                capture,
                state,
                authorized: totals.0,
                captured_seen: totals.1,
                refunded_seen: totals.2,
                undone,
                trace,
                token: token.map(TokenId::from_bytes),
                session: session.map(SessionId::from_bytes),
                occurrence,
                merchant_initiated,
                decline,
                failure,
                next_action,
                mismatch,
                card,
                network_transaction_id,
                approval_code,
                descriptor,
                customer,
                description,
                metadata,
                saved_tokens: saved_tokens.into_iter().map(TokenId::from_bytes).collect(),
                saved_awaited_until,
                movements,
                follow_up,
                sent_at,
                expires_at,
                request_id,
                created_at,
                updated_at,
                version: 0,
                history_hash,
            },
        )
}

/// Any token that there can be.
pub fn any_token() -> impl Strategy<Value = Token> {
    let status = select(vec![TokenStatus::Active, TokenStatus::Unusable, TokenStatus::Deleted]);
    let bytes = any::<[u8; 16]>;
    (
        (bytes(), text(), text(), any_stored(), card(), uses(), status),
        (of(text()), of(bytes()), of(bytes()), texts(), timestamp(), timestamp()),
    )
        .prop_map(
            |(
                (id, merchant, account, stored, card, uses, status),
                (customer, session, payment, metadata, created_at, updated_at),
            )| Token {
                id: TokenId::from_bytes(id),
                merchant: MerchantName(merchant),
                account: AccountName(account),
                stored,
                card,
                uses,
                status,
                deleted_at_provider: status == TokenStatus::Deleted,
                customer,
                session: session.map(SessionId::from_bytes),
                payment: payment.map(PaymentId::from_bytes),
                metadata,
                created_at,
                updated_at,
                // Not in the record: see the tests of uses.
                last_used_at: None,
                version: 0,
            },
        )
}

fn address() -> impl Strategy<Value = Address> {
    (
        (of(text()), of(text()), of(text()), of(text()), of(text()), vec(text(), 0..3)),
        (of(text()), of(text()), of(text()), of(text())),
        (of(text()), of(text()), of(text()), of(text()), of(text())),
    )
        .prop_map(
            |(
                (given_name, family_name, organisation, organisation_number, care_of, lines),
                (building, floor, apartment, city),
                (region, postal_code, country, phone, email),
            )| Address {
                given_name,
                family_name,
                organisation,
                organisation_number,
                care_of,
                lines,
                building,
                floor,
                apartment,
                city,
                region,
                postal_code,
                country,
                phone,
                email,
            },
        )
}

fn customer() -> impl Strategy<Value = Customer> {
    (
        (of(text()), of(text()), of(text()), of(text()), of(text())),
        (of(text()), of(text()), of(text()), of(text()), of(text())),
    )
        .prop_map(
            |(
                (id, email, phone, given_name, family_name),
                (birth_date, tax_id, ip, provider_customer, device_id),
            )| Customer {
                id,
                email,
                phone,
                given_name,
                family_name,
                birth_date,
                tax_id,
                ip,
                provider_customer,
                device_id,
            },
        )
}

fn delivery() -> impl Strategy<Value = Delivery> {
    let speeds =
        vec![DeliverySpeed::Regular, DeliverySpeed::NextDay, DeliverySpeed::SameDay, DeliverySpeed::Instant];
    (of(text()), of(select(speeds)), any::<i64>(), any::<u32>()).prop_map(
        |(method, speed, fee_minor, tax_basis_points)| Delivery {
            method,
            speed,
            fee_minor,
            tax_basis_points,
        },
    )
}

pub fn purchase() -> impl Strategy<Value = Purchase> {
    let kinds = [
        LineKind::Physical,
        LineKind::Digital,
        LineKind::Service,
        LineKind::Shipping,
        LineKind::Discount,
        LineKind::GiftCard,
        LineKind::Surcharge,
    ];
    let line = (
        (text(), of(text()), text(), of(text()), text()),
        (any::<i64>(), any::<i64>(), any::<u32>(), select(kinds.to_vec())),
        (of(any::<i64>()), of(text()), of(text()), of(text())),
    )
        .prop_map(
            |(
                (id, sku, name, description, quantity),
                (amount_minor, tax_minor, tax_basis_points, kind),
                (unit_minor, category, subcategory, image_url),
            )| OrderLine {
                id,
                sku,
                name,
                description,
                quantity,
                amount_minor,
                tax_minor,
                tax_basis_points,
                kind,
                unit_minor,
                category,
                subcategory,
                image_url,
            },
        );
    let capture = select(vec![CaptureMode::Automatic, CaptureMode::Manual]);
    let three_d_secure = select(vec![ThreeDSecure::Automatic, ThreeDSecure::Challenge, ThreeDSecure::Never]);
    (
        (text(), text(), money(), capture, of(text()), of(text()), customer(), vec(line, 0..3)),
        (of(address()), of(address()), of(text()), three_d_secure, texts(), of(text()), options()),
        (of(delivery()), of(any::<i64>())),
    )
        .prop_map(
            |(
                (reference, merchant_reference, money, capture, description, descriptor, customer, lines),
                (billing, shipping, locale, three_d_secure, metadata, notify_url, options),
                (delivery, tax_minor),
            )| Purchase {
                reference,
                merchant_reference,
                money,
                capture,
                description,
                descriptor,
                customer,
                lines,
                billing,
                shipping,
                delivery,
                tax_minor,
                locale,
                three_d_secure,
                metadata,
                notify_url,
                options,
            },
        )
}

/// Any session that there can be.
pub fn any_session() -> impl Strategy<Value = Session> {
    let purpose = select(vec![Purpose::Pay, Purpose::PayAndSave, Purpose::Save, Purpose::UseSaved]);
    let mode = select(vec![SessionMode::Redirect, SessionMode::Api]);
    let return_urls =
        (text(), of(text()), of(text()), of(text())).prop_map(|(success, failure, cancelled, expired)| {
            ReturnUrls { success, failure, cancelled, expired }
        });
    let order = (
        (purchase(), purpose, mode, return_urls, vec(any_stored(), 0..2)),
        (
            uses(),
            any::<bool>(),
            any::<u32>(),
            vec(select(MethodKind::ALL), 0..3),
            vec(text(), 0..3),
            timestamp(),
        ),
    )
        .prop_map(
            |(
                (purchase, purpose, mode, return_urls, offered),
                (saved_for, ask_before_saving, attempts, method_kinds, methods, expires_at),
            )| SessionOrder {
                purchase,
                purpose,
                mode,
                return_urls,
                offered,
                saved_for,
                ask_before_saving,
                attempts,
                method_kinds,
                methods,
                expires_at,
            },
        );
    let bytes = any::<[u8; 16]>;
    (bytes(), text(), text(), order, bytes(), text(), timestamp()).prop_map(
        |(id, merchant, account, order, payment, request_id, created_at)| Session {
            id: SessionId::from_bytes(id),
            merchant: MerchantName(merchant),
            account: AccountName(account),
            order,
            payment: PaymentId::from_bytes(payment),
            request_id,
            created_at,
        },
    )
}
