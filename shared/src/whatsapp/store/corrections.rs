//! SQL of edits and deletions by a sender, and of messages that somebody wrote with the phone's own app.

use crate::Result;
use crate::id::MessageId;
use crate::phone::Phone;
use crate::whatsapp::{Correction, Echo};
use sqlx::PgConnection;

pub(in super::super) async fn insert_correction(
    connection: &mut PgConnection,
    provider: &str,
    correction: &Correction,
) -> Result<bool> {
    let inserted = sqlx::query!(
        "insert into wa_correction (provider, id, original_id, kind, body, at)
         select $1, $2, $3, case when $4::text is null then 'revoke' else 'edit' end, $4, $5
         where not exists (select from erased_message
                           where digest in (sha256(convert_to($2, 'UTF8')), sha256(convert_to($3, 'UTF8'))))
         on conflict do nothing",
        provider,
        correction.id,
        correction.original_id,
        correction.body,
        correction.at
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

pub(in super::super) async fn insert_echo(
    connection: &mut PgConnection,
    provider: &str,
    from: &Phone,
    echo: &Echo,
) -> Result<bool> {
    let inserted = sqlx::query!(
        "insert into wa_message (id, lead_id, direction, kind, from_wa, to_wa, body, provider, provider_message_id,
                                 delivery_status, created_at)
         select $1, (select id from lead where phone = $4
                     union all select lead_id from wa_identity where address = $4 and lead_id is not null limit 1),
                'out', 'echo', $3, $4, $5, $2, $6, 'sent', $7
         where not exists (select from erased_message where digest = sha256(convert_to($6, 'UTF8')))
         on conflict do nothing",
        MessageId::new().0,
        provider,
        from.as_str(),
        echo.to.as_str(),
        echo.body,
        echo.provider_message_id,
        echo.at
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

pub(in super::super) async fn was_an_answer(
    connection: &mut PgConnection,
    provider: &str,
    provider_message_id: &str,
) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from wa_message m
               where m.direction = 'in' and m.provider = $1 and m.outcome <> 'not_an_ack'
                 and m.provider_message_id in (select $2 union all
                                               select id from wa_correction where provider = $1 and original_id = $2)
           ) as "was!""#,
        provider,
        provider_message_id
    )
    .fetch_one(connection)
    .await?)
}
