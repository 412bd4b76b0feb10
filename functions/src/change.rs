//! Fields of a body that change a value: absent, it stays as it is; `null` removes it.

use serde::Deserialize;
use shared::{
    domain::{programme::Change, texts::InLanguagesChange},
    error::{ApiError, Constraint},
    http::{Field, even_null},
};

/// A text in Korean, in English, or in both, as it came.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LanguageFields {
    #[serde(default, deserialize_with = "even_null")]
    ko: Option<Field>,
    #[serde(default, deserialize_with = "even_null")]
    en: Option<Field>,
}

/// A text in languages: `null` removes it, and `null` for a language its text.
pub(crate) fn in_languages<T>(
    field: Option<&Field>,
    parse: impl Fn(&str) -> Option<T>,
    wrong: Constraint,
) -> Result<InLanguagesChange<T>, ApiError> {
    let Some(field) = field else {
        return Ok(InLanguagesChange::default());
    };
    let languages = field.object::<LanguageFields>();
    match languages.or_malformed(ApiError::Invalid(wrong))? {
        None => Ok(InLanguagesChange::CLEAR),
        Some(LanguageFields { ko, en }) => Ok(InLanguagesChange {
            ko: change(ko.as_ref(), &parse, wrong)?,
            en: change(en.as_ref(), &parse, wrong)?,
        }),
    }
}

/// The change of a value that is written as a text: `null` removes it.
pub(crate) fn change<T>(
    field: Option<&Field>,
    parse: impl FnOnce(&str) -> Option<T>,
    wrong: Constraint,
) -> Result<Change<T>, ApiError> {
    let Some(field) = field else {
        return Ok(Change::Keep);
    };
    let named = field.text(parse, ApiError::Invalid(wrong))?;
    Ok(named.map_or(Change::Clear, Change::Set))
}
