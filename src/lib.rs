//! Turnpike: one gRPC contract in front of many payment providers.
//!
//! This file is the floor plan. Which room may enter which is written down, with reasons, in
//! `docs/architecture.md` and held by `tests/architecture.rs`.

/// Words: money, payments, cards. No I/O, no async, no provider's name.
pub mod domain {
    pub mod calendar;
    pub mod card;
    pub mod delivery;
    pub mod dunning;
    pub mod event;
    pub mod ids;
    pub mod money;
    pub mod notice;
    pub mod occurrence;
    pub mod order;
    pub mod outcome;
    pub mod pan;
    pub mod payment;
    pub mod rate;
    pub mod schedule;
    pub mod secret;
    pub mod session;
    pub mod telling;
    mod words;
}

/// Translators: one folder per provider, pure functions from our words to theirs and back.
pub mod providers {
    pub mod bbmsl;
    pub mod begateway;
    pub mod contract;
    pub mod conversation;
    pub mod dintero;
    pub mod fields;
    pub mod json;
    pub mod notice;
    pub mod paymob;
    pub mod pivot;
    pub mod redact;
    pub mod registry;
    pub mod report;
    pub mod rsa;
    pub mod sample;
    pub mod settings;
}

/// Assembly: what `turnpike serve` and `turnpike dev` start and stop.
pub mod app;

/// Configuration, parsed once.
pub mod config;

/// JSON in which no name stands twice.
pub mod json;

/// Logs and traces.
pub mod telemetry;

/// All that we ask of outside: the time, random bytes, one HTTP exchange.
pub mod world;

/// Hands: the only room that may move money.
pub mod engine {
    mod changes;
    mod charges;
    pub mod clock;
    mod conclude;
    mod conversation;
    pub mod deliveries;
    pub mod differences;
    pub mod feed;
    mod movements;
    pub mod notices;
    mod reading;
    mod resolver;
    pub mod routing;
    mod running;
    pub mod sending;
    mod sessions;
    mod spans;
    mod telling;
    mod tokens;
    mod writing;

    pub mod accounts;
    pub mod commands;
    pub mod error;
    pub mod gateway;
    pub mod sampled;

    /// Schedules, and the charges that they lead to.
    mod recurring {
        mod editing;
        mod judging;
        pub mod lanes;
        mod links;
        mod occurrences;
        mod payers;
        pub mod scheduler;
        mod schedules;
        mod taking;
        mod terms;
    }

    pub use crate::providers::notice::NOTICE_BYTES_MAX;
    pub use conclude::FollowUpPlan;
    pub use reading::Explained;
    pub use recurring::scheduler::RecurringOptions;

    // What callers of the engine see of the rooms behind it.
    pub use crate::journal::seam::{
        DeliveryFilter, HistoryEntry, HistoryKind, OccurrenceFilter, PaymentFilter, ROWS_MAX, ScheduleFilter,
        Subject, TokenFilter, Unavailable,
    };
    pub use crate::providers::contract::{Feature, Operation, OperationKind, Profile, RefundReason, Support};
    pub use crate::providers::redact::Shown;
}

/// Front door: the only room that knows protobuf and tonic.
pub mod rpc {
    mod deadline;
    mod door;
    mod fingerprint;
    mod intake;
    mod pages;
    mod problems;
    mod status;
    mod threshold;

    /// The Connect protocol, in front of the same RPCs: JSON or protobuf's bytes over plain HTTP.
    mod connect {
        mod answer;
        mod errors;
        pub mod layers;
        mod methods;
        mod request;
        mod speech;

        /// What stands before a message: a byte of flags, and its length in four bytes.
        const ENVELOPE_BYTES: usize = 5;

        #[cfg(test)]
        pub use self::methods::SERVED;
    }

    /// Messages to commands, and records to messages.
    mod convert {
        pub mod capabilities;
        pub mod cards;
        pub mod charges;
        pub mod differences;
        pub mod events;
        pub mod history;
        pub mod moves;
        pub mod occurrences;
        pub mod options;
        pub mod orders;
        pub mod outcomes;
        pub mod payments;
        pub mod schedules;
        pub mod sessions;
        pub mod terms;
        pub mod tokens;
        pub mod values;
        pub mod webhooks;
    }

    /// One file per service.
    mod services {
        pub mod accounts;
        pub mod differences;
        pub mod events;
        pub mod payments;
        pub mod recurring;
        pub mod sandbox;
        pub mod sessions;
        pub mod stream;
        pub mod tokens;
        pub mod watch;
        pub mod webhooks;
    }

    pub mod auth;
    pub mod health;
    pub mod json;
    pub mod offline;
    pub mod origins;
    pub mod proto;
    pub mod sandbox;
    pub mod server;
    pub mod validate;
    pub mod webhook;
}

/// Memory: the only room that touches a disk or a database.
pub mod journal {
    pub mod batch;
    pub mod forgetful;
    pub mod history;
    pub mod records;
    pub mod seal;
    pub mod seam;
    pub mod sqlite;
}

/// The other side of the wire: the providers as the world sees them. Uses nothing else of ours.
#[cfg(feature = "simulator")]
pub mod simulator {
    mod agenda;
    pub mod bbmsl;
    pub mod begateway;
    mod card;
    pub mod clock;
    pub mod contract;
    pub mod control;
    pub mod deliveries;
    pub mod delivery;
    pub mod dintero;
    pub mod dispatch;
    mod entropy;
    pub mod exchanges;
    pub mod faults;
    pub mod launch;
    pub mod ledger;
    mod notice_control;
    pub mod notification_faults;
    pub mod notifications;
    mod page;
    pub mod paymob;
    pub mod pivot;
    mod redact;
    mod shelf;
    mod wire;

    pub use self::contract::{CustomerAction, CustomerOutcome, CustomerRefusal, Payment, ThreeDSecure};
    pub use self::delivery::BackOffice;
    pub use self::launch::{Options, Simulator, Simulators, UnknownProvider, start};
}

/// Side doors: where providers tell us, and where we tell merchants.
pub mod webhooks {
    pub mod inbound;
    pub mod outbound;
}

/// Measures: the gateway beside its references, in one run.
pub mod bench {
    mod burst;
    mod caller;
    mod cores;
    mod disk;
    mod document;
    mod events;
    mod events_report;
    mod filling;
    mod load;
    mod part;
    mod process;
    mod ratio;
    mod references;
    mod report;
    mod rounds;
    mod run;
    mod sampling;
    mod schedules;
    mod schedules_report;
    mod stub;
    mod taking;

    pub use self::run::{Options, run};
}
