//! How much changes from one generation to the next, as a dataset asks for it.

use crate::dataset::spec::Share;
use crate::edition::Profile;

/// What happens in a generation. Shares are of all files at that time, unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Churn {
    /// Days from one generation to the next: 1 to 3,660.
    pub every: u32,
    /// Files that are new, of those of generation 0.
    pub created: Share,
    /// Files that are deleted.
    pub deleted: Share,
    /// Files that get another name in the same folder.
    pub renamed: Share,
    /// Files that move to another folder, of those of generation 0.
    pub moved: Share,
    /// Files whose bytes change.
    pub modified: Share,
    /// Of the files that were changed, those that are changed again in the next generation.
    pub again: Share,
    /// Of the changes, those that leave nothing of the old bytes.
    pub replaced: Share,
    /// Files that get a newer time and nothing else.
    pub touched: Share,
    /// Files that get other permission bits.
    pub chmod: Share,
    /// Whether files stay as they are once they were renamed, as logs do.
    pub rotate: bool,
    /// How bytes change: profiles of edits and their weights, at least one row.
    pub edits: Vec<(Profile, u32)>,
}

impl Churn {
    /// Parts of all files to which something happens in a generation, by what it is, in millionths: modified, touched,
    /// renamed, permissions changed, deleted.
    pub(in crate::dataset) fn chances(&self) -> [u64; 5] {
        [self.modified, self.touched, self.renamed, self.chmod, self.deleted].map(|share| share.millionths().into())
    }
}

impl Default for Churn {
    /// A home directory's week: new, deleted and modified files as Tarasov et al. (2012) measured them.
    fn default() -> Self {
        let share = |millionths| Share::from_millionths(millionths).unwrap_or_default();
        Self {
            every: 7,
            created: share(40_000),
            deleted: share(5_000),
            renamed: share(1_000),
            moved: share(500),
            modified: share(1_400),
            again: share(360_000),
            replaced: share(100_000),
            touched: share(500),
            chmod: share(200),
            rotate: false,
            edits: vec![(Profile::Mixed, 1)],
        }
    }
}
