//! Which payment methods a page is asked for, and how much each of them takes (dossier, sections
//! 6 and 8). A page of Pivot offers one kind of methods or all of them; anything in between cannot
//! be said, and is refused rather than widened or narrowed in silence.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::account::Account;
use super::amount;
use crate::domain::money::Money;
use crate::domain::order::{CaptureMode, MethodKind, Purpose, SessionOrder, ThreeDSecure};
use crate::providers::contract::{Fault, Profile};
use crate::providers::settings::{Settings, methods_instead};

/// Pivot's kinds of methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Cards.
    Card,
    /// Wallets: DANA, ShopeePay, OVO.
    Ewallet,
    /// Bank transfers to a number made for the payment.
    VirtualAccount,
    /// QRIS.
    Qr,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Card, Self::Ewallet, Self::VirtualAccount, Self::Qr];

    /// `paymentMethod.type`.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Card => "CARD",
            Self::Ewallet => "EWALLET",
            Self::VirtualAccount => "VIRTUAL_ACCOUNT",
            Self::Qr => "QR",
        }
    }

    /// The key of the kind's own options and facts.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Ewallet => "ewallet",
            Self::VirtualAccount => "virtualAccount",
            Self::Qr => "qr",
        }
    }

    fn contract(self) -> MethodKind {
        match self {
            Self::Card => MethodKind::Card,
            Self::Ewallet => MethodKind::Wallet,
            Self::VirtualAccount => MethodKind::BankTransfer,
            Self::Qr => MethodKind::QrCode,
        }
    }

    /// How long a payment can stay open at most ("Get payment method config": cards and accounts 30
    /// days, QR 60 minutes, wallets 30 minutes).
    fn open_for_at_most(self) -> SignedDuration {
        match self {
            Self::Card | Self::VirtualAccount => SignedDuration::from_hours(30 * 24),
            Self::Qr => SignedDuration::from_mins(60),
            Self::Ewallet => SignedDuration::from_mins(30),
        }
    }
}

/// The least and the greatest amount of each kind, in whole rupiah.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    card: (i64, i64),
    ewallet: (i64, i64),
    virtual_account: (i64, i64),
    qr: (i64, i64),
}

/// The greatest limit that Pivot names, in whole rupiah.
const RUPIAH_MAX: i64 = 9_999_999_999;

impl Limits {
    pub(super) fn read(settings: &Settings) -> Self {
        let pair = |min: &str, max: &str, usual: (i64, i64)| {
            let pair = (
                settings.integer_or(min, usual.0, 1, RUPIAH_MAX),
                settings.integer_or(max, usual.1, 1, RUPIAH_MAX),
            );
            if pair.0 > pair.1 {
                settings.mistake(min, format!("must not be above {max}"));
            }
            pair
        };
        Self {
            card: pair("card_rupiah_min", "card_rupiah_max", (10_000, RUPIAH_MAX)),
            ewallet: pair("ewallet_rupiah_min", "ewallet_rupiah_max", (10_000, 9_999_999)),
            virtual_account: pair(
                "virtual_account_rupiah_min",
                "virtual_account_rupiah_max",
                (10_000, RUPIAH_MAX),
            ),
            qr: pair("qr_rupiah_min", "qr_rupiah_max", (1_000, 9_999_999)),
        }
    }

    fn of(&self, kind: Option<Kind>) -> (i64, i64) {
        match kind {
            Some(Kind::Card) => self.card,
            Some(Kind::Ewallet) => self.ewallet,
            Some(Kind::VirtualAccount) => self.virtual_account,
            Some(Kind::Qr) => self.qr,
            // A page of all kinds offers those that take the amount.
            None => {
                let all = [self.card, self.ewallet, self.virtual_account, self.qr];
                let least = all.iter().map(|(min, _)| *min).min().unwrap_or(1);
                (least, all.iter().map(|(_, max)| *max).max().unwrap_or(RUPIAH_MAX))
            }
        }
    }

    /// The amount in whole rupiah, checked against everything that bounds it.
    pub(super) fn check(&self, profile: &Profile, money: Money, kind: Option<Kind>) -> Result<i64, Fault> {
        profile.check_amount(money)?;
        let rupiah = amount::whole(money, "money.amount_minor")?;
        let (min, max) = self.of(kind);
        if (min..=max).contains(&rupiah) {
            return Ok(rupiah);
        }
        let unit = 10_i64.pow(money.currency().exponent());
        let (minimum, maximum) = (min.saturating_mul(unit), max.saturating_mul(unit));
        let what = kind.map_or("a page of all methods", Kind::word);
        Err(Fault::AmountOutOfBounds {
            problem: format!("Pivot takes {minimum} to {maximum} minor units for {what}"),
            minimum_minor: Some(minimum),
            maximum_minor: Some(maximum),
        })
    }
}

