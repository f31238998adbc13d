//! The text for a message without a text: a photo, a voice note, a place.

use super::value::{each, text};
use serde_json::Value;

/// The most contacts, answers or items that one message shows.
const MOST_SHOWN: usize = 20;

/// The text for a message of this type: its caption, or its kind. In Indonesian, because agents read it
/// in an offer.
pub fn text_for(kind: &str, message: &Value) -> String {
    let content = &message[kind];
    let said = |field: &str| text(&content[field]).map(|text| text.trim().to_owned());
    let (name, detail) = match kind {
        "image" => ("gambar", said("caption")),
        "video" => ("video", said("caption")),
        "audio" | "voice" => ("pesan suara", None),
        "sticker" => ("stiker", None),
        "document" => ("dokumen", said("caption").or_else(|| said("filename"))),
        "location" => ("lokasi", place(content)),
        "contacts" => ("kontak", contacts(content)),
        "order" => ("pesanan", order(content)),
        "interactive" => ("formulir", flow(&content["nfm_reply"])),
        _ => ("pesan yang tidak dapat ditampilkan", None),
    };
    match detail {
        Some(detail) => format!("[{name}] {detail}"),
        None => format!("[{name}]"),
    }
}

fn joined(parts: impl Iterator<Item = String>, between: &str) -> Option<String> {
    let parts: Vec<String> = parts.take(MOST_SHOWN).collect();
    (!parts.is_empty()).then(|| parts.join(between))
}

fn place(content: &Value) -> Option<String> {
    let named = ["name", "address"]
        .into_iter()
        .filter_map(|field| text(&content[field]));
    joined(named, ", ").or_else(|| {
        let (latitude, longitude) = (
            content["latitude"].as_f64()?,
            content["longitude"].as_f64()?,
        );
        Some(format!("{latitude},{longitude}"))
    })
}

/// Contact cards: each name with its numbers. Numbers are the client's words, so masking hides them.
fn contacts(content: &Value) -> Option<String> {
    let card = |contact: &Value| {
        let name = text(&contact["name"]["formatted_name"]);
        let numbers = each(&contact["phones"]).filter_map(|phone| {
            text(&phone["phone"]).or_else(|| text(&phone["wa_id"]).map(|id| format!("+{id}")))
        });
        joined(name.into_iter().chain(numbers), " ")
    };
    joined(each(content).filter_map(card), "; ")
}

fn order(content: &Value) -> Option<String> {
    let items = each(&content["product_items"]).filter_map(|item| {
        let product = text(&item["product_retailer_id"])?;
        let quantity = text(&item["quantity"]).unwrap_or_else(|| "1".to_owned());
        Some(format!("{quantity} × {product}"))
    });
    joined(text(&content["text"]).into_iter().chain(items), ", ")
}

/// The answers of a flow or an address form: its own text, and each answer with its question.
fn flow(reply: &Value) -> Option<String> {
    let answers: Value = reply["response_json"]
        .as_str()
        .and_then(|json| crate::lossy_json::parse(json.as_bytes()).ok())
        .unwrap_or_default();
    let mut lines = Vec::new();
    answered(None, &answers, &mut lines);
    // "Sent" is what WhatsApp writes for a flow. An address is written out.
    let body = text(&reply["body"]).filter(|body| lines.is_empty() || body.trim() != "Sent");
    joined(body.into_iter().chain(lines), "\n")
}

/// The answers below a question, one a line.
fn answered(question: Option<&str>, answer: &Value, lines: &mut Vec<String>) {
    match answer {
        Value::Object(fields) => {
            for (name, answer) in fields.iter().filter(|(name, _)| *name != "flow_token") {
                answered(Some(name), answer, lines);
            }
        }
        Value::Array(answers) => answers
            .iter()
            .for_each(|answer| answered(question, answer, lines)),
        _ => {
            if let (Some(question), Some(answer)) = (question, text(answer)) {
                lines.push(format!("{}: {answer}", words_of(question)));
            }
        }
    }
}

/// A flow's name of a question in words: `screen_0_Nama_lengkap_0` becomes `Nama lengkap`.
fn words_of(question: &str) -> String {
    let bare = question
        .strip_prefix("screen_")
        .and_then(|rest| rest.split_once('_'));
    let bare = bare.map_or(question, |(_, rest)| rest);
    let bare = match bare.rsplit_once('_') {
        Some((rest, number)) if !rest.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => {
            rest
        }
        _ => bare,
    };
    bare.replace('_', " ")
}
