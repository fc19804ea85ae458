//! What is attached: `InputMedia` into what a message keeps.

use quadruplex_tl_schema::{Object, Value};

use super::super::super::dispatch::{Access, Answer, Call, Method};
use super::super::super::files::Location;
use super::super::super::state::rows::Media;
use super::super::super::state::tl::Tl;
use super::super::super::{RpcError, error};
use super::super::method;
use super::polls;

pub(crate) const METHODS: &[Method] = &[method("messages.uploadMedia", Access::Home, upload_media)];

fn upload_media(call: &mut Call<'_>) -> Answer {
    call.world.input_peer(call.me, call.object("peer")?)?;
    let input = call.object("media")?.clone();
    let media = attach(call, &input)?;
    Ok(call.world.view(call.me, call.date()).media(&media).into())
}

/// What an `InputMedia` becomes.
pub(crate) fn attach(call: &mut Call<'_>, input: &Object) -> Result<Media, RpcError> {
    let (me, date) = (call.me, call.date());
    let (spoiler, ttl) = (input.flag("spoiler"), input.int("ttl_seconds"));
    let file = |name| input.object(name).ok_or(error::MEDIA_INVALID);
    match input.name.as_str() {
        "inputMediaUploadedPhoto" => {
            let file = call.world.make_photo(me, file("file")?, date)?;
            Ok(Media::Photo { file, spoiler, ttl })
        }
        "inputMediaUploadedDocument" => {
            let attributes = input.objects("attributes").cloned().map(Tl).collect();
            let mime = input.string("mime_type").unwrap_or_default();
            let file = call.world.make_document(me, file("file")?, mime, attributes, date)?;
            Ok(Media::Document { file, spoiler, ttl })
        }
        "inputMediaPhoto" => Ok(Media::Photo { file: known_file(call, file("id")?, true)?, spoiler, ttl }),
        "inputMediaDocument" => Ok(Media::Document { file: known_file(call, file("id")?, false)?, spoiler, ttl }),
        "inputMediaPoll" => polls::attach(call, input),
        "inputMediaContact" => contact(call, input),
        "inputMediaGeoPoint" => Ok(other(Object::new("messageMediaGeo").with("geo", geo(input)))),
        "inputMediaVenue" => {
            let fields = ["title", "address", "provider", "venue_id", "venue_type"];
            let venue = Object::new("messageMediaVenue").with("geo", geo(input));
            Ok(other(fields.into_iter().fold(venue, |venue, field| venue.with_some(field, input.get(field).cloned()))))
        }
        "inputMediaDice" => {
            let sides = if input.string("emoticon") == Some("🎰") { 64 } else { 6 };
            let value = (call.world.state.random() % sides + 1) as i32;
            let emoticon = input.string("emoticon").unwrap_or_default();
            Ok(other(Object::new("messageMediaDice").with("value", value).with("emoticon", emoticon)))
        }
        _ => Err(error::MEDIA_INVALID),
    }
}

fn other(object: Object) -> Media {
    Media::Other(Tl(object))
}

/// A file that is stored already, by `InputPhoto` or `InputDocument`.
pub(crate) fn known_file(call: &Call<'_>, input: &Object, photo: bool) -> Result<i64, RpcError> {
    let id = input.long("id").unwrap_or_default();
    let access_hash = input.long("access_hash").unwrap_or_default();
    let reference = input.bytes("file_reference").unwrap_or_default();
    let file = call.world.located(&Location { id, access_hash, reference }, call.date());
    match file {
        Ok(file) if file.photo == photo => Ok(id),
        Ok(_) => Err(error::MEDIA_INVALID),
        Err(problem) if problem == error::FILE_ID_INVALID => Err(error::MEDIA_EMPTY),
        Err(error) => Err(error),
    }
}

fn contact(call: &Call<'_>, input: &Object) -> Result<Media, RpcError> {
    let phone = input.string("phone_number").unwrap_or_default();
    let user = call.world.by_phone(phone).unwrap_or(0);
    let fields = ["phone_number", "first_name", "last_name", "vcard"];
    let contact = Object::new("messageMediaContact").with("user_id", user);
    Ok(other(fields.into_iter().fold(contact, |contact, field| contact.with_some(field, input.get(field).cloned()))))
}

pub(crate) fn geo(input: &Object) -> Object {
    let empty = Object::new("geoPointEmpty");
    let Some(point) = input.object("geo_point").filter(|point| point.is("inputGeoPoint")) else { return empty };
    let degrees = |name| point.get(name).cloned().unwrap_or(Value::Double(0.0));
    Object::new("geoPoint").with("long", degrees("long")).with("lat", degrees("lat")).with("access_hash", 0)
}