/// What a session offers: one kind, perhaps one channel of it; or all that the merchant has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offer {
    pub kind: Option<Kind>,
    pub channel: Option<String>,
}

/// What the page of an order offers.
pub(super) fn offer(account: &Account, order: &SessionOrder) -> Result<Offer, Fault> {
    let mut offer = if order.methods.is_empty() {
        Offer { kind: of_kinds(account, &order.method_kinds)?, channel: None }
    } else {
        of_names(account, &order.methods)?
    };
    let options = &order.purchase.options;
    let card_only = matches!(order.purpose, Purpose::PayAndSave | Purpose::Save | Purpose::UseSaved)
        || order.purchase.capture == CaptureMode::Manual
        || order.purchase.three_d_secure != ThreeDSecure::Automatic
        || options.group("processing").is_some();
    let open = order.method_kinds.is_empty() && order.methods.is_empty();
    match offer.kind {
        // Only cards are saved, captured later or authenticated: a page for that offers cards.
        None if card_only && open => offer.kind = Some(Kind::Card),
        None | Some(Kind::Ewallet | Kind::VirtualAccount | Kind::Qr)
            if order.purchase.capture == CaptureMode::Manual =>
        {
            return Err(unsupported("capturing later what was not paid by card", "payment_methods: CARD"));
        }
        None | Some(Kind::Card | Kind::Ewallet | Kind::VirtualAccount | Kind::Qr) => {}
    }
    if let Some(channel) = options.text("channel").filter(|channel| !channel.is_empty()) {
        offer.channel = Some(channel_of(offer.kind, offer.channel.as_deref(), channel)?);
    }
    Ok(offer)
}

fn channel_of(kind: Option<Kind>, named: Option<&str>, channel: &str) -> Result<String, Fault> {
    let wrong = |problem: &str| Fault::Invalid {
        field: "provider_options.pivot.channel".to_owned(),
        problem: problem.to_owned(),
    };
    match kind {
        None => Err(wrong("needs exactly one payment method, WALLET or BANK_TRANSFER, in the request")),
        Some(Kind::Card | Kind::Qr) => Err(wrong("is for wallets and bank transfers")),
        Some(Kind::Ewallet | Kind::VirtualAccount) if named.is_some_and(|named| named != channel) => {
            Err(wrong("is another one than payment_method_names has"))
        }
        Some(Kind::Ewallet | Kind::VirtualAccount) => Ok(channel.to_owned()),
    }
}

fn of_kinds(account: &Account, kinds: &[MethodKind]) -> Result<Option<Kind>, Fault> {
    let mut wanted: Vec<Kind> = Vec::new();
    for kind in kinds {
        if account.methods.of(*kind).is_empty() {
            return Err(Fault::Unsupported {
                what: format!("payment_methods: {}", kind.word()),
                instead: methods_instead(*kind),
            });
        }
        let ours = Kind::ALL.into_iter().find(|ours| ours.contract() == *kind);
        wanted.extend(ours.filter(|ours| !wanted.contains(ours)));
    }
    one_or_all(account, &wanted)
}

/// One kind, or `None` for all. Pivot's page cannot be asked for two of four.
fn one_or_all(account: &Account, wanted: &[Kind]) -> Result<Option<Kind>, Fault> {
    let has = |kind: &Kind| !account.methods.of(kind.contract()).is_empty();
    match wanted {
        [] => Ok(None),
        [one] => Ok(Some(*one)),
        several if Kind::ALL.iter().filter(|kind| has(kind)).all(|kind| several.contains(kind)) => Ok(None),
        several => {
            let words: Vec<&str> = several.iter().map(|kind| kind.contract().word()).collect();
            Err(unsupported(
                &format!("payment_methods: {} and no others", words.join(" and ")),
                "one of them, or none named: a page of Pivot offers one kind or all that the account has",
            ))
        }
    }
}

