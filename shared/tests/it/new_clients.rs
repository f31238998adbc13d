//! Clients who write at one moment: handled together, they are served as clients who write one after the other.

use crate::audit::tamper;
use crate::sending::{all_turns, until};
use shared::address::Address;
use shared::distribution::{self, Channel, InboundMessage, Report};
use shared::phone::Phone;
use shared::testing::{Harness, ok_of};
use shared::{App, Result};
use tokio::task::JoinHandle;

fn says(number: usize, body: &str) -> InboundMessage {
    let phone = Phone::from_e164(&format!("+62812340000{number:02}")).expect("a number");
    let mut message = InboundMessage::new(Channel::Chat, (&phone).into(), body);
    message.message_id = Some(format!("wamid.{number}.{body}"));
    message
}

/// A message that waits for its turn to be handled.
async fn write_and_wait(app: &App, message: InboundMessage) -> JoinHandle<Result<Report>> {
    let (before, handling) = (app.inbox.0.waiting(), app.clone());
    let handling =
        tokio::spawn(async move { distribution::receive_and_handle(&handling, &message).await });
    until(|| app.inbox.0.waiting() > before).await;
    handling
}

/// What each message was taken to mean, if all are handled at one moment.
async fn together(harness: &Harness, messages: Vec<InboundMessage>) -> Vec<String> {
    let app = &harness.app;
    let turns = all_turns(&app.inbox.0);
    let mut handling = Vec::new();
    for message in messages {
        handling.push(write_and_wait(app, message).await);
    }
    drop(turns);
    let mut outcomes = Vec::new();
    for one in handling {
        let handled = one.await.expect("it ends");
        outcomes.push(outcome(handled));
    }
    outcomes
}

/// The same, if each is handled before the next one comes.
async fn one_by_one(harness: &Harness, messages: Vec<InboundMessage>) -> Vec<String> {
    let mut outcomes = Vec::new();
    for message in messages {
        outcomes.push(outcome(
            distribution::receive_and_handle(&harness.app, &message).await,
        ));
    }
    outcomes
}

fn outcome(handled: Result<Report>) -> String {
    match handled {
        Ok(report) => format!("{} {}", report.outcome.as_str(), report.duplicate),
        Err(error) => error.to_string(),
    }
}

/// Everything that was written, without ids.
async fn written(harness: &Harness) -> Vec<String> {
    sqlx::query_scalar(
        "select * from (
             select concat_ws(' ', 'lead', l.phone, l.name, l.status, l.progress, l.project, l.created_at,
                              (select count(*) from lead_enquiry e where e.lead_id = l.id),
                              (select string_agg(i.address, ',' order by i.address) from wa_identity i where i.lead_id = l.id)) as row
             from lead l
             union all
             select concat_ws(' ', 'cycle', l.phone, c.status, c.trigger, c.strategy, c.started_at,
                              (select string_agg(m.seat || m.sales_id || m.label || m.weight || m.guest, ',' order by m.seat)
                               from distribution_cycle_member m where m.cycle_id = c.id),
                              (select string_agg(concat_ws(' ', a.position, a.sales_id, a.status, a.offered_to, a.ack_deadline_at), ','
                                                 order by a.position)
                               from distribution_attempt a where a.cycle_id = c.id))
             from distribution_cycle c join lead l on l.id = c.lead_id
             union all
             select concat_ws(' ', 'event', l.phone, e.at, e.kind, e.cause, e.sales_id, e.detail, row_number() over (partition by l.id order by e.id))
             from distribution_event e left join lead l on l.id = e.lead_id
             union all
             select concat_ws(' ', 'message', l.phone, m.direction, m.kind, m.from_wa, m.to_wa, m.body, m.outcome, m.provider_message_id,
                              m.delivery_status, m.created_at, reply.provider_message_id)
             from wa_message m left join lead l on l.id = m.lead_id left join wa_message reply on reply.id = m.in_reply_to
             union all
             select concat_ws(' ', 'job', job_type, run_at, count(*)) from apalis.jobs group by job_type, run_at
             union all
             select concat_ws(' ', 'place', sales_id, credit) from sales_queue
             union all
             select concat_ws(' ', 'not handled', sender, failures) from inbound_event
         ) rows order by row",
    )
    .fetch_all(&harness.app.pool)
    .await
    .expect("rows")
}

