//! What Dintero can do, row by row. Checked against the dossier of 2026-11.

use super::wire::AMOUNT_MINOR_MAX;
use crate::providers::contract::{Capability, Feature, Profile, Support};

/// Currencies seen with Dintero; dollars and pounds depend on the acquirer (dossier §15). No rule
/// is published for currencies without minor units, so they are left out.
pub(super) const CURRENCIES: &[&str] = &["NOK", "SEK", "DKK", "EUR", "USD", "GBP"];

/// Tokens, and charges without the customer, are off until Dintero switches them on (dossier §5).
const CONTRACTED: Support = Support::Configured("Dintero switches tokenization on for the account");
const CONTRACTED_CHARGES: Support =
    Support::Configured("Dintero switches merchant-initiated charges on for the account");
const REDIRECT_ONLY: Support = Support::No { instead: "mode REDIRECT: Dintero hosts the page" };

const fn row(feature: Feature, support: Support, notes: &'static str) -> Capability {
    Capability { feature, support, required: &[], notes }
}

/// What Dintero can do.
pub static PROFILE: Profile = Profile {
    name: "dintero",
    title: "Dintero",
    capabilities: &[
        row(Feature::HostedPay, Support::Yes, "one return address for success, failure and cancellation"),
        row(
            Feature::HostedPayAndSave,
            CONTRACTED,
            "only dintero_psp cards have a check box that asks; a session may complete without a token",
        ),
        row(Feature::HostedSave, CONTRACTED, "nothing is reserved; the token's presence is the success"),
        row(Feature::HostedUseSaved, CONTRACTED, "one saved card for each product type"),
        row(Feature::EncryptedCard, REDIRECT_ONLY, ""),
        row(Feature::PlainCard, REDIRECT_ONLY, ""),
        row(Feature::CancelSession, Support::Yes, "refused by us once somebody has paid; void instead"),
        Capability {
            feature: Feature::ChargeCustomer,
            support: CONTRACTED,
            required: &["customer_initiated.return_urls"],
            notes: "always a redirect: the customer types the CVC and passes 3-D Secure at Dintero",
        },
        row(
            Feature::ChargeRecurring,
            CONTRACTED_CHARGES,
            "payex.creditcard needs a recurrence_token; the others reuse the payment_token",
        ),
        row(
            Feature::ChargeUnscheduled,
            CONTRACTED_CHARGES,
            "kinds of unscheduled charges are not told apart",
        ),
        row(
            Feature::ChargeInstallment,
            Support::No { instead: "reason RECURRING or UNSCHEDULED, as agreed with the customer" },
            "",
        ),
        row(Feature::ManualCapture, Support::Yes, "cards about 7 days; wallets and invoices differ"),
        row(Feature::PartialCapture, Support::Yes, "invoices want the captured lines"),
        row(Feature::MultipleCaptures, Support::Yes, "up to the authorized amount"),
        row(
            Feature::Void,
            Support::Yes,
            "after a part capture for Swedbank Pay, Vipps and Klarna; dintero_psp uses final_capture",
        ),
        row(Feature::VoidCaptured, Support::No { instead: "RefundPayment; what was taken is refunded" }, ""),
        row(Feature::Refund, Support::Yes, "only after capture"),
        row(Feature::PartialRefund, Support::Yes, ""),
        row(Feature::MultipleRefunds, Support::Yes, "up to what was captured"),
        row(
            Feature::InquiryByReference,
            Support::Yes,
            "the list may lag some seconds, so an empty one is no evidence at once",
        ),
        row(
            Feature::ImportToken,
            Support::Yes,
            "with its product type and its kind; a token works in one account",
        ),
        row(
            Feature::DeleteToken,
            Support::Configured("only dintero_psp keeps tokens that can be deleted, by their public id"),
            "elsewhere the token is only forgotten",
        ),
    ],
    currencies: Some(CURRENCIES),
    amount_minor_min: 1,
    amount_minor_max: AMOUNT_MINOR_MAX,
    poll_pauses: &[],
    sensitive_keys: &[
        "access_token",
        "client_secret",
        "payment_token",
        "recurrence_token",
        "tokens",
        "secret",
        "customer_ip",
        "user_agent",
        "customer",
        "billing_address",
        "shipping_address",
    ],
};

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
