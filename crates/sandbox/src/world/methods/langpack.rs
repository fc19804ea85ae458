//! `langpack.*`: there is one language, and it has no strings.

use quadruplex_tl_schema::{Object, Value};

use super::super::dispatch::{Access, Answer, Call, Method};
use super::method;

pub(crate) const METHODS: &[Method] = &[
    method("langpack.getDifference", Access::Open, difference),
    method("langpack.getLangPack", Access::Open, difference),
    method("langpack.getLanguage", Access::Open, |_| Ok(english().into())),
    method("langpack.getLanguages", Access::Open, |_| Ok(vec![english()].into())),
    method("langpack.getStrings", Access::Open, |_| Ok(Value::Vector(Vec::new()))),
];

fn difference(call: &mut Call<'_>) -> Answer {
    let strings = Value::Vector(Vec::new());
    let object = Object::new("langPackDifference").with("lang_code", call.text("lang_code"));
    Ok(object.with("from_version", call.int("from_version")).with("version", 1).with("strings", strings).into())
}

fn english() -> Object {
    Object::new("langPackLanguage")
        .with("official", true)
        .with("name", "English")
        .with("native_name", "English")
        .with("lang_code", "en")
        .with("plural_code", "en")
        .with("strings_count", 0)
        .with("translated_count", 0)
        .with("translations_url", "https://translations.telegram.org/en/")
}
