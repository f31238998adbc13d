//! The texts.

use super::text::Text;

/// The default of a text, and the placeholders that it can have.
pub(super) struct Entry {
    pub(super) text: Text,
    pub(super) variable: &'static str,
    pub(super) default: &'static str,
    pub(super) placeholders: &'static [&'static str],
}

/// The catalogue. The auto-reply is exactly the previous server's.
pub(super) const CATALOGUE: [Entry; 49] = [
    Entry {
        text: Text::AutoReply,
        variable: "TEXT_AUTO_REPLY",
        default: "Harap menunggu agent professional akan menhubungi anda",
        placeholders: &[],
    },
    Entry {
        text: Text::Offer,
        variable: "TEXT_OFFER",
        default: "Lead baru untuk {label} (kode {code})\nNama: {name}\nWA: {phone}\nSumber: {source}\nPesan: {message}\n\nBalas OK dalam {window} (sebelum {deadline}) untuk mengambil lead ini, atau LEWATI untuk melewatkannya.",
        placeholders: &[
            "label", "code", "name", "phone", "project", "area", "source", "message", "window",
            "deadline",
        ],
    },
    Entry {
        text: Text::Claimed,
        variable: "TEXT_CLAIMED",
        default: "Lead {name} sekarang milik Anda. Segera hubungi {phone}. Sumber: {source}\n{link}",
        placeholders: &["name", "phone", "source", "link"],
    },
    Entry {
        text: Text::Declined,
        variable: "TEXT_DECLINED",
        default: "Baik, lead {name} dilewatkan ke agen berikutnya.",
        placeholders: &["name"],
    },
    Entry {
        text: Text::Withdrawn,
        variable: "TEXT_WITHDRAWN",
        default: "Penawaran lead {name} ditarik: {owner} sudah menjawab OK lebih dulu.",
        placeholders: &["name", "owner"],
    },
    Entry {
        text: Text::Late,
        variable: "TEXT_LATE",
        default: "Maaf, OK Anda untuk lead {name} terlambat. Batas waktunya {deadline}; lead ini sudah dialihkan.",
        placeholders: &["name", "deadline"],
    },
    Entry {
        text: Text::LateTaken,
        variable: "TEXT_LATE_TAKEN",
        default: "Maaf, OK Anda untuk lead {name} terlambat. Batas waktunya {deadline}; lead ini sudah diambil {owner}.",
        placeholders: &["name", "deadline", "owner"],
    },
    Entry {
        text: Text::Ambiguous,
        variable: "TEXT_AMBIGUOUS",
        default: "Ada {count} penawaran terbuka untuk Anda:\n{offers}\nBelum ada yang dipilih. Balas dengan kodenya, misalnya OK {code}, atau kutip pesan penawarannya.",
        placeholders: &["count", "offers", "code"],
    },
    Entry {
        text: Text::NothingOpen,
        variable: "TEXT_NOTHING_OPEN",
        default: "Tidak ada penawaran lead yang terbuka untuk Anda saat ini.",
        placeholders: &[],
    },
    Entry {
        text: Text::OwnerClientWrote,
        variable: "TEXT_OWNER_CLIENT_WROTE",
        default: "Client Anda {name} ({phone}) menulis lagi:\n{message}",
        placeholders: &["name", "phone", "message"],
    },
    Entry {
        text: Text::OwnerNewAd,
        variable: "TEXT_OWNER_NEW_AD",
        default: "Client Anda {name} ({phone}) mengisi iklan lagi. Sumber: {source}",
        placeholders: &["name", "phone", "source"],
    },
    Entry {
        text: Text::OfferMasked,
        variable: "TEXT_OFFER_MASKED",
        default: "Lead baru untuk {label} (kode {code})\nNama: {name}\nProyek: {project}\nArea: {area}\nSumber: {source}\nPesan: {message}\n\nBalas OK dalam {window} (sebelum {deadline}) untuk mengambil lead ini, atau LEWATI untuk melewatkannya. Nomor client dikirim setelah OK.",
        placeholders: &[
            "label", "code", "name", "project", "area", "source", "message", "window", "deadline",
        ],
    },
    Entry {
        text: Text::OfferLastRound,
        variable: "TEXT_OFFER_LAST_ROUND",
        default: "REBUTAN untuk {label} (kode {code}): siapa cepat dia dapat!\nNama: {name}\nWA: {phone}\nSumber: {source}\nPesan: {message}\n\nBalas OK {code} dalam {window} (sebelum {deadline}).",
        placeholders: &[
            "label", "code", "name", "phone", "project", "area", "source", "message", "window",
            "deadline",
        ],
    },
    Entry {
        text: Text::OfferLastRoundMasked,
        variable: "TEXT_OFFER_LAST_ROUND_MASKED",
        default: "REBUTAN untuk {label} (kode {code}): siapa cepat dia dapat!\nNama: {name}\nProyek: {project}\nArea: {area}\nSumber: {source}\nPesan: {message}\n\nBalas OK {code} dalam {window} (sebelum {deadline}). Nomor client dikirim setelah OK.",
        placeholders: &[
            "label", "code", "name", "project", "area", "source", "message", "window", "deadline",
        ],
    },
    Entry {
        text: Text::LateSecondChance,
        variable: "TEXT_LATE_SECOND_CHANCE",
        default: "Maaf, OK Anda untuk lead {name} terlambat. Batas waktunya {deadline}. Lead ini belum diambil siapa pun: balas KESEMPATAN {code} jika Anda masih mau.",
        placeholders: &["name", "deadline", "code"],
    },
    Entry {
        text: Text::HandedOn,
        variable: "TEXT_HANDED_ON",
        default: "Lead {name} dialihkan kepada {owner}.",
        placeholders: &["name", "owner"],
    },
    Entry {
        text: Text::Assigned,
        variable: "TEXT_ASSIGNED",
        default: "Lead {name} ditugaskan kepada Anda. Segera hubungi {phone}. Sumber: {source}\n{link}",
        placeholders: &["name", "phone", "source", "link"],
    },
    Entry {
        text: Text::Help,
        variable: "TEXT_HELP",
        default: "Yang bisa Anda balas:\nOK (atau OK dan kodenya) untuk mengambil lead, dalam {window}\nLEWATI untuk melewatkannya\nANTRIAN untuk melihat posisi dan penawaran Anda\nISTIRAHAT untuk berhenti menerima lead\nSIAP KERJA untuk menerima lead lagi",
        placeholders: &["window"],
    },
    Entry {
        text: Text::Queue,
        variable: "TEXT_QUEUE",
        default: "{queue}\nPenawaran terbuka: {count}\n{offers}",
        placeholders: &["queue", "count", "offers"],
    },
    Entry {
        text: Text::QueuePlace,
        variable: "TEXT_QUEUE_PLACE",
        default: "{queue}: tempat {place} dari {of} ({label})",
        placeholders: &["queue", "place", "of", "label"],
    },
    Entry {
        text: Text::QueueNone,
        variable: "TEXT_QUEUE_NONE",
        default: "Anda tidak ada di antrian.",
        placeholders: &[],
    },
    Entry {
        text: Text::Away,
        variable: "TEXT_AWAY",
        default: "Anda sedang tidak menerima lead.",
        placeholders: &[],
    },
    Entry {
        text: Text::AwayUntil,
        variable: "TEXT_AWAY_UNTIL",
        default: "Anda tidak menerima lead sampai {until}.",
        placeholders: &["until"],
    },
    Entry {
        text: Text::Paused,
        variable: "TEXT_PAUSED",
        default: "Baik, Anda istirahat dan tidak akan ditawari lead baru. Balas SIAP KERJA jika sudah siap.",
        placeholders: &[],
    },
    Entry {
        text: Text::Resumed,
        variable: "TEXT_RESUMED",
        default: "Selamat bekerja kembali. Anda akan ditawari lead lagi.",
        placeholders: &[],
    },
    Entry {
        text: Text::ManagerHangus,
        variable: "TEXT_MANAGER_HANGUS",
        default: "Lead {name} hangus: tidak ada agen yang menjawab. Sumber: {source}\nBalas TUGASKAN {code} dan labelnya untuk menugaskan:\n{team}",
        placeholders: &["name", "source", "code", "team"],
    },
    Entry {
        text: Text::ManagerHeld,
        variable: "TEXT_MANAGER_HELD",
        default: "Lead {name} menunggu: tidak ada agen yang bisa ditawari. Sumber: {source}\nBalas TUGASKAN {code} dan labelnya untuk menugaskan:\n{team}",
        placeholders: &["name", "source", "code", "team"],
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
        text: Text::OfferList,
        variable: "TEXT_OFFER_LIST",
        default: "Ada {count} lead baru untuk Anda:\n{offers}\n\nPilih dari daftar, atau balas dengan kodenya: OK {code} untuk mengambil, LEWATI {code} untuk melewatkan.",
        placeholders: &["count", "offers", "code"],
    },
    Entry {
        text: Text::Welcome,
        variable: "TEXT_WELCOME",
        default: "Halo {name}, terima kasih atas minat Anda. Agent professional kami akan segera menghubungi Anda.",
        placeholders: &["name"],
    },
    Entry {
        text: Text::ReminderAgent,
        variable: "TEXT_REMINDER_AGENT",
        default: "Pengingat: kunjungan dengan {name} ({phone}) pada {time}. Tempat: {place}",
        placeholders: &["name", "phone", "agent", "time", "place"],
    },
    Entry {
        text: Text::ReminderClient,
        variable: "TEXT_REMINDER_CLIENT",
        default: "Pengingat: kunjungan Anda bersama {agent} pada {time}. Tempat: {place}. Sampai jumpa!",
        placeholders: &["name", "agent", "time", "place"],
    },
    Entry {
        text: Text::Test,
        variable: "TEXT_TEST",
        default: "Pesan uji dari Property Lounge. Jika Anda menerimanya, WhatsApp sudah tersambung.",
        placeholders: &[],
    },
    Entry {
        text: Text::Disabled,
        variable: "TEXT_DISABLED",
        default: "Akun Anda tidak aktif, jadi Anda tidak bisa mengambil lead. Lead ini dialihkan ke agen lain. Hubungi admin jika ini keliru.",
        placeholders: &[],
    },
    Entry {
        text: Text::HandedOver,
        variable: "TEXT_HANDED_OVER",
        default: "{count} lead dari {agent} sekarang milik Anda:\n{leads}",
        placeholders: &["count", "agent", "leads"],
    },
    Entry {
        text: Text::OwnerClientWroteMany,
        variable: "TEXT_OWNER_CLIENT_WROTE_MANY",
        default: "Client Anda {name} ({phone}) menulis {count} pesan:\n{message}",
        placeholders: &["name", "phone", "count", "message"],
    },
    Entry {
        text: Text::OfferNotSent,
        variable: "TEXT_OFFER_NOT_SENT",
        default: "Penawaran lead {name} ditarik: pesannya baru terkirim setelah lead dialihkan. Anda tidak kehilangan giliran.",
        placeholders: &["name"],
    },
    Entry {
        text: Text::WithdrawnMerged,
        variable: "TEXT_WITHDRAWN_MERGED",
        default: "Penawaran lead {name} ditarik: client ini sudah punya lead lain.",
        placeholders: &["name"],
    },
    Entry {
        text: Text::OwnerMerge,
        variable: "TEXT_OWNER_MERGE",
        default: "Lead {name} ({phone}) ternyata orang yang sama dengan lead milik {other}. Lead tetap milik Anda sampai manajer memutuskan.",
        placeholders: &["name", "phone", "other"],
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
        text: Text::OfferHint,
        variable: "TEXT_OFFER_HINT",
        default: "Pesan Anda belum kami mengerti. Balas OK {code} untuk mengambil lead, atau LEWATI {code} untuk melewatkannya. Penawaran Anda:\n{offers}",
        placeholders: &["count", "offers", "code"],
    },
    Entry {
        text: Text::ManagerAccount,
        variable: "TEXT_MANAGER_ACCOUNT",
        default: "Peringatan dari WhatsApp: {event} ({about}). Pesan bisa berhenti terkirim. Periksa WhatsApp Manager.",
        placeholders: &["event", "about"],
    },
    Entry {
        text: Text::Greeting,
        variable: "TEXT_GREETING",
        default: "Halo {name}, terima kasih sudah menghubungi Property Lounge. Ada yang bisa saya bantu?",
        placeholders: &["name"],
    },
];
