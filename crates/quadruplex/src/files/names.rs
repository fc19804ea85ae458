//! Names of files that come from outside, and what their endings mean.

/// The longest name that is written, in bytes: file systems take 255, and ours get endings of their own.
const LONGEST: usize = 200;

/// Endings and what they stand for; the first ending of a type is the one it is given.
const TYPES: [(&str, &str); 36] = [
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("png", "image/png"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("bmp", "image/bmp"),
    ("svg", "image/svg+xml"),
    ("heic", "image/heic"),
    ("tiff", "image/tiff"),
    ("mp4", "video/mp4"),
    ("webm", "video/webm"),
    ("mkv", "video/x-matroska"),
    ("mov", "video/quicktime"),
    ("avi", "video/x-msvideo"),
    ("mp3", "audio/mpeg"),
    ("oga", "audio/ogg"),
    ("ogg", "audio/ogg"),
    ("opus", "audio/opus"),
    ("m4a", "audio/mp4"),
    ("flac", "audio/flac"),
    ("wav", "audio/wav"),
    ("wav", "audio/x-wav"),
    ("pdf", "application/pdf"),
    ("zip", "application/zip"),
    ("gz", "application/gzip"),
    ("7z", "application/x-7z-compressed"),
    ("tar", "application/x-tar"),
    ("json", "application/json"),
    ("xml", "application/xml"),
    ("tgs", "application/x-tgsticker"),
    ("epub", "application/epub+zip"),
    ("apk", "application/vnd.android.package-archive"),
    ("txt", "text/plain"),
    ("html", "text/html"),
    ("csv", "text/csv"),
    ("md", "text/markdown"),
];

/// What a file of this name probably is.
pub(crate) fn mime_of(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    TYPES.iter().find(|(known, _)| known.eq_ignore_ascii_case(ending)).map_or("application/octet-stream", |(_, mime)| mime)
}

/// A name for a file that has none: `photo_5.jpg`.
pub(super) fn invented(what: &str, id: i64, mime: &str) -> String {
    let ending = TYPES.iter().find(|(_, known)| *known == mime).map_or("bin", |(ending, _)| ending);
    format!("{what}_{id}.{ending}")
}

/// A name that is only a name, on every system: no directories, no control characters, nothing that Windows reserves, not too long.
/// `None` if nothing is left of it.
pub(super) fn harmless(name: &str) -> Option<String> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_harmful = |c: char| c.is_control() || matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*' | '\u{202a}'..='\u{202e}');
    let name: String = name.chars().map(|c| if is_harmful(c) { '_' } else { c }).collect();
    let name = name.trim_matches(|c: char| c.is_whitespace() || c == '.');
    if name.is_empty() {
        return None;
    }
    let (stem, ending) = split(name);
    let reserved = ["con", "prn", "aux", "nul", "com", "lpt"].iter().any(|device| {
        let first = stem.split('.').next().unwrap_or_default().to_ascii_lowercase();
        first.strip_prefix(device).is_some_and(|rest| match *device {
            "com" | "lpt" => rest.len() == 1 && rest.as_bytes()[0].is_ascii_digit(),
            _ => rest.is_empty(),
        })
    });
    let ending = cut(ending, 20);
    let stem = cut(stem, LONGEST - ending.len());
    Some(format!("{}{stem}{ending}", if reserved { "_" } else { "" }))
}

/// The name with something before its ending.
pub(super) fn with_suffix(name: &str, suffix: &str) -> String {
    let (stem, ending) = split(name);
    format!("{stem}{suffix}{ending}")
}

/// The stem, and the ending with its dot.
fn split(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(at) if at > 0 => name.split_at(at),
        _ => (name, ""),
    }
}

fn cut(text: &str, len: usize) -> &str {
    &text[..text.floor_char_boundary(len)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_outside_stay_in_their_directory() {
        let check = |name: &str, expect: Option<&str>| assert_eq!(harmless(name).as_deref(), expect, "{name:?}");
        check("report.pdf", Some("report.pdf"));
        check("../../etc/passwd", Some("passwd"));
        check("C:\\Windows\\system.ini", Some("system.ini"));
        check("..", None);
        check(" . ", None);
        check("a\0b\n.txt", Some("a_b_.txt"));
        check("nul.txt", Some("_nul.txt"));
        check("COM1", Some("_COM1"));
        check("comic.txt", Some("comic.txt"));
        check("exe.\u{202e}gpj.exe", Some("exe._gpj.exe"));
        check("trailing. ", Some("trailing"));
        check("имя файла.txt", Some("имя файла.txt"));
        let long = harmless(&format!("{}.tar", "ж".repeat(300))).unwrap();
        assert!(long.len() <= LONGEST && long.ends_with(".tar"), "{} bytes", long.len());
    }

    #[test]
    fn endings_and_types_go_both_ways() {
        assert_eq!(mime_of("A.JPG"), "image/jpeg");
        assert_eq!(mime_of("noending"), "application/octet-stream");
        assert_eq!(invented("photo", 5, "image/jpeg"), "photo_5.jpg");
        assert_eq!(invented("file", 5, "made/up"), "file_5.bin");
        assert_eq!(with_suffix("a.tar.gz", "-7"), "a.tar-7.gz");
        assert_eq!(with_suffix(".hidden", "-7"), ".hidden-7");
    }
}
