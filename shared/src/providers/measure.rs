//! How long calls to outside services take, and how they end: in the metrics and in the traces.

use crate::metrics;
use crate::telemetry::CallSpan;
use std::time::Instant;
use tracing::Instrument;

/// Makes a call to an outside service. `class` names how it ended: `accepted`, or the class of the failure.
pub(crate) async fn measured<T>(
    service: &'static str,
    call: impl Future<Output = T>,
    class: impl FnOnce(&T) -> &'static str,
) -> T {
    let (started, traced) = (Instant::now(), CallSpan::begin(service));
    let answer = call.instrument(traced.span()).await;
    let class = class(&answer);
    metrics::provider_called(service, class, started.elapsed());
    traced.answered(class);
    answer
}
