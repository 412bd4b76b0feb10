//! A test that each layer of this crate uses only itself and those below it.

use std::{fs, path::Path};

/// The layers, from the lowest to the highest.
const LAYERS: [&str; 6] = ["time", "template", "aws", "calls", "lambda", "gateway"];

#[test]
fn layer_uses_none_above_it() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (index, layer) in LAYERS.iter().enumerate() {
        let mut text = fs::read_to_string(sources.join(format!("{layer}.rs"))).expect(layer);
        append_all(&sources.join(layer), &mut text);
        for name in names_behind_crate(&text) {
            let is_below = LAYERS[..=index].contains(&name);
            assert!(
                is_below || ["Problem", "problem"].contains(&name),
                "`{layer}` must not use `crate::{name}`"
            );
        }
    }
}

fn append_all(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            append_all(&path, text);
        } else {
            text.push_str(&fs::read_to_string(path).expect("a source file"));
        }
    }
}

/// The names after `crate::`, such as `Problem` and `aws` for `use crate::{Problem, aws::{engine,
/// sqs}};`.
fn names_behind_crate(text: &str) -> impl Iterator<Item = &str> {
    text.split("crate::").skip(1).flat_map(|path| {
        let path = path.split(';').next().unwrap_or_default();
        let (list, mut depth) = match path.strip_prefix('{') {
            Some(list) => (list, 0),
            // A single name, not a list.
            None => (path, 1),
        };
        let items = list.split(move |c| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            depth == 0 && c == ','
        });
        items
            .filter_map(|item| {
                item.trim()
                    .split(|c: char| c != '_' && !c.is_alphanumeric())
                    .next()
            })
            .filter(|name| !name.is_empty())
    })
}
