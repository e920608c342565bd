//! What beGateway can do, row by row.

use crate::providers::contract::{Capability, Feature, Profile, Support};

const fn row(
    feature: Feature,
    support: Support,
    required: &'static [&'static str],
    notes: &'static str,
) -> Capability {
    Capability { feature, support, required, notes }
}

const PCI: &str =
    "set card_data = \"pass-through\"; needs PCI DSS and a permission of the shop (E.1065 without)";
const ENCRYPTED: &str = "set encryption_public_key; the shop needs client-side encryption switched on";

/// What this provider can do.
pub static PROFILE: Profile = Profile {
    name: "begateway",
    title: "beGateway (bePaid)",
    capabilities: &[
        row(Feature::HostedPay, Support::Yes, &[], "one return address unless failure differs"),
        row(
            Feature::HostedPayAndSave,
            Support::Yes,
            &[],
            "ask_before_saving shows a box; without a tick there is no token",
        ),
        row(
            Feature::HostedSave,
            Support::Yes,
            &[],
            "a tokenization, or an authorization of zero with save_with = \"authorization\"",
        ),
        row(Feature::HostedUseSaved, Support::Yes, &[], "one saved card per session"),
        row(
            Feature::EncryptedCard,
            Support::Configured(ENCRYPTED),
            &["browser", "return_urls.success"],
            "fields number, cvc, expiry_month, expiry_year, holder, each with the library's marker",
        ),
        row(Feature::PlainCard, Support::Configured(PCI), &["browser", "return_urls.success"], ""),
        row(
            Feature::CancelSession,
            Support::No { instead: "an early expires_at; a page ends by itself and cannot be closed" },
            &[],
            "",
        ),
        row(
            Feature::ChargeCustomer,
            Support::Yes,
            &["return_url"],
            "may answer with a redirect to 3-D Secure; with browser facts it is smoother",
        ),
        row(Feature::ChargeRecurring, Support::Yes, &[], "the card must have been saved for recurring use"),
        row(
            Feature::ChargeUnscheduled,
            Support::Yes,
            &[],
            "card_on_file: delayed charge, increment, resubmission, reauthorization, no show",
        ),
        row(Feature::ChargeInstallment, Support::Yes, &[], "sent as recurring: there is no word of its own"),
        row(Feature::ManualCapture, Support::Yes, &[], "how long a reservation lasts is the acquirer's"),
        row(
            Feature::PartialCapture,
            Support::Yes,
            &[],
            "final_capture has no counterpart; the rest runs out",
        ),
        row(Feature::MultipleCaptures, Support::Yes, &[], "where the acquirer allows it"),
        row(Feature::Void, Support::Yes, &[], "of the whole reservation, before any capture"),
        row(
            Feature::VoidCaptured,
            Support::No { instead: "RefundPayment; what was taken is refunded" },
            &[],
            "",
        ),
        row(Feature::Refund, Support::Yes, &[], "may stay pending for days with alternative methods"),
        row(Feature::PartialRefund, Support::Yes, &[], ""),
        row(
            Feature::MultipleRefunds,
            Support::Yes,
            &[],
            "one refund comes from one capture: no more than that capture has left",
        ),
        row(Feature::InquiryByReference, Support::Yes, &[], "the ten newest transactions of a reference"),
        row(Feature::ImportToken, Support::Yes, &[], "one value of the kind \"token\""),
        row(Feature::DeleteToken, Support::Yes, &[], "only forgotten here: the provider has no call for it"),
    ],
    currencies: None,
    amount_minor_min: 1,
    // No limit is published; each acquirer has its own.
    amount_minor_max: i64::MAX,
    // A checkout stops telling after two and a half minutes (dossier, section 9.1): then only asking tells.
    poll_pauses: &[1, 1, 2, 4, 10],
    sensitive_keys: &[
        "token",
        "redirect_url",
        "receipt_url",
        "exp_month",
        "exp_year",
        "external_id",
        "taxpayer_id",
        "device_id",
        "address",
        "zip",
        "account_number",
        "stamp",
        "cavv",
        "pa_req",
        "creq",
        "md",
    ],
};

/// Settings with invented values.
pub const EXAMPLE: &[(&str, &str)] = &[
    ("shop_id", "70011"),
    ("secret_key", "an-invented-secret-key"),
    ("gateway_url", "https://gateway.psp.example"),
    ("checkout_url", "https://checkout.psp.example"),
    ("test", "true"),
];
