//! The programs that the design of this crate promised, letter by letter: what is written here has to go on compiling as it stands. What
//! each does is tested beside its example; the test of a bot stands in `roll`.

#![allow(unused_must_use, clippy::needless_borrows_for_generic_args, reason = "they stay as they were written")]

mod echo_bot {
    use quadruplex::prelude::*;

    #[tokio::main]
    async fn main() -> Result {
        quadruplex::run(Router::new().on_message(echo)).await
    }

    async fn echo(msg: Text) -> Result {
        msg.respond(msg.text()).await?;
        Ok(())
    }

    // or, since a handler may return what it wants to answer:
    async fn shorter() -> Result {
        quadruplex::run(Router::new().on_message(async |msg: Text| msg.text().to_owned())).await
    }
}

mod command_with_arguments {
    use quadruplex::prelude::*;

    /// Roll dice.
    #[derive(Command)]
    struct Roll {
        /// sides of each die
        #[arg(default = 6, range = 2..=120)]
        sides: u32,
        /// how many dice
        #[arg(default = 1, range = 1..=20)]
        dice: u8,
    }

    async fn roll(Roll { sides, dice }: Roll) -> String {
        let thrown: Vec<u32> = (0..dice).map(|_| fastrand::u32(1..=sides)).collect();
        format!("🎲 {thrown:?}, together {}", thrown.iter().sum::<u32>())
    }

    #[tokio::main]
    async fn main() -> Result {
        quadruplex::run(Router::new().on_command(roll)).await
    }
}

mod all_media_of_a_channel {
    use quadruplex::prelude::*;

    #[tokio::main]
    async fn main() -> Result {
        let client = Client::from_args().await?;
        let bars = Bars::new(); // one line per file on a terminal, JSON lines in a pipe

        client
            .history("@rustlang")
            .with_media() // the server filters
            .try_for_each(4, async |msg| {
                let file = msg.download().to_dir("rustlang").progress(bars.line(&msg)).await?;
                bars.println(format_args!("{} {}", msg.id(), file.path.display()));
                Ok(())
            })
            .await
    }
}

mod ask_and_wait {
    use quadruplex::prelude::*;

    /// Introduce yourself.
    #[derive(Command)]
    struct Register;

    async fn register(_: Register, chat: Chat) -> Result {
        let name = chat.ask("What is your name?").text().await?;
        let age: u8 = chat.ask("How old are you?").parse().or_say("A number, please.").await?;
        let right = chat.ask(html!("<b>{name}</b>, {age}. Right?")).choice(["Yes", "No"]).within(5 * MINUTE).await?;
        if right == "Yes" {
            chat.send(html!("Welcome, <b>{name}</b>!")).await?;
        }
        Ok(())
    }

    #[tokio::main]
    async fn main() -> Result {
        quadruplex::run(Router::new().on_command(register)).await
    }
}

mod a_hundred_messages {
    use quadruplex::prelude::*;

    #[tokio::main]
    async fn main() -> Result {
        let client = Client::from_args().await?;
        let lines = (1..=100).map(|n| client.send("me", format!("line {n}")));

        for sent in client.multiple(lines).queue("log").await {
            println!("{}", sent?.id());
        }
        Ok(())
    }
}

mod raw_calls_and_errors {
    use quadruplex::prelude::*;

    async fn notify(client: &Client, name: &str) -> Result {
        let sent = client
            .call(messages::SendMessage { silent: true, ..messages::SendMessage::new(name, "hi") })
            .timeout(2 * SECOND)
            .await;

        match sent {
            Ok(_) => println!("sent"),
            Err(e) if e.is("USER_IS_BLOCKED") => println!("{name} does not want us"),
            Err(e) if let Some(wait) = e.flood_wait() => println!("again in {wait:?}"),
            Err(e) => return Err(e.into()),
        }
        Ok(())
    }
}

mod buttons_albums_state {
    use quadruplex::prelude::*;
    use std::sync::{Arc, atomic::{AtomicU32, Ordering}};

    /// Packed into the 64 bytes of a button; the derive refuses what cannot fit.
    #[derive(Callback)]
    struct Vote {
        post: u32,
        up: bool,
    }

    async fn ask(chat: Chat) -> Result {
        let buttons = Buttons::row([("👍", Vote { post: 7, up: true }), ("👎", Vote { post: 7, up: false })]);
        chat.send("Good?").buttons(buttons).await?;
        Ok(())
    }

