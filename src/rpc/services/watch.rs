//! Streams of one payment.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use crate::domain::ids::PaymentId;
use crate::domain::payment::{Payment, PaymentState};
use crate::engine::commands::Caller;
use crate::engine::error::Error;
use crate::rpc::convert::payments;
use crate::rpc::door::Door;
use crate::rpc::proto as pb;
use crate::rpc::status::About;

/// How often a payment is read although this process changed nothing: others may have.
const LOOK_AGAIN: Duration = Duration::from_secs(3);

/// A stream of one payment.
pub type Watching = ReceiverStream<Result<pb::WatchPaymentResponse, Status>>;

/// Begins to watch. The first message is the payment as it stands.
///
/// # Errors
/// [`Error::NotFound`], and [`Error::Busy`] when as many streams run as may.
pub async fn start(
    door: &Door,
    caller: Caller,
    id: PaymentId,
    until_settled: bool,
) -> Result<Watching, Error> {
    let permit = door.streams.clone().try_acquire_owned().map_err(|_| Error::Busy)?;
    // Subscribed before the first look, so that no change falls between the two.
    let mut changes = door.gateway.watch(id);
    let mut payment = door.gateway.payment(&caller, id).await?;
    let (sender, receiver) = mpsc::channel(1);
    let door = door.clone();
    let work = async move {
        let _permit = permit;
        let mut draining = door.draining.clone();
        loop {
            let (version, settled) = (payment.version, is_settled(&payment));
            let shown = payments::to_payment(*payment, door.gateway.accounts());
            if sender.send(Ok(pb::WatchPaymentResponse { payment: Some(shown) })).await.is_err()
                || (until_settled && settled)
            {
                return;
            }
            payment = loop {
                tokio::select! {
                    _ = changes.changed() => {}
                    () = tokio::time::sleep(LOOK_AGAIN) => {}
                    () = sender.closed() => return,
                    () = drains(&mut draining) => {
                        // Whether the client still listens makes no difference now.
                        let _ = sender.send(Err(door.refuse(Error::Draining, &about(id)))).await;
                        return;
                    }
                }
                match door.gateway.payment(&caller, id).await {
                    Ok(payment) if payment.version > version => break payment,
                    Ok(_) => {}
                    Err(error) => {
                        let _ = sender.send(Err(door.refuse(error, &about(id)))).await;
                        return;
                    }
                }
            };
        }
    };
    tokio::spawn(tracing::Instrument::in_current_span(work));
    Ok(ReceiverStream::new(receiver))
}

/// Waits until the server goes down.
pub async fn drains(draining: &mut tokio::sync::watch::Receiver<bool>) {
    // An error means that the server is gone, and then it drains too.
    let _ = draining.wait_for(|draining| *draining).await;
}

fn about(id: PaymentId) -> About {
    About { payment_id: id.to_string(), ..About::default() }
}

/// Whether a payment needs nobody and nothing any more, as the contract lists the states.
fn is_settled(payment: &Payment) -> bool {
    match payment.state {
        PaymentState::Created
        | PaymentState::Submitted
        | PaymentState::RequiresAction
        | PaymentState::Processing
        | PaymentState::Unresolved => false,
        PaymentState::Expired
        | PaymentState::Failed
        | PaymentState::Declined
        | PaymentState::Verified
        | PaymentState::Authorized
        | PaymentState::Voided
        | PaymentState::Captured
        | PaymentState::PartiallyRefunded
        | PaymentState::Refunded
        | PaymentState::Quarantined => true,
    }
}
