//! The comparison of the model with the database.

use super::LEADS;
use super::world::{LABELS, World};
use sqlx::Row;

impl World {
    /// Compares every lead, its owner, cycles and offers.
    pub(super) async fn agrees(&mut self) -> Result<(), String> {
        for number in 0..LEADS {
            let model = self.model.leads[number].as_ref().map(|lead| {
                let offers = lead.cycles.iter().flat_map(|cycle| {
                    let offers = cycle
                        .offers
                        .iter()
                        .map(|offer| format!("{} {}", LABELS[offer.agent], offer.status));
                    std::iter::once(cycle.status.to_owned()).chain(offers)
                });
                let owner = lead.owner.map_or("nobody", |owner| LABELS[owner]);
                format!(
                    "{} {owner}: {}",
                    lead.status,
                    offers.collect::<Vec<_>>().join(", ")
                )
            });
            let real = self.real(number).await;
            if model != real {
                return Err(format!(
                    "lead {number}\n  the model: {model:?}\n  the database: {real:?}"
                ));
            }
        }
        Ok(())
    }

    async fn real(&self, number: usize) -> Option<String> {
        let row = sqlx::query(
            "select l.status, coalesce(upper(right(l.owner_sales_id, 1)), 'nobody') as owner,
                    array(select x.told from (
                        select c.started_at, c.id, 0 as position, c.status as told
                        from distribution_cycle c where c.lead_id = l.id
                        union all
                        select c.started_at, c.id, a.position, upper(right(a.sales_id, 1)) || ' ' || a.status
                        from distribution_cycle c join distribution_attempt a on a.cycle_id = c.id
                        where c.lead_id = l.id) x order by x.started_at, x.id, x.position) as told
             from lead l where l.phone like '%0000' || $1",
        )
        .bind(number.to_string())
        .fetch_optional(&self.harness.app.pool)
        .await
        .expect("a look")?;
        let (status, owner, told): (String, String, Vec<String>) =
            (row.get(0), row.get(1), row.get(2));
        Some(format!("{status} {owner}: {}", told.join(", ")))
    }
}
