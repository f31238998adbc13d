//! The tags of the OpenAPI document.

/// The tag of an endpoint in the OpenAPI document.
#[derive(poem_openapi::Tags)]
pub(super) enum Tag {
    /// Webhooks of Meta and WhatsApp.
    Webhooks,
    /// Plays clients and agents while the provider is `dummy`; 404 otherwise.
    Dummy,
    /// Which agent is offered which lead, until when.
    Distribution,
    /// Leads, and changes by hand.
    Leads,
    /// Visits, and the calendar.
    Appointments,
    /// Sales figures, and the team.
    Dashboard,
    /// Users.
    Users,
    /// Queues, rules, and when agents are available.
    Queues,
    /// The WhatsApp connection.
    Whatsapp,
    /// Jobs, queues of jobs and processes, for the people who run the system.
    Operations,
    /// The rights of clients to their data (UU 27/2022).
    Privacy,
    /// Health and readiness.
    Health,
}
