use bytes::{Buf, BytesMut};

use super::{ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, FakeTlsError, RECORD_HEADER, header};

/// What goes into one record at the most; TDLib and mtcute write no longer ones, so that every proxy takes them.
const MAX_DATA: usize = 2878;

/// The records of a stream after the handshake, in both directions.
#[derive(Debug)]
pub struct Records {
    /// Whether a client has yet to write what ends its handshake.
    begins: bool,
}

impl Records {
    /// The client's end.
    pub fn client() -> Self {
        Self { begins: true }
    }

    /// The server's end.
    pub fn server() -> Self {
        Self { begins: false }
    }

    /// Appends data in records to `out`.
    pub fn wrap(&mut self, data: &[u8], out: &mut Vec<u8>) {
        if std::mem::take(&mut self.begins) {
            out.extend([CHANGE_CIPHER_SPEC, 3, 3, 0, 1, 1]);
        }
        for data in data.chunks(MAX_DATA) {
            out.extend([APPLICATION_DATA, 3, 3]);
            out.extend((data.len() as u16).to_be_bytes());
            out.extend(data);
        }
    }

    /// Takes the data of all records off the front of `input` that have come whole, and appends it to `data`.
    ///
    /// # Errors
    /// What came is no record of application data.
    pub fn unwrap(&mut self, input: &mut BytesMut, data: &mut BytesMut) -> Result<(), FakeTlsError> {
        while let Some((kind, len)) = header(input)?
            && input.len() >= RECORD_HEADER + len
        {
            input.advance(RECORD_HEADER);
            let content = input.split_to(len);
            match kind {
                APPLICATION_DATA if data.is_empty() => *data = content,
                APPLICATION_DATA => data.extend_from_slice(&content),
                // A client's end of the handshake.
                CHANGE_CIPHER_SPEC => {}
                ALERT => return Err(FakeTlsError::Alert(content.get(1).copied().unwrap_or_default())),
                _ => return Err(FakeTlsError::Record { kind, len }),
            }
        }
        Ok(())
    }
}
