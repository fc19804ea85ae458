//! Formatted text: templates, lengths, what the sandbox makes of it.

use proptest::prelude::*;
use quadruplex::api::{enums, types};
use quadruplex::{Button, Buttons, FormattedText, Keyboard, html, md};
use quadruplex_sandbox::Sandbox;

use crate::common::{person, signed_in};

#[test]
fn what_is_put_into_a_template_is_no_markup() {
    let name = "</b><i>&amp; {}";
    let text = html!("<b>{name}</b>!");
    assert_eq!(text.text, "</b><i>&amp; {}!");
    assert_eq!(text.entities, [types::MessageEntityBold::new(0, 15).into()]);
    let text = md!(r"*{name}*\!");
    assert_eq!(text.entities, [types::MessageEntityBold::new(0, 15).into()]);
    let text = md!("[{name}]({url})", url = "https://a.org/)(");
    assert_eq!(text.entities, [types::MessageEntityTextUrl::new(0, 15, "https://a.org/)(").into()]);
}

#[test]
fn places_are_counted_in_units() {
    let thumbs = "👍👍";
    let text = html!("👍<b>{thumbs}</b>{}<i>{thumbs}</i>", "é");
    assert_eq!(text.text, "👍👍👍é👍👍");
    assert_eq!(text.entities, [types::MessageEntityBold::new(2, 4).into(), types::MessageEntityItalic::new(7, 4).into()]);
    assert_eq!(html!("<b>{}</b>", "").entities, []);
}

#[test]
fn values_of_all_kinds() {
    let (width, inner) = (7, html!("<u>x</u>"));
    let text = html!("{0:>3}|{0}|{width:03}|<b>{inner}{again}</b>|{:?}", "a", again = &inner);
    assert_eq!(text.to_html(), "  a|a|007|<b><u>xx</u></b>|&quot;a&quot;");
    let id = 5_i64;
    assert_eq!(html!("<tg-emoji emoji-id=\"{id}\">👍</tg-emoji>").entities, [types::MessageEntityCustomEmoji::new(0, 2, 5).into()]);
    assert_eq!(html!("<tg-emoji emoji-id=\"{}\">👍</tg-emoji>", "x").entities, [], "an id that is no number is no emoji");
    assert_eq!(html!("{{}}").text, "{}");
}

#[test]
fn every_entity_survives_both_dialects() {
    let source = "<b>b</b> <i>i</i> <u>u</u> <s>s</s> <tg-spoiler>p</tg-spoiler> <a href=\"https://a.org\">a</a> \
        <a href=\"tg://user?id=7\">m</a> <code>c</code> <pre><code class=\"language-c\">d</code></pre> \
        <tg-emoji emoji-id=\"5\">👍</tg-emoji> <tg-time unix=\"9\" format=\"wDT\">t</tg-time>\n<blockquote expandable>q</blockquote>";
    let text = FormattedText::from_html(source).unwrap();
    assert_eq!(text.entities.len(), 12);
    assert!(text.entities.contains(&types::MessageEntityMentionName::new(12, 1, 7).into()), "{text:?}");
    assert_eq!(text.to_html(), source);
    assert_eq!(FormattedText::from_markdown(&text.to_markdown()).unwrap(), text);
    let found = text.clone().with(types::MessageEntityHashtag::new(0, 1));
    assert_eq!(found.to_html(), source, "what Telegram finds by itself needs no markup");
}

#[test]
fn trimming() {
    let check = |html: &str, trimmed: &str| {
        assert_eq!(FormattedText::from_html(html).unwrap().trimmed().to_html(), trimmed, "{html:?}");
    };
    check("  \n a \n", "a");
    check("<b> a </b>  ", "<b> a</b>");
    check("  <pre>  a</pre>", "<pre>  a</pre>");
    check("a <b> \n</b>", "a");
    check("a<b> </b>b", "a b");
    check("\t a", "\t a");
    check(" \n ", "");
}

