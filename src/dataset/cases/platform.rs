//! Which names a platform's file systems cannot hold, and how paths are written there.

use std::borrow::Cow;

/// A family of systems with one set of rules for names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Linux and the BSDs: any bytes but the slash and NUL.
    Unix,
    /// macOS: UTF-8 only.
    MacOs,
    /// Windows: what its kernel and its programs agree on.
    Windows,
}

impl Platform {
    /// The one this program was made for: the only place that asks.
    pub const HERE: Self = if cfg!(windows) {
        Self::Windows
    } else if cfg!(target_os = "macos") {
        Self::MacOs
    } else {
        Self::Unix
    };

    /// Those that forbid anything, for notes beside names.
    pub const STRICT: [Self; 2] = [Self::MacOs, Self::Windows];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unix => "Unix",
            Self::MacOs => "macOS",
            Self::Windows => "Windows",
        }
    }

    /// Whether names that differ in case only are one name, as [`fold`](crate::fold) tells.
    pub fn folds_case(self) -> bool {
        self == Self::Windows
    }

    /// Most units of UTF-16 in a path below a mount point, each name with its separator; `None` where a path may have any
    /// length, step by step. A driver on Windows is asked for whole paths, of at most 1,024 units with a NUL.
    pub fn longest_path(self) -> Option<usize> {
        (self == Self::Windows).then_some(1023)
    }

    /// A path as people and programs write it there, with slashes between its parts: on Windows for each backslash one,
    /// and without the `\\?\` that leads to long paths. Elsewhere a backslash is a character like others.
    ///
    /// ```
    /// use seedfs::dataset::cases::Platform;
    ///
    /// assert_eq!(&*Platform::Windows.with_slashes(br"\\?\C:\mnt\a.txt"), b"C:/mnt/a.txt");
    /// assert_eq!(&*Platform::Unix.with_slashes(br"a\b"), br"a\b");
    /// ```
    pub fn with_slashes(self, path: &[u8]) -> Cow<'_, [u8]> {
        if self != Self::Windows || !path.contains(&b'\\') {
            return Cow::Borrowed(path);
        }
        let (start, rest) = match path.strip_prefix(br"\\?\") {
            Some(rest) => rest.strip_prefix(br"UNC\").map_or((&b""[..], rest), |share| (b"//", share)),
            None => (&b""[..], path),
        };
        let slashes = rest.iter().map(|&byte| if byte == b'\\' { b'/' } else { byte });
        Cow::Owned(start.iter().copied().chain(slashes).collect())
    }

    /// Why a name of one file or directory cannot be there, as a clause about it; `None` where it can. Names that only
    /// meet with another one, by their case or their normal form, are not forbidden.
    pub fn forbids(self, name: &[u8]) -> Option<&'static str> {
        let common = match name {
            b"" => Some("is empty"),
            b"." | b".." => Some("means a directory"),
            _ if name.iter().any(|&byte| byte == b'/' || byte == 0) => Some("holds a slash or a NUL byte"),
            _ if self != Self::Windows && name.len() > 255 => Some("is longer than 255 bytes"),
            _ => None,
        };
        common.or_else(|| match (self, str::from_utf8(name)) {
            (Self::Unix, _) => None,
            (_, Err(_)) => Some("is not UTF-8"),
            (Self::MacOs, Ok(_)) => None,
            (Self::Windows, Ok(name)) => windows(name),
        })
    }
}

fn windows(name: &str) -> Option<&'static str> {
    if name.encode_utf16().count() > 255 {
        Some("is longer than 255 units of UTF-16")
    } else if name.chars().any(|c| c < ' ') {
        Some("holds a control character")
    } else if name.contains(['<', '>', ':', '"', '\\', '|', '?', '*']) {
        Some("holds one of < > : \" \\ | ? *")
    } else if name.ends_with(['.', ' ']) {
        Some("ends in a dot or a space")
    } else if is_device(name) {
        Some("is the name of a device")
    } else {
        None
    }
}

/// Devices keep their names with any extension, and with spaces before it. Newer systems reserve some of these no more.
fn is_device(name: &str) -> bool {
    let base = name.split('.').next().unwrap_or_default().trim_end_matches(' ').to_lowercase();
    let is_port = |base: &str| {
        let mut rest = base.strip_prefix("com").or(base.strip_prefix("lpt")).unwrap_or_default().chars();
        rest.next().is_some_and(|c| "0123456789¹²³".contains(c)) && rest.next().is_none()
    };
    ["con", "prn", "aux", "nul", "conin$", "conout$"].contains(&&base[..]) || is_port(&base)
}
