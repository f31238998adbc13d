//! News about an owned lead: its owner is told what the client did, or the managers if the owner is
//! disabled.

use super::enquiry::Listeners;
use crate::Result;
use crate::distribution::model::{Ad, ReceivedMessage};
use crate::distribution::offers::{alert, mask};
use crate::distribution::store;
use crate::leads::Lead;
use crate::phone::Phone;
use crate::texts::Text;
use crate::unit_of_work::UnitOfWork;
use crate::whatsapp::{self, Draft, Notice, OutboundKind};

/// The client wrote. Tells each listener, at most once a minute.
pub(super) async fn tell_written(
    work: &mut UnitOfWork<'_>,
    lead: &Lead,
    listeners: &Listeners,
    received: &ReceivedMessage,
) -> Result<()> {
    match listeners {
        Listeners::Owner(owner) => {
            let Some(to) = &owner.phone else {
                tracing::warn!(lead = %lead.id, sales = %owner.id, "whatsapp.unreachable: the owner has no number");
                return Ok(());
            };
            let notice = notice(lead, received, OutboundKind::OwnerClientWrote, to);
            let texts = &work.app.texts;
            let body = |count: i32, message: &str| {
                let count_text = count.to_string();
                let values = [
                    ("name", lead.display_name()),
                    ("phone", lead.display_phone()),
                    ("count", count_text.as_str()),
                    ("message", message),
                ];
                let text = if count == 1 {
                    Text::OwnerClientWrote
                } else {
                    Text::OwnerClientWroteMany
                };
                texts.render(text, &values)
            };
            whatsapp::queue_notice(work, &notice, body).await
        }
        Listeners::Managers {
            owner,
            cycle,
            managers,
        } => {
            let code = store::name_cycle(work.connection, *cycle).await?;
            let team = alert::team_of(work, *cycle).await?;
            let name = mask::name_of(work.app, lead);
            let app = work.app;
            for to in managers {
                let notice = notice(lead, received, OutboundKind::ManagerClientWrote, to);
                let body = |count: i32, message: &str| {
                    let count = count.to_string();
                    let message = if app.distribution.mask_offers {
                        mask::scrubbed(message)
                    } else {
                        message.to_owned()
                    };
                    let values = [
                        ("name", &*name),
                        ("owner", owner.name.as_str()),
                        ("count", count.as_str()),
                        ("code", code.as_str()),
                        ("team", team.as_str()),
                        ("message", message.as_str()),
                    ];
                    app.texts.render(Text::ManagerClientWrote, &values)
                };
                whatsapp::queue_notice(work, &notice, body).await?;
            }
            Ok(())
        }
    }
}

fn notice(lead: &Lead, received: &ReceivedMessage, kind: OutboundKind, to: &Phone) -> Notice {
    Notice {
        kind,
        to: to.into(),
        lead: lead.id,
        because_of: received.id,
    }
}

/// The client filled in another form. Tells the owner. If the owner is disabled, tells the managers.
pub(super) async fn tell_filled_in(
    work: &mut UnitOfWork<'_>,
    lead: &Lead,
    listeners: &Listeners,
    ad: &Ad,
) -> Result<()> {
    let source = ad.source_ads.as_deref().unwrap_or("-");
    match listeners {
        Listeners::Owner(owner) => {
            let Some(to) = &owner.phone else {
                tracing::warn!(lead = %lead.id, sales = %owner.id, "whatsapp.unreachable: the owner has no number");
                return Ok(());
            };
            let client = [
                ("name", lead.display_name()),
                ("phone", lead.display_phone()),
                ("source", source),
            ];
            let body = work.app.texts.render(Text::OwnerNewAd, &client);
            let draft = Draft::new(OutboundKind::OwnerNewAd, to, body).lead(lead.id);
            whatsapp::queue_message(work, &draft).await?;
        }
        Listeners::Managers {
            owner,
            cycle,
            managers,
        } => {
            let code = store::name_cycle(work.connection, *cycle).await?;
            let team = alert::team_of(work, *cycle).await?;
            let values = [
                ("name", &*mask::name_of(work.app, lead)),
                ("owner", owner.name.as_str()),
                ("count", "1"),
                ("code", code.as_str()),
                ("team", team.as_str()),
                ("message", source),
            ];
            let body = work.app.texts.render(Text::ManagerClientWrote, &values);
            for to in managers {
                let draft =
                    Draft::new(OutboundKind::ManagerClientWrote, to, body.clone()).lead(lead.id);
                whatsapp::queue_message(work, &draft).await?;
            }
        }
    }
    Ok(())
}
