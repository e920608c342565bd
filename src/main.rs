//! The `turnpike` command.

mod commands;

use clap::Parser as _;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    // One crypto provider for the whole process, named, so that no build can mix two.
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        eprintln!("turnpike: a crypto provider was installed before the start");
        return std::process::ExitCode::FAILURE;
    }
    commands::Turnpike::parse().run()
}
