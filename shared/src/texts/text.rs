//! The names of the texts.

/// The texts that people read, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// To a client, once a cycle.
    AutoReply,
    /// To an agent: an offer.
    Offer,
    /// To the agent who claimed a lead.
    Claimed,
    /// To an agent who declined.
    Declined,
    /// To an agent whose offer was withdrawn, because an earlier OK was handled late.
    Withdrawn,
    /// To an agent whose OK came after the deadline: "terlambat".
    Late,
    /// The same, if another agent owns the lead.
    LateTaken,
    /// To an agent whose OK matches several offers.
    Ambiguous,
    /// To an agent who has no offer.
    NothingOpen,
    /// To the owner: the client wrote.
    OwnerClientWrote,
    /// To the owner: the client submitted another form.
    OwnerNewAd,
    /// To an agent: an offer without the client's name and number.
    OfferMasked,
    /// To all agents at once: the first OK claims.
    OfferLastRound,
    /// The same, without the client's name and number.
    OfferLastRoundMasked,
    /// To an agent whose OK came late, for a hangus lead that they can still claim.
    LateSecondChance,
    /// To an agent whose offer or lead was assigned to another agent.
    HandedOn,
    /// To an agent who was assigned a lead.
    Assigned,
    /// To an agent: the commands.
    Help,
    /// To an agent: their places and open offers.
    Queue,
    /// A line of the above: a place in a queue.
    QueuePlace,
    /// The same, for an agent without a place.
    QueueNone,
    /// A line of the above: the agent is not available.
    Away,
    /// The same, if it is known until when.
    AwayUntil,
    /// To an agent who started a break.
    Paused,
    /// To an agent who ended a break.
    Resumed,
    /// To a manager: no agent took a lead.
    ManagerHangus,
    /// To a manager: a lead is held because no agent is available.
    ManagerHeld,
    /// To a manager who assigned a lead.
    ManagerAssigned,
    /// To a manager: the lead has an owner.
    ManagerTaken,
    /// To a manager: there is no such lead or agent.
    ManagerUnknown,
    /// To a manager whose message is not a command.
    ManagerHelp,
    /// To an agent: several open offers, as a list.
    OfferList,
    /// To a client who submitted a form and has not written.
    Welcome,
    /// To an agent: a visit is near.
    ReminderAgent,
    /// To a client: a visit is near.
    ReminderClient,
    /// The test message of an admin.
    Test,
    /// To an agent whose user is disabled and who answers an offer.
    Disabled,
    /// To an agent who gets the leads of a disabled agent.
    HandedOver,
    /// To the owner of a lead: the client wrote several messages.
    OwnerClientWroteMany,
    /// To an agent whose offer WhatsApp accepted too late: it was withdrawn before.
    OfferNotSent,
    /// To an agent whose offer is withdrawn because the client has another lead.
    WithdrawnMerged,
    /// To the owners of two leads that are one person.
    OwnerMerge,
    /// To a manager who assigns a lead to a disabled agent.
    ManagerDisabled,
    /// To a manager: an agent was disabled, and their leads wait for a decision.
    ManagerAgentDisabled,
    /// To a manager: a client wrote whose owner is disabled.
    ManagerClientWrote,
    /// To a manager: two leads with different owners are one person.
    ManagerMerge,
    /// To an agent with an open offer whose message was not understood.
    OfferHint,
    /// To a manager: the WhatsApp account is at risk.
    ManagerAccount,
    /// What an agent's link to a client writes into the chat.
    Greeting,
    /// The title of an offer of a new client.
    OfferNew,
    /// The title of an offer of a client who was here before.
    OfferReturning,
    /// To a client: this agent claimed the lead.
    ClientClaimed,
    /// To a client: no agent took the lead.
    ClientHangus,
    /// To a client: nobody is on duty until this time.
    ClientHeld,
    /// To a client: a visit was booked.
    ClientVisitBooked,
    /// To a client: a visit was moved.
    ClientVisitMoved,
    /// To a client: a visit was cancelled.
    ClientVisitCancelled,
    /// To an agent: the lead that they were offered or own was stopped by an admin or by the client.
    LeadStopped,
    /// To an agent who started a break with an end.
    PausedUntil,
    /// To an agent who announced days off.
    LeaveNoted,
    /// To an agent who ended a break and is not offered leads yet.
    ResumedLater,
    /// To an agent whose leads were handed over to a colleague or to the queue.
    HandedAway,
    /// To an agent to whom an admin assigned many leads at once.
    AssignedMany,
    /// To an agent who owns leads of a list that somebody uploaded.
    LeadsEntered,
    /// The last line of a list that is cut.
    AndMore,
    /// The first line of a client's words: how many earlier messages are left out.
    EarlierMessages,
    /// In the line of a lead: its next visit.
    NextVisit,
    /// In place of a colleague's name: the leads went to the queue.
    TheQueue,
    /// In place of the name of a client who gave none.
    NoName,
    /// To an agent after a visit: the question about its result.
    VisitQuestion,
    /// To an agent whose client came.
    VisitDone,
    /// To an agent whose client did not come.
    VisitNoShow,
    /// To an agent who is to book another time.
    VisitToMove,
    /// To an agent whose answer can be about several visits.
    VisitWhich,
    /// To an agent who covers for the owner of a lead: the client wrote.
    CoverClientWrote,
    /// To an agent who sent a ready answer to a client.
    SnippetSent,
    /// To an agent whose ready answer cannot be sent for them: a link to do it by hand.
    SnippetByHand,
    /// To an agent who asked for a ready answer that does not exist.
    SnippetUnknown,
    /// To an agent who must say which client is meant.
    SnippetToWhom,
    /// To an agent whose client wants no messages.
    SnippetRefused,
    /// To the owner of a lead: it goes to the queue of another project.
    OtherProject,
    /// To a manager: forms that repeat each other wait for a look.
    ManagerBurst,
    /// To a manager: the figures of a day or a week.
    Summary,
    /// To a manager who switched summaries off.
    SummaryOff,
    /// To a manager who switched summaries on.
    SummaryOn,
    /// Why a lead was stopped: an admin called it off.
    ReasonStopped,
    /// Why a lead was stopped: it was a test.
    ReasonTest,
    /// Why a lead was stopped: nobody who could buy.
    ReasonJunk,
    /// Why a lead was stopped: the client wants no messages.
    ReasonOptedOut,
    /// Why an offer was stopped: the client's data are erased.
    ReasonErased,
    /// To an agent: delete an erased client from the phone.
    ClientErased,
    /// Why an agent gets no offers: their working hours.
    ReasonOffHours,
    /// Why an agent gets no offers: a holiday.
    ReasonHoliday,
    /// Why an agent gets no offers: the cap of a day.
    ReasonCapPerDay,
    /// Why an agent gets no offers: the cap of open leads.
    ReasonCapOpen,
    /// When an agent at the cap of open leads gets offers again.
    UntilLeadEnds,
}

impl Text {
    /// Whether an empty setting switches the message off.
    pub(super) fn can_be_off(self) -> bool {
        matches!(
            self,
            Self::ClientClaimed
                | Self::ClientHangus
                | Self::ClientHeld
                | Self::ClientVisitBooked
                | Self::ClientVisitMoved
                | Self::ClientVisitCancelled
                | Self::VisitQuestion
        )
    }
}
