//! What the documents say is so: the matrix is the code's, and links lead somewhere.

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_matrix_is_printed_from_the_code() {
    let printed = Command::new(env!("CARGO_BIN_EXE_turnpike"))
        .args(["capabilities", "--markdown"])
        .output()
        .expect("the binary runs");
    let printed = String::from_utf8(printed.stdout).expect("UTF-8");
    let readme = std::fs::read_to_string(root().join("README.md")).expect("a README");
    let shown = readme
        .split_once("<!-- capabilities -->")
        .and_then(|(_, rest)| rest.split_once("<!-- /capabilities -->"))
        .map(|(shown, _)| shown.trim())
        .expect("the markers are there");
    assert_eq!(shown, printed.trim(), "copy the output of `turnpike capabilities --markdown`");
}

fn documents(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("readable") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if path.is_dir() && !["target", "node_modules", ".git", ".turnpike"].contains(&name.as_str()) {
            documents(&path, found);
        } else if name.ends_with(".md") {
            found.push(path);
        }
    }
}

#[test]
fn links_lead_somewhere() {
    let mut found = Vec::new();
    documents(root(), &mut found);
    let mut broken = Vec::new();
    let mut looked_at = 0;
    for document in found {
        let text = std::fs::read_to_string(&document).expect("readable");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") || link.starts_with('#') {
                continue;
            }
            looked_at += 1;
            let target = document.parent().expect("a folder").join(link.split('#').next().unwrap_or(link));
            if !target.exists() {
                broken.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert!(looked_at > 5, "only {looked_at} links were found");
    assert!(broken.is_empty(), "{broken:#?}");
}
