//! The text for a message without a text: a photo, a voice note, a place.

use serde_json::Value;

/// The text for a message of this type: its caption, or its kind. In Indonesian, because agents read it
/// in an offer.
pub fn text_for(kind: &str, message: &Value) -> String {
    let content = &message[kind];
    let text = |field: &str| {
        content[field]
            .as_str()
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    let named = |name: &str, detail: String| {
        if detail.is_empty() {
            format!("[{name}]")
        } else {
            format!("[{name}] {detail}")
        }
    };
    match kind {
        "image" => named("gambar", text("caption")),
        "video" => named("video", text("caption")),
        "audio" | "voice" => named("pesan suara", String::new()),
        "sticker" => named("stiker", String::new()),
        "document" => {
            let caption = text("caption");
            named(
                "dokumen",
                if caption.is_empty() {
                    text("filename")
                } else {
                    caption
                },
            )
        }
        "location" => {
            let place = [text("name"), text("address")]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(", ");
            let at = match (content["latitude"].as_f64(), content["longitude"].as_f64()) {
                (Some(latitude), Some(longitude)) => format!("{latitude},{longitude}"),
                _ => String::new(),
            };
            named("lokasi", if place.is_empty() { at } else { place })
        }
        "contacts" => {
            let name = content[0]["name"]["formatted_name"].as_str();
            named("kontak", name.unwrap_or_default().to_owned())
        }
        "order" => named("pesanan", text("text")),
        _ => named("pesan yang tidak dapat ditampilkan", String::new()),
    }
}
