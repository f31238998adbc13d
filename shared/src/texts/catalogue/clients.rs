//! Texts to clients. The auto-reply is exactly the previous server's.

use super::{Entry, Text};

pub(super) const TEXTS: &[Entry] = &[
    Entry {
        text: Text::AutoReply,
        variable: "TEXT_AUTO_REPLY",
        default: "Harap menunggu agent professional akan menhubungi anda",
        placeholders: &[],
    },
    Entry {
        text: Text::Welcome,
        variable: "TEXT_WELCOME",
        default: "Halo {name}, terima kasih atas minat Anda. Agent professional kami akan segera menghubungi Anda.",
        placeholders: &["name"],
    },
    Entry {
        text: Text::ReminderClient,
        variable: "TEXT_REMINDER_CLIENT",
        default: "Pengingat: kunjungan Anda bersama {agent} pada {time}.\nTempat: {place}\nSampai jumpa!",
        placeholders: &["name", "agent", "time", "place"],
    },
    Entry {
        text: Text::Greeting,
        variable: "TEXT_GREETING",
        default: "Halo {name}, terima kasih sudah menghubungi Property Lounge. Ada yang bisa saya bantu?",
        placeholders: &["name"],
    },
    Entry {
        text: Text::ClientClaimed,
        variable: "TEXT_CLIENT_CLAIMED",
        default: "Halo {name}, Anda dilayani oleh {agent} ({phone}) dari Property Lounge. {agent} akan segera menghubungi Anda.",
        placeholders: &["name", "agent", "phone"],
    },
    Entry {
        text: Text::ClientHangus,
        variable: "TEXT_CLIENT_HANGUS",
        default: "Mohon maaf, semua agent kami sedang melayani client lain. Permintaan Anda sudah kami catat dan kami akan menghubungi Anda secepatnya.",
        placeholders: &["name"],
    },
    Entry {
        text: Text::ClientHeld,
        variable: "TEXT_CLIENT_HELD",
        default: "Terima kasih sudah menghubungi Property Lounge. Agent kami kembali bertugas {until} dan akan menghubungi Anda.",
        placeholders: &["name", "until"],
    },
    Entry {
        text: Text::ClientVisitBooked,
        variable: "TEXT_CLIENT_VISIT_BOOKED",
        default: "Kunjungan Anda bersama {agent} sudah dijadwalkan pada {time}.\nTempat: {place}",
        placeholders: &["name", "agent", "time", "place"],
    },
    Entry {
        text: Text::ClientVisitMoved,
        variable: "TEXT_CLIENT_VISIT_MOVED",
        default: "Kunjungan Anda bersama {agent} dipindahkan ke {time}.\nTempat: {place}",
        placeholders: &["name", "agent", "time", "place"],
    },
    Entry {
        text: Text::ClientVisitCancelled,
        variable: "TEXT_CLIENT_VISIT_CANCELLED",
        default: "Kunjungan Anda bersama {agent} pada {time} dibatalkan. Hubungi kami untuk menjadwalkan ulang.",
        placeholders: &["name", "agent", "time"],
    },
];
