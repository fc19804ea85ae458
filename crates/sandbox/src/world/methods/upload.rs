//! `upload.*`: parts of files, up and down.

use quadruplex_tl_schema::Object;

use super::super::dispatch::{Access, Answer, Call, Method};
use super::super::files::{Location, unreadable, unwritable};
use super::super::state::rows::{File, Part, Upload};
use super::super::{RpcError, error};
use super::method;

pub(crate) const METHODS: &[Method] = &[
    method("upload.getFile", Access::Anywhere, get_file),
    method("upload.saveBigFilePart", Access::Home, save_big_part),
    method("upload.saveFilePart", Access::Home, save_part),
];

const MAX_PART: i32 = 512 << 10;
const MAX_PARTS: i32 = 4000;
const MAX_LIMIT: i32 = 1 << 20;
/// How exactly it is noted when a part came: not every part changes the row of its file.
const TOUCH_SECONDS: i32 = 60;

fn save_part(call: &mut Call<'_>) -> Answer {
    save(call, None)
}

fn save_big_part(call: &mut Call<'_>) -> Answer {
    let total = call.int("file_total_parts");
    if total != -1 && !(1..=MAX_PARTS).contains(&total) {
        return Err(error::FILE_PARTS_INVALID);
    }
    save(call, Some(total))
}

fn save(call: &mut Call<'_>, total: Option<i32>) -> Answer {
    let (me, file_id, part) = (call.me, call.long("file_id"), call.int("file_part"));
    let size = i32::try_from(call.bytes("bytes").len()).unwrap_or(i32::MAX);
    if !(0..MAX_PARTS).contains(&part) || total.is_some_and(|total| total > 0 && part >= total) {
        return Err(error::FILE_PART_INVALID);
    }
    if size == 0 {
        return Err(error::FILE_PART_EMPTY);
    }
    if size > MAX_PART {
        return Err(error::FILE_PART_TOO_BIG);
    }
    let old = call.world.state.tables.uploads.get(&(me, file_id)).filter(|upload| upload.done.is_none()).cloned();
    let upload = match old {
        Some(upload) => upload,
        None => {
            call.world.collect_uploads(call.date());
            let meta = call.world.state.meta();
            meta.blobs += 1;
            Upload { blob: meta.blobs, total, ..Upload::default() }
        }
    };
    check_size(call, part, size, total)?;
    // A client that does not know the length says so with -1 and tells the number with the last part.
    let total = if total == Some(-1) { upload.total.or(total) } else { total };
    call.world.state.write_part(upload.blob, part, call.bytes("bytes")).map_err(|error| unwritable(&error))?;
    call.world.state.tables.parts.insert((me, file_id, part), Part(size));
    let stale = upload.touched + TOUCH_SECONDS <= call.date();
    if stale || upload.total != total || !call.world.state.tables.uploads.contains(&(me, file_id)) {
        call.world.state.tables.uploads.insert((me, file_id), Upload { total, touched: call.date(), ..upload });
    }
    Ok(true.into())
}

/// Checks the size of a part against those that are there: all but the last are of one good size.
fn check_size(call: &Call<'_>, part: i32, size: i32, total: Option<i32>) -> Result<(), RpcError> {
    let (me, file_id) = (call.me, call.long("file_id"));
    let there = call.world.state.tables.parts.range((me, file_id, 0)..=(me, file_id, i32::MAX));
    let sizes: Vec<(i32, i32)> =
        there.map(|(&(_, _, part), size)| (part, size.0)).filter(|(there, _)| *there != part).chain([(part, size)]).collect();
    let full = sizes.iter().map(|(_, size)| *size).max().unwrap_or(size);
    let last = sizes.iter().map(|(part, _)| *part).max().unwrap_or(part);
    if sizes.iter().any(|(part, size)| *size != full && *part != last) {
        return Err(error::FILE_PART_SIZE_CHANGED);
    }
    let may_be_last = sizes.len() == 1 && total.is_none_or(|total| total < 0 || part == total - 1);
    let good = full % 1024 == 0 && MAX_PART % full == 0;
    if good || may_be_last { Ok(()) } else { Err(error::FILE_PART_SIZE_INVALID) }
}

fn get_file(call: &mut Call<'_>) -> Answer {
    let (offset, limit, precise) = (call.long("offset"), call.int("limit"), call.flag("precise"));
    let unit = if precise { 1024 } else { 4096 };
    if limit <= 0 || limit > MAX_LIMIT || limit % unit != 0 || !precise && MAX_LIMIT % limit != 0 {
        return Err(error::LIMIT_INVALID);
    }
    if offset < 0 || offset % i64::from(unit) != 0 {
        return Err(error::OFFSET_INVALID);
    }
    let window = i64::from(MAX_LIMIT);
    if offset / window != offset.saturating_add(i64::from(limit) - 1) / window {
        return Err(error::LIMIT_INVALID);
    }
    let file = locate(call)?;
    if file.dc != call.caller.dc {
        return Err(error::file_migrate(file.dc));
    }
    let length = (file.size - offset).clamp(0, i64::from(limit)) as usize;
    let bytes = call.world.state.read_file(file.blob, file.part_size, offset, length).map_err(|error| unreadable(&error))?;
    let kind = Object::new(if file.photo { "storage.fileJpeg" } else { "storage.filePartial" });
    Ok(Object::new("upload.file").with("type", kind).with("mtime", file.date).with("bytes", bytes).into())
}

/// The file that the request names, if it may be read.
fn locate(call: &Call<'_>) -> Result<File, RpcError> {
    let input = call.object("location")?;
    let id = input.long("id").unwrap_or_default();
    match input.name.as_str() {
        "inputDocumentFileLocation" | "inputPhotoFileLocation" => {
            let access_hash = input.long("access_hash").unwrap_or_default();
            let reference = input.bytes("file_reference").unwrap_or_default();
            let file = call.world.located(&Location { id, access_hash, reference }, call.date())?;
            let thumb = input.string("thumb_size").unwrap_or_default();
            let fits = if file.photo { matches!(thumb, "m" | "x") } else { thumb.is_empty() };
            if file.photo == input.is("inputPhotoFileLocation") && fits { Ok(file.clone()) } else { Err(error::LOCATION_INVALID) }
        }
        "inputPeerPhotoFileLocation" => {
            let peer = call.world.input_peer(call.me, input.object("peer").ok_or(error::PEER_ID_INVALID)?)?;
            let id = input.long("photo_id").unwrap_or_default();
            let photo = call.world.photo_of(peer).filter(|photo| *photo == id);
            photo.and_then(|id| call.world.state.tables.files.get(&id)).cloned().ok_or(error::LOCATION_INVALID)
        }
        _ => Err(error::LOCATION_INVALID),
    }
}
