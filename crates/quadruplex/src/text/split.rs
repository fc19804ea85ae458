//! Cutting a long text into messages.

use super::FormattedText;
use super::entities::{is_whole, range};
use super::formatted::Places;

impl FormattedText {
    /// Cut into texts of at most `limit` UTF-16 code units: where a paragraph ends, or else a line, or else a word, or else between two
    /// characters; a worse place rather than a text of less than half the length. Links, names, code within a line and emoji stay whole if they can; what is bold or quoted goes on in the next text.
    /// The whitespace at which it was cut is left out.
    ///
    /// ```
    /// use quadruplex::{MESSAGE_LENGTH, html};
    ///
    /// let text = html!("<b>one two</b>\nthree");
    /// let cut: Vec<String> = text.split(8).iter().map(|text| text.to_html()).collect();
    /// assert_eq!(cut, ["<b>one two</b>", "three"]);
    /// let cut: Vec<String> = text.split(6).iter().map(|text| text.to_html()).collect();
    /// assert_eq!(cut, ["<b>one</b>", "<b>two</b>", "three"]);
    /// assert_eq!(text.split(MESSAGE_LENGTH), [text]);
    /// ```
    ///
    /// A `limit` below 2 counts as 2, because there are characters of two units.
    pub fn split(&self, limit: usize) -> Vec<Self> {
        let limit = limit.max(2);
        if self.length() <= limit {
            return vec![self.clone()];
        }
        let places = Places::of(&self.text);
        let mut whole: Vec<(usize, usize)> = self.entities.iter().filter(|entity| is_whole(entity)).map(range).collect();
        whole.sort_unstable();
        let mut last = 0;
        let whole = whole.into_iter().map(|(start, end)| {
            last = last.max(places.byte(end));
            (places.byte(start), last)
        });
        let cutter = Cutter { text: &self.text, whole: whole.collect() };
        cutter.ranges(limit).into_iter().map(|(from, to)| self.part(from, to)).collect()
    }
}

struct Cutter<'a> {
    text: &'a str,
    /// What should stay together, from byte to byte, in the order of the text; each ends no earlier than the one before.
    whole: Vec<(usize, usize)>,
}

/// A place to cut, better ones last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Character,
    Word,
    Line,
    Paragraph,
}

impl Cutter<'_> {
    fn ranges(&self, limit: usize) -> Vec<(usize, usize)> {
        let mut ranges = Vec::new();
        let mut from = 0;
        while from < self.text.len() {
            let (cut, next) = self.cut(from, limit);
            let to = from + self.text[from..cut].trim_end().len();
            if to > from {
                ranges.push((from, to));
            }
            // Empty lines at the beginning would be shown.
            from = next + self.text[next..].bytes().take_while(|byte| *byte == b'\n' && next > cut).count();
        }
        ranges
    }

    /// Where the text that begins at `from` ends, and where the next one begins.
    fn cut(&self, from: usize, limit: usize) -> (usize, usize) {
        let rest = &self.text[from..];
        let (mut length, mut fits) = (0, rest.len());
        for (at, char) in rest.char_indices() {
            length += char.len_utf16();
            if length > limit {
                fits = at;
                break;
            }
        }
        if fits == rest.len() {
            return (self.text.len(), self.text.len());
        }
        // The best place in the second half, or else the best at all: messages of a few words each are no improvement.
        let places = || self.places(from, from + fits);
        let late = places().filter(|(_, cut, _)| *cut >= from + fits / 2).max();
        let best = late.filter(|(kind, ..)| *kind > Kind::Character).or_else(|| places().max());
        match best {
            Some((_, cut, next)) => (cut, next),
            // One thing that is longer than a message.
            None => (from + fits, from + fits),
        }
    }

    /// Places to cut between `from` and `most`: how good, where the text ends, where the next begins.
    fn places(&self, from: usize, most: usize) -> impl Iterator<Item = (Kind, usize, usize)> {
        let chars = self.text[from..].char_indices().map(move |(at, char)| (from + at, char));
        chars.take_while(move |(at, _)| *at <= most).skip(1).filter(|(at, _)| self.is_free(*at)).map(move |(at, char)| match char {
            '\n' if self.text[..at].ends_with('\n') || self.text[at + 1..].starts_with('\n') => (Kind::Paragraph, at, at + 1),
            '\n' => (Kind::Line, at, at + 1),
            _ if char.is_whitespace() => (Kind::Word, at, at + char.len_utf8()),
            _ => (Kind::Character, at, at),
        })
    }

    fn is_free(&self, at: usize) -> bool {
        let before = self.whole.partition_point(|(start, _)| *start < at);
        before.checked_sub(1).is_none_or(|last| self.whole[last].1 <= at)
    }
}
