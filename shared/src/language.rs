//! The language of an answer: Korean or English.

use lambda_http::http::{HeaderMap, header::ACCEPT_LANGUAGE};

/// The language of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// The default.
    Korean,
    /// For `Accept-Language: en`.
    English,
}

impl Language {
    /// The language that the client prefers, by the quality values of `Accept-Language`. Korean if
    /// it gives none, or prefers neither.
    pub fn of(headers: &HeaderMap) -> Self {
        let header = headers
            .get(ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let quality = |language: &str| -> u16 {
            let named = ranges(header).filter(|(range, _)| is_range_of(range, language));
            let any = ranges(header).filter(|(range, _)| *range == "*");
            named
                .map(|(_, quality)| quality)
                .max()
                .or_else(|| any.map(|(_, quality)| quality).max())
                .unwrap_or(0)
        };
        if quality("en") > quality("ko") {
            Self::English
        } else {
            Self::Korean
        }
    }

    /// The text in this language.
    pub(crate) fn pick<T>(self, korean: T, english: T) -> T {
        match self {
            Self::Korean => korean,
            Self::English => english,
        }
    }
}

/// The language ranges of an `Accept-Language` header with their qualities in thousandths.
fn ranges(header: &str) -> impl Iterator<Item = (&str, u16)> {
    header.split(',').map(|part| {
        let (range, parameters) = part.split_once(';').unwrap_or((part, ""));
        let quality = match parameters.trim().strip_prefix("q=") {
            Some(quality) => quality.trim().parse::<f32>().unwrap_or(0.0).clamp(0.0, 1.0),
            None => 1.0,
        };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        (range.trim(), (quality * 1_000.0) as u16)
    })
}

fn is_range_of(range: &str, language: &str) -> bool {
    let primary = range.split('-').next().unwrap_or_default();
    primary.eq_ignore_ascii_case(language)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(header: &str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, header.parse().expect("a header"));
        Language::of(&headers)
    }

    #[test]
    fn language_is_korean_unless_english_is_preferred() {
        assert_eq!(Language::of(&HeaderMap::new()), Language::Korean);
        for korean in [
            "ko",
            "ko-KR,en;q=0.9",
            "fr",
            "*",
            "en;q=0",
            "en;q=0.5,ko;q=0.5",
            "",
            "en;q=x",
        ] {
            assert_eq!(language(korean), Language::Korean, "{korean}");
        }
        for english in [
            "en",
            "EN-us",
            "en-GB,ko;q=0.8",
            "fr,en;q=0.7",
            "ko;q=0.2, en;q=0.3",
        ] {
            assert_eq!(language(english), Language::English, "{english}");
        }
    }
}
