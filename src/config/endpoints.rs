//! Where a merchant's events are sent: addresses on its own servers.

use url::Url;

use super::reader::Table;
use super::{check_address, check_name};
use crate::domain::delivery::{Endpoint, EndpointKey};
use crate::domain::event::EventKind;
use crate::domain::ids::MerchantName;
use crate::webhooks::outbound;
use crate::world::names_private;

/// Addresses of one merchant.
const ENDPOINTS_MAX: usize = 16;
/// Secrets of one address: the one in use, the next one, and room for a change of mind.
const SECRETS_MAX: usize = 4;

/// `[merchants.NAME.webhooks]`
pub(super) fn endpoints(owner: &MerchantName, merchant: &Table<'_>, development: bool) -> Vec<Endpoint> {
    let mut endpoints = Vec::new();
    for (name, table) in merchant.tables("webhooks") {
        check_name(merchant, &format!("webhooks.{name}"), &name);
        let url = address(&table, development);
        let events = table.texts("events");
        for word in &events {
            if !EventKind::ALL.iter().any(|kind| kind.is_meant_by(word)) {
                // It would be waited for in vain.
                table.mistake(
                    "events",
                    format!("{word} is no type of event, such as payment.captured or payment.*"),
                );
            }
        }
        let mut secrets = Vec::new();
        for secret in table.secrets("secrets") {
            match outbound::secret(&secret) {
                Ok(secret) => secrets.push(secret),
                Err(problem) => table.mistake("secrets", problem),
            }
        }
        if !table.has("secrets") {
            table.mistake("secrets", "is required");
        } else if secrets.len() > SECRETS_MAX {
            table.mistake("secrets", format!("there are at most {SECRETS_MAX}"));
        }
        let allow_private = table.flag_or("allow_private", false);
        if !allow_private && Url::parse(&url).is_ok_and(|url| names_private(&url)) {
            table.mistake("url", "is no public address; allow_private = true lets events go there");
        }
        table.finish();
        let key = EndpointKey { merchant: owner.clone(), name };
        endpoints.push(Endpoint { key, url, events, secrets, allow_private });
    }
    if endpoints.len() > ENDPOINTS_MAX {
        merchant.mistake("webhooks", format!("there are at most {ENDPOINTS_MAX}"));
    }
    endpoints
}

fn address(table: &Table<'_>, development: bool) -> String {
    let url = table.text("url");
    if !url.is_empty() {
        let schemes: &[&str] = if development { &["https", "http"] } else { &["https"] };
        check_address(table, "url", &url, schemes);
    }
    url
}

#[cfg(test)]
mod tests {
    use crate::config::{Secrets, parse};

    struct Nowhere;

    impl Secrets for Nowhere {
        fn file(&self, _: &str) -> Result<String, String> {
            Err("cannot be read".to_owned())
        }

        fn variable(&self, _: &str) -> Result<String, String> {
            Ok("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned())
        }
    }

    /// The mistakes about addresses, with their lines: the address's table begins on line 3.
    fn told(development: bool, lines: &str) -> Vec<(usize, String)> {
        let text =
            format!("[server]\ndevelopment = {development}\n[merchants.acme.webhooks.books]\n{lines}\n");
        let Err(mistakes) = parse(&text, &Nowhere) else { panic!("most is missing") };
        let about = mistakes.into_iter().filter(|mistake| mistake.name.contains("webhooks"));
        about.map(|m| (m.line, m.name.replace("merchants.acme.webhooks.", ""))).collect()
    }

    const SECRETS: &str = "secrets = [{ env = \"NEW\" }, { env = \"OLD\" }]";

    #[test]
    fn a_good_address_has_no_mistakes() {
        for lines in [
            "url = \"https://shop.example/hooks\"",
            "url = \"https://shop.example:8443/\"\nevents = [\"payment.*\", \"token.created\"]",
            "url = \"https://10.0.0.7/\"\nallow_private = true",
        ] {
            assert_eq!(told(false, &format!("{lines}\n{SECRETS}")), [], "{lines}");
        }
        assert_eq!(told(true, &format!("url = \"http://1.1.1.1/\"\n{SECRETS}")), []);
    }

    #[test]
    fn every_mistake_about_an_address_is_told_with_its_line() {
        for wrong in [
            "http://shop.example/",
            "ftp://shop.example/",
            "shop.example",
            "https://user:word@shop.example/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://169.254.169.254/latest",
        ] {
            let found = told(false, &format!("url = \"{wrong}\"\n{SECRETS}"));
            assert_eq!(found, [(4, "books.url".to_owned())], "{wrong}");
        }
        let url = "url = \"https://shop.example/\"";
        for (line, name) in [
            ("events = [\"payment.payed\"]", "books.events"),
            ("allow_privat = true", "books.allow_privat"),
            ("allow_private = 1", "books.allow_private"),
        ] {
            assert_eq!(told(false, &format!("{url}\n{SECRETS}\n{line}")), [(6, name.to_owned())], "{line}");
        }
        for line in [
            "secrets = []",
            "secrets = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"",
            "secrets = [\"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"]",
            "secrets = [\"whsec_c2hvcnQ=\"]",
            "secrets = [{ file = \"missing\" }]",
        ] {
            assert_eq!(told(false, &format!("{url}\n{line}")), [(5, "books.secrets".to_owned())], "{line}");
        }
        assert_eq!(told(false, url), [(3, "books.secrets".to_owned())]);
        assert!(told(false, SECRETS).contains(&(3, "books.url".to_owned())));
    }
}
