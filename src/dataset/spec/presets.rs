//! The presets: documents inside the program, written as a user would write them.

/// Names of the presets.
pub const NAMES: [&str; 10] =
    ["demo", "home", "office", "source", "photos", "mail", "vm", "logs", "many-small", "torture"];

/// The document behind a name.
pub fn text(name: &str) -> Option<&'static str> {
    Some(match name {
        "demo" => include_str!("../presets/demo.toml"),
        "home" => include_str!("../presets/home.toml"),
        "office" => include_str!("../presets/office.toml"),
        "source" => include_str!("../presets/source.toml"),
        "photos" => include_str!("../presets/photos.toml"),
        "mail" => include_str!("../presets/mail.toml"),
        "vm" => include_str!("../presets/vm.toml"),
        "logs" => include_str!("../presets/logs.toml"),
        "many-small" => include_str!("../presets/many-small.toml"),
        "torture" => include_str!("../presets/torture.toml"),
        _ => return None,
    })
}
