//! Which names a platform's file systems cannot hold.

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

/// Devices keep their names with any extension, and with spaces before it.
fn is_device(name: &str) -> bool {
    let base = name.split('.').next().unwrap_or_default().trim_end_matches(' ').to_lowercase();
    let is_port = |base: &str| {
        let mut rest = base.strip_prefix("com").or(base.strip_prefix("lpt")).unwrap_or_default().chars();
        rest.next().is_some_and(|c| "0123456789¹²³".contains(c)) && rest.next().is_none()
    };
    ["con", "prn", "aux", "nul", "conin$", "conout$"].contains(&&base[..]) || is_port(&base)
}
