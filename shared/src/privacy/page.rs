//! An export as a page that the person can read, in Indonesian.

use crate::local_time::Timezone;
use chrono::{DateTime, Utc};
use maud::{DOCTYPE, Markup, html};
use serde_json::Value;

/// A column: the name in the row, and the heading.
type Column = (&'static str, &'static str);
/// A table of the page: its name in the export, its heading, its columns.
type Section = (&'static str, &'static str, &'static [Column]);

/// What the page shows. The export has more columns and tables, which are of use to programs only.
const SECTIONS: [Section; 11] = [
    (
        "leads",
        "Data Anda",
        &[
            ("name", "Nama"),
            ("phone", "Nomor"),
            ("project", "Proyek"),
            ("area", "Wilayah"),
            ("source_ads", "Iklan"),
            ("status", "Status"),
            ("progress", "Tahap"),
            ("layer2_note", "Catatan agen"),
            ("created_at", "Sejak"),
        ],
    ),
    (
        "enquiries",
        "Permintaan informasi",
        &[
            ("received_at", "Waktu"),
            ("kind", "Melalui"),
            ("project", "Proyek"),
            ("source_ads", "Iklan"),
        ],
    ),
    (
        "messages",
        "Pesan",
        &[
            ("created_at", "Waktu"),
            ("direction", "Arah"),
            ("from_wa", "Dari"),
            ("to_wa", "Kepada"),
            ("body", "Isi"),
        ],
    ),
    (
        "forms",
        "Formulir",
        &[
            ("heard_at", "Waktu"),
            ("form_name", "Formulir"),
            ("answers", "Jawaban"),
            ("consent", "Persetujuan"),
            ("terms", "Ketentuan formulir"),
            ("terms_seen_at", "Ketentuan dibaca"),
        ],
    ),
    (
        "visits",
        "Kunjungan",
        &[
            ("starts_at", "Mulai"),
            ("ends_at", "Selesai"),
            ("place", "Tempat"),
            ("note", "Catatan"),
            ("status", "Status"),
        ],
    ),
    (
        "offers",
        "Siapa yang menerima data Anda",
        &[
            ("assigned_at", "Waktu"),
            ("agent", "Agen"),
            ("status", "Hasil"),
        ],
    ),
    (
        "identities",
        "Nomor dan ID WhatsApp lain",
        &[("address", "Nomor atau ID"), ("first_seen_at", "Sejak")],
    ),
    (
        "changes",
        "Perubahan oleh kantor",
        &[
            ("at", "Waktu"),
            ("field", "Bagian"),
            ("old_value", "Sebelum"),
            ("new_value", "Sesudah"),
            ("note", "Catatan"),
        ],
    ),
    (
        "lists",
        "Daftar yang diunggah kantor",
        &[
            ("given_phone", "Nomor"),
            ("name", "Nama"),
            ("source", "Sumber"),
            ("note", "Catatan"),
        ],
    ),
    (
        "blocks",
        "Tidak dihubungi lagi",
        &[
            ("created_at", "Sejak"),
            ("kind", "Jenis"),
            ("reason", "Alasan"),
        ],
    ),
    (
        "deliveries",
        "Kiriman Meta yang masih disimpan",
        &[("received_at", "Waktu"), ("body", "Isi")],
    ),
];

const STYLE: &str = "body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
    table{border-collapse:collapse;width:100%}th,td{border:1px solid #999;padding:.3rem .5rem;text-align:left;\
    vertical-align:top;overflow-wrap:anywhere}";

/// The page of an [`export`](super::export). Times are in the company's zone.
pub fn page(export: &Value, zone: Timezone) -> String {
    let joined = |field: &str| {
        let words = export[field].as_array().into_iter().flatten();
        words
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(", ")
    };
    html! {
        (DOCTYPE)
        html lang="id" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Data pribadi" }
                style { (STYLE) }
            }
            body {
                h1 { "Data pribadi yang kami simpan" }
                p { "Dibuat: " (cell(&export["generatedAt"], zone)) }
                p { "Nomor atau ID: " (joined("addresses")) }
                p { "Nama: " (joined("names")) }
                @for section in &SECTIONS { (table(&export["data"], section, zone)) }
            }
        }
    }
    .into_string()
}

fn table(data: &Value, (name, heading, columns): &Section, zone: Timezone) -> Markup {
    let rows = data[*name].as_array().map_or(&[][..], Vec::as_slice);
    html! {
        h2 { (heading) }
        @if rows.is_empty() {
            p { "Tidak ada." }
        } @else {
            table {
                thead { tr { @for (_, label) in *columns { th scope="col" { (label) } } } }
                tbody {
                    @for row in rows {
                        tr { @for (field, _) in *columns { td { (cell(&row[*field], zone)) } } }
                    }
                }
            }
        }
    }
}

/// A value as a person reads it: an instant in the company's zone, nothing as a dash, other values as they are.
fn cell(value: &Value, zone: Timezone) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => match text.parse::<DateTime<Utc>>() {
            Ok(at) => format!(
                "{} {}",
                zone.local(at).format("%d-%m-%Y %H:%M"),
                zone.abbreviation()
            ),
            Err(_) => text.clone(),
        },
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::page;
    use crate::local_time::Timezone;
    use serde_json::json;

    #[test]
    fn what_a_client_wrote_is_text_on_the_page_and_never_markup() {
        let export = json!({
            "generatedAt": "2026-11-29T02:00:00Z",
            "addresses": ["+6281234001234"],
            "names": ["<b>Budi</b>"],
            "data": { "messages": [{ "created_at": "2026-11-29T01:00:00+00:00", "body": "<script>alert(1)</script>" }] },
        });
        let page = page(&export, Timezone::default());
        assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
        assert!(page.contains("&lt;script&gt;alert(1)"), "{page}");
        assert!(page.contains("29-11-2026 08:00 WIB"), "{page}");
        assert!(page.contains("Tidak ada."));
    }
}
