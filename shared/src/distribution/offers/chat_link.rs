//! The link with which an agent opens the chat with a client.

use crate::App;
use crate::leads::Lead;
use crate::texts::Text;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// A link that opens WhatsApp with a greeting to the client. Empty if their number is not known.
///
/// Source: faq.whatsapp.com/5913398998672934 ("How to use click to chat").
pub(crate) fn chat_link(app: &App, lead: &Lead) -> String {
    let Some(phone) = &lead.phone else {
        return String::new();
    };
    let greeting = app
        .texts
        .render(Text::Greeting, &[("name", lead.display_name())]);
    let greeting = utf8_percent_encode(&greeting, NON_ALPHANUMERIC);
    format!("https://wa.me/{}?text={greeting}", phone.digits())
}
