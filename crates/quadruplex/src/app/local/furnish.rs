//! What is in the sandbox of a program, so that there is something to read, to download, and somebody to write to.

use quadruplex_api::functions::channels;
use quadruplex_api::{PeerRef, enums, types};
use quadruplex_sandbox::world::Peer;
use quadruplex_sandbox::{NewUser, Sandbox};

use super::host::cannot;
use crate::{Client, Error, UploadSource};

/// Who is there: the one in front of the program first.
const PEOPLE: [&str; 3] = ["me", "alice", "bobby"];
/// A channel with files.
const CHANNEL: (&str, &str) = ("Rust", "rustlang");
/// A group that everybody is in, the bot too.
const GROUP: (&str, &str) = ("Mirror", "mirror");
/// What somebody has written.
const WELCOME: &str = "Hello, and welcome.";
/// The files of the channel, and how many KiB each has.
const FILES: [(&str, usize); 6] =
    [("ferris.svg", 12), ("book.epub", 640), ("keynote.mp4", 900), ("async.pdf", 210), ("logo.png", 48), ("podcast.ogg", 420)];

/// A sandbox in this process with people who have something to say.
pub(super) async fn start() -> Result<Sandbox, Error> {
    let telegram = Sandbox::start().await.map_err(cannot)?;
    for name in PEOPLE {
        let new = NewUser {
            first_name: crate::sandbox::first_name(name),
            username: crate::sandbox::username(name).map(str::to_owned),
            phone: Some(crate::sandbox::phone(name)),
            ..NewUser::default()
        };
        telegram.create_user(new).map_err(cannot)?;
    }
    let (me, alice) = (user(&telegram, "me")?, user(&telegram, "alice")?);
    let now = telegram.now();
    let mut world = telegram.world();
    world.say(alice, Peer::User(me), WELCOME, now).map_err(|error| cannot(error.name))?;
    world.create_channel(alice, CHANNEL.0, false, Some(CHANNEL.1), &[], now).map_err(|error| cannot(error.name))?;
    drop(world);
    Ok(telegram)
}

/// Makes the group, if it is not there.
pub(super) fn group(telegram: &Sandbox, bot: &str) -> Result<(), Error> {
    let members = [user(telegram, "me")?, user(telegram, bot)?];
    let (alice, now) = (user(telegram, "alice")?, telegram.now());
    match telegram.world().create_channel(alice, GROUP.0, true, Some(GROUP.1), &members, now) {
        Err(error) if error.name != "USERNAME_OCCUPIED" => Err(cannot(error.name)),
        _ => Ok(()),
    }
}

/// Puts what programs look for into a sandbox that runs on this machine, if it is not there: somebody who has written, a channel with files.
pub(super) async fn shared(alice: &Client, me: PeerRef) -> Result<(), Error> {
    if alice.input_peer(CHANNEL.1).await.is_ok() {
        return Ok(());
    }
    let create = channels::CreateChannel { broadcast: true, ..channels::CreateChannel::new(CHANNEL.0, "") };
    let Some(channel) = made(&alice.call(create).await?) else { return Ok(()) };
    alice.call(channels::UpdateUsername::new(channel, CHANNEL.1)).await?;
    alice.send(me, WELCOME).await?;
    files(alice).await
}

/// Makes the group in a sandbox that runs on this machine, if it is not there, and brings a bot into it.
pub(super) async fn shared_group(alice: &Client, bot: &str) -> Result<(), Error> {
    if alice.input_peer(GROUP.1).await.is_err() {
        let create = channels::CreateChannel { megagroup: true, ..channels::CreateChannel::new(GROUP.0, "") };
        if let Some(group) = made(&alice.call(create).await?) {
            match alice.call(channels::UpdateUsername::new(group.clone(), GROUP.1)).await {
                // Another program was faster.
                Err(error) if error.is("USERNAME_OCCUPIED") => drop(alice.call(channels::DeleteChannel::new(group)).await?),
                named => drop(named?),
            }
        }
    }
    match alice.call(channels::InviteToChannel::new(GROUP.1, [bot])).await {
        Err(error) if !error.is("USER_ALREADY_PARTICIPANT") => Err(error),
        _ => Ok(()),
    }
}

/// The channel that was created.
fn made(updates: &enums::Updates) -> Option<PeerRef> {
    let enums::Updates::Updates(updates) = updates else { return None };
    let id = updates.chats.iter().find_map(|chat| if let enums::Chat::Channel(channel) = chat { Some(channel.id) } else { None })?;
    Some(enums::Peer::from(types::PeerChannel::new(id)).into())
}

/// Fills the channel, whose owner this is.
pub(super) async fn files(alice: &Client) -> Result<(), Error> {
    for (name, kib) in FILES {
        let content: Vec<u8> = (0..kib << 10).map(|at| (at as u32).wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
        alice.send_file(CHANNEL.1, UploadSource::bytes(name, content)).await?;
    }
    Ok(())
}

fn user(telegram: &Sandbox, name: &str) -> Result<i64, Error> {
    let name = if crate::sandbox::username(name).is_some() { name.to_owned() } else { crate::sandbox::phone(name) };
    telegram.world().find_user(&name).ok_or_else(|| cannot(format!("nobody is called {name}")))
}
