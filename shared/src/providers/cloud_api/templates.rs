//! Whether Meta has the templates that we send.
//!
//! `GET /{version}/{business_account_id}/message_templates`, for each name. Source: Meta, *Template management*. A template that
//! is absent, not approved or of another shape is refused when it is sent (132000, 132001, 132015), often weeks after somebody
//! changed it: `api doctor` tells before.

use crate::Result;
use crate::providers::Templates;
use crate::providers::graph::{Answer, Graph};
use secrecy::SecretString;
use serde_json::Value;

/// How a template must be registered, for what we send to fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape<'a> {
    name: &'a str,
    /// The parameters of its body.
    parameters: usize,
    /// Its quick replies.
    replies: usize,
}

/// The templates that these settings name.
fn used(templates: &Templates) -> Vec<Shape<'_>> {
    [
        (&templates.offer, 3, 2),
        (&templates.notice, 1, 0),
        (&templates.welcome, 1, 0),
    ]
    .into_iter()
    .filter_map(|(name, parameters, replies)| {
        name.as_deref().map(|name| Shape {
            name,
            parameters,
            replies,
        })
    })
    .collect()
}

/// What is wrong with the templates of this account, a sentence for each; none: Meta takes what we send. `Err` with Meta's reason
/// if it does not tell.
pub(super) async fn faults(
    graph: &Graph,
    token: &SecretString,
    account: &str,
    templates: &Templates,
) -> Result<std::result::Result<Vec<String>, String>> {
    let path = format!("{account}/message_templates");
    let mut faults = Vec::new();
    for shape in used(templates) {
        let parameters = [
            ("name", shape.name),
            ("fields", "name,status,language,components"),
            ("limit", "100"),
        ];
        match graph.get(&path, &parameters, token).await? {
            Answer::Done(answer) => faults.extend(fault(&answer, shape, &templates.language)),
            Answer::Refused { reason, .. } | Answer::Unknown(reason) => return Ok(Err(reason)),
        }
    }
    Ok(Ok(faults))
}

/// Meta finds names that contain the one that was asked for, in every language.
fn fault(answer: &Value, shape: Shape<'_>, language: &str) -> Option<String> {
    let (name, listed) = (shape.name, answer["data"].as_array());
    let named: Vec<&Value> = listed
        .into_iter()
        .flatten()
        .filter(|template| template["name"] == name)
        .collect();
    let Some(template) = named.iter().find(|one| one["language"] == language) else {
        let others: Vec<&str> = named
            .iter()
            .filter_map(|one| one["language"].as_str())
            .collect();
        return Some(if others.is_empty() {
            format!("{name} is not registered")
        } else {
            let others = others.join(", ");
            format!("{name} is registered in {others}, not in {language} (WA_TEMPLATE_LANGUAGE)")
        });
    };
    match template["status"].as_str() {
        Some("APPROVED") => misfit(template, shape),
        status => Some(format!(
            "{name} is {}",
            status.unwrap_or("without a status")
        )),
    }
}

/// What in its parts does not fit what we send.
fn misfit(template: &Value, shape: Shape<'_>) -> Option<String> {
    let part = |kind: &str| {
        let mut parts = template["components"].as_array().into_iter().flatten();
        parts.find(|part| {
            part["type"]
                .as_str()
                .is_some_and(|is| is.eq_ignore_ascii_case(kind))
        })
    };
    let gaps = |part: Option<&Value>| {
        let text = part.and_then(|part| part["text"].as_str());
        text.map_or(0, |text| text.matches("{{").count())
    };
    let name = shape.name;
    let header = part("HEADER");
    let is_plain =
        header.is_none_or(|header| header["format"] == "TEXT" && gaps(Some(header)) == 0);
    if !is_plain {
        return Some(format!(
            "{name} has a header that needs a parameter: remove the header"
        ));
    }
    let (wanted, has) = (shape.parameters, gaps(part("BODY")));
    if has != wanted {
        return Some(format!("{name} has {has} parameters, not {wanted}"));
    }
    let buttons = part("BUTTONS").and_then(|part| part["buttons"].as_array());
    let buttons: Vec<&Value> = buttons.into_iter().flatten().collect();
    let replies = buttons
        .iter()
        .filter(|button| button["type"] == "QUICK_REPLY")
        .count();
    (replies != shape.replies || buttons.len() != shape.replies).then(|| {
        let wanted = shape.replies;
        format!(
            "{name} has {replies} quick replies and {} buttons in all, not {wanted} quick replies",
            buttons.len()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::{Shape, fault};
    use serde_json::{Value, json};

    const OFFER: Shape<'_> = Shape {
        name: "lead_offer",
        parameters: 3,
        replies: 2,
    };

    fn registered(status: &str, language: &str, body: &str, buttons: &[&str]) -> Value {
        let buttons: Vec<Value> = buttons
            .iter()
            .map(|kind| json!({ "type": kind, "text": "x" }))
            .collect();
        json!({ "data": [
            { "name": "lead_offer_old", "status": "APPROVED", "language": "id", "components": [] },
            { "name": "lead_offer", "status": status, "language": language, "components": [
                { "type": "BODY", "text": body }, { "type": "BUTTONS", "buttons": buttons } ] },
        ] })
    }

    #[test]
    fn what_is_wrong_with_a_template_is_said() {
        let body = "Lead {{1}} {{2}} {{3}}";
        let two = ["QUICK_REPLY", "QUICK_REPLY"];
        let is = |answer: &Value, said: Option<&str>| {
            assert_eq!(fault(answer, OFFER, "id").as_deref(), said);
        };
        is(&registered("APPROVED", "id", body, &two), None);
        is(&json!({ "data": [] }), Some("lead_offer is not registered"));
        is(
            &registered("PAUSED", "id", body, &two),
            Some("lead_offer is PAUSED"),
        );
        is(
            &registered("APPROVED", "en", body, &two),
            Some("lead_offer is registered in en, not in id (WA_TEMPLATE_LANGUAGE)"),
        );
        is(
            &registered("APPROVED", "id", "Lead {{1}}", &two),
            Some("lead_offer has 1 parameters, not 3"),
        );
        is(
            &registered("APPROVED", "id", body, &["QUICK_REPLY", "URL"]),
            Some("lead_offer has 1 quick replies and 2 buttons in all, not 2 quick replies"),
        );
        let mut headed = registered("APPROVED", "id", body, &two);
        headed["data"][1]["components"][0]["type"] = json!("HEADER");
        is(
            &headed,
            Some("lead_offer has a header that needs a parameter: remove the header"),
        );
    }
}
