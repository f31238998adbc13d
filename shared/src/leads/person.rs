//! One person, and everything that names them.

use crate::address::Address;
use crate::id::LeadId;
use crate::phone::Phone;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::{NoContext, Timestamp, Uuid};

/// What stands in a text in place of what was erased. The SQL function `without_person` writes the same.
pub const ERASED: &str = "[dihapus]";

/// The shortest name that is looked for in texts. Every sentence has shorter words.
const SHORTEST_NAME: usize = 3;

/// For how many seconds before a search a row can have been written by a transaction that the search did not see: longer than any
/// runs.
const UNSEEN: u64 = 120;

/// Rows that may name somebody although they are not theirs. They are searched for before anything is locked, because that reads a
/// whole table; rows that were written since are looked at under the lock.
#[derive(Clone, Debug)]
pub struct Candidates {
    /// The ids of the rows.
    pub ids: Vec<Uuid>,
    /// Rows that were written from this instant on may not have been seen.
    pub since: DateTime<Utc>,
    /// The same as an id (UUIDv7), for rows whose time is not when they were written.
    pub since_id: Uuid,
}

impl Candidates {
    /// None yet, of a search that begins now.
    pub fn none(now: DateTime<Utc>) -> Self {
        let id = Uuid::now_v7();
        let (seconds, _) = id.get_timestamp().map_or((0, 0), |made| made.to_unix());
        let since = Timestamp::from_unix(NoContext, seconds.saturating_sub(UNSEEN), 0);
        Self {
            ids: Vec::new(),
            since: now - TimeDelta::seconds(UNSEEN.cast_signed()),
            since_id: Uuid::new_v7(since),
        }
    }

    /// What the search found.
    #[must_use]
    pub fn with(self, ids: Vec<Uuid>) -> Self {
        Self { ids, ..self }
    }
}

/// One person. Without `Debug`, because a log must not contain personal data.
#[derive(Clone)]
pub struct Person {
    /// Their leads.
    pub leads: Vec<LeadId>,
    /// Their numbers and WhatsApp ids, former ones too.
    pub addresses: Vec<Address>,
    /// The names that they gave, former ones too.
    pub names: Vec<String>,
    /// When the first of their leads began; `None` if they have none.
    pub since: Option<DateTime<Utc>>,
}

impl Person {
    /// The ids of their leads, for statements.
    pub fn lead_ids(&self) -> Vec<Uuid> {
        self.leads.iter().map(|lead| lead.0).collect()
    }

    /// Their numbers and ids, for statements.
    pub fn address_texts(&self) -> Vec<String> {
        let texts = self.addresses.iter().map(Address::as_str);
        texts.map(str::to_owned).collect()
    }

    /// Patterns (PostgreSQL's regular expressions) of the ways in which people write their numbers. A longer number that
    /// contains theirs is another person's.
    pub fn numbers(&self) -> Vec<String> {
        let numbers = self.addresses.iter().filter_map(Address::phone);
        let numbers = numbers.map(|phone| {
            let digits: Vec<String> = national(&phone).chars().map(String::from).collect();
            let between = "[^0-9[:alpha:]]{0,3}";
            let digits = digits.join(between);
            format!(r"(?<![0-9])(\+?(00)?62|0)?{between}{digits}(?![0-9])")
        });
        numbers.collect()
    }

    /// [`numbers`](Self::numbers), and patterns of their WhatsApp ids: what names them in protocols.
    pub fn keys(&self) -> Vec<String> {
        let ids = self
            .addresses
            .iter()
            .filter(|address| address.phone().is_none());
        let ids = ids.filter_map(|address| address.as_str().split_once(':'));
        let ids = ids.map(|(_, id)| whole(id));
        self.numbers().into_iter().chain(ids).collect()
    }

    /// Simple patterns that match wherever one of [`numbers`](Self::numbers) does, and in longer numbers, too.
    pub fn digits(&self) -> Vec<String> {
        let numbers = self.addresses.iter().filter_map(Address::phone);
        let numbers = numbers.map(|phone| {
            let digits: Vec<String> = national(&phone).chars().map(String::from).collect();
            digits.join("[^0-9]*")
        });
        numbers.collect()
    }

    /// Whether a search for `other`, an earlier reading of this person, also finds every number, id and name that the person has
    /// now.
    pub fn is_found_by(&self, other: &Self) -> bool {
        let has = |all: &[String], some: &[String]| some.iter().all(|one| all.contains(one));
        let is_since = |since| other.since.is_some_and(|searched| searched <= since);
        has(&other.keys(), &self.keys())
            && has(&other.full_names(), &self.full_names())
            && self.since.is_none_or(is_since)
    }

    /// Patterns of their names as a whole.
    pub fn full_names(&self) -> Vec<String> {
        let names = self.names.iter().map(|name| name.trim());
        names.filter(|name| is_telling(name)).map(whole).collect()
    }

    /// Everything that is replaced in a text that is about them: numbers, names, and each word of a name.
    pub fn words(&self) -> Vec<String> {
        let words = self.names.iter().flat_map(|name| name.split_whitespace());
        let words = words.filter(|word| is_telling(word)).map(whole);
        let names = self.full_names().into_iter().chain(words);
        self.keys().into_iter().chain(names).collect()
    }
}

/// Forms of address, which are in everybody's texts.
const TITLES: [&str; 8] = ["bapak", "pak", "ibu", "mas", "mbak", "kak", "bang", "tuan"];

/// Whether a name is more than a form of address or a syllable.
fn is_telling(name: &str) -> bool {
    name.chars().count() >= SHORTEST_NAME && !TITLES.contains(&name.to_lowercase().as_str())
}

/// A pattern of this name that is no part of another word.
fn whole(name: &str) -> String {
    format!("(?<![[:alnum:]]){}(?![[:alnum:]])", escaped(name))
}

/// The digits that every way to write a number has. Forms write the country's 62 as 0.
fn national(phone: &Phone) -> &str {
    let digits = phone.digits();
    digits.strip_prefix("62").unwrap_or(digits)
}

/// A name as a pattern that matches only itself, whatever stands between its words.
fn escaped(name: &str) -> String {
    let mut pattern = String::with_capacity(name.len());
    for letter in name.chars() {
        if letter.is_whitespace() {
            pattern.push_str(r"\s+");
            continue;
        }
        if !letter.is_alphanumeric() {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::Person;
    use crate::phone::Phone;

    #[test]
    fn a_number_is_found_as_people_write_it_and_a_name_only_as_a_whole() {
        let phone = Phone::from_e164("+6281234001234").expect("a number");
        let person = Person {
            leads: Vec::new(),
            addresses: vec![phone.into()],
            names: vec!["Pak Budi (KPR)".to_owned(), "Al".to_owned()],
            since: None,
        };
        let numbers = person.numbers();
        assert!(
            numbers[0].starts_with(
                r"(?<![0-9])(\+?(00)?62|0)?[^0-9[:alpha:]]{0,3}8[^0-9[:alpha:]]{0,3}1"
            )
        );
        assert!(
            numbers[0].ends_with("4(?![0-9])"),
            "a longer number is another's"
        );
        let names = person.full_names();
        assert_eq!(names.len(), 1, "two letters are in every text");
        assert_eq!(
            names[0],
            r"(?<![[:alnum:]])Pak\s+Budi\s+\(KPR\)(?![[:alnum:]])"
        );
        let words = person.words();
        assert_eq!(words.len(), 4, "everybody is addressed as Pak: {words:?}");
        assert_eq!(words[2], "(?<![[:alnum:]])Budi(?![[:alnum:]])");
    }
}
