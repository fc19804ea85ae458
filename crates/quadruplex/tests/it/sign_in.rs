use std::future::IntoFuture as _;

use futures_util::future::join_all;
use quadruplex::api::enums;
use quadruplex::api::functions::{help, messages};
use quadruplex::store::Memory;
use quadruplex::{Client, Servers, SignIn};
use quadruplex_sandbox::world::ErrorRule;
use quadruplex_sandbox::{NewBot, NewUser, RpcError, Sandbox};

use crate::common::{builder, person, signed_in};

#[tokio::test]
async fn a_code_opens_an_account() {
    let telegram = Sandbox::start().await.unwrap();
    telegram.create_user(person("Alice", "15550001")).unwrap();
    let alice = signed_in(&telegram, "15550001").await;
    let enums::User::User(me) = alice.me().await.unwrap() else { panic!("an empty user") };
    assert_eq!(me.username.as_deref(), Some("alice"));
    assert!(me.is_self);
}

#[tokio::test]
async fn a_wrong_code_is_refused_and_can_be_tried_again() {
    let telegram = Sandbox::start().await.unwrap();
    telegram.create_user(person("Alice", "15550001")).unwrap();
    let client = builder(&telegram).connect_in_memory().await.unwrap();
    let code = client.request_code("+1 555 0001").await.unwrap();
    let shown = format!("{code:?}");
    assert!(shown.contains("kind") && !shown.contains("5550001") && !shown.contains("hash"), "a secret in {shown}");
    let error = client.sign_in(&code, "00000").await.unwrap_err();
    assert!(error.is("PHONE_CODE_INVALID"), "{error}");
    let typed = telegram.world().codes().last().unwrap().code.clone();
    assert!(matches!(client.sign_in(&code, &typed).await, Ok(SignIn::Done(_))));
}

#[tokio::test]
async fn programs_that_sign_in_as_the_same_person_at_once_are_all_let_in() {
    let telegram = Sandbox::start().await.unwrap();
    let mut clients = Vec::new();
    for _ in 0..4 {
        clients.push(builder(&telegram).connect_in_memory().await.unwrap());
    }
    let signed_in = clients.iter().map(|client| quadruplex::sandbox::sign_in(client, "alice"));
    join_all(signed_in).await.into_iter().for_each(|signed_in| signed_in.unwrap());
    let ids: Vec<_> = clients.iter().map(|client| client.own_user().map(|own| own.id)).collect();
    assert!(ids[0].is_some() && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let enums::User::User(alice) = clients[0].me().await.unwrap() else { panic!("an empty user") };
    assert_eq!(alice.username.as_deref(), Some("alice"));
}

#[test]
fn the_hash_of_an_application_is_not_shown() {
    let shown = format!("{:?}", Client::builder(94_575, "a3406de8d171bb422bb6ddf3bbd800e2"));
    assert!(shown.contains("94575") && !shown.contains("a3406de8"), "a secret in {shown}");
}

#[tokio::test]
async fn a_password_is_proven() {
    let telegram = Sandbox::start().await.unwrap();
    telegram.create_user(NewUser { password: Some("secret".into()), ..person("Alice", "15550001") }).unwrap();
    let client = builder(&telegram).connect_in_memory().await.unwrap();
    let code = client.request_code("15550001").await.unwrap();
    let typed = telegram.world().codes().last().unwrap().code.clone();
    assert!(matches!(client.sign_in(&code, &typed).await, Ok(SignIn::PasswordNeeded { .. })));
    let error = client.check_password("wrong").await.unwrap_err();
    assert!(error.is("PASSWORD_HASH_INVALID"), "{error}");
    client.check_password("secret").await.unwrap();
    assert!(client.own_user().is_some());
}

#[tokio::test]
async fn a_bot_signs_in_and_is_written_to() {
    let telegram = Sandbox::start().await.unwrap();
    telegram.create_user(person("Alice", "15550001")).unwrap();
    let (_, token) = telegram.create_bot(NewBot { name: "Echo".into(), username: "echo_bot".into(), ..NewBot::default() }).unwrap();
    let bot = builder(&telegram).connect_in_memory().await.unwrap();
    bot.sign_in_bot(&token).await.unwrap();
    let alice = signed_in(&telegram, "15550001").await;
    alice.call(messages::SendMessage::new("@echo_bot", "hello")).await.unwrap();
    let error = alice.call(messages::SendMessage::new("@nobody_here", "hello")).await.unwrap_err();
    assert!(error.to_string().contains("@nobody_here was not found"), "{error}");
}

#[tokio::test]
async fn calls_made_together_share_packets() {
    let telegram = Sandbox::start().await.unwrap();
    telegram.create_user(person("Alice", "15550001")).unwrap();
    let alice = signed_in(&telegram, "15550001").await;
    let before = alice.traffic();
    let calls = (0..100).map(|_| alice.call(help::GetNearestDc).into_future());
    let answers = awaitkit::join_all(calls, awaitkit::Unlimited).await;
    assert!(answers.iter().all(Result::is_ok));
    let after = alice.traffic();
    assert_eq!(after.calls - before.calls, 100);
    assert!(after.packets_sent - before.packets_sent <= 3, "{} packets", after.packets_sent - before.packets_sent);
}

/// One address is named, as with `--server`; the account lives elsewhere. The next process finds it too.
#[tokio::test]
async fn an_account_is_found_on_another_data_centre_than_the_one_that_was_named() {
    let telegram = Sandbox::builder().dcs(2).start().await.unwrap();
    telegram.create_user(NewUser { dc: Some(2), ..person("Alice", "15550001") }).unwrap();
    let named = || {
        let first = telegram.addresses().into_iter().filter(|(dc, _)| *dc == 1);
        let servers = Servers::custom(1, first, telegram.public_key());
        Client::builder(1, "hash").servers(servers).dialer(telegram.dialer())
    };
    let store = Memory::new();
    let alice = named().connect(store.clone()).await.unwrap();
    let code = alice.request_code("15550001").await.unwrap();
    let typed = telegram.world().codes().last().unwrap().code.clone();
    alice.sign_in(&code, &typed).await.unwrap();
    assert_eq!(alice.home_dc(), 2);
    alice.close().await;

    let alice = named().connect(store).await.unwrap();
    assert!(alice.me().await.is_ok());
    assert_eq!((alice.home_dc(), telegram.world().codes().len()), (2, 0));
}

/// The server forgets its half of the proof while the password is typed.
#[tokio::test]
async fn a_forgotten_half_of_a_proof_is_asked_for_again() {
    let telegram = Sandbox::start().await.unwrap();
    telegram.create_user(NewUser { password: Some("secret".into()), ..person("Alice", "15550001") }).unwrap();
    let client = builder(&telegram).connect_in_memory().await.unwrap();
    let code = client.request_code("15550001").await.unwrap();
    let typed = telegram.world().codes().last().unwrap().code.clone();
    assert!(matches!(client.sign_in(&code, &typed).await, Ok(SignIn::PasswordNeeded { .. })));
    let rule = |times: u32| ErrorRule {
        method: "auth.checkPassword".to_owned(),
        peer: None,
        account: None,
        skip: 0,
        times,
        error: RpcError::new(400, "SRP_ID_INVALID"),
    };
    telegram.world().faults_mut().errors.push(rule(2));
    assert!(client.check_password("secret").await.unwrap_err().is("SRP_ID_INVALID"), "once, not for ever");
    telegram.world().faults_mut().errors.push(rule(1));
    client.check_password("secret").await.unwrap();
}
