//! Commands as types.

use quadruplex::prelude::*;
use quadruplex::router::ButtonData;

use super::support::world;

/// Roll dice.
#[derive(Command, Debug, PartialEq)]
struct Roll {
    /// sides of each die
    #[arg(default = 6, range = 2..=120)]
    sides: u32,
    /// how many dice
    #[arg(default = 1, range = 1..=20)]
    dice: u8,
}

/// Name something.
///
/// What stands here is for programmers.
#[derive(Command, Debug, PartialEq)]
#[command(name = "name")]
struct NameIt {
    what: String,
    colour: Option<String>,
    #[arg(default = -1.5, expect = "a price")]
    price: f64,
    #[arg(default = "none", rest)]
    remark: String,
}

async fn roll(Roll { sides, dice }: Roll) -> String {
    format!("🎲 {dice} of {sides}")
}

#[test]
fn commands_are_read_and_their_mistakes_told() {
    let check = |text: &str, expect: Result<Roll, &str>| {
        assert_eq!(Roll::read(text).expect(text), expect.map_err(str::to_owned), "{text}");
    };
    check("/roll", Ok(Roll { sides: 6, dice: 1 }));
    check("/Roll 20 3", Ok(Roll { sides: 20, dice: 3 }));
    check("/roll@our_bot\n20", Ok(Roll { sides: 20, dice: 1 }));
    check("/roll banana", Err("usage: /roll [sides=6] [dice=1] — sides must be 2..=120, got \"banana\""));
    check("/roll 1", Err("usage: /roll [sides=6] [dice=1] — sides must be 2..=120, got \"1\""));
    check("/roll 6 99999", Err("usage: /roll [sides=6] [dice=1] — dice must be 1..=20, got \"99999\""));
    check("/roll 6 2 \"and more\"", Err("usage: /roll [sides=6] [dice=1] — \"and more\" is too much"));
    for other in ["", "roll", "/rolls", "/", "/@our_bot", " /roll", "//roll"] {
        assert_eq!(Roll::read(other), None, "{other}");
    }
}

#[test]
fn arguments_of_all_kinds() {
    let usage = "usage: /name <what> [colour] [price=-1.5] [remark…=none]";
    let check = |text: &str, expect: Result<(&str, Option<&str>, f64, &str), &str>| {
        let expect = expect.map(|(what, colour, price, remark)| NameIt {
            what: what.into(),
            colour: colour.map(Into::into),
            price,
            remark: remark.into(),
        });
        assert_eq!(NameIt::read(text).expect(text), expect.map_err(|wrong| format!("{usage} — {wrong}")), "{text}");
    };
    check("/name", Err("what is missing"));
    check("/name tea", Ok(("tea", None, -1.5, "none")));
    check("/name \"green tea\" \"\" 2", Ok(("green tea", Some(""), 2.0, "none")));
    check("/name tea red 2 it is \"good\"", Ok(("tea", Some("red"), 2.0, "it is \"good\"")));
    check("/name tea red much", Err("price must be a price, got \"much\""));
    assert_eq!((NameIt::NAME, NameIt::DESCRIPTION), ("name", "Name something"));
}

#[test]
fn links_carry_commands() {
    let link = Roll { sides: 20, dice: 1 }.deep_link("@our_bot").unwrap();
    assert_eq!(link, "https://t.me/our_bot?start=cm9sbCAyMCAx");
    let long = NameIt { what: "x".repeat(60), colour: None, price: 1.0, remark: String::new() };
    assert!(long.deep_link("our_bot").unwrap_err().to_string().contains("bytes, of which there are 48"));
}

