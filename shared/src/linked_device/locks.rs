//! The locks and the channel of the device processes.

/// The NOTIFY channel on which the device learns of a command.
pub const CHANNEL: &str = "property_lounge_device";
/// The first key of the advisory lock that every device process holds while it lives. The second key is
/// its number. `PLdv` in ASCII.
pub const DEVICE_LOCK_CLASS: i32 = 0x504C_6476;
/// The advisory lock of the one process that has the session. `PLdh` in ASCII.
pub const HOLDER_LOCK: i64 = 0x504C_6468;
