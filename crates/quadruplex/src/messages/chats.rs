//! Making, joining and leaving groups and channels.

use quadruplex_api::functions::{channels, messages};
use quadruplex_api::{PeerRef, enums};
use quadruplex_tl::Identifiable;

use super::by_kind::{ByKind, group_id, is_channel};
use super::sent::chat_of;
use crate::{Call, Client, Error};

impl Client {
    /// Joins a group or channel, by its name or by a link of invitation. The answer is the chat.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// client.join("@rustlang").await?;
    /// let group = client.join("https://t.me/+AbCd-123").await?;
    /// client.send(group, "hello, everybody").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn join(&self, chat: impl Into<PeerRef>) -> Call<PeerRef> {
        let joined = |method| {
            move |result| match result {
                enums::messages::ChatInviteJoinResult::Ok(joined) => chat_of(method, joined.updates),
                enums::messages::ChatInviteJoinResult::WebView(_) => Err(Error::Invalid(format!(
                    "{method}: the chat asks newcomers questions in a web page, which only a person can answer"
                ))),
            }
        };
        match chat.into() {
            PeerRef::Invite(hash) => self.call(messages::ImportChatInvite::new(hash)).map(joined(messages::ImportChatInvite::NAME)),
            chat => self.call(channels::JoinChannel::new(chat)).map(joined(channels::JoinChannel::NAME)),
        }
    }

    /// Leaves a group or channel.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// client.leave("@rustlang").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn leave(&self, chat: impl Into<PeerRef>) -> Call<()> {
        let chat = chat.into();
        let request = ByKind::new::<channels::LeaveChannel>(chat.clone(), move |found| match is_channel(found) {
            true => Box::new(channels::LeaveChannel::new(chat.clone())),
            false => Box::new(messages::DeleteChatUser::new(group_id(found), enums::InputUser::UserSelf)),
        });
        request.call(self, |_, _| Ok(()))
    }

    /// Makes a basic group with these users in it. The answer is the group.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// let group = client.create_group("Cinema", ["@lena", "@omar"]).await?;
    /// client.send(group, "tonight?").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn create_group(&self, title: impl Into<String>, users: impl IntoIterator<Item = impl Into<PeerRef>>) -> Call<PeerRef> {
        let users = users.into_iter().map(Into::into);
        let request = messages::CreateChat::new(users.collect::<Vec<PeerRef>>(), title);
        self.call(request).map(|made| chat_of(messages::CreateChat::NAME, made.updates))
    }

    /// Makes a supergroup: many members, one history for all. The answer is the supergroup.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// let group = client.create_supergroup("Cinema", "what we see").await?;
    /// println!("{}", client.invite_link(group).await?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn create_supergroup(&self, title: impl Into<String>, about: impl Into<String>) -> Call<PeerRef> {
        self.create(channels::CreateChannel { megagroup: true, ..channels::CreateChannel::new(title, about) })
    }

    /// Makes a channel, in which only administrators write. The answer is the channel.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// let channel = client.create_channel("Weather", "every morning").await?;
    /// client.send(channel, "sunny").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn create_channel(&self, title: impl Into<String>, about: impl Into<String>) -> Call<PeerRef> {
        self.create(channels::CreateChannel { broadcast: true, ..channels::CreateChannel::new(title, about) })
    }

    fn create(&self, request: channels::CreateChannel) -> Call<PeerRef> {
        self.call(request).map(|updates| chat_of(channels::CreateChannel::NAME, updates))
    }

    /// Brings a user into a group or channel.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// client.invite("@cinema", "@lena").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] if the user does not let itself be brought, and those of every call.
    pub fn invite(&self, chat: impl Into<PeerRef>, user: impl Into<PeerRef>) -> Call<()> {
        let (chat, user) = (chat.into(), user.into());
        let refused = format!("{user} does not let itself be brought into groups\n  help: send a link of invitation");
        let request = ByKind::new::<channels::InviteToChannel>(chat.clone(), {
            let user = user.clone();
            move |found| match is_channel(found) {
                true => Box::new(channels::InviteToChannel::new(chat.clone(), [user.clone()])),
                false => Box::new(messages::AddChatUser::new(group_id(found), user.clone(), HISTORY_SHOWN)),
            }
        });
        request.with_user(user).call(self, |client, answer| {
            let invited: quadruplex_api::types::messages::InvitedUsers = client.read_answer(channels::InviteToChannel::NAME, &answer)?;
            if invited.missing_invitees.is_empty() { Ok(()) } else { Err(Error::Invalid(refused)) }
        })
    }

    /// A link with which others can join.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// println!("{}", client.invite_link("@cinema").await?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn invite_link(&self, chat: impl Into<PeerRef>) -> Call<String> {
        self.call(messages::ExportChatInvite::new(chat.into())).map(|invite| match invite {
            enums::ExportedChatInvite::ChatInviteExported(invite) => Ok(invite.link),
            enums::ExportedChatInvite::ChatInvitePublicJoinRequests => {
                Err(Error::Invalid("the chat is public: its name is the link".to_owned()))
            }
        })
    }
}

/// So many of the newest messages of a basic group are shown to whoever is brought into it.
const HISTORY_SHOWN: i32 = 100;
