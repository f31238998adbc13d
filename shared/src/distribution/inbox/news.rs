//! News about an owned lead: its owner is told what the client did, or the managers if the owner is
//! disabled.

use super::enquiry::Listeners;
use crate::distribution::model::{Ad, ReceivedMessage};
use crate::distribution::offers::{alert, mask};
use crate::distribution::store;
use crate::id::CycleId;
use crate::leads::Lead;
use crate::phone::Phone;
use crate::sales::Agent;
use crate::texts::Text;
use crate::unit_of_work::UnitOfWork;
use crate::whatsapp::{self, Draft, Notice, OutboundKind};
use crate::{App, Result, availability};
use std::borrow::Cow;

/// The client wrote. Tells each listener, at most once a minute.
pub(super) async fn tell_written(
    work: &mut UnitOfWork<'_>,
    lead: &Lead,
    listeners: &Listeners,
    received: &ReceivedMessage,
) -> Result<()> {
    match listeners {
        Listeners::Owner(owner) => {
            let Some(to) = number_of(owner, lead) else {
                return Ok(());
            };
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
            let told = notice(lead, received, OutboundKind::OwnerClientWrote, to);
            whatsapp::queue_notice(work, &told, body).await?;
            tell_cover(work, lead, owner, received).await
        }
        Listeners::Managers {
            owner,
            cycle,
            managers,
        } => {
            let app = work.app;
            let news = ManagerNews::read(work, lead, owner, *cycle).await?;
            for to in managers {
                let notice = notice(lead, received, OutboundKind::ManagerClientWrote, to);
                let body = |count: i32, message: &str| news.text(count, &words_of(app, message));
                whatsapp::queue_notice(work, &notice, body).await?;
            }
            Ok(())
        }
    }
}

/// Tells the colleague who covers for an owner who is away. The lead stays the owner's.
async fn tell_cover(
    work: &mut UnitOfWork<'_>,
    lead: &Lead,
    owner: &Agent,
    received: &ReceivedMessage,
) -> Result<()> {
    let cover = availability::covering(work.connection, &owner.id, work.now).await?;
    let Some(to) = cover.and_then(|cover| cover.phone) else {
        return Ok(());
    };
    let texts = &work.app.texts;
    let body = |count: i32, message: &str| {
        let values = [
            ("name", lead.display_name()),
            ("phone", lead.display_phone()),
            ("owner", owner.name.as_str()),
            ("count", &*count.to_string()),
            ("message", message),
        ];
        texts.render(Text::CoverClientWrote, &values)
    };
    let told = notice(lead, received, OutboundKind::Cover, &to);
    whatsapp::queue_notice(work, &told, body).await
}

/// The client filled in another form. Tells the owner. If the owner is disabled, tells the managers.
pub(super) async fn tell_filled_in(
    work: &mut UnitOfWork<'_>,
    lead: &Lead,
    listeners: &Listeners,
    ad: &Ad,
) -> Result<()> {
    let source = ad.source_ads.as_deref().unwrap_or("");
    match listeners {
        Listeners::Owner(owner) => {
            let Some(to) = number_of(owner, lead) else {
                return Ok(());
            };
            let client = [
                ("name", lead.display_name()),
                ("phone", lead.display_phone()),
                ("project", ad.project.as_deref().unwrap_or("")),
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
            let news = ManagerNews::read(work, lead, owner, *cycle).await?;
            let body = news.text(1, source);
            for to in managers {
                let draft =
                    Draft::new(OutboundKind::ManagerClientWrote, to, body.clone()).lead(lead.id);
                whatsapp::queue_message(work, &draft).await?;
            }
        }
    }
    Ok(())
}

/// The owner's number. Logs that the owner cannot be told if there is none.
fn number_of<'agent>(owner: &'agent Agent, lead: &Lead) -> Option<&'agent Phone> {
    if owner.phone.is_none() {
        tracing::warn!(lead = %lead.id, sales = %owner.id, "whatsapp.unreachable: the owner has no number");
    }
    owner.phone.as_ref()
}

fn notice(lead: &Lead, received: &ReceivedMessage, kind: OutboundKind, to: &Phone) -> Notice {
    Notice {
        kind,
        to: to.into(),
        lead: lead.id,
        because_of: received.id,
    }
}

/// What the client wrote, as a manager may read it.
fn words_of<'words>(app: &App, message: &'words str) -> Cow<'words, str> {
    if app.distribution.mask_offers {
        Cow::Owned(mask::scrubbed(message))
    } else {
        Cow::Borrowed(message)
    }
}

/// What managers read about the lead of a disabled owner.
struct ManagerNews<'news> {
    app: &'news App,
    lead: &'news Lead,
    owner: &'news Agent,
    /// The code by which a manager assigns the lead.
    code: String,
    /// The agents to whom it can be assigned.
    team: String,
}

impl<'news> ManagerNews<'news> {
    async fn read<'work: 'news>(
        work: &mut UnitOfWork<'work>,
        lead: &'news Lead,
        owner: &'news Agent,
        cycle: CycleId,
    ) -> Result<Self> {
        Ok(Self {
            app: work.app,
            lead,
            owner,
            code: store::name_cycle(work.connection, cycle).await?,
            team: alert::team_of(work, cycle).await?,
        })
    }

    /// The text, with what the client wrote, or the name of the ad.
    fn text(&self, count: i32, message: &str) -> String {
        let count = count.to_string();
        let values = [
            ("name", &*mask::name_of(self.app, self.lead)),
            ("owner", self.owner.name.as_str()),
            ("count", count.as_str()),
            ("code", self.code.as_str()),
            ("team", self.team.as_str()),
            ("message", message),
        ];
        self.app.texts.render(Text::ManagerClientWrote, &values)
    }
}
