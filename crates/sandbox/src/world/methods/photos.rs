//! `photos.*`, and the photos of groups and channels.

use quadruplex_tl_schema::{Object, Value};

use super::super::dispatch::{Access, Answer, Call, Method};
use super::super::fanout::{Fanout, Update};
use super::super::files::Location;
use super::super::state::rows::{Action, Peer};
use super::super::{RpcError, error};
use super::method;

pub(crate) const METHODS: &[Method] = &[
    method("channels.editPhoto", Access::Home, edit_channel_photo),
    method("messages.editChatPhoto", Access::Home, edit_chat_photo),
    method("photos.deletePhotos", Access::Home, delete_photos),
    method("photos.getUserPhotos", Access::Home, user_photos),
    method("photos.updateProfilePhoto", Access::Home, update_profile_photo),
    method("photos.uploadProfilePhoto", Access::Home, upload_profile_photo),
];

fn upload_profile_photo(call: &mut Call<'_>) -> Answer {
    let file = call.request.object("file").ok_or(error::PHOTO_FILE_MISSING)?;
    let photo = call.world.make_photo(call.me, file, call.date())?;
    Ok(set_profile_photo(call, Some(photo)))
}

fn update_profile_photo(call: &mut Call<'_>) -> Answer {
    let photo = known_photo(call, call.object("id")?)?;
    Ok(set_profile_photo(call, photo))
}

fn set_profile_photo(call: &mut Call<'_>, photo: Option<i64>) -> Value {
    let me = call.me;
    call.world.state.tables.users.entry_of(&me, |user| user.photo = photo);
    let mut fanout = Fanout::default();
    fanout.tell(me, Update::Seq(Object::new("updateUser").with("user_id", me)));
    call.publish_all(fanout);
    let mut view = call.world.view(me, call.date());
    view.mentioned.insert(Peer::User(me));
    Object::new("photos.photo").with("photo", view.photo(photo.unwrap_or(0))).with("users", view.users()).into()
}

fn delete_photos(call: &mut Call<'_>) -> Answer {
    let mut deleted = Vec::new();
    for input in call.request.objects("id") {
        let photo = known_photo(call, input)?;
        if photo.is_some() && call.world.user(call.me)?.photo == photo {
            call.world.state.tables.users.entry_of(&call.me, |user| user.photo = None);
        }
        deleted.extend(photo);
    }
    Ok(deleted.into())
}

fn user_photos(call: &mut Call<'_>) -> Answer {
    let user = call.world.input_user(call.me, call.object("user_id")?)?;
    let mut view = call.world.view(call.me, call.date());
    view.mentioned.insert(Peer::User(user));
    let photos: Value = call.world.user(user)?.photo.iter().filter(|_| call.int("offset") == 0).map(|photo| view.photo(*photo)).collect();
    Ok(Object::new("photos.photos").with("photos", photos).with("users", view.users()).into())
}

/// The photo of an `InputPhoto`; none if it is empty.
fn known_photo(call: &Call<'_>, input: &Object) -> Result<Option<i64>, RpcError> {
    if input.is("inputPhotoEmpty") {
        return Ok(None);
    }
    let id = input.long("id").unwrap_or_default();
    let access_hash = input.long("access_hash").unwrap_or_default();
    let reference = input.bytes("file_reference").unwrap_or_default();
    let file = call.world.located(&Location { id, access_hash, reference }, call.date());
    match file {
        Ok(file) if file.photo => Ok(Some(id)),
        Ok(_) => Err(error::PHOTO_ID_INVALID),
        Err(problem) if problem == error::FILE_ID_INVALID => Err(error::PHOTO_ID_INVALID),
        Err(problem) => Err(problem),
    }
}

/// What an `InputChatPhoto` becomes.
fn chat_photo(call: &mut Call<'_>) -> Result<Option<i64>, RpcError> {
    let input = call.object("photo")?;
    match input.name.as_str() {
        "inputChatUploadedPhoto" => {
            let file = input.object("file").ok_or(error::PHOTO_FILE_MISSING)?;
            call.world.make_photo(call.me, file, call.date()).map(Some)
        }
        "inputChatPhoto" => known_photo(call, input.object("id").ok_or(error::PHOTO_ID_INVALID)?),
        _ => Ok(None),
    }
}

fn edit_chat_photo(call: &mut Call<'_>) -> Answer {
    let chat = call.long("chat_id");
    if !call.world.in_chat(chat, call.me) {
        return Err(error::CHAT_ID_INVALID);
    }
    call.world.check_may(call.me, Peer::Chat(chat), "change_info")?;
    let photo = chat_photo(call)?;
    call.world.state.tables.chats.entry_of(&chat, |chat| chat.photo = photo);
    Ok(tell(call, Peer::Chat(chat), photo))
}

fn edit_channel_photo(call: &mut Call<'_>) -> Answer {
    let channel = call.world.input_channel(call.me, call.object("channel")?)?;
    call.world.check_may(call.me, Peer::Channel(channel), "change_info")?;
    let photo = chat_photo(call)?;
    call.world.state.tables.channels.entry_of(&channel, |channel| channel.photo = photo);
    Ok(tell(call, Peer::Channel(channel), photo))
}

fn tell(call: &mut Call<'_>, peer: Peer, photo: Option<i64>) -> Value {
    let (me, date) = (call.me, call.date());
    let mut fanout = Fanout::default();
    call.world.post_action(&mut fanout, me, peer, Action::Photo(photo), date);
    call.publish(fanout).into()
}
