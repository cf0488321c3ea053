//! The log's Prometheus metrics.

use std::{fmt, sync::atomic::Ordering};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, gauge::ConstGauge},
    registry::Registry,
};

use crate::log::EventLog;

/// The gauges, computed when they are scraped.
struct Gauges(EventLog);

impl EventLog {
    /// Registers the log's metrics, named without their prefix. Counters get their suffix `_total`, and help texts their full
    /// stop, when they are encoded.
    pub fn register_metrics(&self, registry: &mut Registry) {
        let metrics = &self.shared.metrics;
        registry.register_collector(Box::new(Gauges(self.clone())));
        registry.register("appended", "Usage events written to the log", metrics.appended.clone());
        registry.register("moved", "Usage events moved to the database", metrics.shipped.clone());
        registry.register("refused", "Usage events the database refused", metrics.rejected.clone());
        registry.register("lost", "Usage events that could not be written", metrics.lost.clone());
    }
}

impl Collector for Gauges {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Self(log) = self;
        let bytes = log.shared.bytes.load(Ordering::Relaxed);
        for (name, help, value) in [
            ("events_waiting", "Usage events not in the database yet.", log.waiting()),
            ("bytes", "Size of the event log on the disk.", bytes),
            ("has_room", "Whether new requests are taken in.", log.has_room().into()),
        ] {
            ConstGauge::new(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Gauges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gauges").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::prometheus_text::encode;

    use super::*;

    #[test]
    fn names_types_and_help_texts_are_those_of_the_operators_manual() {
        let mut registry = Registry::with_prefix("quadrille_event_log");
        let dir = std::env::temp_dir().join(format!("quadrille-eventlog-metrics-{}", std::process::id()));
        let settings = crate::LogSettings { segment_bytes: 64 * 1024, ..crate::LogSettings::new(&dir) };
        EventLog::open(settings).expect("opens").register_metrics(&mut registry);
        let mut text = String::new();
        encode(&mut text, &registry).expect("encodes");
        for line in [
            "# HELP quadrille_event_log_events_waiting Usage events not in the database yet.",
            "# TYPE quadrille_event_log_events_waiting gauge",
            "quadrille_event_log_events_waiting 0",
            "quadrille_event_log_bytes 0",
            "quadrille_event_log_has_room 1",
            "# HELP quadrille_event_log_appended_total Usage events written to the log.",
            "# TYPE quadrille_event_log_appended_total counter",
            "quadrille_event_log_appended_total 0",
            "quadrille_event_log_moved_total 0",
            "quadrille_event_log_refused_total 0",
            "quadrille_event_log_lost_total 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing:\n{text}");
        }
        std::fs::remove_dir_all(dir).expect("removes the folder");
    }
}
