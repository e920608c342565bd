//! The fault matrix: each fault of the menu, at each exchange of each operation, at each provider.
//! Whatever goes wrong on the way, everything ends where the simulator has it: no money moves twice,
//! no card is lost or kept twice, no session is open that we call closed. The matrix is printed.
//!
//! The rows are in `faults/rows.rs`; what is played and promised in a row, in a file for each sort of
//! operation beside it.

#![cfg(feature = "simulator")]

mod support;

#[path = "faults/closing.rs"]
mod closing;
#[path = "faults/deleting.rs"]
mod deleting;
#[path = "faults/house.rs"]
mod house;
#[path = "faults/money.rs"]
mod money;
#[path = "faults/rows.rs"]
mod rows;
#[path = "faults/saving.rs"]
mod saving;

use std::sync::Arc;

use house::{Ending, House};
use rows::{ROWS, Row};
use turnpike::simulator::faults::Kind;

/// The menu.
const KINDS: &[Kind] = &[
    Kind::Delay,
    Kind::DelayBefore,
    Kind::DropBefore,
    Kind::DropAfter,
    Kind::ResetMidBody,
    Kind::Error5xx,
    Kind::Error5xxAfter,
    Kind::Throttle,
    Kind::Garbage,
    Kind::HtmlError,
    Kind::WrongAmount,
    Kind::WrongCurrency,
    Kind::WrongReference,
    Kind::UnknownStatus,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_at_every_exchange_ends_where_the_provider_has_it() {
    let mut accounts: Vec<&str> = ROWS.iter().map(|row| row.of().account).collect();
    accounts.dedup();
    // Nearly all the time is spent waiting, so the accounts are played beside each other.
    let tables: Vec<_> = accounts.into_iter().map(|account| tokio::spawn(play_account(account))).collect();
    println!(
        "{:<17} {:<25} {:<21} {:<14} {:<30} {:>7}  caller heard",
        "account", "op", "exchange", "fault", "ends captured/refunded", "charges"
    );
    let mut wrong = Vec::new();
    for table in tables {
        let Table { lines, wrong: of_account } = table.await.expect("played to the end");
        println!("{}", lines.join("\n"));
        wrong.extend(of_account);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What is printed of an account.
struct Table {
    lines: Vec<String>,
    /// The cells that did not end where the simulator has them.
    wrong: Vec<String>,
}

async fn play_account(account: &'static str) -> Table {
    let rows: Vec<&Row> = ROWS.iter().filter(|row| row.of().account == account).collect();
    let house = Arc::new(House::build(rows[0].of()).await);
    let mut table = Table { lines: Vec::new(), wrong: Vec::new() };
    for row in &rows {
        for kind in KINDS {
            match tokio::spawn(play_cell(house.clone(), **row, *kind)).await {
                Ok((line, wrong)) => {
                    table.lines.push(line);
                    table.wrong.extend(wrong);
                }
                // One broken promise does not hide the rest of the matrix.
                Err(broken) => {
                    let line = format!("{account} {:?} {} {kind:?}: {broken}", row.operation, row.exchange);
                    table.lines.push(line.clone());
                    table.wrong.push(line);
                }
            }
            house.simulator(row).clear_faults();
        }
    }
    let twice = house.simulator(rows[0]).double_charges();
    assert!(twice.is_empty(), "charged twice: {twice:?}");
    table
}

/// Plays a cell. Returns its line, and what is wrong with it.
async fn play_cell(house: Arc<House>, row: Row, kind: Kind) -> (String, Option<String>) {
    let Ending { ours, theirs, charges, heard } = house.play(&row, kind).await;
    let (account, op, fault) = (row.of().account, format!("{:?}", row.operation), format!("{kind:?}"));
    let exchange = row.exchange;
    let struck = house.has_struck(&row);
    // An answer in which there is nothing to alter is not altered. Everything else has to happen.
    assert!(struck || kind.alters_answer(), "the fault never struck");
    let heard = if struck { heard } else { format!("{heard} (nothing to alter)") };
    let line = format!("{account:<17} {op:<25} {exchange:<21} {fault:<14} {ours:<30} {charges:>7}  {heard}");
    let wrong = (ours != theirs)
        .then(|| format!("{account} {op} {exchange} {fault}: ours {ours}, the provider's {theirs}"));
    (line, wrong)
}
