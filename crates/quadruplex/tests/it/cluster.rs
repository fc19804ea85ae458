//! One account on many machines, and machines that die or are cut off.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use quadruplex::prelude::*;
use quadruplex::testing::Machine;

/// What machines have handled: the machine, who wrote, what.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<Handled>>>);

type Handled = (&'static str, i64, String);

impl Seen {
    fn texts(&self, of: i64) -> Vec<String> {
        self.0.lock().unwrap().iter().filter(|(_, from, _)| *from == of).map(|(.., text)| text.clone()).collect()
    }

    fn machines(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for (machine, ..) in self.0.lock().unwrap().iter() {
            *counts.entry(*machine).or_default() += 1;
        }
        counts
    }
}

/// Echoes, slowly, and tells on which machine.
fn app(machine: &'static str, seen: &Seen) -> App {
    async fn echo(msg: Text, sender: Sender, State(machine): State<&'static str>, State(seen): State<Seen>) -> Result<String> {
        sleep(SECOND).await;
        seen.0.lock().unwrap().push((machine, sender.id(), msg.text().to_owned()));
        Ok(msg.text().to_owned())
    }
    App::new(Router::new().on_message(echo).state(machine).state(seen.clone()))
}

async fn holder(machines: &[Machine]) -> usize {
    loop {
        if let Some(at) = machines.iter().position(Machine::is_holder) {
            return at;
        }
        sleep(SECOND).await;
    }
}

#[quadruplex::test]
async fn all_machines_handle_and_each_chat_is_in_order(telegram: Sandbox) -> Result {
    let (cluster, seen) = (telegram.cluster()?, Seen::default());
    let machines = [cluster.machine(app("one", &seen))?, cluster.machine(app("two", &seen))?, cluster.machine(app("three", &seen))?];
    holder(&machines).await;
    sleep(5 * SECOND).await;
    let mut chats = Vec::new();
    for name in ["alice", "bobby", "carol", "daniel", "eliza", "frank", "grace", "henry"] {
        let person = telegram.user(name).await?;
        chats.push((person.id(), cluster.chat(&person).await?));
    }
    for round in 0..5 {
        for (_, chat) in &chats {
            chat.say(format!("line {round}")).await?;
        }
    }
    let expected: Vec<String> = (0..5).map(|round| format!("line {round}")).collect();
    for (id, chat) in &mut chats {
        for line in &expected {
            assert_eq!(chat.reply().await?.text(), line);
        }
        assert_eq!(seen.texts(*id), expected);
        chat.silence().await?;
    }
    let by_machine = seen.machines();
    assert!(by_machine.len() > 1, "it is not one machine that handles everything: {by_machine:?}");
    Ok(())
}

/// Whoever dies: what it had is handled by others, and nobody gets a reply twice.
async fn one_dies(telegram: &Sandbox, dies: impl AsyncFn(Machine, bool) -> Result, of_holder: bool) -> Result {
    let (cluster, seen) = (telegram.cluster()?, Seen::default());
    let mut machines =
        vec![cluster.machine(app("one", &seen))?, cluster.machine(app("two", &seen))?, cluster.machine(app("three", &seen))?];
    let held = holder(&machines).await;
    sleep(5 * SECOND).await;
    let mut chats = Vec::new();
    for name in ["alice", "bobby", "carol", "daniel", "eliza", "frank"] {
        let person = telegram.user(name).await?;
        chats.push((person.id(), cluster.chat(&person).await?));
    }
    for (_, chat) in &chats {
        for line in ["a", "b", "c"] {
            chat.say(line).await?;
        }
    }
    sleep(1500 * SECOND / 1000).await;
    let at = if of_holder { held } else { (held + 1) % 3 };
    dies(machines.remove(at), of_holder).await?;
    sleep(60 * SECOND).await;
    assert!(machines.iter().any(Machine::is_holder), "somebody holds the account");
    for (id, chat) in &mut chats {
        let mut replies = Vec::new();
        while let Ok(reply) = chat.reply().await {
            replies.push(reply.text().to_owned());
        }
        assert_eq!(replies, ["a", "b", "c"], "each reply once, in order");
        let mut handled = seen.texts(*id);
        handled.dedup();
        assert_eq!(handled, ["a", "b", "c"], "handled in order, a line perhaps twice");
        chat.say("d").await?;
        assert_eq!(chat.reply().await?.text(), "d");
    }
    assert!(telegram.server().world().faults_mut().errors.is_empty());
    Ok(())
}

/// While it is not known whether a machine has died, nobody waits whose chat was elsewhere.
#[quadruplex::test]
async fn a_dead_guest_holds_nobody_else_up(telegram: Sandbox) -> Result {
    let (cluster, seen) = (telegram.cluster()?, Seen::default());
    let mut machines = vec![cluster.machine(app("one", &seen))?, cluster.machine(app("two", &seen))?];
    let held = holder(&machines).await;
    sleep(5 * SECOND).await;
    let mut chats = Vec::new();
    for name in ["alice", "bobby", "carol", "daniel", "eliza", "frank", "grace", "henry"] {
        let person = telegram.user(name).await?;
        chats.push((person.id(), cluster.chat(&person).await?));
    }
    for (_, chat) in &chats {
        chat.say("a").await?;
        chat.say("b").await?;
    }
    sleep(1500 * SECOND / 1000).await;
    let survivor = ["one", "two"][held];
    drop(machines.remove(1 - held));
    let served: Vec<i64> = seen.0.lock().unwrap().iter().filter(|(machine, ..)| *machine == survivor).map(|(_, from, _)| *from).collect();
    assert!(!served.is_empty() && served.len() < chats.len(), "both had something: {served:?}");
    for (id, chat) in &mut chats {
        if served.contains(id) {
            chat.say("c").await?;
            for line in ["a", "b", "c"] {
                assert_eq!(chat.reply().await?.text(), line, "before the lease of the dead one is over");
            }
        }
    }
    Ok(())
}

#[quadruplex::test]
async fn a_machine_that_dies_is_replaced(telegram: Sandbox) -> Result {
    let dies = async |machine, _| {
        drop(machine);
        Ok(())
    };
    one_dies(&telegram, dies, false).await?;
    one_dies(&telegram, dies, true).await
}

#[quadruplex::test]
async fn a_machine_that_ends_hands_over(telegram: Sandbox) -> Result {
    one_dies(&telegram, async |machine, _| machine.stop().await, false).await?;
    one_dies(&telegram, async |machine, _| machine.stop().await, true).await
}

/// It still reaches Telegram, and has to notice by itself that another machine has the session by then.
#[quadruplex::test]
async fn a_machine_that_is_cut_off_lets_go_before_another_connects(telegram: Sandbox) -> Result {
    let keep = Arc::new(Mutex::new(Vec::new()));
    let cut = async |machine: Machine, _| {
        machine.cut();
        keep.lock().unwrap().push(machine);
        Ok(())
    };
    one_dies(&telegram, cut, true).await?;
    one_dies(&telegram, cut, false).await
}

#[quadruplex::test]
async fn a_conversation_goes_on_where_its_machine_has_died(telegram: Sandbox) -> Result {
    async fn ask(_: Text, chat: Chat) -> Result<String> {
        let name = chat.ask("Who are you?").text().await?;
        let age: u8 = chat.ask("How old?").parse().await?;
        Ok(format!("{name}, {age}"))
    }
    let app = || App::new(Router::new().on_message(ask));
    let cluster = telegram.cluster()?;
    let mut machines = vec![cluster.machine(app())?];
    holder(&machines).await;
    let mut chat = cluster.chat(&telegram.user("alice").await?).await?;
    chat.say("hi").await?;
    assert_eq!(chat.reply().await?.text(), "Who are you?");
    chat.say("Alice").await?;
    assert_eq!(chat.reply().await?.text(), "How old?");
    machines.push(cluster.machine(app())?);
    drop(machines.remove(0));
    sleep(60 * SECOND).await;
    chat.say("7").await?;
    assert_eq!(chat.reply().await?.text(), "Alice, 7");
    chat.silence().await
}

#[quadruplex::test]
async fn calls_go_through_the_holder_in_their_queues(telegram: Sandbox) -> Result {
    async fn tell(msg: Text) -> Result {
        let (client, chat) = (msg.client(), msg.chat());
        for line in ["one", "two", "three"] {
            client.send(chat.clone(), line).queue("q").detach();
        }
        let results = client.multiple(["four", "five"].map(|line| client.send(chat.clone(), line))).queue("q").await;
        assert!(results.iter().all(Result::is_ok), "{results:?}");
        let wrong = client.send(chat, "").await;
        assert!(wrong.is_err_and(|error| error.is("MESSAGE_EMPTY")));
        Ok(())
    }
    let cluster = telegram.cluster()?;
    // Whoever holds it has no hands for handlers but its own; several machines take their turn.
    let machines = [cluster.machine(App::new(Router::new().on_message(tell)))?, cluster.machine(App::new(Router::new().on_message(tell)))?];
    holder(&machines).await;
    sleep(5 * SECOND).await;
    for name in ["alice", "bobby", "carol", "daniel"] {
        let mut chat = cluster.chat(&telegram.user(name).await?).await?;
        chat.say("go").await?;
        for line in ["one", "two", "three", "four", "five"] {
            assert_eq!(chat.reply().await?.text(), line);
        }
    }
    Ok(())
}
