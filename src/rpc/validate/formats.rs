//! The well-known formats of the annotations: URIs, e-mail addresses and IP addresses, as the
//! protovalidate specification defines them. Syntax only: nothing is looked up.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Whether the text is an absolute URI of RFC 3986, also with a zone in an IPv6 host (RFC 6874).
pub fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let mut letters = scheme.bytes();
    if !letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        || !letters.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    {
        return false;
    }
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            (Some(authority), path)
        }
        None => (None, rest),
    };
    let is_in_query = |b| is_in_path(b) || b == b'?';
    has_only(path, is_in_path)
        && has_only(query, is_in_query)
        && has_only(fragment, is_in_query)
        && authority.is_none_or(is_authority)
}

/// Whether the text is an e-mail address as HTML defines it, with a domain of at most 253 characters.
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    !local.is_empty()
        && local.bytes().all(|b| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b))
        && domain.len() <= 253
        && domain.split('.').all(is_domain_label)
}

/// Whether the text is an IPv4 address, or an IPv6 address with or without a zone.
pub fn is_ip(text: &str) -> bool {
    let (address, zone) = text.split_once('%').unwrap_or((text, "none"));
    match text.parse::<Ipv4Addr>() {
        Ok(_) => true,
        Err(_) => !zone.is_empty() && address.parse::<Ipv6Addr>().is_ok(),
    }
}

fn is_domain_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn is_authority(authority: &str) -> bool {
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    if !has_only(user, |b| is_in_name(b) || b == b':') {
        return false;
    }
    let (host_is_fine, port) = match host.strip_prefix('[') {
        Some(literal) => match literal.split_once(']') {
            Some((address, "")) => (is_ip_literal(address), ""),
            Some((address, rest)) => match rest.strip_prefix(':') {
                Some(port) => (is_ip_literal(address), port),
                None => return false,
            },
            None => return false,
        },
        None => {
            let (name, port) = host.split_once(':').unwrap_or((host, ""));
            (has_only(name, is_in_name) && decodes_to_utf8(name), port)
        }
    };
    host_is_fine && port.bytes().all(|b| b.is_ascii_digit())
}

/// What stands in brackets: an IPv6 address, one with a zone, or the form for the future.
fn is_ip_literal(literal: &str) -> bool {
    if let Some(future) = literal.strip_prefix(['v', 'V']) {
        return future.split_once('.').is_some_and(|(version, address)| {
            !version.is_empty()
                && version.bytes().all(|b| b.is_ascii_hexdigit())
                && !address.is_empty()
                && address.bytes().all(|b| is_unreserved(b) || is_sub_delimiter(b) || b == b':')
        });
    }
    match literal.split_once("%25") {
        Some((address, zone)) => {
            address.parse::<Ipv6Addr>().is_ok()
                && !zone.is_empty()
                && has_only(zone, is_unreserved)
                && decodes_to_utf8(zone)
        }
        None => literal.parse::<Ipv6Addr>().is_ok(),
    }
}

/// Whether every byte is allowed or part of a percent-encoded byte.
fn has_only(text: &str, is_allowed: impl Fn(u8) -> bool) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let fine = match byte {
            b'%' => {
                let digits = [bytes.next(), bytes.next()];
                digits.iter().all(|digit| digit.is_some_and(|digit| digit.is_ascii_hexdigit()))
            }
            byte => is_allowed(byte),
        };
        if !fine {
            return false;
        }
    }
    true
}

/// Whether text whose percent-encoding is right stands for UTF-8.
fn decodes_to_utf8(text: &str) -> bool {
    if !text.contains('%') {
        return true;
    }
    let (mut bytes, mut decoded) = (text.bytes(), Vec::with_capacity(text.len()));
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let mut digit = || bytes.next().and_then(|b| char::from(b).to_digit(16)).unwrap_or(0);
                (digit() * 16 + digit()) as u8
            }
            byte => byte,
        });
    }
    std::str::from_utf8(&decoded).is_ok()
}

fn is_in_path(byte: u8) -> bool {
    is_in_name(byte) || matches!(byte, b':' | b'@' | b'/')
}

fn is_in_name(byte: u8) -> bool {
    is_unreserved(byte) || is_sub_delimiter(byte)
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn is_sub_delimiter(byte: u8) -> bool {
    b"!$&'()*+,;=".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris() {
        let good = [
            "https://shop.example/return?order=77&x=%C3%A9#top",
            "http://127.0.0.1:8080/",
            "http://[::1]:8080/a",
            "http://[fe80::1%25eth0]/",
            "http://[v1.fe:x]/",
            "shopeepayid://pay?token=abc",
            "myapp:return",
            "https://user:word@host",
            "https://",
        ];
        let bad = [
            "",
            "shop.example/return",
            "//shop.example",
            "https://shop.example/a b",
            "1app:x",
            "https://shop.example/%G0",
            "https://shop.example/%2",
            "https://ho st/",
            "https://a:b/",
            "http://[::1",
            "http://[::1]x",
            "http://[::1%25]/",
            "https://%ff.example/",
            "https://é.example",
            "https://shop.example/{id}",
            "https://shop.example/a\nb",
            "https://a#b#c",
        ];
        good.iter().for_each(|text| assert!(is_uri(text), "{text}"));
        bad.iter().for_each(|text| assert!(!is_uri(text), "{text}"));
    }

    #[test]
    fn emails() {
        let good = ["a@b", "first.last+tag@shop.example", "a@1.2.3.4", "!#$%&'*+/=?^_`{|}~-@x.y"];
        let bad = ["", "a", "@b", "a@", "a@b.", "a@-b", "a@b-", "a@b@c", "a b@c", "é@b", "a@é", "\"a\"@b"];
        good.iter().for_each(|text| assert!(is_email(text), "{text}"));
        bad.iter().for_each(|text| assert!(!is_email(text), "{text}"));
        assert!(!is_email(&format!("a@{}", "b".repeat(64))));
    }

    #[test]
    fn ip_addresses() {
        let good = ["127.0.0.1", "::1", "2001:db8::1", "fe80::1%eth0"];
        let bad = ["", "127.0.0", "127.0.0.1%x", "1.2.3.4.5", "fe80::1%", "[::1]", " ::1", "localhost"];
        good.iter().for_each(|text| assert!(is_ip(text), "{text}"));
        bad.iter().for_each(|text| assert!(!is_ip(text), "{text}"));
    }
}
