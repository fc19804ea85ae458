//! What Telegram keeps of the spans that it is given.

use std::cmp::Reverse;

use crate::{Span, Style};

const TOGGLES: [Style; 5] = [Style::Bold, Style::Italic, Style::Underline, Style::Strike, Style::Spoiler];

pub(crate) fn spans(text: &str, spans: Vec<Span>) -> Vec<Span> {
    let mut spans = inside(text, spans);
    sort(&mut spans);
    let (toggles, rest): (Vec<Span>, Vec<Span>) = spans.into_iter().partition(|span| span.style.is_toggle());
    let (mut quotes, mut whole): (Vec<Span>, Vec<Span>) = rest.into_iter().partition(|span| span.style.is_quote());
    drop_overlapping(&mut quotes);
    drop_overlapping(&mut whole);
    whole.retain(|span| fits_quotes(span, &quotes));
    let code: Vec<(usize, usize)> = whole.iter().filter(|span| span.style.is_code()).map(|span| (span.offset, span.end())).collect();
    let mut kept = Vec::new();
    for style in TOGGLES {
        let same = toggles.iter().filter(|span| span.style == style).map(|span| (span.offset, span.end()));
        for (offset, end) in without(&joined(same), &code) {
            kept.push(Span { offset, length: end - offset, style: style.clone() });
        }
    }
    kept.extend(quotes);
    kept.extend(whole);
    sort(&mut kept);
    kept
}

fn sort(spans: &mut [Span]) {
    spans.sort_by_key(|span| (span.offset, Reverse(span.length), span.style.rank()));
}

/// Cut to the text and to borders of characters, which are in the middle of no pair of units.
fn inside(text: &str, spans: Vec<Span>) -> Vec<Span> {
    let (mut length, mut middles) = (0, Vec::new());
    for char in text.chars() {
        if char.len_utf16() == 2 {
            middles.push(length + 1);
        }
        length += char.len_utf16();
    }
    let is_middle = |place: usize| middles.binary_search(&place).is_ok();
    let cut = spans.into_iter().filter_map(|span| {
        let (mut start, mut end) = (span.offset.min(length), span.end().min(length));
        start += usize::from(is_middle(start));
        end -= usize::from(is_middle(end));
        (start < end).then(|| Span { offset: start, length: end - start, style: span.style })
    });
    cut.collect()
}

/// Of sorted spans that overlap the first stays.
fn drop_overlapping(spans: &mut Vec<Span>) {
    let mut taken = 0;
    spans.retain(|span| {
        let free = span.offset >= taken;
        if free {
            taken = span.end();
        }
        free
    });
}

/// Whether a span is in one quote altogether, or in none.
fn fits_quotes(span: &Span, quotes: &[Span]) -> bool {
    let after = quotes.partition_point(|quote| quote.end() <= span.offset);
    quotes.get(after).is_none_or(|quote| quote.offset >= span.end() || quote.offset <= span.offset && span.end() <= quote.end())
}

/// Sorted ranges, with those that touch made one.
fn joined(ranges: impl Iterator<Item = (usize, usize)>) -> Vec<(usize, usize)> {
    let mut joined: Vec<(usize, usize)> = Vec::new();
    for (start, end) in ranges {
        match joined.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => joined.push((start, end)),
        }
    }
    joined
}

/// Sorted ranges without other sorted ranges.
pub(crate) fn without(ranges: &[(usize, usize)], holes: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut rest = Vec::new();
    for &(mut start, end) in ranges {
        let first = holes.partition_point(|hole| hole.1 <= start);
        for hole in holes[first..].iter().take_while(|hole| hole.0 < end) {
            if start < hole.0 {
                rest.push((start, hole.0));
            }
            start = hole.1;
        }
        if start < end {
            rest.push((start, end));
        }
    }
    rest
}
