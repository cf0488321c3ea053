//! The format of a record: length, checksum, payload.

/// Bytes before the payload: its length and its CRC-32, each as four bytes in little-endian order.
pub(super) const HEADER: usize = 8;
/// Bytes of a payload at most. A greater length means that the record is damaged.
pub(super) const MAX_PAYLOAD: usize = 4 * 1024;

/// What some bytes begin with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<'a> {
    /// The payload of an intact record.
    Record(&'a [u8]),
    /// There are no bytes.
    End,
    /// An incomplete or damaged record, or no record at all.
    Torn,
}

/// Appends one record.
pub(super) fn encode(payload: &[u8], out: &mut Vec<u8>) {
    // Cannot truncate: payloads have at most `MAX_PAYLOAD` bytes.
    let length = (payload.len() as u32).to_le_bytes();
    out.extend_from_slice(&length);
    out.extend_from_slice(&checksum(length, payload).to_le_bytes());
    out.extend_from_slice(payload);
}

/// The record at the beginning.
pub(super) fn next(bytes: &[u8]) -> Next<'_> {
    if bytes.is_empty() {
        return Next::End;
    }
    let Some((header, rest)) = bytes.split_first_chunk::<HEADER>() else { return Next::Torn };
    let [a, b, c, d, stored @ ..] = *header;
    let length = [a, b, c, d];
    let size = u32::from_le_bytes(length) as usize;
    match rest.get(..size) {
        Some(payload)
            if (1..=MAX_PAYLOAD).contains(&size) && checksum(length, payload) == u32::from_le_bytes(stored) =>
        {
            Next::Record(payload)
        }
        _ => Next::Torn,
    }
}

/// Covers the length as well, so that a flipped bit in it is detected.
fn checksum(length: [u8; 4], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length);
    hasher.update(payload);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(payloads: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        payloads.iter().for_each(|payload| encode(payload, &mut bytes));
        bytes
    }

    fn read(mut bytes: &[u8]) -> (Vec<Vec<u8>>, bool) {
        let mut records = Vec::new();
        loop {
            match next(bytes) {
                Next::Record(payload) => {
                    records.push(payload.to_vec());
                    bytes = &bytes[HEADER + payload.len()..];
                }
                Next::End => return (records, false),
                Next::Torn => return (records, true),
            }
        }
    }

    #[test]
    fn records_are_read_as_they_were_written() {
        let bytes = encoded(&[b"one", b"two", &[7; MAX_PAYLOAD]]);
        assert_eq!(read(&bytes), (vec![b"one".to_vec(), b"two".to_vec(), vec![7; MAX_PAYLOAD]], false));
    }

    #[test]
    fn a_record_torn_at_any_byte_is_dropped_and_those_before_it_are_kept() {
        let whole = encoded(&[b"one", b"two"]);
        let last = whole.len() - HEADER - 3;
        for cut in 0..=whole.len() {
            let (records, is_torn) = read(&whole[..cut]);
            let complete = usize::from(cut >= HEADER + 3) + usize::from(cut == whole.len());
            assert_eq!(records.len(), complete, "cut at {cut}");
            assert_eq!(is_torn, cut != 0 && cut != last && cut != whole.len(), "cut at {cut}");
        }
    }

    #[test]
    fn a_flipped_bit_anywhere_is_found() {
        let whole = encoded(&[b"payload"]);
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(next(&bytes), Next::Torn, "bit {bit}");
        }
        assert_eq!(next(&[0; 64]), Next::Torn, "space that was made ahead and never written");
    }
}
