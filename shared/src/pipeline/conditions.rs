//! The conditions of a list of leads, in SQL. Only those that are used become part of a query.

use super::Filter;
use super::step::CAMPAIGN;
use crate::id::UserId;
use crate::phone;
use sqlx::QueryBuilder;
use sqlx::postgres::Postgres;

/// Adds the conditions of a filter: for one agent, their own leads.
pub(super) fn conditions(
    query: &mut QueryBuilder<Postgres>,
    scope: Option<&UserId>,
    filter: &Filter,
    with_status: bool,
) {
    if let Some(owner) = scope {
        query
            .push(" and l.owner_sales_id = ")
            .push_bind(owner.0.clone());
    }
    if with_status && !filter.status.is_empty() {
        let words: Vec<&str> = filter.status.iter().map(|status| status.as_str()).collect();
        query
            .push(" and l.status = any(")
            .push_bind(owned(&words))
            .push(")");
    }
    if !filter.progress.is_empty() {
        let words: Vec<&str> = filter
            .progress
            .iter()
            .map(|progress| progress.as_str())
            .collect();
        query
            .push(" and l.progress = any(")
            .push_bind(owned(&words))
            .push(")");
    }
    if let Some(layer2) = &filter.layer2 {
        query
            .push(" and l.layer2_status_id = ")
            .push_bind(layer2.clone());
    }
    if let Some(owner) = &filter.owner {
        query
            .push(" and l.owner_sales_id = ")
            .push_bind(owner.0.clone());
    }
    if filter.owner_disabled {
        query.push(
            r#" and l.status = 'claimed'
                and l.owner_sales_id in (select id from "user" where disabled_at is not null)"#,
        );
    }
    if let Some(source) = &filter.source {
        query.push(" and l.source_ads = ").push_bind(source.clone());
    }
    if let Some(mark) = filter.mark {
        query.push(" and l.mark = ").push_bind(mark.as_str());
    }
    if let Some(project) = &filter.project {
        query.push(" and l.project = ").push_bind(project.clone());
    }
    if let Some(campaign) = &filter.campaign {
        query
            .push(format!(" and {CAMPAIGN} = "))
            .push_bind(campaign.clone());
    }
    if let Some(step) = filter.step {
        query.push(format!(" and {}", step.condition()));
    }
    if let Some(from) = filter.from {
        query.push(" and l.created_at >= ").push_bind(from);
    }
    if let Some(to) = filter.to {
        query.push(" and l.created_at < ").push_bind(to);
    }
    if let Some(text) = &filter.text {
        // `0812-99` finds +6281299…, too.
        let digits = phone::search_digits(text).filter(|digits| digits != text);
        push_contains(
            query,
            std::iter::once(text.as_str()).chain(digits.as_deref()),
        );
    }
}

/// The name or the number contains one of these texts. The expression has an index.
pub(super) fn push_contains<'text>(
    query: &mut QueryBuilder<Postgres>,
    texts: impl Iterator<Item = &'text str>,
) {
    let pattern = |text: &str| {
        let escaped = text
            .replace('\\', "\\\\")
            .replace('%', "\\%")
            .replace('_', "\\_");
        format!("%{escaped}%")
    };
    let patterns: Vec<String> = texts.map(pattern).collect();
    query.push(" and (coalesce(l.name, '') || ' ' || coalesce(l.phone, '')) ilike any(");
    query.push_bind(patterns).push(")");
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
