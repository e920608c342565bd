//! What disagrees, or should have moved and did not: the list that a person works through.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::ids::{AccountName, NoticeId, PaymentId};
use crate::domain::notice::{Notice, NoticeStatus};
use crate::domain::payment::{MovementId, MovementStatus, Payment, PaymentState};
use crate::journal::seam::{NoticeFilter, ROWS_MAX, UnsettledFilter};

use super::commands::Caller;
use super::error::Error;
use super::gateway::Gateway;

/// How long after its end a session may still be open: the provider is asked when its time is over.
const AFTER_EXPIRY: Duration = Duration::from_secs(300);
/// How long a provider may be at work on a payment, capture, void or refund, or leave a payment that is
/// captured at once only reserved. Refunds of some take days; they are asked for meanwhile.
const AT_WORK: Duration = Duration::from_secs(24 * 3600);

/// How often a list reads on when few of what it read disagree.
const READS_MAX: usize = 20;

/// Something that somebody should look at.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// What it is.
    pub kind: DifferenceKind,
    /// Since when it is so.
    pub since: Timestamp,
    /// What it is about.
    pub about: Differing,
}

/// What a difference is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Differing {
    /// A payment, or a capture, void or refund of it.
    Payment(Box<Payment>, Option<MovementId>),
    /// A notice that led to nothing.
    Notice(Box<Notice>),
}

/// What a difference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DifferenceKind {
    /// An answer did not match what was asked.
    Mismatch,
    /// The outcome is not known.
    Unresolved,
    /// It should have moved by now.
    Overdue,
    /// A genuine notice names no payment of ours.
    UnmatchedNotice,
    /// A genuine notice that nobody understands.
    UnknownNotice,
    /// Acting upon a genuine notice came to nothing again and again.
    FailedNotice,
}

/// Which differences to list.
#[derive(Debug, Clone)]
pub struct DifferenceFilter {
    /// Of this account.
    pub account: Option<AccountName>,
    /// At least so old.
    pub age: Duration,
    /// Where the last page ended.
    pub after: Option<DifferencePlace>,
    /// At most so many.
    pub limit: usize,
}

/// A place in the list: notices come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DifferencePlace {
    /// After a notice.
    Notice(NoticeId),
    /// After all notices and a payment.
    Payment(PaymentId),
}

impl Gateway {
    /// What disagrees in the books of the caller's merchant, newest first, and where the list goes on.
    /// Notices of accounts that several merchants share are nobody's in particular, and are not shown.
    ///
    /// # Errors
    /// The journal's.
    pub async fn differences(
        &self,
        caller: &Caller,
        filter: DifferenceFilter,
    ) -> Result<(Vec<Difference>, Option<DifferencePlace>), Error> {
        let DifferenceFilter { account, age, after, limit } = filter;
        let mut found = Vec::new();
        if !matches!(after, Some(DifferencePlace::Payment(_))) {
            let before = match after {
                Some(DifferencePlace::Notice(id)) => Some(id),
                Some(DifferencePlace::Payment(_)) | None => None,
            };
            for notice in self.notices_left(caller, account.as_ref(), before, limit + 1).await? {
                let place = DifferencePlace::Notice(notice.id);
                if found.len() == limit {
                    return Ok(ended(found));
                }
                if self.is_old(caller, notice.received_at, age)
                    && let Some(kind) = of_notice(notice.progress.status)
                {
                    let since = notice.received_at;
                    found.push((
                        Difference { kind, since, about: Differing::Notice(Box::new(notice)) },
                        place,
                    ));
                }
            }
        }
        let mut before = match after {
            Some(DifferencePlace::Payment(id)) => Some(id),
            Some(DifferencePlace::Notice(_)) | None => None,
        };
        for _ in 0..READS_MAX {
            let unsettled = UnsettledFilter {
                merchant: caller.merchant.clone(),
                account: account.clone(),
                before,
                limit: ROWS_MAX,
            };
            let batch = self.shared.journal.unsettled(unsettled).await?;
            let Some(last) = batch.last() else { return Ok((ended(found).0, None)) };
            before = Some(last.id);
            for payment in batch {
                let place = DifferencePlace::Payment(payment.id);
                for difference in of_payment(&payment, self.now_of(&caller.merchant)) {
                    if self.is_old(caller, difference.since, age) {
                        found.push((difference, place));
                    }
                }
                // All of one payment stand on one page, which may be a little longer then.
                if found.len() >= limit {
                    return Ok(ended(found));
                }
            }
        }
        // Many are open and few of them disagree: the page may be short, and the list goes on.
        Ok((ended(found).0, before.map(DifferencePlace::Payment)))
    }

