//! A parameter that is a day of the company's calendar or an instant.

use super::model::Timestamp;
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{
    ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type,
};
use shared::local_time::{Timezone, YEARS};
use std::borrow::Cow;

/// A day (`2026-01-31`, in the company's zone) or an instant (RFC 3339).
#[derive(Clone, Copy, Debug)]
pub(super) enum DayOrTime {
    Day(NaiveDate),
    Time(DateTime<Utc>),
}

impl DayOrTime {
    /// The instant, or the start of the day.
    pub(super) fn start(self, zone: Timezone) -> DateTime<Utc> {
        match self {
            Self::Day(day) => zone.instant(day, NaiveTime::MIN),
            Self::Time(time) => time,
        }
    }

    /// The instant, or the end of the day: the day is included.
    pub(super) fn end(self, zone: Timezone) -> DateTime<Utc> {
        match self {
            Self::Day(day) => zone.end_of(day),
            Self::Time(time) => time,
        }
    }
}

impl Type for DayOrTime {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "string_day-or-time".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new("string")))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl ParseFromJSON for DayOrTime {
    fn parse_from_json(value: Option<serde_json::Value>) -> ParseResult<Self> {
        match value {
            Some(serde_json::Value::String(text)) => Self::parse_from_parameter(&text),
            other => Err(ParseError::expected_type(other.unwrap_or_default())),
        }
    }
}

impl ToJSON for DayOrTime {
    fn to_json(&self) -> Option<serde_json::Value> {
        match self {
            Self::Day(day) => Some(day.to_string().into()),
            Self::Time(time) => Timestamp(*time).to_json(),
        }
    }
}

impl ParseFromParameter for DayOrTime {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        if let Ok(day) = text.parse::<NaiveDate>() {
            if YEARS.contains(&day.year()) {
                return Ok(Self::Day(day));
            }
            return Err(ParseError::custom("must be in the years 1970 to 2200"));
        }
        // A plus sign that was not encoded is a space.
        let instant = Timestamp::parse_from_parameter(&text.replace(' ', "+")).map_err(|_| {
            ParseError::custom("not a day or a time: write it as 2026-01-31, or as 2026-01-31T10:00:00Z (RFC 3339)")
        })?;
        Ok(Self::Time(instant.0))
    }
}
