//! Whether the recipient or our own account is the cause of a failed message.
//!
//! If one person cannot receive messages, that must not stop the offers of all agents. And if our account
//! cannot send, leads must not roll from agent to agent.

use crate::errors::{refused, unavailable};
use shared::Error;
use shared::address::Address;
use shared::error::ProviderFailure;
use shared::providers::qr_local::NAME;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A failure that can be the recipient's counts as theirs after this many in a row, over this time, while
/// another recipient received a message.
const MOST_FAILURES: u32 = 4;
const OVER: Duration = Duration::from_secs(20);

/// WhatsApp forbids this account to write to people who have not written to it: reach-out time lock, cap of
/// new chats (codes as the client's source names them).
const COLD: [&str; 2] = ["463", "475"];

#[derive(Default)]
struct Memory {
    failures: HashMap<Address, Trouble>,
    /// Recipients that were refused for that reason since another one last received a message.
    cold: HashSet<Address>,
}

/// The failures of one recipient in a row.
struct Trouble {
    times: u32,
    since: Instant,
    others_are_served: bool,
}

/// What is remembered of recipients while one client runs.
#[derive(Clone, Default)]
pub(crate) struct Recipients(Arc<Mutex<Memory>>);

impl Recipients {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A message was accepted.
    pub(crate) fn served(&self, to: &Address) {
        let mut memory = self.memory();
        memory.failures.remove(to);
        for trouble in memory.failures.values_mut() {
            trouble.others_are_served = true;
        }
        memory.cold.clear();
    }

    /// WhatsApp's server refused a message with this code.
    pub(crate) fn refused(&self, to: &Address, code: &str) -> Error {
        let reason = format!("WhatsApp refused it: {code}");
        if is_temporary(code) {
            return unavailable(&reason);
        }
        if !COLD.contains(&code) {
            return refused(&reason);
        }
        let mut memory = self.memory();
        memory.cold.insert(to.clone());
        // One refusal can be the recipient's; two mean the account, and then all messages are affected.
        if memory.cold.len() > 1 {
            let reason = format!("{reason}: this number may not write first for now");
            return Error::provider(NAME, ProviderFailure::Suspended, reason);
        }
        refused(&reason)
    }

    /// The client failed to send a message to a recipient.
    pub(crate) fn failed(&self, to: &Address, reason: &str) -> Error {
        let mut memory = self.memory();
        let trouble = memory
            .failures
            .entry(to.clone())
            .or_insert_with(|| Trouble {
                times: 0,
                since: Instant::now(),
                others_are_served: false,
            });
        trouble.times += 1;
        let is_theirs = trouble.others_are_served
            && trouble.times >= MOST_FAILURES
            && trouble.since.elapsed() >= OVER;
        if !is_theirs {
            return unavailable(reason);
        }
        memory.failures.remove(to);
        refused(reason)
    }
}

/// Whether the server refuses with this code what it may take a moment later.
pub(crate) fn is_temporary(code: &str) -> bool {
    code.len() == 3 && (code.starts_with('5') || code == "429")
}

#[cfg(test)]
mod tests {
    use super::{MOST_FAILURES, OVER, Recipients};
    use shared::address::Address;
    use shared::error::ProviderFailure;
    use shared::phone::Phone;
    use tokio::time::advance;

    fn somebody(last: char) -> Address {
        Phone::from_e164(&format!("+628111000000{last}"))
            .expect("a number")
            .into()
    }

    #[test]
    fn one_cold_contact_is_passed_over_and_two_are_the_accounts_own_trouble() {
        let recipients = Recipients::default();
        let (one, other) = (somebody('1'), somebody('2'));
        assert_eq!(
            recipients.refused(&one, "463").provider_failure(),
            Some(ProviderFailure::Refused)
        );
        assert_eq!(
            recipients.refused(&one, "463").provider_failure(),
            Some(ProviderFailure::Refused)
        );
        for cold in [&other, &one] {
            let error = recipients.refused(cold, "463");
            assert_eq!(error.provider_failure(), Some(ProviderFailure::Suspended));
        }
        recipients.served(&other);
        assert_eq!(
            recipients.refused(&other, "463").provider_failure(),
            Some(ProviderFailure::Refused)
        );
    }

    #[test]
    fn the_servers_own_trouble_is_nobodys_and_other_codes_are_the_messages() {
        let recipients = Recipients::default();
        for code in ["500", "503", "429"] {
            let error = recipients.refused(&somebody('1'), code);
            assert_eq!(
                error.provider_failure(),
                Some(ProviderFailure::UNAVAILABLE),
                "{code}"
            );
        }
        assert_eq!(
            recipients.refused(&somebody('1'), "479").provider_failure(),
            Some(ProviderFailure::Refused)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn somebody_who_can_never_be_sent_anything_does_not_hold_the_others_up() {
        let recipients = Recipients::default();
        let (one, other) = (somebody('1'), somebody('2'));
        let is_theirs =
            || recipients.failed(&one, "x").provider_failure() == Some(ProviderFailure::Refused);
        for _ in 0..MOST_FAILURES {
            assert!(!is_theirs());
        }
        advance(OVER).await;
        assert!(!is_theirs(), "nobody else is served: it may be everybody's");
        recipients.served(&other);
        assert!(is_theirs());
    }
}
