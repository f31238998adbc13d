//! A conflict: two leads with different owners are one person. Nobody loses a lead silently, so nothing is
//! merged until a person decides ([`super::decide`]).

use crate::Result;
use crate::distribution::offers::mask;
use crate::distribution::store;
use crate::leads::Lead;
use crate::phone::Phone;
use crate::sales;
use crate::texts::Text;
use crate::unit_of_work::UnitOfWork;
use crate::whatsapp::{self, Draft, OutboundKind};
use std::collections::BTreeSet;

/// Stores the conflict, and tells both owners and the managers of both queues, once.
pub(crate) async fn report(work: &mut UnitOfWork<'_>, one: &Lead, other: &Lead) -> Result<()> {
    if !store::insert_conflict(work.connection, (one.id, other.id), work.now).await? {
        return Ok(());
    }
    tracing::warn!(lead = %one.id, other = %other.id, "leads.conflict: two owners have one client");
    let mut names = Vec::new();
    for (own, foreign) in [(one, other), (other, one)] {
        let (Some(owner), Some(colleague)) = (&own.owner, &foreign.owner) else {
            continue;
        };
        let owner = sales::by_id(work.connection, owner).await?;
        let colleague = sales::by_id(work.connection, colleague).await?;
        let values = [
            ("name", own.display_name()),
            ("phone", own.display_phone()),
            ("other", colleague.name.as_str()),
        ];
        let body = work.app.texts.render(Text::OwnerMerge, &values);
        if let Some(to) = &owner.phone {
            let draft = Draft::new(OutboundKind::OwnerMerge, to, body).lead(own.id);
            whatsapp::queue_message(work, &draft).await?;
        }
        names.push(owner.name);
    }
    tell_managers(work, one, other, &names).await
}

async fn tell_managers(
    work: &mut UnitOfWork<'_>,
    one: &Lead,
    other: &Lead,
    owners: &[String],
) -> Result<()> {
    let mut managers = BTreeSet::new();
    for lead in [one, other] {
        if let Some(cycle) = store::latest_cycle(work.connection, lead.id).await? {
            managers.extend(store::managers_of(work.connection, cycle).await?);
        }
    }
    let [first, second] = owners else {
        return Ok(());
    };
    let values = [
        ("name", &*mask::name_of(work.app, one)),
        ("owner", first.as_str()),
        ("other", second.as_str()),
    ];
    let body = work.app.texts.render(Text::ManagerMerge, &values);
    for to in managers
        .iter()
        .filter_map(|number| Phone::from_e164(number))
    {
        let draft = Draft::new(OutboundKind::ManagerMerge, to, body.clone()).lead(one.id);
        whatsapp::queue_message(work, &draft).await?;
    }
    Ok(())
}