    async fn notices_left(
        &self,
        caller: &Caller,
        account: Option<&AccountName>,
        before: Option<NoticeId>,
        limit: usize,
    ) -> Result<Vec<Notice>, Error> {
        let own = self.accounts().of_merchant(&caller.merchant);
        let own = own.filter(|known| known.rules.merchants.len() == 1);
        let accounts: Vec<AccountName> = own
            .map(|known| known.name.clone())
            .filter(|name| account.is_none_or(|account| account == name))
            .collect();
        if accounts.is_empty() {
            return Ok(Vec::new());
        }
        let statuses = vec![NoticeStatus::Unmatched, NoticeStatus::Unknown, NoticeStatus::Failed];
        Ok(self.shared.journal.notices(NoticeFilter { accounts, statuses, before, limit }).await?)
    }

    fn is_old(&self, caller: &Caller, since: Timestamp, age: Duration) -> bool {
        is_past(since, age, self.now_of(&caller.merchant))
    }
}

fn ended(found: Vec<(Difference, DifferencePlace)>) -> (Vec<Difference>, Option<DifferencePlace>) {
    let place = found.last().map(|(_, place)| *place);
    (found.into_iter().map(|(difference, _)| difference).collect(), place)
}

fn of_notice(status: NoticeStatus) -> Option<DifferenceKind> {
    match status {
        NoticeStatus::Unmatched => Some(DifferenceKind::UnmatchedNotice),
        NoticeStatus::Unknown => Some(DifferenceKind::UnknownNotice),
        NoticeStatus::Failed => Some(DifferenceKind::FailedNotice),
        NoticeStatus::Waiting | NoticeStatus::Applied => None,
    }
}

/// What is wrong with a payment.
fn of_payment(payment: &Payment, now: Timestamp) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut add = |kind, since, movement| {
        let about = Differing::Payment(Box::new(payment.clone()), movement);
        found.push(Difference { kind, since, about });
    };
    let sent_at = payment.sent_at.unwrap_or(payment.created_at);
    match payment.state {
        PaymentState::Quarantined => add(DifferenceKind::Mismatch, payment.updated_at, None),
        PaymentState::Unresolved => add(DifferenceKind::Unresolved, sent_at, None),
        PaymentState::RequiresAction => {
            if let Some(end) = payment.expires_at.filter(|end| is_past(*end, AFTER_EXPIRY, now)) {
                add(DifferenceKind::Overdue, end, None);
            }
        }
        PaymentState::Processing => {
            if is_past(sent_at, AT_WORK, now) {
                add(DifferenceKind::Overdue, sent_at, None);
            }
        }
        PaymentState::Authorized => {
            if payment.is_taken_at_once() && is_past(sent_at, AT_WORK, now) {
                add(DifferenceKind::Overdue, sent_at, None);
            }
        }
        PaymentState::Created
        | PaymentState::Submitted
        | PaymentState::Expired
        | PaymentState::Failed
        | PaymentState::Declined
        | PaymentState::Verified
        | PaymentState::Voided
        | PaymentState::Captured
        | PaymentState::PartiallyRefunded
        | PaymentState::Refunded => {}
    }
    for movement in &payment.movements {
        let since = movement.sent_at.unwrap_or(movement.created_at);
        match movement.status {
            MovementStatus::Unresolved => add(DifferenceKind::Unresolved, since, Some(movement.id)),
            MovementStatus::Pending if is_past(since, AT_WORK, now) => {
                add(DifferenceKind::Overdue, since, Some(movement.id));
            }
            MovementStatus::Created
            | MovementStatus::Submitted
            | MovementStatus::Pending
            | MovementStatus::Failed
            | MovementStatus::Succeeded => {}
        }
    }
    found
}

fn is_past(since: Timestamp, patience: Duration, now: Timestamp) -> bool {
    since.checked_add(patience).is_ok_and(|end| now >= end)
}
