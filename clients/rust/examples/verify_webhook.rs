//! A receiver of webhooks: it takes in one delivery, verifies it, answers, and ends.
//!
//!     TURNPIKE_WEBHOOK_SECRET=whsec_… cargo run --example verify_webhook -- 127.0.0.1:8080
//!
//! with a gateway that was started with
//!
//!     turnpike dev --webhook-to http://127.0.0.1:8080/hooks --webhook-secret whsec_…
//!
//! It prints the address that it listens at first. Two secrets, with a comma between them, are accepted while
//! they are being changed. With TURNPIKE_URL and TURNPIKE_API_KEY it opens a session, so that there is
//! something to send.

use std::env;
use std::error::Error;

use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use turnpike_client::v1::{CreateSessionRequest, Money, ReturnUrls, SessionPurpose};
use turnpike_client::webhooks::{self, Secrets};
use turnpike_client::{Turnpike, new_request_id};

/// The most bytes of a request. An event is far smaller.
const REQUEST_MAX: usize = 1024 * 1024;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secrets = env::var("TURNPIKE_WEBHOOK_SECRET").map_err(|_| "TURNPIKE_WEBHOOK_SECRET is not set")?;
    let secrets = Secrets::new(secrets.split(','))?;
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("listening at http://{}/hooks", listener.local_addr()?);
    if env::var("TURNPIKE_URL").is_ok() {
        make_something_happen(&Turnpike::from_env()?).await?;
    }

    loop {
        let (mut connection, _) = listener.accept().await?;
        // A web framework does this part. Its HeaderMap and the raw bytes of the body are what `verify`
        // wants.
        let Some((headers, body)) = read_request(&mut connection).await? else { continue };
        match webhooks::verify(&body, &headers, &secrets) {
            Ok(event) => {
                answer(&mut connection, "204 No Content").await?;
                println!("verified: {} {}", event.r#type, event.id);
                return Ok(());
            }
            Err(refused) => {
                answer(&mut connection, "400 Bad Request").await?;
                println!("refused: {}", refused.name());
            }
        }
    }
}

async fn make_something_happen(turnpike: &Turnpike) -> Result<(), Box<dyn Error>> {
    let request = CreateSessionRequest {
        request_id: new_request_id()?,
        money: Some(Money { amount_minor: 49_900, currency_code: "NOK".to_owned() }),
        merchant_reference: "order-19".to_owned(),
        purpose: SessionPurpose::Pay.into(),
        return_urls: Some(ReturnUrls {
            success_url: "https://shop.example/done".to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    };
    turnpike.sessions().create_session(request).await?;
    Ok(())
}

/// The headers and the body of a request, if it is one.
async fn read_request(connection: &mut TcpStream) -> Result<Option<(HeaderMap, Vec<u8>)>, Box<dyn Error>> {
    let mut bytes = Vec::new();
    let mut limited = connection.take(REQUEST_MAX as u64);
    let end = loop {
        if let Some(place) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break place;
        }
        if limited.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let mut headers = HeaderMap::new();
    for line in str::from_utf8(&bytes[..end])?.split("\r\n").skip(1) {
        let (name, value) = line.split_once(':').ok_or("a header without a colon")?;
        headers.insert(HeaderName::try_from(name)?, HeaderValue::try_from(value.trim())?);
    }
    let length: usize = headers.get("content-length").ok_or("no content-length")?.to_str()?.parse()?;
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        if limited.read_buf(&mut body).await? == 0 {
            return Ok(None);
        }
    }
    Ok(Some((headers, body)))
}

async fn answer(connection: &mut TcpStream, status: &str) -> Result<(), std::io::Error> {
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    connection.write_all(answer.as_bytes()).await?;
    connection.shutdown().await
}
