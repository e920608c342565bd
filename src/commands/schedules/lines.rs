//! The file of an import: lines of bounded length, and what each asks for. What is said about a line
//! never holds a value of it.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::path::Path;

use anyhow::Context as _;
use aws_lc_rs::digest::{Context as Hashing, SHA256, digest};
use serde_json::Value;
use turnpike::json::unambiguous;
use turnpike::rpc::json::{self, Unread};
use turnpike::rpc::proto as pb;
use turnpike::rpc::validate::{self, Validate};

/// The longest line, in bytes, without its end.
const LINE_BYTES_MAX: usize = 64 * 1024;
/// The most lines of one file.
const LINES_MAX: u64 = 5_000_000;
/// What the request id of a line gets behind it for the import of its token.
const TOKEN_SUFFIX: &str = "-token";
/// How many request ids that stand twice are told.
const DUPLICATES_TOLD: usize = 20;

/// A line that was refused, by us or by the gateway.
#[derive(Debug)]
pub struct Failure {
    /// Its number, from 1.
    pub line: u64,
    /// Why: a reason of the contract's catalogue, or one of ours about the line itself.
    pub reason: String,
    /// The fields that are wrong, and what is wrong with them.
    pub fields: Vec<(String, String)>,
}

impl Failure {
    /// As a line of JSON, without its end.
    pub fn json(&self) -> String {
        let fields = self.fields.iter();
        let fields: Vec<Value> = fields
            .map(|(field, problem)| serde_json::json!({ "field": field, "problem": problem }))
            .collect();
        serde_json::json!({ "line": self.line, "reason": self.reason, "fields": fields }).to_string()
    }
}

/// What a line asks for.
#[derive(Debug)]
pub struct Wish {
    /// The schedule. Its token is missing when one is to be imported first.
    pub schedule: pb::ScheduleRecurringRequest,
    /// The token to import.
    pub token: Option<pb::ImportTokenRequest>,
}

/// A line that holds something, and its number.
pub struct Numbered {
    /// From 1.
    pub number: u64,
    /// Its bytes; `None` when it is too long.
    text: Option<Vec<u8>>,
}

/// What a first look at the file tells.
pub struct Survey {
    /// SHA-256 of the file, in hexadecimal.
    pub digest: String,
    /// How many lines hold something.
    pub lines: u64,
}

/// Reads a file line by line, each of bounded length.
pub struct Reader {
    file: BufReader<File>,
    number: u64,
    hashing: Hashing,
}

impl Reader {
    /// Begins after so many lines.
    pub fn open(path: &Path, skipped: u64) -> anyhow::Result<Self> {
        let file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
        let mut reader = Self { file: BufReader::new(file), number: 0, hashing: Hashing::new(&SHA256) };
        while reader.number < skipped {
            if reader.line()?.is_none() {
                break;
            }
        }
        Ok(reader)
    }

    /// The next lines, blank ones included so that they are counted; empty at the end.
    pub fn batch(&mut self, size: usize) -> anyhow::Result<Vec<Numbered>> {
        let mut lines = Vec::with_capacity(size);
        while lines.len() < size {
            match self.line()? {
                Some(line) => lines.push(line),
                None => break,
            }
        }
        Ok(lines)
    }

    fn line(&mut self) -> anyhow::Result<Option<Numbered>> {
        let mut text = Vec::new();
        let limit = LINE_BYTES_MAX as u64 + 1;
        self.file.by_ref().take(limit).read_until(b'\n', &mut text).context("reading the file")?;
        if text.is_empty() {
            return Ok(None);
        }
        self.hashing.update(&text);
        self.number += 1;
        anyhow::ensure!(self.number <= LINES_MAX, "the file has more than {LINES_MAX} lines");
        let is_whole = text.last() == Some(&b'\n') || text.len() <= LINE_BYTES_MAX;
        if !is_whole {
            self.pass_over()?;
        }
        Ok(Some(Numbered { number: self.number, text: is_whole.then_some(text) }))
    }

    /// Goes on to the end of the line without keeping it.
    fn pass_over(&mut self) -> anyhow::Result<()> {
        loop {
            let read = self.file.fill_buf().context("reading the file")?;
            let end = read.iter().position(|byte| *byte == b'\n');
            let passed = end.map_or(read.len(), |end| end + 1);
            let is_over = end.is_some() || read.is_empty();
            self.hashing.update(&read[..passed]);
            self.file.consume(passed);
            if is_over {
                return Ok(());
            }
        }
    }
}

