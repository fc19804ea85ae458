//! Conversations as objects.

use quadruplex_tl_schema::Object;

use super::super::peers::owner_of;
use super::super::state::rows::Peer;
use super::{View, WithFlag};

impl View<'_> {
    /// A `Dialog` with its newest message remembered by the caller.
    pub(crate) fn dialog(&mut self, peer: Peer) -> Object {
        let world = self.world;
        let row = world.state.tables.dialogs.get(&(self.viewer, peer)).cloned().unwrap_or_default();
        let pts = if let Peer::Channel(_) = peer { Some(world.mailbox(peer).pts) } else { None };
        let draft = row.draft.map(|draft| draft.0);
        draft.iter().for_each(|draft| self.mention_all(draft));
        Object::new("dialog")
            .with("peer", self.peer(peer))
            .with_flag("pinned", row.pinned)
            .with_flag("unread_mark", row.unread_mark)
            .with("top_message", self.top_message(peer))
            .with("read_inbox_max_id", row.read_inbox)
            .with("read_outbox_max_id", row.read_outbox)
            .with("unread_count", world.unread(self.viewer, peer))
            .with("unread_mentions_count", 0)
            .with("unread_reactions_count", 0)
            .with("unread_poll_votes_count", 0)
            .with("notify_settings", notify_settings())
            .with_some("pts", pts)
            .with_some("draft", draft)
    }

    /// The id of the newest message of a conversation; 0 if there is none.
    pub(crate) fn top_message(&self, peer: Peer) -> i32 {
        self.world.state.history(owner_of(self.viewer, peer), peer).last().copied().unwrap_or(0)
    }
}

/// `PeerNotifySettings` that change nothing.
pub(crate) fn notify_settings() -> Object {
    Object::new("peerNotifySettings")
}
