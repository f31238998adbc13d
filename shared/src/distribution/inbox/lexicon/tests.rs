use super::{Absence, Command, Intent, Lexicon, Lists};
use crate::local_time::Timezone;
use chrono::{DateTime, NaiveDate, Utc};

fn intent(body: &str) -> Intent {
    Lexicon::default().read(body).intent
}

/// The corpus: at least 400 replies with their meaning.
fn corpus() -> Vec<(Intent, String)> {
    let file = include_str!("../../../../tests/fixtures/replies.tsv");
    let rows = file.lines().filter(|line| !line.starts_with('#'));
    rows.map(|row| {
        let (meaning, text) = row.split_once('\t').expect("two columns");
        let intent = match meaning {
            "takes" => Intent::Ok,
            "passes" => Intent::Decline,
            _ => Intent::Other,
        };
        (intent, serde_json::from_str(text).expect("a JSON string"))
    })
    .collect()
}

/// Nothing is taken or passed that the agent did not mean, and what they mean is understood.
#[test]
fn the_corpus_is_understood() {
    let corpus = corpus();
    assert!(corpus.len() >= 400, "{}", corpus.len());
    for meant in [Intent::Ok, Intent::Decline] {
        let all = corpus.iter().filter(|(intent, _)| *intent == meant).count();
        let understood: Vec<_> = corpus
            .iter()
            .filter(|(_, text)| intent(text) == meant)
            .collect();
        let wrong: Vec<_> = understood
            .iter()
            .filter(|(truth, _)| *truth != meant)
            .collect();
        let missed: Vec<_> = corpus
            .iter()
            .filter(|(truth, text)| *truth == meant && intent(text) != meant)
            .collect();
        println!(
            "{meant:?}: precision {}/{}, recall {}/{all}",
            understood.len() - wrong.len(),
            understood.len(),
            all - missed.len()
        );
        assert!(
            wrong.is_empty(),
            "{meant:?} is understood wrongly: {wrong:?}"
        );
        assert!(missed.is_empty(), "{meant:?} is not understood: {missed:?}");
    }
}

#[test]
fn the_name_of_an_offer_is_its_code_or_its_number_in_a_list() {
    let lexicon = Lexicon::default();
    for body in [
        "OK A17",
        "ok a17",
        "a17 ok",
        "Siap pak, A17.",
        "A 17",
        "kode A17",
        "ok kode: a 17",
        "oka17",
    ] {
        let said = lexicon.read(body);
        assert_eq!(
            (said.code.as_deref(), said.number),
            (Some("A17"), None),
            "{body:?}"
        );
    }
    for body in ["2", "ok 2", "ok2", "nomor 2", "ambil no 2"] {
        let said = lexicon.read(body);
        assert_eq!(
            (said.code.as_deref(), said.number),
            (None, Some(2)),
            "{body:?}"
        );
    }
    assert_eq!(lexicon.read("lewati 2").intent, Intent::Decline);
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

/// A company may have copied the lists of an older version, where `ya` was politeness.
#[test]
fn the_lists_of_an_older_version_are_still_taken() {
    let old = Lists {
        ok: "ok,oke,okay,okey,siap,gas,ambil,👍,✅",
        decline: "lewati,lewat,pass,skip,👎",
        polite: "pak,bu,kak,mas,mbak,ya,deh,dong,terima kasih,makasih,🙏",
        ..Lists::default()
    };
    let lexicon = Lexicon::new(old).expect("a lexicon");
    assert_eq!(lexicon.read("lewati ya").intent, Intent::Decline);
    assert_eq!(lexicon.read("ok ya").intent, Intent::Ok);
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
    let read = |body| Lexicon::default().read_assignments(body);
    let named = |code: &str, label: &str| (code.to_owned(), label.to_owned());
    assert_eq!(read("Tugaskan h12 b"), Some(vec![named("H12", "B")]));
    assert_eq!(
        read("tugaskan H12 B, h13 c"),
        Some(vec![named("H12", "B"), named("H13", "C")])
    );
    for wrong in ["tugaskan b", "H12 B", "tugaskan H12 B, H13", "tugaskan"] {
        assert_eq!(read(wrong), None, "{wrong}");
    }
}

fn now() -> DateTime<Utc> {
    // A Monday.
    instant("2026-01-05T09:00:00+07:00")
}

fn instant(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).expect("a time").to_utc()
}

fn absence(body: &str) -> Option<Absence> {
    Lexicon::default().read_absence(body, now(), Timezone::Jakarta)
}

#[test]
fn a_break_has_the_end_that_is_said() {
    for (body, until) in [
        ("istirahat 2 jam", "2026-01-05T11:00:00+07:00"),
        ("Istirahat dua jam ya pak", "2026-01-05T11:00:00+07:00"),
        ("jeda 30 menit", "2026-01-05T09:30:00+07:00"),
        ("istirahat setengah jam", "2026-01-05T09:30:00+07:00"),
        ("istirahat sampai 15.00", "2026-01-05T15:00:00+07:00"),
        ("istirahat sampai jam 3 sore", "2026-01-05T15:00:00+07:00"),
        ("istirahat sampai jam 8", "2026-01-06T08:00:00+07:00"),
        ("istirahat sampai besok", "2026-01-06T00:00:00+07:00"),
        ("istirahat sampai rabu", "2026-01-07T00:00:00+07:00"),
    ] {
        assert_eq!(
            absence(body),
            Some(Absence::Break(instant(until))),
            "{body}"
        );
    }
}

#[test]
fn days_off_include_the_last_day() {
    let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
    for (body, first, last) in [
        ("cuti", "2026-01-05", "2026-01-05"),
        ("cuti sampai Jumat", "2026-01-05", "2026-01-09"),
        ("cuti sampai senin", "2026-01-05", "2026-01-05"),
        ("cuti 3 hari", "2026-01-05", "2026-01-07"),
        ("libur besok", "2026-01-06", "2026-01-06"),
        ("cuti rabu sampai jumat", "2026-01-07", "2026-01-09"),
        ("cuti tanggal 12 sampai 14", "2026-01-12", "2026-01-14"),
        ("cuti 5 sampai 7 maret", "2026-03-05", "2026-03-07"),
        ("cuti tgl 3", "2026-02-03", "2026-02-03"),
    ] {
        let expected = Absence::Leave(day(first), day(last));
        assert_eq!(absence(body), Some(expected), "{body}");
    }
}

#[test]
fn what_says_more_or_nothing_certain_is_no_absence() {
    for body in [
        "istirahat",
        "ok",
        "saya cuti sampai client datang",
        "cuti sampai kapan ya",
        "istirahat 2",
        "cuti sampai tanggal 40",
        "cuti 200 hari",
    ] {
        assert_eq!(absence(body), None, "{body}");
    }
}
