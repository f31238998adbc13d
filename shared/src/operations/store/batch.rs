//! Jobs that one transaction changed.

/// Jobs that one transaction changed.
#[derive(Debug, Default)]
pub(in crate::operations) struct Batch {
    /// Their ids.
    pub(in crate::operations) ids: Vec<String>,
    /// Their queues, each once.
    pub(in crate::operations) queues: Vec<String>,
    /// Queue and payload of each job that runs again.
    pub(in crate::operations) payloads: Vec<(String, Vec<u8>)>,
    /// Dead letters that were deleted, each with its queue and payload.
    pub(in crate::operations) deleted: Vec<serde_json::Value>,
}

impl Batch {
    /// Adds a job.
    pub(super) fn add(&mut self, id: String, queue: String) {
        self.ids.push(id);
        if !self.queues.contains(&queue) {
            self.queues.push(queue);
        }
    }
}
