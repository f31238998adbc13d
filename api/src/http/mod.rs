//! The tree of paths, a file for each part.

mod appointments;
mod availability;
mod choices;
mod dashboard;
mod distribution;
mod dummy;
mod events;
mod export;
mod health;
mod leads;
mod meta_forms;
mod metrics;
mod model;
mod queues;
mod signed;
mod users;
mod webhooks;
mod whatsapp_admin;

/// Every endpoint of the OpenAPI document.
pub type Endpoints = (
    webhooks::Webhooks,
    dummy::Dummy,
    distribution::Distribution,
    leads::Leads,
    choices::Choices,
    export::Export,
    events::Events,
    appointments::Appointments,
    meta_forms::MetaForms,
    dashboard::Dashboard,
    queues::Queues,
    users::Users,
    availability::Availability,
    whatsapp_admin::WhatsappAdmin,
    health::Health,
    metrics::Metrics,
);

/// The endpoints, ready to be served.
pub(crate) fn endpoints() -> Endpoints {
    (
        webhooks::Webhooks,
        dummy::Dummy,
        distribution::Distribution,
        leads::Leads,
        choices::Choices,
        export::Export,
        events::Events,
        appointments::Appointments,
        meta_forms::MetaForms,
        dashboard::Dashboard,
        queues::Queues,
        users::Users,
        availability::Availability,
        whatsapp_admin::WhatsappAdmin,
        health::Health,
        metrics::Metrics,
    )
}

/// What the endpoints are filed under in the document.
#[derive(poem_openapi::Tags)]
enum Tag {
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