#[tokio::test(start_paused = true)]
async fn a_bot_rolls_what_it_is_told() {
    let world = world().await;
    let mut alice = world.person("alice").await;
    let bot = world.run(Router::new().on_command(roll)).await;
    for (said, answer) in [
        ("/roll 6 2", "🎲 2 of 6"),
        ("/roll banana", "usage: /roll [sides=6] [dice=1] — sides must be 2..=120, got \"banana\""),
        ("/roll@OUR_bot", "🎲 1 of 6"),
        ("/roll@other_bot", ""),
        ("/start cm9sbCAyMCAx", "🎲 1 of 20"),
        ("/start", ""),
        ("/start nonsense!", ""),
        ("/start cm9sbGVy", ""),
        ("/help", "/roll [sides=6] [dice=1] — Roll dice\n/help [command] — What this bot understands"),
        ("/help /roll", "/roll [sides=6] [dice=1] — Roll dice\n  sides: sides of each die\n  dice: how many dice"),
        ("/help me", "there is no /me; /help tells what there is"),
    ] {
        alice.say(said).await;
        if !answer.is_empty() {
            assert_eq!(alice.reply().await.text(), answer, "{said}");
        }
    }
    bot.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_link_is_not_a_start_of_the_bots_own() {
    /// Begin.
    #[derive(Command)]
    struct Start {
        #[arg(default = "nobody")]
        invited_by: String,
    }
    let start = async |Start { invited_by }: Start| format!("invited by {invited_by}");
    let world = world().await;
    let mut alice = world.person("alice").await;
    // In a group the first that fits is the only one.
    let _bot = world.run(Router::new().group(Router::new().on_command(start).on_command(roll))).await;
    for (said, answer) in [
        ("/start cm9sbCAyMCAx", "🎲 1 of 20"),
        ("/start", "invited by nobody"),
        ("/start lena", "invited by lena"),
        // What a link may carry, but for a command that this bot does not have.
        ("/start cm9sbGVy", "invited by cm9sbGVy"),
    ] {
        alice.say(said).await;
        assert_eq!(alice.reply().await.text(), answer, "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_has_a_help_of_his_own_keeps_it() {
    /// What I can do.
    #[derive(Command)]
    struct Help;
    let world = world().await;
    let mut alice = world.person("alice").await;
    let _bot = world.run(Router::new().on_command(roll).on_command(async |_: Help| "nothing")).await;
    alice.say("/help").await;
    assert_eq!(alice.reply().await.text(), "nothing");
    alice.say("/roll").await;
    assert_eq!(alice.reply().await.text(), "🎲 1 of 6", "and nothing else answered");
}

#[test]
#[should_panic(expected = "takes no command")]
fn a_handler_without_a_command_is_no_command() {
    drop(Router::new().on_command(async |_: Text| "hello"));
}

#[derive(Callback, Debug, PartialEq)]
struct Vote {
    post: u32,
    up: bool,
}

#[derive(Callback, Debug, PartialEq)]
enum Menu {
    Close,
    Page(u16),
    Open { item: [i64; 3], mark: Option<char> },
}

#[test]
fn what_buttons_carry_is_read_back() {
    let data = ButtonData::of(&Vote { post: 7, up: true });
    assert_eq!((data.as_bytes().len(), Vote::MAX), (9, 9));
    assert_eq!(data.read(), Some(Vote { post: 7, up: true }));
    assert_eq!(data.read::<Menu>(), None, "of another type");
    for menu in
        [Menu::Close, Menu::Page(900), Menu::Open { item: [i64::MIN, 0, 5], mark: Some('é') }, Menu::Open { item: [0; 3], mark: None }]
    {
        let data = ButtonData::of(&menu);
        assert!(data.as_bytes().len() <= Menu::MAX && Menu::MAX <= 64);
        assert_eq!(data.read(), Some(menu));
    }
}

/// Buttons that were sent stay alive across releases unless what they carry has changed.
#[test]
fn the_tag_of_a_button_depends_on_names_and_types_alone() {
    mod documented {
        use quadruplex::prelude::*;

        /// What can be done.
        #[derive(Callback, Debug)]
        #[allow(dead_code, reason = "only its tag is looked at")]
        pub enum Menu {
            /// Enough of it.
            Close,
            Page(/* from one */ u16),
            Open {
                /** which */
                item: [i64; 3],
                mark: Option<char>,
            },
        }

        #[derive(Callback, Debug)]
        #[allow(dead_code, reason = "only its tag is looked at")]
        pub struct Vote {
            /// its number
            pub post: u32,
            pub up: bool,
        }
    }
    mod changed {
        use quadruplex::prelude::*;

        #[derive(Callback, Debug)]
        #[allow(dead_code, reason = "only its tag is looked at")]
        pub struct Vote {
            post: i32,
            up: bool,
        }
    }
    assert_eq!(documented::Menu::TAG, Menu::TAG);
    assert_eq!(documented::Vote::TAG, Vote::TAG);
    assert_ne!(changed::Vote::TAG, Vote::TAG);
}

#[test]
fn malformed_data_of_buttons_is_no_data() {
    let whole = ButtonData::of(&Vote { post: 7, up: true });
    let read = |bytes: &[u8]| ButtonData::from_bytes(bytes).read::<Vote>();
    for len in 0..whole.as_bytes().len() {
        assert_eq!(read(&whole.as_bytes()[..len]), None, "{len} bytes");
    }
    assert_eq!(read(&[whole.as_bytes(), &[0]].concat()), None, "too long");
    let mut neither = whole.as_bytes().to_vec();
    neither[8] = 2;
    assert_eq!(read(&neither), None, "neither true nor false");
}
