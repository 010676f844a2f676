//! Sums: what vouches for a segment's data, block by block.
//!
//! The writer's helper thread writes them when a segment is full, or, for those that
//! threads still hold, when the recording ends: no probe pays for them. What a killed VM
//! was writing has none. They stand in the segment's header ([`crate::segment`]):
//!
//! | offset | size | content |
//! |---|---|---|
//! | 232 | 8 | bytes of data that are summed, from its beginning; 0: none |
//! | 240 | 4 | bytes of a block: a power of two from 4096 |
//! | 244 | 4 | CRC-32 of the 12 bytes before |
//! | 256 | 8 each | of each block, in order: place of the first record that begins in it, in bytes from the block's beginning, or `ffffffff` where none does (4); CRC-32 of those four bytes and of the block's summed bytes (4) |
//!
//! CRC-32 is that of Ethernet, zlib and PNG. Blocks count from the beginning of the data;
//! the last one ends where the sums do, which is always between two records. Data up to
//! the cursor that is not summed was published afterwards.
//!
//! A block whose sum is wrong is damaged, and so is every record that has a byte in it.
//! Behind it, records begin anew at the first place that a sound block names. So damage
//! takes the events that it touches, and whatever is left was written like that.

use crate::record::places;
use crate::segment::{SEGMENT_HEADER, SUMMED_AT};
use crate::words::{u32_at, u64_at};
use std::ops::Range;

/// Offset of the sums of blocks.
pub const TABLE_AT: usize = 256;
/// The most blocks there may be.
pub const MOST_BLOCKS: usize = (SEGMENT_HEADER - TABLE_AT) / 8;

const LEAST_BLOCK: usize = 4096;
const HEAD: Range<usize> = SUMMED_AT..SUMMED_AT + 16;
const NO_RECORD: u32 = u32::MAX;

/// The sums in a segment's header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sums {
    summed: usize,
    block: usize,
    /// First record and sum of each block.
    table: Vec<(u32, u32)>,
}

/// A stretch of a segment's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stretch {
    /// Exactly what was written, from the beginning of a record on. The last record may
    /// lack its end, if what follows is damaged.
    Sound(Range<usize>),
    /// Something else than what was written.
    Damaged(Range<usize>),
    /// Nothing vouches for it.
    Unsummed(Range<usize>),
}

/// The sums contradict themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the segment's sums are damaged")]
pub struct SumsError;

impl Sums {
    /// Of the records at the beginning of `data`, in a segment of this capacity. None when
    /// there are none, or more than any segment holds.
    pub fn of(data: &[u8], capacity: usize) -> Option<Self> {
        let mut sizes = std::iter::successors(Some(LEAST_BLOCK), |size| size.checked_mul(2));
        let block = sizes.find(|size| capacity.div_ceil(*size) <= MOST_BLOCKS)?;
        let (mut firsts, mut summed) = (vec![NO_RECORD; data.len() / block + 1], 0);
        for place in places(data) {
            let first = &mut firsts[place / block];
            *first = (*first).min((place % block) as u32);
            summed = place;
        }
        if summed == 0 || summed > capacity {
            return None;
        }
        let last = &mut firsts[summed / block];
        // The end is no beginning.
        if *last as usize == summed % block {
            *last = NO_RECORD;
        }
        let blocks = data[..summed].chunks(block).zip(firsts);
        Some(Self { summed, block, table: blocks.map(|(bytes, first)| (first, sum(first, bytes))).collect() })
    }

    /// As they stand in a header: the bytes from [`SUMMED_AT`] on, and those from
    /// [`TABLE_AT`] on.
    pub fn encode(&self) -> ([u8; 16], Vec<u8>) {
        let mut head = [0; 16];
        head[..8].copy_from_slice(&(self.summed as u64).to_le_bytes());
        head[8..12].copy_from_slice(&(self.block as u32).to_le_bytes());
        let own = crc32fast::hash(&head[..12]);
        head[12..].copy_from_slice(&own.to_le_bytes());
        let words = self.table.iter().flat_map(|(first, sum)| [first.to_le_bytes(), sum.to_le_bytes()]);
        (head, words.flatten().collect())
    }

    /// The sums that a header has, if it has any.
    ///
    /// # Errors
    /// When there are some, and they contradict themselves.
    pub fn read(header: &[u8]) -> Result<Option<Self>, SumsError> {
        let head = header.get(HEAD).ok_or(SumsError)?;
        if head.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let (summed, block) = (u64_at(head, 0), u32_at(head, 8) as usize);
        if u32_at(head, 12) != crc32fast::hash(&head[..12]) || block < LEAST_BLOCK || !block.is_power_of_two() {
            return Err(SumsError);
        }
        let summed = usize::try_from(summed).map_err(|_| SumsError)?;
        let blocks = summed.div_ceil(block);
        let table = header.get(TABLE_AT..).and_then(|table| table.get(..blocks.checked_mul(8)?)).ok_or(SumsError)?;
        let table = table.chunks_exact(8).map(|entry| (u32_at(entry, 0), u32_at(entry, 4))).collect();
        Ok(Some(Self { summed, block, table }))
    }

