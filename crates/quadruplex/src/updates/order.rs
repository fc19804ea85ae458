use quadruplex_store::Lane;

use super::facts::Facts;

/// Which updates are handled one after another. All others are handled side by side.
///
/// ```
/// use quadruplex::Order;
///
/// assert_eq!(Order::default(), Order::PerChat);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Those of one chat.
    #[default]
    PerChat,
    /// Those that one user has caused, in all chats; of what nobody has caused, those of one chat.
    PerUser,
    /// All.
    Global,
    /// None. Of an album the parts come in their order all the same, or it could not be put together.
    None,
}

impl Order {
    /// What an update that belongs to `lane` runs in; `None`: it waits for nothing.
    pub(super) fn track(self, lane: Lane, facts: Option<&Facts>) -> Option<Lane> {
        match self {
            Self::PerChat => Some(lane),
            Self::PerUser => Some(facts.and_then(Facts::user).map_or(lane, Lane::Peer)),
            Self::Global => Some(Lane::Account),
            Self::None => facts.is_some_and(Facts::is_part_of_album).then_some(lane),
        }
    }
}
