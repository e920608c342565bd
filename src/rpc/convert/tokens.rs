//! Tokens: what is asked for, and how one is shown.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::domain::card::{Token, TokenStatus, TokenUses};
use crate::domain::ids::{AccountName, TokenId};
use crate::engine::accounts::Accounts;
use crate::engine::commands::ImportToken;
use crate::engine::error::Thing;
use crate::rpc::problems::Problems;
use crate::rpc::proto as pb;

use super::cards;
use super::values::{enumeration, or_empty, text, to_time};

/// The id of a token, or `None` with its absence noted.
pub fn id(text: &str, problems: &mut Problems) -> Option<TokenId> {
    let id = TokenId::parse(text).ok();
    if id.is_none() {
        problems.absent(Thing::Token);
    }
    id
}

/// Reads a request to take over a token.
pub fn import(request: pb::ImportTokenRequest, problems: &mut Problems) -> Option<ImportToken> {
    let token = request.provider_token?;
    let all = TokenUses { customer_present: true, recurring: true, unscheduled: true };
    Some(ImportToken {
        account: AccountName(request.account),
        stored: cards::stored_token(&token, problems),
        uses: cards::token_uses(&token.uses).unwrap_or(all),
        card: token.card.map(cards::card_summary).unwrap_or_default(),
        customer: text(request.customer_id),
        metadata: request.metadata,
    })
}

/// A token. The provider's own values are never shown.
pub fn to_token(token: Token, accounts: &Accounts, now: Timestamp) -> pb::Token {
    let account = accounts.get(&token.account);
    pb::Token {
        id: token.id.to_string(),
        provider: account.map_or("", |account| account.profile().name).to_owned(),
        status: to_status(&token, now).into(),
        card: Some(cards::to_card_summary(&token.card)),
        uses: cards::to_token_uses(token.uses),
        session_id: token.session.map(|id| id.to_string()).unwrap_or_default(),
        payment_id: token.payment.map(|id| id.to_string()).unwrap_or_default(),
        unusable_reason: match token.status {
            // The only news that makes a token unusable.
            TokenStatus::Unusable => pb::DeclineReason::TokenInvalid.into(),
            TokenStatus::Active | TokenStatus::Deleted => pb::DeclineReason::Unspecified.into(),
        },
        created_at: Some(to_time(token.created_at)),
        updated_at: Some(to_time(token.updated_at)),
        last_used_at: token.last_used_at.map(to_time),
        account: token.account.0,
        customer_id: or_empty(token.customer),
        metadata: token.metadata,
    }
}

/// Whether a token can be used. Expiry is a matter of the date and not recorded.
pub fn to_status(token: &Token, now: Timestamp) -> pb::TokenStatus {
    match token.status {
        TokenStatus::Active if has_expired(token, now) => pb::TokenStatus::Expired,
        TokenStatus::Active => pb::TokenStatus::Active,
        TokenStatus::Unusable => pb::TokenStatus::Unusable,
        TokenStatus::Deleted => pb::TokenStatus::Deleted,
    }
}

/// A card is good until the last day of its month, wherever on earth.
fn has_expired(token: &Token, now: Timestamp) -> bool {
    let (Some(month), Some(year)) = (token.card.expiry_month, token.card.expiry_year) else { return false };
    let last = i16::try_from(year)
        .ok()
        .zip(i8::try_from(month).ok())
        .and_then(|(year, month)| Date::new(year, month, 1).ok())
        .map(Date::last_of_month);
    let today = now.to_zoned(TimeZone::UTC).date();
    last.and_then(|last| last.tomorrow().ok()).is_some_and(|end| today > end)
}

/// Which tokens to list.
pub struct Wanted {
    statuses: Vec<pb::TokenStatus>,
}

impl Wanted {
    /// In these states; in all but DELETED when none is named.
    pub fn new(statuses: &[i32]) -> Self {
        Self { statuses: statuses.iter().map(|status| enumeration(*status)).collect() }
    }

    /// Whether a token is one of them.
    pub fn has(&self, token: &Token, now: Timestamp) -> bool {
        let status = to_status(token, now);
        match self.statuses.is_empty() {
            true => status != pb::TokenStatus::Deleted,
            false => self.statuses.contains(&status),
        }
    }

    /// The one recorded state that all of them have, so that the journal can look for it.
    pub fn recorded(&self) -> Option<TokenStatus> {
        let recorded = |status: &pb::TokenStatus| match status {
            pb::TokenStatus::Active | pb::TokenStatus::Expired => Some(TokenStatus::Active),
            pb::TokenStatus::Unusable => Some(TokenStatus::Unusable),
            pb::TokenStatus::Deleted => Some(TokenStatus::Deleted),
            pb::TokenStatus::Unspecified => None,
        };
        let first = recorded(self.statuses.first()?)?;
        self.statuses.iter().all(|status| recorded(status) == Some(first)).then_some(first)
    }
}
