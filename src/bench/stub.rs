//! A provider that approves everything at once: as little work as an HTTP server can do.
//!
//! It speaks the payment call of beGateway's API ("Payment transaction", 2026-03) because that one
//! takes a charge in one request, without signing in. It is no simulator: it keeps nothing, checks
//! nothing, and answers the fields that an adapter must see.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

/// How long it thinks, by account.
pub const PACES: [(&str, Duration); 4] = [
    ("fast", Duration::ZERO),
    ("slow", Duration::from_millis(20)),
    ("held", Duration::from_millis(1_500)),
    (SCHEDULED, Duration::ZERO),
];
/// The account at which schedules are charged, and nothing else.
pub const SCHEDULED: &str = "scheduled";

/// Where the stub answers at each of its [`PACES`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Addresses(pub Vec<(String, SocketAddr)>);

/// What it has answered since its start.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Answered {
    /// Charges at [`SCHEDULED`].
    pub scheduled: u64,
}

/// Starts it on free ports of this machine; it runs as long as the runtime. The count is of what was
/// answered at [`SCHEDULED`].
pub async fn start() -> anyhow::Result<(Addresses, Arc<AtomicU64>)> {
    let mut addresses = Vec::new();
    let scheduled = Arc::<AtomicU64>::default();
    for (name, pause) in PACES {
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
        addresses.push((name.to_owned(), listener.local_addr()?));
        let count = if name == SCHEDULED { scheduled.clone() } else { Arc::default() };
        tokio::spawn(accept(listener, pause, count));
    }
    Ok((Addresses(addresses), scheduled))
}

async fn accept(listener: TcpListener, pause: Duration, count: Arc<AtomicU64>) {
    // A failure to accept shows as a call that fails, and that ends the run.
    while let Ok((stream, _)) = listener.accept().await {
        if let Err(error) = stream.set_nodelay(true) {
            eprintln!("turnpike: a connection to the stub: {error}");
        }
        let count = count.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                count.fetch_add(1, Ordering::Relaxed);
                answer(request, pause)
            });
            // The other side closes when it ends.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn answer(request: Request<Incoming>, pause: Duration) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let body = request.into_body().collect().await?.to_bytes();
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
    let text = String::from_utf8_lossy(&body);
    let approved = approved(&text);
    let status = if approved.is_some() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let mut response = Response::new(Full::new(Bytes::from(approved.unwrap_or_default())));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(hyper::header::CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/json"));
    Ok(response)
}

/// The answer to a payment request; `None` when it is not one.
fn approved(request: &str) -> Option<String> {
    let reference = after(request, "\"tracking_id\":\"")?.split('"').next()?;
    let currency = after(request, "\"currency\":\"")?.split('"').next()?;
    let amount = after(request, "\"amount\":")?.split([',', '}']).next()?;
    Some(format!(
        "{{\"transaction\":{{\"uid\":\"{reference}-1\",\"status\":\"successful\",\"code\":\"S.0000\",\
         \"message\":\"Successfully processed\",\"type\":\"payment\",\"test\":true,\"amount\":{amount},\
         \"currency\":\"{currency}\",\"tracking_id\":\"{reference}\",\"credit_card\":{{\"brand\":\"visa\",\
         \"last_4\":\"0000\",\"exp_month\":4,\"exp_year\":2031}},\"payment\":{{\"status\":\"successful\",\
         \"auth_code\":\"654321\",\"ref_id\":\"88120031\"}}}}}}"
    ))
}

fn after<'a>(text: &'a str, what: &str) -> Option<&'a str> {
    text.split_once(what).map(|(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::approved;

    #[test]
    fn what_was_asked_comes_back() {
        let request =
            r#"{"request":{"amount":1000,"currency":"EUR","tracking_id":"abc","credit_card":{"token":"t"}}}"#;
        let answer: serde_json::Value =
            serde_json::from_str(&approved(request).expect("a payment")).expect("JSON");
        assert_eq!(answer["transaction"]["amount"].to_string(), "1000");
        assert_eq!(answer["transaction"]["currency"], "EUR");
        assert_eq!(answer["transaction"]["tracking_id"], "abc");
        assert_eq!(approved("{}"), None);
    }
}
