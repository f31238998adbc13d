//! The answers of a submitted form: which one contains the number, and which the name.

use crate::meta::envelope::{each, text};
use crate::phone::{Phone, Unreadable};
use serde_json::Value;
use std::collections::BTreeMap;

/// What a question can contain, by the names of a form's mapping.
pub(super) const HELD: [&str; 5] = ["phone", "name", "area", "project", "ignore"];

/// Names of Meta's own questions for a number, best first
/// (developers.facebook.com/docs/marketing-api/guides/lead-ads).
const METAS_NUMBERS: [&str; 3] = ["phone_number", "whatsapp_number", "work_phone_number"];

/// Words in the name of a question that asks for a number, in Indonesian and English.
const NUMBER_WORDS: [&str; 15] = [
    "whatsapp",
    "wa",
    "phone",
    "telepon",
    "telpon",
    "telp",
    "tlp",
    "tel",
    "hp",
    "handphone",
    "ponsel",
    "mobile",
    "nomor",
    "nohp",
    "nowa",
];

/// Words in the name of a question that asks for another person's number, or for another kind of number.
const OTHER_NUMBER_WORDS: [&str; 19] = [
    "ktp",
    "nik",
    "npwp",
    "rekening",
    "rek",
    "kk",
    "rumah",
    "unit",
    "blok",
    "kavling",
    "teman",
    "referral",
    "referensi",
    "pasangan",
    "istri",
    "suami",
    "darurat",
    "emergency",
    "kode",
];

/// Names of questions that are known without a mapping.
const NAMES: [(&str, &[&str]); 3] = [
    (
        "name",
        &["full_name", "name", "nama_lengkap", "nama", "nama_anda"],
    ),
    (
        "area",
        &["city", "kota", "domisili", "area", "lokasi", "kabupaten"],
    ),
    (
        "project",
        &["project", "proyek", "perumahan", "unit", "tipe_rumah"],
    ),
];
const FIRST_NAMES: [&str; 2] = ["first_name", "nama_depan"];
const LAST_NAMES: [&str; 2] = ["last_name", "nama_belakang"];

/// The result of reading the answers.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) phone: Phone,
    pub(super) name: Option<String>,
    pub(super) area: Option<String>,
    pub(super) project: Option<String>,
}

/// Why a lead is not distributed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// It is Meta's test lead.
    Test,
    /// It has no phone number, for this reason.
    NoNumber(String),
}

/// One answer: its question and its values.
struct Answer {
    question: String,
    values: Vec<String>,
}

/// The answers of a lead, and an admin's mapping of its form.
pub(super) struct Answers<'form> {
    all: Vec<Answer>,
    fields: Option<&'form BTreeMap<String, String>>,
}

/// Reads the answers of a lead. `fields` maps questions whose names are not known.
pub(super) fn read(
    answer: &Value,
    fields: Option<&BTreeMap<String, String>>,
) -> Result<Read, Unusable> {
    let answers = Answers::of(answer, fields);
    if answers.are_a_test() {
        return Err(Unusable::Test);
    }
    let phone = answers.phone()?;
    Ok(answers.with_phone(phone))
}

impl<'form> Answers<'form> {
    pub(super) fn of(answer: &Value, fields: Option<&'form BTreeMap<String, String>>) -> Self {
        let all = each(&answer["field_data"])
            .map(|field| Answer {
                question: text(&field["name"]).unwrap_or_default(),
                values: each(&field["values"]).filter_map(value).collect(),
            })
            .filter(|answer| !answer.values.is_empty())
            .collect();
        Self { all, fields }
    }

    /// The lead with this number, which a person may have corrected.
    pub(super) fn with_phone(&self, phone: Phone) -> Read {
        Read {
            phone,
            name: self.find("name").or_else(|| self.first_and_last_name()),
            area: self.find("area"),
            project: self.find("project"),
        }
    }

    /// Meta's test lead has `<test lead: dummy data for phone_number>` and Meta's address.
    fn are_a_test(&self) -> bool {
        let mut values = self.all.iter().flat_map(|answer| &answer.values);
        values.any(|value| value.starts_with("<test lead") || value == "test@meta.com")
    }

    /// The number: of the answers in the best rank that has a readable one, the first.
    fn phone(&self) -> Result<Phone, Unusable> {
        let mut ranked: Vec<(u8, &Answer)> = self
            .all
            .iter()
            .filter_map(|answer| Some((self.rank(answer)?, answer)))
            .collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        let mut failure = None;
        for (_, answer) in ranked {
            for value in &answer.values {
                match Phone::read(value) {
                    Ok(phone) => return Ok(phone),
                    Err(unreadable) => {
                        let why =
                            || format!("the answer to \"{}\" is {unreadable}", answer.question);
                        failure.get_or_insert_with(why);
                    }
                }
            }
        }
        self.only_number()?.ok_or_else(|| {
            Unusable::NoNumber(
                failure.unwrap_or_else(|| "no answer contains a phone number".to_owned()),
            )
        })
    }

