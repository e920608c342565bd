//! A call of a provider's, and what `turnpike inspect webhook` says of it.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

/// What must never be printed: the tokens, mail addresses and card numbers of the samples.
const SECRETS: [&str; 5] = ["e0000000000000", "6f1d7c1e-5a0b", "@example", "4111*", "cbk_EXAMPLE"];

/// A call as it arrives, and the account that it arrives at.
#[derive(Clone)]
pub struct Call {
    pub provider: &'static str,
    /// Settings of the account, NAME=VALUE.
    pub settings: Vec<String>,
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub at: &'static str,
}

impl Call {
    pub fn post(provider: &'static str, body: Vec<u8>) -> Self {
        Self {
            provider,
            settings: Vec::new(),
            method: "POST".to_owned(),
            url: format!("https://gateway.example/in/{provider}"),
            headers: Vec::new(),
            body,
            at: "2026-11-21T10:01:25Z",
        }
    }

    /// The account with another setting, or without it.
    pub fn setting(&self, name: &str, value: Option<&str>) -> Self {
        let mut changed = self.clone();
        changed.settings.retain(|setting| !setting.starts_with(&format!("{name}=")));
        changed.settings.extend(value.map(|value| format!("{name}={value}")));
        changed
    }

    /// The call with another header, or without it.
    pub fn header(&self, name: &str, value: Option<&str>) -> Self {
        let mut changed = self.clone();
        changed.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        changed.headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        changed
    }

    /// The value of a header that is there.
    pub fn value(&self, name: &str) -> String {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.unwrap_or_else(|| panic!("no header {name}")).1.clone()
    }

    pub fn with_body(&self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self.clone() }
    }

    pub fn with_url(&self, url: impl Into<String>) -> Self {
        Self { url: url.into(), ..self.clone() }
    }

    pub fn with_method(&self, method: &str) -> Self {
        Self { method: method.to_owned(), ..self.clone() }
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("text")
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// The call with its JSON body changed.
    pub fn changed(&self, change: impl FnOnce(&mut Value)) -> Self {
        let mut body = self.json();
        change(&mut body);
        self.with_body(body.to_string())
    }

    /// What the command prints for a provider's example account with the settings.
    pub fn inspect(&self, asked: Option<&str>) -> Value {
        let settings = self.settings.iter().flat_map(|setting| ["--setting", setting]);
        let whose: Vec<&str> = ["--provider", self.provider].into_iter().chain(settings).collect();
        let line = self.inspect_with(&whose, asked);
        line.unwrap_or_else(|code| panic!("exit status {code:?} for {} {}", self.method, self.url))
    }

    /// The same for whatever account the arguments name; the exit status where that is not 0.
    pub fn inspect_with(&self, whose: &[&str], asked: Option<&str>) -> Result<Value, Option<i32>> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_turnpike"));
        command.args(["inspect", "webhook"]).args(whose);
        command.args(["--method", &self.method, "--url", &self.url]);
        if !whose.contains(&"--at") {
            command.args(["--at", self.at]);
        }
        for (name, value) in &self.headers {
            command.arg("--header").arg(format!("{name}: {value}"));
        }
        if let Some(asked) = asked {
            command.args(["--asked", asked]);
        }
        command.env_remove("TURNPIKE_CONFIG");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the command");
        // Whoever is used wrongly does not read its input.
        let _ = child.stdin.take().expect("its input").write_all(&self.body);
        let output = child.wait_with_output().expect("its output");
        if !output.status.success() {
            return Err(output.status.code());
        }
        let text = String::from_utf8(output.stdout).expect("text");
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(text.lines().count(), 1, "one line: {text}");
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        Ok(serde_json::from_str(&text).expect("JSON"))
    }
}

/// What a sample must be judged as.
pub struct Row {
    /// What the payment asked for, where the notice is compared with it.
    pub asked: Option<String>,
    /// The line: of `outcome` and `cards` whatever is named, of everything else all.
    pub expect: Value,
}

impl Row {
    /// The word for what the sample proves.
    pub fn news(&self) -> &str {
        self.expect["news"].as_str().expect("news")
    }

