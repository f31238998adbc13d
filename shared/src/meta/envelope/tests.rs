//! Deliveries as the field sent them, and a fuzzer.

use super::{Delivered, Ours, Reason, Severity, read};
use crate::phone::Phone;
use proptest::prelude::*;
use serde_json::{Value, json};

const NUMBER: &str = "1060000000000001";

fn read_bytes(body: &[u8]) -> Delivered {
    let phone = Phone::from_e164("+62215550100").expect("E.164");
    let ours = Ours {
        phone_number_id: Some(NUMBER),
        phone: &phone,
    };
    read(body, ours)
}

fn case(name: &str) -> Delivered {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/field/webhooks");
    let file = std::fs::read_dir(folder)
        .expect("the cases")
        .filter_map(Result::ok)
        .find(|file| file.file_name().to_string_lossy().starts_with(name))
        .expect(name);
    read_bytes(&std::fs::read(file.path()).expect(name))
}

fn only_message(name: &str) -> crate::distribution::InboundMessage {
    let mut delivered = case(name);
    assert_eq!(
        (delivered.messages.len(), delivered.unread.len()),
        (1, 0),
        "{name}"
    );
    delivered.messages.remove(0).1
}

#[test]
fn a_bad_string_or_number_costs_only_itself() {
    assert_eq!(only_message("S01").name.as_deref(), Some("Budi \u{fffd}"));
    assert_eq!(only_message("S02").body, "Halo \u{fffd}");
    assert_eq!(only_message("S03").body, "Halo \u{fffd}");
    assert_eq!(only_message("S05").body, "Halo");
}

#[test]
fn nothing_follows_from_copies_groups_our_own_number_or_an_empty_chat() {
    for name in ["F11", "F12", "G01", "G05", "O01", "W03", "Y01"] {
        let delivered = case(name);
        assert!(
            delivered.messages.is_empty() && delivered.numbers.is_empty(),
            "{name}"
        );
        assert_eq!(delivered.unread, [], "{name}");
    }
}

#[test]
fn events_of_the_account_are_read_with_their_danger() {
    for (name, event, about) in [
        ("F01", "DISABLED_UPDATE", "SCHEDULE_FOR_DISABLE, 2026-11-30"),
        (
            "F02",
            "ACCOUNT_RESTRICTION",
            "62215550100, RESTRICTED_BIZ_INITIATED_MESSAGING",
        ),
        ("F03", "REJECTED", "lead_offer, INVALID_FORMAT"),
        ("F04", "PAUSED", "lead_offer"),
        ("F05", "FLAGGED", "62215550100, TIER_50"),
    ] {
        let delivered = case(name);
        let read = &delivered.events[0];
        assert_eq!(
            (read.event.as_str(), read.about().as_str()),
            (event, about),
            "{name}"
        );
        assert_eq!(read.severity, Severity::Danger, "{name}");
    }
}

#[test]
fn a_part_that_cannot_be_read_is_noted_with_its_place() {
    let note = |delivered: Delivered| {
        let [unread] = &delivered.unread[..] else {
            panic!("one part");
        };
        (unread.place.clone(), unread.reason)
    };
    assert_eq!(
        note(case("W27")),
        ("entry/0/changes/0".to_owned(), Reason::AnotherNumber)
    );
    assert_eq!(
        note(read_bytes(b"<html>")),
        (String::new(), Reason::NotJson)
    );
    assert_eq!(
        note(read_bytes(b"{}")),
        (String::new(), Reason::NotADelivery)
    );
    let unknown = json!({ "object": "whatsapp_business_account", "entry": [{ "changes": [{ "field": "flows", "value": {} }] }] });
    assert_eq!(
        note(read_bytes(unknown.to_string().as_bytes())),
        ("entry/0/changes/0".to_owned(), Reason::NothingInIt)
    );
    assert_eq!(
        note(delivery(&[])),
        ("entry/0/changes/0".to_owned(), Reason::NothingInIt)
    );
    let nobody =
        delivery(&[json!({ "id": "wamid.1", "type": "text", "text": { "body": "Halo" } })]);
    assert_eq!(
        note(nobody),
        ("entry/0/changes/0/messages/0".to_owned(), Reason::NoSender)
    );
}

#[test]
fn one_person_is_one_person_in_every_spelling() {
    let maria = only_message("M01");
    assert_eq!(
        (maria.name.as_deref(), maria.from.as_str()),
        (Some("Maria"), "+5255122956005")
    );
    let jose = only_message("M02");
    assert_eq!(
        (jose.name.as_deref(), jose.from.as_str()),
        (Some("Jose"), "+5491132956007")
    );
    assert_eq!(
        only_message("V08").from.as_str(),
        "bsuid:ID.13491208655302741918"
    );
}

#[test]
fn forms_addresses_and_cards_are_readable() {
    assert_eq!(
        only_message("W01").body,
        "[formulir] Nama: Budi\nUnit: Tipe 45"
    );
    assert_eq!(only_message("W12").body, "[formulir] Budi\n08123");
    assert_eq!(
        only_message("W14").body,
        "[kontak] Istri Budi +62 813-1111-2222"
    );
}

fn delivery(messages: &[Value]) -> Delivered {
    let value =
        json!({ "metadata": { "phone_number_id": NUMBER }, "contacts": [], "messages": messages });
    let body = json!({ "object": "whatsapp_business_account", "entry": [{ "changes": [{ "field": "messages", "value": value }] }] });
    read_bytes(body.to_string().as_bytes())
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        "[a-z0-9+.@:_ ]{0,12}".prop_map(Value::from),
    ];
    let keys = "(type|from|id|timestamp|text|body|interactive|system|edit|group_id|contacts|wa_id|name|reaction)";
    leaf.prop_recursive(3, 16, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(keys, inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    /// Whatever stands beside it, a good message is read.
    #[test]
    fn a_good_message_is_never_lost(others in prop::collection::vec(any_value(), 0..4), at in 0_usize..5) {
        let good = json!({ "from": "6281234001234", "id": "wamid.good", "timestamp": "1795629500", "type": "text", "text": { "body": "Halo" } });
        let mut messages = others;
        messages.insert(at.min(messages.len()), good);
        let delivered = delivery(&messages);
        let found = delivered.messages.iter().any(|(_, message)| message.message_id.as_deref() == Some("wamid.good"));
        prop_assert!(found);
    }

    #[test]
    fn any_delivery_is_read_without_a_panic(value in any_value(), field in "(messages|account_update|x)") {
        let body = json!({ "object": "whatsapp_business_account", "entry": [{ "changes": [{ "field": field, "value": value }, value] }, value] });
        let _read = read_bytes(body.to_string().as_bytes());
    }
}
