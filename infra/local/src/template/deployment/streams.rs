//! Reads which functions get the records of which tables' streams.

use std::time::Duration;

use serde::Deserialize;
use yaml_serde::Value;

use super::{
    StreamPlan,
    reader::{Reader, name_in},
};
use crate::{Problem, template::pattern::Pattern};

/// How many records a function gets at once if its template does not say it.
const BATCH_SIZE: usize = 100;

/// What a table's stream has.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Specification {
    stream_view_type: String,
}

impl Specification {
    /// Refuses a stream that does not have both images of each item.
    pub fn has_both_images(self) -> Result<bool, Problem> {
        if self.stream_view_type == "NEW_AND_OLD_IMAGES" {
            return Ok(true);
        }
        Err(Problem::failure(format!(
            "the local stack does not know streams of {}, only of NEW_AND_OLD_IMAGES",
            self.stream_view_type
        )))
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Criteria {
    filters: Vec<Filter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Filter {
    pattern: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Destinations {
    on_failure: Destination,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Destination {
    destination: String,
}

/// What an event of type `DynamoDB` says. `None` if it is disabled.
pub fn plan(
    reader: &Reader<'_>,
    function: String,
    event: &Value,
) -> Result<Option<StreamPlan>, Problem> {
    if reader.property(event, "Enabled")? == Some(false) {
        return Ok(None);
    }
    let stream: String = reader.needed(event, "Stream")?;
    let table = stream.strip_suffix(".StreamArn").ok_or_else(|| {
        Problem::failure(format!("the local stack does not know the stream {stream}"))
    })?;
    let start: String = reader.needed(event, "StartingPosition")?;
    if start != "TRIM_HORIZON" {
        return Err(Problem::failure(format!(
            "the local stack reads streams from TRIM_HORIZON, not from {start}"
        )));
    }
    let criteria: Option<Criteria> = reader.property(event, "FilterCriteria")?;
    let filters = criteria.unwrap_or_default().filters.into_iter();
    let filters: Result<_, _> = filters.map(|f| Pattern::parse(&f.pattern)).collect();
    let kinds: Option<Vec<String>> = reader.property(event, "FunctionResponseTypes")?;
    let kinds = kinds.unwrap_or_default();
    let destinations: Option<Destinations> = reader.property(event, "DestinationConfig")?;
    // -1 is AWS's word for no limit.
    let limit = |name| -> Result<Option<u32>, Problem> {
        let limit: Option<i64> = reader.property(event, name)?;
        Ok(limit.and_then(|limit| u32::try_from(limit).ok()))
    };
    Ok(Some(StreamPlan {
        function,
        table: table.to_owned(),
        batch_size: reader.property(event, "BatchSize")?.unwrap_or(BATCH_SIZE),
        filters: filters?,
        reports_failures: kinds.iter().any(|kind| kind == "ReportBatchItemFailures"),
        bisects: reader.property(event, "BisectBatchOnFunctionError")? == Some(true),
        max_retries: limit("MaximumRetryAttempts")?,
        max_age: limit("MaximumRecordAgeInSeconds")?
            .map(|seconds| Duration::from_secs(seconds.into())),
        on_failure: destinations.map(|to| name_in(&to.on_failure.destination)),
    }))
}
