//! Keyboards: checked when a bot sends one, and kept in the words of the newest layer.
//!
//! Up to layer 228 each kind of button is a constructor of its own; later ones have a button with a type inside. A keyboard of an
//! old layer is translated when it comes ([`checked`]), and back when it goes to a client of one ([`in_old_words`]).

use quadruplex_tl_schema::{Object, Value};

use super::state::tl::Tl;
use super::{RpcError, World, error};

/// The most buttons of a keyboard.
const MAX_BUTTONS: i32 = 100;
/// The most bytes that a button sends back: <https://core.telegram.org/api/bots/buttons>.
const MAX_DATA: usize = 64;

impl World {
    /// The keyboard of a request as it is kept; an inline keyboard without buttons is none.
    pub(crate) fn checked_keyboard(&self, me: i64, markup: &Object) -> Result<Option<Tl>, RpcError> {
        let inline = markup.is("replyInlineMarkup");
        if !inline && !markup.is("replyKeyboardMarkup") {
            return Ok(Some(Tl(markup.clone())));
        }
        let (row, mut count, mut rows) = (if inline { "keyboardInlineButtonRow" } else { "keyboardButtonRow" }, 0, Vec::new());
        for buttons in markup.objects("rows") {
            let buttons = buttons.objects("buttons").map(|button| self.checked_button(me, in_new_words(button, inline), &mut count));
            let buttons = buttons.collect::<Result<Vec<Object>, RpcError>>()?;
            if !buttons.is_empty() {
                rows.push(Object::new(row).with("buttons", buttons));
            }
        }
        if count > MAX_BUTTONS {
            return Err(error::REPLY_MARKUP_TOO_LONG);
        }
        let mut markup = markup.clone();
        let empty = rows.is_empty();
        markup.set("rows", rows);
        match (empty, inline) {
            (true, true) => Ok(None),
            (true, false) => Err(error::REPLY_MARKUP_INVALID),
            (false, _) => Ok(Some(Tl(markup))),
        }
    }

    fn checked_button(&self, me: i64, button: Object, count: &mut i32) -> Result<Object, RpcError> {
        *count += 1;
        if button.string("text").is_none_or(str::is_empty) {
            return Err(error::REPLY_MARKUP_INVALID);
        }
        let kind = button.object("type").ok_or(error::BUTTON_TYPE_INVALID)?;
        let url = kind.string("url").unwrap_or_default();
        let kind = match kind.name.as_str() {
            "inlineButtonTypeCallback" if !(1..=MAX_DATA).contains(&kind.bytes("data").unwrap_or_default().len()) => {
                return Err(error::BUTTON_DATA_INVALID);
            }
            "inlineButtonTypeUrl" | "inlineButtonTypeWebView" | "buttonTypeSimpleWebView" | "inputInlineButtonTypeUrlAuth"
                if !is_url(url) =>
            {
                return Err(error::BUTTON_URL_INVALID);
            }
            "inlineButtonTypeCopy" if kind.string("copy_text").is_none_or(str::is_empty) => {
                return Err(error::BUTTON_COPY_TEXT_INVALID);
            }
            "inputInlineButtonTypeUserProfile" => {
                let user = kind.object("user_id").and_then(|input| self.input_user(me, input).ok());
                Object::new("inlineButtonTypeUserProfile").with("user_id", user.ok_or(error::BUTTON_USER_INVALID)?)
            }
            "inputInlineButtonTypeUrlAuth" => Object::new("inlineButtonTypeUrlAuth")
                .with_some("fwd_text", kind.string("fwd_text"))
                .with("url", url)
                .with("button_id", *count),
            "inputButtonTypeRequestPeer" => ["button_id", "peer_type", "max_quantity"]
                .into_iter()
                .fold(Object::new("buttonTypeRequestPeer"), |button, field| button.with_some(field, kind.get(field).cloned())),
            _ => kind.clone(),
        };
        Ok(button.with("type", kind))
    }
}

/// Whether a keyboard has a button that sends these bytes back.
pub(crate) fn sends(markup: &Object, data: &[u8]) -> bool {
    let mut buttons = markup.objects("rows").flat_map(|row| row.objects("buttons"));
    buttons.any(|button| button.object("type").is_some_and(|kind| kind.bytes("data") == Some(data)))
}

fn is_url(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let known = ["http://", "https://", "tg://", "ton://"].iter().any(|scheme| url.starts_with(scheme));
    !rest.is_empty() && !url.contains(char::is_whitespace) && (known || !url.contains("://") && rest.contains('.'))
}

/// A button of any layer as the newest ones say it.
fn in_new_words(button: &Object, inline: bool) -> Object {
    if button.get("type").is_some() {
        return button.clone();
    }
    let (old, new) = match (button.name.as_str(), inline) {
        (name, true) if name.starts_with("input") => ("inputKeyboardButton", "inputInlineButtonType"),
        (name, false) if name.starts_with("input") => ("inputKeyboardButton", "inputButtonType"),
        (_, true) => ("keyboardButton", "inlineButtonType"),
        (_, false) => ("keyboardButton", "buttonType"),
    };
    let kind = button.name.as_str().strip_prefix(old).filter(|kind| !kind.is_empty()).unwrap_or("Default");
    let mut kind = Object::new(format!("{new}{kind}"));
    let mut new = Object::new(if inline { "keyboardInlineButton" } else { "keyboardButton" });
    for (name, value) in &button.fields {
        let of_button = matches!(name.as_str(), "text" | "style");
        (if of_button { &mut new } else { &mut kind }).set(name.clone(), value.clone());
    }
    new.with("type", kind)
}

/// A row or button of the newest layers as layer 228 and those before it say it; `None` if they have no such thing.
pub(crate) fn in_old_words(object: &Object) -> Option<Object> {
    if object.is("keyboardInlineButtonRow") || object.is("keyboardButtonRow") {
        let buttons: Value = object.objects("buttons").filter_map(in_old_words).collect();
        return Some(Object::new("keyboardButtonRow").with("buttons", buttons));
    }
    let kind = object.object("type").filter(|_| object.is("keyboardInlineButton") || object.is("keyboardButton"))?;
    let name = kind.name.as_str();
    let name = name.strip_prefix("inlineButtonType").or_else(|| name.strip_prefix("buttonType")).filter(|name| *name != "Disabled")?;
    let mut old = Object::new(if name == "Default" { "keyboardButton".to_owned() } else { format!("keyboardButton{name}") });
    let own = object.fields.iter().filter(|(name, _)| name.as_str() != "type");
    own.chain(&kind.fields).for_each(|(name, value)| old.set(name.clone(), value.clone()));
    Some(old)
}
