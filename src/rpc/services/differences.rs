//! The part of `PaymentService` that lists what disagrees.

use crate::domain::ids::{NoticeId, PaymentId};
use crate::engine::differences::DifferencePlace;
use crate::engine::error::Error;
use crate::rpc::convert::differences;
use crate::rpc::door::{Call, Door};
use crate::rpc::pages;
use crate::rpc::problems::Problems;
use crate::rpc::proto as pb;

/// Lists what disagrees.
///
/// # Errors
/// [`Error::Invalid`] and the journal's.
pub async fn list(
    door: &Door,
    call: &Call,
    mut message: pb::ListDifferencesRequest,
) -> Result<pb::ListDifferencesResponse, Error> {
    let (size, token) = (pages::size(message.page_size), message.page_token.clone());
    let checked =
        door.read(message.clone(), |message, problems| Some(differences::wanted(&message, problems)));
    (message.page_size, message.page_token) = (0, String::new());
    let pages = door.pages(call, &message);
    let mut problems = Problems::default();
    let place = pages.place(&token, &mut problems);
    let mut wanted = checked.and_then(|wanted| problems.finish(Some(wanted)))?;
    wanted.limit = size;
    wanted.after = place.and_then(|place| read_place(&place));
    let (found, next) = door.gateway.differences(&call.caller, wanted).await?;
    let now = door.now(call);
    let shown = found
        .into_iter()
        .map(|difference| differences::to_difference(difference, door.gateway.accounts(), now));
    Ok(pb::ListDifferencesResponse {
        differences: shown.collect(),
        next_page_token: next.map(|place| pages.token(&write_place(place))).unwrap_or_default(),
    })
}

/// A place as bytes: which part of the list, and the id in it.
fn write_place(place: DifferencePlace) -> Vec<u8> {
    let (part, id) = match place {
        DifferencePlace::Notice(id) => (0, id.to_bytes()),
        DifferencePlace::Payment(id) => (1, id.to_bytes()),
    };
    [&[part], id.as_slice()].concat()
}

fn read_place(bytes: &[u8]) -> Option<DifferencePlace> {
    let (part, id) = bytes.split_first()?;
    let id = id.try_into().ok()?;
    match part {
        0 => Some(DifferencePlace::Notice(NoticeId::from_bytes(id))),
        1 => Some(DifferencePlace::Payment(PaymentId::from_bytes(id))),
        _ => None,
    }
}
