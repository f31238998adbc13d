//! Messages that fail more than once, and offers that Meta took and then did not deliver.

use super::graph::{Taken, Turn};
use super::office::{Office, agent};
use chrono::TimeDelta;
use shared::distribution;
use shared::id::UserId;
use shared::testing::{ad, until_somebody_waits};

const CLIENT: &str = "6281234001234";
const OFFERS: &str = "select string_agg(status, ',' order by position) from distribution_attempt";
/// Seconds from now to the deadline of the first offer.
const LEFT: &str = "select extract(epoch from ack_deadline_at - greatest(assigned_at, offer_accepted_at))::int::text
                    from distribution_attempt order by position limit 1";

async fn offered(office: &Office) -> Taken {
    office.says(&agent('A'), "absen").await;
    office.says(&agent('B'), "absen").await;
    office.says(CLIENT, "Halo").await;
    office.reads(CLIENT);
    office.reads(&agent('A'))
}

#[tokio::test]
async fn a_message_that_an_outage_refused_often_arrives_when_meta_works_again() {
    let office = Office::open().await;
    office.says(&agent('A'), "absen").await;
    for _ in 0..40 {
        office.graph.next(Turn::Refuse(190));
    }
    office.says(CLIENT, "Halo").await;
    office.fast_forward(TimeDelta::minutes(8)).await;
    let calls = "select (min(calls) >= 6)::text from wa_message where direction = 'out'";
    assert_eq!(office.sql(calls).await, "true", "each was refused often");
    // Meta works again: the first message that it takes ends the freeze. Two calls of the other one are lost, one of
    // them after the freeze.
    office.graph.does_as_always();
    office.graph.next(Turn::Take);
    office.graph.next(Turn::LoseTheCall);
    office.graph.next(Turn::LoseTheCall);
    office.fast_forward(TimeDelta::minutes(6)).await;
    let failed = "select count(*)::text from wa_message where direction = 'out' and delivery_status = 'failed'
                  and delivery_error like 'given up%'";
    assert_eq!(office.sql(failed).await, "0");
    office.reads(CLIENT);
    office.reads(&agent('A'));
}

