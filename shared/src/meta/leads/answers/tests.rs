use super::{Unusable, read};
use crate::phone::Phone;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn answers(pairs: &[(&str, &str)]) -> Value {
    let fields: Vec<Value> = pairs
        .iter()
        .map(|(name, value)| json!({ "name": name, "values": [value] }))
        .collect();
    json!({ "field_data": fields })
}

fn number(pairs: &[(&str, &str)]) -> Result<String, Unusable> {
    read(&answers(pairs), None).map(|lead| lead.phone.to_string())
}

fn fixture(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn metas_names_and_indonesian_ones_are_understood() {
    let lead = fixture(include_str!(
        "../../../../tests/fixtures/meta/graph_lead.res.json"
    ));
    let lead = read(&lead, None).expect("a lead");
    assert_eq!(lead.phone.as_str(), "+6281234001234");
    assert_eq!(lead.name.as_deref(), Some("Bapak Test"));
    for question in [
        "Nomor WhatsApp?",
        "nomor_whatsapp_aktif",
        "no_hp/wa",
        "masukkan_nomor_whatsapp_anda",
        "No. HP",
        "telepon",
        "Your phone",
        "nomor",
        "WA aktif",
    ] {
        let found = number(&[("Nama lengkap", "Ibu Sari"), (question, "0812 3400 1234")]);
        assert_eq!(found.as_deref(), Ok("+6281234001234"), "{question}");
    }
}

#[test]
fn the_best_answer_with_a_readable_number_counts() {
    let found = number(&[("phone_number", "-"), ("whatsapp_number", "081234001234")]);
    assert_eq!(found.as_deref(), Ok("+6281234001234"));
    let found = number(&[
        ("nomor_hp", "081311112222"),
        ("phone_number", "081234001234"),
    ]);
    assert_eq!(
        found.as_deref(),
        Ok("+6281234001234"),
        "Meta's own question is surer"
    );
    let found = number(&[("kontak", "WA 081234001234 ya"), ("nama", "Budi")]);
    assert_eq!(
        found.as_deref(),
        Ok("+6281234001234"),
        "the only number of the form"
    );
}

#[test]
fn another_number_is_never_the_clients() {
    for (question, answer) in [
        ("nomor_ktp", "081234001234"),
        ("no_rekening", "081234001234"),
        ("nomor_wa_istri", "081234001234"),
        ("budget", "800000000"),
        ("email", "081234001234@contoh.id"),
    ] {
        assert!(
            number(&[("nama", "Budi"), (question, answer)]).is_err(),
            "{question}"
        );
    }
    assert!(
        number(&[("a", "081234001234"), ("b", "081311112222")]).is_err(),
        "two numbers, and no question says which"
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
fn a_name_in_two_answers_is_whole() {
    let lead = read(
        &answers(&[
            ("last_name", "Santoso"),
            ("first_name", "Budi"),
            ("phone", "081234001234"),
        ]),
        None,
    );
    assert_eq!(lead.expect("a lead").name.as_deref(), Some("Budi Santoso"));
}

#[test]
fn a_test_lead_and_one_without_a_number_are_no_leads() {
    let test = fixture(include_str!(
        "../../../../tests/fixtures/meta/graph_lead_test_dummy.res.json"
    ));
    assert_eq!(read(&test, None).expect_err("a test"), Unusable::Test);
    assert!(number(&[("full_name", "Budi")]).is_err());
    assert!(number(&[("phone", "tidak ada")]).is_err());
    assert!(read(&Value::Null, None).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    /// Whatever stands beside it, a good answer to Meta's own question is the client's number.
    #[test]
    fn a_good_answer_is_never_lost(others in prop::collection::vec(("[a-z_/? ]{0,16}", ".{0,24}"), 0..5), at in 0_usize..6) {
        let mut pairs: Vec<(&str, &str)> = others
            .iter()
            .filter(|(name, value)| name != "phone_number" && !value.starts_with("<test lead"))
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        pairs.insert(at.min(pairs.len()), ("phone_number", "081234001234"));
        prop_assert_eq!(number(&pairs), Ok("+6281234001234".to_owned()));
    }

    /// A number that is read is one that the library knows.
    #[test]
    fn a_number_that_is_read_exists(name in "(no_hp|wa|kontak|phone_number)", value in "[0-9+ ()/.a-zA-Z-]{0,24}") {
        if let Ok(phone) = number(&[(&name, &value)]) {
            prop_assert_eq!(Phone::read(&phone).map(|phone| phone.to_string()), Ok(phone));
        }
    }
}
