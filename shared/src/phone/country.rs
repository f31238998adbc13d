//! What libphonenumber knows: whether a number exists, and of what type it is.

use phonenumber::Type;

/// Whether a person can have this E.164 number: a mobile or a fixed line that its country's plan contains.
pub(super) fn exists(e164: &str) -> bool {
    let Ok(number) = phonenumber::parse(None, e164) else {
        return false;
    };
    let kind = number.number_type(&phonenumber::metadata::DATABASE);
    // The library drops a trunk zero on its own. This reader decides that itself.
    let same = number.format().mode(phonenumber::Mode::E164).to_string() == e164;
    same && phonenumber::is_valid(&number)
        && matches!(
            kind,
            Type::Mobile
                | Type::FixedLine
                | Type::FixedLineOrMobile
                | Type::Voip
                | Type::PersonalNumber
        )
}

/// The length of the country's code at the start of these digits. `None` if no country has it.
pub(super) fn code_length(digits: &str) -> Option<usize> {
    (1..=3).find(|length| {
        digits
            .get(..*length)
            .and_then(|code| code.parse().ok())
            .is_some_and(|code: u16| phonenumber::metadata::DATABASE.by_code(&code).is_some())
    })
}

/// Mexico (`+52 1` or `+52`) and Argentina (`+54 9` or `+54`) have two spellings of a mobile number, and WhatsApp
/// reports either. Source: Meta's Cloud API, "phone number formatting".
pub(super) fn one_spelling(e164: String) -> String {
    if let Some(national) = e164.strip_prefix("+521")
        && national.len() >= 10
    {
        return format!("+52{national}");
    }
    if let Some(national) = e164.strip_prefix("+54")
        && national.len() == 10
        && !national.starts_with('9')
    {
        return format!("+549{national}");
    }
    e164
}
