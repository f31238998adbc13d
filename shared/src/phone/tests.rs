use super::{Phone, Unreadable, search_digits};
use proptest::prelude::*;

#[test]
fn what_people_type_becomes_e164() {
    for typed in [
        "081234001234",
        "812 3400 1234",
        "(0812) 3400-1234",
        "0812.3400.1234",
        "0 8 1 2 34001234",
        "0812_34001234",
        "+62 (0)812 3400 1234",
        "+62-0812-3400-1234",
        "+6281234001234",
        "6281234001234",
        "62081234001234",
        "006281234001234",
        "0086281234001234",
        "p:+6281234001234",
        "++6281234001234",
        "0812–3400–1234",
        "0812\u{2011}34001234",
        "0812\u{200b}34001234",
        "\u{202a}+6281234001234\u{202c}",
        "０８１２34001234",
        "٠٨١٢34001234",
        "0812/3400/1234",
        "0812,34001234",
        "WA 081234001234",
        "Hp. 081234001234",
        "WA081234001234",
        "nomor saya 0812-3400-1234 ya",
        "O81234001234",
        "081234001234 (Budi)",
        "'081234001234",
        "\"081234001234\"",
        "*081234001234*",
        "tel:+6281234001234",
        "https://wa.me/6281234001234",
        "wa.me/6281234001234?text=Halo",
        "wa.me/081234001234",
        "https://api.whatsapp.com/send?phone=6281234001234",
        "6281234001234@s.whatsapp.net",
        "6281234001234.0",
        "+626281234001234",
        "+62 62 812 3400 1234",
        "626281234001234",
        "6262081234001234",
        "081234001234 / 081311112222",
        "081234001234, 081311112222",
        "081234001234 081311112222",
        "081234001234 atau 081311112222",
    ] {
        let read = Phone::read(typed);
        assert_eq!(
            read.as_ref().map(Phone::as_str),
            Ok("+6281234001234"),
            "{typed}"
        );
    }
}

#[test]
fn a_number_of_another_place_stays_there() {
    for (typed, e164) in [
        ("021-5550123", "+62215550123"),
        ("6261 4592686", "+62614592686"),
        ("0967-571665", "+62967571665"),
        ("+65 8123 4567", "+6581234567"),
        ("006591084236", "+6591084236"),
        ("+61 0412 239821", "+61412239821"),
        ("+1 (415) 555-0892", "+14155550892"),
        ("0014155550815", "+14155550815"),
        ("+52 1 55 1234 5678", "+525512345678"),
    ] {
        let read = Phone::read(typed);
        assert_eq!(read.as_ref().map(Phone::as_str), Ok(e164), "{typed}");
    }
}

#[test]
fn what_is_no_number_is_refused_with_a_reason() {
    for (typed, reason) in [
        ("", Unreadable::NoNumber),
        ("-", Unreadable::NoNumber),
        ("tanya admin", Unreadable::NoNumber),
        ("+", Unreadable::NoNumber),
        ("62812xxxxxxx", Unreadable::Letters),
        ("0812-ABCD-1234", Unreadable::NoNumber),
        ("081234001234x", Unreadable::Letters),
        ("A81234001234", Unreadable::Letters),
        ("6.28123E+12", Unreadable::Letters),
        ("6581234567", Unreadable::NotExisting),
        ("0812345", Unreadable::NotExisting),
        ("0812 34472", Unreadable::NotExisting),
        ("08122758482454", Unreadable::NotExisting),
        ("0800 1374400", Unreadable::NotExisting),
        ("1500 123", Unreadable::NotExisting),
        ("62812345678 9012345", Unreadable::NotExisting),
        ("628123@s.whatsapp.net", Unreadable::NotExisting),
    ] {
        assert_eq!(
            Phone::read(typed).map(|phone| phone.to_string()),
            Err(reason),
            "{typed}"
        );
    }
}

#[test]
fn a_whatsapp_id_is_international_already() {
    let read = |id| Phone::from_whatsapp_id("from", id).map(|phone| phone.to_string());
    assert_eq!(read("6581234567").expect("a wa_id"), "+6581234567");
    assert!(read("US.13491208655302741918").is_err());
    // One person with two spellings.
    assert_eq!(
        read("5215512295600").expect("Mexico"),
        read("525512295600").expect("Mexico")
    );
    assert_eq!(
        read("5491132956007").expect("Argentina"),
        read("541132956007").expect("Argentina")
    );
}

#[test]
fn a_search_finds_a_number_as_people_type_it() {
    for typed in [
        "081299887766",
        "0812-9988-7766",
        "812 9988 7766",
        "+6281299887766",
    ] {
        assert_eq!(
            search_digits(typed).as_deref(),
            Some("6281299887766"),
            "{typed}"
        );
    }
    assert_eq!(search_digits("0812-99").as_deref(), Some("81299"));
    assert_eq!(search_digits("7766").as_deref(), Some("7766"));
    assert_eq!(search_digits("00003").as_deref(), Some("00003"));
    assert_eq!(search_digits("Budi 2"), None);
    assert_eq!(search_digits("-"), None);
}

#[test]
fn a_number_is_never_logged_whole() {
    let phone = Phone::read("081234001234").expect("phone");
    assert_eq!(format!("{phone:?}"), "Phone(…34)");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    /// Whatever is typed: no panic, a number that exists, and the number read again is itself.
    #[test]
    fn a_reading_exists_and_is_stable(typed in "(\\+|00|0|62|8|WA |tel:|wa.me/)?[0-9 ()./,;xO\u{200b}\u{ff10}\u{ff18}-]{0,24}") {
        if let Ok(phone) = Phone::read(&typed) {
            prop_assert!(super::country::exists(phone.as_str()), "{}", phone.as_str());
            let again = Phone::read(phone.as_str());
            prop_assert_eq!(again.as_ref().map(Phone::as_str), Ok(phone.as_str()));
        }
    }

    #[test]
    fn any_text_is_read_without_a_panic(typed in ".{0,60}") {
        let _read = Phone::read(&typed);
        let _digits = search_digits(&typed);
    }
}
