//! The steps of a lead's way from the enquiry to the sale. Figures count them, and lists show the leads behind a figure.

/// A step of the way. A lead can have several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is an enquiry: not marked as a test or as junk.
    Lead,
    /// An agent was offered it, by a message that WhatsApp accepted.
    Offered,
    /// An agent claimed it with an OK.
    Claimed,
    /// An agent got it by hand, and none claimed it.
    Assigned,
    /// The agent has contacted the client.
    Contacted,
    /// A visit is booked or took place.
    Visit,
    /// It is sold.
    Won,
    /// The client decided against it.
    Lost,
    /// It was hangus, also if an agent got it afterwards.
    Hangus,
}

/// A lead's campaign: the first that one of its enquiries names.
pub(crate) const CAMPAIGN: &str =
    "(select e.campaign from lead_enquiry e where e.lead_id = l.id and e.campaign is not null
    order by e.received_at limit 1)";

// Each condition on another table is a value, not an `exists`: PostgreSQL looks it up by index for each lead. For an
// `exists` it can choose to read the other table as a whole.
const CLAIMED: &str = "coalesce((select true from distribution_cycle c join distribution_attempt a on a.cycle_id = c.id
    where c.lead_id = l.id and a.status = 'accepted' limit 1), false)";

impl Step {
    /// The condition on a lead, as SQL. The row of the lead is named `l`. It holds only for leads without a mark.
    pub(crate) fn condition(self) -> String {
        let step = match self {
            Self::Lead => "true".to_owned(),
            Self::Offered => "coalesce((select true from distribution_cycle c join distribution_attempt a on a.cycle_id = c.id
                where c.lead_id = l.id and a.status not in ('assigned', 'undeliverable') limit 1), false)"
                .to_owned(),
            Self::Claimed => CLAIMED.to_owned(),
            Self::Assigned => format!(
                "coalesce((select true from distribution_cycle c join distribution_attempt a on a.cycle_id = c.id
                     where c.lead_id = l.id and a.status = 'assigned' limit 1), false)
                 and not {CLAIMED}"
            ),
            Self::Contacted => "(l.progress in ('contacted', 'follow-up', 'visit', 'negotiation', 'won')
                or l.progress = 'lost' and coalesce((select true from lead_change h
                    where h.lead_id = l.id and h.field = 'progress'
                      and h.new_value in ('contacted', 'follow-up', 'visit', 'negotiation', 'won') limit 1), false))"
                .to_owned(),
            Self::Visit => "(l.progress = 'visit' or coalesce((select true from appointment v
                where v.lead_id = l.id and v.status = 'booked' limit 1), false))"
                .to_owned(),
            Self::Won => "l.progress = 'won'".to_owned(),
            Self::Lost => "l.progress = 'lost'".to_owned(),
            Self::Hangus => "coalesce((select true from distribution_cycle c
                where c.lead_id = l.id and c.hangus_at is not null limit 1), false)"
                .to_owned(),
        };
        format!("(l.mark is null and {step})")
    }
}
