//! Sessions of other libraries, some of which do not say whose they are.

use std::net::SocketAddr;

use quadruplex::api::functions::messages;
use quadruplex::{Builder, Client, Servers};
use quadruplex_sandbox::{NewUser, Sandbox};
use quadruplex_stores::sessions::{Format, read, write};

fn builder(telegram: &Sandbox) -> Builder {
    let servers = Servers::custom(1, telegram.addresses(), telegram.public_key());
    Client::builder(1, "hash").servers(servers).dialer(telegram.dialer())
}

#[tokio::test]
async fn a_client_starts_with_the_session_of_every_library() {
    let telegram = Sandbox::start().await.unwrap();
    telegram.create_user(NewUser { first_name: "Alice".into(), phone: Some("15550001".into()), ..NewUser::default() }).unwrap();
    let client = builder(&telegram).connect_in_memory().await.unwrap();
    let code = client.request_code("15550001").await.unwrap();
    let typed = telegram.world().codes().last().unwrap().code.clone();
    client.sign_in(&code, &typed).await.unwrap();
    let (alice, mut session) = (client.own_user().unwrap(), client.session().unwrap());
    client.close().await;
    // Formats with an address have room for one of Telegram's ports and addresses only.
    session.address = Some(SocketAddr::from(([127, 0, 0, 1], 443)));

    let formats = [Format::Quadruplex, Format::Telethon, Format::Pyrogram, Format::GramJs, Format::Mtcute];
    for format in formats {
        let (imported, found) = read(&write(&session, format, Some(1)).unwrap()).unwrap();
        let says_whose = !matches!(format, Format::Telethon | Format::GramJs);
        assert_eq!((found, imported.user), (format, says_whose.then_some(alice)));
        let client = builder(&telegram).session(imported).connect_in_memory().await.unwrap();
        assert_eq!(client.own_user().is_some(), says_whose, "{format:?}");
        assert_eq!(client.whoami().await.unwrap(), Some(alice), "{format:?}");
        assert_eq!(client.own_user(), Some(alice), "{format:?}: it is kept");
        client.call(messages::SendMessage::new("me", format!("{format:?}"))).await.unwrap();
        let _updates = client.updates().await.unwrap();
        client.close().await;
    }

    // One whose login was ended, and one who never had any.
    let (imported, _) = read(&write(&session, Format::Telethon, None).unwrap()).unwrap();
    let client = builder(&telegram).session(session).connect_in_memory().await.unwrap();
    client.sign_out().await.unwrap();
    let client = builder(&telegram).session(imported).connect_in_memory().await.unwrap();
    assert_eq!(client.whoami().await.unwrap(), None);
    client.close().await;
    let client = builder(&telegram).connect_in_memory().await.unwrap();
    assert_eq!(client.whoami().await.unwrap(), None);
    client.close().await;
}
