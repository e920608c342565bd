//! What Paymob can do, row by row, and how far an account is set up for it.

use super::account::Account;
use crate::providers::contract::{Capability, Feature, Profile, Support};

const THREE_D_SECURE: Support =
    Support::Configured("set integration_three_d_secure: an integration for cards with the customer");
const MOTO: Support = Support::Configured(
    "set integration_moto: an integration for recurring or MOTO, which the acquirer enables",
);
const AUTHORIZE: Support = Support::Configured(
    "set integration_authorize; for saved cards without the customer integration_authorize_moto",
);
const VERIFICATION: Support =
    Support::Configured("set integration_verification, and verification_amount where zero is refused");
const INTENTION_KEYS: Support =
    Support::No { instead: "secret_key and public_key in the account's settings" };
const A_PAGE: Support = Support::No { instead: "secret_key and public_key, or iframe_id, in the settings" };
const REDIRECT_ONLY: Support = Support::No { instead: "mode REDIRECT: Paymob hosts the page" };

const fn row(feature: Feature, support: Support, notes: &'static str) -> Capability {
    Capability { feature, support, required: &[], notes }
}

/// What this provider can do.
pub static PROFILE: Profile = Profile {
    name: "paymob",
    title: "Paymob",
    capabilities: &[
        row(
            Feature::HostedPay,
            Support::Yes,
            "one return address; none in the older interface, where the dashboard has it",
        ),
        row(
            Feature::HostedPayAndSave,
            Support::Configured("Paymob switches tokenisation on for the integration"),
            "the customer ticks a box, or the account has it ticked; the token follows within minutes",
        ),
        row(Feature::HostedSave, VERIFICATION, "nothing is charged unless verification_amount says so"),
        row(Feature::HostedUseSaved, THREE_D_SECURE, "at most three saved cards; the customer types the CVV"),
        row(Feature::EncryptedCard, REDIRECT_ONLY, ""),
        row(Feature::PlainCard, REDIRECT_ONLY, ""),
        row(
            Feature::CancelSession,
            Support::No { instead: "an early expires_at; a page ends by itself and cannot be closed" },
            "",
        ),
        row(
            Feature::ChargeCustomer,
            THREE_D_SECURE,
            "a redirect to the page, where the customer types the CVV; in the older interface only if \
                    the issuer asks for a challenge",
        ),
        row(Feature::ChargeRecurring, MOTO, "any token of the same account; no series is named"),
        row(Feature::ChargeUnscheduled, MOTO, "kinds of unscheduled charges are not told apart"),
        row(Feature::ChargeInstallment, MOTO, "sent as any other charge without the customer"),
        row(Feature::ManualCapture, AUTHORIZE, "voided by the provider after 14 days; capture within 10"),
        row(Feature::PartialCapture, AUTHORIZE, "final_capture has no counterpart; the rest runs out"),
        row(Feature::MultipleCaptures, AUTHORIZE, "up to the authorized amount"),
        row(Feature::Void, AUTHORIZE, "of the whole reservation, before any capture; cards only"),
        row(
            Feature::VoidCaptured,
            Support::Yes,
            "cards only, whole, on the same business day before it settles; no fee",
        ),
        row(Feature::Refund, Support::Yes, "the merchant needs a balance; fees apply"),
        row(Feature::PartialRefund, Support::Yes, ""),
        row(Feature::MultipleRefunds, Support::Yes, "up to what was captured"),
        row(
            Feature::InquiryByReference,
            Support::Yes,
            "the newest transaction only; a refund leads to its payment",
        ),
        row(Feature::ImportToken, Support::Yes, "one value of the only kind; it works in its account"),
        row(Feature::DeleteToken, Support::Yes, "only forgotten here: the provider has no call for it"),
    ],
    // Each integration has its own currency, and the account may name them; exponents are ISO 4217's.
    currencies: None,
    amount_minor_min: 1,
    // No limit is published; each acquirer has its own.
    amount_minor_max: i64::MAX,
    poll_pauses: &[],
    sensitive_keys: &[
        "api_key",
        "auth_token",
        "payment_token",
        "card_tokens",
        "identifier",
        "key",
        "client_secret",
        "billing_data",
        "shipping_data",
        "profile",
        "merchant",
        "pan",
        "card_num",
        "redirect_url",
        "redirection_url",
        "iframe_redirection_url",
        "hmac",
    ],
};

/// How far an account has a feature: what its integrations, keys and frame allow. An integration
/// that is not set can still be named in the options of a request, so it only wants configuring.
pub(super) fn support(account: &Account, feature: Feature) -> Support {
    let ids = &account.integrations;
    let by_id = |id: Option<i64>| if id.is_some() { Support::Yes } else { PROFILE.support(feature) };
    let has_keys = account.secret_key.is_some() && account.public_key.is_some();
    match feature {
        Feature::HostedPay | Feature::HostedPayAndSave | Feature::HostedSave
            if !has_keys && account.iframe_id.is_none() =>
        {
            A_PAGE
        }
        Feature::HostedSave => by_id(ids.verification),
        Feature::HostedUseSaved if !has_keys => INTENTION_KEYS,
        Feature::HostedUseSaved | Feature::ChargeCustomer => by_id(ids.three_d_secure),
        Feature::ChargeRecurring | Feature::ChargeUnscheduled | Feature::ChargeInstallment => by_id(ids.moto),
        Feature::ManualCapture | Feature::PartialCapture | Feature::MultipleCaptures | Feature::Void => {
            by_id(ids.authorize.or(ids.authorize_moto))
        }
        Feature::HostedPay
        | Feature::HostedPayAndSave
        | Feature::EncryptedCard
        | Feature::PlainCard
        | Feature::CancelSession
        | Feature::VoidCaptured
        | Feature::Refund
        | Feature::PartialRefund
        | Feature::MultipleRefunds
        | Feature::InquiryByReference
        | Feature::ImportToken
        | Feature::DeleteToken => PROFILE.support(feature),
    }
}

/// Settings with invented values.
pub const EXAMPLE: &[(&str, &str)] = &[
    ("region", "egypt"),
    ("api_key", "an-invented-api-key"),
    ("secret_key", "egy_sk_test_invented"),
    ("public_key", "egy_pk_test_invented"),
    ("test", "true"),
    ("integration_three_d_secure", "5000001"),
    ("integration_moto", "5000002"),
    ("integration_wallet", "5000003"),
    ("integration_authorize", "5000005"),
    ("integration_authorize_moto", "5000006"),
    ("integration_verification", "5000007"),
    ("iframe_id", "700001"),
];
