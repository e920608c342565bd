//! `config.example.toml` is true: it parses as it stands and with every option switched on, and no
//! option that the code reads is missing from it. The configuration that the README uses parses too.

use std::path::Path;

use turnpike::config::{self, Secrets};
use turnpike::providers::registry::PROVIDERS;

/// Answers every question for a secret with something plausible.
struct Plausible;

impl Secrets for Plausible {
    fn file(&self, path: &str) -> Result<String, String> {
        if let Some(name) = path.strip_prefix("tls/") {
            // The example's names, and the certificates of the tests.
            let name = if name == "clients.pem" { "ca.pem" } else { name };
            return std::fs::read_to_string(root().join("tests/tls").join(name)).map_err(|e| e.to_string());
        }
        if path.starts_with("keys/") && path.ends_with(".pem") {
            // A private key has to be one: some provider's example has it.
            let mut examples = PROVIDERS.iter().flat_map(|entry| entry.example);
            let key = examples.find(|(name, _)| *name == "private_key").ok_or("no example has a key")?;
            return Ok(key.1.to_owned());
        }
        if path.starts_with("keys/webhooks-") {
            return Ok("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        }
        Ok(if path.contains("journal") { "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=" } else { "secret" }
            .to_owned())
    }

    fn variable(&self, _: &str) -> Result<String, String> {
        Ok("secret".to_owned())
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn example() -> String {
    std::fs::read_to_string(root().join("config.example.toml")).expect("the example is there")
}

/// A commented-out option, without its comment sign.
fn option(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("# ")?;
    let (name, _) = rest.split_once(" = ")?;
    name.bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        .then_some(rest)
}

fn assert_fine(text: &str) {
    if let Err(mistakes) = config::parse(text, &Plausible) {
        let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        panic!("{}", told.join("\n"));
    }
}

#[test]
fn it_parses_as_it_stands() {
    assert_fine(&example());
}

#[test]
fn it_parses_with_every_option_switched_on() {
    let text = example();
    let set: Vec<&str> = text.lines().map(|line| option(line).unwrap_or(line)).collect();
    assert!(text.lines().filter(|line| option(line).is_some()).count() > 40, "options are commented out");
    // What the example sets and shows the default of as well stands twice then.
    assert_fine(&set.join("\n"));
}

#[test]
fn options_with_more_than_one_form_parse_in_each() {
    let with = |from: &str, to: &str| {
        let text = example();
        assert!(text.contains(from), "{from} is in the example");
        assert_fine(&text.replace(from, to));
    };
    for origins in ["[]", r#"["dev"]"#, r#"["https://shop.example", "http://localhost:3000", "dev"]"#] {
        with(r#"# allowed_origins = ["https://shop.example"]"#, &format!("allowed_origins = {origins}"));
    }
    with("# calls_per_second = 100", "calls_per_second = 0");
    with("calls_per_second = 20, burst = 40", "burst = 40, calls_per_second = 1000000");
}

#[test]
fn the_configuration_of_the_readme_parses() {
    let path = root().join("docs/two-processes.toml");
    assert_fine(&std::fs::read_to_string(path).expect("the README's configuration is there"));
}

/// Whether the example has an option or a table of this name, set or commented out.
fn mentions(text: &str, name: &str) -> bool {
    let set = format!("{name} = ");
    text.lines().any(|line| {
        let line = line.strip_prefix("# ").unwrap_or(line);
        let header = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        line.starts_with(&set)
            || line.contains(&format!("{{ {set}"))
            || line.contains(&format!(", {set}"))
            || header.is_some_and(|header| header.split('.').any(|part| part == name))
    })
}

/// Names that the source passes to the readers of options.
fn names_read(source: &str) -> Vec<String> {
    const READERS: &[&str] = &[
        "text(",
        "text_or(",
        "text_maybe(",
        "flag(",
        "flag_or(",
        "integer_or(",
        "count_or(",
        "milliseconds_or(",
        "texts(",
        "list(",
        "choice(",
        "secret(",
        "secret_maybe(",
        "secrets(",
        "url(",
        "url_or(",
        "table(",
        "tables(",
        "has(",
    ];
    let receivers = ["table.", "settings.", "entry.", "plan.", "merchant."];
    let on_receivers =
        READERS.iter().flat_map(|reader| receivers.map(|receiver| format!("{receiver}{reader}")));
    // A closure of the table with the certificates.
    let calls = on_receivers.chain([": file(".to_owned()]);
    let mut names = Vec::new();
    for call in calls {
        for rest in source.split(call.as_str()).skip(1) {
            let argument = rest.trim_start();
            if let Some(name) = argument.strip_prefix('"').and_then(|text| text.split('"').next()) {
                names.push(name.to_owned());
            }
        }
    }
    names
}

#[test]
fn every_option_of_the_code_is_in_it() {
    let text = example();
    let mut files = vec![root().join("src/config.rs"), root().join("src/config/endpoints.rs")];
    for provider in PROVIDERS {
        let folder = root().join("src/providers").join(provider.profile.name);
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    let mut read = 0;
    for file in files {
        let source = std::fs::read_to_string(&file).expect("readable");
        for name in names_read(&source) {
            read += 1;
            assert!(
                mentions(&text, &name),
                "{name}, read in {}, is not in config.example.toml",
                file.display()
            );
        }
    }
    assert!(read > 60, "only {read} options were found in the source");
}