/// In how many transactions the leads were written.
async fn transactions(harness: &Harness) -> i64 {
    sqlx::query_scalar("select count(distinct xmin::text) from lead")
        .fetch_one(&harness.app.pool)
        .await
        .expect("a count")
}

/// Both ways lead to the same. Returns what the messages were taken to mean, and in how many transactions those that wrote at once were
/// handled.
async fn serves_alike(
    prepared: &[&'static str],
    messages: impl Fn() -> Vec<InboundMessage>,
) -> (Vec<String>, i64) {
    let (at_once, in_turn) = (Harness::new().await, Harness::new().await);
    for statement in prepared {
        tamper(&at_once, statement).await;
        tamper(&in_turn, statement).await;
    }
    let outcomes = together(&at_once, messages()).await;
    assert_eq!(outcomes, one_by_one(&in_turn, messages()).await);
    assert_eq!(written(&at_once).await, written(&in_turn).await);
    (outcomes, transactions(&at_once).await)
}

/// Whom those who write at once are offered to. Returns also in how many transactions they were handled.
async fn offered_to(prepared: &'static str) -> (Vec<String>, i64) {
    let harness = Harness::new().await;
    tamper(&harness, prepared).await;
    let outcomes = together(&harness, three_clients()).await;
    assert_eq!(outcomes, ["distributing false"; 3]);
    let agents = sqlx::query_scalar("select sales_id from distribution_attempt order by sales_id")
        .fetch_all(&harness.app.pool)
        .await
        .expect("agents");
    (agents, transactions(&harness).await)
}

fn three_clients() -> Vec<InboundMessage> {
    let mut named = says(2, "Halo");
    named.name = Some("Budi".to_owned());
    named.project = Some("Green Hill".to_owned());
    named.other_address = Address::from_bsuid("ID.2");
    vec![says(1, "Halo"), named, says(3, "Info harga")]
}

#[tokio::test]
async fn new_clients_who_write_at_once_are_each_offered_to_an_agent() {
    let (outcomes, transactions) = serves_alike(&[], three_clients).await;
    assert_eq!(outcomes, ["distributing false"; 3]);
    assert_eq!(transactions, 1);
}

#[tokio::test]
async fn only_new_clients_are_handled_together() {
    let mut ok = ok_of("A");
    ok.channel = Channel::Chat;
    let mixed = || {
        let mut reaction = says(5, "");
        reaction.reaction = Some("👍".to_owned());
        vec![
            says(1, "Halo"),
            ok.clone(),
            says(2, "STOP"),
            says(3, "Halo"),
            says(1, "Masih ada?"),
            says(4, "Halo"),
            reaction,
            says(3, "Halo"),
            says(6, "Halo"),
        ]
    };
    let prepared = [
        "insert into contact_block (address, kind, created_at) values ('+6281234000004', 'blocked', '2026-01-01')",
        "insert into contact_block (address, kind, created_at) values ('+6281234000006', 'opted_out', '2026-01-01')",
    ];
    let (at_once, in_turn) = (Harness::new().await, Harness::new().await);
    for statement in prepared {
        tamper(&at_once, statement).await;
        tamper(&in_turn, statement).await;
    }
    // The agent answers with the code of an offer that is open already.
    for harness in [&at_once, &in_turn] {
        one_by_one(harness, vec![says(9, "Halo")]).await;
    }
    let mut outcomes = together(&at_once, mixed()).await;
    let mut expected = one_by_one(&in_turn, mixed()).await;
    outcomes.sort();
    expected.sort();
    assert_eq!(outcomes, expected);
    for harness in [&at_once, &in_turn] {
        let phones: Vec<String> = sqlx::query_scalar("select right(phone, 1) from lead order by 1")
            .fetch_all(&harness.app.pool)
            .await
            .expect("leads");
        // Not those who wrote STOP or are blocked.
        assert_eq!(phones, ["1", "3", "5", "6", "9"]);
    }
    let alike = "select count(*) from lead a, lead b
                 where a.phone = '+6281234000001' and b.phone = '+6281234000003' and a.xmin::text = b.xmin::text";
    let alike: i64 = sqlx::query_scalar(alike)
        .fetch_one(&at_once.app.pool)
        .await
        .expect("a count");
    // Later messages of both do not write their leads.
    assert_eq!(alike, 1, "they were handled together");
}

#[tokio::test]
async fn in_a_queue_that_rotates_those_who_write_at_once_are_handled_alone() {
    let (agents, transactions) =
        offered_to("update distribution_queue set strategy = 'rotating'").await;
    assert_eq!(agents, ["sales-a", "sales-b", "sales-c"]);
    assert_eq!(transactions, 3);
}

#[tokio::test]
async fn an_agent_with_a_cap_gets_no_more_of_those_who_write_at_once() {
    let (agents, transactions) =
        offered_to("insert into agent_availability (sales_id, most_open) values ('sales-a', 1)")
            .await;
    assert_eq!(agents, ["sales-a", "sales-b", "sales-b"]);
    assert_eq!(transactions, 3);
}

#[tokio::test]
async fn agents_without_a_number_are_passed_over_for_those_who_write_at_once() {
    let no_numbers = "update \"user\" set phone = null where id in ('sales-a', 'sales-b')";
    let (_, transactions) = serves_alike(&[no_numbers], three_clients).await;
    assert_eq!(transactions, 1);
}

const NO_AGENTS: [&str; 2] = [
    "delete from sales_queue",
    "update distribution_queue set manager_phones = array['+6281999000001']",
];

#[tokio::test]
async fn without_agents_those_who_write_at_once_are_held() {
    let (outcomes, transactions) = serves_alike(&NO_AGENTS, three_clients).await;
    assert_eq!(outcomes, ["held false"; 3]);
    assert_eq!(transactions, 1);
}

#[tokio::test]
async fn leads_that_two_queues_hold_are_handled_alone() {
    let second_queue = "with second as (
             insert into distribution_queue (id, name) values ('ffffffff-ffff-4fff-bfff-ffffffffffff', 'Kedua') returning id)
         insert into distribution_queue_rule (queue_id, project) select id, 'Green Hill' from second";
    // Nobody is told: codes of leads depend on which is handled first.
    let prepared = [second_queue, NO_AGENTS[0]];
    let (outcomes, transactions) = serves_alike(&prepared, three_clients).await;
    assert_eq!(outcomes, ["held false"; 3]);
    assert_eq!(transactions, 3);
}

