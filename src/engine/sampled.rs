//! Operations for questions that nobody has to pay for: what a request would become at a provider,
//! with samples in place of what only a journal knows.

use jiff::Timestamp;

use crate::domain::card::StoredToken;
use crate::domain::ids::PaymentId;
use crate::domain::money::{Currency, Money};
use crate::domain::order::{Charge, SessionOrder};
use crate::domain::outcome::Asked;
use crate::providers::contract::{Operation, OperationKind};
use crate::providers::sample::{self, Overrides};

use super::commands::{ChargeToken, Move, MoveKind};
use super::movements::mint;

/// A session; saved cards that it offers are samples.
#[must_use]
pub fn session(mut order: SessionOrder, offers: usize, id: PaymentId) -> Operation {
    order.purchase.reference = id.alphanumeric();
    order.offered = (0..offers).map(|_| token()).collect();
    Operation::OpenSession(Box::new(order))
}

/// A charge; a saved card is a sample.
#[must_use]
pub fn charge(wish: ChargeToken, stored: Option<StoredToken>, id: PaymentId) -> Operation {
    let ChargeToken {
        token: _,
        mut purchase,
        initiator,
        first_payment: _,
        return_urls,
        browser,
        expires_at,
        series,
    } = wish;
    purchase.reference = id.alphanumeric();
    let token = stored.unwrap_or_else(token);
    Operation::Charge(Box::new(Charge {
        purchase,
        token,
        initiator,
        return_urls,
        browser,
        expires_at,
        series,
    }))
}

/// A capture, void or refund of a sample payment.
#[must_use]
pub fn movement(kind: OperationKind, wish: Move, now: Timestamp) -> Operation {
    let reference = mint(wish.what, now, [0; 10]).alphanumeric();
    // Any amount will do where the request names none.
    let money = wish.amount.unwrap_or(Money::zero(euro()));
    let overrides = Overrides {
        movement_lines: wish.lines,
        reason: wish.reason,
        final_capture: matches!(wish.what, MoveKind::Capture { last: true }),
        options: wish.options,
        ..Overrides::default()
    };
    sample::operation(kind, &Asked { money, reference }, &overrides, now)
}

fn token() -> StoredToken {
    let reference = Asked { money: Money::zero(euro()), reference: String::new() };
    match sample::operation(
        OperationKind::DeleteToken,
        &reference,
        &Overrides::default(),
        Timestamp::UNIX_EPOCH,
    ) {
        Operation::DeleteToken(token) => token,
        _ => unreachable!("the sample of that kind is a token"),
    }
}

fn euro() -> Currency {
    match Currency::parse("EUR") {
        Ok(euro) => euro,
        Err(_) => unreachable!("EUR is an active currency"),
    }
}
