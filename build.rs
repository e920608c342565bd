//! `proto/` -> `OUT_DIR`, without protoc and without a schema registry.
//!
//! | file | what | included by |
//! |---|---|---|
//! | `turnpike.v1.rs` | messages, clients and servers | `src/rpc/proto.rs` |
//! | `debug.rs` | `Debug` that redacts, for messages with `debug_redact` fields | `src/rpc/proto.rs` |
//! | `validation.rs` | the checks that the annotations state | `src/rpc/validate.rs` |
//! | `turnpike.bin` | the descriptor set, with imports and annotations, for reflection | `src/rpc/proto.rs` |
//! | `client/` | what `clients/rust` has in `src/gen`: the same without servers | `tests/rust_client.rs` |

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use prost::Message;
use prost_reflect::DescriptorPool;
use prost_types::FileDescriptorSet;

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
    let debug = debug::generate(&pool, PACKAGE)?;
    write_client(schemas.clone(), &pool, &debug, &out.join("client"))?;
    tonic_prost_build::configure()
        // Ordered maps: equal messages have equal encodings, which fingerprints rely on.
        .btree_map(".")
        .skip_debug(debug::redacted_messages(&pool, PACKAGE))
        .compile_fds(schemas)?;

    fs::write(out.join("debug.rs"), debug)?;
    fs::write(out.join("validation.rs"), validation::generate(&pool, PACKAGE)?)?;

    compiler.include_source_info(false);
    fs::write(out.join("turnpike.bin"), compiler.encode_file_descriptor_set())?;
    Ok(())
}

/// What `clients/rust` has committed in `src/gen`: the messages and clients, the `Debug` that redacts, and
/// the schema for reading JSON. It must not differ from the server's own, so it is made from the same.
fn write_client(
    mut schemas: FileDescriptorSet,
    pool: &DescriptorPool,
    debug: &str,
    out: &Path,
) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(out)?;
    tonic_prost_build::configure()
        .btree_map(".")
        .skip_debug(debug::redacted_messages(pool, PACKAGE))
        .build_server(false)
        // The layer makes its own connection; a second way to make one would lack all that it adds.
        .build_transport(false)
        .out_dir(out)
        .compile_fds(schemas.clone())?;
    fs::write(out.join("debug.rs"), debug)?;

    for file in &mut schemas.file {
        file.source_code_info = None;
        file.dependency.retain(|name| !name.starts_with("buf/validate/"));
    }
    fs::write(out.join("turnpike.v1.binpb"), schemas.encode_to_vec())?;
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
