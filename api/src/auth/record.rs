//! Writes the security log: what admins and operators change, who exports, and which clients' words an admin reads.

use super::address;
use super::settings::Auth;
use crate::problem;
use poem::http::{Method, StatusCode};
use poem::{Endpoint, IntoResponse, Request, Response, Result};
use poem_openapi::OperationId;
use shared::App;
use shared::auth::{Role, User};
use shared::id::UserId;
use shared::security::{self, Answered};
use std::sync::{Arc, Mutex, PoisonError};

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
#[derive(Clone, Default)]
pub(super) struct LetIn(Arc<Mutex<Option<Caller>>>);

impl LetIn {
    /// A guard let this user in.
    pub(super) fn user(request: &Request, user: &User) {
        Self::set(request, Caller::User(user.id.clone(), user.role));
    }

    /// A guard let a client in by its token.
    pub(super) fn token(request: &Request) {
        Self::set(request, Caller::Token);
    }

    fn set(request: &Request, caller: Caller) {
        if let Some(place) = request.data::<Self>() {
            *place.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(caller);
        }
    }

    fn take(&self) -> Option<Caller> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Writes the log before the answer leaves. What was read and cannot be written down is not answered.
pub async fn record<E: Endpoint>(next: Arc<E>, mut request: Request) -> Result<Response> {
    let (Some(app), Some(auth)) = (request.data::<App>(), request.data::<Auth>()) else {
        return Ok(next.call(request).await?.into_response());
    };
    let (app, client) = (app.clone(), address::client(&request, auth.0.proxies));
    let path = request.uri().path().to_owned();
    let reads = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    let place = LetIn::default();
    request.set_data(place.clone());
    let result = next.call(request).await.map(IntoResponse::into_response);
    let Some(caller) = place.take() else {
        return result;
    };
    let (operation, status) = match &result {
        Ok(response) => (response.data::<OperationId>(), response.status()),
        Err(error) => (error.data::<OperationId>(), error.status()),
    };
    let operation = operation.map(|operation| operation.0);
    if !must_be_written(&caller, operation, reads) {
        return result;
    }
    let answered = Answered {
        operation,
        path: &path,
        status: status.as_u16(),
    };
    let user = match &caller {
        Caller::User(user, _) => Some(user),
        Caller::Token => None,
    };
    match security::answered(&app, user, &client, &answered).await {
        Ok(()) => result,
        Err(error) => {
            tracing::error!(%error, operation, "security.not_written");
            // A change was made already, so that its answer is the truth.
            let shows = operation.is_some_and(|operation| SHOWN.contains(&operation));
            if reads || shows {
                return Err(problem::status(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "the security log cannot be written",
                ));
            }
            result
        }
    }
}

fn must_be_written(caller: &Caller, operation: Option<&str>, reads: bool) -> bool {
    let is_one_of = |list: &[&str]| operation.is_some_and(|operation| list.contains(&operation));
    match caller {
        Caller::User(_, Role::Sales) => is_one_of(&OF_EVERYBODY),
        Caller::User(_, Role::Admin | Role::Operator) => !reads || is_one_of(&READS),
        Caller::Token => !reads,
    }
}
