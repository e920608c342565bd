//! The rows of the matrix: which operations are played at which provider, and which exchange of each
//! goes wrong.

use turnpike::domain::order::Purpose::{self, PayAndSave, Save};

use crate::support::{PROVIDERS, Provider};

/// An operation of ours, and the simulator's name of the exchange of it that goes wrong.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub provider: &'static str,
    /// Another account than the suites' usual one; empty for that.
    account: &'static str,
    pub operation: Op,
    pub exchange: &'static str,
}

const fn row(provider: &'static str, operation: Op, exchange: &'static str) -> Row {
    Row { provider, account: "", operation, exchange }
}

const fn accept(operation: Op, exchange: &'static str) -> Row {
    Row { account: "paymob-dev-accept", ..row("paymob", operation, exchange) }
}

impl Row {
    pub fn of(&self) -> Provider {
        let found = PROVIDERS.iter().find(|provider| provider.name == self.provider);
        let usual = *found.unwrap_or_else(|| panic!("{} is no provider of the suites", self.provider));
        match self.account {
            "" => usual,
            account => Provider { account, ..usual },
        }
    }

    /// Whether signing in is what goes wrong.
    pub fn is_sign_in(&self) -> bool {
        matches!(self.exchange, "token" | "access_token")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    Open,
    Confirm,
    /// With a card that the merchant's page collected.
    ConfirmCard,
    /// A session that saves a card. So for the two below.
    OpenSaving(Purpose),
    ConfirmSaving(Purpose),
    ConfirmCardSaving(Purpose),
    /// Closes a session that nobody has paid, by as many calls as it takes.
    Cancel,
    /// The same by one call, whatever it answers.
    CancelOnce,
    /// Closes a session that was paid a moment before.
    CancelPaid,
    Charge,
    Reserve,
    Capture,
    Void,
    Refund,
    DeleteToken,
}

pub const ROWS: &[Row] = &[
    row("dintero", Op::Open, "token"),
    row("dintero", Op::Open, "create_session"),
    row("dintero", Op::Confirm, "get_session"),
    row("dintero", Op::Confirm, "get_transaction"),
    row("dintero", Op::OpenSaving(PayAndSave), "create_session"),
    row("dintero", Op::ConfirmSaving(PayAndSave), "get_session"),
    row("dintero", Op::ConfirmSaving(PayAndSave), "get_transaction"),
    row("dintero", Op::OpenSaving(Save), "payment_token_session"),
    row("dintero", Op::ConfirmSaving(Save), "get_session"),
    row("dintero", Op::ConfirmSaving(Save), "get_transaction"),
    row("dintero", Op::Cancel, "token"),
    row("dintero", Op::Cancel, "get_session"),
    row("dintero", Op::Cancel, "cancel_session"),
    row("dintero", Op::CancelOnce, "get_session"),
    row("dintero", Op::CancelOnce, "cancel_session"),
    row("dintero", Op::CancelPaid, "get_session"),
    row("dintero", Op::CancelPaid, "get_transaction"),
    row("dintero", Op::Charge, "token"),
    row("dintero", Op::Charge, "pay"),
    row("dintero", Op::Reserve, "pay"),
    row("dintero", Op::Capture, "capture"),
    row("dintero", Op::Void, "void"),
    row("dintero", Op::Refund, "refund"),
    row("dintero", Op::DeleteToken, "token"),
    row("dintero", Op::DeleteToken, "delete_card_token"),
    row("begateway", Op::Open, "create_checkout"),
    row("begateway", Op::Confirm, "get_checkout"),
    row("begateway", Op::Confirm, "get_transaction"),
    row("begateway", Op::ConfirmCard, "payment"),
    row("begateway", Op::OpenSaving(PayAndSave), "create_checkout"),
    row("begateway", Op::ConfirmSaving(PayAndSave), "get_checkout"),
    row("begateway", Op::ConfirmSaving(PayAndSave), "get_transaction"),
    row("begateway", Op::ConfirmCardSaving(PayAndSave), "payment"),
    row("begateway", Op::OpenSaving(Save), "create_checkout"),
    row("begateway", Op::ConfirmSaving(Save), "get_checkout"),
    row("begateway", Op::ConfirmSaving(Save), "get_transaction"),
    row("begateway", Op::ConfirmCardSaving(Save), "tokenization"),
    row("begateway", Op::Charge, "payment"),
    row("begateway", Op::Reserve, "authorization"),
    row("begateway", Op::Capture, "capture"),
    row("begateway", Op::Void, "void"),
    row("begateway", Op::Refund, "refund"),
    row("paymob", Op::Open, "token"),
    row("paymob", Op::Open, "create_intention"),
    row("paymob", Op::Confirm, "inquiry"),
    row("paymob", Op::OpenSaving(PayAndSave), "create_intention"),
    row("paymob", Op::ConfirmSaving(PayAndSave), "inquiry"),
    row("paymob", Op::ConfirmSaving(PayAndSave), "card_tokens"),
    row("paymob", Op::OpenSaving(Save), "create_intention"),
    row("paymob", Op::ConfirmSaving(Save), "inquiry"),
    row("paymob", Op::ConfirmSaving(Save), "card_tokens"),
    row("paymob", Op::Charge, "token"),
    row("paymob", Op::Charge, "create_intention"),
    row("paymob", Op::Charge, "pay"),
    row("paymob", Op::Reserve, "pay"),
    row("paymob", Op::Capture, "capture"),
    row("paymob", Op::Void, "void"),
    row("paymob", Op::Refund, "refund"),
    accept(Op::Open, "create_order"),
    accept(Op::Open, "payment_key"),
    accept(Op::OpenSaving(PayAndSave), "create_order"),
    accept(Op::OpenSaving(PayAndSave), "payment_key"),
    accept(Op::ConfirmSaving(PayAndSave), "inquiry"),
    accept(Op::ConfirmSaving(PayAndSave), "card_tokens"),
    accept(Op::OpenSaving(Save), "create_order"),
    accept(Op::OpenSaving(Save), "payment_key"),
    accept(Op::Charge, "create_order"),
    accept(Op::Charge, "payment_key"),
    accept(Op::Charge, "pay"),
    row("pivot", Op::Open, "access_token"),
    row("pivot", Op::Open, "create_payment"),
    row("pivot", Op::Confirm, "get_payment"),
    row("pivot", Op::ConfirmCard, "confirm_payment"),
    row("pivot", Op::OpenSaving(PayAndSave), "create_payment"),
    row("pivot", Op::ConfirmSaving(PayAndSave), "get_payment"),
    row("pivot", Op::ConfirmSaving(PayAndSave), "get_customer"),
    row("pivot", Op::ConfirmCardSaving(PayAndSave), "confirm_payment"),
    row("pivot", Op::ConfirmCardSaving(PayAndSave), "get_customer"),
    row("pivot", Op::Cancel, "access_token"),
    row("pivot", Op::Cancel, "cancel_payment"),
    row("pivot", Op::CancelOnce, "access_token"),
    row("pivot", Op::CancelOnce, "cancel_payment"),
    row("pivot", Op::CancelPaid, "cancel_payment"),
    row("pivot", Op::CancelPaid, "get_payment"),
    row("pivot", Op::Charge, "access_token"),
    row("pivot", Op::Charge, "create_payment"),
    row("pivot", Op::Reserve, "create_payment"),
    row("pivot", Op::Capture, "capture"),
    row("pivot", Op::Capture, "get_payment"),
    row("pivot", Op::Refund, "refund"),
    row("pivot", Op::Refund, "get_refund"),
    row("bbmsl", Op::Open, "create"),
    row("bbmsl", Op::Confirm, "query"),
    row("bbmsl", Op::OpenSaving(Save), "query_token"),
    row("bbmsl", Op::OpenSaving(Save), "add_token"),
    row("bbmsl", Op::ConfirmSaving(Save), "query_token"),
    row("bbmsl", Op::Cancel, "query"),
    row("bbmsl", Op::Cancel, "hosted_void"),
    row("bbmsl", Op::CancelOnce, "query"),
    row("bbmsl", Op::CancelOnce, "hosted_void"),
    row("bbmsl", Op::CancelPaid, "query"),
    row("bbmsl", Op::Charge, "sale"),
    row("bbmsl", Op::Void, "void"),
    row("bbmsl", Op::Refund, "refund"),
    row("bbmsl", Op::DeleteToken, "delete_token"),
    row("bbmsl", Op::DeleteToken, "query_token"),
];
