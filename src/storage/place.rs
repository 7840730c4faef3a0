//! Where files lie on the device: in the order of the listing, at even distances.

use crate::dataset::draw::mix;
use crate::vfs::Extent;

/// Where the files of a tree lie.
///
/// The files of a listing follow each other in its order, each as many bytes behind the one before as a file has on the
/// average: reading them in order takes short ways, reading them in any other order long ones. The device has as many
/// bytes as the files. Names that are not listed lie anywhere.
///
/// ```
/// let layout = seedfs::storage::Layout::new(1000, 4_096_000);
/// assert_eq!((layout.listed(7, 4096).start, layout.listed(7, 4096).span), (7 * 4096, 4_096_000));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Bytes from one file to the next, at least 1.
    stride: u64,
    /// Bytes of the device, at least 1.
    span: u64,
}

impl Layout {
    /// Of so many files that have so many bytes together.
    pub fn new(files: u64, bytes: u64) -> Self {
        Self { stride: (bytes / files.max(1)).max(1), span: bytes.max(1) }
    }

    /// A listed file, by its number in the listing.
    pub fn listed(&self, number: u64, size: u64) -> Extent {
        self.at(number.saturating_mul(self.stride), size)
    }

    /// Any other file, by a number that tells it from others.
    pub fn unlisted(&self, number: u64, size: u64) -> Extent {
        let start = (u128::from(mix(number)) * u128::from(self.span)) >> 64;
        self.at(start as u64, size)
    }

    /// A file that is larger than the device makes it as large as itself.
    fn at(&self, start: u64, size: u64) -> Extent {
        Extent { start, size, span: self.span.max(size) }
    }
}