#[tokio::test]
async fn an_offer_that_was_taken_and_then_failed_for_our_account_has_a_full_window_once_it_arrives()
{
    let office = Office::open().await;
    let offer = offered(&office).await;
    for _ in 0..16 {
        office.graph.next(Turn::Refuse(131_042));
    }
    office.fast_forward(TimeDelta::seconds(1)).await;
    office.reports(&offer, "failed", Some(131_042)).await;
    // Our account is settled about four minutes later. A has had the offer for no second.
    let mut again = None;
    for _ in 0..1_500 {
        office.fast_forward(TimeDelta::milliseconds(200)).await;
        again = office.may_read(&agent('A'));
        if again.is_some() {
            break;
        }
    }
    // Meta took it before, too. Now it leaves.
    let again = again.expect("A has the offer");
    office.reports(&again, "sent", None).await;
    office.fast_forward(TimeDelta::seconds(200)).await;
    assert_eq!(office.sql(OFFERS).await, "open", "A still has time");
    assert_eq!(office.sql(LEFT).await, "300");
    office.fast_forward(TimeDelta::seconds(110)).await;
    assert_eq!(office.sql(OFFERS).await, "timed_out,open");
    office.reads(&agent('B'));
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_offer_that_failed_shortly_before_its_deadline_is_sent_again_with_a_full_window() {
    let office = Office::open().await;
    let offer = offered(&office).await;
    office.fast_forward(TimeDelta::seconds(280)).await;
    office.reports(&offer, "failed", Some(131_000)).await;
    office.fast_forward(TimeDelta::seconds(10)).await;
    office.reads(&agent('A'));
    office.fast_forward(TimeDelta::seconds(60)).await;
    assert_eq!(office.sql(OFFERS).await, "open");
    assert_eq!(office.sql(LEFT).await, "300");
    let again = office.sql("select count(*)::text from wa_message where kind = 'offer'");
    assert_eq!(again.await, "1", "it is the same message");
    office.the_rules_hold().await;
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_offer_that_failed_and_does_not_leave_again_goes_on_and_is_not_charged() {
    let office = Office::open().await;
    let offer = offered(&office).await;
    office.fast_forward(TimeDelta::seconds(280)).await;
    for _ in 0..20 {
        office.graph.next(Turn::Refuse(130_429));
    }
    office.reports(&offer, "failed", Some(131_000)).await;
    office.fast_forward(TimeDelta::seconds(29)).await;
    assert_eq!(office.sql(OFFERS).await, "open", "it has a new patience");
    office.fast_forward(TimeDelta::seconds(5)).await;
    office.graph.does_as_always();
    assert_eq!(office.sql(OFFERS).await, "undeliverable,open");
    office.fast_forward(TimeDelta::seconds(30)).await;
    office.reads(&agent('B'));
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_client_in_a_country_that_our_account_cannot_send_to_stops_nobody() {
    let office = Office::open().await;
    office.says(&agent('A'), "absen").await;
    office.says(&agent('B'), "absen").await;
    office.says(CLIENT, "Halo").await;
    let reply = office.reads(CLIENT);
    office.reads(&agent('A'));
    office.reports(&reply, "failed", Some(130_497)).await;
    office.fast_forward(TimeDelta::minutes(5)).await;
    assert_eq!(office.sql(OFFERS).await, "timed_out,open");
    office.reads(&agent('B'));
    let frozen = "select count(*)::text from distribution_event where kind = 'frozen'";
    assert_eq!(office.sql(frozen).await, "0");
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_message_that_fails_for_our_account_each_time_is_sent_less_and_less_often() {
    let office = Office::open().await;
    office.says(&agent('A'), "absen").await;
    office.says(CLIENT, "Halo").await;
    office.reads(&agent('A'));
    let mut sent = 0;
    for _ in 0..240 {
        while let Some(reply) = office.may_read(CLIENT) {
            sent += 1;
            office.reports(&reply, "failed", Some(131_042)).await;
        }
        office.fast_forward(TimeDelta::seconds(15)).await;
    }
    // 15 seconds, 30, 1 minute, 2 and 4, and then every 5 minutes of the hour.
    assert!((15..=17).contains(&sent), "{sent} in an hour");
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn messages_that_meta_takes_and_does_not_deliver_freeze_every_clock() {
    for code in [131_000, 131_016, 130_429] {
        let office = Office::open().await;
        office.says(&agent('A'), "absen").await;
        office.says(&agent('B'), "absen").await;
        office.says(CLIENT, "Halo").await;
        for _ in 0..720 {
            for person in [CLIENT.to_owned(), agent('A'), agent('B')] {
                while let Some(taken) = office.may_read(&person) {
                    office.reports(&taken, "failed", Some(code)).await;
                }
            }
            office.fast_forward(TimeDelta::seconds(5)).await;
        }
        // A's offer failed for a minute. When the first of B's had failed, too, everybody was known to be affected.
        assert_eq!(office.sql(OFFERS).await, "undeliverable,open", "{code}");
        assert_eq!(office.sql("select status from lead").await, "distributing");
        office.fast_forward(TimeDelta::minutes(5)).await;
        let reply = office.reads(CLIENT);
        let offer = office.reads(&agent('B'));
        office.reports(&offer, "delivered", None).await;
        office.reports(&reply, "sent", None).await;
        assert_eq!(office.sql(OFFERS).await, "undeliverable,open", "{code}");
        office.fast_forward(TimeDelta::minutes(4)).await;
        office.says(&agent('B'), "OK").await;
        let owner = office.sql("select owner_sales_id from lead").await;
        assert_eq!(owner, "sales-b", "{code}");
        office.reads(&agent('B'));
        office.nobody_else_was_messaged().await;
    }
}

#[tokio::test]
async fn a_receipt_of_an_earlier_message_does_not_end_a_freeze() {
    let office = Office::open().await;
    let offer = offered(&office).await;
    office.says("6281234001235", "Halo").await;
    let reply = office.reads("6281234001235");
    office.fast_forward(TimeDelta::seconds(10)).await;
    office.reads(&agent('A'));
    office.says("6281234001236", "Halo").await;
    let failed = office.reads("6281234001236");
    office.reports(&failed, "failed", Some(131_042)).await;
    let frozen = "select count(*)::text from provider_health where frozen_since is not null";
    office.reports(&reply, "read", None).await;
    office.reports(&offer, "delivered", None).await;
    assert_eq!(office.sql(frozen).await, "1");
    office.fast_forward(TimeDelta::seconds(20)).await;
    office.reads(&agent('A'));
    let again = office.reads("6281234001236");
    assert_eq!(office.sql(frozen).await, "1", "Meta took it before, too");
    office.reports(&again, "sent", None).await;
    assert_eq!(office.sql(frozen).await, "0");
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_limit_of_our_whole_account_stops_every_clock_and_nothing_goes_hangus() {
    for code in [4, 80_007, 130_429] {
        let office = Office::open().await;
        office.says(&agent('A'), "absen").await;
        office.says(&agent('B'), "absen").await;
        for _ in 0..5_000 {
            office.graph.next(Turn::Refuse(code));
        }
        office.says(CLIENT, "Halo").await;
        office.fast_forward(TimeDelta::hours(1)).await;
        // A's offer did not leave within its patience. When it had failed for B, too, the limit was known to be everybody's.
        assert_eq!(office.sql(OFFERS).await, "undeliverable,open", "{code}");
        assert_eq!(office.sql("select status from lead").await, "distributing");
        office.graph.does_as_always();
        office.fast_forward(TimeDelta::minutes(1)).await;
        office.reads(CLIENT);
        office.reads(&agent('B'));
        office.nobody_else_was_messaged().await;
    }
}

#[tokio::test]
async fn an_offer_that_is_withdrawn_while_its_call_is_prepared_does_not_leave() {
    let office = Office::open().await;
    let app = &office.harness.app;
    let report = distribution::take_ad(app, &ad("meta-001", "081234001234")).await;
    let report = report.expect("taken");
    let (lead, attempt) = (
        report.lead.expect("a lead"),
        report.attempt.expect("an offer"),
    );
    // The call waits for its place in the number's bucket.
    let mut others = app.begin().await.expect("a transaction");
    sqlx::query("insert into wa_pace (provider, next_at) values ('cloud_api', $1)")
        .bind(office.harness.now())
        .execute(&mut *others)
        .await
        .expect("a place");
    let forwarded = {
        let app = app.clone();
        tokio::spawn(async move { distribution::forward(&app, attempt).await })
    };
    until_somebody_waits(&app.pool).await;
    let (agent_b, admin) = (UserId("sales-b".to_owned()), UserId("admin".to_owned()));
    let assigned = distribution::assign(app, lead, &agent_b, &admin).await;
    assigned.expect("assigned");
    others.commit().await.expect("committed");
    let forwarded = forwarded.await.expect("no panic");
    assert!(
        matches!(forwarded, Err(shared::Error::NotYet { .. })),
        "{forwarded:?}"
    );
    office.work().await;
    office.reads(CLIENT);
    office.reads(&agent('B'));
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_answer_that_a_closed_window_refuses_is_not_sent_for_ever() {
    let office = Office::open().await;
    office.says(CLIENT, "Halo").await;
    office.reads(&agent('A'));
    let mut sent = 0;
    for _ in 0..20 {
        while let Some(reply) = office.may_read(CLIENT) {
            sent += 1;
            office.reports(&reply, "failed", Some(131_047)).await;
        }
        office.fast_forward(TimeDelta::seconds(10)).await;
    }
    assert_eq!(sent, 6, "once, and five times again");
    office.nobody_else_was_messaged().await;
}