#[test]
fn long_texts() {
    let check = |html: &str, limit: usize, expected: &[&str]| {
        let cut: Vec<String> = FormattedText::from_html(html).unwrap().split(limit).iter().map(FormattedText::to_html).collect();
        assert_eq!(cut, expected, "{html:?} by {limit}");
    };
    check("", 10, &[""]);
    check("one two three", 8, &["one two", "three"]);
    check("one two\nthree four", 10, &["one two", "three four"]);
    check("one\ntwo three", 10, &["one\ntwo", "three"]);
    check("one two\n\nthree\nfour", 14, &["one two", "three\nfour"]);
    check("aaaaaaaaaa", 4, &["aaaa", "aaaa", "aa"]);
    check("👍👍👍", 3, &["👍", "👍", "👍"]);
    check("<b>one two</b> three", 6, &["<b>one</b>", "<b>two</b>", "three"]);
    check("a <a href=\"x\">b c d</a>", 5, &["a", "<a href=\"x\">b c d</a>"]);
    check("<a href=\"x\">b c d</a>", 4, &["<a href=\"x\">b c</a>", "<a href=\"x\">d</a>"]);
    check("<pre>one\n  two\n\n\n three</pre>", 9, &["<pre>one\n  two</pre>", "<pre> three</pre>"]);
    check("a bbbbbbbbbbb", 8, &["a", "bbbbbbbb", "bbb"]);
    check("        a", 4, &["   a"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cutting_loses_nothing(text in "[ab👍 \n]{0,60}", limit in 2..20_usize, spans in prop::collection::vec((0..60_i32, 1..20_i32, any::<bool>()), 0..5)) {
        let mut whole = FormattedText::from(text.clone());
        for (offset, length, is_code) in spans {
            let entity: enums::MessageEntity = match is_code {
                true => types::MessageEntityCode::new(offset, length).into(),
                false => types::MessageEntityBold::new(offset, length).into(),
            };
            whole = whole.with(entity);
        }
        let solid = |text: &str| text.split_whitespace().collect::<String>();
        let cut = whole.split(limit);
        prop_assert_eq!(cut.iter().map(|part| solid(&part.text)).collect::<String>(), solid(&text));
        prop_assert!(cut.iter().all(|part| part.length() <= limit));
        let styled = |text: &FormattedText| {
            let units: Vec<u16> = text.text.encode_utf16().collect();
            let is_space = |unit: &u16| char::from_u32(u32::from(*unit)).is_some_and(char::is_whitespace);
            let at = |place: usize| {
                let covers = |entity: &enums::MessageEntity| match entity {
                    enums::MessageEntity::Code(code) => (code.offset..code.offset + code.length).contains(&(place as i32)).then_some(1),
                    enums::MessageEntity::Bold(bold) => (bold.offset..bold.offset + bold.length).contains(&(place as i32)).then_some(2),
                    _ => None,
                };
                text.entities.iter().filter_map(covers).collect::<std::collections::BTreeSet<_>>()
            };
            units.iter().enumerate().filter(|(_, unit)| !is_space(unit)).map(|(place, _)| at(place)).collect::<Vec<_>>()
        };
        prop_assert_eq!(cut.iter().flat_map(styled).collect::<Vec<_>>(), styled(&whole));
    }

    #[test]
    fn what_is_put_in_stays_as_it_is(name in any::<String>(), url in any::<String>()) {
        let text = html!("a<a href=\"{url}\"><b>{name}</b></a>b{name}");
        prop_assert_eq!(&text.text, &format!("a{name}b{name}"));
        let text = md!("a[*{name}*]({url})b{name}");
        prop_assert_eq!(&text.text, &format!("a{name}b{name}"));
    }
}

#[tokio::test]
async fn telegram_takes_it() {
    let telegram = Sandbox::start().await.unwrap();
    telegram.create_user(person("Alice", "15550001")).unwrap();
    let bobby = telegram.create_user(person("Bobby", "15550002")).unwrap();
    let alice = signed_in(&telegram, "15550001").await;
    let name = "<Bobby>";

    let sent = alice.send("me", html!("<b>{name}</b>")).await.unwrap();
    assert_eq!(sent.html(), "<b>&lt;Bobby&gt;</b>");
    assert_eq!(sent.markdown(), "*<Bobby\\>*");

    // Who has been met can be mentioned; the client finds the access hash.
    alice.send("@bobby", "hello").await.unwrap();
    let sent = alice.send("me", html!("<a href=\"tg://user?id={bobby}\">{name}</a>, <i>look</i>")).await.unwrap();
    assert_eq!(sent.html(), format!("<a href=\"tg://user?id={bobby}\">&lt;Bobby&gt;</a>, <i>look</i>"));
    let again = alice.send("me", sent.formatted()).await.unwrap();
    assert_eq!(again.html(), sent.html(), "what was received can be sent");
    let nobody = alice.send("me", html!("<a href=\"tg://user?id=99\">nobody</a>, <i>look</i>")).await.unwrap();
    assert_eq!(nobody.html(), "nobody, <i>look</i>", "whom the account cannot name is not mentioned");

    let long = FormattedText::from_html(&format!("<b>{}</b>", "word ".repeat(2000))).unwrap();
    let mut parts = Vec::new();
    for part in alice.send_long("me", long) {
        parts.push(part.await.unwrap());
    }
    assert_eq!(parts.iter().map(|part| part.text().len()).collect::<Vec<_>>(), [4094, 4094, 1809]);
    assert!(parts.iter().all(|part| part.html().starts_with("<b>word ")));
}

#[test]
fn keyboards() {
    let buttons = Buttons::column([("Up", "up"), ("Down", "down")]).and_row([Button::url("Where?", "t.me").primary()]);
    let enums::ReplyMarkup::ReplyInlineMarkup(markup) = buttons.into() else { panic!("buttons are inline") };
    let rows: Vec<Vec<&str>> = markup.rows.iter().map(|row| row.buttons.iter().map(|button| button.text.as_str()).collect()).collect();
    assert_eq!(rows, [["Up"], ["Down"], ["Where?"]]);
    assert_eq!(markup.rows[0].buttons[0].r#type, types::InlineButtonTypeCallback::new(*b"up").into());
    assert!(markup.rows[2].buttons[0].style.as_ref().is_some_and(|style| style.bg_primary));
    let enums::ReplyMarkup::ReplyKeyboardMarkup(keyboard) = Keyboard::row(["Yes", "No"]).once().into() else { panic!("keys") };
    assert!(keyboard.resize && keyboard.single_use && keyboard.rows[0].buttons.len() == 2);
}
