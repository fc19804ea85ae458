use quadruplex_tl::{Deserialize, Error, Reader};

/// A field that is there if its flag says so.
#[inline(always)]
pub(crate) fn optional<T: Deserialize>(reader: &mut Reader<'_>, is_there: bool) -> Result<Option<T>, Error> {
    match is_there {
        true => T::deserialize(reader).map(Some),
        false => Ok(None),
    }
}