/// Pivot's own names: a type (`EWALLET`) or a channel of one (`DANA`).
fn of_names(account: &Account, names: &[String]) -> Result<Offer, Fault> {
    let mut kinds: Vec<Kind> = Vec::new();
    let mut channels: Vec<&str> = Vec::new();
    for name in names {
        let of_channel = |kind: &Kind| account.methods.of(kind.contract()).iter().any(|known| known == name);
        let by_type = Kind::ALL.into_iter().find(|kind| kind.word() == name);
        let Some(kind) = by_type.or_else(|| Kind::ALL.into_iter().find(of_channel)) else {
            return Err(unsupported(
                &format!("payment_method_names: {name}"),
                "CARD, EWALLET, VIRTUAL_ACCOUNT, QR, or a channel that the account's settings name",
            ));
        };
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
        if by_type.is_none() {
            channels.push(name);
        }
    }
    let kind = one_or_all(account, &kinds)?;
    let all_of =
        |kind: Kind| account.methods.of(kind.contract()).iter().all(|name| channels.contains(&name.as_str()));
    match (kind, channels.as_slice()) {
        (_, []) => Ok(Offer { kind, channel: None }),
        (Some(kind), [channel]) if names.len() == 1 => {
            Ok(Offer { kind: Some(kind), channel: Some((*channel).to_owned()) })
        }
        (Some(kind), _) if all_of(kind) => Ok(Offer { kind: Some(kind), channel: None }),
        (None, _) if kinds.iter().all(|kind| all_of(*kind)) => Ok(Offer { kind: None, channel: None }),
        _ => Err(unsupported(
            "payment_method_names: some channels of a kind and no others",
            "one channel, or the kind",
        )),
    }
}

/// `paymentMethod` and the kind's options for a page, besides those of cards.
pub(super) fn describe(
    order: &SessionOrder,
    offer: &Offer,
) -> Result<(Option<Value>, Map<String, Value>), Fault> {
    let options = &order.purchase.options;
    let unwanted = |name: &str, wants: &str| Fault::Invalid {
        field: format!("provider_options.pivot.{name}"),
        problem: format!("is only for {wants}"),
    };
    let phone = options.text("wallet_phone_number").filter(|phone| !phone.is_empty());
    let account_name = options.text("virtual_account_name").filter(|name| !name.is_empty());
    if phone.is_some() && offer.kind != Some(Kind::Ewallet) {
        return Err(unwanted("wallet_phone_number", "a session with the method WALLET alone"));
    }
    if account_name.is_some() && offer.kind != Some(Kind::VirtualAccount) {
        return Err(unwanted("virtual_account_name", "a session with the method BANK_TRANSFER alone"));
    }
    let Some(kind) = offer.kind else { return Ok((None, Map::new())) };
    let mut method = json!({ "type": kind.word() });
    let mut own = Map::new();
    if let Some(channel) = &offer.channel {
        own.insert("channel".to_owned(), json!(channel));
    }
    match kind {
        Kind::Ewallet => {
            let ours = order.purchase.customer.phone.as_deref();
            // A number of another country is nobody's wallet; the customer types one then.
            let number = match phone {
                Some(phone) => Some(local_number(phone).ok_or_else(|| Fault::Invalid {
                    field: "provider_options.pivot.wallet_phone_number".to_owned(),
                    problem: "must be an Indonesian mobile number, +62 8…".to_owned(),
                })?),
                None => ours.filter(|_| offer.channel.is_some()).and_then(local_number),
            };
            if let Some(number) = number {
                method["ewallet"] = json!({ "accountIdentifier": number });
            }
        }
        Kind::VirtualAccount => {
            if let Some(name) = account_name.map(str::to_owned).or_else(|| full_name(order)) {
                own.insert("virtualAccountName".to_owned(), json!(name));
            }
        }
        Kind::Card | Kind::Qr => {}
    }
    let options =
        if own.is_empty() { Map::new() } else { Map::from_iter([(kind.key().to_owned(), own.into())]) };
    Ok((Some(method), options))
}

/// The longest `virtualAccountName`, in characters (section 8).
const ACCOUNT_NAME_CHARS_MAX: usize = 100;

fn full_name(order: &SessionOrder) -> Option<String> {
    let customer = &order.purchase.customer;
    let parts: Vec<&str> =
        [&customer.given_name, &customer.family_name].into_iter().flatten().map(String::as_str).collect();
    (!parts.is_empty()).then(|| parts.join(" ").chars().take(ACCOUNT_NAME_CHARS_MAX).collect())
}

/// `+628111111001` as the wallets know it: `08111111001`.
fn local_number(phone: &str) -> Option<String> {
    phone.strip_prefix("+62").filter(|rest| rest.starts_with('8')).map(|rest| format!("0{rest}"))
}

/// Refuses an end beyond what the kind allows.
pub(super) fn check_end(kind: Option<Kind>, end: Timestamp, now: Timestamp) -> Result<(), Fault> {
    let Some(kind) = kind else { return Ok(()) };
    let longest = kind.open_for_at_most();
    if end.duration_since(now) <= longest {
        return Ok(());
    }
    Err(Fault::Invalid {
        field: "expires_at".to_owned(),
        problem: format!("Pivot keeps {} open for {} minutes at most", kind.word(), longest.as_mins()),
    })
}

pub(super) fn unsupported(what: &str, instead: &str) -> Fault {
    Fault::Unsupported { what: what.to_owned(), instead: instead.to_owned() }
}
