//! `api person`, as `docs/admins/privacy.md` says it, and `api user`.

use super::company::Company;
use serde_json::Value;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_is_shown_and_erased_at_a_terminal() {
    let company = Company::open("300").await;
    let (_api, url) = company.start_api().await;
    let worker = company.start_worker();
    worker.logs("worker.started").await;
    company.client_writes(&url, 1).await.expect("an answer");
    let phone = "select phone from lead";
    let phone: String = sqlx::query_scalar(phone)
        .fetch_one(&company.pool)
        .await
        .expect("a lead");
    let (code, json) = company.api(&["person", "export", "--number", &phone]);
    assert_eq!(code, 0, "{json}");
    let data: Value = serde_json::from_str(&json).expect(&json);
    assert_eq!(data["data"]["leads"][0]["phone"], phone.as_str());
    let (code, page) = company.api(&["person", "export", "--number", &phone, "--html"]);
    assert!(
        code == 0 && page.contains("Data pribadi") && page.contains(&phone),
        "{page}"
    );

    let erase = ["person", "erase", "--number", &phone, "--reason", "diminta"];
    let (code, counted) = company.api(&erase);
    assert!(
        code == 0 && counted.contains("nothing was erased"),
        "{counted}"
    );
    let named = "select count(*) from lead where phone is not null";
    assert_eq!(company.count(named).await, 1);
    let (code, report) = company.api(&[&erase[..], &["--yes"]].concat());
    assert_eq!(code, 0, "{report}");
    let report: Value = serde_json::from_str(&report).expect(&report);
    assert_eq!(report["erased"]["leads"], 1);
    assert_eq!(company.count(named).await, 0);
    let by = "select count(*) from privacy_request where kind = 'erase' and by_whom like 'terminal sari@%'";
    assert_eq!(company.count(by).await, 1);
    // Without a person, or with two, nothing happens.
    assert_eq!(company.api(&["person", "export"]).0, 2);
    // An agent's number is no client's.
    assert_eq!(
        company
            .api(&["person", "export", "--number", "+6281110000001"])
            .0,
        1
    );
}

#[tokio::test]
async fn the_only_admin_who_lost_the_phone_is_let_in_from_a_terminal() {
    let company = Company::open("300").await;
    sqlx::raw_sql(
        r#"update "user" set two_factor_enabled = true where id = 'admin';
           insert into two_factor (id, secret, backup_codes, user_id) values ('a', 'b', 'c', 'admin')"#,
    )
    .execute(&company.pool)
    .await
    .expect("an app whose secret nobody can read");
    let (code, said) = company.api(&["doctor"]);
    assert!(
        code == 1 && said.contains("api user reset-two-factor"),
        "{said}"
    );
    let (code, _) = company.api(&["user", "reset-two-factor", "nobody@property-lounge.test"]);
    assert_eq!(code, 1);
    let email = "Admin@property-lounge.test";
    let (code, said) = company.api(&["user", "reset-two-factor", email]);
    assert!(code == 0 && said.contains("without a code"), "{said}");
    let left = "select count(*) from two_factor";
    assert_eq!(company.count(left).await, 0);
    let enabled = "select count(*) from \"user\" where two_factor_enabled";
    assert_eq!(company.count(enabled).await, 0);
    let by = "select count(*) from security_event where operation = 'resetTwoFactor' and path like 'admin by terminal sari@%'";
    assert_eq!(company.count(by).await, 1);
}
