//! With years of leads the list and the dashboard read by index, whatever is asked for.

use shared::auth;
use shared::dashboard::{self, Grouping};
use shared::leads::{LeadProgress, LeadStatus};
use shared::pipeline::{self, Filter, PageRequest, Sort};
use shared::testing::{Harness, trials, years_of_leads};
use shared::{App, Clock};
use sqlx::PgPool;

/// How often each big table was read from end to end.
async fn whole_reads(pool: &PgPool) -> Vec<(String, i64)> {
    // The counters are this connection's own until they are flushed.
    for statement in [
        "select pg_stat_force_next_flush()",
        "select pg_stat_clear_snapshot()",
    ] {
        sqlx::raw_sql(statement)
            .execute(pool)
            .await
            .expect(statement);
    }
    sqlx::query_as(
        "select relname::text, seq_scan from pg_stat_user_tables
         where relname in ('lead', 'distribution_cycle', 'distribution_attempt') order by relname",
    )
    .fetch_all(pool)
    .await
    .expect("counters")
}

fn filters() -> Vec<Filter> {
    let none = Filter::default;
    vec![
        none(),
        Filter {
            status: vec![LeadStatus::Hangus],
            ..none()
        },
        Filter {
            progress: vec![LeadProgress::Visit],
            ..none()
        },
        Filter {
            layer2: Some("ditolak".to_owned()),
            ..none()
        },
        Filter {
            source: Some("Iklan 3".to_owned()),
            ..none()
        },
        Filter {
            text: Some("20000123".to_owned()),
            ..none()
        },
        Filter {
            text: Some("Klien 4321".to_owned()),
            ..none()
        },
    ]
}

#[tokio::test]
async fn no_page_and_no_figure_reads_a_whole_table() {
    let harness = Harness::new().await;
    years_of_leads(
        &harness.app.pool,
        i64::try_from(trials(60_000, 1_000_000)).expect("a number"),
    )
    .await
    .expect("a past");
    // One connection, so that the counters that are read are those of what was done.
    let app = App {
        pool: harness.database.pool(1),
        clock: Clock::database(),
        ..harness.app.clone()
    };
    let users = auth::accounts(&app).await.expect("users");
    let user = |id: &str| {
        let found = users.iter().find(|account| account.user.id.0 == id);
        found.expect("a seeded user").user.clone()
    };
    let before = whole_reads(&app.pool).await;
    assert_eq!(before.len(), 3);
    for viewer in [user("admin"), user("sales-a")] {
        for filter in filters() {
            for sort in [Sort::Newest, Sort::Oldest] {
                let mut request = PageRequest {
                    filter: filter.clone(),
                    sort,
                    limit: 50,
                    after: None,
                };
                for _ in 0..2 {
                    let page = pipeline::list(&app, &viewer, &request)
                        .await
                        .expect("a page");
                    request.after = page.next;
                    if page.next.is_none() {
                        break;
                    }
                }
                let after = whole_reads(&app.pool).await;
                assert_eq!(before, after, "{viewer:?} {request:?}");
            }
        }
        let period = dashboard::period(&app, None, None).await.expect("days");
        dashboard::stats(&app, &viewer, period)
            .await
            .expect("figures");
        dashboard::layer2(&app, period).await.expect("a chart");
        dashboard::rejected_reasons(&app, period)
            .await
            .expect("a chart");
        for by in [Grouping::Source, Grouping::Campaign, Grouping::Project] {
            dashboard::funnel(&app, period, Some(by))
                .await
                .expect("a funnel");
        }
        dashboard::agents(&app, period).await.expect("agents");
        let after = whole_reads(&app.pool).await;
        assert_eq!(before, after, "the figures of {viewer:?}");
    }
}
