//! Whether a payment is paid, for those who prefer an error when it is not.

use crate::v1::{Decline, Payment, PaymentState};

/// Why the bank or the provider refused a payment. Nothing when it did not: also while the customer may still
/// try again, although the payment tells of a failed attempt then.
pub fn decline_of(payment: &Payment) -> Option<&Decline> {
    payment.decline.as_ref().filter(|_| payment.state() == PaymentState::Declined)
}

/// The payment, if it is authorized or captured.
///
/// # Errors
/// The payment with what it is instead.
pub fn require_paid(payment: Payment) -> Result<Payment, Unpaid> {
    let wrap = match payment.state() {
        PaymentState::Authorized | PaymentState::Captured => return Ok(payment),
        PaymentState::Declined => Unpaid::Declined,
        PaymentState::Unresolved => Unpaid::Unresolved,
        PaymentState::RequiresAction => Unpaid::ActionRequired,
        _ => Unpaid::NotPaid,
    };
    Err(wrap(Box::new(payment)))
}

/// A payment that is neither authorized nor captured.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Unpaid {
    /// The bank or the provider refused; nothing was taken. [`decline_of`] says why, and what may be tried
    /// next.
    #[error("payment {} is declined: {}", .0.id, decline_text(.0))]
    Declined(Box<Payment>),

    /// Something was sent, and the outcome is not known. The gateway keeps asking: do not charge again.
    #[error("payment {}: the outcome is not known yet; do not charge again", .0.id)]
    Unresolved(Box<Payment>),

    /// The customer has to do something: see [`Payment::next_action`].
    #[error("payment {}: the customer has to act", .0.id)]
    ActionRequired(Box<Payment>),

    /// Anything else. Look at the state before anything is charged again: only FAILED, VOIDED and EXPIRED
    /// mean that nothing was taken.
    #[error("payment {} is not paid: {}", .0.id, .0.state().as_str_name())]
    NotPaid(Box<Payment>),
}

impl Unpaid {
    /// The payment.
    pub fn payment(&self) -> &Payment {
        match self {
            Self::Declined(payment)
            | Self::Unresolved(payment)
            | Self::ActionRequired(payment)
            | Self::NotPaid(payment) => payment,
        }
    }

    /// The payment, to keep.
    pub fn into_payment(self) -> Payment {
        match self {
            Self::Declined(payment)
            | Self::Unresolved(payment)
            | Self::ActionRequired(payment)
            | Self::NotPaid(payment) => *payment,
        }
    }
}

fn decline_text(payment: &Payment) -> &'static str {
    decline_of(payment).map_or("no reason was given", |decline| decline.reason().as_str_name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1::DeclineReason;

    fn payment(state: PaymentState) -> Payment {
        let decline = Decline { reason: DeclineReason::InsufficientFunds.into(), ..Default::default() };
        Payment { id: "pay_1".to_owned(), state: state.into(), decline: Some(decline), ..Default::default() }
    }

    #[test]
    fn each_state_has_its_outcome() {
        for number in 0..=14 {
            let state = PaymentState::try_from(number).expect("a state");
            let told = match require_paid(payment(state)) {
                Ok(_) => "paid",
                Err(Unpaid::Declined(_)) => "declined",
                Err(Unpaid::Unresolved(_)) => "unresolved",
                Err(Unpaid::ActionRequired(_)) => "action",
                Err(Unpaid::NotPaid(_)) => "not paid",
            };
            let expected = match state {
                PaymentState::Authorized | PaymentState::Captured => "paid",
                PaymentState::Declined => "declined",
                PaymentState::Unresolved => "unresolved",
                PaymentState::RequiresAction => "action",
                _ => "not paid",
            };
            assert_eq!(told, expected, "{state:?}");
            assert_eq!(decline_of(&payment(state)).is_some(), state == PaymentState::Declined, "{state:?}");
        }
        assert!(PaymentState::try_from(15).is_err(), "a new state needs an outcome");
    }

    #[test]
    fn a_state_of_tomorrow_is_not_paid() {
        let payment = Payment { state: 999, ..Default::default() };
        assert!(matches!(require_paid(payment), Err(Unpaid::NotPaid(_))));
    }

    #[test]
    fn the_error_says_why_and_keeps_the_payment() {
        let unpaid = require_paid(payment(PaymentState::Declined)).expect_err("it is declined");
        assert_eq!(unpaid.to_string(), "payment pay_1 is declined: DECLINE_REASON_INSUFFICIENT_FUNDS");
        assert_eq!(unpaid.payment().id, "pay_1");
        assert_eq!(unpaid.into_payment(), payment(PaymentState::Declined));
    }
}
