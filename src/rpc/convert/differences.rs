//! What disagrees: which is wanted, and how it is shown.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::ids::AccountName;
use crate::domain::outcome::Mismatch;
use crate::domain::payment::{Payment, PaymentState};
use crate::engine::accounts::Accounts;
use crate::engine::differences::{Difference, DifferenceFilter, DifferenceKind, Differing};
use crate::rpc::problems::Problems;
use crate::rpc::proto::{self as pb};

use super::payments::to_state;
use super::values::{duration, text, to_duration, to_time};

/// What a request wants; the page is filled in by the caller.
pub fn wanted(request: &pb::ListDifferencesRequest, problems: &mut Problems) -> DifferenceFilter {
    DifferenceFilter {
        account: text(request.account.clone()).map(AccountName),
        age: duration("min_age", request.min_age, problems).unwrap_or_default(),
        after: None,
        limit: 0,
    }
}

/// One of them, as it stands at a time.
pub fn to_difference(difference: Difference, accounts: &Accounts, now: Timestamp) -> pb::Difference {
    let Difference { kind, since, about } = difference;
    let age = Duration::try_from(now.duration_since(since)).unwrap_or_default();
    let shown = pb::Difference {
        kind: to_kind(kind).into(),
        since: Some(to_time(since)),
        age: Some(to_duration(age)),
        summary: summary(kind, &about),
        evidence: evidence(kind).into(),
        ..pb::Difference::default()
    };
    let (account, shown) = match about {
        Differing::Payment(payment, movement) => {
            let follow_up = payment.follow_up;
            let shown = pb::Difference {
                payment_id: payment.id.to_string(),
                operation_id: movement.map(|id| id.to_string()).unwrap_or_default(),
                state: to_state(payment.state).into(),
                last_inquiry_at: follow_up.and_then(|known| known.last_at).map(to_time),
                next_inquiry_at: follow_up.map(|known| to_time(known.next_at)),
                ..shown
            };
            (payment.account, shown)
        }
        Differing::Notice(notice) => {
            let shown = pb::Difference {
                notice_id: notice.id.to_string(),
                payment_id: notice.progress.payment.map(|id| id.to_string()).unwrap_or_default(),
                ..shown
            };
            (notice.account, shown)
        }
    };
    let provider = accounts.get(&account).map_or("", |account| account.profile().name).to_owned();
    pb::Difference { account: account.0, provider, ..shown }
}

fn to_kind(kind: DifferenceKind) -> pb::DifferenceKind {
    match kind {
        DifferenceKind::Mismatch => pb::DifferenceKind::Mismatch,
        DifferenceKind::Unresolved => pb::DifferenceKind::Unresolved,
        DifferenceKind::Overdue => pb::DifferenceKind::Overdue,
        DifferenceKind::UnmatchedNotice => pb::DifferenceKind::UnmatchedNotice,
        DifferenceKind::UnknownNotice => pb::DifferenceKind::UnknownNotice,
        DifferenceKind::FailedNotice => pb::DifferenceKind::FailedNotice,
    }
}

fn evidence(kind: DifferenceKind) -> pb::EvidenceKind {
    match kind {
        DifferenceKind::Mismatch => pb::EvidenceKind::Reply,
        DifferenceKind::Unresolved => pb::EvidenceKind::Gateway,
        DifferenceKind::Overdue => pb::EvidenceKind::Time,
        DifferenceKind::UnmatchedNotice | DifferenceKind::UnknownNotice | DifferenceKind::FailedNotice => {
            pb::EvidenceKind::Webhook
        }
    }
}

fn summary(kind: DifferenceKind, about: &Differing) -> String {
    match (kind, about) {
        (DifferenceKind::Mismatch, Differing::Payment(payment, _)) => match &payment.mismatch {
            Some(Mismatch { what, asked, seen }) => format!("{what}: asked {asked}, seen {seen}"),
            None => "an answer did not match what was asked".to_owned(),
        },
        (DifferenceKind::Overdue, Differing::Payment(payment, movement)) => {
            overdue(payment, movement.is_some())
        }
        (_, Differing::Payment(..)) => "a request may have arrived, and no answer tells".to_owned(),
        (_, Differing::Notice(notice)) => format!("the provider told: {}", notice.kind),
    }
}

fn overdue(payment: &Payment, is_movement: bool) -> String {
    match payment.state {
        _ if is_movement => "the provider has been at work on it for more than a day",
        PaymentState::RequiresAction => "the session is still open after its end",
        PaymentState::Authorized => "the money was to be taken at once, and is only reserved",
        _ => "the provider has been at work on it for more than a day",
    }
    .to_owned()
}
