//! Stores with many schedules: written in batches, as an import would be, each with a card of its own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};

use crate::domain::calendar::{Cadence, Calendar, Zone};
use crate::domain::card::{CardSummary, StoredToken, Token, TokenStatus, TokenUses};
use crate::domain::ids::{AccountName, Fingerprint, IdempotencyKey, MerchantName, ScheduleId, TokenId};
use crate::domain::money::{Currency, Money};
use crate::domain::order::{Customer, Options};
use crate::domain::schedule::{Schedule, Timing};
use crate::domain::secret::Secret;
use crate::engine::commands::{Ask, Caller, ScheduleRecurring, TermsChange};
use crate::engine::gateway::Gateway;
use crate::journal::seam::{Entry, Journal};

use super::document::MERCHANT;
use super::stub::SCHEDULED;

/// Schedules in one entry.
const BATCH: u32 = 500;
/// How long ago the first schedule was made, and how long after it each of the others. Ids sort by
/// time, and those of neighbours lie side by side.
const MADE: (SignedDuration, SignedDuration) =
    (SignedDuration::from_hours(24 * 400), SignedDuration::from_millis(10));
/// How long the schedules that are due have been so.
const OVERDUE: SignedDuration = SignedDuration::from_hours(1);
/// How far ahead the others fall.
pub const AHEAD: Duration = Duration::from_secs(24 * 3600);

/// Writes schedules into an open store, numbered on from whatever it wrote before.
pub struct Filler {
    journal: Arc<dyn Journal>,
    gateway: Gateway,
    zone: Zone,
    now: Timestamp,
    next: u32,
}

impl Filler {
    pub fn new(journal: Arc<dyn Journal>, gateway: Gateway) -> anyhow::Result<Self> {
        let now = gateway.now();
        Ok(Self { journal, gateway, zone: Zone::parse("Europe/Oslo")?, now, next: 0 })
    }

    /// Records so many more schedules with their tokens. The first `due` of them are due.
    pub async fn fill(&mut self, count: u32, due: u32) -> anyhow::Result<()> {
        let model = self.model().await?;
        let overdue = self.timing(&model, -OVERDUE)?;
        let ahead = self.timing(&model, SignedDuration::try_from(AHEAD)?)?;
        let first = self.next;
        self.next += count;
        let mut writing = None;
        for start in (first..self.next).step_by(BATCH as usize) {
            let mut entry = Entry::default();
            for number in start..self.next.min(start + BATCH) {
                let timing = if number - first < due { &overdue } else { &ahead };
                let token = self.token(number);
                entry.schedules.push(self.schedule(&model, timing, number, token.id)?);
                entry.tokens.push(token);
            }
            // One entry is made while the one before is written.
            let journal = self.journal.clone();
            let write = tokio::spawn(async move { journal.commit(entry).await });
            if let Some(before) = writing.replace(write) {
                before.await??;
            }
        }
        if let Some(last) = writing {
            last.await??;
        }
        Ok(())
    }

    /// A schedule as the engine drafts it; the others differ from it in what is theirs alone.
    async fn model(&self) -> anyhow::Result<Box<Schedule>> {
        let token = self.token(u32::MAX);
        let id = token.id;
        if self.journal.token(id).await?.is_none() {
            self.journal.commit(Entry { tokens: vec![token], ..Entry::default() }).await?;
        }
        let wish = self.wish("model")?;
        let drafted = self.gateway.validate_schedule(&caller(), wish).await;
        drafted.map_err(|error| anyhow::anyhow!("a schedule cannot be made: {error}"))
    }

    /// Monthly, the first time so much later than now.
    fn timing(&self, model: &Schedule, later: SignedDuration) -> anyhow::Result<Timing> {
        let local = self.zone.local(self.now.checked_add(later)?);
        let cadence = Cadence::Months(1);
        let calendar = Calendar::new(
            cadence,
            local.date(),
            local.time().with().subsec_nanosecond(0).build()?,
            self.zone.clone(),
        )?;
        Ok(Timing { calendar, first_date: local.date(), ..model.timing.clone() })
    }

