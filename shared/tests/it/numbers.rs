//! The trigger on `"user".phone` reads plain forms of numbers as [`Phone::from_human`] does, and refuses none.

use shared::distribution;
use shared::phone::Phone;
use shared::testing::Harness;

/// An operator sets the number of Sales A with psql. Returns what is stored.
async fn stored(harness: &Harness, typed: &str) -> Option<String> {
    sqlx::query_scalar(r#"update "user" set phone = $1 where id = 'sales-a' returning phone"#)
        .bind(typed)
        .fetch_one(&harness.app.pool)
        .await
        .expect("an operator may type anything")
}

#[tokio::test]
async fn the_database_and_the_program_read_a_typed_number_alike() {
    let harness = Harness::new().await;
    for typed in [
        "081234001234",
        "0812-3400-1234",
        "(0812) 3400.1234",
        "+62 (0)812 3400 1234",
        "62 812 3400 1234",
        "812 3400 1234",
        "p:+6281234001234",
        "006281234001234",
        "0086281234001234",
        "0096281234001234",
        "021-5550123",
        "+65 8123 4567",
        "+1 (202) 555-0123",
        // No numbers:
        "6581234567",
        "62812xxxxxxx",
        "0842345678",
        "0812345",
        "08123456789012345",
        "tanya admin",
        "+0812",
        "+",
    ] {
        let stored = stored(&harness, typed).await;
        let expected = Phone::from_human("phone", typed)
            .map_or_else(|_| typed.to_owned(), |phone| phone.to_string());
        assert_eq!(stored.as_deref(), Some(expected.as_str()), "{typed}");
    }
}

/// The program knows these numbers or refuses them with a reason. The trigger leaves them as they are typed.
#[tokio::test]
async fn the_database_never_makes_another_persons_number() {
    let harness = Harness::new().await;
    for typed in [
        "006591084236",
        "6281243939842.0",
        "+626281234001234",
        "626281234001234",
        "+61 0412 239821",
        "0014155550815",
    ] {
        let stored = stored(&harness, typed).await;
        assert_eq!(stored.as_deref(), Some(typed), "{typed}");
    }
}

#[tokio::test]
async fn an_empty_number_is_no_number() {
    let harness = Harness::new().await;
    assert_eq!(stored(&harness, "  ").await, None);
}

#[tokio::test]
async fn a_manager_who_changes_their_number_is_a_manager_under_the_new_one() {
    let harness = Harness::new().await;
    let pool = &harness.app.pool;
    sqlx::query(
        "update distribution_queue set manager_phones = array['+6281299990001', '+6281299990002']",
    )
    .execute(pool)
    .await
    .expect("managers");
    let number = |text| Phone::from_e164(text).expect("a number");
    for (old, new, expected) in [
        (
            "+6281299990001",
            "+6281299990003",
            "+6281299990003,+6281299990002",
        ),
        ("+6281299990003", "+6281299990002", "+6281299990002"),
    ] {
        distribution::change_number(&harness.app, &number(old), &number(new))
            .await
            .expect("changed");
        let managers: String = sqlx::query_scalar(
            "select array_to_string(manager_phones, ',') from distribution_queue",
        )
        .fetch_one(pool)
        .await
        .expect("managers");
        assert_eq!(managers, expected);
    }
}
