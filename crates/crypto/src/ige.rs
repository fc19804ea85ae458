//! AES-256 in IGE (infinite garble extension) mode, in place.
//!
//! Each block is chained with the ciphertext and the plaintext of the block before:
//! `c[i] = E(p[i] ⊕ c[i-1]) ⊕ p[i-1]`. The 32 bytes of `iv` are `c[-1] ‖ p[-1]`. There is no authentication: what
//! decrypts is not yet what was sent, see [`message`](crate::message).

use std::fmt;

use aes::cipher::consts::U16;
use aes::cipher::{
    Array, BlockCipherDecBackend, BlockCipherDecClosure, BlockCipherDecrypt, BlockCipherEncBackend, BlockCipherEncClosure,
    BlockCipherEncrypt, BlockSizeUser, KeyInit,
};
use aes::{Aes256Dec, Aes256Enc};

/// The length of one AES block, in bytes.
pub const BLOCK: usize = 16;

/// How much plaintext is shown at a time: what a hash takes at once.
const SHOWN: usize = 64;

type Block = [u8; BLOCK];

/// Encrypts `data` in place.
///
/// ```
/// use quadruplex_crypto::ige;
///
/// let (key, iv) = ([1; 32], [2; 32]);
/// let mut data = *b"sixteen bytes...";
/// ige::encrypt(&key, &iv, &mut data)?;
/// assert_ne!(&data, b"sixteen bytes...");
/// ige::decrypt(&key, &iv, &mut data)?;
/// assert_eq!(&data, b"sixteen bytes...");
/// assert!(ige::encrypt(&key, &iv, &mut data[..15]).is_err());
/// # Ok::<(), ige::NotWholeBlocks>(())
/// ```
///
/// # Errors
/// [`NotWholeBlocks`] when the length is no multiple of 16; `data` is untouched then.
pub fn encrypt(key: &[u8; 32], iv: &[u8; 32], data: &mut [u8]) -> Result<(), NotWholeBlocks> {
    let blocks = whole_blocks(data)?;
    Aes256Enc::new(&Array(*key)).encrypt_with_backend(Chain { previous: split(iv), blocks });
    Ok(())
}

/// Decrypts `data` in place.
///
/// # Errors
/// [`NotWholeBlocks`] when the length is no multiple of 16; `data` is untouched then.
pub fn decrypt(key: &[u8; 32], iv: &[u8; 32], data: &mut [u8]) -> Result<(), NotWholeBlocks> {
    decrypt_showing(key, iv, data, |_| {})
}

/// Decrypts `data` in place and shows the plaintext in order, [`SHOWN`] bytes at a time, while it goes on.
///
/// In this mode every block waits for the one before, and most of the processor waits with it. What is done with the plaintext on the
/// way costs next to nothing: its SHA-256 is for free where both have instructions of their own.
pub(crate) fn decrypt_showing(key: &[u8; 32], iv: &[u8; 32], data: &mut [u8], show: impl FnMut(&[u8])) -> Result<(), NotWholeBlocks> {
    let blocks = whole_blocks(data)?;
    Aes256Dec::new(&Array(*key)).decrypt_with_backend(Showing { chain: Chain { previous: split(iv), blocks }, show });
    Ok(())
}

/// The data is not a whole number of 16-byte blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotWholeBlocks {
    /// The length that was given, in bytes.
    pub len: usize,
}

impl fmt::Display for NotWholeBlocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes are no whole number of 16-byte blocks", self.len)
    }
}

impl std::error::Error for NotWholeBlocks {}

/// The walk over the blocks. As a closure of the cipher it is compiled into the function that has AES instructions enabled,
/// so that neither key schedule nor dispatch is paid per block.
struct Chain<'a> {
    /// Ciphertext and plaintext of the block before.
    previous: (Block, Block),
    blocks: &'a mut [Block],
}

/// The same, which shows what it decrypts.
struct Showing<'a, F> {
    chain: Chain<'a>,
    show: F,
}

impl BlockSizeUser for Chain<'_> {
    type BlockSize = U16;
}

impl<F> BlockSizeUser for Showing<'_, F> {
    type BlockSize = U16;
}

impl BlockCipherEncClosure for Chain<'_> {
    #[inline(always)]
    fn call<B: BlockCipherEncBackend<BlockSize = U16>>(self, aes: &B) {
        let (mut ciphertext, mut plaintext) = self.previous;
        for block in self.blocks {
            let next = *block;
            let mut work = Array(xor(next, ciphertext));
            aes.encrypt_block_inplace(&mut work);
            ciphertext = xor(work.0, plaintext);
            plaintext = next;
            *block = ciphertext;
        }
    }
}

impl<F: FnMut(&[u8])> BlockCipherDecClosure for Showing<'_, F> {
    #[inline(always)]
    fn call<B: BlockCipherDecBackend<BlockSize = U16>>(self, aes: &B) {
        let Self { chain, mut show } = self;
        let (mut ciphertext, mut plaintext) = chain.previous;
        for blocks in chain.blocks.chunks_mut(SHOWN / BLOCK) {
            for block in &mut *blocks {
                let next = *block;
                let mut work = Array(xor(next, plaintext));
                aes.decrypt_block_inplace(&mut work);
                plaintext = xor(work.0, ciphertext);
                ciphertext = next;
                *block = plaintext;
            }
            show(blocks.as_flattened());
        }
    }
}

/// Byte by byte: what the compiler makes of this stays in one vector register, where a `u128` would go through two of the others, and
/// back, once for every block that the next one waits for.
#[inline(always)]
fn xor(one: Block, other: Block) -> Block {
    std::array::from_fn(|i| one[i] ^ other[i])
}

fn whole_blocks(data: &mut [u8]) -> Result<&mut [Block], NotWholeBlocks> {
    let len = data.len();
    match data.as_chunks_mut() {
        (blocks, []) => Ok(blocks),
        _ => Err(NotWholeBlocks { len }),
    }
}

fn split(iv: &[u8; 32]) -> (Block, Block) {
    let half = |at: usize| std::array::from_fn(|i| iv[at + i]);
    (half(0), half(BLOCK))
}
