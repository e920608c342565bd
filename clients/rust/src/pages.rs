//! Lists, page by page, as one stream.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::Stream;
use futures_util::stream::{self, BoxStream, StreamExt};
use tonic::Status;

use crate::v1;
use crate::{Error, Turnpike};

impl Turnpike {
    /// Everything that a list request asks for, page after page; the next page is asked for when it is
    /// needed. After an error the stream ends.
    ///
    /// ```no_run
    /// use futures_util::TryStreamExt;
    /// use turnpike_client::{Turnpike, v1};
    ///
    /// # async fn example(turnpike: Turnpike) -> Result<(), turnpike_client::Error> {
    /// let captured = vec![v1::PaymentState::Captured.into()];
    /// let mut payments = turnpike.pages(v1::ListPaymentsRequest { states: captured, ..Default::default() });
    /// while let Some(payment) = payments.try_next().await? {
    ///     println!("{}", payment.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn pages<R: Paged>(&self, request: R) -> Pages<R::Item> {
        let first = State { turnpike: self.clone(), request: Some(request), items: VecDeque::new() };
        let items = stream::try_unfold(first, |mut state| async move {
            loop {
                if let Some(item) = state.items.pop_front() {
                    return Ok(Some((item, state)));
                }
                let Some(mut request) = state.request.take() else { return Ok(None) };
                let page = request.page(&state.turnpike).await.map_err(Error::from)?;
                state.items = page.items.into();
                if let Some(token) = page.next {
                    request.turn_to(token);
                    state.request = Some(request);
                }
            }
        });
        Pages(items.boxed())
    }
}

struct State<R: Paged> {
    turnpike: Turnpike,
    /// The next page. Nothing after the last.
    request: Option<R>,
    items: VecDeque<R::Item>,
}

/// What [`Turnpike::pages`] gives: a stream of the items of all pages.
#[must_use = "streams do nothing unless polled"]
pub struct Pages<T>(BoxStream<'static, Result<T, Error>>);

impl<T> Stream for Pages<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context)
    }
}

impl<T> std::fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pages")
    }
}

/// A request that is answered page by page: each `List…Request` of the contract that has pages.
pub trait Paged: sealed::Request {}

mod sealed {
    use super::{Future, Status, Turnpike};

    /// One page.
    pub struct Page<T> {
        pub items: Vec<T>,
        pub next: Option<String>,
    }

    pub trait Request: Clone + Send + 'static {
        type Item: Send + 'static;

        fn page(&self, turnpike: &Turnpike) -> impl Future<Output = Result<Page<Self::Item>, Status>> + Send;

        fn turn_to(&mut self, token: String);
    }
}

use sealed::{Page, Request};

macro_rules! paged {
    ($($request:ident, $service:ident . $method:ident, $items:ident: $item:ident;)*) => {
        $(impl Paged for v1::$request {}

        impl Request for v1::$request {
            type Item = v1::$item;

            async fn page(&self, turnpike: &Turnpike) -> Result<Page<v1::$item>, Status> {
                let answer = turnpike.$service().$method(self.clone()).await?.into_inner();
                let next = Some(answer.next_page_token).filter(|token| !token.is_empty());
                Ok(Page { items: answer.$items, next })
            }

            fn turn_to(&mut self, token: String) {
                self.page_token = token;
            }
        })*
    };
}

paged! {
    ListAccountsRequest, accounts.list_accounts, accounts: Account;
    ListPaymentsRequest, payments.list_payments, payments: Payment;
    ListPaymentHistoryRequest, payments.list_payment_history, entries: PaymentHistoryEntry;
    ListDifferencesRequest, payments.list_differences, differences: Difference;
    ListTokensRequest, tokens.list_tokens, tokens: Token;
    ListSchedulesRequest, recurring.list_schedules, schedules: Schedule;
    ListOccurrencesRequest, recurring.list_occurrences, occurrences: Occurrence;
    ListWebhookDeliveriesRequest, events.list_webhook_deliveries, deliveries: WebhookDelivery;
    ListExchangesRequest, sandbox.list_exchanges, exchanges: Exchange;
}

// Events have a cursor instead of a page token. The stream ends with what there is now; `follow` does not.
impl Paged for v1::ListEventsRequest {}

impl Request for v1::ListEventsRequest {
    type Item = v1::Event;

    async fn page(&self, turnpike: &Turnpike) -> Result<Page<v1::Event>, Status> {
        let answer = turnpike.events().list_events(self.clone()).await?.into_inner();
        Ok(Page { items: answer.events, next: answer.has_more.then_some(answer.next_cursor) })
    }

    fn turn_to(&mut self, token: String) {
        self.after = token;
    }
}
