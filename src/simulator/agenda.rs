//! What is still to happen by itself, by the simulators' clock.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// Things planned at once; beyond it the furthest away is given up.
const PLANNED_MAX: usize = 500_000;

/// Things to do, by time and then in the order they were planned.
#[derive(Debug)]
pub struct Agenda<T> {
    planned: BTreeMap<(Timestamp, u64), T>,
    added: u64,
}

impl<T> Default for Agenda<T> {
    fn default() -> Agenda<T> {
        Agenda { planned: BTreeMap::new(), added: 0 }
    }
}

impl<T> Agenda<T> {
    /// Plans something.
    pub fn plan(&mut self, at: Timestamp, what: T) {
        self.added += 1;
        self.planned.insert((at, self.added), what);
        if self.planned.len() > PLANNED_MAX {
            self.planned.pop_last();
        }
    }

    /// The next thing whose time has come, once.
    pub fn take_due(&mut self, now: Timestamp) -> Option<T> {
        let next = self.planned.first_entry()?;
        (next.key().0 <= now).then(|| next.remove())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_happen_in_their_order_and_once() {
        let at = |second| Timestamp::from_second(second).expect("in range");
        let mut agenda = Agenda::default();
        agenda.plan(at(2), "second");
        agenda.plan(at(1), "first");
        agenda.plan(at(2), "third");
        assert_eq!(agenda.take_due(at(0)), None);
        assert_eq!(agenda.take_due(at(2)), Some("first"));
        assert_eq!(agenda.take_due(at(2)), Some("second"));
        assert_eq!(agenda.take_due(at(2)), Some("third"));
        assert_eq!(agenda.take_due(at(9)), None);
    }
}
