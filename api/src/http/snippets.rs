//! Ready answers.

use super::model::Timestamp;
use super::tag::Tag;
use crate::auth::{AdminOnly, SignedIn};
use crate::problem::Result;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use shared::App;
use shared::snippets;
use uuid::Uuid;

pub struct Snippets;

/// A ready answer.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct Snippet {
    id: Uuid,
    /// The word by which agents ask for it in chat: `/harga` for `harga`.
    word: String,
    /// Absent: for every project that has none of its own.
    project: Option<String>,
    /// The text. `{name}`, `{agent}` and `{project}` are filled in.
    body: String,
    updated_at: Timestamp,
}

/// A ready answer to be written.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct NewSnippet {
    /// 1 to 30 letters and figures.
    word: String,
    #[oai(validator(max_length = 200))]
    project: Option<String>,
    /// 1 to 4,096 characters.
    body: String,
}

#[OpenApi]
impl Snippets {
    /// The ready answers
    #[oai(path = "/api/snippets", method = "get", operation_id = "snippets", tag = Tag::Leads)]
    async fn all(&self, app: Data<&App>, _viewer: SignedIn) -> Result<Vec<Snippet>> {
        Ok(Json(told(snippets::all(&app).await?)))
    }

    /// Write a ready answer
    ///
    /// A new one, or in place of the one with this word and project. An agent sends it to a client from the company's
    /// number: `/harga` with a message about the client quoted, or `/harga 0812…`.
    #[oai(path = "/api/snippets", method = "put", operation_id = "saveSnippet", tag = Tag::Leads)]
    async fn save(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        body: Json<NewSnippet>,
    ) -> Result<Vec<Snippet>> {
        let given = body.0;
        let project = given.project.as_deref();
        Ok(Json(told(
            snippets::save(&app, &given.word, project, &given.body).await?,
        )))
    }

    /// Delete a ready answer
    #[oai(path = "/api/snippets/:id", method = "delete", operation_id = "deleteSnippet", tag = Tag::Leads)]
    async fn delete(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        id: Path<Uuid>,
    ) -> Result<Vec<Snippet>> {
        Ok(Json(told(snippets::delete(&app, id.0).await?)))
    }
}

fn told(all: Vec<snippets::Snippet>) -> Vec<Snippet> {
    let told = all.into_iter().map(|snippet| Snippet {
        id: snippet.id,
        word: snippet.word,
        project: snippet.project,
        body: snippet.body,
        updated_at: Timestamp(snippet.updated_at),
    });
    told.collect()
}
