//! The page from a folder, instead of that in the program: for those who write it.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use functions::page::{LINE, Page, content_type};
use shared::error::ApiError;

use super::handlers::Handler;

/// Answers as `get-page` does, with the files that are in the folder at the time of the request.
pub fn in_folder(folder: PathBuf) -> Handler {
    Arc::new(move |app, request| {
        let page = read(&folder).map_err(|error| ApiError::Internal(error.into()));
        let answer = page.and_then(|page| page.answer(&request, app.config().challenge));
        Box::pin(std::future::ready(answer))
    })
}

/// Reads all files of a folder that a page needs.
pub fn read(folder: &Path) -> io::Result<Page> {
    let mut files = Vec::new();
    collect(folder, "", &mut files)?;
    let files = files.iter().map(|(path, text)| (&**path, &**text));
    Ok(Page::new(files.chain([LINE])))
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<(String, String)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{prefix}{name}/"), files)?;
        } else if content_type(&name).is_some() {
            files.push((format!("{prefix}{name}"), fs::read_to_string(entry.path())?));
        }
    }
    Ok(())
}
