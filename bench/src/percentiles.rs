//! Percentiles of times.

use serde::Serialize;

/// Milliseconds.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Percentiles {
    pub(crate) count: usize,
    pub(crate) min: f64,
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    pub(crate) p99: f64,
    pub(crate) max: f64,
}

impl Percentiles {
    pub(crate) fn of(mut milliseconds: Vec<f64>) -> Self {
        milliseconds.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let last = milliseconds.len().saturating_sub(1);
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "an index into a vector that fits in memory"
            )]
            let index = (share * last as f64).round() as usize;
            let value = milliseconds.get(index).copied().unwrap_or(f64::NAN);
            (value * 1000.0).round() / 1000.0
        };
        Self {
            count: milliseconds.len(),
            min: at(0.0),
            p50: at(0.50),
            p95: at(0.95),
            p99: at(0.99),
            max: at(1.0),
        }
    }

    pub(crate) fn line(&self) -> String {
        format!(
            "n {:>6}  min {:>7.2}  p50 {:>7.2}  p95 {:>7.2}  p99 {:>7.2}  max {:>8.2} ms",
            self.count, self.min, self.p50, self.p95, self.p99, self.max
        )
    }
}
