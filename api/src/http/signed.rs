//! Bodies as they were received, because a signature is computed from bytes.

use crate::limits::MOST_OF_META;
use poem::http::HeaderMap;
use poem::{Request, RequestBody};
use poem_openapi::error::ContentTypeError;
use poem_openapi::payload::{Json, Payload};
use poem_openapi::registry::{MetaMediaType, MetaRequest, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use shared::meta::signature;
use std::marker::PhantomData;

/// A JSON body that is not parsed, with its signature. `T` is its schema.
pub(super) struct Signed<T> {
    pub(super) body: Vec<u8>,
    pub(super) signature: Option<String>,
    shape: PhantomData<T>,
}

impl<'request, T: Type> ApiExtractor<'request> for Signed<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        Some(MetaRequest {
            description: None,
            content: vec![MetaMediaType {
                content_type: "application/json; charset=utf-8",
                schema: T::schema_ref(),
            }],
            required: true,
        })
    }

    async fn from_request(
        request: &'request Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let signature = header(request.headers());
        // A signed body is accepted with any content type.
        if signature.is_none() {
            expect_json(request)?;
        }
        let body = body.take()?.into_bytes_limit(MOST_OF_META).await?;
        Ok(Self {
            body: body.into(),
            signature,
            shape: PhantomData,
        })
    }
}

fn expect_json(request: &Request) -> Result<(), ContentTypeError> {
    match request.content_type() {
        None => Err(ContentTypeError::ExpectContentType),
        Some(kind) if Json::<serde_json::Value>::check_content_type(kind) => Ok(()),
        Some(kind) => Err(ContentTypeError::NotSupported {
            content_type: kind.to_owned(),
        }),
    }
}

fn header(headers: &HeaderMap) -> Option<String> {
    let header = headers.get(signature::HEADER)?;
    header.to_str().ok().map(str::to_owned)
}
