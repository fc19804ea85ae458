//! The way of a message into its boxes.

use super::fanout::{Fanout, Update};
use super::peers::owner_of;
use super::state::rows::{Action, Content, Event, Media, Message, Peer, Sent};
use super::{RpcError, World, error};

impl World {
    /// Puts a message into the box of everybody who gets it and tells them. Returns its id in the author's box, or in the channel's.
    pub(crate) fn post(&mut self, fanout: &mut Fanout, author: i64, peer: Peer, content: Content, random_id: i64, date: i32) -> i32 {
        let meta = self.state.meta();
        meta.twins += 1;
        let twin = meta.twins;
        if let Some(Media::Poll(id)) = content.media {
            self.state.tables.polls.entry_of(&id, |poll| poll.twins.push(twin));
        }
        let views = matches!(peer, Peer::Channel(id) if !self.is_megagroup(id)).then_some(1);
        let message = Message {
            peer,
            author,
            date,
            content,
            edited: None,
            pinned: false,
            views,
            media_unread: false,
            mentioned: false,
            twin,
            random_id,
        };
        let id = match peer {
            Peer::Channel(channel) => {
                if let Some(member) = self.state.tables.members.get_mut(&(channel, author)) {
                    member.last_sent = date;
                }
                self.put(fanout, peer, author, message)
            }
            Peer::User(other) => {
                let id = self.put(fanout, Peer::User(author), author, message.clone());
                if other != author {
                    let copy = Message { peer: Peer::User(author), random_id: 0, ..message };
                    self.put(fanout, Peer::User(other), author, copy);
                }
                id
            }
            Peer::Chat(chat) => {
                let id = self.put(fanout, Peer::User(author), author, message.clone());
                for other in self.chat_members(chat) {
                    if other != author && self.sees(other, &message) {
                        let copy = Message { random_id: 0, ..message.clone() };
                        self.put(fanout, Peer::User(other), author, copy);
                    }
                }
                id
            }
        };
        if random_id != 0 {
            self.state.tables.sent.insert((author, random_id), Sent { owner: owner_of(author, peer), id, scheduled: false });
        }
        id
    }

    /// Puts one copy into a box. The first copy goes into the author's, and the others find their answered message by it.
    fn put(&mut self, fanout: &mut Fanout, owner: Peer, author: i64, mut message: Message) -> i32 {
        let id = self.next_id(owner);
        if let (Some(answered), Peer::User(_)) = (message.content.reply_to, owner)
            && owner != Peer::User(author)
        {
            message.content.reply_to = self.twin_in(Peer::User(author), answered, owner);
        }
        let foreign = owner != Peer::User(author);
        message.media_unread = foreign && self.is_heard(&message.content);
        let random_id = message.random_id;
        let peer = message.peer;
        self.state.put_message(owner, id, message);
        if random_id != 0 {
            fanout.tell(author, Update::Id { id, random_id });
        }
        if let Peer::User(account) = owner {
            self.mark_mentions(account, owner, id);
            // Having met outlives the messages: a bot may answer whoever has deleted them.
            if !self.state.tables.dialogs.contains(&(account, peer)) {
                self.state.tables.dialogs.entry(&(account, peer));
            }
        }
        self.happen(fanout, owner, 1, Event::New(id));
        self.read_own(author, owner, peer, id);
        id
    }

    /// Whoever writes has read what came before.
    fn read_own(&mut self, author: i64, owner: Peer, peer: Peer, id: i32) {
        if matches!(peer, Peer::Channel(id) if owner == peer && self.status(id, author).inside()) {
            let dialog = self.state.tables.dialogs.entry(&(author, peer));
            dialog.read_inbox = dialog.read_inbox.max(id);
        }
    }

    fn mark_mentions(&mut self, account: i64, owner: Peer, id: i32) {
        let key = (owner, id);
        let Some(message) = self.state.tables.messages.get(&key) else { return };
        let mentioned = message.author != account && matches!(message.peer, Peer::Chat(_)) && self.answers(account, message);
        if mentioned {
            self.state.tables.messages.entry_of(&key, |message| message.mentioned = true);
        }
    }

    /// Whether media is to be listened to or watched once, so that it starts as unread.
    fn is_heard(&self, content: &Content) -> bool {
        let Some(Media::Document { file, .. }) = &content.media else { return false };
        self.state.tables.files.get(file).is_some_and(|file| {
            file.attributes.iter().any(|attribute| {
                attribute.0.is("documentAttributeAudio") && attribute.0.flag("voice")
                    || attribute.0.is("documentAttributeVideo") && attribute.0.flag("round_message")
            })
        })
    }

    /// Posts a service message.
    pub(crate) fn post_action(&mut self, fanout: &mut Fanout, author: i64, peer: Peer, action: Action, date: i32) -> i32 {
        let content = Content { action: Some(action), ..Content::default() };
        self.post(fanout, author, peer, content, 0, date)
    }

    /// The users in a basic group.
    pub(crate) fn chat_members(&self, chat: i64) -> Vec<i64> {
        self.state.tables.chats.get(&chat).into_iter().flat_map(|chat| &chat.members).map(|member| member.user).collect()
    }

    /// The id that a message of one box has in another.
    pub(crate) fn twin_in(&self, owner: Peer, id: i32, other: Peer) -> Option<i32> {
        let twin = self.state.tables.messages.get(&(owner, id))?.twin;
        self.state.copies(twin).into_iter().find(|(owner, _)| *owner == other).map(|(_, id)| id)
    }

    /// A message that an account can see in a conversation.
    pub(crate) fn message_in(&self, me: i64, peer: Peer, id: i32) -> Result<&Message, RpcError> {
        self.state.tables.messages.get(&(owner_of(me, peer), id)).filter(|message| message.peer == peer).ok_or(error::MESSAGE_ID_INVALID)
    }
}