#[tokio::test]
async fn a_message_that_cannot_be_handled_takes_no_other_with_it() {
    let (outcomes, _) = serves_alike(
        &[
            "create function break_one() returns trigger language plpgsql as
             $$ begin raise exception 'this one breaks' using errcode = 'data_exception'; end $$",
            "create trigger break_one before insert on lead
             for each row when (new.phone = '+6281234000003') execute function break_one()",
        ],
        three_clients,
    )
    .await;
    assert_eq!(outcomes[..2], ["distributing false"; 2]);
    assert!(outcomes[2].contains("this one breaks"), "{outcomes:?}");
}

#[tokio::test]
async fn who_is_handled_with_others_is_shown_their_own_lead_and_offer() {
    let harness = Harness::new().await;
    let app = &harness.app;
    let turns = all_turns(&app.inbox.0);
    let mut handling = Vec::new();
    for message in three_clients() {
        let (before, receiver) = (app.inbox.0.waiting(), app.clone());
        let phone = message.from.phone();
        handling.push((
            phone,
            tokio::spawn(async move { distribution::receive_and_show(&receiver, &message).await }),
        ));
        until(|| app.inbox.0.waiting() > before).await;
    }
    drop(turns);
    for (phone, one) in handling {
        let handled = one.await.expect("it ends").expect("it is handled");
        let shown = handled.snapshot.expect("it was read with the others");
        assert_eq!(Some(shown.lead.id), handled.report.lead);
        assert_eq!(shown.lead.phone, phone);
        let attempt = shown.attempt.expect("an offer");
        assert_eq!(Some(attempt.id), handled.report.attempt);
        let cycle = shown.cycle.expect("a cycle");
        assert_eq!((attempt.cycle_id, shown.lead.id), (cycle.id, cycle.lead_id));
        assert_eq!(shown.agent.expect("an agent").id, attempt.sales_id);
    }
    assert_eq!(transactions(&harness).await, 1);
}
