//! The generated code of the Rust client, `clients/rust/src/gen`, is what the schema generates.
//!
//! `TURNPIKE_WRITE_GENERATED=1` writes it instead of comparing it.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs, io};

/// The client's code as `build.rs` has just generated it.
const GENERATED: &str = concat!(env!("OUT_DIR"), "/client");
const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/clients/rust/src/gen");

#[test]
fn the_committed_code_is_what_the_schema_generates() {
    let generated = files(GENERATED.as_ref()).expect("build.rs writes the folder");
    assert!(generated.len() >= 3, "{GENERATED} lacks files: {:?}", generated.keys());
    if env::var("TURNPIKE_WRITE_GENERATED").is_ok_and(|value| value == "1") {
        write(&generated, COMMITTED.as_ref()).expect("the folder can be written");
    }

    let committed = files(COMMITTED.as_ref()).expect("the folder is in the repository");
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&committed), names(&generated), "{COMMITTED} has other files");
    for (name, content) in &generated {
        // Not assert_eq: it would print both files.
        assert!(
            committed[name] == *content,
            "{COMMITTED}/{name} is stale: TURNPIKE_WRITE_GENERATED=1 cargo test --test rust_client"
        );
    }
}

/// The files of a folder by name.
fn files(folder: &Path) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        files.insert(entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path())?);
    }
    Ok(files)
}

/// Makes the folder hold these files and no others.
fn write(files: &BTreeMap<String, Vec<u8>>, folder: &Path) -> io::Result<()> {
    fs::remove_dir_all(folder)?;
    fs::create_dir_all(folder)?;
    for (name, content) in files {
        fs::write(folder.join(name), content)?;
    }
    Ok(())
}
