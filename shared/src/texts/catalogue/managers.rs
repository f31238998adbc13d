//! Texts to managers and admins.

use super::{Entry, Text};

pub(super) const TEXTS: &[Entry] = &[
    Entry {
        text: Text::ManagerHangus,
        variable: "TEXT_MANAGER_HANGUS",
        default: "Lead {name} hangus: tidak ada agen yang menjawab.\nProyek: {project}\nSumber: {source}\nPesan: {message}\nBalas TUGASKAN {code} dan labelnya untuk menugaskan:\n{team}",
        placeholders: &["name", "project", "source", "message", "code", "team"],
    },
    Entry {
        text: Text::ManagerHeld,
        variable: "TEXT_MANAGER_HELD",
        default: "Lead {name} menunggu: tidak ada agen yang bisa ditawari.\nProyek: {project}\nSumber: {source}\nPesan: {message}\nBalas TUGASKAN {code} dan labelnya untuk menugaskan:\n{team}",
        placeholders: &["name", "project", "source", "message", "code", "team"],
    },
    Entry {
        text: Text::ManagerAssigned,
        variable: "TEXT_MANAGER_ASSIGNED",
        default: "Lead {name} sudah ditugaskan kepada {owner}.",
        placeholders: &["name", "owner"],
    },
    Entry {
        text: Text::ManagerTaken,
        variable: "TEXT_MANAGER_TAKEN",
        default: "Lead {name} sudah diambil {owner}.",
        placeholders: &["name", "owner"],
    },
    Entry {
        text: Text::ManagerUnknown,
        variable: "TEXT_MANAGER_UNKNOWN",
        default: "Tidak ada lead dengan kode {code} atau agen dengan label {label}.",
        placeholders: &["code", "label"],
    },
    Entry {
        text: Text::ManagerHelp,
        variable: "TEXT_MANAGER_HELP",
        default: "Untuk menugaskan lead, balas TUGASKAN, kode lead dan label agen, misalnya TUGASKAN H12 B.",
        placeholders: &[],
    },
    Entry {
        text: Text::Test,
        variable: "TEXT_TEST",
        default: "Pesan uji dari Property Lounge. Jika Anda menerimanya, WhatsApp sudah tersambung.",
        placeholders: &[],
    },
    Entry {
        text: Text::ManagerDisabled,
        variable: "TEXT_MANAGER_DISABLED",
        default: "{agent} tidak aktif. Pilih agen lain.",
        placeholders: &["agent"],
    },
    Entry {
        text: Text::ManagerAgentDisabled,
        variable: "TEXT_MANAGER_AGENT_DISABLED",
        default: "{agent} dinonaktifkan. {count} lead dan {visits} kunjungan menunggu keputusan Anda.",
        placeholders: &["agent", "count", "visits"],
    },
    Entry {
        text: Text::ManagerClientWrote,
        variable: "TEXT_MANAGER_CLIENT_WROTE",
        default: "Client {name} menulis {count} pesan, tetapi agennya {owner} tidak aktif. Balas TUGASKAN {code} dan labelnya untuk menugaskan:\n{team}\n\n{message}",
        placeholders: &["name", "count", "owner", "code", "team", "message"],
    },
    Entry {
        text: Text::ManagerMerge,
        variable: "TEXT_MANAGER_MERGE",
        default: "Lead {name} dipegang dua agen: {owner} dan {other}. Putuskan siapa yang melanjutkan.",
        placeholders: &["name", "owner", "other"],
    },
    Entry {
        text: Text::ManagerAccount,
        variable: "TEXT_MANAGER_ACCOUNT",
        default: "Peringatan dari WhatsApp: {event} ({about}). Pesan bisa berhenti terkirim. Periksa WhatsApp Manager.",
        placeholders: &["event", "about"],
    },
    Entry {
        text: Text::Summary,
        variable: "TEXT_SUMMARY",
        default: "Ringkasan {day}\nLead: {leads}\nDiambil: {claimed} ({quick} dalam 5 menit)\nHangus: {hangus}\nYang hangus: {names}\nMenunggu: {held}\nKunjungan besok: {visits}\nPaling sering diam: {silent}\n\nBalas RINGKASAN OFF untuk berhenti menerima ringkasan, RINGKASAN untuk melihatnya kapan saja.",
        placeholders: &[
            "day", "leads", "claimed", "quick", "hangus", "names", "held", "visits", "silent",
        ],
    },
    Entry {
        text: Text::SummaryOff,
        variable: "TEXT_SUMMARY_OFF",
        default: "Baik, ringkasan tidak dikirim lagi. Balas RINGKASAN ON untuk menerimanya kembali.",
        placeholders: &[],
    },
    Entry {
        text: Text::SummaryOn,
        variable: "TEXT_SUMMARY_ON",
        default: "Baik, ringkasan dikirim setiap hari.",
        placeholders: &[],
    },
    Entry {
        text: Text::ManagerBurst,
        variable: "TEXT_MANAGER_BURST",
        default: "Formulir dari {source} saling mirip dan ditahan: belum dibagikan kepada agen. Periksa di daftar lead dengan tanda suspect.",
        placeholders: &["source"],
    },
];
