//! Settings of the Cloud API and of Meta's Graph API.

use super::problems::Problems;
use super::whatsapp::{ProviderKind, WhatsApp};
use crate::Error;
use crate::meta::{Conversions, Meta};
use crate::providers::cloud_api::CloudApi;
use crate::providers::dummy::Dummy;
use crate::providers::graph::Graph;
use crate::providers::qr_local::QrLocal;
use crate::providers::{Provider, Rules, Templates};
use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use std::time::Duration;

/// The connection to Meta.
#[derive(Args, Clone, Debug)]
pub struct Cloud {
    /// The base URL of Graph.
    #[arg(
        long,
        env = "WA_CLOUD_API_BASE_URL",
        default_value = "https://graph.facebook.com"
    )]
    pub wa_cloud_api_base_url: String,
    /// Graph's version. Each is valid for two years; the log warns when Meta answers with a newer one.
    #[arg(long, env = "WA_CLOUD_API_VERSION", default_value = "v21.0")]
    pub wa_cloud_api_version: String,
    /// A token of a system user with `whatsapp_business_messaging`. Required for `cloud_api`.
    #[arg(long, env = "WA_CLOUD_API_TOKEN", hide_env_values = true)]
    pub wa_cloud_api_token: Option<SecretString>,
    /// Meta's id of the company's number. Required for `cloud_api`.
    #[arg(long, env = "WA_CLOUD_PHONE_NUMBER_ID")]
    pub wa_cloud_phone_number_id: Option<String>,
    /// Meta's id of the WhatsApp Business account, for `api doctor` to check the templates; unset: they are not checked.
    #[arg(long, env = "WA_CLOUD_BUSINESS_ACCOUNT_ID")]
    pub wa_cloud_business_account_id: Option<String>,
    /// Messages a second in both directions: 80, or 20 if the number is also used in the Business app.
    #[arg(long, env = "WA_CLOUD_MESSAGES_PER_SECOND", default_value_t = 80, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub wa_cloud_messages_per_second: u32,
    /// Seconds between two messages to the same person.
    #[arg(long, env = "WA_CLOUD_PAIR_SECONDS", default_value_t = 6.0)]
    pub wa_cloud_pair_seconds: f64,
    /// Seconds without a status after which a message with an unknown outcome is sent again.
    #[arg(long, env = "WA_CLOUD_SETTLE_SECONDS", default_value_t = 60.0)]
    pub wa_cloud_settle_seconds: f64,
    /// Minutes after which a message that arrives late is stored but not acted on.
    #[arg(long, env = "WA_CLOUD_STALE_MINUTES", default_value_t = 60)]
    pub wa_cloud_stale_minutes: u64,
    /// The language of the registered templates.
    #[arg(long, env = "WA_TEMPLATE_LANGUAGE", default_value = "id")]
    pub wa_template_language: String,
    /// The template of an offer, for an agent who has not written for 24 hours; empty: none.
    #[arg(long, env = "WA_TEMPLATE_OFFER", default_value = "lead_offer")]
    pub wa_template_offer: String,
    /// The template of every other message to such an agent; empty: none.
    #[arg(long, env = "WA_TEMPLATE_NOTICE", default_value = "lead_notice")]
    pub wa_template_notice: String,
    /// The template that greets a client who submitted a form; empty: no greeting.
    #[arg(long, env = "WA_TEMPLATE_WELCOME", default_value = "")]
    pub wa_template_welcome: String,
    /// A page token with `leads_retrieval`, to fetch leads of Meta's forms; unset: they are not fetched.
    #[arg(long, env = "META_PAGE_ACCESS_TOKEN", hide_env_values = true)]
    pub meta_page_access_token: Option<SecretString>,
    /// Minutes between two searches for leads whose webhook never came; 0: never.
    #[arg(long, env = "META_LEADS_POLL_MINUTES", default_value_t = 15)]
    pub meta_leads_poll_minutes: u64,
    /// The dataset (pixel) to which conversions are reported; unset: they are not reported.
    #[arg(long, env = "META_CAPI_DATASET_ID")]
    pub meta_capi_dataset_id: Option<String>,
    /// A token that can write to the dataset; unset: the page's token.
    #[arg(long, env = "META_CAPI_TOKEN", hide_env_values = true)]
    pub meta_capi_token: Option<SecretString>,
}

