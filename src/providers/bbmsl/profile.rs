//! What BBMSL can do, row by row. Checked against the dossier of 2026-11.

use super::money::AMOUNT_MINOR_MAX;
use crate::providers::contract::{Capability, Feature, Profile, Support};

/// The documented currencies. The official plugin lists more, with no documentation behind them
/// (section 15).
pub(super) const CURRENCIES: &[&str] = &["HKD", "USD"];

const REDIRECT_ONLY: Support = Support::No { instead: "mode REDIRECT: BBMSL hosts the page" };
const AT_ONCE: Support = Support::No { instead: "capture mode AUTOMATIC: BBMSL takes the money at once" };

const fn row(
    feature: Feature,
    support: Support,
    required: &'static [&'static str],
    notes: &'static str,
) -> Capability {
    Capability { feature, support, required, notes }
}

/// What this provider can do.
pub static PROFILE: Profile = Profile {
    name: "bbmsl",
    title: "BBMSL",
    capabilities: &[
        row(Feature::HostedPay, Support::Yes, &[], "a declined try leaves the page open until it expires"),
        row(
            Feature::HostedPayAndSave,
            Support::Configured("only with saved_for recurring alone and without ask_before_saving"),
            &[],
            "what is saved is a series without a token, of the product hosted",
        ),
        row(
            Feature::HostedSave,
            Support::Configured("notify_url in the account's configuration: the card page insists on one"),
            &[],
            "BBMSL charges a small amount and voids it; of two cards added at once neither is taken",
        ),
        row(
            Feature::HostedUseSaved,
            Support::No { instead: "ChargeToken with the customer as initiator, which needs no page" },
            &[],
            "",
        ),
        row(Feature::EncryptedCard, REDIRECT_ONLY, &[], ""),
        row(Feature::PlainCard, REDIRECT_ONLY, &[], ""),
        row(
            Feature::CancelSession,
            Support::Yes,
            &[],
            "voids the unpaid order; a session that only saves a card ends by itself",
        ),
        row(
            Feature::ChargeCustomer,
            Support::Yes,
            &[],
            "a sale at once: no redirect, no 3-D Secure, no CVC; with a series it begins one",
        ),
        row(
            Feature::ChargeRecurring,
            Support::Yes,
            &[],
            "the first charge is a sale that becomes the parent; later ones have its currency",
        ),
        row(Feature::ChargeUnscheduled, Support::Yes, &[], "a sale; the kinds are not told apart"),
        row(Feature::ChargeInstallment, Support::Yes, &[], "a sale; there is no word of its own"),
        row(Feature::ManualCapture, AT_ONCE, &[], ""),
        row(Feature::PartialCapture, AT_ONCE, &[], ""),
        row(Feature::MultipleCaptures, AT_ONCE, &[], ""),
        row(
            Feature::Void,
            Support::No { instead: "void_captured: nothing is reserved here, all is taken at once" },
            &[],
            "",
        ),
        row(
            Feature::VoidCaptured,
            Support::Yes,
            &[],
            "gives a whole charge back before it is settled; after that only a refund does",
        ),
        row(Feature::Refund, Support::Yes, &[], "once; some merchants only after settlement"),
        row(Feature::PartialRefund, Support::Yes, &[], "final: nothing more can be refunded after it"),
        row(
            Feature::MultipleRefunds,
            Support::No { instead: "one refund of the whole sum: an order is refunded once" },
            &[],
            "",
        ),
        row(
            Feature::InquiryByReference,
            Support::Yes,
            &[],
            "an order that stays OPEN is voided for certainty where cancel_open_orders is on",
        ),
        row(
            Feature::ImportToken,
            Support::Yes,
            &["provider_token.provider_customer_id"],
            "tokenId and userId; original_reference and its currency for a series",
        ),
        row(Feature::DeleteToken, Support::Yes, &[], "for good; a hosted series is only forgotten here"),
    ],
    currencies: Some(CURRENCIES),
    amount_minor_min: 1,
    amount_minor_max: AMOUNT_MINOR_MAX,
    poll_pauses: &[],
    sensitive_keys: &["tokenId", "userId", "signature"],
};

/// Settings with invented values. The key is the one of the dossier's samples, which no merchant uses.
pub const EXAMPLE: &[(&str, &str)] = &[
    ("environment", "sit"),
    ("merchant_id", "3000217"),
    ("private_key", include_str!("sample_private_key.txt")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_has_its_row_in_order() {
        let rows: Vec<Feature> = PROFILE.capabilities.iter().map(|row| row.feature).collect();
        let all: Vec<Feature> = Feature::NAMES.iter().map(|(feature, _)| *feature).collect();
        assert_eq!(rows, all);
    }
}
