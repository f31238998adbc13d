//! Rate limits. As in better-auth, a window restarts only after a window's length without an accepted try.

use super::address::network;
use super::paths::{CHANGE, READ_OR_ENTER};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_secs(10);
const TRIES: u32 = 100;
/// The limit of endpoints that check a password or a code.
const GUESSES: u32 = 3;
/// The most networks and paths in memory. When they are reached, those whose window has ended are removed; if none has, all: tries at
/// one account are also limited in the database.
const MOST: usize = 10_000;

/// Counts tries in memory, by address and path.
#[derive(Default)]
pub(super) struct Limiter(Mutex<HashMap<String, Tries>>);

struct Tries {
    count: u32,
    last: Instant,
}

impl Limiter {
    /// Accepts a try, or returns for how many seconds none is accepted. Addresses count by their [`network`]; everybody
    /// without an address counts as one. Paths that do not exist count together.
    pub(super) fn try_now(&self, address: &str, path: &str, now: Instant) -> Result<(), u64> {
        let guesses = ["/sign-in", "/sign-up", "/change-password", "/two-factor/"];
        let most = if guesses.iter().any(|start| path.starts_with(start)) {
            GUESSES
        } else {
            TRIES
        };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.retain(|_, tries| now.duration_since(tries.last) < WINDOW);
            if all.len() >= MOST {
                all.clear();
            }
        }
        // The paths that exist count on their own.
        let path = READ_OR_ENTER
            .iter()
            .chain(&CHANGE)
            .find(|known| **known == path);
        let path = path.copied().unwrap_or("another");
        let who = address
            .parse()
            .map_or_else(|_| "unknown".to_owned(), network);
        let tries = all.entry(format!("{who}|{path}")).or_insert(Tries {
            count: 0,
            last: now,
        });
        if now.duration_since(tries.last) >= WINDOW {
            tries.count = 0;
        }
        if tries.count >= most {
            let left = WINDOW.saturating_sub(now.duration_since(tries.last));
            return Err(left.as_secs().max(1));
        }
        tries.count += 1;
        tries.last = now;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Limiter, MOST, WINDOW};
    use std::time::{Duration, Instant};

    #[test]
    fn the_fourth_guess_waits_until_ten_seconds_after_the_third() {
        let limiter = Limiter::default();
        let start = Instant::now();
        let guess = |after| limiter.try_now("1.2.3.4", "/sign-in/email", start + after);
        for second in 0..3 {
            assert_eq!(guess(Duration::from_secs(second)), Ok(()));
        }
        assert_eq!(guess(Duration::from_secs(3)), Err(9));
        assert_eq!(
            guess(Duration::from_secs(11)),
            Err(1),
            "a refusal extends nothing"
        );
        assert_eq!(guess(WINDOW + Duration::from_secs(2)), Ok(()));
        assert_eq!(limiter.try_now("5.6.7.8", "/sign-in/email", start), Ok(()));
        assert_eq!(limiter.try_now("1.2.3.4", "/get-session", start), Ok(()));
    }

    #[test]
    fn a_whole_network_is_one_who_guesses_and_unknown_paths_are_one_path() {
        let limiter = Limiter::default();
        let now = Instant::now();
        let guess = |address: &str| limiter.try_now(address, "/sign-in/email", now);
        for last in 1..=3 {
            assert_eq!(guess(&format!("2001:db8:1:2::{last}")), Ok(()));
        }
        assert!(guess("2001:db8:1:2:ffff::1").is_err());
        assert_eq!(guess("2001:db8:1:3::1"), Ok(()));
        for nonsense in ["", "junk", "1.2.3.4.5"] {
            assert_eq!(guess(nonsense), Ok(()));
        }
        assert!(guess("other junk").is_err());
        for number in 0..200 {
            let path = format!("/nowhere-{number}");
            let tried = limiter.try_now("1.2.3.4", &path, now);
            assert_eq!(tried.is_ok(), number < 100, "{number}");
        }
    }

    #[test]
    fn an_attacker_with_many_networks_takes_no_more_memory() {
        let limiter = Limiter::default();
        let now = Instant::now();
        for network in 0..3 * MOST {
            let address = format!("2001:db8:{:x}:{:x}::1", network >> 16, network & 0xffff);
            assert_eq!(limiter.try_now(&address, "/sign-in/email", now), Ok(()));
            let held = limiter.0.lock().expect("no panic").len();
            assert!(held <= MOST, "{held} after {network}");
        }
    }
}
