//! From spans, which may overlap, to marks, which are nested.

use std::cmp::Reverse;

use crate::{Marked, Span, Style};

/// Takes text and marks in their order.
pub(crate) trait Marks {
    fn open(&mut self, style: &Style);
    fn close(&mut self, style: &Style);
    fn char(&mut self, char: char);
}

/// Writes `marked`, which is in the normal form, into `marks`. Whatever begins later ends earlier.
pub(crate) fn write(marked: &Marked, marks: &mut impl Marks) {
    let mut open: Vec<&Span> = Vec::new();
    let mut coming = marked.spans.as_slice();
    let mut at = 0;
    for char in marked.text.chars() {
        change(&mut open, &mut coming, at, marks);
        marks.char(char);
        at += char.len_utf16();
    }
    change(&mut open, &mut coming, at, marks);
}

/// Ends what ends here and begins what begins here. What is in the way of either is ended and begun again, which only toggles are.
fn change<'a>(open: &mut Vec<&'a Span>, coming: &mut &'a [Span], at: usize, marks: &mut impl Marks) {
    let begin;
    (begin, *coming) = coming.split_at(coming.iter().take_while(|span| span.offset <= at).count());
    let ending = open.iter().position(|span| span.end() <= at);
    let in_the_way = begin
        .iter()
        .filter(|span| !span.style.is_toggle())
        .filter_map(|span| open.iter().position(|outer| outer.style.is_toggle() && (span.style.is_quote() || outer.end() < span.end())));
    let Some(from) = in_the_way.chain(ending).min().or((!begin.is_empty()).then_some(open.len())) else { return };
    let mut changing = open.split_off(from);
    for span in changing.iter().rev() {
        marks.close(&span.style);
    }
    changing.retain(|span| span.end() > at);
    changing.extend(begin);
    changing.sort_by_key(|span| (!span.style.is_quote(), Reverse(span.end()), span.style.rank()));
    for span in &changing {
        marks.open(&span.style);
    }
    open.append(&mut changing);
}
