//! Leaves comments, types and indentation out of the page's files, which are half of their bytes.
//!
//! What goes: indentation, empty lines, comments that have their lines to themselves, types in the middle
//! of a line (`/** … */`), and in styles the ends of lines and the spaces that only people need. What
//! stays: every line that begins inside a template literal, and
//! comments with `@license` in them.
//! All of it means the same to a browser. `.ci/page` proves it for the committed modules and styles:
//! esbuild makes the same bytes of a file with and without them.
//!
//! In HTML the indentation of every line goes, so the page has no `<pre>` and no `<textarea>` with
//! text of its own.

use std::{iter::Peekable, str::CharIndices};

/// A file without its comments and indentation. Its name says the language. A file in a language that
/// is not known stays as it is.
pub fn strip(name: &str, text: &str) -> String {
    let Some(language) = Language::of(name) else {
        return text.to_owned();
    };
    let (opening, closing) = language.comment();
    let mut stripped = String::with_capacity(text.len());
    let mut script = Script::default();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let code = line.trim_start();
        let kept = if !script.is_code() {
            format!("{line}\n")
        } else if code.starts_with(opening) {
            let comment = comment(line, &mut lines, opening, closing);
            let goes = comment.trim_end().ends_with(closing) && !comment.contains("@license");
            if goes {
                continue;
            }
            comment
        } else if code.is_empty() || (language == Language::JavaScript && code.starts_with("//")) {
            continue;
        } else {
            format!("{code}\n")
        };
        match language {
            Language::JavaScript => script.read(&kept, &mut stripped),
            Language::Css => push_style(code, &kept, &mut stripped),
            Language::Markup => stripped.push_str(&kept),
        }
    }
    stripped
}

/// Writes a line of a style: `kept`, which is `code` with the end of its line, or a comment.
fn push_style(code: &str, kept: &str, written: &mut String) {
    if kept.trim_end() != code {
        return written.push_str(kept);
    }
    if code == "}" && written.ends_with(';') {
        written.pop();
    }
    // In the value of a property of one's own (`--name`), spaces count.
    let is_name = |name: &str| {
        !name.starts_with("--")
            && name
                .bytes()
                .all(|byte| byte == b'-' || byte.is_ascii_lowercase())
    };
    if let Some(selector) = code.strip_suffix(" {") {
        written.extend([selector, "{"]);
    } else if let Some((name, value)) = code.split_once(": ")
        && is_name(name)
        && code.ends_with(';')
    {
        written.extend([name, ":", value]);
    } else {
        // What goes on in the next line needs the space between them, unless it comes after a comma.
        written.push_str(code);
        if !code.ends_with(['{', '}', ';', ',']) {
            written.push('\n');
        }
    }
}

/// A comment that begins at the start of this line: all lines until the one in which it ends, with
/// whatever else that one has.
fn comment<'a>(
    first: &str,
    rest: &mut impl Iterator<Item = &'a str>,
    opening: &str,
    closing: &str,
) -> String {
    let mut comment = format!("{first}\n");
    let after_opening = comment.find(opening).unwrap_or_default() + opening.len();
    while !comment[after_opening..].contains(closing)
        && let Some(line) = rest.next()
    {
        comment.extend([line, "\n"]);
    }
    comment
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    JavaScript,
    Css,
    /// HTML or SVG.
    Markup,
}

impl Language {
    fn of(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        match ending {
            "js" | "mjs" => Some(Self::JavaScript),
            "css" => Some(Self::Css),
            "html" | "svg" => Some(Self::Markup),
            _ => None,
        }
    }

    /// How a comment of several lines begins and ends.
    fn comment(self) -> (&'static str, &'static str) {
        match self {
            Self::JavaScript | Self::Css => ("/*", "*/"),
            Self::Markup => ("<!--", "-->"),
        }
    }
}

/// Where in a script one is, as far as it matters to its lines. Regular expressions are not told
/// from code: one with a quotation mark hides the rest of its line, which ends there.
#[derive(Default)]
struct Script {
    /// The template literals around this place, the innermost last.
    templates: Vec<Template>,
    /// Whether this place is in a comment that began behind code.
    is_comment: bool,
}

/// A template literal.
#[derive(PartialEq, Eq)]
enum Template {
    /// In its text.
    Text,
    /// In the code of a `${…}`, in which so many braces are open.
    Code(usize),
}

impl Script {
    /// Whether this place is in code, and not in the text of a template literal or in a comment.
    fn is_code(&self) -> bool {
        !self.is_comment && self.templates.last() != Some(&Template::Text)
    }

    /// Goes to the end of these lines, and writes them without the types in them.
    fn read(&mut self, lines: &str, written: &mut String) {
        for line in lines.lines() {
            self.read_line(line, written);
            written.push('\n');
        }
    }

    fn read_line(&mut self, line: &str, written: &mut String) {
        let mut quote = None;
        let mut written_to = 0;
        let mut rest = line.char_indices().peekable();
        while let Some((at, character)) = rest.next() {
            if self.is_code()
                && quote.is_none()
                && let Some(length) = type_at(&line[at..])
            {
                written.push_str(&line[written_to..at]);
                written_to = at + length;
                while rest.next_if(|(next, _)| *next < written_to).is_some() {}
                continue;
            }
            if self.is_comment {
                if character == '*' && follows(&mut rest, '/') {
                    self.is_comment = false;
                }
                continue;
            }
            if character == '\\' {
                rest.next();
                continue;
            }
            if quote.is_some() {
                quote = quote.filter(|quote| *quote != character);
                continue;
            }
            match (self.templates.last_mut(), character) {
                (Some(Template::Text), '`') => drop(self.templates.pop()),
                (Some(inner @ Template::Text), '$') if follows(&mut rest, '{') => {
                    *inner = Template::Code(0);
                }
                (Some(Template::Text), _) => {}
                (_, '`') => self.templates.push(Template::Text),
                (_, '"' | '\'') => quote = Some(character),
                (_, '/') if follows(&mut rest, '/') => break,
                (_, '/') if follows(&mut rest, '*') => self.is_comment = true,
                (Some(Template::Code(open)), '{') => *open += 1,
                (Some(inner @ Template::Code(0)), '}') => *inner = Template::Text,
                (Some(Template::Code(open)), '}') => *open -= 1,
                _ => {}
            }
        }
        written.push_str(&line[written_to..]);
    }
}

/// Goes over this character, if it is the next one.
fn follows(rest: &mut Peekable<CharIndices<'_>>, character: char) -> bool {
    rest.next_if(|(_, next)| *next == character).is_some()
}

/// The length of the type at the start of this code, with the space behind it:
/// `/** @type {string} */ `.
fn type_at(code: &str) -> Option<usize> {
    let comment = code.strip_prefix("/**")?;
    let end = "/**".len() + comment.find("*/")? + "*/".len();
    Some(end + usize::from(code[end..].starts_with(' ')))
}
