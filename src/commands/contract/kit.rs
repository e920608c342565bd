//! Where the stories come from: a folder, or the program itself.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};
use aws_lc_rs::rand;
use serde_json::{Map, Value};

use super::matching::{self, Values};
use super::story::Story;

macro_rules! stories {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../contract/stories/", $name, ".json")))),*]
    };
}

/// The accounts that the program carries.
const ACCOUNTS: &str = include_str!("../../../contract/accounts.json");
/// The stories that the program carries, by name.
const STORIES: &[(&str, &str)] = stories![
    "a_customer_gives_up",
    "a_decline_is_an_answer",
    "a_decline_on_the_page",
    "a_schedule_charges_when_it_is_due",
    "a_session_is_cancelled",
    "accounts_say_what_they_can",
    "an_unknown_outcome_is_told_and_found",
    "another_amount_is_quarantined",
    "charge_a_saved_card",
    "nothing_was_sent",
    "reserve_capture_and_refund",
    "save_a_card_without_paying",
    "tokens_are_listed_imported_and_deleted",
    "unknown_things_are_not_found",
    "void_an_authorization",
    "what_a_provider_cannot_do_is_refused",
    "wrong_requests_say_what_is_wrong",
];

/// How many random bytes a telling's own word is made of.
const RUN_BYTES: usize = 6;

/// The stories, and the accounts that they are told for.
pub struct Kit {
    /// In the order of their names.
    pub stories: Vec<Story>,
    accounts: Map<String, Value>,
}

impl Kit {
    /// What the program carries.
    ///
    /// # Errors
    /// None in a build whose tests passed.
    pub fn carried() -> anyhow::Result<Self> {
        Self::of(STORIES.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())), ACCOUNTS)
    }

    /// What a folder holds.
    ///
    /// # Errors
    /// What is not there, or not as the format says.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let mut stories = Vec::new();
        for entry in fs::read_dir(folder.join("stories")).context("stories")? {
            let path = entry?.path();
            let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
            if path.extension().is_some_and(|extension| extension == "json") {
                let text = fs::read_to_string(&path).with_context(|| name.clone())?;
                stories.push((name, text));
            }
        }
        stories.sort();
        let accounts = fs::read_to_string(folder.join("accounts.json")).context("accounts.json")?;
        Self::of(stories, &accounts)
    }

    fn of(stories: impl IntoIterator<Item = (String, String)>, accounts: &str) -> anyhow::Result<Self> {
        let accounts: Map<String, Value> = serde_json::from_str(accounts).context("accounts.json")?;
        let mut read = Vec::new();
        for (name, text) in stories {
            let story = Story::read(&name, &text).with_context(|| format!("the story {name}"))?;
            for account in &story.accounts {
                ensure!(accounts.contains_key(account), "the story {name} has the unknown account {account}");
            }
            read.push(story);
        }
        ensure!(!read.is_empty(), "there are no stories");
        Ok(Self { stories: read, accounts })
    }

    /// What a telling knows when it begins: the account's values, and a word of its own.
    ///
    /// # Errors
    /// When the machine has no random numbers.
    pub fn values(&self, account: &str) -> anyhow::Result<Values> {
        let mut values = match self.accounts.get(account) {
            Some(fields) => matching::of_account(account, fields)?,
            None => Values::default(),
        };
        let mut bytes = [0; RUN_BYTES];
        rand::fill(&mut bytes).context("random bytes")?;
        let run: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        values.set("run", run.into());
        Ok(values)
    }
}

/// Writes what the program carries into a new folder.
///
/// # Errors
/// A folder that is there already or cannot be made.
pub fn export(folder: &Path) -> anyhow::Result<()> {
    ensure!(!folder.exists(), "{} is there already", folder.display());
    let stories = folder.join("stories");
    fs::create_dir_all(&stories).with_context(|| format!("making {}", stories.display()))?;
    for (name, text) in STORIES {
        fs::write(stories.join(format!("{name}.json")), text).context("writing a story")?;
    }
    fs::write(folder.join("accounts.json"), ACCOUNTS).context("writing the accounts")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use prost_reflect::DescriptorPool;
    use turnpike::rpc::proto::DESCRIPTOR_SET;

    use super::*;

    #[test]
    fn every_rpc_is_called_in_some_story() {
        let kit = Kit::carried().expect("the stories are as the format says");
        let called: BTreeSet<&str> =
            kit.stories.iter().flat_map(|story| &story.steps).map(|step| step.call.as_str()).collect();
        let contract = DescriptorPool::decode(DESCRIPTOR_SET).expect("the contract");
        let services = contract.services().filter(|service| service.package_name() == "turnpike.v1");
        for service in services {
            for method in service.methods() {
                let name = format!("{}/{}", service.name(), method.name());
                assert!(called.contains(name.as_str()), "no story calls {name}");
            }
        }
    }

    #[test]
    fn every_story_of_the_folder_is_carried() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/contract/stories");
        let files = fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("a file").file_name());
        let files: BTreeSet<String> = files.map(|name| name.to_string_lossy().into_owned()).collect();
        let carried: BTreeSet<String> = STORIES.iter().map(|(name, _)| format!("{name}.json")).collect();
        assert_eq!(files, carried);
        assert!(STORIES.is_sorted(), "in the order of their names");
    }

    #[test]
    fn what_is_exported_reads_back() {
        let folder = std::env::temp_dir().join(format!("turnpike-contract-{}", std::process::id()));
        export(&folder).expect("exported");
        assert!(export(&folder).is_err(), "nothing is written over");
        let (read, carried) = (Kit::read(&folder).expect("reads back"), Kit::carried().expect("carried"));
        fs::remove_dir_all(&folder).expect("removed");
        assert_eq!(read.stories.len(), carried.stories.len());
        assert_eq!(read.accounts, carried.accounts);
    }
}