/// Reads the whole file once: a request id that stands twice would be one schedule where two are
/// meant, so nothing is sent then.
pub fn survey(path: &Path) -> anyhow::Result<Survey> {
    let mut reader = Reader::open(path, 0)?;
    let mut ids = HashSet::new();
    let mut twice = Vec::new();
    let mut lines = 0;
    while let Some(line) = reader.line()? {
        if line.is_blank() {
            continue;
        }
        lines += 1;
        // What else is wrong with a line is told when its turn comes.
        let Ok(wish) = line.wish() else { continue };
        let token = wish.token.as_ref().map(|token| token.request_id.as_str());
        for id in [Some(wish.schedule.request_id.as_str()), token].into_iter().flatten() {
            if !ids.insert(short(id)) {
                twice.push(line.number);
            }
        }
    }
    if !twice.is_empty() {
        let told: Vec<String> = twice.iter().take(DUPLICATES_TOLD).map(u64::to_string).collect();
        anyhow::bail!(
            "{} lines have the request_id of an earlier line, so nothing was sent: {}{}",
            twice.len(),
            told.join(", "),
            if twice.len() > DUPLICATES_TOLD { " and more" } else { "" }
        );
    }
    let digest = reader.hashing.finish();
    Ok(Survey { digest: digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect(), lines })
}

/// Enough of a hash to tell millions of ids apart.
fn short(id: &str) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&digest(&SHA256, id.as_bytes()).as_ref()[..16]);
    short
}

impl Numbered {
    /// Whether it holds nothing.
    pub fn is_blank(&self) -> bool {
        self.text.as_ref().is_some_and(|text| text.trim_ascii().is_empty())
    }

    /// What it asks for.
    pub fn wish(&self) -> Result<Wish, Failure> {
        let failure = |reason: &str, fields| Failure { line: self.number, reason: reason.to_owned(), fields };
        let Some(text) = &self.text else { return Err(failure("LINE_TOO_LONG", Vec::new())) };
        let value = unambiguous(text).map_err(|unread| {
            let (reason, _) = wrong_form(unread.into(), "");
            failure(reason, Vec::new())
        })?;
        let Value::Object(mut object) = value else {
            return Err(failure("NOT_A_JSON_OBJECT", Vec::new()));
        };
        let token = ["import_token", "importToken"].into_iter().find_map(|name| object.remove(name));
        let refused = |unread, prefix| {
            let (reason, fields) = wrong_form(unread, prefix);
            failure(reason, fields)
        };
        let schedule: pb::ScheduleRecurringRequest =
            json::request("RecurringService/ScheduleRecurring", &Value::Object(object))
                .map_err(|unread| refused(unread, ""))?;
        let token = match token {
            None => None,
            Some(token) => {
                let mut token: pb::ImportTokenRequest = json::request("TokenService/ImportToken", &token)
                    .map_err(|unread| refused(unread, "import_token"))?;
                if token.request_id.is_empty() {
                    token.request_id = format!("{}{TOKEN_SUFFIX}", schedule.request_id);
                }
                Some(token)
            }
        };
        let wish = Wish { schedule, token };
        match wrong(&wish) {
            fields if fields.is_empty() => Ok(wish),
            fields => Err(failure("INVALID_FIELD", fields)),
        }
    }
}

fn at(field: &str, problem: &str) -> Vec<(String, String)> {
    vec![(field.to_owned(), problem.to_owned())]
}

/// What is wrong with the form of a line. The gateway checks the same and more.
fn wrong(wish: &Wish) -> Vec<(String, String)> {
    let mut fields = violations(&wish.schedule, "");
    if wish.schedule.validate_only {
        fields.extend(at("validate_only", "is what --dry-run says"));
    }
    let Some(token) = &wish.token else { return fields };
    fields.extend(violations(token, "import_token."));
    if wish.schedule.terms.as_ref().is_some_and(|terms| !terms.token_id.is_empty()) {
        fields.extend(at("import_token", "excludes terms.token_id"));
    }
    fields
}

fn violations(message: &impl Validate, prefix: &str) -> Vec<(String, String)> {
    let violations = validate::check(message).err().unwrap_or_default().into_iter();
    violations.map(|wrong| (format!("{prefix}{}", wrong.field), wrong.description.to_owned())).collect()
}

