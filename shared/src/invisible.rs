//! Characters that a reader does not see, and that would hide what a text says.

/// Whether a character has no width: a control of direction, a joiner, a byte order mark, a soft hyphen, a tag.
pub fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}'
    )
}

/// Whether a character only changes how the one before it looks: a variation selector, a skin tone, a keycap.
pub fn is_modifier(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{20e3}')
}
