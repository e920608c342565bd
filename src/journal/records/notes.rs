//! The story of a payment.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Malformed, Stored, is_default};
use crate::domain::payment::PaymentState;
use crate::journal::seam::{HistoryEntry, HistoryKind, HistoryNote};

/// The notes of one entry, as one text. They are not sealed: they hold nothing secret.
#[must_use]
pub fn encode_notes(notes: Vec<HistoryNote>) -> String {
    let notes: Vec<NoteForm> = notes.into_iter().map(NoteForm::from).collect();
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
    summary: String,
    #[serde(default, skip_serializing_if = "is_default")]
    exchange: String,
    #[serde(default, skip_serializing_if = "is_default")]
    http_status: u16,
    state: <PaymentState as Stored>::Form,
}

impl From<HistoryNote> for NoteForm {
    fn from(note: HistoryNote) -> Self {
        let HistoryNote { at, kind, summary, exchange, http_status, state } = note;
        Self { at, kind: Cow::Borrowed(kind.word()), summary, exchange, http_status, state: state.write() }
    }
}

impl NoteForm {
    fn read(self, sequence: u64) -> Result<HistoryEntry, Malformed> {
        let Self { at, kind, summary, exchange, http_status, state } = self;
        // A word of a later version must not hide the rest of the story.
        let (kind, state) = (HistoryKind::from_word(&kind), Stored::read(state)?);
        Ok(HistoryEntry { sequence, at, kind, summary, exchange, http_status, state })
    }
}
