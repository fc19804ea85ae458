//! Bodies for fuzz targets. Whatever the bytes: no panic, spans inside the text, and what is written is read back the same.

use crate::{Marked, units};

/// Reads `data` as both dialects, strictly and leniently.
pub fn markup(data: &[u8]) {
    let source = String::from_utf8_lossy(data);
    let lenient = [Marked::from_html_lenient(&source), Marked::from_markdown_lenient(&source)];
    let strict = [Marked::from_html(&source), Marked::from_markdown(&source)];
    lenient.into_iter().chain(strict.into_iter().flatten()).for_each(|marked| check(&marked));
}

/// Checks what holds of every text that was parsed.
pub fn check(marked: &Marked) {
    let length = units(&marked.text);
    assert!(marked.spans.iter().all(|span| span.length > 0 && span.end() <= length), "a span outside of the text: {marked:?}");
    assert_eq!(&marked.clone().normal(), marked, "parsed, but not normal");
    let html = marked.to_html();
    assert_eq!(Marked::from_html(&html).as_ref(), Ok(marked), "not what was written as {html:?}");
    let markdown = marked.to_markdown();
    let again = Marked::from_markdown(&markdown);
    assert_eq!(again.as_ref().map(Marked::to_markdown).as_ref(), Ok(&markdown), "not what was written as {markdown:?}");
}
