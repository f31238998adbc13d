//! SQL that creates leads and records enquiries.

use super::{Contact, Enquiry, Lead, LeadProgress, LeadStatus, NewLead};
use crate::Result;
use crate::address::Address;
use crate::id::LeadId;
use crate::phone::Phone;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

/// Creates the leads of these people with this status, each as of the time beside it, and then reads the clock. Leaves out whom a lead
/// has already, by their number or another key. They must have different numbers.
pub(super) async fn insert_absent(
    connection: &mut PgConnection,
    people: &[(Phone, &Contact, DateTime<Utc>)],
    status: LeadStatus,
) -> Result<Vec<NewLead>> {
    let mut by_id: HashMap<LeadId, &(Phone, &Contact, DateTime<Utc>)> = HashMap::new();
    let (mut ids, mut phones, mut others) = (Vec::new(), Vec::new(), Vec::new());
    let (mut names, mut sources, mut times) = (Vec::new(), Vec::new(), Vec::new());
    let (mut projects, mut areas) = (Vec::new(), Vec::new());
    for person in people {
        let (phone, contact, at) = person;
        let id = LeadId::new();
        by_id.insert(id, person);
        ids.push(id);
        phones.push(phone.as_str());
        let keys = [Some(&contact.address), contact.other_address.as_ref()];
        let other = keys
            .into_iter()
            .flatten()
            .find(|key| key.as_str() != phone.as_str());
        others.push(other.map(Address::as_str));
        names.push(contact.name.as_deref());
        sources.push(contact.source_ads.as_deref());
        projects.push(contact.project.as_deref());
        areas.push(contact.area.as_deref());
        times.push(*at);
    }
    // In the order of their numbers, in which any two transactions wait for each other.
    let rows = sqlx::query!(
        r#"insert into lead (id, name, phone, status, source_ads, project, area, created_at, updated_at)
           select id, name, phone, $9, source, project, area, at, at
           from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[])
                as person (id, phone, other, name, source, project, area, at)
           where not exists (select from wa_identity i where i.address in (person.phone, person.other) and i.lead_id is not null)
           order by phone
           on conflict on constraint lead_phone_key do nothing
           returning id as "id: LeadId", progress as "progress: LeadProgress", created_at, clock_timestamp() as "clock!""#,
        &ids as _,
        &phones as _,
        &others as _,
        &names as _,
        &sources as _,
        &projects as _,
        &areas as _,
        &times,
        status.as_str()
    )
    .fetch_all(connection)
    .await?;
    let created = rows.into_iter().filter_map(|row| {
        let (phone, contact, _) = by_id.get(&row.id)?;
        let lead = Lead {
            id: row.id,
            name: contact.name.clone(),
            phone: Some(phone.clone()),
            status,
            progress: row.progress,
            owner: None,
            locked_at: None,
            source_ads: contact.source_ads.clone(),
            project: contact.project.clone(),
            area: contact.area.clone(),
            mark: None,
            created_at: row.created_at,
        };
        Some(NewLead {
            lead,
            clock: row.clock,
        })
    });
    Ok(created.collect())
}

/// Records enquiries. Returns how many: one of a form that was recorded before is left out.
pub(super) async fn insert_enquiries(
    connection: &mut PgConnection,
    enquiries: &[(LeadId, &Enquiry)],
    now: DateTime<Utc>,
) -> Result<u64> {
    let ids: Vec<Uuid> = enquiries.iter().map(|_| Uuid::now_v7()).collect();
    let leads: Vec<LeadId> = enquiries.iter().map(|(lead, _)| *lead).collect();
    let kinds: Vec<&str> = enquiries
        .iter()
        .map(|(_, enquiry)| enquiry.kind.as_str())
        .collect();
    let column =
        |of: fn(&Enquiry) -> Option<&str>| enquiries.iter().map(|(_, one)| of(one)).collect();
    let forms: Vec<Option<&str>> = column(|one| one.meta_lead_id.as_deref());
    let sources: Vec<Option<&str>> = column(|one| one.origin.source.as_deref());
    let projects: Vec<Option<&str>> = column(|one| one.origin.project.as_deref());
    let campaigns: Vec<Option<&str>> = column(|one| one.origin.campaign.as_deref());
    let areas: Vec<Option<&str>> = column(|one| one.area.as_deref());
    let ads: Vec<Option<&str>> = column(|one| one.click.ad_id.as_deref());
    let ad_campaigns: Vec<Option<&str>> = column(|one| one.click.campaign_id.as_deref());
    let clicks: Vec<Option<&str>> = column(|one| one.click.ctwa_clid.as_deref());
    let inserted = sqlx::query!(
        "insert into lead_enquiry (id, lead_id, kind, meta_lead_id, source_ads, received_at, project, campaign, area,
                                   ad_id, campaign_id, ctwa_clid)
         select id, lead, kind, form, source, $12, project, campaign, area, ad, ad_campaign, click
         from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                     $9::text[], $10::text[], $11::text[])
              as enquiry (id, lead, kind, form, source, project, campaign, area, ad, ad_campaign, click)
         on conflict on constraint lead_enquiry_meta_lead_id_key do nothing",
        &ids,
        &leads as _,
        &kinds as _,
        &forms as _,
        &sources as _,
        &projects as _,
        &campaigns as _,
        &areas as _,
        &ads as _,
        &ad_campaigns as _,
        &clicks as _,
        now
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected())
}
