//! How a queue chooses the next agent.

/// How a queue chooses the next agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Strategy {
    /// Every lead starts at the first place: A, then B … F. The previous server worked like this.
    Fixed,
    /// Leads start at each place in turn.
    Rotating,
    /// Leads start at each place in turn, in proportion to the weights of the places.
    Weighted,
}

impl Strategy {
    /// The name in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Rotating => "rotating",
            Self::Weighted => "weighted",
        }
    }
}