    /// How many bytes of data are summed.
    pub fn summed(&self) -> usize {
        self.summed
    }

    /// Compares with `data`, which may lack its end or go on behind the sums. A block
    /// that lacks its end cannot be compared.
    pub fn stretches(&self, data: &[u8]) -> Vec<Stretch> {
        let (mut stretches, mut sound) = (Vec::new(), None::<Range<usize>>);
        let held = data.len().min(self.summed);
        let mut compared = 0;
        for (number, &(first, wanted)) in self.table.iter().enumerate() {
            let (start, end) = (number * self.block, (number * self.block + self.block).min(self.summed));
            let Some(bytes) = data.get(start..end) else { break };
            compared = end;
            if sum(first, bytes) == wanted {
                let begins = (first != NO_RECORD).then_some(start + first as usize);
                sound = sound.map(|run| run.start..end).or(begins.map(|begins| begins.min(end)..end));
            } else {
                stretches.extend(sound.take().map(Stretch::Sound));
                add_damage(&mut stretches, start..end);
            }
        }
        stretches.extend(sound.map(Stretch::Sound));
        if compared < held || self.summed < data.len() {
            stretches.push(Stretch::Unsummed(compared..data.len()));
        }
        stretches
    }
}

fn sum(first: u32, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&first.to_le_bytes());
    hasher.update(bytes);
    hasher.finalize()
}

fn add_damage(stretches: &mut Vec<Stretch>, block: Range<usize>) {
    match stretches.last_mut() {
        Some(Stretch::Damaged(before)) if before.end == block.start => before.end = block.end,
        _ => stretches.push(Stretch::Damaged(block)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, NodeId, Record};

    /// Three blocks of records of 40 bytes, which fit none of them.
    fn data() -> Vec<u8> {
        let (mut data, node) = (Vec::new(), NodeId::from_raw(1).unwrap());
        for ticks in 0..300 {
            let record = Record { kind: Kind::Bind, flags: 0, argc: 1, node, ticks, pid: 3, context: 0, payload: &[7] };
            record.write_to(&mut data);
        }
        data
    }

    fn header(sums: &Sums) -> Vec<u8> {
        let (mut header, (head, table)) = (vec![0; SEGMENT_HEADER], sums.encode());
        header[HEAD].copy_from_slice(&head);
        header[TABLE_AT..TABLE_AT + table.len()].copy_from_slice(&table);
        header
    }

    #[test]
    fn damage_takes_its_block_and_the_next_record_is_known() {
        use Stretch::{Damaged, Sound, Unsummed};
        let data = data();
        let sums = Sums::of(&data, 12_288).unwrap();
        let check = |change: &dyn Fn(&mut Vec<u8>), expected: &[Stretch]| {
            let mut data = data.clone();
            change(&mut data);
            assert_eq!(sums.stretches(&data), expected);
        };
        check(&|_| {}, &[Sound(0..12_000)]);
        check(&|data| data[5] ^= 1, &[Damaged(0..4096), Sound(4120..12_000)]);
        check(&|data| data[5000] ^= 1, &[Sound(0..4096), Damaged(4096..8192), Sound(8200..12_000)]);
        check(&|data| data[11_999] ^= 128, &[Sound(0..8192), Damaged(8192..12_000)]);
        check(&|data| data.iter_mut().for_each(|byte| *byte ^= 1), &[Damaged(0..12_000)]);
        check(&|data| data.truncate(5000), &[Sound(0..4096), Unsummed(4096..5000)]);
        check(&|data| data.extend([0; 40]), &[Sound(0..12_000), Unsummed(12_000..12_040)]);
    }

    #[test]
    fn every_flipped_bit_of_the_sums_is_noticed() {
        let data = data();
        let sums = Sums::of(&data, 12_288).unwrap();
        let sound = header(&sums);
        assert_eq!(Sums::read(&sound), Ok(Some(sums.clone())));
        for bit in SUMMED_AT * 8..(SUMMED_AT + 16) * 8 {
            let mut header = sound.clone();
            header[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Sums::read(&header), Err(SumsError), "bit {bit}");
        }
        for bit in TABLE_AT * 8..(TABLE_AT + 24) * 8 {
            let mut header = sound.clone();
            header[bit / 8] ^= 1 << (bit % 8);
            let stretches = Sums::read(&header).unwrap().unwrap().stretches(&data);
            assert!(stretches.iter().any(|stretch| matches!(stretch, Stretch::Damaged(_))), "bit {bit}");
        }
    }

    #[test]
    fn blocks_grow_with_the_capacity() {
        let block = |capacity: usize| Sums::of(&data()[..40], capacity).unwrap().block;
        assert_eq!((block(64 << 10), block(4 << 20), block(1 << 30)), (4096, 16_384, 4 << 20));
        assert_eq!(Sums::of(&[], 4096), None);
        assert_eq!(Sums::of(&data()[..79], 4096).map(|sums| (sums.summed, sums.table[0].0)), Some((40, 0)));
        assert_eq!(Sums::read(&[0; SEGMENT_HEADER]), Ok(None));
        assert_eq!(Sums::read(&[0; 100]), Err(SumsError));
    }
}
