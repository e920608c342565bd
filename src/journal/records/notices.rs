//! What providers sent by themselves.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Malformed, Stored, is_default};
use crate::domain::card::{CardSummary, SavedCard, StoredToken, TokenUses};
use crate::domain::ids::*;
use crate::domain::money::Money;
use crate::domain::notice::{Call, Handles, Notice, NoticeProgress, NoticeStatus, Proof};
use crate::domain::outcome::{Decline, MovementReport, MovementStanding, Seen, SeenTotals};
use crate::domain::payment::MovementKind;

/// The written form of [`Notice`]. How far we have come stands in columns of its own.
#[derive(PartialEq, Serialize, Deserialize)]
pub struct NoticeRecord {
    id: <NoticeId as Stored>::Form,
    account: <AccountName as Stored>::Form,
    key: String,
    received_at: Timestamp,
    kind: String,
    about: <Handles as Stored>::Form,
    proves: ProofForm,
    call: CallForm,
}

record!(Handles => HandlesForm {} optional {
    reference: Option<String>,
    session: Option<String>,
    transaction: Option<String>,
    order: Option<String>,
    movement: Option<(MovementKind, String)>,
});

record!(MovementReport => MovementReportForm {
    standing: MovementStanding,
} optional {
    seen: Seen,
    provider_id: Option<String>,
    totals: SeenTotals,
});

record!(Seen => SeenForm {} optional {
    money: Option<Money>,
    reference: Option<String>,
});

record!(SeenTotals => SeenTotalsForm {} optional {
    authorized: Option<i64>,
    captured: Option<i64>,
    refunded: Option<i64>,
});

words!(MovementKind { Capture = "capture", Void = "void", Refund = "refund", });

/// The written form of [`MovementStanding`].
#[derive(PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MovementStandingForm {
    #[default]
    Pending,
    Succeeded,
    Failed(Box<<Decline as Stored>::Form>),
}

impl Stored for MovementStanding {
    type Form = MovementStandingForm;

    fn write(self) -> MovementStandingForm {
        match self {
            Self::Pending => MovementStandingForm::Pending,
            Self::Succeeded => MovementStandingForm::Succeeded,
            Self::Failed(decline) => MovementStandingForm::Failed(Box::new(decline.write())),
        }
    }

    fn read(form: MovementStandingForm) -> Result<Self, Malformed> {
        Ok(match form {
            MovementStandingForm::Pending => Self::Pending,
            MovementStandingForm::Succeeded => Self::Succeeded,
            MovementStandingForm::Failed(decline) => Self::Failed(Stored::read(*decline)?),
        })
    }
}

record!(SavedCard => SavedCardForm {
    token: StoredToken,
    card: CardSummary,
    uses: TokenUses,
});

/// The written form of [`Proof`].
#[derive(PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProofForm {
    Payment,
    Movement(<MovementKind as Stored>::Form, Box<MovementReportForm>),
    Cards(<Vec<SavedCard> as Stored>::Form),
    Hint,
    Unknown,
}

/// The written form of [`Call`], the body in base64.
#[derive(PartialEq, Serialize, Deserialize)]
pub struct CallForm {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: String,
}

own_words!(NoticeStatus);

impl Stored for Notice {
    type Form = NoticeRecord;

    fn write(self) -> NoticeRecord {
        let Self { id, account, key, received_at, kind, about, proves, call, progress: _ } = self;
        let Call { method, url, headers, body } = call;
        NoticeRecord {
            id: id.write(),
            account: account.write(),
            key,
            received_at,
            kind,
            about: about.write(),
            proves: match proves {
                Proof::Payment => ProofForm::Payment,
                Proof::Movement(kind, report) => ProofForm::Movement(kind.write(), Box::new(report.write())),
                Proof::Cards(cards) => ProofForm::Cards(cards.write()),
                Proof::Hint => ProofForm::Hint,
                Proof::Unknown => ProofForm::Unknown,
            },
            call: CallForm { method, url, headers, body: STANDARD.encode(body) },
        }
    }

    fn read(form: NoticeRecord) -> Result<Self, Malformed> {
        let NoticeRecord { id, account, key, received_at, kind, about, proves, call } = form;
        let CallForm { method, url, headers, body } = call;
        Ok(Self {
            id: Stored::read(id)?,
            account: Stored::read(account)?,
            key,
            received_at,
            kind,
            about: Stored::read(about)?,
            proves: match proves {
                ProofForm::Payment => Proof::Payment,
                ProofForm::Movement(kind, report) => {
                    Proof::Movement(Stored::read(kind)?, Box::new(Stored::read(*report)?))
                }
                ProofForm::Cards(cards) => Proof::Cards(Stored::read(cards)?),
                ProofForm::Hint => Proof::Hint,
                ProofForm::Unknown => Proof::Unknown,
            },
            call: Call { method, url, headers, body: STANDARD.decode(body).map_err(|_| Malformed)? },
            progress: NoticeProgress {
                status: NoticeStatus::Waiting,
                payment: None,
                attempts: 0,
                next_at: None,
            },
        })
    }
}
