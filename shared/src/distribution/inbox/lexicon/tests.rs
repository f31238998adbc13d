use super::{Command, Intent, Lexicon, Lists};

fn intent(body: &str) -> Intent {
    Lexicon::default().read(body).intent
}

#[test]
fn an_ok_is_whatever_salespeople_write_for_it() {
    for body in [
        "OK",
        "ok",
        " Ok ",
        "ok!",
        "*OK*",
        "OK 👍",
        "ok.\n",
        "oke",
        "Ok pak",
        "siap",
        "Siap bos!",
        "gas",
        "👍",
        "👍🏽",
        "ok ok",
        "oke siap kak 🙏",
        "ＯＫ",
        "Okay, terima kasih",
        "✅",
    ] {
        assert_eq!(intent(body), Intent::Ok, "{body:?}");
    }
}

#[test]
fn a_near_miss_is_no_ok() {
    for body in [
        "",
        "ok?",
        "tidak ok",
        "ok nanti",
        "0k",
        "book",
        "belum siap",
        "ok tapi besok",
        "apakah ok? ok",
        "pak",
        "🙏",
        "siapa",
        "gasss",
        "ok lewati",
        "A17",
        "ok A17 B18",
        "❌",
    ] {
        assert_eq!(intent(body), Intent::Other, "{body:?}");
    }
}

#[test]
fn a_decline_is_understood_too() {
    for body in ["lewati", "Skip", "pass pak", "skip A17", "👎🏿"] {
        assert_eq!(intent(body), Intent::Decline, "{body:?}");
    }
    for body in ["jangan lewati", "password", "skip?"] {
        assert_eq!(intent(body), Intent::Other, "{body:?}");
    }
}

#[test]
fn a_code_names_the_offer() {
    let lexicon = Lexicon::default();
    for body in ["OK A17", "ok a17", "a17 ok", "Siap pak, A17."] {
        assert_eq!(lexicon.read(body).code.as_deref(), Some("A17"), "{body:?}");
    }
    assert_eq!(lexicon.read("ok").code, None);
}

#[test]
fn a_reaction_is_read_as_its_emoji_and_one_taken_back_is_nothing() {
    let lexicon = Lexicon::default();
    assert_eq!(lexicon.read_reaction("👍🏻"), Intent::Ok);
    assert_eq!(lexicon.read_reaction("👎"), Intent::Decline);
    assert_eq!(lexicon.read_reaction("❤️"), Intent::Other);
    assert_eq!(lexicon.read_reaction(""), Intent::Other);
}

#[test]
fn a_lexicon_that_contradicts_itself_is_refused() {
    let with = |ok, decline, resume| {
        Lexicon::new(Lists {
            ok,
            decline,
            polite: "",
            resume,
            ..Lists::default()
        })
    };
    assert!(with("ok", "skip, OK", "").is_err());
    assert!(with(" , ", "skip", "").is_err());
    assert!(with("ok", "", "OK").is_err());
    assert!(with("ok", "", "").is_ok());
}

#[test]
fn a_command_is_not_the_ok_that_it_begins_with() {
    for (body, command) in [
        ("Bantuan", Command::Help),
        ("antrian pak", Command::Queue),
        ("Istirahat dong", Command::Pause),
        ("siap kerja!", Command::Resume),
        ("beri saya kesempatan lagi", Command::SecondChance),
    ] {
        assert_eq!(intent(body), Intent::Command(command), "{body:?}");
    }
    assert_eq!(intent("siap"), Intent::Ok);
    assert_eq!(intent("siap kerja ok"), Intent::Other);
    assert_eq!(intent("istirahat dulu ya"), Intent::Other);
}

#[test]
fn a_manager_names_the_lead_and_the_agent() {
    let read = |body| Lexicon::default().read_assignment(body);
    let named = |code: &str, label: &str| Some((code.to_owned(), label.to_owned()));
    assert_eq!(read("Tugaskan h12 b"), named("H12", "B"));
    assert_eq!(read("tugaskan b"), None);
    assert_eq!(read("H12 B"), None);
}
