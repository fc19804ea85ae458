//! The right columns of `docs/from-*.md`, compiled: `cargo xtask seeds` looks for them here.

use quadruplex::UploadSource;
use quadruplex::api::enums::MessagesFilter;
use quadruplex::prelude::*;

async fn sending(client: Client, message: Message) -> Result {
    client.send("me", "hello").await?;
    client.send("@lena", html!("<b>hello</b>")).silent().await?;
    message.respond("hello").await?;
    message.reply("hello").await?;
    message.edit("hello!").await?;
    message.delete().await?;
    message.forward_to("@rustlang").await?;
    message.copy_to("@mirror").await?;
    message.pin().await?;
    client.send_file("me", "report.pdf").caption("as promised").await?;
    client.send_photo("me", UploadSource::bytes("sea.jpg", vec![0; 9])).await?;
    client.send_album("me", ["sea.jpg", "mountains.jpg"]).await?;
    Ok(())
}

async fn reading(client: Client) -> Result {
    let mut history = client.history("@rustlang").limit(100);
    while let Some(message) = history.next().await {
        println!("{}", message?.text());
    }
    let found = client.search("@rustlang", "async").limit(10).collect().await?;
    let photos = client.search("@rustlang", "").filter(MessagesFilter::InputMessagesFilterPhotos).collect().await?;
    let mut dialogs = client.dialogs();
    while let Some(dialog) = dialogs.next().await {
        println!("{}", dialog?.name());
    }
    let members = client.participants("@rustlang").limit(200).collect().await?;
    println!("{} {} {}", found.len(), photos.len(), members.len());
    Ok(())
}

async fn files(message: Message) -> Result {
    let saved = message.download().to_dir("downloads").await?;
    let bytes = message.download().to_memory(32 * quadruplex::MIB).await?;
    let bars = Bars::new();
    message.download().to_dir("downloads").progress(bars.line(&message)).await?;
    println!("{} {}", saved.size, bytes.len());
    Ok(())
}

async fn raw(client: Client) -> Result {
    client.call(messages::SendMessage { silent: true, ..messages::SendMessage::new("@lena", "hi") }).await?;
    match client.send("@lena", "hi").await {
        Ok(_) => {}
        Err(e) if let Some(wait) = e.flood_wait() => println!("again in {wait:?}"),
        Err(e) if e.is("USER_IS_BLOCKED") => println!("not wanted"),
        Err(e) => return Err(e.into()),
    }
    let (one, two) = join!(client.send("me", "1"), client.send("me", "2"));
    let all = client.multiple([client.send("@lena", "hi"), client.send("@omar", "hi")]).await;
    client.send("me", "in order").queue("log").detach();
    client.send("me", "x").timeout(2 * SECOND).await?;
    let user = client.user(12345).await?;
    println!("{} {} {} {user:?}", one?.id(), two?.id(), all.len());
    Ok(())
}

/// Start.
#[derive(Command)]
struct Start {
    /// what came with a link
    #[arg(rest, default = "")]
    payload: String,
}

/// Two numbers.
#[derive(Command)]
struct Add {
    /// one
    a: i64,
    /// the other
    b: i64,
}

#[derive(Callback)]
struct Vote {
    post: u32,
    up: bool,
}

#[derive(Clone)]
struct Pool;

async fn start(Start { payload }: Start) -> String {
    format!("Hello! {payload}")
}

async fn add(Add { a, b }: Add) -> String {
    (a + b).to_string()
}

async fn echo(msg: Text) -> String {
    msg.text().to_owned()
}

async fn offer(chat: Chat) -> Result {
    chat.send("Good?").buttons(Buttons::row([("👍", Vote { post: 7, up: true }), ("👎", Vote { post: 7, up: false })])).await?;
    Ok(())
}

async fn vote(Vote { post, up }: Vote, query: CallbackQuery) -> Result {
    query.message().edit(format!("{post}: {up}")).await?;
    query.toast("counted").await?;
    Ok(())
}

async fn register(_: Start, chat: Chat) -> Result {
    let name = chat.ask("What is your name?").text().await?;
    let age: u8 = chat.ask("How old are you?").parse().or_say("A number, please.").await?;
    chat.send(html!("<b>{name}</b>, {age}")).await?;
    Ok(())
}

async fn photo(photo: Photo) -> Result {
    photo.download().to_dir("photos").await?;
    Ok(())
}

async fn in_private(_: Private<Text>) {}
async fn of_admins(_: FromAdmin<Text>) {}
async fn with_state(_: Text, State(_pool): State<Pool>) {}
async fn as_json(update: Update) {
    println!("{:#}", update.to_json());
}
async fn joined() -> &'static str {
    "Welcome!"
}
async fn news(client: Client) -> Result {
    client.send("@rustlang", "good morning").await?;
    Ok(())
}
async fn apologise(failure: Failure) {
    eprintln!("{}", failure.error());
}

fn router() -> Router {
    let greetings = Switch::on("greetings");
    let greeter = Router::new().on_service(joined.when(filter::service(filter::ServiceKind::Joined)));
    Router::new()
        .on_message(echo)
        .on_message(echo.when(filter::regex("(?i)hello")))
        .on_message(echo.when(filter::from_users(["@lena"]).and(filter::private)))
        .on_message(in_private)
        .on_message(of_admins)
        .on_message(with_state)
        .on_message(photo)
        .on_message(offer)
        .on_command(start)
        .on_command(add)
        .on_command(register)
        .on_callback(vote)
        .on_any(as_json)
        .on_error(apologise)
        .on_schedule(MINUTE, news)
        .group(Router::new().on_message(photo).on_message(echo))
        .plugin(&greetings, greeter)
        .state(Pool)
}

fn all() -> Router {
    Router::new().merge(router())
}

async fn running() -> Result {
    let client = Client::from_args().await?;
    quadruplex::run(router()).await?;
    App::new(router()).admins(["@lena"]).backlog(Backlog::Skip).client(client).run().await?;
    quadruplex::start_and_loop(|_| App::new(router()), [Account::stored("shop.redb"), Account::bot("news.redb", "1:token")]).await
}

async fn helpers(client: Client) -> Result {
    sleep(3 * SECOND).await;
    let line = read_line("Optional prompt ").await?;
    echo_line(line).await?;
    let task = spawn(client.send("@lena", "test"));
    let guard = flock("x.lock", Lock::Exclusive).await?;
    drop(guard);
    task.await??;
    Ok(())
}

async fn echo_line(line: String) -> Result {
    quadruplex::prelude::echo(format!("{line}\n")).await?;
    Ok(())
}
