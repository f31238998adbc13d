//! The answers of a submitted form: which question contains the number, and which the name.

use crate::phone::Phone;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a question can contain, by the names of a form's mapping.
pub(super) const HELD: [&str; 5] = ["phone", "name", "area", "project", "ignore"];

/// Names of questions that are known without a mapping: Meta's own and those of Indonesian forms.
const NAMES: [(&str, &[&str]); 4] = [
    (
        "phone",
        &[
            "phone_number",
            "phone",
            "whatsapp_number",
            "whatsapp",
            "work_phone_number",
            "nomor_whatsapp",
            "no_whatsapp",
            "nomor_wa",
            "no_wa",
            "nomor_hp",
            "no_hp",
            "nomor_handphone",
            "nomor_telepon",
            "no_telepon",
            "no_telp",
            "telepon",
        ],
    ),
    (
        "name",
        &[
            "full_name",
            "name",
            "nama_lengkap",
            "nama",
            "first_name",
            "nama_depan",
        ],
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
    /// It has no phone number.
    NoNumber(&'static str),
}

/// Reads the answers of a lead. `fields` maps questions whose names are not known.
pub(super) fn read(
    answer: &Value,
    fields: Option<&BTreeMap<String, String>>,
) -> Result<Read, Unusable> {
    let all: Vec<(String, String)> = answer["field_data"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|field| {
            let value = field["values"][0].as_str()?.replace('\0', "");
            let value: String = value.trim().chars().take(500).collect();
            (!value.is_empty())
                .then(|| (field["name"].as_str().unwrap_or_default().to_owned(), value))
        })
        .collect();
    // "<test lead: dummy data for phone_number>", and Meta's address.
    if all
        .iter()
        .any(|(_, value)| value.starts_with("<test lead") || value == "test@meta.com")
    {
        return Err(Unusable::Test);
    }
    let find = |wanted: &str| {
        let told = all.iter().find(|(name, _)| {
            fields
                .and_then(|fields| fields.get(name))
                .is_some_and(|held| held == wanted)
        });
        told.or_else(|| {
            let names = NAMES
                .iter()
                .find(|(held, _)| *held == wanted)
                .map_or(&[][..], |(_, names)| names);
            names.iter().find_map(|known| {
                all.iter().find(|(name, _)| {
                    plain(name) == *known && fields.is_none_or(|fields| !fields.contains_key(name))
                })
            })
        })
        .map(|(_, value)| value.clone())
    };
    let typed = find("phone").ok_or(Unusable::NoNumber("no answer holds a number"))?;
    let phone = Phone::from_human("phone", &typed)
        .map_err(|_| Unusable::NoNumber("what was answered is no number"))?;
    Ok(Read {
        phone,
        name: find("name"),
        area: find("area"),
        project: find("project"),
    })
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
mod tests {
    use super::{Unusable, read};
    use serde_json::{Value, json};
    use std::collections::BTreeMap;

    fn answers(pairs: &[(&str, &str)]) -> Value {
        let fields: Vec<Value> = pairs
            .iter()
            .map(|(name, value)| json!({ "name": name, "values": [value] }))
            .collect();
        json!({ "field_data": fields })
    }

    #[test]
    fn metas_names_and_indonesian_ones_are_understood() {
        let lead: Value = serde_json::from_str(include_str!(
            "../../../tests/fixtures/meta/graph_lead.res.json"
        ))
        .expect("JSON");
        let lead = read(&lead, None).expect("a lead");
        assert_eq!(lead.phone.as_str(), "+6281234001234");
        assert_eq!(lead.name.as_deref(), Some("Bapak Test"));
        let lead = read(
            &answers(&[
                ("Nama lengkap", "Ibu Sari"),
                ("Nomor WhatsApp?", "0812 3400 1234"),
            ]),
            None,
        );
        let lead = lead.expect("a lead");
        assert_eq!(
            (lead.phone.as_str(), lead.name.as_deref()),
            ("+6281234001234", Some("Ibu Sari"))
        );
    }

    #[test]
    fn a_form_says_what_its_questions_hold() {
        let fields = BTreeMap::from([
            ("kontak_aktif".to_owned(), "phone".to_owned()),
            ("phone_number".to_owned(), "ignore".to_owned()),
        ]);
        let given = answers(&[
            ("phone_number", "0811111111"),
            ("kontak_aktif", "081234001234"),
        ]);
        assert_eq!(
            read(&given, Some(&fields)).expect("a lead").phone.as_str(),
            "+6281234001234"
        );
    }

    #[test]
    fn a_test_lead_and_one_without_a_number_are_no_leads() {
        let test: Value = serde_json::from_str(include_str!(
            "../../../tests/fixtures/meta/graph_lead_test_dummy.res.json"
        ))
        .expect("JSON");
        assert_eq!(read(&test, None).expect_err("a test"), Unusable::Test);
        assert!(matches!(
            read(&answers(&[("full_name", "Budi")]), None),
            Err(Unusable::NoNumber(_))
        ));
        assert!(matches!(
            read(&answers(&[("phone", "tidak ada")]), None),
            Err(Unusable::NoNumber(_))
        ));
        assert!(matches!(
            read(&Value::Null, None),
            Err(Unusable::NoNumber(_))
        ));
    }
}