    fn schedule(
        &self,
        model: &Schedule,
        timing: &Timing,
        number: u32,
        token: TokenId,
    ) -> anyhow::Result<Schedule> {
        let mut schedule = model.clone();
        schedule.id = ScheduleId::mint(self.made(number), scattered(number));
        schedule.created_at = self.made(number);
        schedule.updated_at = schedule.created_at;
        schedule.token = token;
        schedule.timing = timing.clone();
        schedule.purchase.merchant_reference = format!("subscription-{number}");
        schedule.purchase.customer.id = Some(format!("customer-{number}"));
        schedule.request_id = format!("schedule-{number}");
        schedule.progress.next = Some(timing.first(schedule.id).context("a first occurrence")?);
        Ok(schedule)
    }

    /// When the schedule with this number was made.
    fn made(&self, number: u32) -> Timestamp {
        let (before, apart) = MADE;
        let first = self.now.checked_sub(before).unwrap_or(self.now);
        first.checked_add(apart * i32::try_from(number).unwrap_or_default()).unwrap_or(self.now)
    }

    /// No two have the same card, so that no ceiling of tries is met.
    fn token(&self, number: u32) -> Token {
        let value = Secret::new(format!("bench-token-{number}"));
        let card = CardSummary {
            brand: Some("visa".to_owned()),
            last_four: Some(format!("{:04}", number % 10_000)),
            expiry_month: u8::try_from(number / 10_000 % 12 + 1).ok(),
            expiry_year: u16::try_from(2_040 + number / 120_000 % 50).ok(),
            ..CardSummary::default()
        };
        Token {
            id: TokenId::mint(self.made(number), scattered(number)),
            merchant: MerchantName(MERCHANT.to_owned()),
            account: AccountName(SCHEDULED.to_owned()),
            stored: StoredToken {
                values: BTreeMap::from([("token".to_owned(), value)]),
                ..StoredToken::default()
            },
            card,
            uses: TokenUses { recurring: true, ..TokenUses::default() },
            status: TokenStatus::Active,
            deleted_at_provider: false,
            customer: Some(format!("customer-{number}")),
            session: None,
            payment: None,
            metadata: BTreeMap::new(),
            created_at: self.made(number),
            updated_at: self.made(number),
            last_used_at: None,
            version: 0,
        }
    }

    /// What a caller would ask for, to begin tomorrow.
    fn wish(&self, reference: &str) -> anyhow::Result<ScheduleRecurring> {
        let tomorrow = self.zone.local(self.now.checked_add(AHEAD)?).date();
        let terms = TermsChange {
            token: Some(self.token(u32::MAX).id),
            money: Some(Money::new(1_000, Currency::parse("EUR")?)?),
            merchant_reference: Some(reference.to_owned()),
            cadence: Some(Cadence::Months(1)),
            first_date: Some(tomorrow),
            zone: Some(self.zone.clone()),
            ..TermsChange::default()
        };
        let (customer, options) = (Customer::default(), Options::default());
        Ok(ScheduleRecurring { terms, customer, billing: None, first_payment: None, options })
    }

    /// Creates a schedule as callers do, with a request id and everything that is checked.
    pub fn create(&mut self) -> anyhow::Result<impl Future<Output = anyhow::Result<()>> + Send + 'static> {
        let number = self.next;
        self.next += 1;
        let reference = format!("subscription-{number}");
        let request_id = format!("{:016x}-{number}", mixed(number));
        let key = IdempotencyKey { merchant: caller().merchant, request_id };
        let ask = Ask { key, fingerprint: Fingerprint([0; 32]), wish: self.wish(&reference)? };
        let gateway = self.gateway.clone();
        Ok(async move {
            let created = gateway.schedule_recurring(&caller(), ask, None).await;
            created.map(drop).map_err(|error| anyhow::anyhow!("a schedule was not created: {error}"))
        })
    }
}

fn caller() -> Caller {
    Caller { merchant: MerchantName(MERCHANT.to_owned()), name: "bench".into(), secure: true }
}

/// As random as ids are: they must not fall beside each other in an index.
fn scattered(number: u32) -> [u8; 10] {
    let mut bytes = [0; 10];
    bytes[..8].copy_from_slice(&mixed(number).to_be_bytes());
    bytes
}

/// Different for each number.
fn mixed(number: u32) -> u64 {
    u64::from(number).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