    /// Where a line is not what the row expects.
    pub fn differences(&self, line: &Value) -> Option<String> {
        let mut expected = self.expect.clone();
        let mut line = line.clone();
        // It is a digest; that it tells news from repeats is looked at elsewhere.
        line.as_object_mut().expect("an object").remove("key");
        for name in ["outcome", "cards"] {
            if contains(&line[name], &expected[name]) {
                line[name] = Value::Null;
                expected[name] = Value::Null;
            }
        }
        (line != expected).then(|| format!("{line} is not {expected}"))
    }
}

/// Whether a value has all that is expected of it. What is there although nothing is expected is too much.
fn contains(value: &Value, expected: &Value) -> bool {
    match (value, expected) {
        (Value::Object(value), Value::Object(expected)) => expected
            .iter()
            .all(|(name, expected)| value.get(name).is_some_and(|value| contains(value, expected))),
        (Value::Array(value), Value::Array(expected)) => {
            value.len() == expected.len()
                && value.iter().zip(expected).all(|(value, expected)| contains(value, expected))
        }
        _ => value == expected,
    }
}

/// A call that is not the sample, and what it has to come to.
pub struct Attack {
    what: String,
    call: Call,
    expect: Expect,
}

enum Expect {
    /// Not believed, for this reason, with this status.
    Refused(&'static str, u16),
    /// Genuine, and worth this.
    Told(&'static str),
    /// Word for word what the sample was judged as: what was changed counts for nothing.
    Same,
    /// Genuine, and not what was asked.
    Quarantined,
}

impl Attack {
    pub fn refused(what: impl Into<String>, call: Call, word: &'static str, status: u16) -> Self {
        Self { what: what.into(), call, expect: Expect::Refused(word, status) }
    }

    pub fn forged(what: impl Into<String>, call: Call) -> Self {
        Self::refused(what, call, "forged", 401)
    }

    pub fn unsigned(what: impl Into<String>, call: Call) -> Self {
        Self::refused(what, call, "unsigned", 401)
    }

    pub fn malformed(what: impl Into<String>, call: Call) -> Self {
        Self::refused(what, call, "malformed", 400)
    }

    pub fn foreign(what: impl Into<String>, call: Call) -> Self {
        Self::refused(what, call, "foreign", 403)
    }

    pub fn told(what: impl Into<String>, call: Call, news: &'static str) -> Self {
        Self { what: what.into(), call, expect: Expect::Told(news) }
    }

    pub fn same(what: impl Into<String>, call: Call) -> Self {
        Self { what: what.into(), call, expect: Expect::Same }
    }

    pub fn quarantined(what: impl Into<String>, call: Call) -> Self {
        Self { what: what.into(), call, expect: Expect::Quarantined }
    }

    /// The same attack where a refusal has another status than usual.
    pub fn answered(mut self, status: u16) -> Self {
        if let Expect::Refused(_, expected) = &mut self.expect {
            *expected = status;
        }
        self
    }

    /// What is wrong with how it was judged.
    pub fn failure(&self, genuine: &Call, line: &Value, row: &Row) -> Option<String> {
        let Self { what, call, expect } = self;
        let got = call.inspect(row.asked.as_deref());
        let is_right = match expect {
            Expect::Refused(word, status) => {
                got["verdict"] == *word
                    && got["answer"]["status"] == *status
                    && got.as_object().is_some_and(|fields| fields.len() == 2)
            }
            Expect::Told(news) => got["verdict"] == "genuine" && got["news"] == *news,
            Expect::Same => got == *line,
            Expect::Quarantined => got["verdict"] == "genuine" && got["outcome"]["status"] == "QUARANTINED",
        };
        (!is_right).then(|| {
            let is_changed = call.body != genuine.body || call.url != genuine.url;
            format!("{what} (changed: {is_changed}): {got}")
        })
    }
}

/// Lower-case hexadecimal digits.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A text with its last character replaced by another one of the same sort.
pub fn altered(text: &str) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    match characters.last_mut() {
        Some(last) => *last = if *last == '1' { '2' } else { '1' },
        None => characters.push('1'),
    }
    characters.into_iter().collect()
}
