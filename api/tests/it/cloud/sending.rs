//! A message arrives once, in a form that Meta accepts, or the lead is offered to the next agent.

use super::graph::Turn;
use super::office::{Office, agent};
use chrono::TimeDelta;
use poem::http::Method;
use serde_json::json;
use std::time::Duration;

const CLIENT: &str = "6281234001234";

/// The client writes; Sales A, whose window is open, reads the offer.
async fn offered(office: &Office) -> super::graph::Taken {
    office.says(&agent('A'), "absen").await;
    office.says(CLIENT, "Halo saya tertarik unitnya").await;
    let reply = office.reads(CLIENT);
    assert_eq!(
        reply.body["text"]["body"],
        "Harap menunggu agent professional akan menhubungi anda"
    );
    office.reads(&agent('A'))
}

fn claim_button(offer: &super::graph::Taken) -> String {
    let id = &offer.body["interactive"]["action"]["buttons"][0]["reply"]["id"];
    id.as_str().expect("a button").to_owned()
}

#[tokio::test]
async fn an_offer_has_buttons_and_the_first_of_them_takes_the_lead() {
    let office = Office::open().await;
    let offer = offered(&office).await;
    let buttons = &offer.body["interactive"]["action"]["buttons"];
    assert_eq!(
        (
            buttons[0]["reply"]["title"].as_str(),
            buttons[1]["reply"]["title"].as_str()
        ),
        (Some("Ambil"), Some("Lewati"))
    );
    office.fast_forward(TimeDelta::seconds(10)).await;
    office.presses(&agent('A'), &claim_button(&offer)).await;
    let told = office.reads(&agent('A'));
    assert!(
        told.body["text"]["body"]
            .as_str()
            .is_some_and(|text| text.contains("sekarang milik Anda"))
    );
    assert_eq!(
        office.sql("select owner_sales_id from lead").await,
        "sales-a"
    );
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn outside_the_window_the_same_offer_goes_as_a_template() {
    let office = Office::open().await;
    office.graph.keeps_windows();
    office.says(CLIENT, "Halo").await;
    office.reads(CLIENT);
    let offer = office.reads(&agent('A'));
    let template = &offer.body["template"];
    assert_eq!(
        (
            template["name"].as_str(),
            template["language"]["code"].as_str()
        ),
        (Some("lead_offer"), Some("id"))
    );
    let payload = &template["components"][1]["parameters"][0]["payload"];
    let payload = payload.as_str().expect("a quick reply");
    let pressed = json!({ "type": "button", "button": { "payload": payload, "text": "Ambil" } });
    office.graph.hears(&agent('A'));
    office.fast_forward(TimeDelta::seconds(10)).await;
    office
        .deliver(&super::graph::delivery(&[
            office.message(&agent('A'), &pressed)
        ]))
        .await;
    office.reads(&agent('A'));
    assert_eq!(
        office.sql("select owner_sales_id from lead").await,
        "sales-a"
    );
    assert_eq!(office.graph.refused(), [0_i64; 0]);
    office.nobody_else_was_messaged().await;
}

/// A tap is no WhatsApp message: Meta still takes only templates to that agent.
#[tokio::test]
async fn a_tap_on_the_screen_takes_the_lead_and_opens_no_window() {
    let office = Office::open().await;
    office.graph.keeps_windows();
    office.says(CLIENT, "Halo").await;
    office.reads(CLIENT);
    office.reads(&agent('A'));
    office.fast_forward(TimeDelta::seconds(10)).await;
    let offer = office
        .sql("select id::text from distribution_attempt")
        .await;
    let path = format!("/api/offers/{offer}/take");
    let (status, taken) = office
        .send_as("sales-a", Method::POST, &path, &json!({}))
        .await;
    assert_eq!((status, &taken["outcome"]), (200, &json!("accepted")));
    office.work().await;
    let told = office.reads(&agent('A'));
    assert_eq!(told.body["template"]["name"], "lead_notice");
    assert_eq!(office.graph.refused(), [0_i64; 0]);
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_window_that_closed_meanwhile_costs_a_refusal_and_no_attempt() {
    let office = Office::open().await;
    office.says(&agent('A'), "absen").await;
    office.graph.next(Turn::Refuse(131_047));
    office.says(CLIENT, "Halo").await;
    // Either message may have met the refusal; both arrived, the agent's as a template or with buttons.
    office.reads(CLIENT);
    office.reads(&agent('A'));
    assert_eq!(
        office
            .sql("select count(*)::text from distribution_attempt")
            .await,
        "1"
    );
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_window_that_meta_finds_closed_afterwards_brings_the_template_on_the_same_attempt() {
    let office = Office::open().await;
    let offer = offered(&office).await;
    office.reports(&offer, "failed", Some(131_047)).await;
    office.reports(&offer, "failed", Some(131_047)).await;
    office.fast_forward(TimeDelta::seconds(7)).await;
    let again = office.reads(&agent('A'));
    assert_eq!(again.body["template"]["name"], "lead_offer");
    assert_eq!(
        office
            .sql("select count(*)::text from distribution_attempt")
            .await,
        "1"
    );
    assert_eq!(
        office.sql("select status from distribution_attempt").await,
        "open"
    );
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_agent_who_cannot_be_reached_is_passed_over_at_once_whenever_it_is_known() {
    for late in [false, true] {
        let office = Office::open().await;
        office.says(&agent('A'), "absen").await;
        office.says(&agent('B'), "absen").await;
        if late {
            let offer = offered(&office).await;
            office.reports(&offer, "failed", Some(131_026)).await;
        } else {
            office.says(CLIENT, "Halo").await;
            office.reads(CLIENT);
            let offer = office.reads(&agent('A'));
            office.reports(&offer, "sent", None).await;
            office.reports(&offer, "failed", Some(131_026)).await;
        }
        office.reads(&agent('B'));
        assert_eq!(
            office
                .sql("select string_agg(status, ',' order by position) from distribution_attempt")
                .await,
            "undeliverable,open"
        );
        office.nobody_else_was_messaged().await;
    }
}

#[tokio::test]
async fn every_code_of_the_table_does_what_the_table_says() {
    for (code, expected) in [
        (131_026, "undeliverable,open"),
        (131_030, "undeliverable,open"),
        (131_049, "undeliverable,open"),
        (100, "undeliverable,open"),
        (131_000, "open"),
        (130_429, "open"),
        (131_056, "open"),
        (190, "open"),
        (131_031, "open"),
    ] {
        let office = Office::open().await;
        office.says(&agent('A'), "absen").await;
        office.says(&agent('B'), "absen").await;
        // The client's auto-reply is written after the offer's job; refuse whatever comes, twice.
        sqlx::query("update wa_contact set next_send_at = null")
            .execute(&office.harness.app.pool)
            .await
            .expect("free");
        office.graph.next(Turn::Refuse(code));
        office.graph.next(Turn::Refuse(code));
        office.says(CLIENT, "Halo").await;
        let found = office
            .sql("select string_agg(status, ',' order by position) from distribution_attempt")
            .await;
        assert_eq!(found, expected, "{code}");
        let frozen = office
            .sql("select count(*)::text from provider_health where frozen_since is not null")
            .await;
        assert_eq!(frozen == "1", matches!(code, 190 | 131_031), "{code}");
        office.fast_forward(TimeDelta::seconds(40)).await;
        assert!(
            office
                .graph
                .read(&agent(if expected == "open" { 'A' } else { 'B' }))
                .is_some(),
            "{code}: sent in the end"
        );
    }
}

#[tokio::test]
async fn a_broken_token_stops_every_clock_and_nothing_goes_hangus() {
    let office = Office::open().await;
    for _ in 0..5_000 {
        office.graph.next(Turn::Refuse(190));
    }
    office.says(CLIENT, "Halo").await;
    office.fast_forward(TimeDelta::hours(1)).await;
    assert_eq!(
        office
            .sql("select string_agg(status, ',') from distribution_attempt")
            .await,
        "open"
    );
    assert_eq!(office.sql("select status from lead").await, "distributing");
    office.graph.does_as_always();
    office.fast_forward(TimeDelta::minutes(1)).await;
    office.reads(CLIENT);
    office.reads(&agent('A'));
    office.fast_forward(TimeDelta::minutes(3)).await;
    office.says(&agent('A'), "OK").await;
    assert_eq!(
        office.sql("select owner_sales_id from lead").await,
        "sales-a"
    );
    office.reads(&agent('A'));
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_template_that_is_gone_is_words_while_the_window_is_open_and_the_next_agent_else() {
    let office = Office::open().await;
    office.graph.keeps_windows();
    office.graph.forgets_template("lead_offer");
    office.says(&agent('B'), "absen").await;
    office.says(CLIENT, "Halo").await;
    office.reads(CLIENT);
    office.fast_forward(TimeDelta::seconds(10)).await;
    let offer = office.reads(&agent('B'));
    assert_eq!(offer.body["type"], "interactive");
    assert_eq!(
        office
            .sql("select string_agg(status, ',' order by position) from distribution_attempt")
            .await,
        "undeliverable,open"
    );
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_answer_that_never_comes_neither_loses_nor_doubles_an_offer() {
    // Accepted: the status settles it, and nothing is sent again.
    let office = Office::open().await;
    office.says(&agent('A'), "absen").await;
    office.graph.next(Turn::TakeAndLoseTheAnswer);
    office.graph.next(Turn::TakeAndLoseTheAnswer);
    office.says(CLIENT, "Halo").await;
    let offer = office.reads(&agent('A'));
    assert_eq!(
        office
            .sql("select count(*)::text from wa_send where settled_at is null")
            .await,
        "2"
    );
    office.fast_forward(TimeDelta::seconds(20)).await;
    office.reports(&offer, "delivered", None).await;
    let reply = office.reads(CLIENT);
    office.reports(&reply, "sent", None).await;
    office.fast_forward(TimeDelta::minutes(2)).await;
    assert_eq!(office.graph.taken().len(), 2);
    assert_eq!(
        office
            .sql("select count(*)::text from wa_send where outcome <> 'accepted'")
            .await,
        "0"
    );
    office.nobody_else_was_messaged().await;

    // Not accepted: after a minute without a status it is sent again, and the log reports it, if the offer
    // may wait that long.
    let mut office = Office::open().await;
    office.harness.app.distribution.send_patience = Duration::from_secs(300);
    office.says(&agent('A'), "absen").await;
    office.graph.next(Turn::LoseTheCall);
    office.graph.next(Turn::LoseTheCall);
    office.says(CLIENT, "Halo").await;
    office.fast_forward(TimeDelta::seconds(59)).await;
    assert_eq!(office.graph.taken().len(), 0);
    office.fast_forward(TimeDelta::seconds(10)).await;
    office.reads(&agent('A'));
    office.reads(CLIENT);
    assert_eq!(
        office
            .sql("select count(*)::text from wa_send where outcome = 'lost'")
            .await,
        "2"
    );
    assert_eq!(
        office
            .sql("select count(*)::text from distribution_event where kind = 'resent'")
            .await,
        "1"
    );
    let window = "select (ack_deadline_at - offer_accepted_at)::text from distribution_attempt";
    assert_eq!(
        office.sql(window).await,
        "00:05:00",
        "the agent has the full window from when it was taken"
    );
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn statuses_are_ranked_and_keep_their_times() {
    let office = Office::open().await;
    let offer = offered(&office).await;
    let state = "select delivery_status from wa_message where kind = 'offer'";
    for (status, expected) in [
        ("read", "read"),
        ("sent", "read"),
        ("delivered", "read"),
        ("failed", "read"),
        ("bogus", "read"),
    ] {
        office
            .reports(&offer, status, (status == "failed").then_some(131_026))
            .await;
        assert_eq!(office.sql(state).await, expected, "after {status}");
    }
    let times = "select num_nonnulls(status_sent_at, delivered_at, read_at, failed_at)::text from wa_message where kind = 'offer'";
    assert_eq!(office.sql(times).await, "4");
}

#[tokio::test]
async fn an_offer_of_unknown_outcome_goes_to_the_next_agent_and_who_gets_it_late_is_told() {
    let office = Office::open().await;
    office.says(&agent('A'), "absen").await;
    office.says(&agent('B'), "absen").await;
    // Meta takes the client's answer, and takes the offer without an answer to us.
    office.graph.next(Turn::TakeAndLoseTheAnswer);
    office.graph.next(Turn::TakeAndLoseTheAnswer);
    office.says(CLIENT, "Halo").await;
    let offer = office.reads(&agent('A'));
    let reply = office.reads(CLIENT);
    office.reports(&reply, "sent", None).await;
    office.fast_forward(TimeDelta::seconds(31)).await;
    office.reads(&agent('B'));
    let ended =
        "select status || ' ' || reason from distribution_attempt order by position limit 1";
    assert_eq!(office.sql(ended).await, "undeliverable not_sent");
    // Now the status comes: A has it, and is told that it was withdrawn.
    office.reports(&offer, "delivered", None).await;
    office.fast_forward(TimeDelta::seconds(10)).await;
    let told = office.reads(&agent('A'));
    let text = told.body["text"]["body"].as_str().expect("a text");
    assert!(text.contains("Anda tidak kehilangan giliran"), "{text}");
    office.fast_forward(TimeDelta::minutes(2)).await;
    office.nobody_else_was_messaged().await;
}
