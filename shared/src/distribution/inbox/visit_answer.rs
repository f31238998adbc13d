//! An agent reports the result of a visit: `sudah`, `tidak datang`, `jadwal ulang`.

use super::answer::{Answer, Verdict, answer, answer_unhelpfully};
use super::duplicate;
use super::lexicon::SaidOfVisit;
use crate::Result;
use crate::appointments::{self, VisitOutcome};
use crate::distribution::model::{Outcome, ReceivedMessage, Report};
use crate::leads;
use crate::sales::Agent;
use crate::texts::{Text, one_line};
use crate::unit_of_work::UnitOfWork;
use crate::whatsapp::OutboundKind;

/// What was done with an answer.
pub(super) enum Taken {
    /// It was about a visit. `None`: it is a duplicate, and the caller must roll back.
    Done(Option<Report>),
    /// The agent was asked about no visit: the message can mean something else.
    NoVisit,
}

/// Takes the answer for the visit that it names, or for the only one that waits for an answer.
pub(super) async fn take(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
    agent: &Agent,
    said: &SaidOfVisit,
) -> Result<Taken> {
    let visits = appointments::asked(work, &agent.id, said.code.as_deref()).await?;
    let [visit] = visits.as_slice() else {
        if visits.is_empty() {
            return Ok(Taken::NoVisit);
        }
        let mut lines = Vec::new();
        for visit in &visits {
            let lead = leads::by_id(work.connection, visit.lead).await?;
            let time = work.app.timezone.day_in_words(visit.starts_at);
            lines.push(format!(
                "{}: {}, {time}",
                visit.code,
                one_line(lead.display_name())
            ));
        }
        let values = [
            ("count", &*visits.len().to_string()),
            ("leads", &*lines.join("\n")),
            ("word", &*said.phrase.to_uppercase()),
            ("code", visits[0].code.as_str()),
        ];
        let body = work.app.texts.render(Text::VisitWhich, &values);
        let text = Answer::new(OutboundKind::VisitAnswer, body);
        let verdict = Verdict::bare(Outcome::Ambiguous);
        return Ok(Taken::Done(
            answer_unhelpfully(work, received, verdict, text).await?,
        ));
    };
    let lead = leads::lock(work.connection, visit.lead).await?;
    work.refresh().await?;
    if duplicate::was_handled(work, received).await? {
        return Ok(Taken::Done(None));
    }
    if !appointments::answer(work, &agent.id, visit, said.outcome).await? {
        return Ok(Taken::NoVisit);
    }
    let text = match said.outcome {
        VisitOutcome::Done => Text::VisitDone,
        VisitOutcome::NoShow => Text::VisitNoShow,
        VisitOutcome::ToMove => Text::VisitToMove,
    };
    let values = [("name", lead.display_name())];
    let body = work.app.texts.render(text, &values);
    let verdict = Verdict {
        lead: Some(lead.id),
        ..Verdict::bare(Outcome::VisitAnswered)
    };
    let text = Answer::new(OutboundKind::VisitAnswer, body);
    Ok(Taken::Done(answer(work, received, verdict, text).await?))
}
