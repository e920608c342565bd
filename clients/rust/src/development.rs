//! Helpers for tests: the clock, the customer and the faults of a gateway in development mode, in one line
//! each.

use std::time::{Duration, SystemTime};

use crate::v1::arrange_scenario_request::Scenario;
use crate::v1::customer_scenario::{Action, Place};
use crate::v1::{
    AdvanceClockRequest, ArrangeScenarioRequest, ArrangeScenarioResponse, ClearScenario, CustomerCancels,
    CustomerPays, CustomerScenario, FaultKind, FaultScenario, GetClockRequest, advance_clock_request,
};
use crate::{Error, Turnpike};

/// How long the clock may take on its way: the gateway gives up after ten minutes.
const ADVANCE_MAX: Duration = Duration::from_secs(11 * 60);

/// What a test does to a gateway in development mode. Elsewhere everything here fails with SANDBOX_DISABLED
/// or UNIMPLEMENTED.
#[derive(Debug, Clone)]
pub struct Development {
    turnpike: Turnpike,
}

impl Development {
    pub(crate) fn new(turnpike: Turnpike) -> Self {
        Self { turnpike }
    }

    /// Moves the merchant's clock forward, up to ten years, and waits until all that falls due has happened.
    /// Tells the time there.
    ///
    /// # Errors
    /// As of AdvanceClock. UNKNOWN means that the connection broke; [`Development::now`] tells where the
    /// clock is.
    pub async fn advance(&self, by: Duration) -> Result<SystemTime, Error> {
        let by = prost_types::Duration::try_from(by)
            .map_err(|_| tonic::Status::invalid_argument("the clock cannot go so far"))?;
        let forward = Some(advance_clock_request::Forward::By(by));
        let mut request = tonic::Request::new(AdvanceClockRequest { forward });
        request.set_timeout(ADVANCE_MAX);
        let answer = self.turnpike.sandbox().advance_clock(request).await?.into_inner();
        time(answer.now)
    }

    /// The time of the merchant.
    ///
    /// # Errors
    /// As of GetClock.
    pub async fn now(&self) -> Result<SystemTime, Error> {
        time(self.turnpike.sandbox().get_clock(GetClockRequest {}).await?.into_inner().now)
    }

    /// The customer pays on the page of a session with a test card, and agrees to have it saved. An empty
    /// card is one that the provider approves. Tells where the browser is sent back to; ConfirmSession wants
    /// that address.
    ///
    /// # Errors
    /// As of ArrangeScenario.
    pub async fn pay(&self, session_id: &str, card: &str) -> Result<String, Error> {
        let pays = CustomerPays { card_number: card.to_owned(), save_card: true, ..Default::default() };
        self.customer(session_id, Action::Pay(pays)).await
    }

    /// The customer presses "cancel" on the page of a session. Tells where the browser is sent back to.
    ///
    /// # Errors
    /// As of ArrangeScenario.
    pub async fn cancel(&self, session_id: &str) -> Result<String, Error> {
        self.customer(session_id, Action::Cancel(CustomerCancels {})).await
    }

    /// The next call of a provider fails in this way. The rest of the scenario says whose, which and how many
    /// calls; its own kind is not looked at.
    ///
    /// ```no_run
    /// use turnpike_client::v1::{FaultKind, FaultScenario};
    ///
    /// # async fn example(turnpike: turnpike_client::Turnpike) -> Result<(), turnpike_client::Error> {
    /// let at_dintero = FaultScenario { account: "dintero-dev".to_owned(), ..Default::default() };
    /// turnpike.development().fault(FaultKind::ReplyLost, at_dintero).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As of ArrangeScenario.
    pub async fn fault(&self, kind: FaultKind, scenario: FaultScenario) -> Result<(), Error> {
        self.arrange(Scenario::Fault(FaultScenario { kind: kind.into(), ..scenario })).await?;
        Ok(())
    }

    /// Ends all faults.
    ///
    /// # Errors
    /// As of ArrangeScenario.
    pub async fn clear(&self) -> Result<(), Error> {
        self.arrange(Scenario::Clear(ClearScenario::default())).await?;
        Ok(())
    }

    async fn customer(&self, session_id: &str, action: Action) -> Result<String, Error> {
        let place = Some(Place::SessionId(session_id.to_owned()));
        let customer = CustomerScenario { place, action: Some(action) };
        Ok(self.arrange(Scenario::Customer(customer)).await?.return_url)
    }

    async fn arrange(&self, scenario: Scenario) -> Result<ArrangeScenarioResponse, Error> {
        let request = ArrangeScenarioRequest { scenario: Some(scenario) };
        Ok(self.turnpike.sandbox().arrange_scenario(request).await?.into_inner())
    }
}

fn time(now: Option<prost_types::Timestamp>) -> Result<SystemTime, Error> {
    let now = now.and_then(|now| SystemTime::try_from(now).ok());
    now.ok_or_else(|| tonic::Status::internal("the gateway tells no time").into())
}
