//! The chats of the account.

use std::collections::HashMap;

use quadruplex_api::functions::messages;
use quadruplex_api::{PeerRef, Value, enums, types};
use quadruplex_store::PeerId;

use super::Message;
use super::pages::{Fetch, Fetching, Page, Pages, Query};
use crate::Client;
use crate::client::peers_in;

/// The chats of the account, the pinned ones first, then by their newest message; see [`Client::dialogs`].
pub type Dialogs = Pages<DialogsQuery>;

/// What [`Dialogs`] ask for.
#[derive(Clone, Debug, Default)]
pub struct DialogsQuery {
    offset: Option<Offset>,
    folder: Option<i32>,
}

/// The last chat of a page.
#[derive(Clone, Debug, PartialEq)]
struct Offset {
    date: i32,
    id: i32,
    chat: PeerRef,
}

/// A chat in the list of the account's chats.
#[derive(Clone, Debug)]
pub struct Dialog {
    raw: Box<types::Dialog>,
    name: String,
    last: Option<Message>,
}

impl Client {
    /// The chats of the account: the pinned ones first, then those with the newest messages. Bots have no such list.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// let mut dialogs = client.dialogs().limit(20);
    /// while let Some(dialog) = dialogs.next().await {
    ///     let dialog = dialog?;
    ///     println!("{} ({} unread)", dialog.name(), dialog.unread());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn dialogs(&self) -> Dialogs {
        Pages::new(self, DialogsQuery::default())
    }
}

impl Dialogs {
    /// Those that were archived, instead of those that were not.
    pub fn archived(mut self) -> Self {
        self.query.iter_mut().for_each(|query| query.folder = Some(1));
        self
    }
}

impl Dialog {
    /// The chat.
    pub fn chat(&self) -> PeerRef {
        PeerRef::from(&self.raw.peer)
    }

    /// Its title, or the name of the other user.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many messages have not been read.
    pub fn unread(&self) -> u32 {
        u32::try_from(self.raw.unread_count).unwrap_or(0)
    }

    /// Whether it stays at the top.
    pub fn is_pinned(&self) -> bool {
        self.raw.pinned
    }

    /// The newest message.
    pub fn last_message(&self) -> Option<&Message> {
        self.last.as_ref()
    }

    /// All of it, as Telegram has it.
    pub fn raw(&self) -> &types::Dialog {
        &self.raw
    }
}

impl From<&Dialog> for PeerRef {
    fn from(dialog: &Dialog) -> Self {
        dialog.chat()
    }
}

impl Query for DialogsQuery {
    type Item = Dialog;

    fn begin(self, client: Client) -> Fetch<Dialog> {
        Fetch::new(move |limit| page(client, self, limit))
    }
}

fn page(client: Client, query: DialogsQuery, limit: usize) -> Fetching<Dialog> {
    Box::pin(async move {
        let DialogsQuery { offset, folder } = query.clone();
        let mut request = messages::GetDialogs::new(0, 0, enums::InputPeer::Empty, limit as i32, 0);
        request.folder_id = folder;
        if let Some(Offset { date, id, chat }) = offset {
            request = messages::GetDialogs { offset_date: date, offset_id: id, offset_peer: chat.into(), ..request };
            // They were all on the first page.
            request.exclude_pinned = true;
        }
        let answer = client.inner.invoke(request).await?;
        let names = names_in(&answer);
        let (dialogs, messages, is_last) = match answer {
            enums::messages::Dialogs::Dialogs(all) => (all.dialogs, all.messages, true),
            enums::messages::Dialogs::Slice(slice) => (slice.dialogs, slice.messages, false),
            enums::messages::Dialogs::NotModified(_) => (Vec::new(), Vec::new(), true),
        };
        let mut last: HashMap<(PeerRef, i32), Message> = HashMap::new();
        for message in messages.into_iter().filter_map(|raw| Message::new(&client, raw)) {
            last.insert((peer_in(message.raw()), message.id()), message);
        }
        let mut items = Vec::with_capacity(dialogs.len());
        for dialog in dialogs {
            let enums::Dialog::Dialog(raw) = dialog else { continue };
            let chat = PeerRef::from(&raw.peer);
            let name = names.get(&chat).cloned().unwrap_or_default();
            let last = last.remove(&(chat, raw.top_message));
            items.push(Dialog { raw, name, last });
        }
        let next = items.iter().rev().find_map(Offset::after).filter(|next| !is_last && query.offset.as_ref() != Some(next));
        let again = |offset| Fetch::new(move |limit| page(client, DialogsQuery { offset: Some(offset), ..query }, limit));
        Ok(Page { items, next: next.map(again) })
    })
}

impl Offset {
    fn after(dialog: &Dialog) -> Option<Self> {
        let date = match dialog.last.as_ref()?.raw() {
            enums::Message::Message(message) => message.date,
            enums::Message::Service(service) => service.date,
            enums::Message::Empty(_) => return None,
        };
        Some(Self { date, id: dialog.raw.top_message, chat: dialog.chat() })
    }
}

/// The chat of a message by its id, the account's own included.
fn peer_in(message: &enums::Message) -> PeerRef {
    match message {
        enums::Message::Message(message) => PeerRef::from(&message.peer_id),
        enums::Message::Service(service) => PeerRef::from(&service.peer_id),
        enums::Message::Empty(_) => PeerRef::Me,
    }
}

/// What users and chats of an answer are called.
pub(super) fn names_in(answer: &impl Value) -> HashMap<PeerRef, String> {
    let peer = |id| match id {
        PeerId::User(id) => enums::Peer::from(types::PeerUser::new(id)),
        PeerId::Chat(id) => types::PeerChat::new(id).into(),
        PeerId::Channel(id) => types::PeerChannel::new(id).into(),
    };
    peers_in(answer.field()).into_iter().map(|named| (PeerRef::from(peer(named.id)), named.name)).collect()
}
