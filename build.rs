//! `proto/` -> `OUT_DIR`, without protoc and without a schema registry.
//!
//! | file | what | included by |
//! |---|---|---|
//! | `turnpike.v1.rs` | messages, clients and servers | `src/rpc/proto.rs` |
//! | `debug.rs` | `Debug` that redacts, for messages with `debug_redact` fields | `src/rpc/proto.rs` |
//! | `validation.rs` | the checks that the annotations state | `src/rpc/validate.rs` |
//! | `turnpike.bin` | the descriptor set, with imports and annotations, for reflection | `src/rpc/proto.rs` |

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

#[path = "src/rpc/generate/debug.rs"]
mod debug;
#[path = "src/rpc/generate/validation.rs"]
mod validation;

const PACKAGE: &str = "turnpike.v1";
const INCLUDES: [&str; 2] = ["proto", "proto/third_party"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let out = PathBuf::from(env::var("OUT_DIR")?);

    let mut compiler = protox::Compiler::new(INCLUDES)?;
    compiler.include_imports(true).include_source_info(true);
    // The Debug form of the error points at the line in the schema.
    compiler.open_files(schemas("proto/turnpike/v1")?).map_err(|e| format!("{e:?}"))?;
    let pool = compiler.descriptor_pool();

    // prost-types knows no extensions, so this set lacks the annotations; code does not need them.
    let mut schemas = compiler.file_descriptor_set();
    schemas.file.retain(|file| file.package() != "buf.validate");
    tonic_prost_build::configure()
        // Ordered maps: equal messages have equal encodings, which fingerprints rely on.
        .btree_map(".")
        .skip_debug(debug::redacted_messages(&pool, PACKAGE))
        .compile_fds(schemas)?;

    fs::write(out.join("debug.rs"), debug::generate(&pool, PACKAGE)?)?;
    fs::write(out.join("validation.rs"), validation::generate(&pool, PACKAGE)?)?;

    compiler.include_source_info(false);
    fs::write(out.join("turnpike.bin"), compiler.encode_file_descriptor_set())?;
    Ok(())
}

/// The schema files of a folder, in the order of their names.
fn schemas(folder: impl AsRef<Path>) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
