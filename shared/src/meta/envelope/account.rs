//! Events of the WhatsApp account: restrictions, templates, quality, security.
//!
//! Source: developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference.

use super::value::text;
use serde_json::Value;

/// An event of the account.
#[derive(Debug)]
pub(in crate::meta) struct AccountEvent {
    /// Its place in the delivery.
    pub(in crate::meta) place: String,
    /// Meta's name of the field.
    pub(in crate::meta) field: String,
    /// Meta's word for what happened.
    pub(in crate::meta) event: String,
    /// Whether messages may stop.
    pub(in crate::meta) severity: Severity,
    /// The change's value, as it came.
    pub(in crate::meta) detail: Value,
}

/// How much an event matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::meta) enum Severity {
    /// It is shown.
    Info,
    /// Messages may stop. The managers are told.
    Danger,
}

impl Severity {
    /// The value in the database.
    pub(in crate::meta) fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Danger => "danger",
        }
    }
}

/// Fields that report about the account.
const FIELDS: [&str; 14] = [
    "account_alerts",
    "account_offboarded",
    "account_reconnected",
    "account_review_update",
    "account_update",
    "business_capability_update",
    "business_status_update",
    "message_template_components_update",
    "message_template_quality_update",
    "message_template_status_update",
    "phone_number_name_update",
    "phone_number_quality_update",
    "security",
    "template_category_update",
];

/// Words of events after which messages may stop.
const DANGERS: [&str; 17] = [
    "ACCOUNT_DELETED",
    "ACCOUNT_OFFBOARDED",
    "ACCOUNT_RESTRICTION",
    "ACCOUNT_VIOLATION",
    "CRITICAL",
    "DISABLED",
    "DISABLED_UPDATE",
    "DOWNGRADE",
    "FLAGGED",
    "LOCKED",
    "PARTNER_REMOVED",
    "PAUSED",
    "PENDING_DELETION",
    "PIN_CHANGED",
    "PIN_RESET_REQUEST",
    "RED",
    "REJECTED",
];

/// Reads a change about the account. `None` if its field is not known.
pub(super) fn read(place: &str, field: &str, value: &Value) -> Option<AccountEvent> {
    if !FIELDS.contains(&field) || !value.is_object() {
        return None;
    }
    let words = [
        &value["event"],
        &value["decision"],
        &value["alert_info"]["alert_severity"],
        &value["alert_severity"],
        &value["new_quality_score"],
        &value["new_category"],
    ];
    let event = words
        .into_iter()
        .find_map(text)
        .unwrap_or_else(|| field.to_owned());
    let event: String = event.chars().take(100).collect();
    let severity = if DANGERS.contains(&event.to_uppercase().as_str()) {
        Severity::Danger
    } else {
        Severity::Info
    };
    Some(AccountEvent {
        place: place.to_owned(),
        field: field.to_owned(),
        event,
        severity,
        detail: value.clone(),
    })
}

impl AccountEvent {
    /// What the event is about, in a few words: the template, the number, the reason.
    pub(in crate::meta) fn about(&self) -> String {
        let about = [
            &self.detail["message_template_name"],
            &self.detail["display_phone_number"],
            &self.detail["phone_number"],
            &self.detail["ban_info"]["waba_ban_state"],
            &self.detail["ban_info"]["waba_ban_date"],
            &self.detail["restriction_info"][0]["restriction_type"],
            &self.detail["violation_info"]["violation_type"],
            &self.detail["alert_description"],
            &self.detail["current_limit"],
            &self.detail["reason"],
        ];
        let words: Vec<String> = about
            .into_iter()
            .filter_map(text)
            .filter(|word| word != "NONE")
            .collect();
        if words.is_empty() {
            "-".to_owned()
        } else {
            words.join(", ")
        }
    }
}
