//! Several leads in one message to an agent, a line each.

use crate::Result;
use crate::distribution::store;
use crate::id::LeadId;
use crate::leads;
use crate::texts::{Text, one_line};
use crate::unit_of_work::UnitOfWork;

/// How many leads a message names.
const MAX_NAMED: usize = 50;

/// One line a lead: name, number, project, next visit. Leads that are not named are counted in the last line.
pub(super) async fn lines_of(work: &mut UnitOfWork<'_>, leads: &[LeadId]) -> Result<String> {
    let mut lines = Vec::new();
    for id in leads.iter().take(MAX_NAMED) {
        let lead = leads::by_id(work.connection, *id).await?;
        let mut line = format!(
            "{} ({})",
            one_line(lead.display_name()),
            lead.display_phone()
        );
        if let Some(project) = &lead.project {
            line = format!("{line} · {}", one_line(project));
        }
        if let Some(visit) = store::next_visit_of(work.connection, *id, work.now).await? {
            let visit = work.app.timezone.day_in_words(visit);
            let visit = work.app.texts.render(Text::NextVisit, &[("time", &visit)]);
            line = format!("{line} · {visit}");
        }
        lines.push(line);
    }
    if leads.len() > MAX_NAMED {
        let count = (leads.len() - MAX_NAMED).to_string();
        lines.push(work.app.texts.render(Text::AndMore, &[("count", &count)]));
    }
    Ok(lines.join("\n"))
}
