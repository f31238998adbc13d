//! The paths, one file for each part.

mod appointments;
mod availability;
mod board;
mod bulk;
mod by_hand;
mod choices;
mod confirmation;
mod conflicts;
mod contacts;
mod dashboard;
mod day_or_time;
mod distribution;
mod dummy;
mod events;
mod explanation;
mod export;
mod figures;
mod handovers;
mod health;
mod lead_entry;
mod lead_lists;
mod leads;
mod messages;
mod meta_forms;
mod meta_inbox;
mod model;
mod offers;
mod office;
mod operations;
mod privacy;
mod queues;
mod running;
mod security;
mod signed;
mod snippets;
mod step;
mod tag;
mod users;
mod webhooks;
mod whatsapp_admin;

pub(crate) use board::SharedBoard;
pub(crate) use health::Health;

/// Every endpoint of the OpenAPI document.
pub type Endpoints = (
    webhooks::Webhooks,
    dummy::Dummy,
    (distribution::Distribution, board::Board, offers::Offers),
    // poem-openapi joins sixteen parts at most.
    (
        leads::Leads,
        by_hand::ByHand,
        bulk::Bulk,
        conflicts::Conflicts,
        contacts::Contacts,
        lead_lists::LeadLists,
    ),
    choices::Choices,
    export::Export,
    events::Events,
    appointments::Appointments,
    (meta_forms::MetaForms, meta_inbox::MetaInbox),
    (dashboard::Dashboard, figures::Figures, handovers::Handovers),
    queues::Queues,
    (users::Users, confirmation::Confirmation),
    (
        availability::Availability,
        office::Office,
        snippets::Snippets,
    ),
    (whatsapp_admin::WhatsappAdmin, messages::Messages),
    (
        operations::Operations,
        running::Running,
        privacy::Privacy,
        security::Security,
    ),
    health::Health,
);

/// The endpoints, ready to serve.
pub(crate) fn endpoints() -> Endpoints {
    (
        webhooks::Webhooks,
        dummy::Dummy,
        (distribution::Distribution, board::Board, offers::Offers),
        (
            leads::Leads,
            by_hand::ByHand,
            bulk::Bulk,
            conflicts::Conflicts,
            contacts::Contacts,
            lead_lists::LeadLists,
        ),
        choices::Choices,
        export::Export,
        events::Events,
        appointments::Appointments,
        (meta_forms::MetaForms, meta_inbox::MetaInbox),
        (dashboard::Dashboard, figures::Figures, handovers::Handovers),
        queues::Queues,
        (users::Users, confirmation::Confirmation),
        (
            availability::Availability,
            office::Office,
            snippets::Snippets,
        ),
        (whatsapp_admin::WhatsappAdmin, messages::Messages),
        (
            operations::Operations,
            running::Running,
            privacy::Privacy,
            security::Security,
        ),
        health::Health,
    )
}