    async fn vote(Vote { up, .. }: Vote, query: CallbackQuery, State(ups): State<Arc<AtomicU32>>) -> Result {
        let n = ups.fetch_add(up as u32, Ordering::Relaxed) + up as u32;
        query.message().edit(format!("Good? {n} say yes")).await?;
        query.toast("counted").await?; // without it the framework answers when the handler ends
        Ok(())
    }

    /// Ten photos are one update.
    async fn mirror(album: Album) -> Result {
        album.copy_to("@mirror").await?;
        Ok(())
    }

    fn router() -> Router {
        Router::new().on_message(ask).on_callback(vote).on_album(mirror).state(Arc::new(AtomicU32::new(0)))
    }
}

mod the_knobs {
    use quadruplex::prelude::*;

    async fn start(router: Router) -> Result {
        App::new(router)
            .backlog(Backlog::Since(HOUR)) // what came while we were off: All (default), Since, Skip
            .order(Order::PerChat)         // PerChat (default), PerUser, Global, None
            .at_once(256)                  // handlers running at the same time
            .drain_within(10 * SECOND)     // on SIGTERM
            .metrics("127.0.0.1:9100")     // /metrics and /health
            .run()
            .await
    }
}

mod one_account_many_machines {
    use quadruplex::prelude::*;

    // The same program, started as often as you like. One process holds the connection (and is replaced when it dies), all of them handle:
    // each chat by one process at a time, in order; calls go through the holder without your knowing.
    async fn start(router: Router) -> Result {
        App::new(router).cluster("nats://10.0.0.1,nats://10.0.0.2").run().await
    }
}

mod thousands_of_accounts {
    use quadruplex::prelude::*;

    // On every machine: take what is free, up to the capacity; what a dead machine held is taken over after its lease.
    async fn node(router: Router) -> Result {
        Fleet::new(router)
            .cluster("nats://10.0.0.1,nats://10.0.0.2")
            .sessions(store::Postgres::connect("postgres://fleet@db/fleet").await?) // or in the cluster itself, encrypted
            .capacity(1_500)
            .run()
            .await
    }

    // From anywhere, for instance a web handler on a machine that holds nothing:
    async fn order_shipped(order: u64) -> Result {
        let fleet = Fleet::connect("nats://10.0.0.1").await?;
        fleet.client("alice").send("@bob", format!("Order {order} is on its way")).once(&format!("order-{order}")).await?;

        fleet.add("carol", Session::from_string(&std::env::var("CAROL")?)?).await?;
        for account in fleet.status().await? {
            println!("{} on {:?}: {} waiting, last update {:?} ago", account.name, account.node, account.waiting, account.last_update);
        }
        fleet.remove("carol").await?; // drains, releases, keeps the session
        Ok(())
    }
}

mod the_async_page {
    use quadruplex::prelude::*;

    async fn page(client: Client, big: Message, ids: Vec<i64>) -> Result {
        // "That's it": many transfers at once, as if it were ordinary code
        let file = big.download().to_dir("/tmp").await?;
        println!("{}", file.path.display());

        // Ignored async: not waited for, error to the sink; with a queue, in order
        client.send("@danogentili", "a").queue("hello").detach();
        client.send("@danogentili", "b").queue("hello").detach();

        // Multiple async: one container, results in order
        for result in client.multiple([client.send("@danogentili", "hi"), client.send("@apony", "hi")]).await {
            result?;
        }

        // Timeouts: an error, or a default; the server is told
        client.send("me", "x").timeout(2 * SECOND).await?;
        let body = timeout_or(2 * SECOND, client.file_get_contents("https://myurl"), Ok(Vec::new())).await?;

        // Helpers
        sleep(3 * SECOND).await;
        let line = read_line("Optional prompt ").await?;
        echo(format!("{line}: {} bytes\n", body.len())).await?;
        let task = spawn(client.send("danogentili", "test")); // "forking": aborts when dropped, unless detached
        {
            let _guard = flock("/tmp/x.lock", Lock::Shared).await?;
        } // unlocked
        task.await?;

        // Loops: changeable period, resume that is never lost, stop that waits
        let ticks = Loop::every(30 * SECOND, async || Next::Continue).start("ticks");
        ticks.set_period(5 * SECOND);
        ticks.resume();
        ticks.stop().await;

        // Hack: not in a loop
        let users = try_map_concurrent(ids, limit!(16), async |id| client.user(id).await).await?; // one users.getUsers, not ids.len()
        println!("{}", users.len());
        Ok(())
    }
}
