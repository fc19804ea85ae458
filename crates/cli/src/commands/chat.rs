use std::io::IsTerminal;
use std::time::Duration;

use quadruplex::api::PeerRef;
use quadruplex::api::functions::messages;
use quadruplex::sandbox::PARTNER;
use tokio::time::{Instant, sleep_until};

use crate::Context;
use crate::echo::{self, Echo};
use crate::failure::Failure;
use crate::feed::Happened;
use crate::messages::history;
use crate::target::{self, Target};
use crate::terminal::lines;

/// After the last line of a pipe, answers are waited for: until none has come for so long, and no longer than [`PATIENCE`].
const QUIET: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(30);

/// Talk with somebody: each line that you type is sent, what is answered is shown. Ends with the input (that of a pipe once no answer has come
/// for 2 seconds, after 30 at most), or upon ctrl-c.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// With whom: @name, me, a link, a number, an id. In the sandbox, which is meant where nobody is named: the program that was started
    /// last, else @echo_bot, which this command runs where no program does.
    #[arg(allow_negative_numbers = true, value_parser = target::peer)]
    peer: Option<String>,
    #[command(flatten)]
    target: Target,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<(), Failure> {
    let Arguments { peer, mut target } = arguments;
    if peer.is_none() {
        target.prefer_sandbox()?;
    }
    let connected = target.sign_in(context).await?;
    let peer = match peer {
        Some(peer) => peer,
        None => partner(context)?,
    };
    let is_typed = std::io::stdin().is_terminal();
    if is_typed && !context.json {
        eprintln!("You are in a chat with {peer}. Type and press Enter; Ctrl-C ends.");
    }
    let client = &connected.client;
    let peer = PeerRef::from(&peer);
    let _echo = Echo::where_missing(&peer, &connected, context).await?;
    let mut feed = connected.feed().await?;
    let mut last = 0;
    // Bots are not told what was said before.
    let is_bot = client.own_user().is_some_and(|me| me.bot);
    let (before, there) = connected
        .while_connected(async { Ok((history(client, &peer, if is_bot { 0 } else { 10 }).await?, client.input_peer(peer.clone()).await?)) })
        .await?;
    for shown in before {
        last = last.max(shown.message.id);
        shown.echo(context.json).await?;
    }
    let chat = chat_of(&there);
    let mut typed = lines();
    let mut has_sent = false;
    // Once the input has ended: when it ends if nothing comes, and when it does anyway.
    let mut ending: Option<(Instant, Instant)> = None;
    loop {
        tokio::select! {
            line = typed.recv(), if ending.is_none() => match line.transpose()? {
                Some(line) if line.trim().is_empty() => {}
                Some(line) => {
                    let send = client.call(messages::SendMessage::new(peer.clone(), line));
                    drop(connected.while_connected(async { Ok(send.await?) }).await?);
                    has_sent = true;
                }
                None if is_typed || !has_sent => break,
                None => ending = Some((Instant::now() + QUIET, Instant::now() + PATIENCE)),
            },
            happened = feed.next() => {
                let Some(happened) = happened else { return Err(connected.ended().await) };
                let Happened::New(shown) = happened else {
                    feed.done();
                    continue;
                };
                let message = &shown.message;
                let is_here = chat.as_ref().is_none_or(|chat| *chat == PeerRef::from(&message.peer_id));
                // What came while nobody listened stands in the history already.
                if is_here && !message.out && message.id > last {
                    shown.echo(context.json).await?;
                    if let Some((quiet, _)) = &mut ending {
                        *quiet = Instant::now() + QUIET;
                    }
                }
                feed.done();
            }
            () = over(ending), if ending.is_some() => break,
            _ = tokio::signal::ctrl_c() => {
                context.hosting.hurry();
                break;
            }
        }
    }
    connected.close().await;
    Ok(())
}

async fn over(ending: Option<(Instant, Instant)>) {
    if let Some((quiet, last)) = ending {
        sleep_until(quiet.min(last)).await;
    }
}

/// With whom it is talked in the sandbox unless somebody is named.
fn partner(context: &Context) -> Result<String, Failure> {
    let noted = std::fs::read_to_string(context.state_dir.file(PARTNER)?);
    Ok(noted.unwrap_or_else(|_| format!("@{}", echo::NAME)))
}

/// The chat as messages name it; `None` for the chat with oneself.
fn chat_of(peer: &quadruplex::api::enums::InputPeer) -> Option<PeerRef> {
    use quadruplex::api::enums::{InputPeer, Peer};
    use quadruplex::api::types::{PeerChannel, PeerChat, PeerUser};
    let peer: Peer = match peer {
        InputPeer::User(user) => PeerUser { user_id: user.user_id }.into(),
        InputPeer::Chat(chat) => PeerChat { chat_id: chat.chat_id }.into(),
        InputPeer::Channel(channel) => PeerChannel { channel_id: channel.channel_id }.into(),
        _ => return None,
    };
    Some(PeerRef::from(peer))
}
