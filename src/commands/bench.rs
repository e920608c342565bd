//! `turnpike bench`: the gateway beside its references, in one run.

use clap::Args;
use turnpike::bench::{self, Options};

/// Measures the gateway beside its references in one run and prints the ratios.
#[derive(Debug, Args)]
pub struct Bench {
    #[command(flatten)]
    options: Options,
}

impl Bench {
    pub fn run(self) -> anyhow::Result<()> {
        bench::run(self.options)
    }
}
