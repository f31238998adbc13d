//! Writes the security log: what admins and operators change, who exports, and which clients' words an admin reads.

use super::address;
use super::settings::Auth;
use crate::problem;
use poem::http::{Method, StatusCode};
use poem::{Endpoint, IntoResponse, Request, Response, Result};
use poem_openapi::OperationId;
use shared::App;
use shared::auth::{Client, Role, User};
use shared::id::UserId;
use shared::security::{self, Answered};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// Operations that answer a client's data, whatever their method: without their line in the log they are not answered.
const SHOWN: [&str; 2] = ["exportPerson", "exportPersonPage"];
/// Operations that read what an admin must account for: clients' words, and tables of clients.
const READS: [&str; 8] = [
    "leadDetail",
    "leadDistribution",
    "leadListRows",
    "unusableMetaLeads",
    "appointmentDetail",
    "whatsappMessages",
    "exportLeads",
    "exportLeadsWorkbook",
];
/// Operations that everybody must account for: exports, and tries of the password in a session.
const OF_EVERYBODY: [&str; 3] = ["exportLeads", "exportLeadsWorkbook", "confirmPassword"];

/// Who a guard let in.
#[derive(Clone, Debug)]
enum Caller {
    User(UserId, Role),
    /// A client with a token in place of a user.
    Token,
}

/// The place where a guard of this request leaves who it let in.
#[derive(Clone)]
pub(super) struct LetIn(Arc<Place>);

struct Place {
    app: App,
    client: Client,
    path: String,
    /// Whether the request changes nothing.
    reads: bool,
    let_in: Mutex<Option<(Caller, Option<Uuid>)>>,
}

impl LetIn {
    fn new(request: &Request, app: &App, auth: &Auth) -> Self {
        Self(Arc::new(Place {
            app: app.clone(),
            client: address::client(request, auth.0.proxies),
            path: request.uri().path().to_owned(),
            reads: reads(request),
            let_in: Mutex::default(),
        }))
    }

    /// A guard let this user in. Fails if the log cannot be written and the user can change what must be in it.
    pub(super) async fn user(request: &Request, user: &User) -> Result<()> {
        Self::set(request, Caller::User(user.id.clone(), user.role)).await
    }

    /// A guard let a client in by its token. Fails if the log cannot be written and the request changes something.
    pub(super) async fn token(request: &Request) -> Result<()> {
        Self::set(request, Caller::Token).await
    }

    /// A change has its line before it is made, so that none is without one, whatever becomes of this process.
    async fn set(request: &Request, caller: Caller) -> Result<()> {
        let Some(Self(place)) = request.data::<Self>() else {
            return Ok(());
        };
        let mut line = place.let_in().as_ref().and_then(|(_, line)| *line);
        if line.is_none() && must_be_written(&caller, None, place.reads) {
            let begun = security::begin(&place.app, caller.user(), &place.client, &place.path);
            line = Some(begun.await.map_err(|error| not_written(&error, None))?);
        }
        *place.let_in() = Some((caller, line));
        Ok(())
    }

    fn take(&self) -> Option<(Caller, Option<Uuid>)> {
        self.0.let_in().take()
    }
}

impl Place {
    fn let_in(&self) -> MutexGuard<'_, Option<(Caller, Option<Uuid>)>> {
        self.let_in.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Caller {
    fn user(&self) -> Option<&UserId> {
        match self {
            Self::User(user, _) => Some(user),
            Self::Token => None,
        }
    }
}

/// Writes the log before the answer leaves. What was read and cannot be written down is not answered.
pub async fn record<E: Endpoint>(next: Arc<E>, mut request: Request) -> Result<Response> {
    let (Some(app), Some(auth)) = (request.data::<App>(), request.data::<Auth>()) else {
        return Ok(next.call(request).await?.into_response());
    };
    let place = LetIn::new(&request, app, auth);
    request.set_data(place.clone());
    let result = next.call(request).await.map(IntoResponse::into_response);
    let Some((caller, line)) = place.take() else {
        return result;
    };
    let (operation, status) = match &result {
        Ok(response) => (response.data::<OperationId>(), response.status()),
        Err(error) => (error.data::<OperationId>(), error.status()),
    };
    let operation = operation.map(|operation| operation.0);
    let place = place.0;
    if !must_be_written(&caller, operation, place.reads) {
        return result;
    }
    let answered = Answered {
        operation,
        path: &place.path,
        status: Some(status.as_u16()),
    };
    let (app, client) = (&place.app, &place.client);
    match security::answered(app, line, caller.user(), client, &answered).await {
        Ok(()) => result,
        Err(error) => {
            let refused = not_written(&error, operation);
            // A change was made already, so that its answer is the truth.
            let shows = operation.is_some_and(|operation| SHOWN.contains(&operation));
            if place.reads || shows {
                return Err(refused);
            }
            result
        }
    }
}

fn reads(request: &Request) -> bool {
    matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    )
}

fn not_written(error: &shared::Error, operation: Option<&str>) -> poem::Error {
    tracing::error!(%error, operation, "security.not_written");
    problem::status(
        StatusCode::SERVICE_UNAVAILABLE,
        "the security log cannot be written",
    )
}

fn must_be_written(caller: &Caller, operation: Option<&str>, reads: bool) -> bool {
    let is_one_of = |list: &[&str]| operation.is_some_and(|operation| list.contains(&operation));
    match caller {
        Caller::User(_, Role::Sales) => is_one_of(&OF_EVERYBODY),
        Caller::User(_, Role::Admin | Role::Operator) => !reads || is_one_of(&READS),
        Caller::Token => !reads,
    }
}
