//! Bodies for fuzz targets. Whatever the bytes: no panic, no endless loop, nothing invented.

use bytes::BytesMut;
use rand_core::{Infallible, TryRng};

use super::{ClientFramer, Frame, ServerFramer, Transport};

/// Gives `data` to a client of every transport, plain and obfuscated.
pub fn client(data: &[u8]) {
    for transport in [Transport::Abridged, Transport::Intermediate, Transport::PaddedIntermediate, Transport::Full] {
        read_as_client(ClientFramer::new(transport), data);
        if let Ok(obfuscated) = ClientFramer::obfuscated(transport, 2, None, &mut Zero) {
            read_as_client(obfuscated, data);
        }
    }
}

/// Lets a server recognise `data`, and read on.
pub fn server(data: &[u8]) {
    let mut input = BytesMut::from(data);
    let Ok(Some(mut framer)) = ServerFramer::accept(&mut input) else { return };
    loop {
        let before = input.len();
        let Ok(Some(received)) = framer.next(&mut input) else { return };
        assert!(received.packet.len() <= before - input.len(), "a packet longer than what was read");
        assert!(input.len() < before, "a packet from nothing");
    }
}

fn read_as_client(mut framer: ClientFramer, data: &[u8]) {
    let mut input = BytesMut::from(data);
    loop {
        let before = input.len();
        let Ok(Some(frame)) = framer.next(&mut input) else { return };
        assert!(input.len() < before, "a frame from nothing");
        if let Frame::Packet(packet) = frame {
            assert!(packet.len() <= before - input.len(), "a packet longer than what was read");
        }
    }
}

/// A generator without surprises.
pub(crate) struct Zero;

impl TryRng for Zero {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0)
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        dst.fill(0);
        Ok(())
    }
}
