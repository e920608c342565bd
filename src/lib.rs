//! Turnpike: one gRPC contract in front of many payment providers.
//!
//! This file is the floor plan. Which room may enter which is written down, with reasons, in
//! `docs/architecture.md` and held by `tests/architecture.rs`.

/// Words: money, payments, cards. No I/O, no async, no provider's name.
pub mod domain {
    pub mod card;
    pub mod ids;
    pub mod money;
    pub mod order;
    pub mod outcome;
    pub mod pan;
    pub mod payment;
    pub mod secret;
    pub mod session;
}

/// Translators: one folder per provider, pure functions from our words to theirs and back.
pub mod providers {
    pub mod begateway;
    pub mod contract;
    pub mod conversation;
    pub mod dintero;
    pub mod json;
    pub mod redact;
    pub mod registry;
    pub mod settings;
}

/// Memory: the only room that touches a disk or a database.
pub mod journal {
    pub mod batch;
    pub mod records;
    pub mod seal;
    pub mod seam;
    pub mod sqlite;
}
