//! The link with which an agent opens the chat with a client.

use crate::App;
use crate::leads::Lead;
use crate::texts::Text;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// A link that opens WhatsApp with a greeting to the client. Empty if their number is not known.
pub fn chat_link(app: &App, lead: &Lead) -> String {
    let name = app.texts.name_of_client(lead.name.as_deref());
    let greeting = app.texts.render(Text::Greeting, &[("name", &name)]);
    link_with(lead, &greeting)
}

/// A link that opens WhatsApp with a text to the client. Empty if their number is not known.
///
/// Source: faq.whatsapp.com/5913398998672934 ("How to use click to chat").
pub(crate) fn link_with(lead: &Lead, text: &str) -> String {
    let Some(phone) = &lead.phone else {
        return String::new();
    };
    let text = utf8_percent_encode(text, NON_ALPHANUMERIC);
    format!("https://wa.me/{}?text={text}", phone.digits())
}
