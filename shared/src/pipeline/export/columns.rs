//! The columns of an export.

/// The columns. New ones are added at the end: people have formulas that count columns.
pub(super) const COLUMNS: [&str; 18] = [
    "id",
    "name",
    "phone",
    "status",
    "progress",
    "ownerId",
    "ownerName",
    "layer2Status",
    "rejectedReason",
    "layer2Note",
    "sourceAds",
    "project",
    "area",
    "createdAt",
    "updatedAt",
    "claimedAt",
    "campaign",
    "visits",
];