/// The reason of a line that could not be read, and the fields, below the one that the message stands in.
fn wrong_form(unread: Unread, prefix: &str) -> (&'static str, Vec<(String, String)>) {
    let reason = match unread {
        Unread::Text(_) => "NOT_A_JSON_OBJECT",
        Unread::UnknownNames(_) => "UNKNOWN_FIELD",
        Unread::Ambiguous(_) => "AMBIGUOUS_FIELD",
        Unread::WrongKind(_) => "WRONG_TYPE",
    };
    let path = |field: String| match (prefix, field.as_str()) {
        ("", _) => field,
        (_, "") => prefix.to_owned(),
        (_, _) => format!("{prefix}.{field}"),
    };
    let fields = unread.fields().into_iter();
    (reason, fields.map(|wrong| (path(wrong.field), wrong.problem)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Numbered {
        Numbered { number: 7, text: Some(text.as_bytes().to_vec()) }
    }

    fn refused(text: &str) -> (String, Vec<String>) {
        let failure = line(text).wish().expect_err("refused");
        assert!(!failure.json().contains("canary"), "{}", failure.json());
        (failure.reason, failure.fields.into_iter().map(|(field, _)| field).collect())
    }

    #[test]
    fn a_line_is_read_strictly_and_the_field_is_named() {
        let wish = line(
            r#"{"requestId":"r-1","terms":{"money":{"amount_minor":"500","currencyCode":"NOK"},
                "cadence":{"months":1}},"import_token":{"account":"shop","provider_token":{"values":
                [{"value":"canary"}]}}}"#,
        );
        let wish = wish.wish().expect("fine");
        assert_eq!(wish.schedule.request_id, "r-1");
        assert_eq!(wish.token.expect("a token").request_id, "r-1-token");
        let of = |reason: &str, field: &str| (reason.to_owned(), vec![field.to_owned()]);
        assert_eq!(refused(r#"{"request_id":"r","trems":"canary"}"#), of("UNKNOWN_FIELD", "trems"));
        assert_eq!(
            refused(r#"{"request_id":"r","terms":{"money":{"amount":1}}}"#),
            of("UNKNOWN_FIELD", "terms.money.amount")
        );
        assert_eq!(
            refused(r#"{"request_id":"r","terms":{"cadence":{"months":"canary"}}}"#),
            of("WRONG_TYPE", "terms.cadence.months")
        );
        assert_eq!(
            refused(r#"{"request_id":"r","import_token":{"account":["canary"]}}"#),
            of("WRONG_TYPE", "import_token.account")
        );
        assert_eq!(
            refused(r#"{"terms":{"token_id":"canary"}}"#),
            ("INVALID_FIELD".to_owned(), ["request_id", "terms.token_id"].map(str::to_owned).to_vec())
        );
        assert_eq!(refused("[1]").0, "NOT_A_JSON_OBJECT");
        assert_eq!(refused(r#"{"request_id":"r","request_id":"canary"}"#).0, "AMBIGUOUS_FIELD");
        assert_eq!(
            refused(r#"{"request_id":"r","import_token":{"requestId":"canary","request_id":"canary"}}"#),
            of("AMBIGUOUS_FIELD", "import_token.request_id")
        );
        assert_eq!(Numbered { number: 1, text: None }.wish().expect_err("long").reason, "LINE_TOO_LONG");
    }

    #[test]
    fn lines_are_bounded_and_counted() {
        let held = tempfile::tempdir().expect("a directory");
        let path = held.path().join("lines");
        let long = "x".repeat(3 * LINE_BYTES_MAX);
        let fits = "y".repeat(LINE_BYTES_MAX);
        std::fs::write(&path, format!("a\n\n{long}\n{fits}\nlast")).expect("written");
        let mut reader = Reader::open(&path, 0).expect("opens");
        let lines = reader.batch(10).expect("read");
        let seen: Vec<_> =
            lines.iter().map(|line| (line.number, line.text.is_some(), line.is_blank())).collect();
        assert_eq!(
            seen,
            [(1, true, false), (2, true, true), (3, false, false), (4, true, false), (5, true, false)]
        );
        assert_eq!(Reader::open(&path, 3).expect("opens").batch(1).expect("read")[0].number, 4);
        let digest = reader.hashing.finish();
        let whole = super::digest(&SHA256, &std::fs::read(&path).expect("read"));
        assert_eq!(digest.as_ref(), whole.as_ref());
    }
}
