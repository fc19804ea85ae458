//! Commands as types.

mod help;
mod link;
mod menu;
mod words;

pub(crate) use help::help;
pub(crate) use menu::{CommandList, Listed};
pub use words::{Parameter, Words, Wrong};

use super::{Account, Refusal, Update};
use crate::{Error, FormattedText};

/// A command of a bot, as a type: `#[derive(Command)]`.
///
/// The name is that of the struct in small letters (or `#[command(name = "…")]`), the description its doc comment; both are in the bot's
/// menu and in `/help`, which is there unless you write one. Fields are arguments, in their order, of any type that is `FromStr` and
/// `Display`:
///
/// | | |
/// |---|---|
/// | `#[arg(default = 6)]` | may be left out |
/// | `Option<T>` | may be left out |
/// | `#[arg(range = 2..=120)]` | has to be in it |
/// | `#[arg(expect = "a colour")]` | what usage says when a word is no `T` |
/// | `#[arg(rest)]` | takes all the words that are left |
///
/// A word with spaces is written in quotation marks. `/roll@another_bot` is not ours. Whoever gets an argument wrong is told how the command
/// is used; the handler does not run, and nothing is logged.
///
/// ```
/// use quadruplex::prelude::*;
///
/// /// Roll dice.
/// #[derive(Command)]
/// struct Roll {
///     /// sides of each die
///     #[arg(default = 6, range = 2..=120)]
///     sides: u32,
///     /// how many dice
///     #[arg(default = 1, range = 1..=20)]
///     dice: u8,
/// }
///
/// async fn roll(Roll { sides, dice }: Roll) -> String {
///     format!("{dice} dice of {sides} sides")
/// }
///
/// assert_eq!(Roll::usage(), "/roll [sides=6] [dice=1]");
/// let router = Router::new().on_command(roll);
/// # let _ = router;
/// ```
pub trait Command: Sized + Send + 'static {
    /// What stands after the `/`.
    const NAME: &'static str;
    /// What the menu says.
    const DESCRIPTION: &'static str;
    /// The arguments.
    const PARAMETERS: &'static [Parameter];

    /// Takes the arguments from the words that were typed.
    ///
    /// # Errors
    /// One is missing, or is not what it has to be.
    fn parse(words: &mut Words<'_>) -> Result<Self, Wrong>;

    /// The arguments as they would be typed.
    fn write(&self, words: &mut Vec<String>);

    /// How it is used, in one line.
    fn usage() -> String {
        words::usage(Self::NAME, Self::PARAMETERS)
    }

    /// Reads the text of a message; `None` if it is something else.
    ///
    /// # Errors
    /// What is wrong with the arguments, and how the command is used.
    fn read(text: &str) -> Option<Result<Self, String>> {
        let typed = Typed::of(text)?;
        typed.name.eq_ignore_ascii_case(Self::NAME).then(|| read_arguments(typed.arguments))
    }

    /// A link that starts a chat with the bot of this name and gives it this command.
    ///
    /// ```
    /// use quadruplex::prelude::*;
    ///
    /// /// Show a product.
    /// #[derive(Command)]
    /// struct Show {
    ///     product: u32,
    /// }
    ///
    /// let link = Show { product: 7 }.deep_link("@our_bot")?;
    /// assert_eq!(link, "https://t.me/our_bot?start=c2hvdyA3");
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] when it takes more than the 48 bytes that a link can carry.
    fn deep_link(&self, bot: impl AsRef<str>) -> Result<String, Error> {
        let mut words = vec![Self::NAME.to_owned()];
        self.write(&mut words);
        link::make(bot.as_ref(), &words)
    }

    #[doc(hidden)]
    fn is_in(update: &Update) -> bool {
        found::<Self>(update).is_some()
    }

    #[doc(hidden)]
    fn take_from(update: &Update) -> Result<Self, Refusal> {
        match found(update) {
            Some(Ok(command)) => Ok(command),
            Some(Err(text)) => Err(Refusal::Answer(FormattedText::from(text))),
            None => Err(Refusal::Skip),
        }
    }
}

/// The command in an update, if it is in there and meant for this account.
fn found<C: Command>(update: &Update) -> Option<Result<C, String>> {
    let typed = Typed::of(update.message()?.text())?;
    if !typed.is_for(update.account()) {
        return None;
    }
    // Through a link: `/start` and a command of this bot, encoded. That is then no `/start`, which the bot may have as well.
    let linked = typed.name.eq_ignore_ascii_case("start").then(|| link::read(typed.arguments.trim())).flatten();
    if let Some(linked) = linked {
        let (name, arguments) = linked.split_once(' ').unwrap_or((&linked, ""));
        if update.states().get().is_some_and(|commands: &CommandList| commands.0.iter().any(|command| command.name == name)) {
            return (name == C::NAME).then(|| read_arguments(arguments));
        }
    }
    typed.name.eq_ignore_ascii_case(C::NAME).then(|| read_arguments(typed.arguments))
}

fn read_arguments<C: Command>(arguments: &str) -> Result<C, String> {
    let mut words = Words::new(arguments);
    let read = C::parse(&mut words).and_then(|command| words.finish().map(|()| command));
    read.map_err(|wrong| format!("usage: {} — {wrong}", C::usage()))
}

/// What was typed: `/name@bot arguments`.
pub(crate) struct Typed<'a> {
    pub(crate) name: &'a str,
    bot: Option<&'a str>,
    arguments: &'a str,
}

impl<'a> Typed<'a> {
    pub(crate) fn of(text: &'a str) -> Option<Self> {
        let rest = text.strip_prefix('/')?;
        let (command, arguments) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let (name, bot) = command.split_once('@').map_or((command, None), |(name, bot)| (name, Some(bot)));
        (!name.is_empty()).then_some(Self { name, bot, arguments })
    }

    /// Whether it can be a command at all: a path can not.
    pub(crate) fn is_well_named(&self) -> bool {
        self.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    }

    /// Whether it is meant for this account: for nobody in particular, or for it by name.
    pub(crate) fn is_for(&self, account: &Account) -> bool {
        self.bot.is_none_or(|bot| account.is_named(bot))
    }
}
