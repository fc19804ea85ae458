use std::fmt::Write;
use std::sync::{Arc, Mutex};

use quadruplex_tl::Deserialize;
use quadruplex_tl_schema::testing::Random;
use quadruplex_tl_schema::{Definition, Missing, Schema, builtin};

use super::{TABLE, one_for_each};
use crate::api::enums;
use crate::client::lock;
use crate::router::{Handlers, Router};
use crate::testing::Sandbox;

/// What handlers have got: the kind for which they are, and the update.
pub(super) type Seen = Arc<Mutex<Vec<(&'static str, String)>>>;

macro_rules! note {
    ($seen:ident $name:literal $type:ident) => {{
        let seen = std::sync::Arc::clone($seen);
        move |update: types::$type| {
            $crate::client::lock(&seen).push(($name, format!("{update:?}")));
            async {}
        }
    }};
    ($seen:ident $name:literal) => {{
        let seen = std::sync::Arc::clone($seen);
        move || {
            $crate::client::lock(&seen).push(($name, String::new()));
            async {}
        }
    }};
}
pub(super) use note;

fn schema() -> &'static Schema {
    builtin::nearest_api(u32::try_from(crate::api::LAYER).unwrap())
}

/// Those that reach anybody: two are words to the gap engine.
fn updates() -> Vec<&'static Definition> {
    let is_told = |update: &&Definition| !["updateChannelTooLong", "updatePtsChanged"].contains(&update.name.as_str());
    schema().constructors_of("Update").filter(is_told).collect()
}

#[test]
fn every_update_of_the_schema_has_its_method() {
    let mut updates: Vec<_> = updates().iter().map(|update| update.name.as_str()).collect();
    let mut names: Vec<_> = TABLE.iter().map(|(_, name, _)| *name).collect();
    updates.sort_unstable();
    names.sort_unstable();
    assert_eq!(names, updates);
}

#[test]
fn every_kind_reaches_its_handler_and_no_other() {
    crate::testing::run(send_one_of_each);
}

async fn send_one_of_each(telegram: Sandbox) -> crate::Result {
    let seen = Seen::default();
    let bot = telegram.bot(Router::new()).await?;
    let handlers = Handlers::new(one_for_each(&seen), bot.client()).await?;
    let (samples, ty) = (Random::new(schema()), schema().ty("Update").ok_or("the schema has updates")?);
    for update in updates() {
        let mut bytes = Vec::new();
        schema().encode_type(&ty, &samples.smallest(update).into(), Missing::Error, &mut bytes).map_err(|error| error.to_string())?;
        handlers.handle(&handlers.update(enums::Update::from_bytes(&bytes)?)).await?;
        let got = std::mem::take(&mut *lock(&seen));
        let [(name, text)] = &got[..] else { panic!("{}: {got:?}", update.name) };
        assert_eq!(*name, update.name.as_str());
        let (.., of) = TABLE.iter().find(|(_, other, _)| other == name).ok_or("it is in the table")?;
        assert!(text.is_empty() == of.is_empty() && text.to_lowercase().contains(&of.to_lowercase()), "{name}: {text}");
    }
    Ok(())
}

/// The table for readers, as this file makes it.
fn page() -> String {
    let mut page = String::from(
        "# Updates, kind by kind\n\n\
         Messages, edits, albums, commands, presses of buttons and inline queries have methods and arguments of their own: \
         see `Router`. Besides, each update of the\nschema has a method of its name, and the update itself is an argument. \
         This table is made from the code; the test `every_kind_reaches_its_handler_and_no_other`\nsends one of each kind through a router \
         of exactly these handlers, with a bot of the sandbox.\n\n\
         | method | Telegram's update | argument | a handler |\n|---|---|---|---|\n",
    );
    for (method, name, of) in TABLE {
        let link = format!("[`{name}`](https://core.telegram.org/constructor/{name})");
        let (argument, handler) = match of.is_empty() {
            true => ("none".to_owned(), format!("`.{method}(async \\|\\| println!(\"{name}\"))`")),
            false => (format!("`types::{of}`"), format!("`.{method}(async \\|update: types::{of}\\| println!(\"{{update:?}}\"))`")),
        };
        // Writing into a string does not fail.
        let _ = writeln!(page, "| `{method}` | {link} | {argument} | {handler} |");
    }
    page
}

#[test]
fn the_table_for_readers_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/updates.md");
    if std::env::var_os("QUADRUPLEX_WRITE").is_some() {
        std::fs::write(path, page()).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == page(),
        "docs/updates.md is not what the code gives; help: QUADRUPLEX_WRITE=1 cargo test -p quadruplex --lib the_table_for_readers"
    );
}
