//! The api keeps to its OpenAPI document, whatever it is sent.

use super::company::Company;
use api::auth::Auth;
use secrecy::SecretString;
use shared::testing::trials;
use std::process::Command;

const SECRET: &str = "a secret of the tests, thirty-two long";

/// These can end the admin's own session: then every later answer is 401, and nothing is tried. The feed never ends.
const LEFT_OUT: [&str; 4] = [
    "revokeUserSessions",
    "updateUser",
    "resetPassword",
    "events",
];

/// An admin is answered within a second, with 503 if the database is slower. On a busy machine that is right.
const SLOW_IS_RIGHT: &str = "[[operations]]
include-tag = \"Whatsapp\"
checks.not_a_server_error.expected-statuses = [\"2xx\", \"3xx\", \"4xx\", 503]
";

/// How many operations schemathesis chose, as its summary says: `Selected: 49/111`. It exits with 0 also if it chose none.
fn selected(output: &str) -> usize {
    let (_, rest) = output.split_once("Selected: ").expect("a summary");
    let (count, _) = rest.split_once('/').expect("a part of all");
    count.parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_is_sent_makes_a_server_error_or_an_answer_that_is_not_in_the_document() {
    let company = Company::open("300").await;
    sqlx::query(
        "insert into session (id, token, user_id, expires_at) values ('s', 'token-of-admin', 'admin', now() + interval '1 day')",
    )
    .execute(&company.pool)
    .await
    .expect("a session");
    let auth = Auth::new(
        SecretString::from(SECRET),
        "http://localhost",
        &[],
        false,
        false,
    );
    let cookie = auth.cookie_of("token-of-admin");
    let (_, value) = cookie.split_once('=').expect("a value");
    let settings = [("BETTER_AUTH_SECRET", SECRET), ("LOG", "info")];
    let (_api, url) = company.start_api_with(&settings).await;
    let folder =
        std::env::temp_dir().join(format!("property-lounge-contract-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let schemes = ["session", "adminSession"]
        .map(|name| format!("[auth.openapi.{name}]\napi_key = \"{value}\"\n"));
    let settings = schemes.concat() + SLOW_IS_RIGHT;
    std::fs::write(folder.join("schemathesis.toml"), settings).expect("its settings");
    let (phases, examples) = match trials(1, 500) {
        1 => ("examples,coverage", "1".to_owned()),
        many => ("examples,coverage,fuzzing", many.to_string()),
    };
    // Two halves beside each other: what is slow is the fuzzer, which uses one core.
    let halves = ["^[a-l]", "^[m-z]"].map(|names| {
        let (folder, url, examples) = (folder.clone(), url.clone(), examples.clone());
        tokio::task::spawn_blocking(move || {
            Command::new(xtask::contract::binary())
                .args(["run", &format!("{url}/openapi.json"), "--phases", phases, "--max-examples", &examples])
                .args(["--include-operation-id-regex", names])
                .args(LEFT_OUT.iter().flat_map(|name| ["--exclude-operation-id", name]))
                .args(["-H", "Origin: http://localhost:5173", "--no-color"])
                .args(["--checks", "not_a_server_error,status_code_conformance,response_schema_conformance,content_type_conformance"])
                .current_dir(folder)
                .output()
                .expect("./test installs schemathesis")
        })
    });
    let mut tried = 0;
    for half in halves {
        let told = half.await.expect("it ends");
        let output = String::from_utf8_lossy(&told.stdout);
        assert!(told.status.success(), "{output}");
        tried += selected(&output);
    }
    let document: serde_json::Value = serde_json::from_str(&api::document()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths").values();
    let operations = paths
        .filter_map(|methods| methods.as_object())
        .map(serde_json::Map::len);
    assert_eq!(tried, operations.sum::<usize>() - LEFT_OUT.len());
    let session = sqlx::query("select id from session where id = 's'")
        .fetch_optional(&company.pool)
        .await
        .expect("a look");
    assert!(session.is_some(), "an operation ended the admin's session");
    std::fs::remove_dir_all(&folder).ok();
}