    /// How sure it is that a question asks for the client's number; the lowest is the surest.
    fn rank(&self, answer: &Answer) -> Option<u8> {
        if let Some(held) = self.mapped(answer) {
            return (held == "phone").then_some(0);
        }
        let name = plain(&answer.question);
        if let Some(rank) = METAS_NUMBERS.iter().position(|known| *known == name) {
            return u8::try_from(rank + 1).ok();
        }
        if asks_for_another(&answer.question) || !has_word(&name, &NUMBER_WORDS) {
            return None;
        }
        // "WhatsApp" is the surest of the rest; "nomor" alone can be any number.
        if has_word(&name, &["whatsapp", "wa", "nowa"]) {
            Some(10)
        } else if name == "nomor" {
            Some(12)
        } else {
            Some(11)
        }
    }

    /// The number in an answer whose question does not ask for one, if it is the only number of the form.
    fn only_number(&self) -> Result<Option<Phone>, Unusable> {
        let mut found: Vec<Phone> = self
            .all
            .iter()
            .filter(|answer| self.mapped(answer).is_none() && !asks_for_another(&answer.question))
            .flat_map(|answer| &answer.values)
            .filter(|value| looks_like_a_number(value))
            .filter_map(|value| Phone::read(value).ok())
            .collect();
        found.dedup();
        match found.len() {
            0 | 1 => Ok(found.pop()),
            _ => Err(Unusable::NoNumber(Unreadable::Unsure.to_string())),
        }
    }

    fn mapped(&self, answer: &Answer) -> Option<&'form str> {
        let fields = self.fields?;
        fields
            .get(&answer.question)
            .or_else(|| {
                fields
                    .iter()
                    .find(|(name, _)| plain(name) == plain(&answer.question))
                    .map(|(_, held)| held)
            })
            .map(String::as_str)
    }

    fn find(&self, wanted: &str) -> Option<String> {
        let mapped = self
            .all
            .iter()
            .find(|answer| self.mapped(answer) == Some(wanted));
        let named = || {
            let names = NAMES
                .iter()
                .find(|(held, _)| *held == wanted)
                .map_or(&[][..], |(_, names)| names);
            self.named(names)
        };
        mapped.or_else(named).map(|answer| answer.values.join(", "))
    }

    fn named(&self, names: &[&str]) -> Option<&Answer> {
        names.iter().find_map(|known| {
            self.all
                .iter()
                .find(|answer| plain(&answer.question) == *known && self.mapped(answer).is_none())
        })
    }

    fn first_and_last_name(&self) -> Option<String> {
        let part = |names: &[&str]| {
            self.named(names)
                .and_then(|answer| answer.values.first())
                .cloned()
        };
        let parts: Vec<String> = part(&FIRST_NAMES)
            .into_iter()
            .chain(part(&LAST_NAMES))
            .collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }
}

/// The longest answer that is read, in characters.
const LONGEST: usize = 500;

fn value(value: &Value) -> Option<String> {
    let value: String = text(value)?.trim().chars().take(LONGEST).collect();
    (!value.is_empty()).then_some(value)
}

/// Whether a question asks for another person's number, or for another kind of number.
fn asks_for_another(question: &str) -> bool {
    has_word(&plain(question), &OTHER_NUMBER_WORDS)
}

/// Whether one of these words is in a name.
fn has_word(name: &str, words: &[&str]) -> bool {
    name.split('_').any(|word| words.contains(&word))
}

/// Whether an answer is little else than a number. A budget ("800000000") or a sentence is not one.
fn looks_like_a_number(value: &str) -> bool {
    let letters = value.chars().filter(|c| c.is_alphabetic()).count();
    let digits = value.chars().filter(|c| c.is_numeric()).count();
    digits >= 9
        && letters <= 12
        && !value.contains(['%', '@'])
        && (value.trim_start().starts_with(['0', '+', '6']) || letters > 0)
}

/// A question as a name: `Nomor WhatsApp?` becomes `nomor_whatsapp`.
fn plain(question: &str) -> String {
    let mut plain = String::with_capacity(question.len());
    for c in question.to_lowercase().chars() {
        if c.is_ascii_alphanumeric() {
            plain.push(c);
        } else if !plain.is_empty() && !plain.ends_with('_') {
            plain.push('_');
        }
    }
    plain.trim_end_matches('_').to_owned()
}

#[cfg(test)]
mod tests;