impl Cloud {
    /// The provider that `WA_PROVIDER` names, and the connection to Meta. `None`, with a problem for each
    /// wrong setting, if they cannot be made.
    pub fn connect(
        &self,
        whatsapp: &WhatsApp,
        problems: &mut Problems,
    ) -> Option<(Arc<dyn Provider>, Arc<Meta>)> {
        let (base, version) = (&self.wa_cloud_api_base_url, &self.wa_cloud_api_version);
        let graph = problems.check(Graph::new(base, version)).map(Arc::new);
        let provider: Option<Arc<dyn Provider>> = match whatsapp.wa_provider {
            ProviderKind::Dummy => Some(Arc::new(Dummy)),
            ProviderKind::QrLocal => Some(Arc::new(QrLocal)),
            ProviderKind::CloudApi => self.cloud_api(graph.clone(), problems),
        };
        let meta = self.meta(graph?);
        Some((provider?, Arc::new(meta)))
    }

    fn cloud_api(
        &self,
        graph: Option<Arc<Graph>>,
        problems: &mut Problems,
    ) -> Option<Arc<dyn Provider>> {
        let needed = |field| Error::invalid(field, "must be set for WA_PROVIDER=cloud_api");
        let token = secret(self.wa_cloud_api_token.as_ref());
        let token = problems.check(token.ok_or_else(|| needed("WA_CLOUD_API_TOKEN")));
        let number = not_empty(self.wa_cloud_phone_number_id.as_deref().unwrap_or_default());
        let number = problems.check(number.ok_or_else(|| needed("WA_CLOUD_PHONE_NUMBER_ID")));
        let rules = self.rules(problems);
        let account = self.wa_cloud_business_account_id.as_deref();
        let account = not_empty(account.unwrap_or_default());
        let provider = CloudApi::new(graph?, token?, number?, rules?);
        Some(Arc::new(provider.of_account(account)))
    }

    fn rules(&self, problems: &mut Problems) -> Option<Rules> {
        let mut seconds = |field, seconds: f64| {
            let duration = Duration::try_from_secs_f64(seconds);
            problems.check(duration.map_err(|_| Error::invalid(field, "is no number of seconds")))
        };
        let pair_pause = seconds("WA_CLOUD_PAIR_SECONDS", self.wa_cloud_pair_seconds);
        let settle_after = seconds("WA_CLOUD_SETTLE_SECONDS", self.wa_cloud_settle_seconds);
        Some(Rules {
            messages_per_second: self.wa_cloud_messages_per_second,
            pair_pause: pair_pause?,
            settle_after: settle_after?,
            window: Duration::from_secs(24 * 60 * 60),
            stale_after: Duration::from_secs(self.wa_cloud_stale_minutes * 60),
            templates: Templates {
                language: self.wa_template_language.clone(),
                offer: not_empty(&self.wa_template_offer),
                notice: not_empty(&self.wa_template_notice),
                welcome: not_empty(&self.wa_template_welcome),
            },
        })
    }

    fn meta(&self, graph: Arc<Graph>) -> Meta {
        let page_token = secret(self.meta_page_access_token.as_ref());
        let conversions_token =
            secret(self.meta_capi_token.as_ref()).or_else(|| page_token.clone());
        let dataset = not_empty(self.meta_capi_dataset_id.as_deref().unwrap_or_default());
        Meta {
            graph,
            phone_number_id: not_empty(
                self.wa_cloud_phone_number_id.as_deref().unwrap_or_default(),
            ),
            page_token,
            reconcile_every: Some(Duration::from_secs(self.meta_leads_poll_minutes * 60))
                .filter(|every| !every.is_zero()),
            conversions: dataset
                .zip(conversions_token)
                .map(|(dataset_id, token)| Conversions { dataset_id, token }),
        }
    }
}

/// The secret. `None` if it is empty.
fn secret(given: Option<&SecretString>) -> Option<SecretString> {
    given
        .filter(|secret| !secret.expose_secret().trim().is_empty())
        .cloned()
}

/// The text. `None` if it is empty.
fn not_empty(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
