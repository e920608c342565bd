//! Which web pages may call: the answers to a browser's question about another origin (CORS).
//!
//! This is no protection of the gateway, which has the doorkeeper for that. It is the browser that
//! asks, on behalf of its user, and only pages that are named here hear "yes".

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};
use url::{Host, Url};

/// What stands for every page of this machine.
const DEVELOPMENT: &str = "dev";
/// Headers with which gRPC-Web and Connect clients call, our credentials and the trace among them.
const REQUEST_HEADERS: [HeaderName; 11] = [
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("x-grpc-web"),
    HeaderName::from_static("x-user-agent"),
    HeaderName::from_static("grpc-timeout"),
    HeaderName::from_static("grpc-accept-encoding"),
    HeaderName::from_static("connect-protocol-version"),
    HeaderName::from_static("connect-timeout-ms"),
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
];
/// Headers of an answer that a page may read. An error without a message has its status there.
const ANSWER_HEADERS: [HeaderName; 3] = [
    HeaderName::from_static("grpc-status"),
    HeaderName::from_static("grpc-message"),
    HeaderName::from_static("grpc-status-details-bin"),
];
/// How long a browser need not ask again; none remembers it for longer.
const REMEMBERED: Duration = Duration::from_secs(2 * 3600);

/// Whose pages may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The pages of one site, as a browser writes its origin: `https://shop.example`.
    Site(String),
    /// Pages that this machine serves, on any port.
    ThisMachine,
}

impl Origin {
    /// Reads an origin as it is configured.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == DEVELOPMENT {
            return Ok(Self::ThisMachine);
        }
        let origin = match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => url.origin().ascii_serialization(),
            _ => return Err(format!("{text} is not an origin such as https://shop.example, nor dev")),
        };
        // A browser's text is compared letter by letter, so that any other form would never match.
        if origin == text { Ok(Self::Site(origin)) } else { Err(format!("{text} must be written {origin}")) }
    }

    fn is(&self, asked: &str) -> bool {
        match self {
            Self::Site(origin) => origin == asked,
            Self::ThisMachine => Url::parse(asked).is_ok_and(|url| match url.host() {
                Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
                Some(Host::Ipv4(address)) => address.is_loopback(),
                Some(Host::Ipv6(address)) => address.is_loopback(),
                None => false,
            }),
        }
    }
}

/// Answers browsers; nothing when no page may call.
pub fn layer(origins: Vec<Origin>) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let known = move |asked: &HeaderValue, _: &http::request::Parts| {
        asked.to_str().is_ok_and(|asked| origins.iter().any(|origin| origin.is(asked)))
    };
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(known))
        .allow_methods([Method::POST, Method::GET])
        .allow_headers(REQUEST_HEADERS)
        .expose_headers(ANSWER_HEADERS)
        .max_age(REMEMBERED);
    Some(layer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        for fine in ["https://shop.example", "http://shop.example:8080", "https://192.0.2.1"] {
            assert_eq!(Origin::parse(fine), Ok(Origin::Site(fine.to_owned())));
        }
        assert_eq!(Origin::parse("dev"), Ok(Origin::ThisMachine));
        for wrong in [
            "*",
            "null",
            "shop.example",
            "https://shop.example/",
            "https://shop.example/pay",
            "https://Shop.example",
            "https://shop.example:443",
            "https://*.shop.example/",
            "ftp://shop.example",
            "",
        ] {
            assert!(Origin::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn dev_is_this_machine_and_no_name_that_looks_like_it() {
        for here in
            ["http://localhost:3000", "http://127.0.0.1:8080", "https://[::1]", "http://shop.localhost"]
        {
            assert!(Origin::ThisMachine.is(here), "{here}");
        }
        for elsewhere in
            ["http://localhost.shop.example", "http://notlocalhost", "https://192.0.2.1", "null", "file://"]
        {
            assert!(!Origin::ThisMachine.is(elsewhere), "{elsewhere}");
        }
    }
}
