//! A scripted provider that remembers its messages.

use crate::address::Address;
use crate::error::ProviderFailure;
use crate::providers::{Accepted, Outgoing, Provider};
use crate::{Clock, Error, Result};
use async_trait::async_trait;
use chrono::TimeDelta;
use sqlx::PgPool;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the provider does with the next message.
enum Turn {
    TakeAfter(TimeDelta),
    BeAway,
    Suspend,
    Refuse,
    Panic,
}

/// Accepts every message unless the test scripts something else.
pub struct ScriptedProvider {
    clock: Clock,
    script: Mutex<VecDeque<Turn>>,
    said: Mutex<Vec<Outgoing>>,
    /// Where the test looks up who can see what, if offers are masked.
    masking: Option<PgPool>,
    leaks: Mutex<Vec<Outgoing>>,
    /// Recipients for whom the provider is always unavailable.
    poison: Mutex<Vec<Address>>,
}

impl ScriptedProvider {
    pub(super) fn new(clock: Clock, masking: Option<PgPool>) -> Self {
        Self {
            clock,
            masking,
            leaks: Mutex::default(),
            script: Mutex::default(),
            said: Mutex::default(),
            poison: Mutex::default(),
        }
    }

    /// The next message is accepted after this time on the manual clock.
    pub fn takes_the_next_after(&self, time: TimeDelta) {
        lock(&self.script).push_back(Turn::TakeAfter(time));
    }

    /// For the next `times` messages, the provider is unavailable.
    pub fn is_away(&self, times: usize) {
        lock(&self.script).extend((0..times).map(|_| Turn::BeAway));
    }

    /// The provider works again; the script is cleared.
    pub fn is_back(&self) {
        lock(&self.script).clear();
    }

    /// For the next `times` messages, our account is suspended.
    pub fn suspends_us(&self, times: usize) {
        lock(&self.script).extend((0..times).map(|_| Turn::Suspend));
    }

    /// The next message is refused permanently.
    pub fn refuses_the_next(&self) {
        lock(&self.script).push_back(Turn::Refuse);
    }

    /// From now on, the provider is unavailable for every message to this address.
    pub fn never_takes(&self, to: &Address) {
        lock(&self.poison).push(to.clone());
    }

    /// The next message makes the provider panic.
    pub fn panics_at_the_next(&self) {
        lock(&self.script).push_back(Turn::Panic);
    }

    /// Removes and returns the first message to this number that was not checked.
    pub fn heard_by<T>(&self, to: &T) -> Option<Outgoing>
    where
        Address: PartialEq<T>,
    {
        let mut said = lock(&self.said);
        let index = said.iter().position(|message| message.to == *to)?;
        Some(said.remove(index))
    }

    /// Messages that disclosed a client to a person who does not own the lead.
    pub fn leaks(&self) -> Vec<Outgoing> {
        lock(&self.leaks).clone()
    }

    /// Checks a message: only the client, the lead's owner and who covers for them can see the client's number or whole name.
    async fn look_through(&self, pool: &PgPool, message: &Outgoing) {
        let client: Option<(Option<String>, Option<String>)> = sqlx::query_as(
            r#"select l.name, l.phone from wa_message m join lead l on l.id = m.lead_id
               left join "user" u on u.id = l.owner_sales_id
               -- Who covers for the owner serves the client.
               where m.id = $1 and m.kind <> 'cover' and m.to_wa is distinct from l.phone and m.to_wa is distinct from u.offer_address
                 -- The owner may have taken the lead at a number that they had before.
                 and not exists (select from distribution_attempt a
                                 where a.sales_id = u.id and a.offered_to = m.to_wa)"#,
        )
        .bind(message.id.0)
        .fetch_optional(pool)
        .await
        .expect("the message's lead");
        let Some((name, phone)) = client else { return };
        let digits: String = message.body.chars().filter(char::is_ascii_digit).collect();
        // Without the country code, which can be written in several ways.
        let number = phone
            .as_deref()
            .map(|phone| phone.trim_start_matches("+62"));
        let tells_number = number.is_some_and(|number| digits.contains(number));
        if tells_number || name.is_some_and(|name| message.body.contains(&name)) {
            lock(&self.leaks).push(message.clone());
        }
    }

    /// Every message that was not checked.
    pub fn unheard(&self) -> Vec<Outgoing> {
        lock(&self.said).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Provider for ScriptedProvider {
    /// Named like the dummy provider, whose endpoints the stories use.
    fn name(&self) -> &'static str {
        "dummy"
    }

    async fn send(&self, message: &Outgoing) -> Result<Accepted> {
        if lock(&self.poison).contains(&message.to) {
            let class = ProviderFailure::UNAVAILABLE;
            return Err(Error::provider("scripted", class, "as told"));
        }
        let turn = lock(&self.script).pop_front();
        match turn {
            None => {}
            Some(Turn::TakeAfter(time)) => self.clock.set(self.clock.reading() + time),
            Some(Turn::BeAway) => {
                return Err(Error::provider(
                    "scripted",
                    ProviderFailure::UNAVAILABLE,
                    "as told",
                ));
            }
            Some(Turn::Suspend) => {
                return Err(Error::provider(
                    "scripted",
                    ProviderFailure::Suspended,
                    "as told",
                ));
            }
            Some(Turn::Refuse) => {
                return Err(Error::provider(
                    "scripted",
                    ProviderFailure::Refused,
                    "as told",
                ));
            }
            Some(Turn::Panic) => panic!("as told"),
        }
        if let Some(pool) = &self.masking {
            self.look_through(pool, message).await;
        }
        lock(&self.said).push(message.clone());
        Ok(Accepted {
            provider_message_id: format!("scripted-{}", message.id),
        })
    }
}
