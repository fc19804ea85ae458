use quadruplex::{Builder, Client, Servers};
use quadruplex_sandbox::{NewUser, Sandbox};

/// A client of this sandbox that has yet to connect.
pub(crate) fn builder(telegram: &Sandbox) -> Builder {
    let servers = Servers::custom(1, telegram.addresses(), telegram.public_key());
    Client::builder(1, "hash").servers(servers).dialer(telegram.dialer())
}

/// A person with an account, a number and a name.
pub(crate) fn person(name: &str, phone: &str) -> NewUser {
    NewUser { first_name: name.into(), username: Some(name.to_lowercase()), phone: Some(phone.into()), ..NewUser::default() }
}

/// A client signed in by the code that the sandbox sends.
pub(crate) async fn signed_in(telegram: &Sandbox, phone: &str) -> Client {
    let client = builder(telegram).connect_in_memory().await.expect("a new store can be used");
    sign_in(telegram, &client, phone).await;
    client
}

/// Signs a client in by the code that the sandbox sends.
pub(crate) async fn sign_in(telegram: &Sandbox, client: &Client, phone: &str) {
    let code = client.request_code(phone).await.expect("the number is known");
    let typed = telegram.world().codes().last().expect("a code was sent").code.clone();
    client.sign_in(&code, &typed).await.expect("the code is right");
}
