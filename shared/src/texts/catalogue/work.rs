//! Texts to agents about the work with their leads: lists, visits, cover, ready answers.

use super::{Entry, Text};

pub(super) const TEXTS: &[Entry] = &[
    Entry {
        text: Text::LeadsEntered,
        variable: "TEXT_LEADS_ENTERED",
        default: "{count} lead baru untuk Anda:\n{leads}\nSegera hubungi mereka.",
        placeholders: &["count", "leads"],
    },
    Entry {
        text: Text::AndMore,
        variable: "TEXT_AND_MORE",
        default: "… dan {count} lagi",
        placeholders: &["count"],
    },
    Entry {
        text: Text::EarlierMessages,
        variable: "TEXT_EARLIER_MESSAGES",
        default: "(+{count} pesan sebelumnya)",
        placeholders: &["count"],
    },
    Entry {
        text: Text::NextVisit,
        variable: "TEXT_NEXT_VISIT",
        default: "kunjungan {time}",
        placeholders: &["time"],
    },
    Entry {
        text: Text::TheQueue,
        variable: "TEXT_THE_QUEUE",
        default: "antrian",
        placeholders: &[],
    },
    Entry {
        text: Text::NoName,
        variable: "TEXT_NO_NAME",
        default: "Bapak/Ibu",
        placeholders: &[],
    },
    Entry {
        text: Text::VisitQuestion,
        variable: "TEXT_VISIT_QUESTION",
        default: "Bagaimana kunjungan {name} ({time})?\nTempat: {place}\nBalas SUDAH {code}, TIDAK DATANG {code}, atau JADWAL ULANG {code}.",
        placeholders: &["name", "phone", "agent", "time", "place", "code"],
    },
    Entry {
        text: Text::VisitDone,
        variable: "TEXT_VISIT_DONE",
        default: "Dicatat: {name} sudah datang.",
        placeholders: &["name"],
    },
    Entry {
        text: Text::VisitNoShow,
        variable: "TEXT_VISIT_NO_SHOW",
        default: "Dicatat: {name} tidak datang. Hubungi lagi untuk jadwal baru.",
        placeholders: &["name"],
    },
    Entry {
        text: Text::VisitToMove,
        variable: "TEXT_VISIT_TO_MOVE",
        default: "Dicatat: kunjungan {name} dijadwal ulang. Buat janji barunya di aplikasi.",
        placeholders: &["name"],
    },
    Entry {
        text: Text::VisitWhich,
        variable: "TEXT_VISIT_WHICH",
        default: "Ada {count} kunjungan yang menunggu jawaban Anda:\n{leads}\nBelum ada yang dicatat. Balas dengan kodenya, misalnya {word} {code}.",
        placeholders: &["count", "leads", "word", "code"],
    },
    Entry {
        text: Text::CoverClientWrote,
        variable: "TEXT_COVER_CLIENT_WROTE",
        default: "Anda menggantikan {owner}: client {name} ({phone}) menulis {count} pesan:\n{message}\nLead ini tetap milik {owner}.",
        placeholders: &["name", "phone", "owner", "count", "message"],
    },
    Entry {
        text: Text::SnippetSent,
        variable: "TEXT_SNIPPET_SENT",
        default: "/{word} sudah dikirim kepada {name}.",
        placeholders: &["name", "word"],
    },
    Entry {
        text: Text::SnippetByHand,
        variable: "TEXT_SNIPPET_BY_HAND",
        default: "{name} sudah lebih dari 24 jam tidak menulis, jadi nomor perusahaan tidak bisa mengirim. Kirim sendiri lewat tautan ini:\n{link}",
        placeholders: &["name", "link"],
    },
    Entry {
        text: Text::SnippetUnknown,
        variable: "TEXT_SNIPPET_UNKNOWN",
        default: "Tidak ada jawaban /{word}.\nYang ada: {words}",
        placeholders: &["word", "words"],
    },
    Entry {
        text: Text::SnippetToWhom,
        variable: "TEXT_SNIPPET_TO_WHOM",
        default: "Kepada siapa? Kutip pesan tentang client itu, atau tulis nomornya: /{word} 0812…",
        placeholders: &["word"],
    },
    Entry {
        text: Text::SnippetRefused,
        variable: "TEXT_SNIPPET_REFUSED",
        default: "{name} tidak mau menerima pesan lagi. Tidak ada yang dikirim.",
        placeholders: &["name"],
    },
    Entry {
        text: Text::OtherProject,
        variable: "TEXT_OTHER_PROJECT",
        default: "Client Anda {name} menanyakan proyek lain: {project}. Leadnya dibagikan kepada agen proyek itu.",
        placeholders: &["name", "project"],
    },
];
