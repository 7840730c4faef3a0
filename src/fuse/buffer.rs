//! The buffer that a worker answers reads from.

/// Where a buffer starts: at a page, since the kernel takes the bytes over page by page.
const PAGE: usize = 4 << 10;

/// Bytes of a huge page. Requests of [`LARGE`] bytes get theirs: the kernel then has one page to find, not hundreds,
/// which makes direct I/O a tenth faster at most. Smaller ones, those of the page cache, gain nothing from it.
const HUGE_PAGE: usize = 2 << 20;

/// Shortest request for which a huge page pays.
const LARGE: usize = 1 << 20;

/// Grows to the largest request so far: no allocation a request.
#[derive(Debug)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    /// The first byte that is used; those before it only make it start where it should.
    start: usize,
}

impl Buffer {
    pub(super) const fn new() -> Self {
        Self { bytes: Vec::new(), start: 0 }
    }

    /// `size` bytes with anything in them.
    pub(super) fn get(&mut self, size: usize) -> &mut [u8] {
        if self.bytes.len() < self.start + size {
            *self = Self::of(size);
        }
        &mut self.bytes[self.start..][..size]
    }

    /// Fresh zeroed pages come from the kernel untouched, so that what is not used takes no memory; growing in place
    /// would copy old contents.
    fn of(size: usize) -> Self {
        let align = if size >= LARGE { HUGE_PAGE } else { PAGE };
        let len = size.next_multiple_of(align);
        let mut bytes = vec![0; len + align];
        let address = bytes.as_ptr().addr();
        let start = address.next_multiple_of(align) - address;
        if align == HUGE_PAGE {
            ask_for_huge_pages(&mut bytes[start..][..len]);
        }
        Self { bytes, start }
    }
}

/// Refused where there are none, which does no harm.
#[cfg(target_os = "linux")]
fn ask_for_huge_pages(bytes: &mut [u8]) {
    // SAFETY: the range is ours, starts at a page, and its contents stay what they are.
    unsafe { libc::madvise(bytes.as_mut_ptr().cast(), bytes.len(), libc::MADV_HUGEPAGE) };
}

#[cfg(not(target_os = "linux"))]
fn ask_for_huge_pages(_: &mut [u8]) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_grows_with_its_requests_and_starts_at_a_page() {
        let mut buffer = Buffer::new();
        for (size, align) in [(1, PAGE), (PAGE, PAGE), (PAGE + 1, PAGE), (128 << 10, PAGE), (LARGE, HUGE_PAGE)] {
            let bytes = buffer.get(size);
            assert_eq!(bytes.len(), size);
            assert_eq!(bytes.as_ptr().addr() % align, 0, "{size}");
        }
    }

    #[test]
    fn smaller_requests_reuse_it() {
        let mut buffer = Buffer::new();
        buffer.get(128 << 10).fill(7);
        assert!(buffer.get(4096).iter().all(|&byte| byte == 7));
        assert!(buffer.get(128 << 10).iter().all(|&byte| byte == 7));
    }
}
