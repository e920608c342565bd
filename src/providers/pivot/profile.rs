//! What Pivot can do, row by row.

use crate::providers::contract::{Capability, Feature, Profile, Support};

const fn row(
    feature: Feature,
    support: Support,
    required: &'static [&'static str],
    notes: &'static str,
) -> Capability {
    Capability { feature, support, required, notes }
}

/// What would work in place of charges without the customer.
pub(super) const MIT_INSTEAD: &str = "mit = true once Pivot has enabled recurring payments for the merchant; or a charge with the customer present";
/// What would work in place of charges by instalment.
pub(super) const INSTALLMENT_INSTEAD: &str =
    "mit = true and mit_type_installment with the word that Pivot gives for it; or reason UNSCHEDULED";
/// What would work in place of a void.
pub(super) const VOID_INSTEAD: &str = "a capture and then a refund, or letting the reservation lapse; \
     void_via_cancel = true once Pivot has confirmed that cancelling gives a reservation back";

const MIT: &str = "set mit = true and default_return_url; Pivot has to enable it for the merchant";
const INSTALLMENT: &str = "set mit = true and mit_type_installment; Pivot publishes no word for it";
const VOID: &str = "set void_via_cancel = true where Pivot has confirmed that cancelling works";
const EMAIL: &[&str] = &["customer.email"];

/// What this provider can do.
pub static PROFILE: Profile = Profile {
    name: "pivot",
    title: "Pivot",
    capabilities: &[
        row(
            Feature::HostedPay,
            Support::Yes,
            EMAIL,
            "one kind of methods or all of them; with capture MANUAL the page offers cards alone",
        ),
        row(
            Feature::HostedPayAndSave,
            Support::Yes,
            EMAIL,
            "the page always asks; without the customer's tick there is no token",
        ),
        row(
            Feature::HostedSave,
            Support::No { instead: "PAY_AND_SAVE: a card is saved with a payment only" },
            &[],
            "",
        ),
        row(
            Feature::HostedUseSaved,
            Support::Yes,
            &["token_ids"],
            "offers all saved methods of the tokens' customer; the CVC is typed on the page",
        ),
        row(
            Feature::EncryptedCard,
            Support::Yes,
            EMAIL,
            "RSA-OAEP-256 and AES-256-GCM under a key of its own for each session; one text, blob",
        ),
        row(
            Feature::PlainCard,
            Support::No { instead: "encrypted_card: the session hands out a key for it" },
            &[],
            "",
        ),
        row(
            Feature::CancelSession,
            Support::Yes,
            &[],
            "only before the customer has begun to pay; afterwards it ends at expires_at",
        ),
        row(
            Feature::ChargeCustomer,
            Support::Yes,
            &["customer_initiated.return_urls"],
            "with a CVC at once; without one on a hosted page, where the customer picks the card",
        ),
        row(Feature::ChargeRecurring, Support::Configured(MIT), &[], "cardOnFile SCHEDULED, no 3-D Secure"),
        row(Feature::ChargeUnscheduled, Support::Configured(MIT), &[], "cardOnFile UNSCHEDULED"),
        row(Feature::ChargeInstallment, Support::Configured(INSTALLMENT), &[], ""),
        row(
            Feature::ManualCapture,
            Support::Yes,
            &[],
            "cards only; how long a reservation lasts is not published, seven days are a guess",
        ),
        row(Feature::PartialCapture, Support::Yes, &[], "final_capture releases the rest"),
        row(Feature::MultipleCaptures, Support::Yes, &[], "each is done a little later"),
        row(Feature::Void, Support::Configured(VOID), &[], ""),
        row(
            Feature::Refund,
            Support::Yes,
            &[],
            "never at once; by bank transfer where the way back fails, which takes days",
        ),
        row(Feature::PartialRefund, Support::Yes, &[], "whole rupiah"),
        row(Feature::MultipleRefunds, Support::Yes, &[], "up to what was captured"),
        row(Feature::InquiryByReference, Support::Yes, &[], ""),
        row(
            Feature::ImportToken,
            Support::Yes,
            &["provider_token.provider_customer_id"],
            "one value of the kind \"token\", and the customer to whom it belongs",
        ),
        row(
            Feature::DeleteToken,
            Support::No {
                instead: "deleting it here: it is not charged any more; Pivot's support removes its own",
            },
            &[],
            "",
        ),
    ],
    // Other currencies have neither samples nor limits; see the README.
    currencies: Some(&["IDR"]),
    // 1,000 rupiah by QR, the least of all methods, to 9,999,999,999 by card.
    amount_minor_min: 100_000,
    amount_minor_max: 999_999_999_900,
    // "Poll open sessions (e.g. 30 s, 2 min, 10 min, …, then hourly)" (dossier, section 18).
    poll_pauses: &[1, 4, 20, 120],
    sensitive_keys: &[
        "accessToken",
        "accountIdentifier",
        "accountName",
        "accountNumber",
        "addressLine1",
        "addressLine2",
        "encryptedCard",
        "expMonth",
        "expYear",
        "fingerprint",
        "givenName",
        "paymentUrl",
        "phoneNumber",
        "sureName",
        "surname",
        "virtualAccountName",
    ],
};

/// Settings with invented values.
pub const EXAMPLE: &[(&str, &str)] = &[
    ("base_url", "https://api-stg.pivot-payment.com"),
    ("merchant_id", "11111111-0000-4000-8000-000000000001"),
    ("merchant_secret", "an-invented-merchant-secret"),
];
