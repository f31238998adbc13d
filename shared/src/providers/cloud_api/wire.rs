//! The request bodies for Graph (Meta's OpenAPI document, v23).

use crate::id::AttemptId;
use crate::providers::{Content, ListedOffer, Outgoing, Template};
use serde_json::{Value, json};

/// Meta's limits, in characters.
const TEXT: usize = 4096;
const INTERACTIVE: usize = 1024;
const BUTTON: usize = 20;
const ROW_TITLE: usize = 24;
const ROW_DESCRIPTION: usize = 72;
const PARAMETER: usize = 900;

/// The body of a call, with our id of the call, which statuses repeat.
pub(super) fn body(message: &Outgoing) -> Value {
    let mut body = json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
    });
    match (message.to.phone(), message.to.bsuid()) {
        (Some(phone), _) => body["to"] = json!(phone.as_str().trim_start_matches('+')),
        (None, Some(bsuid)) => body["recipient"] = json!(bsuid),
        (None, None) => body["recipient"] = json!(message.to.as_str()),
    }
    if let Some(send) = message.send {
        body["biz_opaque_callback_data"] = json!(send.to_string());
    }
    let (kind, content) = match &message.content {
        Content::Text => (
            "text",
            json!({ "preview_url": false, "body": cut(&message.body, TEXT) }),
        ),
        Content::Offer(attempt) => ("interactive", buttons(&message.body, *attempt)),
        Content::Offers(offers) => ("interactive", list(&message.body, offers)),
        Content::Template(template) => ("template", filled_in(template)),
    };
    body["type"] = json!(kind);
    body[kind] = content;
    body
}

fn buttons(body: &str, attempt: AttemptId) -> Value {
    let button = |verb: &str, title: &str| json!({ "type": "reply", "reply": { "id": format!("{verb}:{attempt}"), "title": cut(title, BUTTON) } });
    json!({
        "type": "button",
        "body": { "text": cut_inside(body, INTERACTIVE) },
        "action": { "buttons": [button("claim", "Ambil"), button("pass", "Lewati")] },
    })
}

fn list(body: &str, offers: &[ListedOffer]) -> Value {
    let rows: Vec<Value> = offers
        .iter()
        .map(|offer| {
            json!({
                "id": format!("claim:{}", offer.attempt),
                "title": cut(&offer.line, ROW_TITLE),
                "description": cut(&offer.line, ROW_DESCRIPTION),
            })
        })
        .collect();
    json!({
        "type": "list",
        "body": { "text": cut_inside(body, INTERACTIVE) },
        "action": { "button": cut("Pilih lead", BUTTON), "sections": [{ "title": "Lead", "rows": rows }] },
    })
}

fn filled_in(template: &Template) -> Value {
    let parameters: Vec<Value> = template
        .parameters
        .iter()
        .map(|parameter| json!({ "type": "text", "text": in_one_line(parameter) }))
        .collect();
    let mut components = Vec::new();
    if !parameters.is_empty() {
        components.push(json!({ "type": "body", "parameters": parameters }));
    }
    for (index, payload) in template.payloads.iter().enumerate() {
        components.push(json!({
            "type": "button",
            "sub_type": "quick_reply",
            "index": index.to_string(),
            "parameters": [{ "type": "payload", "payload": payload }],
        }));
    }
    json!({
        "name": template.name,
        "language": { "code": template.language },
        "components": components,
    })
}

/// A template's parameter allows no line break, no tab and no run of spaces.
fn in_one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    if line.is_empty() {
        "-".to_owned()
    } else {
        cut(&line, PARAMETER)
    }
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most - 1).collect();
    short.push('…');
    short
}

/// Like [`cut`], but cuts in the middle, because the end of an offer says how to answer it.
fn cut_inside(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    let tail = most / 3;
    let mut short: String = text.chars().take(most - tail - 1).collect();
    short.push('…');
    short.extend(text.chars().skip(length - tail));
    short
}

#[cfg(test)]
mod tests {
    use super::{cut_inside, in_one_line};

    #[test]
    fn a_long_offer_keeps_its_beginning_and_its_end() {
        let long = format!("Lead baru {} Balas OK", "x".repeat(3000));
        let short = cut_inside(&long, 1024);
        assert_eq!(short.chars().count(), 1024);
        assert!(short.starts_with("Lead baru") && short.ends_with("Balas OK"));
    }

    #[test]
    fn a_blank_is_one_line_and_never_empty() {
        assert_eq!(in_one_line("a\n\n  b\tc"), "a b c");
        assert_eq!(in_one_line("  "), "-");
    }
}
