use std::pin::Pin;

use pin_project_lite::pin_project;

/// Places for pinned futures, allocated a few at a time. A place keeps its address until all are dropped.
pub(super) struct Chunks<Fut> {
    chunks: Vec<Pin<Box<Chunk<Fut>>>>,
}

impl<Fut> Chunks<Fut> {
    pub(super) fn new() -> Self {
        Self { chunks: Vec::new() }
    }

    /// Makes room for the places below `count`.
    pub(super) fn reserve(&mut self, count: usize) {
        let chunks = count.div_ceil(SIZE);
        self.chunks.reserve(chunks.saturating_sub(self.chunks.len()));
    }

    /// Puts a future in a place and drops what was there; the chunk of the place is made if it is the next one.
    pub(super) fn put(&mut self, place: usize, future: Fut) {
        if place / SIZE == self.chunks.len() {
            self.chunks.push(Box::pin(Chunk::empty()));
        }
        if let Some(mut there) = self.get(place) {
            there.set(Some(future));
        }
    }

    /// What is in a place, if there is such a place.
    pub(super) fn get(&mut self, place: usize) -> Option<Pin<&mut Option<Fut>>> {
        let chunk = self.chunks.get_mut(place / SIZE)?.as_mut().project();
        Some(match place % SIZE {
            0 => chunk.a,
            1 => chunk.b,
            2 => chunk.c,
            3 => chunk.d,
            4 => chunk.e,
            5 => chunk.f,
            6 => chunk.g,
            _ => chunk.h,
        })
    }

    pub(super) fn clear(&mut self) {
        self.chunks.clear();
    }
}

pin_project! {
    /// Fields, because the elements of an array cannot be pinned without unsafe code.
    struct Chunk<Fut> {
        #[pin]
        a: Option<Fut>,
        #[pin]
        b: Option<Fut>,
        #[pin]
        c: Option<Fut>,
        #[pin]
        d: Option<Fut>,
        #[pin]
        e: Option<Fut>,
        #[pin]
        f: Option<Fut>,
        #[pin]
        g: Option<Fut>,
        #[pin]
        h: Option<Fut>,
    }
}

impl<Fut> Chunk<Fut> {
    fn empty() -> Self {
        Self { a: None, b: None, c: None, d: None, e: None, f: None, g: None, h: None }
    }
}

const SIZE: usize = 8;
