//! The tags of the OpenAPI document.

/// The tag of an endpoint in the OpenAPI document.
#[derive(poem_openapi::Tags)]
pub(super) enum Tag {
    /// What comes in from Meta and WhatsApp.
    Webhooks,
    /// Plays clients and agents while the provider is `dummy`; 404 otherwise.
    Dummy,
    /// Which agent holds which lead, until when.
    Distribution,
    /// Leads, and what people make of them.
    Leads,
    /// Visits, and the calendar.
    Appointments,
    /// How sales go, and who sells.
    Dashboard,
    /// Who can sign in.
    Users,
    /// Who is offered leads: queues, their rules, and when agents are there.
    Queues,
    /// How we are connected to WhatsApp.
    Whatsapp,
    /// Whether the processes are well.
    Health,
}
