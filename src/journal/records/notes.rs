//! The story of a payment.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Malformed, Stored, is_default};
use crate::domain::payment::PaymentState;
use crate::journal::seam::{ExchangeNote, HistoryEntry, HistoryKind, HistoryNote};

/// The notes of one entry, as one text. They are not sealed: they hold nothing secret.
#[must_use]
pub fn encode_notes(notes: &[HistoryNote]) -> String {
    let notes: Vec<NoteForm> = notes.iter().cloned().map(NoteForm::from).collect();
    // As in [`super::encode`]: this form always has a JSON.
    serde_json::to_string(&notes).unwrap_or_default()
}

/// Reads what [`encode_notes`] wrote; `sequence` is the number of the first.
///
/// # Errors
/// [`Malformed`] for anything else.
pub fn decode_notes(text: &str, sequence: u64) -> Result<Vec<HistoryEntry>, Malformed> {
    let notes: Vec<NoteForm> = serde_json::from_str(text).map_err(|_| Malformed)?;
    notes.into_iter().zip(sequence..).map(|(note, sequence)| note.read(sequence)).collect()
}

/// The written form of [`HistoryNote`], read back as a [`HistoryEntry`].
#[derive(Serialize, Deserialize)]
struct NoteForm {
    at: Timestamp,
    kind: Cow<'static, str>,
    #[serde(default, skip_serializing_if = "is_default")]
    caller: String,
    summary: String,
    #[serde(default, skip_serializing_if = "is_default")]
    exchange: String,
    #[serde(default, skip_serializing_if = "is_default")]
    method: String,
    #[serde(default, skip_serializing_if = "is_default")]
    path: String,
    #[serde(default, skip_serializing_if = "is_default")]
    http_status: u16,
    #[serde(default, skip_serializing_if = "is_default")]
    took_ms: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    request: String,
    state: <PaymentState as Stored>::Form,
}

impl From<HistoryNote> for NoteForm {
    fn from(note: HistoryNote) -> Self {
        let HistoryNote { at, kind, caller, summary, exchange, state } = note;
        let exchange = exchange.unwrap_or_default();
        let ExchangeNote { name, method, path, http_status, took_ms, request } = exchange;
        Self {
            at,
            kind: Cow::Borrowed(kind.word()),
            caller: caller.to_string(),
            summary,
            exchange: name,
            method,
            path,
            http_status,
            took_ms,
            request,
            state: state.write(),
        }
    }
}

impl NoteForm {
    fn read(self, sequence: u64) -> Result<HistoryEntry, Malformed> {
        let Self {
            at,
            kind,
            caller,
            summary,
            exchange: name,
            method,
            path,
            http_status,
            took_ms,
            request,
            state,
        } = self;
        let exchange =
            (!name.is_empty()).then_some(ExchangeNote { name, method, path, http_status, took_ms, request });
        // A word of a later version must not hide the rest of the story.
        let (kind, state) = (HistoryKind::from_word(&kind), Stored::read(state)?);
        Ok(HistoryEntry { sequence, at, kind, caller, summary, exchange, state })
    }
}
